"""Where a picture's file ends, by what it says of itself: nothing is decoded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from PIL import Image

from vlprep.media.jpeg import is_unended
from vlprep.media.source import Item

_NEAR = 64
_MOST_PARTS = 100_000
"""Parts of a file that are walked through; few have a hundred."""


def is_cut_off(item: Item) -> bool:
    """Say whether a picture has no end in its file; `False` for formats that do not tell.

    >>> with Item("fixtures/truncated.jpg") as item:
    ...     is_cut_off(item)
    True
    """
    ends_early = _ENDS.get(item.found.name)
    return ends_early is not None and ends_early(item)


def is_short(image: Image.Image, file_bytes: int) -> bool:
    """Say whether a file ends before its pixels, where its header says at which bytes they are.

    So it is in a BMP and a TIFF; `False` for other formats.
    """
    if image.format == "TIFF":
        ends = _ends_of_strips(image.tag_v2)  # type: ignore[attr-defined]
    elif image.format in ("BMP", "DIB"):
        rows = [tile for tile in image.tile if tile.codec_name == "raw"]  # type: ignore[attr-defined]
        ends = [tile.offset + tile.args[1] * tile.extents[3] - _PADDING for tile in rows]
    else:
        return False
    return max(ends, default=0) > file_bytes


_PADDING = 3
"""Bytes at the end of a row that are no pixels, at most."""


def _ends_of_strips(tags: Mapping[int, Any]) -> list[int]:
    """Return where each strip or tile of a TIFF ends, by its tags."""
    starts = tags.get(_STRIP_STARTS) or tags.get(_TILE_STARTS, ())
    lengths = tags.get(_STRIP_LENGTHS) or tags.get(_TILE_LENGTHS, ())
    if len(lengths) == 1 and tags.get(_COMPRESSION) == 1:  # of which some writers say too much
        row_bytes = math.ceil(tags[_WIDTH] * sum(tags.get(_BITS, (1,))) / 8)
        lengths = (min(lengths[0], tags[_HEIGHT] * row_bytes),)
    return [start + length for start, length in zip(starts, lengths, strict=False)]


_STRIP_STARTS, _STRIP_LENGTHS, _TILE_STARTS, _TILE_LENGTHS = 273, 279, 324, 325
_WIDTH, _HEIGHT, _BITS, _COMPRESSION = 256, 257, 258, 259


def _png_ends_early(item: Item) -> bool:
    """Say whether the last chunk is missing; behind it anything may stand."""
    if b"IEND" in item.tail(_NEAR):
        return False
    place = 8
    with item.reader() as reader:
        for _ in range(_MOST_PARTS):
            reader.seek(place)
            head = reader.read(8)
            if len(head) < 8 or head[4:] == b"IEND":
                return len(head) < 8
            place += 12 + int.from_bytes(head[:4], "big")
    return False


def _boxes_end_early(item: Item) -> bool:
    """Say whether the box of the pixels is longer than the rest of the file."""
    place = 0
    with item.reader() as reader:
        for _ in range(_MOST_PARTS):
            reader.seek(place)
            head = reader.read(16)
            size = int.from_bytes(head[:4], "big")
            if size == 1:
                size = int.from_bytes(head[8:], "big")
            if head[4:8] in (b"mdat", b"jp2c") and place + size > item.file_bytes:
                return True
            if size < 8 or place + size >= item.file_bytes:  # to the end of the file, or no box
                return False
            place += size
    return False


_ENDS: dict[str, Callable[[Item], bool]] = {
    "JPEG": is_unended,
    "PNG": _png_ends_early,
    "HEIC": _boxes_end_early,
    "AVIF": _boxes_end_early,
    "JPEG 2000": _boxes_end_early,
}


def as_claimed(item: Item) -> BinaryIO:
    """Return a reader that ends where a file says of itself that it does.

    Readers of some formats take all that there is into memory, in order to look at the header.
    """
    claim = _CLAIMS.get(item.found.reader)
    if claim is None:
        return item.file
    end = min(claim(item.file, item.file_bytes), item.file_bytes)
    item.trust.check("memory", end, item.name)
    return item.file if end == item.file_bytes else item.reader(end)


def _boxes_end(file: BinaryIO, length: int) -> int:
    from vlprep.media.mp4 import boxes_end  # which most formats do without

    return boxes_end(file, length)


def _riff_end(file: BinaryIO, _: int) -> int:
    file.seek(4)
    return 8 + int.from_bytes(file.read(4), "little")


_CLAIMS: dict[str, Callable[[BinaryIO, int], int]] = {
    **dict.fromkeys(("HEIF", "AVIF"), _boxes_end),
    "WEBP": _riff_end,
}
"""Where a file ends by what it says, for the formats of which readers take all into memory."""
