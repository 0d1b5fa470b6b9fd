"""What H.264 packets say of their pictures, byte by byte."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest

from vlprep.video import h264


@pytest.mark.parametrize(
    ("messages", "recovers"),
    [
        ("06 01 c4 80", True),
        ("01 02 00 00 06 01 c4 80", True),
        ("05 03 00 00 00 80", False),
        ("ff 06 01 00 06 01 c4 80", True),  # type 261 first
        ("01 ff 01" + " 00" * 256 + " 06 01 c4 80", True),  # 256 bytes long
        ("06 01", False),
        ("ff ff ff", False),
        ("", False),
        ("01 00" * 40 + "06 01 c4 80", False),  # too many to go on
    ],
)
def test_a_recovery_point(messages, recovers):
    assert h264._recovers(bytes.fromhex(messages)) is recovers


def units(*contents: str, width: int = 4) -> bytes:
    parts = [bytes.fromhex(content) for content in contents]
    return b"".join(len(part).to_bytes(width, "big") + part for part in parts)


@pytest.mark.parametrize(
    ("sample", "is_key"),
    [
        (units("65 88"), True),
        (units("41 9a"), False),
        (units("09 10", "67 64", "68 ee", "65 88"), True),
        (units("06 06 01 c4 80", "41 9a"), True),
        (units("06 05 01 00 80", "41 9a"), False),
        (units("41 9a", "65 88"), False),  # the first slice decides
        (units("06 06 01 c4 80"), False),  # no slice at all
        (units("06 06", "41 9a"), False),  # the message breaks off where its unit ends
        (units(*["09 10"] * 40, "65 88"), False),  # too many to go on
        (b"\0\0\0\0" + units("65 88"), False),
        (b"\xff\xff\xff\xff\x06" + units("65 88"), False),
        (b"\0\0", False),
        (b"", False),
    ],
)
def test_a_keyframe_by_its_content(sample, is_key):
    file = io.BytesIO(b"front" + sample + units("65 88"))
    assert h264.is_keyframe_at(file, 5, len(sample), 4) is is_key


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_lengths_can_have_fewer_bytes(width):
    for contents, is_key in (
        (("09 10", "65 88"), True),
        (("06 06 01 c4 80", "41 9a"), True),
        (("09 10", "41 9a"), False),
    ):
        sample = units(*contents, width=width)
        assert h264.is_keyframe_at(io.BytesIO(sample), 0, len(sample), width) is is_key


# Fields.

PICTURE = "01101000 1 1 1 1"
"""Picture 0 of sequence 0."""


def bits(text):
    text = text.replace(" ", "")
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


def settings(frames_only):
    # Profile 66, level 30; sps 0, log2_max_frame_num 4, pic_order_cnt_type 2, one reference frame.
    sequence = "01100111 01000010 00000000 00011110 1 1 011 010 0 00101 00101 " + frames_only + " 1"
    return b"\0\0\1" + bits(sequence) + b"\0\0\1" + bits(PICTURE)


@dataclass
class Packet:
    """A packet of slices, each of (number of the frame, which field: "frame", "top", "bottom")."""

    slices: tuple
    is_keyframe: bool = False

    def __bytes__(self):
        field = {"frame": "0", "top": "1 0", "bottom": "1 1"}
        return b"".join(
            # first macroblock 0, slice of type P, picture 0, number, field
            b"\0\0\1" + bits(f"01100001 1 1 1 {number:04b} {field[kind]} 1")
            for number, kind in self.slices
        )


@pytest.mark.parametrize(
    ("packets", "seconds"),
    [
        ([[(0, "frame")], [(1, "frame")]], [False, False]),
        ([[(0, "top")], [(0, "bottom")], [(1, "top")], [(1, "bottom")]], [False, True] * 2),
        ([[(0, "bottom")], [(0, "top")]], [False, True]),
        ([[(0, "top"), (0, "bottom")], [(1, "top"), (1, "bottom")]], [False, False]),
        ([[(0, "top")], [(1, "bottom")]], [False, False]),  # of different frames
        ([[(0, "top")], [(0, "top")], [(0, "bottom")]], [False, False, True]),
        ([[(0, "top")], [(0, "frame")], [(0, "bottom")]], [False, False, False]),
        ([[(0, "top")] * 3, [(0, "bottom")] * 3, [(1, "frame")] * 2], [False, True, False]),
        ([[], [(0, "top")]], [False, False]),
    ],
)
def test_the_second_field_of_a_frame(packets, seconds):
    pairs = h264.FieldPairs(settings("0 0"))
    assert pairs.possible
    assert [pairs.is_second(Packet(tuple(slices))) for slices in packets] == seconds


def test_where_there_are_frames_only_no_slice_is_looked_at():
    pairs = h264.FieldPairs(settings("1"))
    assert not pairs.possible
    assert not any(pairs.is_second(Packet(((0, kind),))) for kind in ("top", "bottom"))


@pytest.mark.parametrize("data", [b"", b"\0\0\1", b"\0\0\1\x67", b"\0\0\1\x67" + bytes(99)])
def test_settings_that_break_off_say_nothing(data):
    assert h264.FieldPairs(data).possible in (True, False)
