"""What H.264 packets say of their pictures, without decoding: ITU-T H.264, by section."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from vlprep.video.h264_settings import SEQUENCE, PictureSettings, read_sequence
from vlprep.video.nal import length_width, nal_units, unit_bits, units_of_settings

_SLICE, _SLICES = 1, (1, 2, 5)  # 7.4.1: of a picture, its first partition, of an IDR picture
_IDR, _SEI, _PICTURE = 5, 6, 8
_RECOVERY_POINT = 6
_LOOKED_AT = 32  # NAL units of a keyframe, and messages in one of them


def is_idr(packet: Any, width: int) -> bool:
    """Whether a packet holds an IDR picture, from which on everything can be decoded."""
    return any(unit and unit[0] & 0x1F == _IDR for unit in nal_units(bytes(packet), width))


def brings_settings(packet: Any, width: int) -> bool:
    """Whether a packet holds settings of its own."""
    units = nal_units(bytes(packet), width)
    return any(unit and unit[0] & 0x1F == SEQUENCE for unit in units)


# Two fields that come one by one (7.4.3: a frame can be coded as two pictures, one a parity).


@dataclass(frozen=True, slots=True)
class _Field:
    """One of the two pictures of a frame."""

    frame_num: int
    bottom: bool


class FieldPairs:
    """Tells packets that hold the second field of a frame; they are asked in the file's order."""

    def __init__(self, settings: bytes | None) -> None:
        self._width = length_width(settings)
        self._sequences: dict[int, PictureSettings] = {}
        self._pictures: dict[int, int] = {}
        self._first: _Field | None = None
        for unit in units_of_settings(settings or b"", self._width):
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
        bits = unit_bits(unit)
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
        if kind == SEQUENCE:
            number, sequence = read_sequence(unit)
            self._sequences[number] = sequence
        elif kind == _PICTURE:
            bits = unit_bits(unit)
            self._pictures[bits.number()] = bits.number()


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
