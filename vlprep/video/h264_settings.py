"""What the settings of an H.264 stream say of its pictures: ITU-T H.264, by section."""

from __future__ import annotations

from dataclasses import dataclass

from vlprep.types import ImageSize
from vlprep.video.bits import Bits
from vlprep.video.nal import length_width, unit_bits, units_of_settings

SEQUENCE = 7
"""The NAL unit that describes a sequence of pictures (7.4.1)."""


@dataclass(frozen=True, slots=True)
class PictureSettings:
    """What the settings of a sequence say of its pictures and of the headers of their slices."""

    frame_num_bits: int
    """Bits of a picture's number."""
    has_planes: bool
    """Whether each colour is coded for itself."""
    may_have_fields: bool
    """Whether a frame can be two fields."""
    size: ImageSize
    """Size of a frame, without what is cut off."""
    reordered: int | None
    """Frames that wait inside a decoder to come out in order, at most; `None` is not said."""
    has_square_pixels: bool
    """Whether they do not say that pixels have another shape."""
    transfer: int
    """Number of the curve of brightness in H.273; 2 is not said."""
    pixel_bits: int
    """Bits that a pixel of a decoded picture takes in FFmpeg's memory."""


def only_sequence(settings: bytes | None) -> PictureSettings | None:
    """Return what an MP4 header says of H.264 pictures, where it says one thing."""
    width = length_width(settings)
    units = units_of_settings(settings or b"", width) if width else ()
    found = [unit for unit in units if unit and unit[0] & 0x1F == SEQUENCE]
    return read_sequence(found[0])[1] if len(found) == 1 else None


_AS_CODED = 2  # 8.2.1: the order of display is that of coding
_SAMPLES = (2, 3, 4, 6)  # 6.2: in two pixels, by the form of chroma
_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


def read_sequence(unit: bytes) -> tuple[int, PictureSettings]:
    """Read a sequence parameter set (7.3.2.1.1) as far as it matters here, and its number."""
    bits = unit_bits(unit)
    profile = bits.take(24) >> 16
    number, form, has_planes, depth = bits.number(), 1, False, 8
    if profile in _WITH_CHROMA:
        form, has_planes, depth = _chroma(bits)
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
    size, may_have_fields = _frame_size(bits, form)
    square, transfer, reordered = _usability(bits) if bits.take(1) else (True, 2, None)
    return number, PictureSettings(
        frame_num_bits,
        has_planes,
        may_have_fields,
        size,
        reordered=0 if order == _AS_CODED else reordered,
        has_square_pixels=square,
        transfer=transfer,
        pixel_bits=(8 if depth == 8 else 16) * _SAMPLES[form % 4] // 2,
    )


def _frame_size(bits: Bits, form: int) -> tuple[ImageSize, bool]:
    """Read the size of a frame, and whether it can be two fields; `form` is that of chroma."""
    wide, high = bits.number() + 1, bits.number() + 1  # in blocks of 16 pixels
    may_have_fields = not bits.take(1)
    fields = 1 + may_have_fields
    bits.take(fields)  # smaller blocks in fields; how motion is found
    columns = rows = 0
    if bits.take(1):  # what is cut off, in pixels of chroma
        columns, rows = bits.number() + bits.number(), bits.number() + bits.number()
    column, row = (2 if form in (1, 2) else 1), (2 if form == 1 else 1)
    height = fields * (16 * high - rows * row)
    return ImageSize(height, 16 * wide - columns * column), may_have_fields


def _usability(bits: Bits) -> tuple[bool, int, int | None]:
    """Read whether pixels are square, their transfer curve, and how many frames wait for others.

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
        return square, transfer, None
    bits.take(1)
    bits.numbers(4)
    return square, transfer, bits.number()


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


def _chroma(bits: Bits) -> tuple[int, bool, int]:
    """Read how high profiles store colour: its form, whether in planes of their own, its depth.

    The scaling lists behind it are passed over.
    """
    form = bits.number()
    has_planes = form == 3 and bool(bits.take(1))
    depth = 8 + max(bits.number(), bits.number())
    bits.take(1)
    if bits.take(1):
        for k in range(12 if form == 3 else 8):
            if bits.take(1):
                _skip_scaling_list(bits, 16 if k < 6 else 64)
    return form, has_planes, depth


def _skip_scaling_list(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            code = bits.number()
            following = (last + ((code + 1) // 2 if code % 2 else -(code // 2))) % 256
        last = following or last
