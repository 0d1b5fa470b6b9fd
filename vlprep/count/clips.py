"""Count the tokens of many clips at once: arrays of frames, rates and sizes in, totals out.

Each step is that of `vlprep.count.tokens`, which counts one clip.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vlprep.count.pixels import is_per_clip, video_ranges
from vlprep.count.pruning import kept_tokens
from vlprep.count.tokens import every_frame, frames_asked, leading_digit_ends, shows_every
from vlprep.errors import ConstraintError
from vlprep.maths.frame_counts import PAIR, count_frames
from vlprep.maths.geometry import smart_resize_clip_ranges, smart_resize_ranges
from vlprep.maths.sampling import ASSUMED_FPS, moments_at
from vlprep.models.spec import VideoRule
from vlprep.view import View

_Ints: TypeAlias = npt.NDArray[np.int64]
_Floats: TypeAlias = npt.NDArray[np.float64]

CHUNK_CLIPS = 1 << 13
"""Clips counted at a time, so that memory stays flat."""


def video_totals(
    frame_counts: npt.ArrayLike, rates: npt.ArrayLike, sizes: npt.ArrayLike, view: View
) -> npt.NDArray[np.int64]:
    """Count the tokens of many clips: (N,) frames, (N,) rates and (N, 2) sizes in, N totals out.

    Rates are the files' own, in frames per second; one number serves all, of frames as well. Sizes
    are (height, width). A clip that `video_count` refuses counts 0. Works in chunks: beside input
    and output it needs some ten MB.

    Raises `ConstraintError` for a part of the clips, and the errors of `video_count` that do not
    depend on the clip.

    >>> video_totals([300, 60], 30.0, [[720, 1280], [720, 1280]], View.of("qwen3-vl-plus")).tolist()
    [5942, 1190]
    """
    asked = view.options
    if asked.start_seconds is not None or asked.end_seconds is not None:
        raise ConstraintError("start_seconds, end_seconds: of many clips the whole is counted")
    rows = np.asarray(sizes, np.int64).reshape(-1, 2)
    frames = np.broadcast_to(np.asarray(frame_counts, np.int64), len(rows))
    own_rates = np.broadcast_to(np.asarray(rates, np.float64), len(rows))
    if (assumed := view.video_rule.assumed_fps) is not None:
        own_rates = np.where(own_rates > 0, own_rates, assumed)
    totals = np.empty(len(rows), np.int64)
    for start in range(0, len(rows), CHUNK_CLIPS):
        part = slice(start, start + CHUNK_CLIPS)
        totals[part] = _clip_totals(frames[part], own_rates[part], rows[part], view)
    return totals


def _clip_totals(frames: _Ints, rates: _Floats, sizes: _Ints, view: View) -> _Ints:
    rule, prompt = view.video_rule, view.rules.prompt
    if shows_every(view):
        counts = np.where(frames > 0, every_frame(frames, view), 0)
    else:
        counts = _counted(frames, rates, view)
    shown = np.maximum(counts, 1)
    resized = _resize_clips(sizes, shown, view)
    steps = -(-shown // rule.temporal_patch_size)
    step_tokens = resized.prod(axis=1) // rule.factor**2
    visual = np.where(step_tokens > 0, kept_tokens(rule.pruning, steps, step_tokens), 0)
    beside = prompt.video_markers + steps * prompt.step_markers
    if prompt.timestamps:
        beside = beside + _timestamps_of_clips(frames, rates, shown, view)
    return np.where((counts > 0) & (visual > 0), visual + beside, 0)


def _counted(frames: _Ints, rates: _Floats, view: View) -> _Ints:
    rule, asked = view.video_rule, {**frames_asked(view), "strict": view.options.strict}
    counts: _Ints = count_frames(frames, rates, **asked)
    if not (rule.samples_again and view.options.fps):
        return counts
    again: _Ints = count_frames(frames, rates, **{**asked, "fps": rule.fps})
    return np.where(counts == frames, again, counts)


def _resize_clips(sizes: _Ints, counts: _Ints, view: View) -> _Ints:
    """Return the size of each clip's frames, (0, 0) where the rules refuse."""
    rule, asked = view.video_rule, view.options
    limits = asked.max_pixels, asked.min_pixels, asked.total_pixels
    if rule.first is None:
        return resize_clips(sizes, counts, rule, *limits, strict=asked.strict)
    handed = resize_clips(sizes, counts, rule.first, *limits, strict=asked.strict)
    return resize_clips(handed, counts, rule, strict=asked.strict)


def resize_clips(
    sizes: _Ints,
    counts: _Ints,
    rule: VideoRule,
    max_pixels: _Ints | int | None = None,
    min_pixels: int | None = None,
    total_pixels: int | None = None,
    *,
    strict: bool = False,
) -> _Ints:
    """Return the size of each clip's frames by one rule, (0, 0) where it refuses.

    Sizes are (N, 2), or one (1, 2) for all; counts are (N,); `max_pixels` is one cap or (N,) caps.
    """
    low, high = video_ranges(rule, counts, max_pixels, min_pixels, total_pixels)
    paired = counts if strict else np.maximum(counts, PAIR)
    sides = sizes[:, 0], sizes[:, 1]
    if is_per_clip(rule):
        return smart_resize_clip_ranges(
            paired, *sides, factor=rule.factor, min_pixels=low, max_pixels=high,
            temporal_factor=rule.temporal_patch_size,
        )  # fmt: skip
    return smart_resize_ranges(
        *sides, factor=rule.factor, min_pixels=low, max_pixels=high, reference=rule.resize
    )


def _timestamps_of_clips(frames: _Ints, rates: _Floats, counts: _Ints, view: View) -> _Ints:
    """Count the text before each step, as `timestamp_tokens` does for one clip."""
    rule, asked = view.video_rule, view.options
    size = rule.temporal_patch_size
    steps = -(-counts // size)
    clip = np.repeat(np.arange(len(counts)), steps)
    step = np.arange(len(clip)) - np.repeat(np.cumsum(steps) - steps, steps)
    ends = step * size, np.minimum(step * size + size - 1, counts[clip] - 1)
    known = np.where((rates > 0) & np.isfinite(rates), rates, ASSUMED_FPS)
    first, last = (
        moments_at(
            places, frames[clip], known[clip], counts[clip],
            fps=rule.fps if asked.fps is None else asked.fps,
            sampling=asked.sampling or rule.sampling,
        )
        for places in ends
    )  # fmt: skip
    digits = np.searchsorted(leading_digit_ends(), (first + last) / 2, side="right")
    texts: _Ints = 6 * steps + np.bincount(clip, digits, len(counts)).astype(np.int64)
    return texts
