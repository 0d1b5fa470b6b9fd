"""Which quality or size to try next, so that an encoded picture comes close under a byte limit.

Only encoding tells how large a picture gets, and every encode costs time, so each step learns from
all before it. Sizes follow a power law closely, of the quantisation scale as of the pixels, hence
straight lines through logarithms, held within the bracket of what fitted and what did not. Nothing
is encoded here. Limits are strict: what fits is smaller.

Starting values and bounds come from measuring 12 photos and drawings of 1.8 to 17.9 megapixels at
four limits each with libjpeg-turbo: 2.2 encodes on average, where halving the range takes 6.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vlprep.maths.jpeg import BEST_QUALITY, QUALITY_SLOPE, quality_scale

MAX_TRIALS = 6
"""Encodes after which the best so far has to do."""

AIM = 0.96
"""Part of the limit that a step aims at."""

ENOUGH = 0.90
"""Part of the limit from which a result is good enough; a step near quality 95 changes 6 to 8 %."""

MAX_MISSES = 3
"""Trials over the limit after which the floor tells whether any quality fits."""

_SLOPE_RANGE = (0.25, 1.2)
"""How fast log bytes may fall with the log of the scale; `QUALITY_SLOPE` is the first guess."""

_HOPE = 0.8
"""A quality may come out at this part of what the steepest line through one trial tells."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One encode: what was chosen, and how large it came out."""

    choice: int
    """IJG quality, 1 to 100; or at a fixed quality the number of pixels, height times width."""
    bytes: int


def next_quality(
    trials: Sequence[Trial],
    limit: int,
    *,
    floor: int,
    start: int | None = None,
    max_trials: int = MAX_TRIALS,
    max_misses: int = MAX_MISSES,
) -> int | None:
    """Return the quality to try next, from `floor` to `BEST_QUALITY`, or `None` to stop.

    `trials` are all encodes of the picture so far, `limit` is in bytes. The first trial is `start`,
    by default the ceiling. The search stops when a result fills the limit well enough, when no
    quality is left between one that fits and one that does not, when the floor cannot be hoped to
    fit, and after `max_trials`; after `max_misses` trials without a fit it looks whether the floor
    fits at all.

    >>> next_quality([], 100_000, floor=40)
    95
    >>> next_quality([Trial(95, 180_000)], 100_000, floor=40)
    85
    >>> next_quality([Trial(95, 180_000), Trial(85, 98_000)], 100_000, floor=40) is None
    True
    """
    if not trials:
        return BEST_QUALITY if start is None else min(max(start, floor), BEST_QUALITY)
    low, high = _bracket(trials, limit)
    lowest = floor if low is None else low.choice + 1
    highest = BEST_QUALITY if high is None else high.choice - 1
    good_enough = low is not None and low.bytes >= ENOUGH * limit
    if good_enough or lowest > highest or len(trials) >= max_trials:
        return None
    if low is None and high is not None:
        if _HOPE * at_quality(high, floor, slope=_SLOPE_RANGE[1]) >= limit:
            return None
        if len(trials) >= max_misses:
            return floor
    guess = _guess(trials, limit, low, high)
    return min(max(guess, lowest), highest)


def at_quality(trial: Trial, quality: int, *, slope: float = QUALITY_SLOPE) -> int:
    """Return how many bytes the same picture is likely to take at another quality.

    `slope` is how fast log bytes fall with the log of the scale.

    >>> at_quality(Trial(95, 180_000), 40)
    39548
    """
    scale = quality_scale(trial.choice) / quality_scale(quality)
    return max(1, int(trial.bytes * scale**slope))


def best_trial(trials: Iterable[Trial], limit: int) -> Trial | None:
    """Return the trial of the highest quality, or of most pixels, that fits; `None` if none does.

    >>> best_trial([Trial(95, 180), Trial(60, 80), Trial(70, 90)], 100)
    Trial(choice=70, bytes=90)
    """
    fits = [trial for trial in trials if trial.bytes < limit]
    return max(fits, key=lambda trial: trial.choice, default=None)


def _bracket(trials: Sequence[Trial], limit: int) -> tuple[Trial | None, Trial | None]:
    """Return the highest choice that fits, and the lowest above it that does not."""
    low = best_trial(trials, limit)
    over = [t for t in trials if t.bytes >= limit and (low is None or t.choice > low.choice)]
    return low, min(over, key=lambda trial: trial.choice, default=None)


