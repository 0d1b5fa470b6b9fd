"""What H.264 packets say of their pictures, without decoding: ITU-T H.264, by section.

A packet is cut into NAL units by start codes (annex B) or, in MP4 and Matroska, by lengths.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from vlprep.types import ImageSize
from vlprep.video.bits import Bits

_SLICE, _SLICES = 1, (1, 2, 5)  # 7.4.1: of a picture, its first partition, of an IDR picture
_IDR, _SEI, _SEQUENCE, _PICTURE = 5, 6, 7, 8
_RECOVERY_POINT = 6
_LOOKED_AT = 32  # NAL units of a keyframe, and messages in one of them
_HEAD = 256  # bytes of a NAL unit that are parsed at most


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


def is_idr(packet: Any, width: int) -> bool:
    """Whether a packet holds an IDR picture, from which on everything can be decoded."""
    return any(unit and unit[0] & 0x1F == _IDR for unit in nal_units(bytes(packet), width))


# Two fields that come one by one (7.4.3: a frame can be coded as two pictures, one a parity).


@dataclass(frozen=True, slots=True)
class _Field:
    """One of the two pictures of a frame."""

    frame_num: int
    bottom: bool


@dataclass(frozen=True, slots=True)
class Sequence:
    """What the settings of a sequence say of its pictures and of the headers of their slices."""

    frame_num_bits: int
    """Bits of a picture's number."""
    has_planes: bool
    """Whether each colour is coded for itself."""
    may_have_fields: bool
    """Whether a frame can be two fields."""
    size: ImageSize
    """Size of a frame, without what is cut off."""
    keeps_order: bool
    """Whether pictures are certainly displayed in the order in which they are coded."""
    has_square_pixels: bool
    """Whether they do not say that pixels have another shape."""
    transfer: int
    """Number of the curve of brightness in H.273; 2 is not said."""


def only_sequence(settings: bytes | None) -> Sequence | None:
    """Return what an MP4 header says of H.264 pictures, where it says one thing."""
    width = length_width(settings)
    units = _units_of_settings(settings or b"", width) if width else ()
    found = [unit for unit in units if unit and unit[0] & 0x1F == _SEQUENCE]
    return _sequence(found[0])[1] if len(found) == 1 else None


def brings_settings(packet: Any, width: int) -> bool:
    """Whether a packet holds settings of its own."""
    units = nal_units(bytes(packet), width)
    return any(unit and unit[0] & 0x1F == _SEQUENCE for unit in units)


class FieldPairs:
    """Tells packets that hold the second field of a frame; they are asked in the file's order."""

    def __init__(self, settings: bytes | None) -> None:
        self._width = length_width(settings)
        self._sequences: dict[int, Sequence] = {}
        self._pictures: dict[int, int] = {}
        self._first: _Field | None = None
        for unit in _units_of_settings(settings or b"", self._width):
            self._learn(unit)

    @property
    def possible(self) -> bool:
        """Whether frames may come as two fields by the settings seen so far."""
        return any(sequence.may_have_fields for sequence in self._sequences.values())

    def is_second(self, packet: Any) -> bool:
        """Whether a packet completes the frame that the packet before it began."""
        if not (packet.is_keyframe or self.possible):  # settings come with keyframes
            return False
        fields = list(self._fields(bytes(packet)))
        first, self._first = self._first, None
        if not fields or None in fields or len(set(fields)) > 1:
            return False
        if first is not None and fields[0] == replace(first, bottom=not first.bottom):
            return True
        self._first = fields[0]
        return False

    def _fields(self, data: bytes) -> Iterator[_Field | None]:
        """Yield for each slice the field that it belongs to; `None` for a frame's."""
        for unit in nal_units(data, self._width):
            if unit and unit[0] & 0x1F in _SLICES:
                yield self._field_of(unit)
            else:
                self._learn(unit)

    def _field_of(self, unit: bytes) -> _Field | None:
        """Read the head of a slice (7.3.3)."""
        bits = _bits(unit)
        bits.number()  # first_mb_in_slice
        bits.number()  # slice_type
        sequence = self._sequences.get(self._pictures.get(bits.number(), -1))
        if sequence is None or not sequence.may_have_fields:
            return None
        bits.take(2 * sequence.has_planes)
        frame_num = bits.take(sequence.frame_num_bits)
        return _Field(frame_num, bool(bits.take(1))) if bits.take(1) else None

    def _learn(self, unit: bytes) -> None:
        kind = unit[0] & 0x1F if unit else 0
        if kind == _SEQUENCE:
            number, sequence = _sequence(unit)
            self._sequences[number] = sequence
        elif kind == _PICTURE:
            bits = _bits(unit)
            self._pictures[bits.number()] = bits.number()


def _units_of_settings(settings: bytes, width: int) -> Iterator[bytes]:
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


_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


