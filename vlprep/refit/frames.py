"""Keep the frames of a list, which stands for a video, of one size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vlprep.check.rule import Finding
from vlprep.refit.limits import OwnLimits, own_finding
from vlprep.refit.media import FittedMedium, fit_medium
from vlprep.types import ImageSize
from vlprep.units import format_size


def of_one_size(
    came: Sequence[FittedMedium], fitted: Sequence[FittedMedium], own: OwnLimits
) -> list[FittedMedium]:
    """Return frames that came with one size so that they have one, the smallest made of any.

    None of them gets longer by it. A frame that cannot be made smaller stays as it is.
    """
    done = list(fitted)
    while len(_sizes(came)) == 1 and len(_sizes(done)) > 1:
        smallest = min(_sizes(done), key=max)
        tighter = replace(own, max_side=max(smallest))
        made = [_smaller(*pair, tighter, smallest) for pair in zip(came, done, strict=True)]
        if _sizes(made) == _sizes(done):
            break
        done = made
    return done


def _sizes(frames: Sequence[FittedMedium]) -> set[ImageSize]:
    return {one.facts.info.size for one in frames if one.facts.info}


def _smaller(
    came: FittedMedium, fitted: FittedMedium, own: OwnLimits, size: ImageSize
) -> FittedMedium:
    if fitted.facts.info is None or fitted.facts.size == size:
        return fitted
    made = fit_medium(came, own, fitted.facts.file_bytes + 1)
    if made.facts.file_bytes > fitted.facts.file_bytes:
        return fitted
    return replace(made, because=(*fitted.because, _uneven(fitted.facts.size, size)))


def _uneven(size: ImageSize, smallest: ImageSize) -> Finding:
    found, wanted = format_size(size), format_size(smallest)
    message = f"another frame of the list is made {wanted}, and frames have one size"
    return own_finding("frame-size", found, wanted, message)
