"""The outline of a picture file: its structure and what is said in it, zeros in place of pixels.

The libraries that read HEIC, AVIF and WebP want a whole file also for a header. Of a remote file
its outline is fetched instead. Boxes are those of ISO/IEC 14496-12, where items lie (`iloc`) and
what they are (`iinf`) is in its 8.11; chunks of WebP are those of its container specification.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO

from vlprep.media.mp4 import boxes, read_exactly

MOST_BYTES = 64_000_000
"""Longest file of which an outline is made: it is as long as the file."""

_TOLD = frozenset({b"Exif", b"mime", b"uri "})
"""Kinds of items that are no pixels."""

_HEAD = 64
"""Bytes at the start of pixels that say how they are coded."""

_MOST_EXTENTS = 100_000
"""Pieces of items that are believed; a phone's photo of 48 tiles has some 50."""

_PIXELS = (b"VP8 ", b"VP8L", b"ALPH")

Range = tuple[int, int]


def outline(file: BinaryIO, reader: str) -> BinaryIO | None:
    """Return the outline of a file that Pillow's `reader` reads; `None` where there is none.

    Raises `EOFError`, `ValueError` or `struct.error` where its structure is damaged.

    >>> with open("fixtures/photo.heic", "rb") as file:
    ...     made = outline(file, "HEIF")
    ...     made is not None and len(made.read())
    6069
    """
    length = file.seek(0, io.SEEK_END)
    walk = {"HEIF": _kept_of_heif, "AVIF": _kept_of_heif, "WEBP": _kept_of_webp}.get(reader)
    if walk is None or length > MOST_BYTES:
        return None
    content = bytearray(length)
    for start, end in walk(file, length):
        file.seek(start)
        data = file.read(end - start)
        content[start : start + len(data)] = data
    return io.BytesIO(content)


def _kept_of_webp(file: BinaryIO, length: int) -> Iterator[Range]:
    yield 0, 12
    yield from _chunks(file, 12, length)


def _chunks(file: BinaryIO, start: int, end: int) -> Iterator[Range]:
    while start + 8 <= end:
        file.seek(start)
        kind, size = struct.unpack("<4sI", read_exactly(file, 8))
        stop = start + 8 + size
        if kind == b"ANMF":  # a frame: 16 bytes of its own, and chunks
            yield start, start + 24
            yield from _chunks(file, start + 24, min(stop, end))
        else:
            yield start, min(stop, start + _HEAD if kind in _PIXELS else stop, end)
        start = stop + size % 2


def _kept_of_heif(file: BinaryIO, length: int) -> Iterator[Range]:
    start, places = 0, dict[int, list[Range]]()
    kinds: dict[int, bytes] = {}
    for kind, end in boxes(file, length, start=0):
        content = file.tell()
        yield start, content if kind == b"mdat" else end
        if kind == b"meta":
            for inner, inner_end in boxes(file, end, content + 4):
                place = file.tell()
                if inner == b"iinf":
                    kinds |= _kinds(file, inner_end)
                elif inner == b"iloc":
                    places |= _places(io.BytesIO(read_exactly(file, inner_end - place)))
        start = end
    told = [one for item in places if kinds.get(item) in _TOLD for one in places[item]]
    if sum(last - first for first, last in told) > length:
        raise ValueError("items that are longer than the file")
    yield from told


def _kinds(file: BinaryIO, end: int) -> dict[int, bytes]:
    """Return what each item is, by number."""
    (version,) = read_exactly(file, 4)[:1]
    file.seek(4 if version else 2, io.SEEK_CUR)  # how many there are
    found = {}
    for kind, _ in boxes(file, end):
        if kind == b"infe":
            (version,) = read_exactly(file, 4)[:1]
            layout = ">I2x4s" if version == 3 else ">H2x4s"
            number, what = struct.unpack(layout, read_exactly(file, struct.calcsize(layout)))
            found[number] = what
    return found


def _places(box: BinaryIO) -> dict[int, list[Range]]:
    """Return where the items lie that are in the file itself, by number."""
    version, sizes = read_exactly(box, 4)[0], read_exactly(box, 2)
    offset_size, length_size = sizes[0] >> 4, sizes[0] & 15
    base_size, index_size = sizes[1] >> 4, sizes[1] & 15 if version else 0
    wide = 4 if version == 2 else 2
    found: dict[int, list[Range]] = {}
    total = 0

    def number(size: int) -> int:
        return int.from_bytes(read_exactly(box, size), "big")

    for _ in range(number(wide)):
        item, inside = number(wide), version and number(2) & 15
        number(2)  # where the data are, if not here
        base, ranges = number(base_size), []
        extents = number(2)
        if (total := total + extents) > _MOST_EXTENTS:
            raise ValueError(f"more than {_MOST_EXTENTS:,} extents")
        for _ in range(extents):
            number(index_size)
            start = base + number(offset_size)
            ranges.append((start, start + number(length_size)))
        if not inside:
            found[item] = ranges
    return found
