"""The frames of a GIF, APNG, WebP or AVIF from the file's structure: when each shows, and where.

Pillow tells durations only by decoding frame after frame, and FFmpeg does not read animated WebP
at all; here the blocks of the file are walked and no pixel is touched. What `canvas` needs to lay
the frames of a GIF or APNG on each other is noted on the way.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO, Literal, TypeAlias

from vlprep.media.mp4 import read_exactly
from vlprep.media.sequence import sequence_seconds

SLOWEST_UNSTATED = 0.1
"""Seconds that browsers show a frame whose delay they do not believe, or that has none."""

_BELIEVED = 0.011
"""Seconds from which on browsers believe a delay, of whatever format; 0 means that none is said."""

Disposal: TypeAlias = Literal["keep", "clear", "restore"]
"""What becomes of a frame's place when its time is over: as it was before is "restore"."""


@dataclass(frozen=True, slots=True)
class Part:
    """A frame as it lies in a file: a picture of its own, laid on what is there already."""

    seconds: float
    """How long it shows."""
    left: int = 0
    top: int = 0
    width: int = 0
    height: int = 0
    disposal: Disposal = "keep"
    covers: bool = False
    """Whether it replaces what is there, also where it is clear itself."""
    still: Callable[[BinaryIO], bytes] | None = None
    """Makes a file of this one picture out of the file; `None` where Pillow lays frames well."""


def parts(file: BinaryIO, reader: str) -> Iterator[Part]:
    """Yield the frames of an animation, of a format that has none nothing.

    `file` stands at its start and is not to be moved meanwhile. Raises `EOFError` or
    `ValueError` where the structure breaks off.
    """
    walk = _WALKERS.get(reader)
    for part in walk(file) if walk else ():
        yield part if part.seconds >= _BELIEVED else replace(part, seconds=SLOWEST_UNSTATED)


# GIF: a palette for all, then blocks; an extension in front of a frame says how it is shown.


def _gif(file: BinaryIO) -> Iterator[Part]:
    head = read_exactly(file, 13)
    palette, seen = head[10] & 0x87, False
    colours = read_exactly(file, _palette_bytes(palette))
    control = _NO_CONTROL
    zeros = 0
    while (kind := file.read(1)) not in (b"\x3b", b"") and zeros < _MANY_ZEROS:
        if kind == b"\x21":
            label, block = read_exactly(file, 1), _sub_blocks(file)
            control = block if label == b"\xf9" and len(block) >= 4 else control
        elif kind == b"\x2c":
            yield _gif_part(file, control, bytes([palette, 0, 0]) + colours)
            control, seen = _NO_CONTROL, True
        elif kind == b"\0":  # of which some writers leave one too many
            zeros += 1
        else:
            raise ValueError(f"unknown GIF block {kind!r}")
    if not seen:
        raise EOFError("no picture in it")


_MANY_ZEROS = 1000  # among the blocks of a GIF, behind which no more is looked for
_NO_CONTROL = bytes(4)
_DISPOSALS: dict[int, Disposal] = {2: "clear", 3: "restore", 4: "restore"}  # 4 as browsers take it


def _gif_part(file: BinaryIO, control: bytes, palette: bytes) -> Part:
    place = read_exactly(file, 9)
    left, top, width, height, flags = struct.unpack("<4HB", place)
    start = file.tell()
    file.seek(_palette_bytes(flags) + 1, io.SEEK_CUR)  # and the code size of the pixels
    _sub_blocks(file)
    head = b"GIF89a" + place[4:8] + palette + b"\x21\xf9\x04" + control[:4] + b"\0"
    picture = b"\x2c\0\0\0\0" + place[4:]
    return Part(
        struct.unpack_from("<H", control, 1)[0] / 100,
        *(left, top, width, height),
        _DISPOSALS.get(control[0] >> 2 & 7, "keep"),
        still=partial(_gif_still, head + picture, start, file.tell() - start),
    )


