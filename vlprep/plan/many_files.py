"""Several images and clips under one number of tokens: one common cap, and one common rate.

The cap is exact: the largest whole number at which all fit. The rate goes in twentieths of the
wanted one, because every clip has its own steps. One clip alone is `vlprep.plan.one_clip`'s, more
requests than one are `vlprep.plan.requests`'.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vlprep.count.pixel_ranges import is_per_clip
from vlprep.count.tokens import TokenCount, image_token_counts, image_tokens_batch
from vlprep.errors import BudgetError, ConstraintError
from vlprep.maths.geometry import SizeArray
from vlprep.models.spec import ModelSpec
from vlprep.plan.one_clip import PREFERENCES, Prefer
from vlprep.plan.packing import largest_cap, narrow_drops
from vlprep.plan.settings import ClipChoices, cap_range
from vlprep.types import ImageSize, VideoInfo

RATE_STEPS = 20
"""The common rate is a whole number of so many parts of the wanted one."""


FULL_DETAIL = 1_000_000
"""Detail of files that are all shown as large as the model takes them; less is a share of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one file gets."""

    fps: float | None
    """Frames per second to ask for; `None` for an image or a list of images."""
    max_pixels: int
    """Cap to ask for: of a picture, or of the whole clip where the rules say so."""
    count: TokenCount
    """What the counter says to this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPlan:
    """The settings chosen for several files together."""

    max_pixels: int
    """Common cap of a picture or of a frame, before weights and each file's own limits."""
    fps: float | None
    """Common rate of the clips; `None` where there are none that have one."""
    shares: tuple[Share, ...]
    """What each file gets, in order."""
    available: int
    """Tokens that they may cost together."""
    prefer: Prefer
    """What was kept where not all fits."""
    wanted_tokens: int
    """What all would cost with the highest rate and cap."""

    @property
    def tokens(self) -> int:
        """Tokens of all files together."""
        return sum(share.count.total for share in self.shares)


def plan_together(
    files: Sequence[ImageSize | VideoInfo],
    model: ModelSpec,
    available: int,
    *,
    prefer: Prefer = "balanced",
    weights: Sequence[float] | None = None,
    rules: str | None = None,
    fps_range: tuple[float, float] | None = None,
    min_pixels: int | None = None,
    max_pixels: int | None = None,
) -> SharedPlan:
    """Choose one cap, and one rate for the clips, with which all files cost at most `available`.

    A file with a weight gets the cap times its weight, within what may be set for it; 1 is usual.
    Of clips whose limit is a total, each frame gets the cap. "motion" takes the highest rate at
    which all fit, and then the largest cap; "detail" the largest cap, and then the highest rate;
    "balanced" weighs frames against pixels as `plan_clip` does.

    Raises `BudgetError` when nothing fits, `ConstraintError` for weights that cannot be, and the
    errors of counting.

    >>> from vlprep import get_model
    >>> plan = plan_together([ImageSize(1280, 1280)] * 90, get_model("qvq-max"), 106_496)
    >>> plan.max_pixels, plan.tokens
    (960400, 104220)
    """
    needs = _Needs(
        files, model, _checked(weights, files), rules, fps_range, (min_pixels, max_pixels)
    )
    rates = needs.rates
    caps = np.array([needs.largest_cap(rate, available) or 0 for rate in rates])
    if not caps.any():
        raise _nothing_fits(needs, available)
    frames = np.array([needs.frames(rate) for rate in rates])
    detail = [needs.detail(rate, cap) if cap else 0 for rate, cap in zip(rates, caps, strict=True)]
    row = PREFERENCES[prefer](frames, np.array(detail), FULL_DETAIL)[-1]
    return SharedPlan(
        max_pixels=int(caps[row]),
        fps=rates[row] if needs.has_rate else None,
        shares=needs.shares(rates[row], int(caps[row])),
        available=available,
        prefer=prefer,
        wanted_tokens=needs.tokens(rates[-1], needs.highest_cap),
    )


def _checked(
    weights: Sequence[float] | None, files: Sequence[ImageSize | VideoInfo]
) -> Sequence[float]:
    if not files:
        raise ConstraintError("no files to plan for")
    if weights is None:
        return [1.0] * len(files)
    if len(weights) != len(files) or not all(0 < weight < float("inf") for weight in weights):
        raise ConstraintError(f"weights: wanted {len(files)} numbers above 0, one for each file")
    return weights


