"""Every distinct setting of one clip: how many frames, how large, what it costs.

Two settings differ where a count differs: in the number of frames, or in the size of a frame. The
numbers of frames are `vlprep.plan.rates`'s; the sizes change at certain caps only, and
`ClipChoices.grid` looks at each of these, with nothing assumed of what lies between. What they cost
is `vlprep.count.clips`'s; choosing among them is `vlprep.plan.one_clip`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from vlprep.count.clips import count_clips, resize_clips, timestamps_of_clips, tokens_of_clips
from vlprep.count.pixels import (
    BUDGETS,
    FLOOR_SHARE,
    has_total_behind,
    highest_cap,
    is_per_clip,
)
from vlprep.count.tokens import TokenCount
from vlprep.count.videos import VideoCount, video_count
from vlprep.display import brief
from vlprep.errors import ConstraintError, FrameCountError
from vlprep.maths.geometry import clip_source_size, rounded_size
from vlprep.maths.sampling import frame_range
from vlprep.models.spec import ImageRule, VideoRule
from vlprep.plan.rates import Numbers, Rates, lowest_rates, rate_range, rates_by_frames
from vlprep.types import FrameListInfo, ImageSize, VideoInfo
from vlprep.units import plural
from vlprep.view import View, ViewOptions

AS_THE_MODEL_SAYS = ViewOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One way to show a file, and what it costs."""

    fps: float | None = None
    """Frames per second to ask for; `None` where no rate is chosen."""
    nframes: int | None = None
    """Frames to ask for, where the view asks for so many instead of a rate."""
    max_pixels: int | None
    """Cap to ask for: of a picture, or of a whole clip where the rules say so."""
    max_frames: int | None = None
    """Most frames to ask for, where the default is lifted."""
    min_pixels: int | None = None
    """Lower limit to ask for, where the default is lifted."""
    clip_pixels: int | None = None
    """Total behind a server's own resize to ask for, where the default is lifted."""
    count: TokenCount
    """What the counter says to this."""

    def __repr__(self) -> str:
        chosen = (f"{name}={value}" for name, value in self.keywords.items())
        return brief(self, *chosen, plural(self.tokens, "token"))

    @property
    def keywords(self) -> dict[str, float | int]:
        """The settings as view options, to be asked together with those of the view."""
        chosen = {"fps": self.fps, "nframes": self.nframes, "max_pixels": self.max_pixels}
        return {name: value for name, value in chosen.items() if value is not None} | self.lifted

    @property
    def lifted(self) -> dict[str, int]:
        """Those of them that stand in place of a default, which the owner of weights sets."""
        named = ("max_frames", "min_pixels", "clip_pixels")
        lifts = {name: getattr(self, name) for name in named}
        return {name: value for name, value in lifts.items() if value is not None}

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

    frames: Numbers  # (N,), ascending
    rates: Rates  # (N,), a rate that gives them
    max_pixels: Numbers  # caps, (N, M), ascending in each row
    sizes: Numbers  # of a frame, (N, M, 2), height first; (0, 0) where the rules refuse
    tokens: Numbers  # (N, M); 0 where the rules refuse
    worth: Numbers  # pixels of a frame that show something, (N, M): enlarging it adds none


