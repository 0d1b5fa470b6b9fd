"""Pixel ranges: the model's limits, the caller's, and a clip's budget shared out over its frames.

Each rule is written once, for the frames of one clip and for arrays of clips, so that all settings
of a clip can be compared without a Python step for each. What a range makes of a size is in
`vlprep.maths.geometry`; `BUDGETS` lists the references' ways of giving the frames their share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from vlprep.display import brief
from vlprep.errors import ConstraintError
from vlprep.maths.arithmetic import NUMBERS, Arithmetic, arrays
from vlprep.maths.geometry import PAIR
from vlprep.models.spec import ImageRule, VideoRule

if TYPE_CHECKING:  # numpy is slow to import, and one clip needs none
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]

FLOOR_SHARE = 1.05
"""However small the clip's budget, a frame may have this many times the lower limit."""

CAPPED_FRAME_TOKENS = 768
"""Most tokens of a frame under transformers' cap_pixels_per_frame (Qwen3-VL and later).

That is its max_video_tokens, which a model's own file may set.
"""

CAPPED_CLIP_TOKENS = 128000
"""Context that transformers' cap_pixels_per_frame assumes for Qwen2-VL; 90 % of it is used."""


@dataclass(frozen=True, slots=True)
class PixelLimits:
    """The pixel range that a picture is resized into, and what set it."""

    min_pixels: float
    """Lower bound."""
    max_pixels: float
    """Upper bound."""
    bound_by: str
    """What the upper bound comes from, in words."""
    per_clip: bool = False
    """Whether the range is a total over all frames of a clip."""
    warnings: tuple[str, ...] = ()
    """Where the caller's limits were not taken as they are."""

    def __repr__(self) -> str:
        of = " of a clip" if self.per_clip else ""
        return brief(self, f"{self.min_pixels:,} to {self.max_pixels:,} pixels{of}", self.bound_by)


def image_limits(
    rule: ImageRule,
    *,
    min_pixels: int | None = None,
    max_pixels: int | None = None,
    high_res: bool = False,
) -> PixelLimits:
    """Return the pixel range of an image, the caller's limits taken within the documented ones.

    Where a framework resizes images first, it is the range of that.
    """
    if not high_res:
        asked = _asked(rule, min_pixels, max_pixels)
        low, high = _within_documents(rule, *asked)
        if not rule.cap_can_fall:
            high = max(high, rule.max_pixels)
        said, bound_by = _said(rule, *asked), _bound_by(max_pixels)
        return PixelLimits(_plain(low), _plain(high), bound_by, warnings=said)
    if rule.high_res_pixels is None:
        raise ConstraintError("the high-resolution mode is the API's; this rule set has none")
    ignored = ("max_pixels is ignored in high-resolution mode",) if max_pixels is not None else ()
    usual = image_limits(rule, min_pixels=min_pixels, max_pixels=None, high_res=False)
    return PixelLimits(
        usual.min_pixels,
        rule.high_res_pixels,
        "the high-resolution mode",
        warnings=usual.warnings + ignored,
    )


def video_limits(
    rule: VideoRule,
    frames: int,
    min_pixels: int | None = None,
    max_pixels: int | None = None,
    total_pixels: int | None = None,
) -> PixelLimits:
    """Return the pixel range of a clip's frames, shared out as the model's budget rule says.

    Raises `ConstraintError` for limits in the wrong order, for a rule that is not known, and for a
    total where the rule has none.
    """
    budget = _budget(rule)
    low, high = _asked(rule, min_pixels, max_pixels, lifted=budget.lifts_cap)
    ranges = _ranges(budget, rule, frames, low, high, total_pixels, NUMBERS)
    cap_is = _bound_by(None if budget.has_own_cap else max_pixels) + budget.shared
    bound_by, most = ranges.bound_by(cap_is), ranges.high
    warnings = _said(rule, low, high)
    if budget.has_own_cap and max_pixels is not None and max_pixels > most:
        warnings += (f"max_pixels {max_pixels:,} is lowered to {most:,.0f}: {bound_by}",)
    return PixelLimits(_plain(ranges.low), _plain(most), bound_by, budget.per_clip, warnings)


