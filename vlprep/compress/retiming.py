"""A shorter clip of which a model is shown the very frames, at the very moments, of the longer one.

The references' samplers do not give back every number of frames: the guides' drops the last one of
an odd number at twice the sampled seconds, others round down to pairs. So number and rate are tried
out on the sampler itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TypeAlias

from vlprep.clips import FramePlan
from vlprep.errors import ConstraintError, FrameCountError
from vlprep.maths.sampling import frame_rate

NUDGES = (Fraction(1, 100), Fraction(1, 1000), Fraction(1, 20))
"""How far a rate may be moved off the round one: by this share of one interval over the clip."""

NEAR = 0.25
"""Moments are the same as long as they differ by less than this share of an interval."""

Planner: TypeAlias = Callable[[int, Fraction], FramePlan]
"""Plans a clip from its number of frames and its rate in frames per second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipTiming:
    """How many frames a clip has, how fast they pass, and which of them the model is shown."""

    frame_count: int
    """Frames in the file; even unless only an odd number is sampled as it should be."""
    rate: Fraction
    """Frames per second."""
    shown: int
    """Frames that the sampler picks: the first ones, each once."""
    drift_seconds: float
    """Most that a frame's moment differs from what was planned."""

    @property
    def duration_seconds(self) -> float:
        """Length of the clip."""
        return float(self.frame_count / self.rate)

    @property
    def keeps_moments(self) -> bool:
        """Whether all frames show when they were planned to."""
        return self.drift_seconds * float(self.rate) < NEAR


def time_clip(
    plan: FramePlan, planner: Planner, *, least_frames: int = 2, least_seconds: float = 0.0
) -> ClipTiming:
    """Choose number and rate of frames so that `planner` shows the frames of `plan` one by one.

    The number is even where that is possible: a last frame beyond those that are shown may be
    needed for it. Too few frames become `least_frames` by showing the last one again, and a clip
    shorter than `least_seconds` is slowed down.

    Raises `ConstraintError` where the sampler shows no clip of about as many frames one by one.

    >>> from vlprep.maths.sampling import plan_frames
    >>> def planner(frames, rate): return plan_frames(frames, float(rate), fps=2)
    >>> time_clip(plan_frames(300, 30.0, fps=2), planner).frame_count
    20
    >>> odd = time_clip(plan_frames(141, 30.0, fps=2), planner)
    >>> odd.frame_count, odd.shown, odd.rate
    (10, 9, Fraction(1001, 500))
    """
    timings = partial(_timings, plan, planner, least_seconds)
    wanted = max(plan.frame_count, least_frames)
    lengths = (wanted, wanted + 1) if wanted % 2 else (wanted,)
    same = [timing for frames in lengths for timing in timings(frames, wanted)]
    if same:
        return min(same, key=_worth)
    for frames in _nearest_even(wanted, least_frames):
        if others := list(timings(frames, frames)):
            return min(others, key=_worth)
    raise ConstraintError(f"no clip of about {wanted} frames is sampled frame by frame")


def _worth(timing: ClipTiming) -> tuple[bool, bool, float]:
    return not timing.keeps_moments, timing.frame_count % 2 == 1, timing.drift_seconds


def _nearest_even(frames: int, least: int) -> list[int]:
    """Return even numbers around `frames`, the nearest first; of two as near, the larger."""
    around = range(max(least + least % 2, frames // 2 * 2 - 4, 2), frames + 7, 2)
    return sorted(around, key=lambda number: (abs(number - frames), -number))


def _timings(
    plan: FramePlan, planner: Planner, least_seconds: float, frames: int, shown: int
) -> Iterator[ClipTiming]:
    """Yield the timings of a clip of which just the first `shown` frames are sampled."""
    moments = _moments(plan, shown)
    for rate in _rates(plan, frames, least_seconds):
        try:
            sampled = planner(frames, rate)
        except FrameCountError:
            continue
        if sampled.indices == tuple(range(shown)):
            times = zip(sampled.timestamps_seconds, moments, strict=True)
            drift = max(abs(time - moment) for time, moment in times)
            yield ClipTiming(frame_count=frames, rate=rate, shown=shown, drift_seconds=drift)


def _moments(plan: FramePlan, wanted: int) -> list[float]:
    """Return the planned moments from the first on, carried on or cut to a number of them."""
    first, *_ = plan.timestamps_seconds
    moments = [moment - first for moment in plan.timestamps_seconds[:wanted]]
    step = 1 / float(_planned_rates(plan)[0])
    return moments + [moments[-1] + step * k for k in range(1, wanted - len(moments) + 1)]


def _planned_rates(plan: FramePlan) -> list[Fraction]:
    """Return the rates at which the frames were planned: by first and last, and on average."""
    rates = frame_rate(plan.timestamps_seconds, plan.sample_fps), plan.sample_fps
    # Small numbers, for a rate becomes the ticks of a file's clock.
    return [Fraction(rate).limit_denominator(10_000) or Fraction(rate) for rate in rates]


def _rates(plan: FramePlan, frames: int, least_seconds: float) -> Iterator[Fraction]:
    """Yield rates for a clip that lasts long enough: planned ones, and some that differ."""
    for rate in _planned_rates(plan):
        if frames / rate < least_seconds:
            rate = frames / Fraction(least_seconds)
        nudged = [rate * (1 + sign * nudge / frames) for nudge in NUDGES for sign in (1, -1)]
        whole_seconds = frames / Fraction(math.ceil(frames / rate))
        for near in (rate, *nudged, whole_seconds):
            ticks = near.limit_denominator(100_000) or near
            if frames / ticks >= least_seconds:
                yield ticks