class _Needs:
    """What files cost together at a rate and a cap."""

    def __init__(
        self,
        files: Sequence[ImageSize | VideoInfo],
        model: ModelSpec,
        weights: Sequence[float],
        rules: str | None,
        fps_range: tuple[float, float] | None,
        bounds: tuple[int | None, int | None],
    ) -> None:
        self.model, self.rules, self.files, self.weights = model, rules, files, weights
        self.clips = {
            place: _Clip(ClipChoices(
                info, model, rules=rules, min_pixels=bounds[0], max_pixels=bounds[1],
                fps_range=None if info.frame_count_from == "list" else fps_range,
            ), weight)
            for place, (info, weight) in enumerate(zip(files, weights, strict=True))
            if isinstance(info, VideoInfo)
        }  # fmt: skip
        self.images = self._image_groups(bounds)

    def _image_groups(self, bounds: tuple[int | None, int | None]) -> list[_Images]:
        places: dict[float, list[int]] = {}
        for place, weight in enumerate(self.weights):
            if place not in self.clips:
                places.setdefault(weight, []).append(place)
        if not places:
            return []
        caps = cap_range(self.model.rules(self.rules).image_rule(self.model.name), *bounds)
        return [
            _Images(
                self.model, self.rules, caps, weight, tuple(found),
                [size for k in found if isinstance(size := self.files[k], ImageSize)],
            )
            for weight, found in places.items()
        ]  # fmt: skip

    @property
    def has_rate(self) -> bool:
        """Whether there is a clip whose rate may be chosen."""
        return any(not clip.choices.is_list for clip in self.clips.values())

    @cached_property
    def rates(self) -> list[float]:
        """Return the common rates, ascending, at which every clip can be counted."""
        ranges = [clip.choices.rates for clip in self.clips.values() if not clip.choices.is_list]
        if not ranges:
            return [0.0]
        low, high = max(low for low, _ in ranges), max(high for _, high in ranges)
        steps = [round(high * k / RATE_STEPS, 6) for k in range(1, RATE_STEPS)]
        rates = [rate for rate in steps if low <= rate < high and self._all_count(rate)]
        return [*rates, high]

    def _all_count(self, rate: float) -> bool:
        return all(clip.choices.frames_at(rate) for clip in self.clips.values())

    def frames(self, rate: float) -> int:
        """Return the frames of all clips, at least 1."""
        return max(sum(clip.choices.frames_at(rate) for clip in self.clips.values()), 1)

    @cached_property
    def highest_cap(self) -> int:
        """The common cap that gives every file the highest of its own."""
        tops = [group.caps[1] / group.weight for group in self.images]
        tops += [clip.choices.caps[1] / clip.weight for clip in self.clips.values()]
        return math.ceil(max(tops))

    def detail(self, rate: float, cap: int) -> int:
        """Return the share of their pixels that pictures may keep, in the mean of all files."""
        parts = [group.detail(cap) for group in self.images]
        parts += [clip.detail(rate, cap) for clip in self.clips.values()]
        return max(int(FULL_DETAIL * sum(parts) / len(self.files)), 1)

    def tokens(self, rate: float, cap: int) -> int:
        """Return the tokens of all files, 0 where one of them is refused."""
        parts = [group.tokens(cap) for group in self.images]
        parts += [clip.tokens(rate, cap) for clip in self.clips.values()]
        return sum(parts) if all(parts) else 0

    def largest_cap(self, rate: float, available: int) -> int | None:
        """Return the largest common cap with which all files fit at a rate."""
        highest = self.highest_cap
        if 0 < self.tokens(rate, highest) <= available:
            return highest
        drops = {drop for group in self.images for drop in group.drops()}
        drops |= {drop for clip in self.clips.values() for drop in clip.drops(rate)}
        return largest_cap(
            range(1, highest + 1),
            sorted(drops),
            lambda cap: self.tokens(rate, cap) > 0,
            lambda cap: self.tokens(rate, cap) > available,
        )

    def shares(self, rate: float, cap: int) -> tuple[Share, ...]:
        """Count each file by itself."""
        found: dict[int, Share] = {}
        for group in self.images:
            found.update(group.shares(cap))
        for place, clip in self.clips.items():
            found[place] = clip.share(rate, cap)
        return tuple(found[place] for place in range(len(self.files)))


