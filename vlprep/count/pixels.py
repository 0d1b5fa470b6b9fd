"""Pixel ranges: the model's limits, the caller's, and a clip's budget shared out over its frames.

What a range makes of a size is in `vlprep.maths.geometry`; `BUDGETS` lists the references' ways of
giving the frames of a clip their share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from vlprep.errors import ConstraintError
from vlprep.maths.sampling import PAIR
from vlprep.models.spec import ImageRule, VideoRule


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


def image_limits(
    rule: ImageRule, *, min_pixels: int | None, max_pixels: int | None, high_res: bool
) -> PixelLimits:
    """Return the pixel range of an image, the caller's limits taken within the documented ones."""
    if not high_res:
        return _caller_limits(rule, min_pixels, max_pixels)
    if rule.high_res_pixels is None:
        raise ConstraintError("the high-resolution mode is the API's; this rule set has none")
    ignored = ("max_pixels is ignored in high-resolution mode",) if max_pixels is not None else ()
    limits = _caller_limits(rule, min_pixels, None)
    return PixelLimits(
        limits.min_pixels,
        rule.high_res_pixels,
        "the high-resolution mode",
        warnings=limits.warnings + ignored,
    )


def _caller_limits(
    rule: ImageRule | VideoRule, min_pixels: int | None, max_pixels: int | None
) -> PixelLimits:
    low = rule.min_pixels if min_pixels is None else min_pixels
    high = rule.max_pixels if max_pixels is None else max_pixels
    if min_pixels is not None and low > high:
        raise ConstraintError(f"min_pixels {low:,} is above max_pixels {high:,}")
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
        low = high
    bound_by = "the default cap" if max_pixels is None else "max_pixels"
    return PixelLimits(low, high, bound_by, warnings=tuple(warnings))


def video_limits(
    rule: VideoRule,
    frames: int,
    min_pixels: int | None,
    max_pixels: int | None,
    total_pixels: int | None,
) -> PixelLimits:
    """Return the pixel range of a clip's frames, shared out as the model's budget rule says."""
    asked = rule
    if rule.budget in LIFTED and min_pixels is not None and max_pixels is None:
        asked = replace(rule, max_pixels=max(rule.max_pixels, int(min_pixels * FLOOR_SHARE)))
    caller = _caller_limits(asked, min_pixels, max_pixels)
    total = rule.total_pixels if total_pixels is None else total_pixels
    if rule.budget not in BUDGETS:
        raise ConstraintError(f"unknown rule {rule.budget!r}; known: {', '.join(BUDGETS)}")
    return BUDGETS[rule.budget](rule, frames, caller, total)


_Budget = Callable[[VideoRule, int, PixelLimits, int | None], PixelLimits]

FLOOR_SHARE = 1.05
"""However small the clip's budget, a frame may have this many times the lower limit."""

LIFTED = ("qwen-vl-utils",)
"""Ways of sharing under which a lower limit near the default cap, or above it, lifts that cap."""

CAPPED_FRAME_TOKENS = 768
"""Most tokens of a frame under transformers' cap_pixels_per_frame (Qwen3-VL and later)."""

CAPPED_CLIP_TOKENS = 128000
"""Context that transformers' cap_pixels_per_frame assumes for Qwen2-VL; 90 % of it is used."""


def _shared(
    rule: VideoRule, frames: int, low: float, cap: PixelLimits, total: float
) -> PixelLimits:
    """Give each frame its share of the clip's budget, bounded by the cap and the floor."""
    share = total / frames * PAIR  # the references' order of operations
    floor = int(low * FLOOR_SHARE)
    high = max(min(cap.max_pixels, share), floor)
    bound_by = cap.bound_by
    if high == floor and floor > min(cap.max_pixels, share):
        bound_by = f"{FLOOR_SHARE} times the lower limit"
    elif share < cap.max_pixels:
        bound_by = f"the clip's budget of {total:,.0f} pixels over {frames:,} frames"
    return PixelLimits(low, high, bound_by, warnings=cap.warnings)


def _guide(rule: VideoRule, frames: int, caller: PixelLimits, total: int | None) -> PixelLimits:
    if total is None:
        raise ConstraintError("this rule set needs total_pixels, and the model has none")
    return _shared(rule, frames, caller.min_pixels, caller, total)


def _qwen_vl_utils(
    rule: VideoRule, frames: int, caller: PixelLimits, total: int | None
) -> PixelLimits:
    own_cap = PixelLimits(caller.min_pixels, rule.max_pixels, "the default cap")
    limits = _guide(rule, frames, own_cap, total)
    if caller.max_pixels < limits.max_pixels:
        return PixelLimits(limits.min_pixels, caller.max_pixels, "max_pixels")
    return limits


def _frame(rule: VideoRule, frames: int, caller: PixelLimits, total: int | None) -> PixelLimits:
    _refuse_total(total)
    return caller


def _frame_capped(
    rule: VideoRule, frames: int, caller: PixelLimits, total: int | None
) -> PixelLimits:
    if total is None:
        total = int(CAPPED_CLIP_TOKENS * rule.factor * rule.factor * 0.9)
    share = total * PAIR // frames
    high = max(min(caller.max_pixels, share), int(caller.min_pixels * FLOOR_SHARE))
    bound_by = caller.bound_by if high == caller.max_pixels else "the frame's share of the clip"
    return PixelLimits(caller.min_pixels, high, bound_by)


def _clip(rule: VideoRule, frames: int, caller: PixelLimits, total: int | None) -> PixelLimits:
    _refuse_total(total)
    bound_by = f"{caller.bound_by}, shared by all frames"
    return PixelLimits(caller.min_pixels, caller.max_pixels, bound_by, per_clip=True)


def _clip_capped(
    rule: VideoRule, frames: int, caller: PixelLimits, total: int | None
) -> PixelLimits:
    _refuse_total(total)
    cap, share = CAPPED_FRAME_TOKENS * rule.factor**2, caller.max_pixels // frames
    per_frame = max(min(cap, share), int(caller.min_pixels * FLOOR_SHARE))
    bound_by = "768 tokens a frame" if per_frame == cap else f"{caller.bound_by}, shared evenly"
    return PixelLimits(caller.min_pixels, per_frame * frames, bound_by, per_clip=True)


BUDGETS: dict[str, _Budget] = {
    "guide": _guide,  # a caller's max_pixels replaces the cap of a frame
    "qwen-vl-utils": _qwen_vl_utils,  # a caller's max_pixels can only lower it
    "frame": _frame,  # limits per frame, clip unbounded
    "frame-capped": _frame_capped,
    "clip": _clip,  # limits are totals over the frames
    "clip-capped": _clip_capped,
}


def _refuse_total(total: int | None) -> None:
    if total is not None:
        raise ConstraintError("this rule set has no total_pixels; max_pixels bounds what there is")
