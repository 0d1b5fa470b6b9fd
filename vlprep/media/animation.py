"""How long each frame of a GIF, APNG or WebP shows, from the file's structure alone.

Pillow tells durations only by decoding frame after frame, and FFmpeg does not read animated WebP
at all; here the blocks of the file are walked and no pixel is touched.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

from vlprep.media.mp4 import read_exactly

SLOWEST_UNSTATED = 0.1
"""Seconds a GIF frame shows when its delay is under 0.02 s, in browsers and in FFmpeg."""


def frame_seconds(file: BinaryIO, reader: str) -> list[float]:
    """Return the seconds that each frame shows, one item for a picture that is not animated.

    `file` stands at its start; `reader` is Pillow's name of the format. Raises `EOFError` or
    `ValueError` where the structure breaks off.

    >>> frame_seconds(io.BytesIO(b""), "JPEG")
    [0.0]
    """
    walk = _WALKERS.get(reader)
    return (list(walk(file)) if walk else []) or [0.0]


def _gif(file: BinaryIO) -> Iterator[float]:
    flags = read_exactly(file, 13)[10]
    _skip_palette(file, flags)
    delay = 0.0
    while (kind := read_exactly(file, 1)) != b"\x3b":
        if kind == b"\x21":
            label = read_exactly(file, 1)
            block = _sub_blocks(file)
            if label == b"\xf9":
                delay = struct.unpack_from("<H", block, 1)[0] / 100
        elif kind == b"\x2c":
            _skip_palette(file, read_exactly(file, 9)[8])
            read_exactly(file, 1)  # code size of the compressed pixels
            _sub_blocks(file)
            yield delay if delay >= 0.02 else SLOWEST_UNSTATED
        else:
            raise ValueError(f"unknown GIF block {kind!r}")


def _skip_palette(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        read_exactly(file, 3 << ((flags & 7) + 1))


def _sub_blocks(file: BinaryIO) -> bytes:
    """Read a chain of sub-blocks; returns the first, which holds what an extension says."""
    first = block = read_exactly(file, read_exactly(file, 1)[0])
    while block:
        block = read_exactly(file, read_exactly(file, 1)[0])
    return first


def _apng(file: BinaryIO) -> Iterator[float]:
    read_exactly(file, 8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"fcTL":
            numerator, denominator = struct.unpack_from(">HH", read_exactly(file, length), 20)
            yield numerator / (denominator or 100)
            length = 0
        elif kind == b"IEND":
            return
        file.seek(length + 4, io.SEEK_CUR)


def _webp(file: BinaryIO) -> Iterator[float]:
    read_exactly(file, 12)
    while len(head := file.read(8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        padded = length + length % 2
        if kind == b"ANMF":
            body = read_exactly(file, 16)
            yield int.from_bytes(body[12:15], "little") / 1000
            padded -= 16
        file.seek(padded, io.SEEK_CUR)


_WALKERS: dict[str, Callable[[BinaryIO], Iterator[float]]] = {
    "GIF": _gif,
    "PNG": _apng,
    "WEBP": _webp,
}
