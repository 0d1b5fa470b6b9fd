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

import numpy as np
import numpy.typing as npt

from vlprep.count.pixel_ranges import (
    is_per_clip,
    is_shared_in_whole_pixels,
    pixel_ranges,
)
from vlprep.count.pixels import FLOOR_SHARE
from vlprep.count.tokens import TokenCount, timestamp_tokens, video_tokens
from vlprep.errors import ConstraintError, FrameCountError
from vlprep.maths.geometry import (
    clip_source_size,
    rounded_size,
    smart_resize_clip_ranges,
    smart_resize_ranges,
)
from vlprep.maths.sampling import PAIR, SPREAD_BY_RATE, count_frames, sample_times
from vlprep.models.spec import ImageRule, ModelSpec, RuleSet, VideoRule
from vlprep.types import ImageSize, VideoInfo

Numbers = npt.NDArray[np.int64]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSetting:
    """One way to show a clip, and what it costs."""

    fps: float | None
    """Frames per second to ask for; `None` for a list of images."""
    max_pixels: int
    """Cap to ask for: of a frame, or of the whole clip where the rules say so."""
    count: TokenCount
    """What the counter says to this."""

    @property
    def frames(self) -> int:
        """Frames that the model is shown."""
        return self.count.plan.frame_count if self.count.plan else 1

    @property
    def tokens(self) -> int:
        """All tokens together."""
        return self.count.total


