"""What is learnt of a video when it is first opened, and not again."""

from __future__ import annotations

from dataclasses import dataclass, field

from vlprep.types import ImageSize


@dataclass(frozen=True, slots=True)
class Traits:
    """What decoding a video goes by; some frames must be decoded to learn it if no header says."""

    reorder_depth: int
    """Frames that wait inside the decoder to come out in order."""
    field_order: int
    """FFmpeg's number for how fields follow one another; 0 and 1 where they do not."""
    profile: str | None
    """The part of the codec's standard that is used."""
    size: ImageSize
    """Size of its pictures, of which a header can say something else."""
    pixel_bits: int = field(compare=False)
    """Bits that a pixel of a decoded picture takes; no header says it alone."""
