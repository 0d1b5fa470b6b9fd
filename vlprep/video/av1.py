"""What AV1 packets say of their pictures, without decoding: AV1 specification, by section."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vlprep.video.bits import Bits

_SEQUENCE, _DELIMITER, _TILES, _FRAME, _HEAD_AGAIN, _PADDING = 1, 2, 4, 6, 7, 15  # 6.2.2: kinds
_INTER = 1  # 6.8.2: a frame that builds on others
_BY_FRAME = 2  # 6.4.2: each frame says for itself
_HEAD = 64  # bytes of a unit that are parsed at most


class Trimmer:
    """Cuts pictures out of packets of which no other makes use; packets come in the file's order.

    What is left is what a decoder needs where the picture on display is not wanted.
    """

    def __init__(self, settings: bytes | None) -> None:
        self._sequence: _Sequence | None = None
        for kind, _, content in _units((settings or b"")[4:]):  # behind the four bytes of `av1C`
            if kind == _SEQUENCE:
                self._sequence = _sequence(content)

    def needed(self, packet: bytes | memoryview) -> bytes | memoryview:
        """Return a packet without such a picture; empty where nothing is left that matters.

        >>> Trimmer(None).needed(b"no AV1")
        b'no AV1'
        """
        rest, matters = list[bytes | memoryview](), False
        for kind, unit, content in _units(packet):
            if kind in (_UNCLEAR, _TILES, _HEAD_AGAIN):  # parts of frames, which stay together
                return packet
            if kind == _SEQUENCE:
                self._sequence = _sequence(content)
            if kind != _FRAME or not self._is_unused(content):
                rest.append(unit)
                matters |= kind not in (_DELIMITER, _PADDING)
        return b"".join(rest) if matters else b""

    def _is_unused(self, frame: bytes) -> bool:
        return self._sequence is not None and _keeps_nothing(frame, self._sequence)


_UNCLEAR = 0  # a kind that is reserved


def _units(data: bytes | memoryview) -> Iterator[tuple[int, bytes | memoryview, bytes]]:
    """Yield the OBUs of a packet (5.3): kind, all of it, and where its content begins.

    Where it is cut short, and where layers come in, of which an extension of the head speaks, it
    ends with `_UNCLEAR`.
    """
    place = 0
    while place < len(data):
        start, head, place = place, data[place], place + 1
        size = len(data) - place
        if head & 0x02:
            size, place = _leb128(data, place)
        if head & 0x84 or size > len(data) - place:  # a forbidden bit, and the extension
            yield _UNCLEAR, data[start:], b""
            return
        content = bytes(data[place : place + min(size, _HEAD)])
        yield head >> 3 & 0xF, data[start : place + size], content
        place += size


def _leb128(data: bytes | memoryview, place: int) -> tuple[int, int]:
    """Read a number of seven bits a byte (4.10.5), and where it ends."""
    value = 0
    for k, byte in enumerate(data[place : place + 8]):
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            return value, place + k + 1
    return len(data), place  # more than there is


@dataclass(frozen=True, slots=True)
class _Sequence:
    """What a sequence's header says of those of its frames."""

    screen_tools: int
    """Whether tools for screen content are used, or `_BY_FRAME`."""
    whole_motion: int
    """Whether motion is by whole pixels, or `_BY_FRAME`."""
    order_bits: int
    """Bits of a frame's place in the order of display."""


def _sequence(unit: bytes) -> _Sequence | None:
    """Read a sequence header (5.5.1); `None` for kinds that change the heads of frames.

    Those are single pictures, and sequences with a model of timing or with numbered frames.
    """
    bits = Bits(unit)
    bits.take(3 + 1)  # profile, whether it is one picture
    if bits.take(1) or bits.take(1):  # a short header; timing
        return None
    has_delays = bits.take(1)
    for _ in range(bits.take(5) + 1):  # operating points
        bits.take(12)
        if bits.take(5) > 7:  # level
            bits.take(1)
        if has_delays and bits.take(1):
            bits.take(4)
    wide, high = bits.take(4) + 1, bits.take(4) + 1
    bits.take(wide + high)
    if bits.take(1):  # frames have numbers
        return None
    bits.take(3 + 4)  # tools of coding
    has_order = bits.take(1)
    bits.take(2 * has_order)
    screen_tools = _BY_FRAME if bits.take(1) else bits.take(1)
    whole_motion = _BY_FRAME
    if screen_tools:
        whole_motion = _BY_FRAME if bits.take(1) else bits.take(1)
    return _Sequence(screen_tools, whole_motion, bits.take(3) + 1 if has_order else 0)


def _keeps_nothing(frame: bytes, sequence: _Sequence) -> bool:
    """Whether a frame is displayed at once and takes the place of no reference (5.9.2)."""
    bits = Bits(frame)
    shows_another, kind, is_shown = bits.take(1), bits.take(2), bits.take(1)
    if shows_another or kind != _INTER or not is_shown:
        return False
    if bits.take(1):  # it may say of references that they are gone
        return False
    bits.take(1)  # whether probabilities are kept
    screen_tools = sequence.screen_tools
    if screen_tools == _BY_FRAME:
        screen_tools = bits.take(1)
    if screen_tools and sequence.whole_motion == _BY_FRAME:
        bits.take(1)
    bits.take(1 + sequence.order_bits)  # whether it has a size of its own; its place in the order
    bits.take(3)  # whose probabilities it starts with
    return bits.take(8) == 0  # which references it takes the place of
