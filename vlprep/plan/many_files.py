"""Several images and clips under one number of tokens: one common cap, and one common rate.

The cap is exact: the largest whole number at which all fit. The rate goes in twentieths of the
wanted one, because every clip has its own steps. One clip alone is `vlprep.plan.one_clip`'s, more
requests than one are `vlprep.plan.requests`'.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from operator import itemgetter

import numpy as np

from vlprep.count.pixels import is_per_clip
from vlprep.count.tokens import image_counts, image_totals
from vlprep.errors import BudgetError, ConstraintError
from vlprep.maths.geometry import SizeArray, smart_resize_batch
from vlprep.plan.one_clip import BALANCED, PREFERENCES, Prefer
from vlprep.plan.settings import AS_THE_MODEL_SAYS, ClipChoices, Lowest, Setting, cap_range
from vlprep.types import ImageSize, VideoInfo
from vlprep.view import View

RATE_STEPS = 20
"""The common rate is a whole number of so many parts of the wanted one."""

FULL_DETAIL = 1_000_000
"""Detail of files that are all shown as large as the model takes them; less is a share of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPlan:
    """The settings chosen for several files together."""

    settings: tuple[Setting, ...]  # what each file gets, in order
    max_pixels: int  # common cap of a picture or frame, before weights and each file's own limits
    wanted_tokens: int  # what all would cost as the view asks

    @property
    def tokens(self) -> int:
        """Tokens of all files together."""
        return sum(setting.tokens for setting in self.settings)


def plan_together(
    files: Sequence[ImageSize | VideoInfo],
    view: View,
    available: int,
    *,
    prefer: Prefer | None = None,
    weights: Sequence[float] | None = None,
    lowest: Lowest = AS_THE_MODEL_SAYS,
) -> SharedPlan:
    """Choose one cap, and one rate for the clips, with which all files cost at most `available`.

    What fits as the view asks is left so. A file with a weight gets the cap times its weight,
    within what may be set for it; 1 is usual. Of clips whose limit is a total, each frame gets the
    cap; images of the high-resolution mode have none. "motion" takes the highest rate at
    which all fit, and then the largest cap; "detail" the largest cap, and then the highest rate;
    "balanced", which is meant if nothing is, weighs frames against pixels as `plan_clip` does.

    Raises `BudgetError` when nothing fits, `ConstraintError` for weights that cannot be, and the
    errors of counting.

    >>> plan = plan_together([ImageSize(1280, 1280)] * 90, View.of("qvq-max"), 106_496)
    >>> plan.max_pixels, plan.tokens
    (960400, 104220)
    """
    needs = _Needs(files, view, _checked(weights, files), lowest)
    rate, cap = needs.rates[-1], needs.highest_cap
    wanted = needs.tokens(rate, cap)
    if wanted > available:
        rate, cap = needs.best(available, prefer or BALANCED)
    return SharedPlan(settings=needs.settings(rate, cap), max_pixels=cap, wanted_tokens=wanted)


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


