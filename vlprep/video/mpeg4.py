"""What MPEG-4 Part 2 packets say of their pictures, without decoding: ISO/IEC 14496-2, by section.

Encoders leave a picture out by some bits that say "not coded" (6.3.5): the one before stays, and no
frame comes out of a decoder. The same bits follow where two pictures were packed into one packet,
as DivX and XviD do in AVI, and stand for the second of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from vlprep.video.bits import Bits

MOST_BYTES = 8
"""Bytes that a picture which is not coded takes at most; a coded one takes some more."""

_START, _PICTURE = b"\0\0\1", 0xB6
_LAYERS = range(0x20, 0x30)
_HEAD = 32  # bytes behind a start code that are parsed at most


def may_lack_frames(codec: str, sizes: Iterable[int]) -> bool:
    """Whether one of the packets, which have so many bytes, may hold no coded picture.

    >>> may_lack_frames("mpeg4", [300, 7]), may_lack_frames("mpeg4", [300])
    (True, False)
    """
    return codec == "mpeg4" and min(sizes) <= MOST_BYTES


class Pictures:
    """Tells packets from which a frame comes out; they are asked in the file's order."""

    def __init__(self, settings: bytes | None) -> None:
        self._time_bits = 0
        self._packed = 0
        self._coded(settings or b"")

    def has_frame(self, packet: Any) -> bool:
        """Whether a frame comes out of the decoder for a packet."""
        coded = self._coded(bytes(packet))
        is_shown = coded + self._packed > 0
        self._packed = max(self._packed + coded - 1, 0)
        return is_shown

    def _coded(self, data: bytes) -> int:
        """Count the coded pictures of a packet."""
        coded = 0
        for head in _heads(data):
            if head[0] in _LAYERS:
                self._time_bits = _time_bits(Bits(head[1:]))
            elif head[0] == _PICTURE:
                coded += self._is_coded(Bits(head[1:]))
        return coded

    def _is_coded(self, bits: Bits) -> bool:
        """Read the head of a picture (6.2.5); where nothing says how long times are, it is."""
        bits.take(2)
        seconds = 0
        while bits.take(1) and seconds < 8 * _HEAD:
            seconds += 1
        bits.take(self._time_bits + 2)
        return bool(bits.take(1)) or not self._time_bits


def _heads(data: bytes) -> Iterator[bytes]:
    """Yield what stands behind each start code."""
    place = data.find(_START)
    while 0 <= place < len(data) - len(_START):
        yield data[place + 3 : place + 3 + _HEAD]
        place = data.find(_START, place + 3)


def _time_bits(bits: Bits) -> int:
    """Return how many bits the times of a layer's pictures have, from its head (6.2.3)."""
    bits.take(9)
    version = bits.take(7) >> 3 if bits.take(1) else 1
    if bits.take(4) == 15:  # a shape of pixels of its own
        bits.take(16)
    if bits.take(1) and bits.take(4) & 1:  # how the stream is buffered
        bits.take(79)
    if bits.take(2) == 3 and version != 1:  # grey shapes
        bits.take(4)
    bits.take(1)
    each_second = bits.take(16)
    return max((each_second - 1).bit_length(), 1) if each_second else 0
