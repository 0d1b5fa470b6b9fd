"""Several images and clips under one number of tokens: one common cap, and one common rate.

The cap is exact: the largest whole number at which all fit. The rate goes in twentieths of the
wanted one, because every clip has its own steps. One clip alone is `vlprep.plan.one_clip`'s, more
requests than one are `vlprep.plan.requests`'.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from itertools import pairwise
from operator import itemgetter
from typing import TypeAlias

import numpy as np

from vlprep.count.pixels import is_per_clip
from vlprep.count.tokens import image_counts, image_totals
from vlprep.errors import BudgetError, ConstraintError
from vlprep.maths.size_arrays import SizeArray, smart_resize_batch
from vlprep.plan.one_clip import (
    BALANCED,
    FRAME_TOKENS,
    LEAST_FPS,
    PREFERENCES,
    Prefer,
    kept_moving,
)
from vlprep.plan.settings import AS_THE_MODEL_SAYS, ClipChoices, Setting, cap_range
from vlprep.types import ImageSize, VideoInfo
from vlprep.view import View, ViewOptions

RATE_STEPS = 20
"""The common rate is a whole number of so many parts of the wanted one."""

FULL_DETAIL = 1_000_000
"""Detail of files that are all shown as large as the model takes them; less is a share of it."""


def plan_together(
    files: Sequence[ImageSize | VideoInfo],
    view: View,
    available: int,
    *,
    prefer: Prefer | None = None,
    weights: Sequence[float] | None = None,
    lowest: ViewOptions = AS_THE_MODEL_SAYS,
) -> tuple[Setting, ...]:
    """Choose one cap, and one rate for the clips, with which all files cost at most `available`.

    What fits as the view asks is left so. A file with a weight gets the cap times its weight,
    within what may be set for it; 1 is usual. Of clips whose limit is a total, each frame gets the
    cap; images of the high-resolution mode have none. "motion" takes the highest rate at
    which all fit, and then the largest cap; "detail" the largest cap, and then the highest rate;
    "balanced", which is meant if nothing is, weighs frames against pixels as `plan_clip` does.

    Raises `BudgetError` when nothing fits, `ConstraintError` for weights that cannot be, and the
    errors of counting.

    >>> settings = plan_together([ImageSize(1280, 1280)] * 90, View.of("qvq-max"), 106_496)
    >>> settings[0].max_pixels, sum(setting.tokens for setting in settings)
    (960400, 104220)
    """
    parts = _parts(files, view, _checked(weights, files), lowest)
    rate, cap = None, _highest_cap(parts)
    if _tokens(parts, rate, cap) > available:
        rate, cap = _best(parts, available, prefer or BALANCED)
    placed = (pair for part in parts for pair in part.settings(rate, cap))
    return tuple(setting for _, setting in sorted(placed, key=itemgetter(0)))


def _checked(
    weights: Sequence[float] | None, files: Sequence[ImageSize | VideoInfo]
) -> Sequence[float]:
    if not files:
        raise ConstraintError("no files to plan for")
    if weights is None:
        return [1.0] * len(files)
    if len(weights) != len(files) or not all(0 < weight < math.inf for weight in weights):
        raise ConstraintError(f"weights: wanted {len(files)} numbers above 0, one for each file")
    return weights


class _Images:
    """Images of one weight, and what they cost with a common cap; they mind no rate."""

    def __init__(
        self, view: View, sizes: dict[int, ImageSize], weight: float, lowest: ViewOptions
    ) -> None:
        self.view, self.weight, self.rule, self.sizes = view, weight, view.image_rule, sizes
        asked, self.has_cap = view.options, not view.options.high_res
        self.caps = cap_range(self.rule, asked, lowest.max_pixels) if self.has_cap else (1, 1)
        rows = np.array(list(sizes.values()))
        self.distinct, self.counts = np.unique(rows, axis=0, return_counts=True)

    def _shown(self, common: int) -> View:
        return self.view.asking(max_pixels=self._cap(common)) if self.has_cap else self.view

    def _cap(self, common: int) -> int:
        low, high = self.caps
        return min(max(int(common * self.weight), low), high)

    @cached_property
    def _own_pixels(self) -> SizeArray:
        """Pixels of each distinct size, rounded to whole tokens."""
        rounded = np.maximum(np.rint(self.distinct / self.rule.factor), 1) * self.rule.factor
        pixels: SizeArray = rounded.prod(axis=1).astype(np.int64)
        return pixels

    def detail(self, rate: float, common: int) -> float:
        """Return the sum of the shares of pixels that the images may keep."""
        wanted = np.minimum(self._own_pixels, self.caps[1])
        return float((np.minimum(wanted, self._cap(common)) / wanted) @ self.counts)

    def tokens(self, rate: float | None, common: int) -> int:
        """Return the tokens of all of them, 0 where one is refused."""
        tokens = image_totals(self.distinct, self._shown(common))
        return int(tokens @ self.counts) if (tokens > 0).all() else 0

    def drops(self, rate: float) -> Iterator[int]:
        """Yield the common caps at which the tokens of a narrow picture may fall.

        Where a rule lifts a side to one factor, a picture shrunk just below its rounded size has
        more tokens than at it.
        """
        narrow = self.distinct[self.distinct.min(axis=1) < 2 * self.rule.factor]
        rounded = smart_resize_batch(
            narrow, factor=self.rule.factor, min_pixels=0, max_pixels=math.inf,
            reference=self.rule.resize,
        )  # fmt: skip
        for pixels in rounded.prod(axis=1).tolist():
            if self.caps[0] <= pixels <= self.caps[1]:
                yield _common_cap(pixels, self.weight)

    def settings(self, rate: float | None, common: int) -> Iterator[tuple[int, Setting]]:
        """Yield the setting of each with its place among the files."""
        cap = self._cap(common) if self.has_cap else None
        counts = image_counts(list(self.sizes.values()), self._shown(common))
        for place, count in zip(self.sizes, counts, strict=True):
            if isinstance(count, ConstraintError):
                raise count
            yield place, Setting(max_pixels=cap, count=count)


class _Clip:
    """A clip with its weight, and what it costs at a rate with a common cap of a frame.

    Without a rate it is what the view asks.
    """

    def __init__(self, choices: ClipChoices, weight: float, place: int) -> None:
        self.choices, self.weight, self.place = choices, weight, place
        self.caps, self.per_clip = choices.caps, is_per_clip(choices.sizing)
        self._shown = cache(lambda rate: choices.shown_at(np.array([rate])))

    def frames(self, rate: float) -> int:
        """Return how many frames it is shown in, 0 where it is refused."""
        return int(self._shown(rate)[0][0])

    def _sharing(self, rate: float) -> int:
        """Return by how many frames a cap is shared."""
        return max(self.frames(rate), 1) if self.per_clip else 1

    def _cap(self, rate: float, common: int) -> int:
        low, high = self.caps
        return min(max(int(common * self.weight) * self._sharing(rate), low), high)

    def detail(self, rate: float, common: int) -> float:
        """Return the share of their pixels that the frames may keep."""
        sharing = self._sharing(rate)
        wanted = min(self.choices.own_pixels, self.caps[1] / sharing)
        return min(self._cap(rate, common) / sharing, wanted) / wanted

    def tokens(self, rate: float | None, common: int) -> int:
        """Return its tokens, 0 where it is refused."""
        if rate is None:
            return self.choices.wanted.tokens
        cap = np.array([self._cap(rate, common)])
        return int(self.choices.tokens_of(*self._shown(rate), cap)[0])

    def drops(self, rate: float) -> Iterator[int]:
        """Yield the common cap at which tokens may fall: where frames stop being shrunk.

        A narrow frame has more tokens just below, and so have frames under a total that is
        compared with a rounded number of them.
        """
        area = self.choices.own_pixels
        if self.per_clip:
            frames, group = self._sharing(rate), self.choices.sizing.temporal_patch_size
            area = -(-round(frames / group) * group * area // frames)
        yield _common_cap(area, self.weight)

    def settings(self, rate: float | None, common: int) -> Iterator[tuple[int, Setting]]:
        """Yield its setting with its place among the files."""
        if rate is None:
            yield self.place, self.choices.wanted
        else:
            yield self.place, self.choices.setting(rate, self._cap(rate, common))


_Parts: TypeAlias = Sequence[_Images | _Clip]


def _parts(
    files: Sequence[ImageSize | VideoInfo],
    view: View,
    weights: Sequence[float],
    lowest: ViewOptions,
) -> _Parts:
    clips: list[_Clip] = []
    images: dict[float, dict[int, ImageSize]] = {}
    for place, (file, weight) in enumerate(zip(files, weights, strict=True)):
        if isinstance(file, VideoInfo):
            clips.append(_Clip(ClipChoices(file, view, lowest), weight, place))
        else:
            images.setdefault(weight, {})[place] = file
    return [*(_Images(view, sizes, weight, lowest) for weight, sizes in images.items()), *clips]


def _common_rates(parts: _Parts) -> list[float]:
    """Return the rates, ascending, at which every clip can be counted; one, if none has any."""
    clips = [part for part in parts if isinstance(part, _Clip)]
    ranges = [clip.choices.rates for clip in clips if clip.choices.has_rate]
    if not ranges:
        return [0.0]
    low, high = max(low for low, _ in ranges), max(high for _, high in ranges)
    steps = (round(high * k / RATE_STEPS, 6) for k in range(1, RATE_STEPS))
    taken = (rate for rate in steps if low <= rate < high)
    return [*(rate for rate in taken if all(clip.frames(rate) for clip in clips)), high]


def _highest_cap(parts: _Parts) -> int:
    """Return the common cap that gives every file the highest of its own."""
    return max(_common_cap(part.caps[1], part.weight) for part in parts)


def _tokens(parts: _Parts, rate: float | None, cap: int) -> int:
    """Return the tokens of all files, 0 where one of them is refused."""
    tokens = [part.tokens(rate, cap) for part in parts]
    return sum(tokens) if all(tokens) else 0


def _best(parts: _Parts, available: int, prefer: Prefer) -> tuple[float, int]:
    """Return the rate and the cap to take; raises `BudgetError` when nothing fits."""
    rates = _common_rates(parts)
    caps = [_largest_cap(parts, rate, available) or 0 for rate in rates]
    if not any(caps):
        raise _nothing_fits(_tokens(parts, rates[0], 1), available)
    pairs = list(zip(rates, caps, strict=True))
    clips = [part for part in parts if isinstance(part, _Clip)]
    frames = [max(sum(clip.frames(rate) for clip in clips), 1) for rate in rates]
    detail = np.array([_detail(parts, *pair) if pair[1] else 0 for pair in pairs])
    if prefer == BALANCED and clips:
        fast = np.array(rates) >= min(LEAST_FPS, rates[-1])
        token = max(clip.choices.rule.factor for clip in clips) ** 2
        measures = [fast & (np.array(caps) >= tokens * token) for tokens in FRAME_TOKENS]
        detail = kept_moving(detail, measures)
    return pairs[PREFERENCES[prefer](np.array(frames), detail, FULL_DETAIL)]


def _detail(parts: _Parts, rate: float, cap: int) -> int:
    """Return the share of their pixels that pictures may keep, in the mean of all files."""
    files = sum(len(part.sizes) if isinstance(part, _Images) else 1 for part in parts)
    return max(int(FULL_DETAIL * sum(part.detail(rate, cap) for part in parts) / files), 1)


def _largest_cap(parts: _Parts, rate: float, available: int) -> int | None:
    """Return the largest common cap with which all files fit at a rate."""
    highest = _highest_cap(parts)
    if 0 < _tokens(parts, rate, highest) <= available:
        return highest
    drops = sorted({drop for part in parts for drop in part.drops(rate)})
    return largest_cap(
        range(1, highest + 1), drops, lambda cap: _tokens(parts, rate, cap), available
    )


def _common_cap(pixels: int, weight: float) -> int:
    """Return the lowest common cap of which a weight makes at least so many pixels."""
    cap = math.ceil(pixels / weight)
    return cap if int(cap * weight) >= pixels else cap + 1  # as floats are


def _nothing_fits(needed: int, available: int) -> BudgetError:
    return BudgetError(
        needed,
        available,
        f"{needed:,} tokens are the least that all files cost together, and {available:,} are "
        "there; split them into several requests, or leave some out",
    )


def largest_cap(
    caps: range, drops: Sequence[int], tokens: Callable[[int], int], available: int
) -> int | None:
    """Return the largest of `caps` (there are some) whose tokens are there, `None` where none is.

    Tokens grow with the cap, every step of the resize being monotone, also in floats; but not
    everywhere. They are 0 up to some cap, where a picture is refused; at `drops`, which ascend,
    they may fall. The caps between such places are searched by bisection, from the top.

    >>> largest_cap(range(10), [6], [0, 0, 2, 3, 8, 9, 6, 7, 8, 9].__getitem__, 7)
    7
    """
    start = caps.start + bisect_left(caps, 1, key=tokens)
    places = [start, *(cap for cap in drops if start < cap < caps.stop), caps.stop]
    for low, high in reversed(list(pairwise(places))):
        if low < high and tokens(low) <= available:
            return low + bisect_right(range(low, high), available, key=tokens) - 1
    return None
