"""What AV1 packets say of their pictures, without decoding: AV1 specification, by section."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vlprep.video.bits import Bits
from vlprep.video.container import VideoPacket
from vlprep.video.scan import NO_TIME

_SEQUENCE, _DELIMITER, _HEADER, _TILES, _FRAME, _HEADER_AGAIN, _PADDING = 1, 2, 3, 4, 6, 7, 15
"""Kinds of units (6.2.2)."""

_UNCLEAR = 0  # a kind that is reserved
_OF_PICTURES = frozenset({_UNCLEAR, _HEADER, _TILES, _FRAME, _HEADER_AGAIN})
_IDLE = frozenset({_DELIMITER, _PADDING})  # nothing depends on them
_KEY, _INTRA_ONLY, _SWITCH = 0, 2, 3  # 6.8.2: kinds of frames
_SLOTS = 8  # 3: frames that can be referred to at a time
_REFERENCES = 7  # 3: of which one names so many
_BY_FRAME = 2  # 6.4.2: each frame says for itself
_HEAD = 64  # bytes of a unit that are parsed at most
_MOST_UNITS = 256  # of a packet; behind so many nothing is clear
_MOST_PARTS = 4_000_000  # of pictures, as in a day of video; behind them nothing is noted


class References:
    """From which others each picture of a stream is made, noted as its packets go by.

    A picture whose header does not say is taken for made from all, and for part of all behind it.
    """

    def __init__(self, settings: bytes | None) -> None:
        self._sequence: _Sequence | None = None
        for kind, _, content in _units((settings or b"")[4:]):  # behind the four bytes of `av1C`
            if kind == _SEQUENCE:
                self._sequence = _sequence(content)
        # Pictures are numbered as they come; 0 is none.
        self._slots = [0] * _SLOTS
        self._made_from = array("I", self._slots)  # so many for each picture
        self._hidden_keys = set[int]()
        self._times = array("q")  # of each packet
        self._displayed = array("I")  # by each packet
        self._first_parts = array("I")  # of each packet, among the next
        self._parts = array("I")  # of pictures, one a unit: whose they are

    def noted(self, packets: Iterable[VideoPacket]) -> Iterator[VideoPacket]:
        """Yield the packets of the stream, all in the order of the file, and note each.

        Those behind millions of pictures, which take 40 bytes each, are not noted, and never cut.
        """
        for packet in packets:
            if packet.size and len(self._parts) < _MOST_PARTS:
                self.note(memoryview(packet), NO_TIME if packet.pts is None else packet.pts)
            yield packet

    def note(self, packet: bytes | memoryview, pts: int) -> None:
        """Note the pictures of a packet that is displayed at a time."""
        self._times.append(pts)
        self._first_parts.append(len(self._parts))
        displayed = picture = 0
        for kind, _, content in _units(packet):
            if kind == _SEQUENCE:
                self._sequence = _sequence(content)
            elif kind in _OF_PICTURES:
                if kind not in (_TILES, _HEADER_AGAIN):  # these go on with the picture before
                    picture, is_shown = self._begun(kind, content)
                    displayed = picture if is_shown else displayed
                self._parts.append(picture)
        self._displayed.append(displayed)

    def _begun(self, kind: int, content: bytes) -> tuple[int, bool]:
        """Return the picture that a unit begins, or shows again, and whether it is displayed."""
        if kind != _UNCLEAR and content[:1] >= b"\x80":  # it shows an earlier one
            shown = self._slots[content[0] >> 4 & 7]
            if shown in self._hidden_keys:  # 7.21: from which on all is new
                self._slots = [shown] * _SLOTS
            return shown, True
        header = _UNKNOWN if kind == _UNCLEAR else _header(content, self._sequence)
        picture = len(self._made_from) // _SLOTS
        references = [self._slots[slot] for slot in header.references]
        self._made_from.extend(references + [0] * (_SLOTS - len(references)))
        for slot in range(_SLOTS):
            if header.refreshed >> slot & 1:
                self._slots[slot] = picture
        if header.is_key and not header.is_shown:
            self._hidden_keys.add(picture)
        return picture, header.is_shown

    def trimmer(self, wanted: Iterable[int]) -> Trimmer | None:
        """Return what cuts out all that frames with some times can do without.

        `None` where packets are not told by their times.
        """
        packets = [self._packet_at(pts) for pts in wanted]
        if None in packets or (np.diff(np.frombuffer(self._times, np.int64)) <= 0).any():
            return None
        needed = bytearray(len(self._made_from) // _SLOTS)
        for picture in (0, *(self._displayed[packet] for packet in packets if packet is not None)):
            needed[picture] = True
        for picture in range(len(needed) - 1, 0, -1):  # each is made from earlier ones
            if needed[picture]:
                for other in self._made_from[_SLOTS * picture : _SLOTS * (picture + 1)]:
                    needed[other] = True
        return Trimmer(self, needed)

    def of_packet(self, pts: int) -> Sequence[int]:
        """Return for each part of a picture, in the packet with a time, whose it is."""
        packet = self._packet_at(pts)
        if packet is None:
            return ()
        bounds = (*self._first_parts[packet : packet + 2], len(self._parts))
        return self._parts[bounds[0] : bounds[1]]

    def _packet_at(self, pts: int) -> int | None:
        packet = bisect_left(self._times, pts)
        return packet if self._times[packet : packet + 1] == array("q", [pts]) else None


@dataclass(frozen=True, slots=True, eq=False)
class Trimmer:
    """Cuts out of packets the pictures that no wanted frame is made from."""

    references: References
    """Of the pictures of the stream."""
    needed: bytearray
    """Whether each of them is kept, by number; 0 stands for what is none of them, and is."""

    def trimmed(self, packet: bytes | memoryview, pts: int) -> bytes | memoryview:
        """Return what is needed of the packet with a time; empty where nothing is that matters.

        >>> trimmer = References(None).trimmer([])
        >>> trimmer.trimmed(b"no AV1", pts=0)
        b'no AV1'
        """
        is_needed = [self.needed[picture] for picture in self.references.of_packet(pts)]
        if all(is_needed):
            return packet
        rest, matters, left = list[bytes | memoryview](), False, iter(is_needed)
        for kind, unit, _ in _units(packet):
            if kind not in _OF_PICTURES or next(left, True):
                rest.append(unit)
                matters |= kind not in _IDLE
        return b"".join(rest) if matters else b""


def _units(data: bytes | memoryview) -> Iterator[tuple[int, bytes | memoryview, bytes]]:
    """Yield the OBUs of a packet (5.3): kind, all of it, and where its content begins.

    Where it is cut short, where layers come in, of which an extension of the head speaks, and
    where there is no end to them, it ends with `_UNCLEAR`.
    """
    place = count = 0
    while place < len(data):
        count += 1
        start, head, place = place, data[place], place + 1
        size = len(data) - place
        if head & 0x02:
            size, place = _leb128(data, place)
        too_long = size > len(data) - place or count > _MOST_UNITS
        if head & 0x84 or too_long:  # a forbidden bit, and the extension
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


@dataclass(frozen=True, slots=True)
class _Header:
    """What the header of a frame says of others."""

    references: tuple[int, ...]
    """Slots of the frames that it is made from."""
    refreshed: int
    """The slots that it takes, a bit each."""
    is_key: bool
    """Whether it can be decoded without others, and ends what was before where it is displayed."""
    is_shown: bool
    """Whether it is displayed at once."""


_UNKNOWN = _Header(tuple(range(_SLOTS)), 255, is_key=False, is_shown=True)
"""Stands for a header that is not clear."""


def _header(frame: bytes, sequence: _Sequence | None) -> _Header:
    """Read the header of a frame that shows no earlier one again (5.9.2)."""
    if sequence is None:
        return _UNKNOWN
    bits = Bits(frame)
    bits.take(1)
    kind, is_shown = bits.take(2), bool(bits.take(1))
    bits.take(not is_shown)  # whether it may be displayed later
    is_intra, is_new = kind in (_KEY, _INTRA_ONLY), kind == _SWITCH or (kind == _KEY and is_shown)
    is_resilient = is_new or bits.take(1)
    bits.take(1)  # whether probabilities are kept
    screen_tools = sequence.screen_tools
    if screen_tools == _BY_FRAME:
        screen_tools = bits.take(1)
    bits.take(screen_tools and sequence.whole_motion == _BY_FRAME)
    bits.take(kind != _SWITCH)  # whether it has a size of its own
    bits.take(sequence.order_bits)  # its place in the order
    bits.take(0 if is_intra or is_resilient else 3)  # whose probabilities it starts with
    refreshed = 255 if is_new else bits.take(_SLOTS)
    if is_resilient and not (is_intra and refreshed == 255):
        bits.take(_SLOTS * sequence.order_bits)  # the places of those in the slots
    if is_intra:
        return _Header((), refreshed, kind == _KEY, is_shown)
    if sequence.order_bits and bits.take(1):  # slots that follow from places
        return _UNKNOWN
    references = tuple(bits.take(3) for _ in range(_REFERENCES))
    return _Header(references, refreshed, is_key=False, is_shown=is_shown)
