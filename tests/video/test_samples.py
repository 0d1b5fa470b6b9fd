from __future__ import annotations

import io
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.media.test_mp4 import box
from tests.places import FIXTURES
from vlprep.video.samples import MAX_SHIFT, SampleTimes, sample_times

CLIP = (FIXTURES / "clip.mp4").read_bytes()
MOVIE = CLIP.index(b"moov") - 4
MOVIE_END = MOVIE + int.from_bytes(CLIP[MOVIE : MOVIE + 4], "big")


def runs(kind: bytes, *rows: tuple[int, int], said: int | None = None, version: int = 0) -> bytes:
    """A table of (how many samples, value)."""
    packed = b"".join(struct.pack(">II", count, value % 2**32) for count, value in rows)
    count = len(rows) if said is None else said
    return box(kind, struct.pack(">B3xI", version, count) + packed)


def edit_list(*rows: tuple[int, int, int], wide: bool = False, said: int | None = None) -> bytes:
    packed = b"".join(struct.pack(">Qqi" if wide else ">Iii", *row) for row in rows)
    count = len(rows) if said is None else said
    return box(b"edts", box(b"elst", struct.pack(">B3xI", wide, count) + packed))


STTS = runs(b"stts", (4, 512), (1, 256))
CTTS = runs(b"ctts", (1, 1024), (1, 2048), (3, 512))
STSZ = box(b"stsz", struct.pack(">III", 0, 0, 5) + b"\0\0\0\1" * 5)
STSD = box(b"stsd", struct.pack(">II", 0, 1))
SHOWN = (2304, 1024, 1 << 16)
WAIT = (500, -1, 1 << 16)


def track(*tables: bytes, edits: bytes = b"", number: int = 7) -> bytes:
    head = box(b"tkhd", struct.pack(">IIII", 0, 0, 0, number) + b"\0" * 68)
    media = box(b"mdia", box(b"minf", box(b"stbl", b"".join(tables))))
    return box(b"trak", head + edits + media)


def movie(*tracks: bytes) -> bytes:
    return box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", b"".join(tracks))


def read(data: bytes, samples: int = 5) -> SampleTimes | None:
    return sample_times(io.BytesIO(data), 7, samples)


def test_durations_and_offsets_of_each_sample():
    times = read(movie(track(STSD, STTS, CTTS, STSZ)))
    assert list(times.durations) == [512, 512, 512, 512, 256]
    assert list(times.offsets) == [1024, 2048, 512, 512, 512]


@pytest.mark.parametrize("version", [0, 1])
def test_offsets_can_be_negative_in_either_version(version):
    ctts = runs(b"ctts", (1, 0), (4, -512), version=version)
    assert list(read(movie(track(STSD, STTS, ctts, STSZ))).offsets) == [0] + [-512] * 4


def test_without_offsets_decoding_and_display_coincide():
    assert not read(movie(track(STSD, STTS, STSZ))).offsets.any()


@pytest.mark.parametrize(
    "edits",
    [
        b"",
        box(b"edts", b""),
        edit_list(),
        edit_list(SHOWN),
        edit_list(SHOWN, wide=True),
        edit_list(WAIT, SHOWN),
    ],
)
def test_plain_edits(edits):
    assert read(movie(track(STSD, STTS, CTTS, STSZ, edits=edits))) is not None


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param(edit_list(SHOWN, SHOWN), id="two-parts"),
        pytest.param(edit_list(SHOWN, WAIT), id="wait-at-the-end"),
        pytest.param(edit_list(WAIT), id="nothing-shown"),
        pytest.param(edit_list(WAIT, WAIT), id="two-waits"),
        pytest.param(edit_list(WAIT, SHOWN, SHOWN), id="three"),
        pytest.param(edit_list((9, 0, 1 << 15)), id="half-speed"),
        pytest.param(edit_list((9, -2, 1 << 16)), id="before-the-start"),
        pytest.param(edit_list(SHOWN, said=2), id="one-missing"),
        pytest.param(edit_list(SHOWN, said=2**32 - 1), id="billions"),
        pytest.param(edit_list(SHOWN) * 2, id="two-lists"),
    ],
)
def test_edits_that_are_not_plain(edits):
    assert read(movie(track(STSD, STTS, CTTS, STSZ, edits=edits))) is None


