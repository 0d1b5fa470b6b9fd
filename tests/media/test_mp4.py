from __future__ import annotations

import io
import struct

import pytest

from tests.places import FIXTURES
from vlprep.media.mp4 import MAX_BOXES, Track, boxes, read_exactly, tkhd, tracks

UPRIGHT = (0x10000, 0, 0, 0x10000)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def kinds(data: bytes) -> list[tuple[bytes, int]]:
    return list(boxes(io.BytesIO(data), len(data), start=0))


def tracks_of(name: str) -> list[Track]:
    with (FIXTURES / name).open("rb") as file:
        return list(tracks(file))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("clip.mp4", [(1, UPRIGHT, 1)]),
        ("fragmented.mp4", [(1, UPRIGHT, 0)]),
        ("late_start.mp4", [(1, UPRIGHT, 2)]),
        ("two_streams.mp4", [(1, UPRIGHT, 1), (2, UPRIGHT, 1)]),
        ("rotate_90.mov", [(1, (0, 0x10000, -0x10000, 0), 1)]),
        ("no_moov.mp4", []),
    ],
)
def test_tracks_of_the_fixtures(name, expected):
    assert tracks_of(name) == [Track(*values, codings=(b"avc1",)) for values in expected]


def test_a_length_can_have_64_bits_or_run_to_the_end():
    long = struct.pack(">I4sQ", 1, b"mdat", 20) + b"1234"
    last = struct.pack(">I4s", 0, b"free") + b"12345"
    assert kinds(long + last) == [(b"mdat", 20), (b"free", 33)]


def test_the_file_is_at_the_content_of_each_box():
    file = io.BytesIO(box(b"free", b"one") + struct.pack(">I4sQ", 1, b"mdat", 19) + b"two")
    contents = [file.read(end - file.tell()) for _, end in boxes(file, 30, start=0)]
    assert contents == [b"one", b"two"]


def test_a_box_ends_no_later_than_what_holds_it():
    assert kinds(struct.pack(">I4s", 99, b"moov") + b"12") == [(b"moov", 10)]


@pytest.mark.parametrize("length", [2, 7])
def test_a_box_shorter_than_its_own_head_ends_the_walk(length):
    assert kinds(box(b"free", b"") + struct.pack(">I4s", length, b"moov") + b"12") == [(b"free", 8)]


def test_endless_boxes_are_given_up():
    assert len(kinds(box(b"free", b"") * (MAX_BOXES + 10))) == MAX_BOXES


def test_what_is_cut_off_is_an_error():
    with pytest.raises(EOFError):
        read_exactly(io.BytesIO(b"mo"), 4)
    with pytest.raises(IndexError):
        tkhd(b"")
    with pytest.raises(struct.error):
        tkhd(b"\0" * 40)
