"""Walk the header of an MP4 or QuickTime file: boxes of (length, type, content), nested.

Boxes (4.2) and the fields of the movie header (8.2.2), the track header (8.3.2) and the edit list
(8.6.6) are those of ISO/IEC 14496-12.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import BinaryIO

MAX_BOXES = 10_000
"""Boxes in a row that are looked at before a header is given up as endless."""

Matrix = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Track:
    """What a track's header says."""

    number: int = 0
    """Its number in the file."""
    matrix: Matrix = (1, 0, 0, 1)
    """(a, b, c, d): the stored point (x, y) is displayed at (a x + c y, b x + d y).

    It is the track's own, and then that of the whole movie.
    """
    edits: int = 0
    """Entries of the edit list; 0 where there is none."""
    codings: tuple[bytes, ...] = ()
    """What its descriptions of samples are called, such as `avc1`."""

    @property
    def locked(self) -> bool:
        """Whether its samples are described as encrypted."""
        return any(coding in _LOCKED for coding in self.codings)


_LOCKED = frozenset({b"encv", b"drmi"})
"""What a description of pictures is called where they are encrypted: ISO/IEC 14496-12 8.12, iTunes.

So it is whatever the scheme, also where the rest is told in `uuid` boxes, as in PIFF.
"""


def tracks(file: BinaryIO) -> Iterator[Track]:
    """Yield the tracks of a file.

    Raises `EOFError`, `IndexError` or `struct.error` where the header is damaged or cut off.
    """
    for kind, end in boxes(file, file.seek(0, io.SEEK_END), start=0):
        if kind == b"moov":
            movie = _UPRIGHT
            for inner, inner_end in boxes(file, end):
                if inner == b"mvhd":
                    movie = _movie_matrix(read_exactly(file, min(inner_end - file.tell(), 128)))
                elif inner == b"trak":
                    track = _track(file, inner_end)
                    yield replace(track, matrix=_then(track.matrix, movie))


_UPRIGHT: Matrix = (1 << 16, 0, 0, 1 << 16)  # numbers have 16 bits behind the point


def _then(first: Matrix, second: Matrix) -> Matrix:
    """Return the matrix of one after the other."""
    (a, b, c, d), (e, f, g, h) = first, second
    return (
        (a * e + b * g) >> 16,
        (a * f + b * h) >> 16,
        (c * e + d * g) >> 16,
        (c * f + d * h) >> 16,
    )


def _movie_matrix(content: bytes) -> Matrix:
    return _matrix(content, 48 if content[0] == 1 else 36)  # behind times, rate and volume


def _matrix(content: bytes, place: int) -> Matrix:
    a, b, _, c, d = struct.unpack_from(">5i", content, place)
    return a, b, c, d


def tkhd(content: bytes) -> tuple[int, Matrix]:
    """Return the track's number and matrix of a track header box.

    Raises `IndexError` or `struct.error` where it is cut off.
    """
    wide = content[0] == 1  # version 1 has 64-bit times
    number = struct.unpack_from(">I", content, 20 if wide else 12)[0]
    return number, _matrix(content, 52 if wide else 40)


def boxes(file: BinaryIO, end: int, start: int | None = None) -> Iterator[tuple[bytes, int]]:
    """Yield (type, end) of each box up to `end`, with the file at the box's content."""
    position = file.tell() if start is None else start
    for _ in range(MAX_BOXES):
        if position + 8 > end:
            return
        file.seek(position)
        length, kind = struct.unpack(">I4s", read_exactly(file, 8))
        header = 8
        if length == 1:
            length, header = struct.unpack(">Q", read_exactly(file, 8))[0], 16
        box_end = end if length == 0 else position + length
        if box_end < position + header:
            return
        yield kind, min(box_end, end)
        position = box_end


def boxes_end(file: BinaryIO, end: int) -> int:
    """Return where the last box of a file ends; what stands behind it is none.

    >>> boxes_end(io.BytesIO(bytes.fromhex("0000000866747970") + bytes(99)), 107)
    8
    """
    reached = 0
    with suppress(EOFError):
        for kind, box_end in boxes(file, end, start=0):
            if not kind.isalnum():  # names of boxes are, but zeros are none
                break
            reached = box_end
    return reached


def read_exactly(file: BinaryIO, length: int) -> bytes:
    """Read `length` bytes; raises `EOFError` where there are fewer.

    >>> read_exactly(io.BytesIO(b"moov"), 2)
    b'mo'
    """
    data = file.read(length)
    if len(data) < length:
        raise EOFError("the file is cut off")
    return data


def _track(file: BinaryIO, end: int) -> Track:
    number, matrix, edits, codings = 0, _UPRIGHT, 0, tuple[bytes, ...]()
    for kind, box_end in boxes(file, end):
        if kind == b"tkhd":
            number, matrix = tkhd(read_exactly(file, min(box_end - file.tell(), 128)))
        elif kind == b"edts":
            for inner, _ in boxes(file, box_end):
                if inner == b"elst":
                    edits = struct.unpack_from(">4xI", read_exactly(file, 8))[0]
        elif kind == b"mdia":
            codings = tuple(_descriptions(file, box_end))
    return Track(number, matrix, edits, codings)


def _descriptions(file: BinaryIO, end: int) -> Iterator[bytes]:
    """Yield what the kinds of samples of a track are called, from its media box."""
    for kind, box_end in boxes(file, end):
        if kind in (b"minf", b"stbl"):
            yield from _descriptions(file, box_end)
        elif kind == b"stsd":
            yield from (name for name, _ in boxes(file, box_end, start=file.tell() + 8))
