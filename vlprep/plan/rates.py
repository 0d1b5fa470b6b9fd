"""Which numbers of frames a clip may have, and by what rates.

Rates are floats, and the references' own float operations decide what a rate comes to, so numbers
of frames are found by asking them and by bisection, and by no formula.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property

from vlprep.count.tokens import VideoCount, video_count
from vlprep.errors import ConstraintError, FrameCountError
from vlprep.maths.frame_counts import count_frames
from vlprep.maths.sampling import frame_range
from vlprep.models.spec import VideoRule
from vlprep.types import FrameListInfo, VideoInfo
from vlprep.view import View, ViewOptions


class ClipRates:
    """The rates that may be chosen for a clip below what a view asks.

    They go down from the view's to `lowest`, by default the lowest that a source states, or one
    frame over the whole clip; of a list of images, and where the view asks for a number of frames,
    there is none to choose.

    Raises the errors of `rate_range`; a clip that the rules refuse is refused by what is asked of
    it then.
    """

    def __init__(self, info: VideoInfo, view: View, lowest: float | None = None) -> None:
        self.info, self.view, self.rule = info, view, view.video_rule
        self._asked: tuple[float | None, float] | None = None
        if not isinstance(info, FrameListInfo):
            self._asked = rate_range(self.rule, view.options, lowest)
        self._rate_of: dict[int, float | None] = {}

    @property
    def has_rate(self) -> bool:
        """Whether there is a rate to choose."""
        return self._asked is not None

    @cached_property
    def rates(self) -> tuple[float, float]:
        """The lowest and the highest rate; twice what there is where none is chosen."""
        if self._asked is None:
            return (self.fixed.plan.sample_fps,) * 2
        low, high = self._asked
        # One frame over the whole clip: no lower rate gives fewer.
        return low or min(high, 1 / self.seconds), high

    def frames_at(self, fps: float) -> int:
        """Return the number of frames at a rate, 0 where the rules refuse."""
        if not self.has_rate:
            return self.fixed.frames
        asked = self.view.options
        try:
            return count_frames(
                self.length,
                self.own_rate,
                fps=fps,
                min_frames=self.rule.min_frames if asked.min_frames is None else asked.min_frames,
                max_frames=asked.max_frames,
                max_frames_default=self.rule.max_frames,
                frame_factor=self.rule.temporal_patch_size,
                reference=self.rule.count,
                strict=asked.strict,
            )
        except FrameCountError:
            return 0

    def rate_of(self, frames: int) -> float | None:
        """Return a rate that gives exactly so many frames, `None` where none does.

        The highest rate where that gives them, else the one with the fewest decimals.
        """
        if frames not in self._rate_of:
            self._rate_of[frames] = self._find_rate(frames)
        return self._rate_of[frames]

    @cached_property
    def fewest_frames(self) -> int:
        """The smallest number of frames that any rate gives."""
        return min(self.frames_at(first) for first, _ in self._rates_from(1))

    @cached_property
    def most_frames(self) -> int:
        """The number of frames of the highest rate, 0 where the rules refuse it."""
        return self.frames_at(self.rates[1])

    @property
    def full_rate(self) -> float:
        """The lowest rate that gives the frames wanted; higher ones show no more."""
        return next(self._rates_from(self.most_frames), self.rates)[0]

    @property
    def seconds(self) -> float:
        """How long what is looked at lasts; at an unknown rate, as if at one frame a second."""
        return self.length / (self.own_rate or 1)

    @property
    def own_rate(self) -> float | None:
        """Frames per second of the clip itself, `None` if unknown."""
        return None if self.info.fps is None else float(self.info.fps)

    @cached_property
    def part(self) -> tuple[int, int]:
        """The first and the last frame that the view is of."""
        asked = self.view.options
        span = (asked.start_seconds, asked.end_seconds)
        return frame_range(self.info.frame_count, self.own_rate, *span)

    @property
    def length(self) -> int:
        """Frames that the view is of."""
        return self.part[1] - self.part[0] + 1

    @cached_property
    def fixed(self) -> VideoCount:
        """The count where no rate is chosen, whose frames stay whatever the cap."""
        return video_count(self.info, self.view)

    def _find_rate(self, frames: int) -> float | None:
        if not self.has_rate or frames == self.most_frames:
            return self.rates[1]
        for first, end in self._rates_from(frames):
            if self.frames_at(first) == frames:
                return self._shortest(first, end, frames)
        return None

    def _rates_from(self, frames: int) -> Iterator[tuple[float, float]]:
        """Yield the parts of each stretch of the rates that have at least so many frames."""
        for low, high in self._monotone_stretches():
            if self.frames_at(high) >= frames:
                yield self._first_rate(low, high, frames), high

    def _monotone_stretches(self) -> Iterator[tuple[float, float]]:
        """Cut the rates where a rule starts to count a last fraction of a second."""
        low, high = self.rates
        part = self.seconds - int(self.seconds)
        turn = 1 / part if part else math.inf
        if low < turn < high:
            yield low, turn
            yield math.nextafter(turn, math.inf), high
        else:
            yield low, high

    def _first_rate(self, low: float, high: float, frames: int) -> float:
        """Bisect the floats for the lowest rate with at least so many frames, as `high` has."""
        if self.frames_at(low) >= frames:
            return low
        while (middle := (low + high) / 2) not in (low, high):
            if self.frames_at(middle) < frames:
                low = middle
            else:
                high = middle
        return high

    def _shortest(self, first: float, last: float, frames: int) -> float:
        """Return the rate with the fewest decimals, from `first` up, that gives the frames."""
        for digits in range(17):
            rate = float(math.ceil(first * 10.0**digits) / 10.0**digits)
            if first <= rate <= last and self.frames_at(rate) == frames:
                return rate
        return first


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
        raise ConstraintError(f"fps up to {high:g}: the highest is {rule.max_fps:g}")
    return rule.min_fps if lowest is None else lowest, high