class _Images:
    """Images of one weight."""

    def __init__(
        self,
        model: ModelSpec,
        rules: str | None,
        caps: tuple[int, int],
        weight: float,
        places: tuple[int, ...],
        sizes: list[ImageSize],
    ) -> None:
        self.model, self.rules, self.caps, self.weight = model, rules, caps, weight
        self.places, self.sizes = places, sizes
        self.distinct, self.counts = np.unique(np.array(sizes), axis=0, return_counts=True)
        self.rule = model.rules(rules).image_rule(model.name)

    def cap(self, common: int) -> int:
        low, high = self.caps
        return min(max(int(common * self.weight), low), high)

    @cached_property
    def own_pixels(self) -> SizeArray:
        """Pixels of each distinct size, rounded to whole tokens."""
        rounded = np.maximum(np.rint(self.distinct / self.rule.factor), 1) * self.rule.factor
        pixels: SizeArray = rounded.prod(axis=1).astype(np.int64)
        return pixels

    def detail(self, common: int) -> float:
        """Return the sum of the shares of pixels that the images may keep."""
        wanted = np.minimum(self.own_pixels, self.caps[1])
        return float((np.minimum(wanted, self.cap(common)) / wanted) @ self.counts)

    def tokens(self, common: int) -> int:
        tokens = image_tokens_batch(
            self.distinct, self.model, max_pixels=self.cap(common), rules=self.rules
        )
        return int(tokens @ self.counts) if (tokens > 0).all() else 0

    def drops(self) -> list[int]:
        own = narrow_drops(self.distinct, self.rule, range(self.caps[0], self.caps[1] + 1))
        return [int(-(-drop // self.weight)) for drop in own]

    def shares(self, common: int) -> dict[int, Share]:
        cap, found = self.cap(common), {}
        counts = image_token_counts(self.sizes, self.model, max_pixels=cap, rules=self.rules)
        for place, count in zip(self.places, counts, strict=True):
            if isinstance(count, ConstraintError):
                raise count
            found[place] = Share(fps=None, max_pixels=cap, count=count)
        return found


class _Clip:
    """A clip with its weight."""

    def __init__(self, choices: ClipChoices, weight: float) -> None:
        self.choices, self.weight = choices, weight
        self.per_clip = is_per_clip(choices.rule)

    def cap(self, rate: float, common: int) -> int:
        low, high = self.choices.caps
        frames = self.choices.frames_at(rate) if self.per_clip else 1
        return min(max(int(common * self.weight) * frames, low), high)

    def detail(self, rate: float, common: int) -> float:
        """Return the share of their pixels that the frames may keep."""
        own, high = self.choices.own_pixels, self.choices.caps[1]
        frames = self.choices.frames_at(rate) if self.per_clip else 1
        wanted = min(own, high / frames)
        return min(self.cap(rate, common) / frames, wanted) / wanted

    def tokens(self, rate: float, common: int) -> int:
        return self.choices.tokens_at(self.choices.frames_at(rate), self.cap(rate, common))

    def drops(self, rate: float) -> list[int]:
        """Return the common caps at which tokens may fall: where frames stop being shrunk.

        A narrow frame has more tokens just below, and so have frames under a total that is
        compared with a rounded number of them.
        """
        frames = max(self.choices.frames_at(rate), 1)
        group = self.choices.rule.temporal_patch_size
        areas = [self.choices.own_pixels]
        if self.per_clip:
            areas = [-(-round(frames / group) * group * area // frames) for area in areas]
        return [int(-(-area // self.weight)) for area in areas]

    def share(self, rate: float, common: int) -> Share:
        setting = self.choices.setting(rate, self.cap(rate, common))
        return Share(fps=setting.fps, max_pixels=setting.max_pixels, count=setting.count)


def _nothing_fits(needs: _Needs, available: int) -> BudgetError:
    needed = needs.tokens(needs.rates[0], 1)
    return BudgetError(
        needed,
        available,
        f"{needed:,} tokens are the least that all files cost together, and {available:,} are "
        "there; split them into several requests, or leave some out",
    )
