"""Times of the samples of an MP4 or QuickTime track, from its sample table.

The tables are those of ISO/IEC 14496-12: how long each sample is decoded (`stts`, 8.6.1.2), what is
added for its display (`ctts`, 8.6.1.3), and the edit list (`elst`, 8.6.6) that says what is shown.
Whatever a table counts is checked against its own length and the number of samples before it is
read, and what is not plain beyond doubt is not taken at all.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from vlprep.media.mp4 import boxes, read_exactly, tkhd

MAX_SHIFT = 1 << 28
"""Longest way, in ticks, from a sample's decoding to its display that is believed."""

_Span = tuple[int, int]  # where the content of a box starts and ends
_Spans = dict[bytes, list[_Span]]


@dataclass(frozen=True, slots=True, eq=False)
class SampleTimes:
    """Times of a track's samples in the order of decoding, in ticks of the track's clock."""

    durations: npt.NDArray[np.int32]
    """From the decoding of each sample to that of the next, all above 0."""
    offsets: npt.NDArray[np.int32]
    """From the decoding of each sample to its display; negative in some files."""


class _UnusualError(Exception):
    """The header holds something that a plain file has not."""


def sample_times(file: BinaryIO, track: int, samples: int) -> SampleTimes | None:
    """Return the times of a track's samples; leaves the file where it was.

    `None` unless the header is plain: one movie without fragments, one such track with one kind of
    sample, tables that speak of exactly `samples` samples, none of them without duration, and at
    most one edit that shows something, at its normal speed.
    """
    before = file.tell()
    try:
        return _sample_times(file, track, samples)
    except (_UnusualError, EOFError, IndexError, struct.error):
        return None
    finally:
        file.seek(before)


def _sample_times(file: BinaryIO, track: int, samples: int) -> SampleTimes:
    movie = _spans(file, _whole_movie(file))
    if b"mvex" in movie:  # more samples come in fragments
        raise _UnusualError
    chosen = _chosen(file, movie, track)
    _check_edits(file, chosen)
    table = _inside(file, chosen, b"mdia", b"minf", b"stbl")
    _check_samples(file, table, samples)
    durations = _run_lengths(file, _one(table, b"stts"), samples)
    if durations.min(initial=1) < 1:
        raise _UnusualError
    return SampleTimes(durations, _offsets(file, table, samples))


def _whole_movie(file: BinaryIO) -> _Span:
    """Return where the one movie box lies."""
    end = file.seek(0, io.SEEK_END)
    found = _spans(file, (0, end))
    if b"moof" in found:
        raise _UnusualError
    return _one(found, b"moov")


def _chosen(file: BinaryIO, movie: _Spans, number: int) -> _Spans:
    """Return the boxes of the one track with a number."""
    tracks = [_spans(file, span) for span in movie.get(b"trak", ())]
    chosen = [track for track in tracks if _number(file, track) == number]
    if len(chosen) != 1:
        raise _UnusualError
    return chosen[0]


def _spans(file: BinaryIO, span: _Span) -> _Spans:
    """Return the boxes inside of another, by type."""
    found: _Spans = {}
    for kind, end in boxes(file, span[1], start=span[0]):
        found.setdefault(kind, []).append((file.tell(), end))
    return found


def _one(spans: _Spans, kind: bytes) -> _Span:
    if len(spans.get(kind, ())) != 1:
        raise _UnusualError
    return spans[kind][0]


def _inside(file: BinaryIO, spans: _Spans, *path: bytes) -> _Spans:
    for kind in path:
        spans = _spans(file, _one(spans, kind))
    return spans


def _content(file: BinaryIO, span: _Span, length: int) -> bytes:
    """Read the start of a box, which must be as long as that."""
    if span[0] + length > span[1]:
        raise _UnusualError
    file.seek(span[0])
    return read_exactly(file, length)


def _number(file: BinaryIO, track: _Spans) -> int:
    span = _one(track, b"tkhd")
    return tkhd(_content(file, span, min(span[1] - span[0], 128)))[0]


def _check_edits(file: BinaryIO, track: _Spans) -> None:
    """Accept nothing, a part that is shown, or a wait and then a part."""
    if b"edts" not in track:
        return
    edits = _spans(file, _one(track, b"edts"))
    if b"elst" not in edits:
        return
    span = _one(edits, b"elst")
    version, count = struct.unpack(">B3xI", _content(file, span, 8))
    row = struct.Struct(">Qqi" if version == 1 else ">Iii")
    if count > 2:
        raise _UnusualError
    rows = list(row.iter_unpack(_content(file, span, 8 + count * row.size)[8:]))
    waits = [start == -1 for _, start, _ in rows]
    plain = all(start >= -1 and rate == 1 << 16 for _, start, rate in rows)
    if not plain or waits not in ([], [False], [True, False]):
        raise _UnusualError


def _check_samples(file: BinaryIO, table: _Spans, samples: int) -> None:
    """See that there is one description, and that the table of sizes has as many samples."""
    kinds = struct.unpack(">4xI", _content(file, _one(table, b"stsd"), 8))[0]
    sizes = _one(table, b"stz2" if b"stz2" in table else b"stsz")
    if kinds != 1 or struct.unpack(">8xI", _content(file, sizes, 12))[0] != samples:
        raise _UnusualError


def _offsets(file: BinaryIO, table: _Spans, samples: int) -> npt.NDArray[np.int32]:
    if b"ctts" not in table:
        return np.zeros(samples, np.int32)
    # Version 0 has no sign by the letter, but writers use one in either version.
    offsets = _run_lengths(file, _one(table, b"ctts"), samples)
    if offsets.min(initial=0) < -MAX_SHIFT or offsets.max(initial=0) > MAX_SHIFT:
        raise _UnusualError
    return offsets


def _run_lengths(file: BinaryIO, span: _Span, samples: int) -> npt.NDArray[np.int32]:
    """Read a table of (how many samples, value) and return the value of each sample."""
    rows = struct.unpack(">4xI", _content(file, span, 8))[0]
    if rows > samples:  # each row must stand for a sample at least; this bounds what is read
        raise _UnusualError
    content = _content(file, span, 8 + rows * 8)
    table = np.frombuffer(content, np.dtype([("count", ">u4"), ("value", ">i4")]), offset=8)
    counts = table["count"].astype(np.int64)
    if counts.min(initial=1) < 1 or counts.sum() != samples:
        raise _UnusualError
    return np.repeat(table["value"].astype(np.int32), counts)