def _gif_still(head: bytes, start: int, length: int, file: BinaryIO) -> bytes:
    file.seek(start)
    return head + read_exactly(file, length) + b"\x3b"


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks(file: BinaryIO) -> bytes:
    """Read a chain of sub-blocks; returns the first, which holds what an extension says."""
    first = block = read_exactly(file, read_exactly(file, 1)[0])
    while block:
        block = read_exactly(file, read_exactly(file, 1)[0])
    return first


# APNG: chunks; those of a frame follow its `fcTL`, and an `IDAT` without one in front is a picture
# for programs that know no animations. It is no part of this one.


def _apng(file: BinaryIO) -> Iterator[Part]:
    promised, control, header, shared = 0, b"", b"", b""
    spans: list[tuple[int, int]] = []
    for kind, start, length in _png_chunks(file):
        if kind == b"IHDR":
            header = read_exactly(file, length)
        elif kind == b"acTL":
            (promised,) = struct.unpack_from(">I", read_exactly(file, length))
        elif kind == b"IDAT" and not promised:
            return
        elif kind in (b"PLTE", b"tRNS"):
            shared += _png_chunk(kind, read_exactly(file, length))
        elif kind in (b"IDAT", b"fdAT") and control:
            number = 4 * (kind == b"fdAT")
            spans.append((start + number, max(length - number, 0)))
        elif kind == b"fcTL" and control:
            yield _apng_part(control, header, shared, spans)
            promised -= 1
            if not promised:
                return
        if kind == b"fcTL":
            control, spans = read_exactly(file, length), []
    if control:
        yield _apng_part(control, header, shared, spans)


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each chunk, where its content starts and how long that is."""
    read_exactly(file, 8)
    while True:
        length, kind = struct.unpack(">I4s", read_exactly(file, 8))
        if kind == b"IEND" or not kind.isalpha():  # what stands behind the picture is none
            return
        start = file.tell()
        yield kind, start, length
        file.seek(start + length + 4)


def _apng_part(
    control: bytes, header: bytes, shared: bytes, spans: Sequence[tuple[int, int]]
) -> Part:
    width, height, left, top, delay, share, disposal, blend = struct.unpack_from(
        ">4I2H2B", control, 4
    )
    head = _png_chunk(b"IHDR", struct.pack(">2I", width, height) + header[8:]) + shared
    return Part(
        delay / (share or 100),
        *(left, top, width, height),
        _APNG_DISPOSALS.get(disposal, "keep"),
        covers=blend == 0,
        still=partial(_png_still, b"\x89PNG\r\n\x1a\n" + head, spans),
    )


_APNG_DISPOSALS: dict[int, Disposal] = {1: "clear", 2: "restore"}


def _png_still(head: bytes, spans: Sequence[tuple[int, int]], file: BinaryIO) -> bytes:
    data = []
    for start, length in spans:
        file.seek(start)
        data.append(read_exactly(file, length))
    return head + _png_chunk(b"IDAT", b"".join(data)) + _png_chunk(b"IEND", b"")


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


# WebP and AVIF: Pillow's readers are the formats' own, and lay the frames as browsers do.


def _webp(file: BinaryIO) -> Iterator[Part]:
    (claimed,) = struct.unpack("<4xI4x", read_exactly(file, 12))
    while file.tell() < claimed + 8 and len(head := file.read(8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        padded = length + length % 2
        if kind == b"ANMF":
            body = read_exactly(file, 16)
            yield Part(int.from_bytes(body[12:15], "little") / 1000)
            padded -= 16
        file.seek(padded, io.SEEK_CUR)


def _avif(file: BinaryIO) -> Iterator[Part]:
    is_sequence = read_exactly(file, 12)[8:] == b"avis"  # which readers show before a picture
    return map(Part, sequence_seconds(file) if is_sequence else ())


_WALKERS: dict[str, Callable[[BinaryIO], Iterator[Part]]] = {
    "GIF": _gif,
    "PNG": _apng,
    "WEBP": _webp,
    "AVIF": _avif,
}
