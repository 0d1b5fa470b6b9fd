"""The parts of a JPEG: where its picture ends, and which of its segments say more than that.

A JPEG is a row of segments, each a mark of two bytes with a length behind it. After the mark of a
scan come its pixels, among which a byte FF is followed by 00 or by the mark of a restart. So the
first end mark outside of a segment ends the picture, whatever previews are in the segments before
it and whatever stands behind: other pictures (MPO), a film, the notes of a phone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vlprep.media.source import Item

_END, _SCAN = 0xD9, 0xDA
_BARE = {0x00, 0x01, *range(0xD0, 0xD9)}
"""Marks without a length."""

_NEAR = 64
"""Bytes of the end of a file in which an end mark is the picture's: the tables that stand between
a preview and the first scan take more."""

_MARK_AMID_PIXELS = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)

_KEPT = {0xE0, 0xE2, 0xEE}
"""Segments for programs that say how pixels are meant: JFIF, the colour profile, Adobe's."""

_PROFILE = b"ICC_PROFILE\0"
"""What a colour profile starts with: other segments of its number list further pictures."""


END_MARK = b"\xff\xd9"
MORE_PIXELS = b"\x55" * 64
"""Bytes that are pixels to a decoder that waits for more of them, and nothing to any other."""

NO_END = "its end mark is missing; all its pixels are there"


def is_unended(item: Item) -> bool:
    """Say whether a JPEG has no mark at its end, mostly because it is cut off.

    >>> with Item("fixtures/truncated.jpg") as item:
    ...     is_unended(item)
    True
    """
    if END_MARK in item.tail(_NEAR):
        return False
    end = item.solid_bytes()
    item.trust.check("memory", end, item.name)
    with item.reader(end) as reader:  # what stands behind the end is seldom that long
        return all(mark != _END for mark, _, _ in segments(reader.read()))


def is_film(item: Item, pixels: int) -> bool:
    """Say whether a JPEG is the first of many, one right behind the other, as cameras write them.

    Looks where a file is too long for one picture of so many pixels, or named so; a picture that
    lists those behind it (MPO) is none.

    >>> with Item("fixtures/photo.jpg") as item:
    ...     is_film(item, 480 * 640)
    False
    """
    is_long = item.file_bytes > _MOST_BYTES * pixels or item.name.lower().endswith(_FILMS)
    if item.is_far or not is_long:  # of what is far no more is to be fetched than is read
        return False
    with item.reader() as reader:
        content = reader.read(2 * _MOST_BYTES * pixels + _NOTES)
    end = next((end for mark, _, end in segments(content) if mark == _END), len(content))
    goes_on = content.find(b"\xff\xd8\xff", end, end + _NEAR) >= 0
    return goes_on and b"MPF\0" not in content[:end]


_MOST_BYTES, _NOTES = 2, 1 << 20
"""Bytes a pixel that hardly a picture takes, and those of what it says beside them."""

_FILMS = (".mjpeg", ".mjpg", ".mjpe")


def segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield each segment up to the end mark: the second byte of its mark, its start and its end.

    A scan is one with its pixels. Where the file is cut off, so is the last segment.

    >>> [hex(mark) for mark, _, _ in segments(bytes.fromhex("ffd8 ffda 0003 00 12ff00 ffd9 77"))]
    ['0xda', '0xd9']
    """
    place = 2
    while (start := content.find(b"\xff", place)) >= 0 and start + 1 < len(content):
        mark = content[start + 1]
        if mark == 0xFF or mark in _BARE:  # the first may stand before any mark
            place = start + (1 if mark == 0xFF else 2)
            continue
        if mark == _END:
            yield mark, start, start + 2
            return
        end = start + 2 + int.from_bytes(content[start + 2 : start + 4], "big")
        if mark == _SCAN:
            found = _MARK_AMID_PIXELS.search(content, end)
            end = found.start() if found else len(content)
        yield mark, start, min(end, len(content))
        place = max(end, start + 2)


def is_arithmetic(content: bytes) -> bool:
    """Say whether a JPEG has arithmetic codes, with which large areas take next to nothing."""
    return any(0xC9 <= mark <= 0xCF for mark, _, _ in segments(content))


def without_metadata(content: bytes) -> bytes:
    """Return a JPEG without what it says beside its picture, and without what stands behind it.

    The pixels and the colour profile stay to the last bit. Dropped are EXIF, XMP, comments, the
    segments of makers, further pictures.

    >>> from pathlib import Path
    >>> content = Path("fixtures/exif_1.jpg").read_bytes()
    >>> b"Exif" in content, b"Exif" in without_metadata(content)
    (True, False)
    """
    kept = (
        content[start:end]
        for mark, start, end in segments(content)
        if _is_kept(content, mark, start)
    )
    return content[:2] + b"".join(kept)


def _is_kept(content: bytes, mark: int, start: int) -> bool:
    if mark == 0xE2:
        return content.startswith(_PROFILE, start + 4)
    is_for_programs = 0xE0 <= mark <= 0xEF or mark == 0xFE
    return mark in _KEPT or not is_for_programs