class ClipChoices:
    """What may be chosen for one clip: rates and caps, and what each choice comes to.

    `fps_range` bounds the rate in frames per second: by default from the lowest that a source
    states, or one frame over the whole clip, up to the model's own. `min_pixels` and `max_pixels`
    bound the cap: by default from the lowest that may be set to the model's own.

    Raises `ConstraintError` for bounds in the wrong order, and the errors of `video_tokens`.
    """

    def __init__(
        self,
        info: VideoInfo,
        model: ModelSpec,
        *,
        rules: str | None = None,
        fps_range: tuple[float, float] | None = None,
        min_pixels: int | None = None,
        max_pixels: int | None = None,
    ) -> None:
        self.info = info
        self.model = model
        self.rule_set: RuleSet = model.rules(rules)
        self.rule: VideoRule = self.rule_set.video_rule(model.name)
        self.is_list = info.frame_count_from == "list"
        self.caps = cap_range(self.rule, min_pixels, max_pixels)
        self.rates = self._rate_range(fps_range)
        self._rate_of: dict[int, float | None] = {}

    def setting(self, fps: float | None, max_pixels: int) -> ClipSetting:
        """Count the clip with a choice, as `video_tokens` does, whose errors are raised."""
        rate = None if self.is_list else fps
        count = video_tokens(
            self.info, self.model, fps=rate, max_pixels=max_pixels, rules=self.rule_set.name
        )
        return ClipSetting(fps=rate, max_pixels=max_pixels, count=count)

    def frames_at(self, fps: float) -> int:
        """Return the number of frames at a rate, 0 where the rules refuse."""
        if self.is_list:
            return self.info.frame_count
        try:
            return count_frames(
                self.info.frame_count,
                None if self.info.fps is None else float(self.info.fps),
                fps=fps,
                min_frames=self.rule.min_frames,
                max_frames_default=self.rule.max_frames,
                reference=self.rule.count,
            )
        except FrameCountError:
            return 0

    def check(self) -> None:
        """Raise the rules' own error where they refuse the clip at the highest rate and cap."""
        _ = self.wanted

    @cached_property
    def wanted(self) -> ClipSetting:
        """The most frames with the highest cap; raises the rules' own error where they refuse."""
        at_most = self.setting(self.rates[1], self.caps[1])
        if self.is_list or at_most.frames == self._frame_range[1]:
            return at_most
        return self.setting(self.rate_of(self._frame_range[1]), self.caps[1])

    @cached_property
    def _frame_range(self) -> tuple[int, int]:
        """Return the fewest and the most frames that the rates give."""
        ends = {self.frames_at(rate) for ends in self._monotone_stretches() for rate in ends}
        return min(ends - {0}), max(ends)

    def rate_of(self, frames: int) -> float | None:
        """Return a rate that gives exactly so many frames, `None` where none does.

        The highest rate where that gives them, else the one with the fewest decimals.
        """
        if frames not in self._rate_of:
            self._rate_of[frames] = self._find_rate(frames)
        return self._rate_of[frames]

    @cached_property
    def grid(self) -> ClipGrid:
        """Count every distinct setting; numbers of frames that no rate gives have rows as well.

        Raises the errors of `video_tokens`.
        """
        self.check()
        fewest, most = self._frame_range
        frames = np.arange(fewest, most + 1)
        caps = np.clip(self._steps(frames), *self.caps)
        rows = np.broadcast_to(frames[:, None], caps.shape).ravel()
        sizes = self._sizes(rows, caps.ravel()).reshape(*caps.shape, 2)
        pixels = sizes[..., 0] * sizes[..., 1]
        return ClipGrid(
            frames=frames,
            max_pixels=caps,
            sizes=sizes,
            tokens=self._tokens(frames, pixels),
            pixels=pixels,
            worth=np.minimum(pixels, self.own_pixels),
        )

    @property
    def own_pixels(self) -> int:
        """Pixels of a frame as it is in the file, rounded to whole tokens."""
        return self._rounded_pixels(self.info.size)

    def tokens_at(self, frames: int, max_pixels: int) -> int:
        """Return what so many frames cost with a cap, 0 where the rules refuse."""
        row = np.array([frames])
        sizes = self._sizes(row, np.array([max_pixels]))
        return int(self._tokens(row, sizes.prod(axis=1, keepdims=True))[0, 0])

    def _rate_range(self, asked: tuple[float, float] | None) -> tuple[float, float]:
        rule = self.rule
        if asked is None:
            # One frame over the whole clip: no lower rate gives fewer.
            low = rule.min_fps or min(
                rule.fps, float(self.info.fps or 1) / max(self.info.frame_count, 1)
            )
            return low, rule.fps
        if self.is_list:
            raise ConstraintError("fps: of a list of images all are shown; leave the range out")
        low, high = asked
        if not 0 < low <= high < math.inf:
            raise ConstraintError(f"fps from {low:g} to {high:g}: that is no range above 0")
        if rule.min_fps is not None and low < rule.min_fps:
            raise ConstraintError(f"fps from {low:g}: the lowest is {rule.min_fps:g}")
        if rule.max_fps is not None and high > rule.max_fps:
            raise ConstraintError(f"fps up to {high:g}: the highest is {rule.max_fps:g}")
        return low, high

    @property
    def full_rate(self) -> float:
        """The lowest rate that gives the most frames; higher ones show no more."""
        for start, end in self._monotone_stretches():
            first = self._first_rate(start, end, self.wanted.frames)
            if first is not None:
                return first
        return self.rates[1]

    def _find_rate(self, frames: int) -> float | None:
        high = self.rates[1]
        if self.is_list or self.frames_at(high) == frames:
            return high
        for start, end in self._monotone_stretches():
            first = self._first_rate(start, end, frames)
            if first is not None:
                return self._shortest(first, end, frames)
        return None

    def _monotone_stretches(self) -> Iterator[tuple[float, float]]:
        """Cut the rates where a rule starts to count a last fraction of a second."""
        low, high = self.rates
        seconds = self.info.frame_count / float(self.info.fps or 1)
        part = seconds - int(seconds)
        turn = 1 / part if part else math.inf
        if low < turn < high:
            yield low, turn
            yield math.nextafter(turn, math.inf), high
        else:
            yield low, high

    def _first_rate(self, low: float, high: float, frames: int) -> float | None:
        """Bisect the floats for the lowest rate with at least so many frames."""
        if self.frames_at(high) < frames:
            return None
        while (middle := (low + high) / 2) not in (low, high):
            if self.frames_at(middle) < frames:
                low = middle
            else:
                high = middle
        first = low if self.frames_at(low) >= frames else high
        return first if self.frames_at(first) == frames else None

    def _shortest(self, first: float, last: float, frames: int) -> float:
        """Return the rate with the fewest decimals, from `first` up, that gives the frames."""
        for digits in range(17):
            rate = float(math.ceil(first * 10.0**digits) / 10.0**digits)
            if first <= rate <= last and self.frames_at(rate) == frames:
                return rate
        return first

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
            steps = [_around(areas), lifted[lifted < rule.min_pixels], np.array(self.caps)]
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
        # A total is compared with the rounded number of frames, which may be a third above theirs.
        lowest = self._frame_range[0] if per_clip else 1
        source = 2 * (height + rule.factor) * (width + rule.factor)
        largest = 1.1 * min(self.caps[1], max(source, rule.min_pixels) * lowest) / lowest
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

    def _sizes(self, frames: Numbers, caps: Numbers) -> Numbers:
        rule = self.rule
        low, high = pixel_ranges(rule, frames, caps)
        if is_per_clip(rule):
            return smart_resize_clip_ranges(
                np.maximum(frames, PAIR), *self.info.size, factor=rule.factor, min_pixels=low,
                max_pixels=high, temporal_factor=rule.temporal_patch_size,
            )  # fmt: skip
        return smart_resize_ranges(
            *self.info.size, factor=rule.factor, min_pixels=low, max_pixels=high,
            reference=rule.resize,
        )  # fmt: skip

    def _tokens(self, frames: Numbers, pixels: Numbers) -> Numbers:
        rule, prompt = self.rule, self.rule_set.prompt
        steps = -(-frames // rule.temporal_patch_size)
        visual = steps[:, None] * pixels // rule.factor**2
        beside = prompt.video_markers + steps * prompt.step_markers
        if prompt.timestamps:
            beside = beside + np.array([self._text(int(count)) for count in frames])
        tokens: Numbers = np.where(visual > 0, visual + beside[:, None], 0)
        return tokens

    def _text(self, frames: int) -> int:
        """Return the tokens of the timestamps, 0 for a number of frames that no rate gives."""
        fps = self.rate_of(frames) if self.rule.sampling in SPREAD_BY_RATE else self.rule.fps
        if fps is None:
            return 0
        rate = None if self.info.fps is None else float(self.info.fps)
        if self.is_list:
            times = np.arange(frames) / (rate or fps)
        else:
            times = sample_times(
                self.info.frame_count, rate, frames, fps=fps, sampling=self.rule.sampling
            )
        return timestamp_tokens(times, self.rule, self.rule_set.prompt)


def _around(areas: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the whole numbers at which a step at each area may lie: that above, and the next."""
    first = np.ceil(areas * (1 - 1e-10))
    return np.concatenate([first, first + 1], axis=-1)


def cap_range(
    rule: ImageRule | VideoRule, min_pixels: int | None, max_pixels: int | None
) -> tuple[int, int]:
    """Return the lowest and the highest `max_pixels` that may be chosen for a picture.

    Raises `ConstraintError` for bounds in the wrong order.
    """
    lowest = max(min_pixels or 1, rule.floor_pixels or rule.min_pixels or 1)
    highest = rule.max_pixels if max_pixels is None else max_pixels
    if rule.ceiling_pixels is not None:
        highest = min(highest, rule.ceiling_pixels)
    if lowest > highest:
        raise ConstraintError(f"max_pixels from {lowest:,} to {highest:,}: that is no range")
    return lowest, highest
