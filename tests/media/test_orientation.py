import io
import json
import math
import struct

import pytest

from tests.places import FIXTURES
from vlprep.media.orientation import MAX_ELEMENTS, TrackHeader, track_headers
from vlprep.media.sniff import HEAD_BYTES, sniff

TRUTH = json.loads((FIXTURES / "truth.json").read_text())
EXIF = {
    1: (0, False), 2: (0, True), 3: (180, False), 4: (180, True), 5: (270, True),
    6: (90, False), 7: (90, True), 8: (270, False),
}  # fmt: skip


def headers_of(name):
    with (FIXTURES / name).open("rb") as file:
        reader = sniff(file.read(HEAD_BYTES)).reader
        return track_headers(file, reader)


@pytest.mark.parametrize(
    "name",
    [name for name, truth in TRUTH.items() if truth["kind"] == "video" and "orientation" in truth],
)
def test_turns_of_the_fixtures(name):
    (header,) = headers_of(name).values()
    assert (header.rotation, header.mirrored) == EXIF[TRUTH[name]["orientation"]]


@pytest.mark.parametrize(
    ("name", "edits"), [("fragmented.mp4", 0), ("edit_list.mp4", 1), ("late_start.mp4", 2)]
)
def test_edits(name, edits):
    (header,) = headers_of(name).values()
    assert header.edits == edits


def test_tracks_are_called_as_the_reader_calls_them():
    assert list(headers_of("two_streams.mp4")) == [1, 2]
    assert list(headers_of("rotate_90.mkv")) == [0]
    assert len(headers_of("video_with_audio.mp4")) == 2


@pytest.mark.parametrize("name", ["clip.ts", "clip.flv", "mpeg4.avi", "clip.wmv"])
def test_other_containers_have_no_such_header(name):
    assert headers_of(name) == {}


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def track(a, b, c, d, *, number=1, wide=False) -> bytes:
    fixed = [round(value * 65536) for value in (a, b)], [round(value * 65536) for value in (c, d)]
    matrix = struct.pack(">9i", *fixed[0], 0, *fixed[1], 0, 0, 0, 1 << 30)
    times = struct.pack(">QQII", 0, 0, number, 0) if wide else struct.pack(">IIII", 0, 0, number, 0)
    # after the times: duration, and 16 bytes of layer, group and volume
    content = (
        bytes([wide, 0, 0, 0]) + times + b"\0" * ((8 if wide else 4) + 16) + matrix + b"\0" * 8
    )
    return box(b"trak", box(b"tkhd", content))


def movie(*tracks: bytes) -> io.BytesIO:
    return io.BytesIO(box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", b"".join(tracks)))


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(
    ("matrix", "turn"),
    [
        ((1, 0, 0, 1), (0, False)),
        ((0, 1, -1, 0), (90, False)),
        ((-1, 0, 0, -1), (180, False)),
        ((0, -1, 1, 0), (270, False)),
        ((-1, 0, 0, 1), (0, True)),
        ((1, 0, 0, -1), (180, True)),
        ((2, 0, 0, 0.5), (0, False)),  # stretched, not turned
        ((math.cos(0.02), math.sin(0.02), -math.sin(0.02), math.cos(0.02)), (0, False)),
    ],
)
def test_matrices(matrix, turn, wide):
    headers = track_headers(movie(track(*matrix, number=7, wide=wide)), "mov")
    assert headers == {7: TrackHeader(*turn)}


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(
    ("matrix", "turn"),
    [
        ((1, 0, 0, 1), (90, False)),
        ((0, 1, -1, 0), (180, False)),
        ((-1, 0, 0, 1), (90, True)),
    ],
)
def test_the_movie_is_turned_after_its_tracks(matrix, turn, wide):
    times = bytes(28 if wide else 16)
    fixed = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    header = box(b"mvhd", bytes([wide, 0, 0, 0]) + times + bytes(16) + fixed + bytes(28))
    assert track_headers(movie(header, track(*matrix)), "mov") == {1: TrackHeader(*turn)}


def test_several_tracks():
    file = movie(track(1, 0, 0, 1, number=1), track(0, 1, -1, 0, number=2))
    assert {number: header.rotation for number, header in track_headers(file, "mov").items()} == {
        1: 0,
        2: 90,
    }


def element(identifier: int, content: bytes) -> bytes:
    name = identifier.to_bytes((identifier.bit_length() + 7) // 8, "big")
    return name + (1 << 56 | len(content)).to_bytes(8, "big") + content


def matroska(*pose: bytes) -> io.BytesIO:
    projection = element(0x7670, b"".join(pose))
    tracks = element(0x1654AE6B, element(0xAE, element(0xE0, projection)))
    return io.BytesIO(element(0x1A45DFA3, b"") + element(0x18538067, tracks))


@pytest.mark.parametrize(
    ("roll", "rotation"), [(0, 0), (-90, 90), (90, 270), (180, 180), (-180, 180), (-89.9, 90)]
)
@pytest.mark.parametrize("kind", ["f", "d"])
def test_matroska_counts_the_other_way_round(roll, rotation, kind):
    file = matroska(element(0x7675, struct.pack(f">{kind}", roll)))
    assert track_headers(file, "matroska") == {0: TrackHeader(rotation)}


def test_matroska_mirrors_by_half_a_turn():
    file = matroska(element(0x7673, struct.pack(">f", 180)))
    assert track_headers(file, "matroska") == {0: TrackHeader(0, True)}


def test_how_one_looks_into_a_sphere_is_no_turn():
    pose = element(0x7675, struct.pack(">f", 90)) + element(0x7673, struct.pack(">f", 180))
    assert track_headers(matroska(pose, element(0x7671, b"\1")), "matroska") == {0: TrackHeader()}
    flat = track_headers(matroska(element(0x7671, b"\0"), pose), "matroska")
    assert flat == {0: TrackHeader(270, True)}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_matroska_turns_that_are_no_numbers_are_none(value):
    file = matroska(element(0x7675, struct.pack(">d", value)))
    assert track_headers(file, "matroska") == {0: TrackHeader()}


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_headers_that_break_off_are_left_out(cut):
    whole = movie(track(0, 1, -1, 0)).getvalue()
    headers = track_headers(io.BytesIO(whole[:cut]), "mov")
    assert headers in ({}, {0: TrackHeader()}, {1: TrackHeader(90)})
    whole = matroska(element(0x7675, struct.pack(">d", 90))).getvalue()
    assert track_headers(io.BytesIO(whole[:cut]), "matroska") in (
        {}, {0: TrackHeader()}, {0: TrackHeader(270)},
    )  # fmt: skip


def test_endless_headers_are_given_up():
    boxes = box(b"free", b"") * (MAX_ELEMENTS + 10)
    late = io.BytesIO(boxes + movie(track(0, 1, -1, 0)).getvalue())
    assert track_headers(late, "mov") == {}
