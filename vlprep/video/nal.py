"""Cut what is said of H.264 into NAL units: ITU-T H.264, 7.3.1 and annex B.

They stand behind start codes or, in MP4 and Matroska, behind their lengths.
"""

from __future__ import annotations

from collections.abc import Iterator

from vlprep.video.bits import Bits

_HEAD = 256  # bytes of a unit of a packet that are parsed at most


def length_width(settings: bytes | None) -> int:
    """Return the bytes of the length before each NAL unit by a stream's settings; 0 is annex B."""
    return settings[4] % 4 + 1 if settings and len(settings) >= 7 and settings[0] == 1 else 0


def nal_units(data: bytes, width: int) -> Iterator[bytes]:
    """Yield the start of each NAL unit of a packet."""
    start = 0 if width else _behind_start_code(data, 0)
    while 0 <= start < len(data):
        if width:
            start, length = start + width, int.from_bytes(data[start : start + width], "big")
            yield data[start : start + min(length, _HEAD)]
            start += length
        else:
            yield data[start : start + _HEAD]
            start = _behind_start_code(data, start)


def _behind_start_code(data: bytes, start: int) -> int:
    found = data.find(b"\0\0\1", start)
    return found + 3 if found >= 0 else len(data)


def units_of_settings(settings: bytes, width: int) -> Iterator[bytes]:
    """Yield the NAL units of a stream's settings (ISO/IEC 14496-15, 5.3.3.1, or annex B)."""
    if not width:
        yield from nal_units(settings, 0)
        return
    place = 5
    for mask in (0x1F, 0xFF):
        count = settings[place] & mask if place < len(settings) else 0
        place += 1
        for _ in range(count):
            length = int.from_bytes(settings[place : place + 2], "big")
            yield settings[place + 2 : place + 2 + length]
            place += 2 + length


def unit_bits(unit: bytes) -> Bits:
    """Return the bits of a NAL unit behind its first byte (7.3.1)."""
    return Bits(unit[1:].replace(b"\0\0\3", b"\0\0"))