class ClipChoices:
    """What may be chosen for one clip below what a view asks, and what each choice comes to.

    The rate goes down from the view's to that of `lowest`, by default the lowest that a source
    states, or one frame over the whole clip; of a list of images, and where the view asks for a
    number of frames, there is none to choose. The cap goes down to that of `lowest`, by default the
    lowest that may be set.

    Raises the errors of `rate_range` and `cap_range`; a clip that the rules refuse is refused by
    what is asked of it then.
    """

    def __init__(
        self, info: VideoInfo, view: View, lowest: ViewOptions = AS_THE_MODEL_SAYS
    ) -> None:
        self.info, self.view, self.rule = info, view, view.video_rule
        is_list = isinstance(info, FrameListInfo)
        self._asked = None if is_list else rate_range(self.rule, view.options, lowest.fps)
        self.sizing = self.rule.first or self.rule  # whose limits are the caller's
        self.caps = cap_range(self.sizing, view.options, lowest.max_pixels)
        self._lowest, self._lifts = lowest, dict[str, int]()

    def lifting(self, lowest_fps: float = 0, **lifts: int) -> ClipChoices:
        """Return the same with other limits than the defaults, which every setting then asks for.

        They are `max_frames` or `nframes`, `min_pixels`, and `clip_pixels`, of which a setting asks
        for what it needs. The rate does not go below `lowest_fps` then.
        """
        lifts = {**self._lifts, **lifts}
        view = self.view.asking(**lifts)  # type: ignore[arg-type]
        fps = None if "nframes" in lifts else max(lowest_fps, self._lowest.fps or 0) or None
        choices = ClipChoices(self.info, view, replace(self._lowest, fps=fps))
        choices._lifts = lifts
        return choices

    def without_total(self) -> ClipChoices | None:
        """Return the same without a default total of pixels that all frames share, if there is one.

        Such a total is a number in the files of open weights, which their owner may change; where a
        source states a highest one, or the caller gives it, it stays.
        """
        asked = self.view.options
        if has_total_behind(self.rule) and asked.clip_pixels is None:
            return self.lifting(clip_pixels=self.every_pixel)
        if not is_per_clip(self.sizing) or self.sizing.ceiling_pixels or asked.max_pixels:
            return None
        every = max(self.sizing.max_pixels, self.own_pixels * self.wanted.frames)
        return ClipChoices(self.info, self.view.asking(max_pixels=every), self._lowest)

    # The frames.

    @property
    def has_rate(self) -> bool:
        """Whether there is a rate to choose."""
        return self._asked is not None

    @cached_property
    def rates(self) -> tuple[float, float]:
        """The lowest and the highest rate; twice what there is where none is chosen."""
        if self._asked is None:
            return (self._fixed.plan.sample_fps,) * 2
        low, high = self._asked
        # One frame over the whole clip: no lower rate gives fewer.
        return low or min(high, 1 / self.seconds), high

    def frames_at(self, fps: Any) -> Any:
        """Return the number of frames at a rate, or at an array of them; 0 where refused."""
        if self._asked is None:
            shown = self._fixed.frames
            return np.full(np.shape(fps), shown) if np.ndim(fps) else shown
        try:
            return count_clips(self._length, self._own_rate, self._rated, fps)
        except FrameCountError:
            return 0

    @cached_property
    def rate_of(self) -> dict[int, float]:
        """The rate to ask for each number of frames that may be chosen."""
        if self._asked is None:
            return {self._fixed.frames: self.rates[1]}
        return rates_by_frames(self.frames_at, self._monotone_stretches(), self.seconds)

    @property
    def full_rate(self) -> float:
        """The lowest rate that gives the frames wanted; higher ones show no more."""
        wanted = np.array([min(self.wanted.frames, self.frames_at(self.rates[1]))])
        for low, high in self._monotone_stretches():
            if self.frames_at(high) >= wanted[0]:
                return float(lowest_rates(self.frames_at, low, high, wanted, self.seconds)[0])
        return self.rates[0]

    @property
    def seconds(self) -> float:
        """How long what is looked at lasts; at an unknown rate, as if at one frame a second."""
        return self._length / (self._own_rate or 1)

    @cached_property
    def _fixed(self) -> VideoCount:
        """The count where no rate is chosen, whose frames stay whatever the cap."""
        return video_count(self.info, self.view)

    @cached_property
    def _rated(self) -> View:
        return self.view.asking(fps=self.rates[1])

    @property
    def _own_rate(self) -> float | None:
        return self.rule.assumed_fps if self.info.fps is None else float(self.info.fps)

    @cached_property
    def _part(self) -> tuple[int, int]:
        """The first and the last frame that the view is of."""
        asked = self.view.options
        span = (asked.start_seconds, asked.end_seconds)
        return frame_range(self.info.frame_count, self._own_rate, *span)

    @property
    def _length(self) -> int:
        return self._part[1] - self._part[0] + 1

    def _monotone_stretches(self) -> list[tuple[float, float]]:
        """Cut the rates where a rule starts to count a last fraction of a second.

        Another cut is where all frames are shown, of which some rules sample again.
        """
        low, high = self.rates
        part = self.seconds - int(self.seconds)
        cuts = [1 / part if part else math.inf, self._below_every_frame()]
        ends = [*sorted(cut for cut in cuts if low < cut < high), high]
        starts = [low, *(math.nextafter(end, math.inf) for end in ends[:-1])]
        return list(zip(starts, ends, strict=True))

    def _below_every_frame(self) -> float:
        """Return the highest rate that does not yet show all frames, where it matters."""
        if not self.rule.samples_again:
            return math.inf
        rules = self.view.rules
        once = replace(self._rated, rules=replace(
            rules, video=replace(self.rule, samples_again=False)
        ))  # fmt: skip
        count = partial(count_clips, self._length, self._own_rate, once)
        if count(self.rates[1]) < self._length:
            return math.inf
        every = lowest_rates(count, *self.rates, np.array([self._length]), self.seconds)
        return math.nextafter(float(every[0]), 0)

    # What they cost.

    def setting(self, fps: float | None, max_pixels: int) -> Setting:
        """Count the clip with a choice, as `video_count` does, whose errors are raised."""
        view = self.view.asking(max_pixels=max_pixels)
        fps, nframes = fps if self.has_rate else None, view.options.nframes
        if self.has_rate:
            view = view.asking(fps=fps)
        count = video_count(self.info, view)
        lifts = {**self._lifts, "nframes": nframes, **self._total_for(count)}
        return Setting(fps=fps, max_pixels=max_pixels, count=count, **lifts)

    def _total_for(self, count: VideoCount) -> dict[str, int | None]:
        """Return what a count needs of a total behind the first resize, where that is lifted."""
        if "clip_pixels" not in self._lifts:
            return {}
        needed = count.grid_thw[0] * self.rule.temporal_patch_size * count.resized.pixels
        return {"clip_pixels": needed if needed > self.rule.max_pixels else None}

    @cached_property
    def wanted(self) -> Setting:
        """What the view asks; raises the rules' own error where they refuse.

        Where nothing is asked and the rules show frames by no rate, none is named.
        """
        is_free = self.view.options.fps is None and self.rule.shows != "fps"
        return self.setting(None if is_free else self.rates[1], self.caps[1])

    @cached_property
    def grid(self) -> ClipGrid:
        """Count every distinct setting; raises the errors of `video_count`."""
        most = max(self.wanted.frames, min(self.rate_of))
        frames, rates = np.array(sorted(self.rate_of.items())).T
        frames, rates = frames[frames <= most].astype(np.int64), rates[frames <= most]
        caps = np.clip(self._steps(frames), *self.caps)
        rows = np.broadcast_to(frames[:, None], caps.shape).ravel()
        sizes = resize_clips(self.info.size, rows, self.view, caps.ravel()).reshape(*caps.shape, 2)
        text = self._text(frames, rates)[:, None]
        return ClipGrid(
            frames=frames,
            rates=rates,
            max_pixels=caps,
            sizes=sizes,
            tokens=tokens_of_clips(frames[:, None], sizes, text, self.view),
            worth=np.minimum(sizes[..., 0] * sizes[..., 1], self.own_pixels),
        )

    def tokens_at(self, fps: npt.ArrayLike, max_pixels: npt.ArrayLike) -> Numbers:
        """Return what rates cost with caps, (N,) or one each; 0 where the rules refuse."""
        rates, caps = np.broadcast_arrays(np.atleast_1d(fps), np.atleast_1d(max_pixels))
        return self.tokens_of(*self.shown_at(rates), caps)

    def shown_at(self, rates: Rates) -> tuple[Numbers, Numbers]:
        """Return the frames at (N,) rates, and the tokens of their timestamps."""
        frames = self.frames_at(rates)
        return frames, self._text(frames, rates)

    def tokens_of(self, frames: Numbers, text: Numbers, max_pixels: Numbers) -> Numbers:
        """Return what (N,) numbers of frames with such timestamps cost with caps."""
        sizes = resize_clips(self.info.size, frames, self.view, max_pixels)
        return tokens_of_clips(frames, sizes, text, self.view)

    def _text(self, frames: Numbers, rates: Rates) -> Numbers:
        """Return the tokens of the timestamps of numbers of frames at rates."""
        if self._asked is None:
            return np.full_like(frames, self._fixed.text)
        clip = (self._part[0], self._length, self._own_rate or math.nan)
        first, length, own_rate = (np.full(len(frames), value) for value in clip)
        return timestamps_of_clips(first, length, own_rate, frames, self.view, rates)

    # The caps.

    def pixels_of(self, tokens: int) -> int:
        """Return the pixels of a frame of so many tokens, or of the clip's own if it has fewer."""
        return min(tokens * self.rule.factor**2, self.own_pixels)

    @cached_property
    def own_pixels(self) -> int:
        """Pixels of a frame as it is in the file, rounded to whole tokens."""
        return self._rounded_pixels(self.info.size)

    @property
    def every_pixel(self) -> int:
        """More than all frames of any setting have together after the first resize."""
        frame = max(self.caps[1], 2 * self._lower_limit) + (self.own_pixels or 0)
        return 2 * frame * max(int(self.grid.frames[-1]), self.rule.max_frames)

    @property
    def _lower_limit(self) -> int:
        asked = self.view.options.min_pixels
        return self.sizing.min_pixels if asked is None else asked

    def _steps(self, frames: Numbers) -> Numbers:
        """Return, per number of frames, all caps at which the size of a frame may change.

        A frame is shrunk by whole tokens: the k-th row or column appears where the cap, shared out
        over the frames if it is a total, passes a certain area. Another step is the area of the
        frame rounded to tokens, and where a floor over the cap is in force, its share of the step.
        A step at a whole number may come one later, which floats decide: both are looked at.
        """
        rule, per_clip = self.sizing, is_per_clip(self.sizing)
        areas = self._areas(int(frames[0]))
        if not per_clip:
            lifted = _around(_around(areas) / FLOOR_SHARE)
            steps = [_around(areas), lifted[lifted < self._lower_limit], np.array(self.caps)]
            row = np.unique(np.clip(np.concatenate(steps), *self.caps)).astype(np.int64)
            return np.broadcast_to(row, (len(frames), len(row)))
        counts = np.maximum(frames, rule.temporal_patch_size)[:, None]
        size = clip_source_size(*self.info.size, rule.factor)
        area = self._rounded_pixels(size)
        group = rule.temporal_patch_size
        whole = (np.rint(counts / group) * group).astype(np.int64) * area
        ends = np.broadcast_to(np.array(self.caps), (len(frames), 2))
        if BUDGETS[rule.budget].in_whole_pixels:
            steps = [_around(areas) * counts, -(-whole // counts) * counts, ends]
        else:
            steps = [_around(counts * areas), whole, ends]
        return np.sort(np.concatenate(steps, axis=1).astype(np.int64))

    def _areas(self, fewest: int) -> npt.NDArray[np.float64]:
        """Return the areas, ascending, at which a shrunk frame gets another row or column."""
        rule, per_clip = self.sizing, is_per_clip(self.sizing)
        height, width = (
            clip_source_size(*self.info.size, rule.factor) if per_clip else self.info.size
        )
        # Where a total is shared, the fewest frames have the largest areas. Beyond twice the clip's
        # own area nothing is shrunk, and beyond the lower limit nothing is enlarged. The tenth is
        # for the floor, FLOOR_SHARE of the lower limit, which may lie above the cap.
        lowest = fewest if per_clip else 1
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


def _around(areas: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the whole numbers at which a step at each area may lie: that above, and the next.

    An area is a quotient of floats. One that should be whole may come out a hair above it, and
    its ceiling would be one too high; where it comes out below, the references' floats may still
    shrink a frame at the ceiling, and not at the next.
    """
    first = np.ceil(areas * (1 - 1e-10))
    return np.concatenate([first, first + 1], axis=-1)


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