def has_total_behind(rule: VideoRule) -> bool:
    """Say whether frames are resized once more where all of them share a total of pixels.

    >>> from vlprep import processor
    >>> view = processor("Qwen/Qwen3-VL-8B-Instruct", server="sglang")
    >>> has_total_behind(view.video_rule), has_total_behind(view.by("transformers").video_rule)
    (True, False)
    """
    return rule.first is not None and is_per_clip(rule)


def total_behind(rule: VideoRule, clip_pixels: int | None) -> int | None:
    """Return the total that a caller asks for; raises `ConstraintError` where there is none.

    It is the `max_pixels` of that processor, the `size.longest_edge` of transformers; the caller's
    other limits are those of the first resize.
    """
    if clip_pixels is None or has_total_behind(rule):
        return clip_pixels
    of = "a clip" if is_per_clip(rule) else "a frame"
    raise ConstraintError(
        "`clip_pixels` is the total of a processor behind a server's own resize; there is none "
        f"here, and `max_pixels` is that of {of}"
    )


def video_ranges(
    rule: VideoRule,
    frames: Numbers,
    max_pixels: Numbers | int | None = None,
    min_pixels: int | None = None,
    total_pixels: int | None = None,
) -> tuple[Floats, Floats]:
    """Return lower and upper limits for (N,) frame counts, as `video_limits` does for one.

    `max_pixels` is one cap for all, or (N,) caps, to which a lower limit above them gives way.

    >>> import numpy as np
    >>> from vlprep import get_model
    >>> rule = get_model("qwen3-vl-plus").rules().video
    >>> low, high = video_ranges(rule, np.array([400, 2000]), np.array([655360, 655360]))
    >>> low.tolist(), high.tolist()
    ([4096.0, 4096.0], [655360.0, 134217.728])
    """
    import numpy as np

    budget = _budget(rule)
    low: Floats | float
    high: Floats | float
    if isinstance(max_pixels, np.ndarray):
        high = max_pixels.astype(np.float64)
        low = rule.min_pixels if min_pixels is None else np.minimum(min_pixels, high)
    else:
        low, high = _asked(rule, min_pixels, max_pixels, lifted=budget.lifts_cap)
    lows, highs, _ = np.broadcast_arrays(np.float64(low), np.float64(high), frames)
    ranges = _ranges(budget, rule, frames, lows, highs, total_pixels, arrays())
    return ranges.low, ranges.high


def highest_cap(
    rule: ImageRule | VideoRule, min_pixels: int | None = None, max_pixels: int | None = None
) -> int:
    """Return the cap in force where nothing is shared out: the caller's, or else the default one.

    Raises `ConstraintError` for limits in the wrong order.

    >>> from vlprep import get_model
    >>> highest_cap(get_model("qwen3-vl-plus").rules().image, max_pixels=10**9)
    16777216
    """
    lifted = isinstance(rule, VideoRule) and _budget(rule).lifts_cap
    asked = _asked(rule, min_pixels, max_pixels, lifted=lifted)
    return int(_within_documents(rule, *asked)[1])


def is_per_clip(rule: VideoRule) -> bool:
    """Say whether the limits of a rule are totals over the frames of a clip.

    >>> from vlprep import get_model
    >>> is_per_clip(get_model("Qwen/Qwen3-VL-8B-Instruct").rules().video)
    True
    """
    return _budget(rule).per_clip


# What the caller asks, within what the documents allow.


