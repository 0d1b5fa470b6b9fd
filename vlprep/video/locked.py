"""Whether a video is encrypted, by what stands outside of its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from vlprep.errors import EncryptedMediaError
from vlprep.media.orientation import TrackHeader
from vlprep.media.source import Item

_PACKETS = 4096  # of a transport stream that are looked at


def locked(item: Item) -> EncryptedMediaError:
    """Return the error for an encrypted video."""
    problem = "the video is encrypted (DRM); nothing can read it"
    return EncryptedMediaError(item.name, problem, format=item.found.name)


def is_locked(item: Item, headers: Mapping[int, TrackHeader]) -> bool:
    """Whether a video that cannot be read says to be encrypted; leaves the file where it was."""
    if item.found.reader != "mpegts":
        return any(header.locked for header in headers.values())
    before = item.file.tell()
    try:
        return _is_scrambled(item.file)
    finally:
        item.file.seek(before)


def _is_scrambled(file: BinaryIO) -> bool:
    """Whether most packets of a transport stream are scrambled (ISO/IEC 13818-1, 2.4.3.3)."""
    file.seek(0)
    data = file.read(_PACKETS * 188)
    start, step = (0, 188) if data[:1] == b"\x47" else (4, 192)
    flags = [
        data[place + 3]
        for place in range(start, len(data) - 3, step)
        if data[place] == 0x47 and data[place + 3] & 0x10  # and something in it
    ]
    return sum(flag >= 0x80 for flag in flags) * 2 > len(flags)
