"""What H.264 packets say of their pictures, byte by byte."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.places import FIXTURES
from vlprep.errors import VlprepError
from vlprep.media.source import open_item
from vlprep.types import ImageSize, VideoInfo
from vlprep.video import container, h264, probe
from vlprep.video.decode import scan_clip
from vlprep.video.h264_settings import only_sequence


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


SPOKEN = {  # options of x264, and what differs from an ordinary clip with frames in another order
    "bframes=0": {"reordered": 0},
    "bframes=0:keyint=1": {"reordered": 0},
    "bframes=3:nal-hrd=vbr:vbv-maxrate=900:vbv-bufsize=900:bitrate=400": {},
    "bframes=3:b-pyramid=none:ref=1": {"reordered": 1},
    "sar=4/3": {"has_square_pixels": False},
    "sar=37/20": {"has_square_pixels": False},
    "sar=1/1:overscan=show:chromaloc=2": {},
    "transfer=smpte2084": {"transfer": 16},
    "transfer=arib-std-b67:colorprim=bt2020:colormatrix=bt2020nc:fullrange=on": {"transfer": 18},
    "tff=1": {"may_have_fields": True},
    "cqm=jvt": {},
}


def settings_of(spoken, size, pix_fmt="yuv420p"):
    """Return what x264 says of its pictures, and their size by FFmpeg, which decodes them."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.height, encoder.width, encoder.pix_fmt = size.height, size.width, pix_fmt
    encoder.time_base, encoder.options = Fraction(1, 30), {"x264-params": spoken}
    encoder.flags |= av.codec.context.Flags.global_header
    frame = av.VideoFrame(size.width, size.height, pix_fmt)
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = encoder.extradata
    (decoded, *_) = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    assert (decoded.height, decoded.width) == size
    units = [unit for unit in encoder.extradata.split(b"\0\0\0\1") if unit]
    return b"".join([b"\1\x64\0\x1f\xff\xe1", len(units[0]).to_bytes(2, "big"), units[0]])


@pytest.mark.parametrize("spoken", SPOKEN)
def test_what_settings_say_is_what_x264_was_told(spoken):
    size = ImageSize(144, 176)
    found = only_sequence(settings_of(spoken, size))
    ordinary = {"may_have_fields": False, "reordered": 2, "has_square_pixels": True}
    said = {name: getattr(found, name) for name in (*ordinary, "transfer", "size")}
    assert said == {**ordinary, "transfer": 2, "size": size, **SPOKEN[spoken]}


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "gray", "yuv420p10le"])
@pytest.mark.parametrize("spoken", ["bframes=3", "tff=1"])
@pytest.mark.parametrize("size", [(144, 176), (1080, 1920), (132, 162), (16, 18), (100, 34)])
def test_the_size_is_that_of_decoded_frames(size, spoken, pix_fmt):
    settings_ = settings_of(spoken, ImageSize(*size), pix_fmt)
    found = only_sequence(settings_)
    assert found.size == size
    assert found.pixel_bits == av.VideoFormat(pix_fmt).padded_bits_per_pixel


def test_settings_that_say_two_things_or_none_are_no_answer():
    one = settings_of("bframes=0", ImageSize(144, 176))
    twice = one[:5] + b"\xe2" + one[6:] * 2
    assert only_sequence(one) is not None
    for other in (None, b"", one[:6], one[:3], b"\0" + one[1:], twice):
        assert only_sequence(other) is None


@given(st.binary(max_size=80))
def test_hostile_settings_raise_nothing(content):
    head = b"\1\x64\0\x1f\xff\xe1"
    only_sequence(head + len(content).to_bytes(2, "big") + content)


CLIPS = sorted(path.name for path in FIXTURES.iterdir() if path.suffix in (".mp4", ".mov"))


@pytest.mark.parametrize("name", CLIPS)
def test_facts_of_a_header_are_those_of_its_pictures(name, monkeypatch):
    def facts():
        try:
            with open_item(FIXTURES / name) as item:
                return item.info, item.traits
        except VlprepError as error:
            return str(error), None

    told, _ = facts()
    monkeypatch.setattr(probe, "is_told_by_header", lambda *_: False)
    seen, traits = facts()
    assert told == seen
    assert traits is not None or not isinstance(seen, VideoInfo)


@pytest.mark.parametrize(
    ("name", "is_decoded"),
    [
        ("clip.mp4", False),
        ("street.mp4", False),
        ("vfr.mp4", False),
        ("rotate_90.mov", False),
        ("interlaced.mp4", True),
        ("anamorphic.mp4", True),
        ("hevc.mp4", True),
    ],
)
def test_what_the_header_of_a_clip_says_is_not_decoded(name, is_decoded, monkeypatch):
    decoding, opened = [], container.open_video

    def watched(item, *, probes=True, wait=None):
        decoding.append(probes)
        return opened(item, probes=probes, wait=wait)

    monkeypatch.setattr(container, "open_video", watched)
    with open_item(FIXTURES / name) as item:
        assert item.info.frame_count == scan_clip(item).timeline.packet_count
    assert any(decoding) == is_decoded


def test_settings_amid_the_pictures_are_looked_at():
    packet = units("67 64", "65 88")
    assert h264.brings_settings(packet, 4)
    assert not h264.brings_settings(units("68 ee", "65 88"), 4)