def _guess(trials: Sequence[Trial], limit: int, low: Trial | None, high: Trial | None) -> int:
    """Follow the line through the nearest two trials to the size aimed at."""
    nearest = sorted(trials, key=lambda trial: abs(math.log(trial.bytes / (AIM * limit))))
    pair = (low, high) if low and high else nearest[:2]
    points = [(math.log(quality_scale(t.choice)), math.log(t.bytes)) for t in pair if t]
    slope = _slope(points, -QUALITY_SLOPE, (-_SLOPE_RANGE[1], -_SLOPE_RANGE[0]))
    at = nearest[0]
    log_scale = math.log(quality_scale(at.choice)) + math.log(AIM * limit / at.bytes) / slope
    scale = math.exp(log_scale)
    # The highest quality whose scale is no finer: qualities are rounded down.
    return max(1, math.floor(5000 / scale if scale > 100 else (200 - scale) / 2))


# Fewer pixels.

HEADER_BYTES = 400
"""What a JPEG takes before any picture: tables and markers, 300 to 600 bytes."""

PIXEL_ENOUGH = 0.75
"""Part of the limit from which a smaller picture is good enough; its steps are coarse."""

_PIXEL_SLOPE, _PIXEL_SLOPE_RANGE = 0.9, (0.6, 2.0)
"""How fast log bytes grow with log pixels: photos 0.8 to 0.9, noise 1.6."""

_PIXEL_AIMS = (0.92, 0.8, 0.6)
"""Parts of the limit that steps aim at, more careful the more of them missed."""

_LAST_AIM = 0.25
"""What the last step aims at when nothing fits so far: it had better fit."""

_STEP = 1.06
"""Ratio of pixels that is worth another encode."""

_APART = 1.2
"""Ratio of pixels from which two trials tell how bytes grow with them."""


def next_pixels(
    trials: Sequence[Trial], limit: int, *, smallest: int, trials_left: int
) -> int | None:
    """Return how many pixels to try next, or `None` to stop.

    `trials` are the encodes so far at one quality, at least one; `limit` is in bytes; no picture
    has fewer than `smallest` pixels; `trials_left` more encodes may be made, and the last of them
    is careful if nothing fits until then.

    >>> next_pixels([Trial(1_000_000, 200_000)], 100_000, smallest=121, trials_left=4)
    420871
    """
    low, high = _bracket(trials, limit)
    if trials_left < 1 or high is None or high.choice <= smallest:
        return None
    if low is None:
        least, aim = smallest, _LAST_AIM
        if trials_left > 1:
            aim = _PIXEL_AIMS[min(len(trials), len(_PIXEL_AIMS)) - 1]
    elif low.bytes >= PIXEL_ENOUGH * limit or high.choice < _STEP**2 * low.choice:
        return None
    else:
        least, aim = math.ceil(low.choice * _STEP), _PIXEL_AIMS[0]
    return max(least, min(_pixel_guess(trials, limit, aim), int(high.choice / _STEP)))


def _pixel_guess(trials: Sequence[Trial], limit: int, aim: float) -> int:
    def log_body(size: float) -> float:
        return math.log(max(size - min(HEADER_BYTES, limit // 2), 1))

    target = log_body(aim * limit)
    nearest = sorted(trials, key=lambda trial: abs(log_body(trial.bytes) - target))
    at = nearest[0]
    others = (t for t in nearest if abs(math.log(t.choice / at.choice)) > math.log(_APART))
    pair = (at, next(others, at))
    points = [(math.log(trial.choice), log_body(trial.bytes)) for trial in pair]
    slope = _slope(points, _PIXEL_SLOPE, _PIXEL_SLOPE_RANGE)
    log_pixels = points[0][0] + (target - points[0][1]) / slope
    return int(math.exp(min(log_pixels, 60.0)))


def _slope(
    points: Sequence[tuple[float, float]], guess: float, believed: tuple[float, float]
) -> float:
    """Return the slope of the line through two points, within what is believed."""
    if len(points) < 2 or points[0][0] == points[1][0]:
        return guess
    (x, y), (other_x, other_y) = points
    return min(max((y - other_y) / (x - other_x), believed[0]), believed[1])
