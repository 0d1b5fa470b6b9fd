"""Every distinct setting of one clip: how many frames, how large, what it costs.

Two settings differ where a count differs: in the number of frames, or in the size of a frame. The
numbers of frames follow from the rates that may be asked; the sizes change at certain caps only,
and `ClipChoices.grid` looks at each of these, with nothing assumed of what lies between. Choosing
among the settings is `vlprep.plan.one_clip`'s.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vlprep.count.pixels import (
    FLOOR_SHARE,
    highest_cap,
    is_per_clip,
    is_shared_in_whole_pixels,
    video_ranges,
)
from vlprep.count.tokens import TokenCount, VideoCount, timestamp_tokens, video_count
from vlprep.errors import ConstraintError, FrameCountError
from vlprep.maths.geometry import (
    clip_source_size,
    rounded_size,
    smart_resize_clip_ranges,
    smart_resize_ranges,
)
from vlprep.maths.sampling import PAIR, SPREAD_BY_RATE, count_frames, frame_range, sample_times
from vlprep.models.spec import ImageRule, VideoRule
from vlprep.types import FrameListInfo, ImageSize, VideoInfo
from vlprep.view import View, ViewOptions

Numbers = npt.NDArray[np.int64]


class Lowest(NamedTuple):
    """How far a plan may go below what a view asks; `None` leaves it to the model."""

    fps: float | None = None
    """Lowest rate, in frames per second."""
    max_pixels: int | None = None
    """Lowest cap."""


AS_THE_MODEL_SAYS = Lowest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One way to show a file, and what it costs."""

    fps: float | None = None
    """Frames per second to ask for; `None` where no rate is chosen."""
    nframes: int | None = None
    """Frames to ask for, where the view asks for so many instead of a rate."""
    max_pixels: int | None
    """Cap to ask for: of a picture, or of a whole clip where the rules say so."""
    count: TokenCount
    """What the counter says to this."""

    @property
    def keywords(self) -> dict[str, float | int]:
        """The settings as view options, to be asked together with those of the view."""
        chosen = {"fps": self.fps, "nframes": self.nframes, "max_pixels": self.max_pixels}
        return {name: value for name, value in chosen.items() if value is not None}

    @property
    def frames(self) -> int:
        """Frames that the model is shown; an image is one."""
        return self.count.frames or 1

    @property
    def tokens(self) -> int:
        """All tokens together."""
        return self.count.total


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClipGrid:
    """Settings of one clip as arrays: N numbers of frames down, M caps across."""

    frames: Numbers
    """Numbers of frames, (N,), ascending."""
    max_pixels: Numbers
    """Caps, (N, M), ascending in each row."""
    sizes: Numbers
    """Sizes of a frame, (N, M, 2), height first; (0, 0) where the rules refuse."""
    tokens: Numbers
    """Tokens, (N, M); 0 where the rules refuse."""
    pixels: Numbers
    """Pixels of a frame, (N, M)."""
    worth: Numbers
    """Pixels of a frame that show something, (N, M): enlarging it adds none."""


