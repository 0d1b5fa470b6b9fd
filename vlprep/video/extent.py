"""Where the content of a video ends in its file, and whether the file is as long as it says.

Lengths are those of RIFF (AVI 1.0 and OpenDML), EBML (RFC 8794) and Matroska (RFC 9559), ASF (3.2),
FLV 10.1 (annex E), MXF (SMPTE ST 377-1, 7.1), ISO/IEC 14496-12, Ogg (RFC 3533, 6), and those of
libvpx and of MJPEG Tools for IVF and YUV4MPEG.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import BinaryIO, NamedTuple

from vlprep.media.mp4 import boxes
from vlprep.media.source import Item


def is_whole(item: Item) -> bool | None:
    """Say whether a file is as long as its structure says; `None` where it says nothing."""
    check = _CHECKS.get(item.found.reader)
    if check is None:
        end = _claimed_end(item)
        return None if end is None else end <= item.file_bytes
    before = item.file.tell()
    try:
        return check(item.file, item.file_bytes)
    except (struct.error, LookupError, ValueError, ZeroDivisionError):
        return None
    finally:
        item.file.seek(before)


def content_end(item: Item) -> int:
    """Return where the content of a video ends: behind it are zeros, and no claim reaches there.

    FFmpeg looks for more in them, byte by byte or until it gives up on the whole file.
    """
    if item.is_far:  # of which no more is to be fetched than is read
        return item.file_bytes
    if item.found.reader == "mpegts":
        return _transport_end(item)
    if item.found.reader not in _SEARCHED or item.tail(_ZEROS).strip(b"\0"):
        return item.file_bytes
    solid = item.solid_bytes() + _ROOM
    return min(max(solid, _claimed_end(item) or 0), item.file_bytes)


_SEARCHED = frozenset({"avi", "matroska", "asf", "flv", "mpeg", "ogg"})
"""Readers that look for more of a stream behind what is none."""

_ZEROS, _ROOM = 65_536, 16_384
"""Zeros at the end of a file that are too many for a packet, and those that may belong to one."""


def _transport_end(item: Item) -> int:
    """Return where the last packet of a transport stream ends, which has a mark at its start.

    Where FFmpeg meets too much else behind it, it keeps the last frame to itself.
    """
    solid = item.solid_bytes()
    start = max(solid - _JUNK, 0)
    with item.reader() as reader:
        end = _read(reader, start, solid - start)
    place = end.rfind(b"\x47")
    while place >= 0:
        for step in (188, 192, 204):
            if end[max(place % step, place - 4 * step) : place : step] == b"\x47" * 4:
                return min(start + place + step, item.file_bytes)
        place = end.rfind(b"\x47", 0, place)
    return item.file_bytes


_JUNK = 1 << 20
"""Bytes behind the last packet of a transport stream among which it is looked for."""


def _claimed_end(item: Item) -> int | None:
    claim = _CLAIMS.get(item.found.reader)
    before = item.file.tell()
    try:
        return claim(item.file, item.file_bytes) if claim else None
    except (struct.error, IndexError):
        return None
    finally:
        item.file.seek(before)


def _read(file: BinaryIO, start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length)


def _avi_end(file: BinaryIO, file_bytes: int) -> int | None:
    end = 0
    while end + 8 <= file_bytes:
        name, size = struct.unpack("<4sI", _read(file, end, 8))
        if name != b"RIFF":
            break
        if size == 0:  # a recording that was never finished
            return None
        end += 8 + size
    return end


def _matroska_end(file: BinaryIO, _: int) -> int | None:
    head = _read(file, 0, 64)
    size, used = _ebml_number(head[4:])
    start = 4 + used + (size or 0)
    head = _read(file, start, 16)
    if head[:4] != b"\x18\x53\x80\x67":
        return None
    size, used = _ebml_number(head[4:])
    return None if size is None else start + 4 + used + size


def _ebml_number(data: bytes) -> tuple[int | None, int]:
    """Return a number of variable length, `None` for "unknown", and how many bytes it takes."""
    width = 9 - data[0].bit_length()
    bits = 7 * width
    value = int.from_bytes(data[:width], "big") & ((1 << bits) - 1)
    return (None if value == (1 << bits) - 1 else value), width


class AsfHeader(NamedTuple):
    """What the file properties of ASF say."""

    file_bytes: int = 0
    end: Fraction | None = None
    """Second at which it ends, by its own clock."""


def asf_header(file: BinaryIO) -> AsfHeader:
    """Read the file properties of ASF; nothing where there are none, or those of a live stream."""
    head = _read(file, 0, 4096)
    place = head.find(_ASF_FILE_PROPERTIES)
    if place < 0 or len(head) < place + 92:
        return AsfHeader()
    size, played, ahead, flags = struct.unpack_from("<Q16xQ8xQI", head, place + 40)
    if flags & 1:
        return AsfHeader()
    end = Fraction(played, 10_000_000) - Fraction(ahead, 1000)
    return AsfHeader(size, end if end > 0 else None)


_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")


def _asf_end(file: BinaryIO, _: int) -> int | None:
    return asf_header(file).file_bytes or None


def _mxf_end(file: BinaryIO, _: int) -> int | None:
    """Return where the last partition starts, with the index of frames; it has some bytes at least.

    It stands in the first partition behind its name and length, its version and two other places.
    """
    head = _read(file, 0, 64)
    width = head[16] & 0x7F if head[16] & 0x80 else 0
    (footer,) = struct.unpack_from(">Q", head, 17 + width + 24)
    return footer + 1 if footer else None


def _whole_flv(file: BinaryIO, file_bytes: int) -> bool | None:
    """Say whether the file ends with a whole tag, behind which its length stands."""
    (length,) = struct.unpack(">I", _read(file, file_bytes - 4, 4))
    start = file_bytes - 4 - length
    if length < 11 or start < 9:
        return False
    kind, *size = _read(file, start, 4)
    return kind & 0x1F in (8, 9, 18) and int.from_bytes(bytes(size), "big") == length - 11


def _whole_mp4(file: BinaryIO, file_bytes: int) -> bool | None:
    """Say whether the last box breaks off; if not, fragments may be missing behind it."""
    found = [(b"", 0)]
    with suppress(EOFError):  # behind the last box there is nothing
        found.extend(boxes(file, _NOWHERE, 0))
    kind, end = found[-1]
    breaks = kind in (b"moof", b"mdat") and file_bytes < end < _NOWHERE
    return False if breaks else None


_NOWHERE = 1 << 62  # where a box ends that says to reach to the end of the file


def _whole_ivf(file: BinaryIO, file_bytes: int) -> bool | None:
    """Say whether a frame breaks off; if not, others may be missing behind it."""
    place = 32
    for _ in range(_MOST_FRAMES):
        if place >= file_bytes:
            return None if place == file_bytes else False
        place += 12 + int.from_bytes(_read(file, place, 4), "little")
    return None


_MOST_FRAMES = 1_000_000
"""Frames that are walked through at most."""


def _whole_y4m(file: BinaryIO, file_bytes: int) -> bool | None:
    """Say whether a frame breaks off, of which all are as long; if not, others may be missing."""
    line, _, frame = _read(file, 0, 1024).partition(b"\n")
    said = {word[:1]: word[1:] for word in line.split()[1:]}
    kind = said.get(b"C", b"420")
    width, height = int(said[b"W"]), int(said[b"H"])
    across, down = {b"420": (2, 2), b"422": (2, 1), b"411": (4, 1)}.get(kind[:3], (1, 1))
    others = 0 if kind.startswith(b"mono") else 3 if kind.endswith(b"alpha") else 2
    samples = width * height + others * -(-width // across) * -(-height // down)
    step = len(_FRAME) + samples * (2 if _DEEP.search(kind) else 1)
    told = frame.startswith(_FRAME)  # else there is more in front of frames than their mark
    return False if told and (file_bytes - len(line) - 1) % step else None


_FRAME = b"FRAME\n"
_DEEP = re.compile(rb"(?:p|mono)(?:9|1\d)$")  # more than 8 bits, in two bytes


def _whole_ogg(file: BinaryIO, file_bytes: int) -> bool | None:
    """Say whether the last page is all there, and marked as the last one of its stream."""
    start = max(file_bytes - _PAGE, 0)
    tail = _read(file, start, _PAGE)
    place = tail.rfind(b"OggS")
    if place < 0:
        return None
    if len(tail) < place + 27:
        return False
    parts = tail[place + 27 :][: tail[place + 26]]
    is_there = place + 27 + tail[place + 26] + sum(parts) <= len(tail)
    return is_there and bool(tail[place + 5] & 4)


_PAGE = 65_307 + 4_096
"""Bytes of the longest page, and some that may stand behind the last."""


_CLAIMS: dict[str, Callable[[BinaryIO, int], int | None]] = {
    "avi": _avi_end,
    "matroska": _matroska_end,
    "asf": _asf_end,
    "mxf": _mxf_end,
}
_CHECKS: dict[str, Callable[[BinaryIO, int], bool | None]] = {
    "flv": _whole_flv,
    "mov": _whole_mp4,
    "ivf": _whole_ivf,
    "yuv4mpegpipe": _whole_y4m,
    "ogg": _whole_ogg,
}
