"""Which numbers of frames a clip may have, and by what rates.

Rates are floats, and the references' own float operations decide what a rate comes to, so numbers
of frames are found by asking them and by bisection, and by no formula.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vlprep.errors import ConstraintError
from vlprep.models.spec import VideoRule
from vlprep.view import ViewOptions

Numbers: TypeAlias = npt.NDArray[np.int64]
Rates: TypeAlias = npt.NDArray[np.float64]
FramesAt: TypeAlias = Callable[[Rates], Numbers]
"""Counts the frames of a clip at (N,) rates; 0 where the rules refuse."""


def rates_by_frames(
    frames_at: FramesAt, stretches: Sequence[tuple[float, float]], seconds: float
) -> dict[int, float]:
    """Return a rate for every number of frames that some rate gives of a clip so long.

    In each of `stretches`, lowest and highest rate, a higher rate gives no fewer frames. The rate
    is the highest of all where that gives the frames, else the one with the fewest decimals.
    """
    found: dict[int, float] = {}
    for low, high in reversed(stretches):
        fewest, most = frames_at(np.array([low, high], np.float64)).tolist()
        frames = np.arange(max(fewest, 1), most + 1)
        first = lowest_rates(frames_at, low, high, frames, seconds)
        is_reached = frames_at(first) == frames
        frames, first = frames[is_reached], first[is_reached]
        shortest = _fewest_decimals(frames_at, first, high, frames)
        found |= zip(frames.tolist(), shortest.tolist(), strict=True)
    highest = stretches[-1][1]
    return {**found, int(frames_at(np.array([highest]))[0]): highest}


def lowest_rates(
    frames_at: FramesAt, low: float, high: float, frames: Numbers, seconds: float
) -> Rates:
    """Bisect the floats for the lowest rates with at least so many frames, as `high` has."""
    below, enough = (np.full(len(frames), end, np.float64) for end in (low, high))
    enough[frames_at(below) >= frames] = low
    # Most rates are a hair around frames by seconds, which some rules count whole: look there, and
    # then halve what is left.
    lengths = (seconds, max(int(seconds), 1))
    looks = iter([frames / length * hair for length in lengths for hair in (1 + 1e-14, 1 - 1e-14)])
    while True:
        middle = (below + enough) / 2
        if not ((middle != below) & (middle != enough)).any():
            return enough
        middle = np.clip(next(looks, middle), below, enough)
        is_enough = frames_at(middle) >= frames
        below, enough = np.where(is_enough, below, middle), np.where(is_enough, middle, enough)


def _fewest_decimals(frames_at: FramesAt, first: Rates, last: float, frames: Numbers) -> Rates:
    """Return the rates with the fewest decimals, from `first` up, that give the frames."""
    chosen, is_open = first.copy(), np.ones(len(first), bool)
    for digits in range(17):
        rates = np.ceil(first * 10.0**digits) / 10.0**digits
        is_right = is_open & (first <= rates) & (rates <= last) & (frames_at(rates) == frames)
        chosen[is_right] = rates[is_right]
        is_open &= ~is_right
        if not is_open.any():
            break
    return chosen


def rate_range(
    rule: VideoRule, asked: ViewOptions, lowest: float | None = None
) -> tuple[float | None, float] | None:
    """Return the lowest rate that may be chosen, `None` if no source states one, and the wanted.

    `None` where a number of frames is asked instead.

    Raises `ConstraintError` for rates in the wrong order or that the service does not take, and
    for a lowest rate where a number of frames is asked.
    """
    if asked.nframes is not None:
        if lowest is not None:
            raise ConstraintError("`nframes` leaves no rate to choose, so no `lowest_fps`")
        return None
    high = rule.fps if asked.fps is None else asked.fps
    low = high if lowest is None else lowest
    if not 0 < low <= high:
        raise ConstraintError(f"fps from {low:g} to {high:g}: that is no range above 0")
    if rule.min_fps is not None and low < rule.min_fps:
        raise ConstraintError(f"fps from {low:g}: the lowest is {rule.min_fps:g}")
    if rule.max_fps is not None and high > rule.max_fps:
        raise ConstraintError(f"`fps` {high:g}: the highest is {rule.max_fps:g}")
    return rule.min_fps if lowest is None else lowest, high
