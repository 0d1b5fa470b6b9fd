"""Fewer pixels of a picture, where the lowest quality or the fewest colours are still too large."""

from __future__ import annotations

import math

from vlprep.compress.attempts import FEWEST_COLOURS, Attempt, Attempts
from vlprep.compress.jpegs import trial_of
from vlprep.compress.pngs import likely_palette_bytes
from vlprep.compress.quality import PixelTrial, at_quality, next_pixels
from vlprep.types import ImageSize

LEAST_SIDE = 11
"""Shortest side in pixels that a picture is shrunk to; the services refuse 10."""

_SNAP_SHARES = (1.0, 0.95, 0.9, 0.85, 0.8)
"""Parts of the pixels at which a size of the model's grid is looked for; rounding goes up too."""


def shrunk_within(attempts: Attempts, largest: ImageSize) -> Attempt | None:
    """Return the largest encoding that was found to fit: of few colours, or as a coarse JPEG."""
    best: Attempt | None = None
    while (size := _next_size(attempts, largest)) is not None:
        attempt = _smallest(attempts, size)
        if attempts.fits(attempt) and (best is None or size.pixels > best.size.pixels):
            best = attempt
    return best


def _smallest(attempts: Attempts, size: ImageSize) -> Attempt:
    if attempts.flat:
        return attempts.palette(size, FEWEST_COLOURS)
    return attempts.jpeg(size, attempts.floor)


def _is_smallest(attempts: Attempts, made: Attempt) -> bool:
    if attempts.flat:
        return made.colours == FEWEST_COLOURS
    return made.quality == attempts.floor


def _limit(attempts: Attempts) -> int:
    return attempts.wish.limits["PNG" if attempts.flat else "JPEG"]


def _next_size(attempts: Attempts, largest: ImageSize) -> ImageSize | None:
    limit, smallest = _limit(attempts), _scaled(largest, 0)
    trials = (_palette_trials if attempts.flat else _jpeg_trials)(attempts, largest)
    pixels = next_pixels(trials, limit, smallest=smallest.pixels, trials_left=attempts.left)
    if pixels is None:
        return None
    size = _snapped(attempts, _scaled(largest, pixels))
    tried = {made.size for made in attempts.made if _is_smallest(attempts, made)}
    if size in tried and not any(trial.bytes < limit for trial in trials):
        size = smallest
    return None if size in tried else size


def _palette_trials(attempts: Attempts, largest: ImageSize) -> list[PixelTrial]:
    """Return what is known of the fewest colours, with a guess where no trial was too large."""
    limit = _limit(attempts)
    known = [
        PixelTrial(made.size.pixels, len(made.content))
        for made in attempts.made
        if _is_smallest(attempts, made) and made.size.pixels <= largest.pixels
    ]
    if all(trial.bytes < limit for trial in known):
        likely = likely_palette_bytes(attempts, largest, FEWEST_COLOURS) or limit
        known.append(PixelTrial(largest.pixels, max(likely, limit)))
    return known


def _jpeg_trials(attempts: Attempts, largest: ImageSize) -> list[PixelTrial]:
    """Return what is known of the lowest quality, with a guess where no trial was too large."""
    limit, floor = _limit(attempts), attempts.floor
    made = [(each.size.pixels, trial_of(each)) for each in attempts.made if each.quality]
    known = [PixelTrial(pixels, trial.bytes) for pixels, trial in made if trial.quality == floor]
    if all(trial.bytes < limit for trial in known):
        known += [
            PixelTrial(pixels, max(at_quality(trial, floor), limit))
            for pixels, trial in made
            if trial.quality != floor
        ][:1]
    return known


def _snapped(attempts: Attempts, size: ImageSize) -> ImageSize:
    """Return the nearest size of the model's grid that is no larger, where there is one."""
    for share in _SNAP_SHARES:
        seen = attempts.wish.snap(_scaled(size, int(share * size.pixels)))
        if seen.pixels <= size.pixels:
            return seen
    return size  # the model enlarges pictures as small as this


def _scaled(size: ImageSize, pixels: int) -> ImageSize:
    """Shrink a size to about so many pixels, or as far as its short side may; never narrower."""
    short, long = min(size), max(size)
    scale = max((pixels / size.pixels) ** 0.5, min(short, LEAST_SIDE) / short)
    new_short, new_long = math.ceil(short * scale), max(math.floor(long * scale), 1)
    new_long = max(new_long, new_short)
    return (
        ImageSize(new_short, new_long) if size.height == short else ImageSize(new_long, new_short)
    )
