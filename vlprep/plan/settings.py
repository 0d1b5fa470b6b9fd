"""Every distinct setting of one clip: how many frames, how large, what it costs.

Two settings differ where a count differs: in the number of frames, or in the size of a frame. The
numbers of frames are `vlprep.plan.rates`'s; the sizes change at certain caps only, and
`ClipChoices.grid` looks at each of these, with nothing assumed of what lies between. Choosing among
the settings is `vlprep.plan.one_clip`'s.
"""

from __future__ import annotations

import math
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
from vlprep.count.tokens import TokenCount, timestamp_tokens, video_count
from vlprep.errors import ConstraintError
from vlprep.maths.geometry import (
    clip_source_size,
    rounded_size,
    smart_resize_clip_ranges,
    smart_resize_ranges,
)
from vlprep.maths.sampling import SPREAD_BY_RATE, sample_times
from vlprep.models.spec import ImageRule, VideoRule
from vlprep.plan.rates import ClipRates
from vlprep.types import ImageSize, VideoInfo
from vlprep.view import View, ViewOptions

Numbers = npt.NDArray[np.int64]


class Lowest(NamedTuple):
    """How far a plan may go below what a view asks; `None` leaves it to the model."""

    fps: float | None = None
    max_pixels: int | None = None


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

    frames: Numbers  # (N,), ascending
    max_pixels: Numbers  # caps, (N, M), ascending in each row
    sizes: Numbers  # of a frame, (N, M, 2), height first; (0, 0) where the rules refuse
    tokens: Numbers  # (N, M); 0 where the rules refuse
    pixels: Numbers  # of a frame, (N, M)
    worth: Numbers  # pixels of a frame that show something, (N, M): enlarging it adds none


class ClipChoices(ClipRates):
    """What may be chosen for one clip below what a view asks, and what each choice comes to.

    The rate is that of `ClipRates`. The cap goes down from the view's to `lowest.max_pixels`, by
    default the lowest that may be set.

    Raises the errors of `rate_range` and `cap_range`; a clip that the rules refuse is refused by
    what is asked of it then.
    """

    def __init__(self, info: VideoInfo, view: View, lowest: Lowest = AS_THE_MODEL_SAYS) -> None:
        super().__init__(info, view, lowest.fps)
        self.caps = cap_range(self.rule, view.options, lowest.max_pixels)

    def setting(self, fps: float | None, max_pixels: int) -> Setting:
        """Count the clip with a choice, as `video_count` does, whose errors are raised."""
        view, nframes = self.view.asking(max_pixels=max_pixels), self.view.options.nframes
        if self.has_rate:
            view = view.asking(fps=fps)
        count = video_count(self.info, view)
        fps = fps if self.has_rate else None
        return Setting(fps=fps, nframes=nframes, max_pixels=max_pixels, count=count)

    @cached_property
    def wanted(self) -> Setting:
        """What the view asks; raises the rules' own error where they refuse."""
        return self.setting(self.rates[1], self.caps[1])

    @cached_property
    def grid(self) -> ClipGrid:
        """Count every distinct setting; numbers of frames that no rate gives have rows as well.

        Raises the errors of `video_count`.
        """
        frames = np.arange(self.fewest_frames, self.most_frames + 1)
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
        counts = np.maximum(frames, rule.temporal_patch_size)[:, None]
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
        lowest = self.fewest_frames if per_clip else 1
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
                frames if asked.strict else np.maximum(frames, rule.temporal_patch_size),
                *self.info.size, factor=rule.factor, min_pixels=low, max_pixels=high,
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
            return self.fixed.text
        part, own_rate = self.part, self.own_rate
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