PLAIN = {b"stsd": STSD, b"stts": STTS, b"ctts": CTTS, b"stsz": STSZ}


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        pytest.param(b"stsd", box(b"stsd", struct.pack(">II", 0, 2)), id="two-kinds-of-sample"),
        pytest.param(b"stsd", b"", id="no-description"),
        pytest.param(b"stsz", b"", id="no-sizes"),
        pytest.param(b"stsz", box(b"stsz", struct.pack(">III", 0, 9, 6)), id="other-count"),
        pytest.param(b"stts", b"", id="no-times"),
        pytest.param(b"stts", STTS * 2, id="twice"),
        pytest.param(b"stts", runs(b"stts", (4, 512)), id="too-few"),
        pytest.param(b"stts", runs(b"stts", (6, 512)), id="too-many"),
        pytest.param(b"stts", runs(b"stts"), id="empty"),
        pytest.param(b"stts", runs(b"stts", (4, 512), (1, 0)), id="no-duration"),
        pytest.param(b"stts", runs(b"stts", (4, 512), (1, -1)), id="negative-duration"),
        pytest.param(b"stts", runs(b"stts", (5, 512), (0, 512)), id="row-for-nothing"),
        pytest.param(b"stts", runs(b"stts", (5, 512), said=2), id="row-missing"),
        pytest.param(b"stts", runs(b"stts", (5, 512), said=2**32 - 1), id="billions-of-rows"),
        pytest.param(b"stts", runs(b"stts", *[(2**32 - 1, 1)] * 5), id="billions-of-samples"),
        pytest.param(b"ctts", runs(b"ctts", (4, 512)), id="too-few-offsets"),
        pytest.param(b"ctts", runs(b"ctts", (5, MAX_SHIFT + 1)), id="offset-beyond-belief"),
        pytest.param(b"ctts", runs(b"ctts", (5, -(2**31))), id="offset-far-back"),
        pytest.param(b"ctts", box(b"ctts", b"\0\0"), id="cut-off"),
    ],
)
def test_tables_that_are_not_plain(kind, table):
    assert read(movie(track(*PLAIN.values()))) is not None
    assert read(movie(track(*(PLAIN | {kind: table}).values()))) is None


GOOD = track(*PLAIN.values())


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(movie(GOOD, box(b"mvex", b"")), id="fragments-to-come"),
        pytest.param(movie(GOOD) + box(b"moof", b""), id="a-fragment"),
        pytest.param(movie(GOOD) * 2, id="two-movies"),
        pytest.param(movie(GOOD, GOOD), id="two-tracks-of-a-number"),
        pytest.param(movie(track(*PLAIN.values(), number=8)), id="no-such-track"),
        pytest.param(movie(box(b"trak", b"")), id="a-track-without-header"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_movies_that_are_not_plain(data):
    assert read(data) is None


def test_the_right_track_is_read():
    other = track(STSD, runs(b"stts", (5, 1)), STSZ, number=8)
    assert read(movie(other, GOOD)).durations[0] == 512


def test_the_file_stays_where_it_was():
    for data in (movie(GOOD), movie(), CLIP):
        file = io.BytesIO(data)
        file.seek(3)
        sample_times(file, 7, 5)
        assert file.tell() == 3


def test_a_real_header():
    times = sample_times(io.BytesIO(CLIP), 1, 60)
    assert times.durations.dtype == times.offsets.dtype == np.int32
    assert set(times.durations) == {512}
    assert len(times.offsets) == 60


BYTES = st.tuples(st.integers(MOVIE, MOVIE_END - 1), st.integers(0, 255))


@given(
    changes=st.lists(BYTES, max_size=6),
    cut=st.integers(0, len(CLIP)) | st.just(len(CLIP)),
    samples=st.sampled_from([0, 1, 59, 60, 61, 20_000_000]),
)
@example(changes=[(CLIP.index(b"stts") + 8, 255)], cut=len(CLIP), samples=20_000_000)
@example(changes=[(CLIP.index(b"ctts") + 9, 255)], cut=len(CLIP), samples=20_000_000)
def test_damaged_headers_cost_little_and_raise_nothing(changes, cut, samples):
    data = bytearray(CLIP)
    for place, value in changes:
        data[place] = value
    file = io.BytesIO(data[:cut])
    tracemalloc.start()
    try:
        times = sample_times(file, 1, samples)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
    assert times is None or len(times.durations) == len(times.offsets) == samples
