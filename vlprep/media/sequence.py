"""The image sequence of an AVIF or HEIC file: tracks as in an MP4, beside or without one picture.

Brands, tracks and the `pict` handler are those of ISO/IEC 23008-12 (HEIF), times those of ISO/IEC
14496-12. A file whose first brand is that of sequences is one; others may have one as well.
"""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

from vlprep.media.mp4 import boxes, read_exactly

MAX_PICTURES = 1_000_000
"""Pictures that a sequence is believed to have."""

_INNER = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_PICTURES = (b"pict", b"vide")


def sequence_seconds(file: BinaryIO) -> list[float]:
    """Return how long each picture of the first sequence shows, in seconds; empty without one.

    A sequence of transparency, which belongs to another, does not count. Raises `EOFError`,
    `struct.error` or `ValueError` where it is damaged.

    >>> from vlprep.media.source import open_item
    >>> with open_item("fixtures/photo.avif") as item:
    ...     sequence_seconds(item.file)
    []
    """
    end = file.seek(0, io.SEEK_END)
    for kind, box_end in boxes(file, end, start=0):
        if kind == b"moov":
            return _of_movie(file, box_end)
    return []


def has_main_picture(file: BinaryIO) -> bool:
    """Say whether a file names one of its pictures as the main one; leaves it where it was.

    >>> from vlprep.media.source import open_item
    >>> with open_item("fixtures/photo.heic") as item:
    ...     has_main_picture(item.file)
    True
    """
    before = file.tell()
    try:
        for kind, end in boxes(file, file.seek(0, io.SEEK_END), start=0):
            if kind == b"meta":
                return any(kind == b"pitm" for kind, _ in boxes(file, end, file.tell() + 4))
        return False
    except (EOFError, struct.error):
        return False
    finally:
        file.seek(before)


def _of_movie(file: BinaryIO, end: int) -> list[float]:
    for kind, box_end in boxes(file, end):
        if kind == b"trak":
            found: dict[bytes, bytes] = {}
            _gather(file, box_end, found)
            if found.get(b"hdlr", b"")[8:12] in _PICTURES:
                return _durations(found[b"stts"], found[b"mdhd"])
    return []


def _gather(file: BinaryIO, end: int, found: dict[bytes, bytes]) -> None:
    for kind, box_end in boxes(file, end):
        if kind in _INNER:
            _gather(file, box_end, found)
        elif kind in (b"hdlr", b"stts", b"mdhd"):
            found[kind] = read_exactly(file, box_end - file.tell())


def _durations(times: bytes, media: bytes) -> list[float]:
    (scale,) = struct.unpack_from(">I", media, 20 if media[0] == 1 else 12)
    (rows,) = struct.unpack_from(">I", times, 4)
    table = list(struct.iter_unpack(">2I", times[8 : 8 + 8 * rows]))
    if sum(count for count, _ in table) > MAX_PICTURES:
        raise ValueError(f"more than {MAX_PICTURES:,} pictures")
    return [ticks / max(scale, 1) for count, ticks in table for _ in range(count)]
