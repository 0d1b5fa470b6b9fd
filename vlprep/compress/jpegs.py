"""JPEG of a picture at the best quality that fits, found in few encodes."""

from __future__ import annotations

from vlprep.compress.attempts import Attempt, Attempts
from vlprep.compress.quality import CEILING, MAX_MISSES, Trial, best_trial, next_quality
from vlprep.media.encode import MAX_JPEG_SIDE
from vlprep.types import ImageSize

_GROWTH = 0.85
"""Power of the pixels that a JPEG's bytes grow with, to guess where a search starts."""


def jpeg_within(attempts: Attempts, size: ImageSize, *, hurried: bool) -> Attempt | None:
    """Search the quality, down to the floor; `hurried` leaves encodes for sizes still to come."""
    if max(size) > MAX_JPEG_SIDE:
        return None
    limit, allowed, start = attempts.wish.limits["JPEG"], attempts.left, _start(attempts, size)
    misses = 1 if hurried else MAX_MISSES - min(len(attempts.made), 1)
    trials: dict[Trial, Attempt] = {}
    while (
        quality := next_quality(
            list(trials),
            limit,
            floor=attempts.floor,
            start=start,
            max_trials=allowed,
            max_misses=misses,
        )
    ) is not None:
        attempt = attempts.jpeg(size, quality)
        trials[trial_of(attempt)] = attempt
    best = best_trial(trials, limit)
    return None if best is None else trials[best]


def trial_of(attempt: Attempt) -> Trial:
    """Return an attempt as the search knows it."""
    return Trial(attempt.quality or CEILING, len(attempt.content))


def _start(attempts: Attempts, size: ImageSize) -> int:
    """Return the quality to begin with: the best, or what larger pictures make likely."""
    if not attempts.made:
        return CEILING
    last = attempts.made[-1]
    if last.quality is None:  # where a PNG is too large, so are the high qualities
        return attempts.floor if attempts.drawn else CEILING
    bytes_here = len(last.content) * (size.pixels / last.size.pixels) ** _GROWTH
    guess = Trial(last.quality, max(int(bytes_here), 1))
    quality = next_quality([guess], attempts.wish.limits["JPEG"], floor=attempts.floor)
    return last.quality if quality is None else quality