def _asked(
    rule: ImageRule | VideoRule,
    min_pixels: int | None,
    max_pixels: int | None,
    *,
    lifted: bool = False,
) -> tuple[float, float]:
    usual = rule.first if isinstance(rule, ImageRule) and rule.first else rule
    low = usual.min_pixels if min_pixels is None else min_pixels
    high = usual.max_pixels if max_pixels is None else max_pixels
    if lifted and min_pixels is not None and max_pixels is None:
        high = max(high, int(min_pixels * FLOOR_SHARE))
    if min_pixels is not None and low > high:
        raise ConstraintError(f"min_pixels {low:,} is above max_pixels {high:,}")
    return low, high


def _within_documents(
    rule: ImageRule | VideoRule, low: Any, high: Any, of: Arithmetic = NUMBERS
) -> tuple[Any, Any]:
    if rule.floor_pixels is not None:
        low, high = of.most(low, rule.floor_pixels), of.most(high, rule.floor_pixels)
    if rule.ceiling_pixels is not None:
        high = of.least(high, rule.ceiling_pixels)
    if rule.floor_pixels is not None:
        low = of.least(low, high)
    return low, high


def _said(rule: ImageRule | VideoRule, low: float, high: float) -> tuple[str, ...]:
    """Say what becomes of limits that the documents do not allow."""
    warnings: list[str] = []
    floor, ceiling = rule.floor_pixels, rule.ceiling_pixels
    if floor is not None and min(low, high) < floor:
        warnings.append(f"pixel limits below the documented lowest, {floor:,}, are raised to it")
        low, high = max(low, floor), max(high, floor)
    if ceiling is not None and high > ceiling:
        warnings.append(f"max_pixels above the documented highest, {ceiling:,}, is lowered to it")
        high = ceiling
    if floor is not None and low > high:
        warnings.append(f"max_pixels is below the default min_pixels {low:,}, which gives way")
    return tuple(warnings)


def _bound_by(max_pixels: int | None) -> str:
    return "the default cap" if max_pixels is None else "max_pixels"


def _plain(value: Any) -> float:
    """Return a whole number of pixels as an `int`, so that it is written as one."""
    number = float(value)
    return int(number) if number.is_integer() else number


# How the frames of a clip share its budget.


class _Ranges(NamedTuple):
    """Limits of a frame, or of a clip, and what bounds them; numbers, or (N,) arrays."""

    low: Any
    """Lower limit."""
    cap: Any
    """Upper limit: the caller's, or the default one."""
    of: Arithmetic
    share: Any = None
    """What the clip's budget leaves to a frame."""
    share_is: Callable[[], str] = str
    """What that is, in words; asked of one clip only."""
    has_floor: bool = True
    """Whether `FLOOR_SHARE` of the lower limit is allowed in any case."""
    at_most: Any = None
    """A cap of the caller that counts after the floor."""
    times: Any = 1
    """Frames by which the result is multiplied."""

    @property
    def _floor(self) -> Any:
        return self.of.trunc(self.low * FLOOR_SHARE) if self.has_floor else 0

    @property
    def high(self) -> Any:
        """Upper limit in force."""
        high = self.cap if self.share is None else self.of.least(self.cap, self.share)
        high = self.of.most(high, self._floor)
        if self.at_most is not None:
            high = self.of.least(high, self.at_most)
        return high * self.times

    def bound_by(self, cap_is: str) -> str:
        """Say what the upper limit of one clip comes from."""
        cap, floor = self.cap, self._floor
        share = cap if self.share is None else self.share
        if self.at_most is not None and self.at_most < max(min(cap, share), floor):
            return "max_pixels"
        if floor > min(cap, share):
            return f"{FLOOR_SHARE} times the lower limit"
        return self.share_is() if share < cap else cap_is


def _ranges(
    budget: Budget, rule: VideoRule, frames: Any, low: Any, high: Any, total: int | None,
    of: Arithmetic,
) -> _Ranges:  # fmt: skip
    total = rule.total_pixels if total is None else total
    if total is not None and not budget.takes_total:
        raise ConstraintError("this rule set has no `total_pixels`; give `max_pixels`")
    limits = _within_documents(rule, low, high, of)
    return budget.ranges(rule, frames, _Ranges(*limits, of), total)