class _Needs:
    """What files cost together at a rate and a cap."""

    def __init__(
        self,
        files: Sequence[ImageSize | VideoInfo],
        view: View,
        weights: Sequence[float],
        lowest: Lowest,
    ) -> None:
        self.clips: list[_Clip] = []
        images: dict[float, dict[int, ImageSize]] = {}
        for place, (file, weight) in enumerate(zip(files, weights, strict=True)):
            if isinstance(file, VideoInfo):
                self.clips.append(_Clip(ClipChoices(file, view, lowest), weight, place))
            else:
                images.setdefault(weight, {})[place] = file
        groups = [_Images(view, sizes, weight, lowest) for weight, sizes in images.items()]
        self.parts: list[_Images | _Clip] = [*groups, *self.clips]
        self.files = len(files)

    @cached_property
    def rates(self) -> list[float]:
        """The common rates, ascending, at which every clip can be counted; one, if none has any."""
        ranges = [clip.choices.rates for clip in self.clips if clip.choices.has_rate]
        if not ranges:
            return [0.0]
        low, high = max(low for low, _ in ranges), max(high for _, high in ranges)
        steps = [round(high * k / RATE_STEPS, 6) for k in range(1, RATE_STEPS)]
        return [*(rate for rate in steps if low <= rate < high and all(self.frames(rate))), high]

    def frames(self, rate: float) -> list[int]:
        """Return the frames of each clip at a rate, 0 where the rules refuse."""
        return [clip.choices.frames_at(rate) for clip in self.clips]

    @cached_property
    def highest_cap(self) -> int:
        """The common cap that gives every file the highest of its own."""
        return max(_common_cap(part.caps[1], part.weight) for part in self.parts)

    def detail(self, rate: float, cap: int) -> int:
        """Return the share of their pixels that pictures may keep, in the mean of all files."""
        kept = sum(part.detail(rate, cap) for part in self.parts)
        return max(int(FULL_DETAIL * kept / self.files), 1)

    def tokens(self, rate: float, cap: int) -> int:
        """Return the tokens of all files, 0 where one of them is refused."""
        tokens = [part.tokens(rate, cap) for part in self.parts]
        return sum(tokens) if all(tokens) else 0

    def best(self, available: int, prefer: Prefer) -> tuple[float, int]:
        """Return the rate and the cap to take; raises `BudgetError` when nothing fits."""
        caps = np.array([self.largest_cap(rate, available) or 0 for rate in self.rates])
        if not caps.any():
            raise _nothing_fits(self.tokens(self.rates[0], 1), available)
        pairs = list(zip(self.rates, caps.tolist(), strict=True))
        frames = np.array([max(sum(self.frames(rate)), 1) for rate in self.rates])
        detail = np.array([self.detail(*pair) if pair[1] else 0 for pair in pairs])
        return pairs[PREFERENCES[prefer](frames, detail, FULL_DETAIL)[-1]]

    def largest_cap(self, rate: float, available: int) -> int | None:
        """Return the largest common cap with which all files fit at a rate."""
        if 0 < self.tokens(rate, self.highest_cap) <= available:
            return self.highest_cap
        caps = range(1, self.highest_cap + 1)
        drops = sorted({drop for part in self.parts for drop in part.drops(rate)})
        return largest_cap(caps, drops, partial(self.tokens, rate), available)

    def settings(self, rate: float, cap: int) -> tuple[Setting, ...]:
        """Count each file by itself."""
        pairs = (pair for part in self.parts for pair in part.settings(rate, cap))
        return tuple(setting for _, setting in sorted(pairs, key=itemgetter(0)))


class _Images:
    """Images of one weight."""

    def __init__(
        self, view: View, sizes: dict[int, ImageSize], weight: float, lowest: Lowest
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

    def tokens(self, rate: float, common: int) -> int:
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

    def settings(self, rate: float, common: int) -> Iterator[tuple[int, Setting]]:
        """Yield the setting of each image with its place among the files."""
        cap = self._cap(common) if self.has_cap else None
        counts = image_counts(list(self.sizes.values()), self._shown(common))
        for place, count in zip(self.sizes, counts, strict=True):
            if isinstance(count, ConstraintError):
                raise count
            yield place, Setting(max_pixels=cap, count=count)


class _Clip:
    """A clip with its weight."""

    def __init__(self, choices: ClipChoices, weight: float, place: int) -> None:
        self.choices, self.weight, self.place = choices, weight, place
        self.caps, self.per_clip = choices.caps, is_per_clip(choices.rule)

    def _sharing(self, rate: float) -> int:
        """Return by how many frames a cap is shared."""
        return max(self.choices.frames_at(rate), 1) if self.per_clip else 1

    def _cap(self, rate: float, common: int) -> int:
        low, high = self.caps
        return min(max(int(common * self.weight) * self._sharing(rate), low), high)

    def detail(self, rate: float, common: int) -> float:
        """Return the share of their pixels that the frames may keep."""
        sharing = self._sharing(rate)
        wanted = min(self.choices.own_pixels, self.caps[1] / sharing)
        return min(self._cap(rate, common) / sharing, wanted) / wanted

    def tokens(self, rate: float, common: int) -> int:
        return self.choices.tokens_at(rate, self._cap(rate, common))

    def drops(self, rate: float) -> Iterator[int]:
        """Yield the common cap at which tokens may fall: where frames stop being shrunk.

        A narrow frame has more tokens just below, and so have frames under a total that is
        compared with a rounded number of them.
        """
        area = self.choices.own_pixels
        if self.per_clip:
            frames, group = self._sharing(rate), self.choices.rule.temporal_patch_size
            area = -(-round(frames / group) * group * area // frames)
        yield _common_cap(area, self.weight)

    def settings(self, rate: float, common: int) -> Iterator[tuple[int, Setting]]:
        yield self.place, self.choices.setting(rate, self._cap(rate, common))


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