class ClipChoices:
    """What may be chosen for one clip below what a view asks, and what each choice comes to.

    The rate goes down from the view's to `lowest.fps`, by default the lowest that a source states,
    or one frame over the whole clip; of a list of images, and where the view asks for a number of
    frames, there is none to choose. The cap goes down from the view's to `lowest.max_pixels`, by
    default the lowest that may be set.

    Raises the errors of `rate_range` and `cap_range`; a clip that the rules refuse is refused by
    what is asked of it then.
    """

    def __init__(self, info: VideoInfo, view: View, lowest: Lowest = AS_THE_MODEL_SAYS) -> None:
        self.info, self.view, self.rule = info, view, view.video_rule
        self.caps = cap_range(self.rule, view.options, lowest.max_pixels)
        self._asked_rates: tuple[float | None, float] | None = None
        if not isinstance(info, FrameListInfo):
            self._asked_rates = rate_range(self.rule, view.options, lowest.fps)
        self._rate_of: dict[int, float | None] = {}

    @property
    def has_rate(self) -> bool:
        """Whether there is a rate to choose."""
        return self._asked_rates is not None

    def setting(self, fps: float | None, max_pixels: int) -> Setting:
        """Count the clip with a choice, as `video_count` does, whose errors are raised."""
        view = self.view.asking(max_pixels=max_pixels)
        if not self.has_rate:
            count, nframes = video_count(self.info, view), view.options.nframes
            return Setting(nframes=nframes, max_pixels=max_pixels, count=count)
        count = video_count(self.info, view.asking(fps=fps))
        return Setting(fps=fps, max_pixels=max_pixels, count=count)

    def frames_at(self, fps: float) -> int:
        """Return the number of frames at a rate, 0 where the rules refuse."""
        if not self.has_rate:
            return self._fixed.frames
        asked = self.view.options
        try:
            return count_frames(
                self._length,
                self._own_rate,
                fps=fps,
                min_frames=self.rule.min_frames if asked.min_frames is None else asked.min_frames,
                max_frames=asked.max_frames,
                max_frames_default=self.rule.max_frames,
                reference=self.rule.count,
                strict=asked.strict,
            )
        except FrameCountError:
            return 0

    @property
    def seconds(self) -> float:
        """How long what is looked at lasts; at an unknown rate, as if at one frame a second."""
        return self._length / (self._own_rate or 1)

    @cached_property
    def rates(self) -> tuple[float, float]:
        """The lowest and the highest rate; twice what there is where none is chosen."""
        if self._asked_rates is None:
            return (self._fixed.plan.sample_fps,) * 2
        low, high = self._asked_rates
        # One frame over the whole clip: no lower rate gives fewer.
        return low or min(high, 1 / self.seconds), high

    @cached_property
    def wanted(self) -> Setting:
        """What the view asks; raises the rules' own error where they refuse."""
        return self.setting(self.rates[1], self.caps[1])

    def rate_of(self, frames: int) -> float | None:
        """Return a rate that gives exactly so many frames, `None` where none does.

        The highest rate where that gives them, else the one with the fewest decimals.
        """
        if frames not in self._rate_of:
            self._rate_of[frames] = self._find_rate(frames)
        return self._rate_of[frames]

    @property
    def full_rate(self) -> float:
        """The lowest rate that gives the frames wanted; higher ones show no more."""
        return next(self._rates_from(self.wanted.frames), self.rates)[0]

    @cached_property
    def grid(self) -> ClipGrid:
        """Count every distinct setting; numbers of frames that no rate gives have rows as well.

        Raises the errors of `video_count`.
        """
        frames = np.arange(self._fewest_frames, self.wanted.frames + 1)
        caps = np.clip(self._steps(frames), *self.caps)
        rows = np.broadcast_to(frames[:, None], caps.shape).ravel()
        sizes = self._sizes(rows, caps.ravel()).reshape(*caps.shape, 2)
        pixels = sizes[..., 0] * sizes[..., 1]
        return ClipGrid(
            frames=frames,
            max_pixels=caps,
            sizes=sizes,
            tokens=self._tokens(frames, pixels, self._texts(frames)),
            pixels=pixels,
            worth=np.minimum(pixels, self.own_pixels),
        )

    @cached_property
    def own_pixels(self) -> int:
        """Pixels of a frame as it is in the file, rounded to whole tokens."""
        return self._rounded_pixels(self.info.size)

    def tokens_at(self, fps: float, max_pixels: int) -> int:
        """Return what a rate costs with a cap, 0 where the rules refuse."""
        count = self.frames_at(fps)
        if not count:
            return 0
        frames, text = np.array([count]), np.array([self._text(count, fps)])
        pixels = self._sizes(frames, np.array([max_pixels])).prod(axis=1, keepdims=True)
        return int(self._tokens(frames, pixels, text)[0, 0])

    # The rates.

    @property
    def _own_rate(self) -> float | None:
        return None if self.info.fps is None else float(self.info.fps)

    @cached_property
    def _part(self) -> tuple[int, int]:
        """The first and the last frame that the view is of."""
        asked = self.view.options
        span = (asked.start_seconds, asked.end_seconds)
        return frame_range(self.info.frame_count, self._own_rate, *span)

    @property
    def _length(self) -> int:
        return self._part[1] - self._part[0] + 1

    @cached_property
    def _fixed(self) -> VideoCount:
        """The count where no rate is chosen, whose frames stay whatever the cap."""
        return video_count(self.info, self.view)

    @cached_property
    def _fewest_frames(self) -> int:
        if not self.has_rate:
            return self.wanted.frames
        return min(self.frames_at(first) for first, _ in self._rates_from(1))

    def _find_rate(self, frames: int) -> float | None:
        high = self.rates[1]
        if not self.has_rate or self.frames_at(high) == frames:
            return high
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

    # The caps.

    @property
    def _lower_limit(self) -> int:
        asked = self.view.options.min_pixels
        return self.rule.min_pixels if asked is None else asked

    def _steps(self, frames: Numbers) -> Numbers:
        """Return, per number of frames, all caps at which the size of a frame may change.

        A frame is shrunk by whole tokens: the k-th row or column appears where the cap, shared out
        over the frames if it is a total, passes a certain area. Another step is the area of the
        frame rounded to tokens, and where a floor over the cap is in force, its share of the step.
        A step at a whole number may come one later, which floats decide: both are looked at.
        """
        rule, per_clip = self.rule, is_per_clip(self.rule)
        areas = self._areas()
        if not per_clip:
            lifted = _around(_around(areas) / FLOOR_SHARE)
            steps = [_around(areas), lifted[lifted < self._lower_limit], np.array(self.caps)]
            row = np.unique(np.clip(np.concatenate(steps), *self.caps)).astype(np.int64)
            return np.broadcast_to(row, (len(frames), len(row)))
        counts = np.maximum(frames, PAIR)[:, None]
        size = clip_source_size(*self.info.size, rule.factor)
        area = self._rounded_pixels(size)
        group = rule.temporal_patch_size
        whole = (np.rint(counts / group) * group).astype(np.int64) * area
        ends = np.broadcast_to(np.array(self.caps), (len(frames), 2))
        if is_shared_in_whole_pixels(rule):
            steps = [_around(areas) * counts, -(-whole // counts) * counts, ends]
        else:
            steps = [_around(counts * areas), whole, ends]
        return np.sort(np.concatenate(steps, axis=1).astype(np.int64))

    def _areas(self) -> npt.NDArray[np.float64]:
        """Return the areas, ascending, at which a shrunk frame gets another row or column."""
        rule, per_clip = self.rule, is_per_clip(self.rule)
        height, width = (
            clip_source_size(*self.info.size, rule.factor) if per_clip else self.info.size
        )
        # Where a total is shared, the fewest frames have the largest areas. Beyond twice the clip's
        # own area nothing is shrunk, and beyond the lower limit nothing is enlarged. The tenth is
        # for the floor, FLOOR_SHARE of the lower limit, which may lie above the cap.
        lowest = self._fewest_frames if per_clip else 1
        source = 2 * (height + rule.factor) * (width + rule.factor)
        largest = 1.1 * min(self.caps[1], max(source, self._lower_limit) * lowest) / lowest
        sides = ((height, width), (width, height))
        areas = [float(self.own_pixels)]
        for side, other in sides:
            count = int(math.sqrt(largest * side / other) / rule.factor) + 1
            areas += [(k * rule.factor) ** 2 * other / side for k in range(1, count + 1)]
        return np.unique(np.array([area for area in areas if area <= largest], dtype=np.float64))

    def _rounded_pixels(self, size: ImageSize) -> int:
        rule = self.rule
        rounded = rounded_size(*size, factor=rule.factor, reference=rule.resize)
        return max(rounded.height, rule.factor) * max(rounded.width, rule.factor)

    # The counter in array form.

    def _sizes(self, frames: Numbers, caps: Numbers) -> Numbers:
        rule, asked = self.rule, self.view.options
        low, high = video_ranges(rule, frames, caps, asked.min_pixels, asked.total_pixels)
        if is_per_clip(rule):
            return smart_resize_clip_ranges(
                frames if asked.strict else np.maximum(frames, PAIR), *self.info.size,
                factor=rule.factor, min_pixels=low, max_pixels=high,
                temporal_factor=rule.temporal_patch_size,
            )  # fmt: skip
        return smart_resize_ranges(
            *self.info.size, factor=rule.factor, min_pixels=low, max_pixels=high,
            reference=rule.resize,
        )  # fmt: skip

    def _tokens(self, frames: Numbers, pixels: Numbers, text: Numbers) -> Numbers:
        rule, prompt = self.rule, self.view.rules.prompt
        steps = -(-frames // rule.temporal_patch_size)
        visual = steps[:, None] * pixels // rule.factor**2
        beside = prompt.video_markers + steps * prompt.step_markers + text
        tokens: Numbers = np.where(visual > 0, visual + beside[:, None], 0)
        return tokens

    def _texts(self, frames: Numbers) -> Numbers:
        """Return the tokens of the timestamps for each number of frames."""
        if not self.view.rules.prompt.timestamps:
            return np.zeros_like(frames)
        is_by_rate = self.has_rate and self._sampling in SPREAD_BY_RATE
        rates = (self.rate_of(count) if is_by_rate else self.rule.fps for count in frames.tolist())
        return np.array([self._text(*pair) for pair in zip(frames.tolist(), rates, strict=True)])

    def _text(self, frames: int, fps: float | None) -> int:
        """Return the tokens of the timestamps; 0 for a number of frames that no rate gives."""
        if not self.view.rules.prompt.timestamps or fps is None:
            return 0
        if not self.has_rate:
            return self._fixed.text
        part, own_rate = self._part, self._own_rate
        times = sample_times(*part, own_rate, frames, fps=fps, sampling=self._sampling)
        return timestamp_tokens(times, self.rule, self.view.rules.prompt)

    @property
    def _sampling(self) -> str:
        return self.view.options.sampling or self.rule.sampling


def _around(areas: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the whole numbers at which a step at each area may lie: that above, and the next.

    An area is a quotient of floats. One that should be whole may come out a hair above it, and
    its ceiling would be one too high; where it comes out below, the references' floats may still
    shrink a frame at the ceiling, and not at the next.
    """
    first = np.ceil(areas * (1 - 1e-10))
    return np.concatenate([first, first + 1], axis=-1)


# What is asked, and refused, whatever the file.


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


def cap_range(
    rule: ImageRule | VideoRule, asked: ViewOptions, lowest: int | None = None
) -> tuple[int, int]:
    """Return the lowest and the highest `max_pixels` that may be chosen for a picture.

    Raises `ConstraintError` for limits in the wrong order.
    """
    highest = highest_cap(rule, asked.min_pixels, asked.max_pixels)
    if asked.min_pixels is None:
        usual = min(rule.floor_pixels or rule.min_pixels, highest)
    else:
        usual = max(rule.floor_pixels or 1, asked.min_pixels)
    low = max(usual, lowest or 1)
    if low > highest:
        raise ConstraintError(f"max_pixels from {low:,} to {highest:,}: that is no range")
    return low, highest