def _guide(rule: VideoRule, frames: Any, limits: _Ranges, total: int | None) -> _Ranges:
    if total is None:
        raise ConstraintError("this rule set needs total_pixels, and the model has none")
    share = total / frames * PAIR  # the references' order of operations
    return limits._replace(
        share=share,
        share_is=lambda: f"the clip's budget of {total:,.0f} pixels over {frames:,} frames",
    )


def _qwen_vl_utils(rule: VideoRule, frames: Any, limits: _Ranges, total: int | None) -> _Ranges:
    """Share as the guide does, but a caller's cap can only lower what comes of it."""
    own = limits._replace(cap=rule.max_pixels)
    return _guide(rule, frames, own, total)._replace(at_most=limits.cap)


def _sglang(rule: VideoRule, frames: Any, limits: _Ranges, total: int | None) -> _Ranges:
    """Share as the guide does, but no floor lifts what is shared above the cap."""
    return _guide(rule, frames, limits, total)._replace(at_most=limits.cap)


def _as_asked(rule: VideoRule, frames: Any, limits: _Ranges, total: int | None) -> _Ranges:
    return limits._replace(has_floor=False)


def _frame_capped(rule: VideoRule, frames: Any, limits: _Ranges, total: int | None) -> _Ranges:
    if total is None:
        total = int(_cap(rule, CAPPED_CLIP_TOKENS) * rule.factor * rule.factor * 0.9)
    share = total * rule.temporal_patch_size // frames
    return limits._replace(share=share, share_is=lambda: "the frame's share of the clip")


def _clip_capped(rule: VideoRule, frames: Any, limits: _Ranges, total: int | None) -> _Ranges:
    tokens = _cap(rule, CAPPED_FRAME_TOKENS)
    share, cap = tokens * rule.factor**2, limits.cap // frames
    return limits._replace(
        cap=cap, share=share, share_is=lambda: f"{tokens} tokens a frame", times=frames
    )


def _cap(rule: VideoRule, usual: int) -> int:
    return usual if rule.cap_tokens is None else rule.cap_tokens


class Budget(NamedTuple):
    """A reference's way of giving the frames of a clip their share."""

    ranges: Callable[[VideoRule, Any, _Ranges, int | None], _Ranges]
    """From the rule, frame counts, the limits within the documents and the total to the limits."""
    takes_total: bool = False
    """Whether there is a `total_pixels`."""
    per_clip: bool = False
    """Whether the limits are totals over the frames of a clip."""
    in_whole_pixels: bool = False
    """Whether a total is first divided among the frames, and the rest of it left."""
    has_own_cap: bool = False
    """Whether a caller's `max_pixels` can only lower the default cap."""
    lifts_cap: bool = False
    """Whether a lower limit near the default cap, or above it, lifts that cap."""
    shared: str = ""
    """What to say after the name of the cap."""


BUDGETS: dict[str, Budget] = {
    "guide": Budget(_guide, takes_total=True),
    "qwen-vl-utils": Budget(_qwen_vl_utils, takes_total=True, has_own_cap=True, lifts_cap=True),
    "sglang": Budget(_sglang, takes_total=True, lifts_cap=True),
    "frame": Budget(_as_asked),
    "frame-capped": Budget(_frame_capped, takes_total=True),
    "clip": Budget(_as_asked, per_clip=True, shared=", shared by all frames"),
    "clip-capped": Budget(
        _clip_capped, per_clip=True, in_whole_pixels=True, shared=", shared evenly"
    ),
}
"""By the names of the catalogue's video rules."""


def _budget(rule: VideoRule) -> Budget:
    if rule.budget not in BUDGETS:
        raise ConstraintError(f"unknown rule {rule.budget!r}; known: {', '.join(BUDGETS)}")
    return BUDGETS[rule.budget]
