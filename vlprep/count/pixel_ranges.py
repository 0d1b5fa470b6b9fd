"""Pixel ranges of a clip's frames for many frame counts and caps at once.

The array form of `vlprep.count.pixels.video_limits`, rule by rule in the same order of operations,
so that all settings of a clip can be compared without a Python step for each. Their equality is a
test.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from vlprep.count.pixels import CAPPED_CLIP_TOKENS, CAPPED_FRAME_TOKENS, FLOOR_SHARE
from vlprep.errors import ConstraintError
from vlprep.maths.sampling import PAIR
from vlprep.models.spec import VideoRule

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


def pixel_ranges(rule: VideoRule, frames: Numbers, max_pixels: Numbers) -> tuple[Floats, Floats]:
    """Return lower and upper limits for (N,) frame counts and (N,) caps, as `video_limits` does.

    Raises `ConstraintError` for a rule that is not known.

    >>> from vlprep import get_model
    >>> rule = get_model("qwen3-vl-plus").rules().video
    >>> low, high = pixel_ranges(rule, np.array([400, 2000]), np.array([655360, 655360]))
    >>> low.tolist(), high.tolist()
    ([4096.0, 4096.0], [655360.0, 134217.728])
    """
    if rule.budget not in RANGES:
        raise ConstraintError(f"unknown rule {rule.budget!r}; known: {', '.join(RANGES)}")
    low, cap = _caller_ranges(rule, max_pixels.astype(np.float64))
    return RANGES[rule.budget](rule, frames, low, cap)


def is_per_clip(rule: VideoRule) -> bool:
    """Say whether the limits of a rule are totals over the frames of a clip.

    >>> from vlprep import get_model
    >>> is_per_clip(get_model("Qwen/Qwen3-VL-8B-Instruct").rules().video)
    True
    """
    return rule.budget in _PER_CLIP


def is_shared_in_whole_pixels(rule: VideoRule) -> bool:
    """Say whether a total is first divided among the frames, and the rest of it left.

    >>> from vlprep import get_model
    >>> model = get_model("Qwen/Qwen3-VL-8B-Instruct")
    >>> is_shared_in_whole_pixels(model.rules("transformers-capped").video)
    True
    """
    return rule.budget in _IN_WHOLE_PIXELS


def _caller_ranges(rule: VideoRule, cap: Floats) -> tuple[Floats, Floats]:
    """Take the caps within the documented limits; a lower limit above a cap gives way."""
    low = np.full_like(cap, rule.min_pixels)
    floor, ceiling = rule.floor_pixels, rule.ceiling_pixels
    if floor is not None:
        low, cap = np.maximum(low, floor), np.maximum(cap, floor)
    if ceiling is not None:
        cap = np.minimum(cap, ceiling)
    if floor is not None:
        low = np.minimum(low, cap)
    return low, cap


_Range = Callable[[VideoRule, Numbers, Floats, Floats], tuple[Floats, Floats]]


def _guide(rule: VideoRule, frames: Numbers, low: Floats, cap: Floats) -> tuple[Floats, Floats]:
    if rule.total_pixels is None:
        raise ConstraintError("this rule set needs total_pixels, and the model has none")
    share = rule.total_pixels / frames * PAIR
    return low, np.maximum(np.minimum(cap, share), np.trunc(low * FLOOR_SHARE))


def _qwen_vl_utils(
    rule: VideoRule, frames: Numbers, low: Floats, cap: Floats
) -> tuple[Floats, Floats]:
    _, own = _guide(rule, frames, low, np.full_like(cap, rule.max_pixels))
    return low, np.minimum(cap, own)


def _frame(rule: VideoRule, frames: Numbers, low: Floats, cap: Floats) -> tuple[Floats, Floats]:
    return low, cap


def _frame_capped(
    rule: VideoRule, frames: Numbers, low: Floats, cap: Floats
) -> tuple[Floats, Floats]:
    total = rule.total_pixels
    if total is None:
        total = int(CAPPED_CLIP_TOKENS * rule.factor * rule.factor * 0.9)
    share = total * PAIR // frames
    return low, np.maximum(np.minimum(cap, share), np.trunc(low * FLOOR_SHARE))


def _clip_capped(
    rule: VideoRule, frames: Numbers, low: Floats, cap: Floats
) -> tuple[Floats, Floats]:
    most, share = CAPPED_FRAME_TOKENS * rule.factor**2, cap // frames
    per_frame = np.maximum(np.minimum(most, share), np.trunc(low * FLOOR_SHARE))
    return low, per_frame * frames


RANGES: dict[str, _Range] = {
    "guide": _guide,
    "qwen-vl-utils": _qwen_vl_utils,
    "frame": _frame,
    "frame-capped": _frame_capped,
    "clip": _frame,
    "clip-capped": _clip_capped,
}

_PER_CLIP = ("clip", "clip-capped")
_IN_WHOLE_PIXELS = ("clip-capped",)