def _sequence(unit: bytes) -> tuple[int, Sequence]:
    """Read a sequence parameter set (7.3.2.1.1) as far as it matters here, and its number."""
    bits = _bits(unit)
    profile = bits.take(24) >> 16
    number, form, has_planes = bits.number(), 1, False
    if profile in _WITH_CHROMA:
        form, has_planes = _chroma(bits)
    frame_num_bits = bits.number() + 4
    order = bits.number()
    if order == 0:
        bits.number()
    elif order == 1:
        bits.take(1)
        bits.numbers(2)
        bits.numbers(bits.number())
    bits.number()  # max_num_ref_frames
    bits.take(1)
    wide, high = bits.number() + 1, bits.number() + 1  # in blocks of 16 pixels
    may_have_fields = not bits.take(1)
    bits.take(1 + may_have_fields)
    cut = _cut(bits) if bits.take(1) else (0, 0)
    unit_width, unit_height = (1 + (form in (1, 2)), (1 + (form == 1)) << may_have_fields)
    size = ImageSize(
        (high << 4 << may_have_fields) - cut[0] * unit_height, (wide << 4) - cut[1] * unit_width
    )
    square, transfer, reorders = _usability(bits) if bits.take(1) else (True, 2, True)
    return number, Sequence(
        frame_num_bits,
        has_planes,
        may_have_fields,
        size,
        keeps_order=order == 2 or not reorders,
        has_square_pixels=square,
        transfer=transfer,
    )


def _cut(bits: Bits) -> tuple[int, int]:
    """Read how many rows and columns of chroma are cut off (frame_crop_left_offset and on)."""
    left, right, top, bottom = (bits.number() for _ in range(4))
    return top + bottom, left + right


def _usability(bits: Bits) -> tuple[bool, int, bool]:
    """Read whether pixels are square, their transfer curve, and whether pictures can be reordered.

    That is of video usability information (E.1.1) what matters here.
    """
    square, transfer = True, 2
    if bits.take(1):
        shape = bits.take(8)
        sides = (bits.take(16), bits.take(16)) if shape == _OWN_SHAPE else (1, 1)
        square = shape in (0, 1, _OWN_SHAPE) and (sides[0] == sides[1] or 0 in sides)
    if bits.take(1):
        bits.take(1)  # overscan
    if bits.take(1):
        bits.take(3 + 1)  # format, range
        if bits.take(1):
            transfer = bits.take(24) >> 8 & 0xFF
    if bits.take(1):
        bits.numbers(2)  # where chroma lies
    if bits.take(1):
        bits.take(32 + 32 + 1)  # timing
    has_buffers = [bits.take(1) and _skip_buffers(bits) for _ in range(2)]
    bits.take(any(has_buffers))
    bits.take(1)
    if not bits.take(1):  # no word on what a decoder must hold
        return square, transfer, True
    bits.take(1)
    bits.numbers(4)
    return square, transfer, bits.number() != 0


def _skip_buffers(bits: Bits) -> bool:
    """Pass over the parameters of a hypothetical decoder (E.1.2)."""
    count = bits.number() + 1
    bits.take(4 + 4)
    for _ in range(min(count, 32)):
        bits.numbers(2)
        bits.take(1)
    bits.take(5 + 5 + 5 + 5)
    return True


_OWN_SHAPE = 255  # E.2.1: sides of a pixel follow


def _chroma(bits: Bits) -> tuple[int, bool]:
    """Read how high profiles store colour (chroma_format_idc), and whether in planes of their own.

    The scaling lists behind it are passed over.
    """
    form = bits.number()
    has_planes = form == 3 and bool(bits.take(1))
    bits.numbers(2)
    bits.take(1)
    if bits.take(1):
        for k in range(12 if form == 3 else 8):
            if bits.take(1):
                _skip_scaling_list(bits, 16 if k < 6 else 64)
    return form, has_planes


def _skip_scaling_list(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            code = bits.number()
            following = (last + ((code + 1) // 2 if code % 2 else -(code // 2))) % 256
        last = following or last


def _bits(unit: bytes) -> Bits:
    """Return the bits of a NAL unit behind its first byte (7.3.1)."""
    return Bits(unit[1:].replace(b"\0\0\3", b"\0\0"))


# Keyframes. A header may call keyframes what are none, and decoding cannot start there. FFmpeg's
# reader goes by the contents of a packet: a NAL unit of an IDR picture (7.4.1.2.4), or one of
# another picture behind a recovery point (D.1.8).


def is_keyframe_at(file: BinaryIO, position: int, size: int, width: int) -> bool:
    """Whether a sample of a file is a keyframe; `width` is that of the length of each NAL unit."""
    recovers = False
    for kind, length in _units_at(file, position, position + size, width):
        if kind == _IDR:
            return True
        if kind == _SLICE:
            return recovers
        if kind == _SEI:
            recovers |= _recovers(file.read(min(length, 1024)))
    return False


def _units_at(file: BinaryIO, start: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    """Yield the type of each NAL unit and how long its content is, with the file at it."""
    for _ in range(_LOOKED_AT):
        file.seek(start)
        head = file.read(width + 1)
        length = int.from_bytes(head[:width], "big")
        start += width + length
        if len(head) <= width or length < 1 or start > end:
            return
        yield head[width] & 0x1F, length - 1


def _recovers(messages: bytes) -> bool:
    """Whether one of the messages of an SEI unit marks a recovery point."""
    position = 0
    for _ in range(_LOOKED_AT):
        kind, position = _sei_number(messages, position)
        length, position = _sei_number(messages, position)
        if position >= len(messages):
            return False
        if kind == _RECOVERY_POINT:
            return True
        position += length
    return False


def _sei_number(data: bytes, position: int) -> tuple[int, int]:
    """Return a number, of which 255 stands for 255 and more to come, and where it ends."""
    value = 0
    while position < len(data) and data[position] == 255:
        value, position = value + 255, position + 1
    return value + (data[position] if position < len(data) else 0), position + 1
