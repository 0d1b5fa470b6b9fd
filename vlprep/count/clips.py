"""Count the tokens of many clips at once: arrays of frames, rates and sizes in, totals out.

Each step is that of `vlprep.count.videos`, which counts one clip. `vlprep.plan` takes the steps one
by one: the clips are then the settings of one.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vlprep.count.pixels import is_per_clip, total_behind, video_ranges
from vlprep.count.timestamps import leading_digit_ends
from vlprep.count.videos import every_frame, frames_asked, kept_tokens, shows_every
from vlprep.errors import ConstraintError
from vlprep.maths.arithmetic import arrays
from vlprep.maths.frame_counts import count_frames
from vlprep.maths.sampling import ASSUMED_FPS, moments_at
from vlprep.maths.size_arrays import smart_resize_clip_ranges, smart_resize_ranges
from vlprep.models.spec import VideoRule
from vlprep.view import View

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

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


def _clip_totals(frames: Ints, rates: Floats, sizes: Ints, view: View) -> Ints:
    if shows_every(view):
        counts = np.where(frames > 0, every_frame(frames, view, of=arrays()), 0)
    else:
        counts = count_clips(frames, rates, view)
    text = timestamps_of_clips(np.zeros_like(frames), frames, rates, counts, view)
    return tokens_of_clips(counts, resize_clips(sizes, counts, view), text, view)


def count_clips(frames: Any, rates: Any, view: View, fps: Any = None) -> Any:
    """Return how many frames are shown of clips, as `count_frames` does for numbers and arrays.

    `fps` are rates asked, one or (N,), in place of the view's one.
    """
    rule, asked = view.video_rule, {**frames_asked(view), "strict": view.options.strict}
    if fps is not None:
        asked["fps"] = fps if rule.most_fps is None else np.minimum(fps, rule.most_fps)
    counts = count_frames(frames, rates, **asked)
    is_asked = fps is not None or view.options.fps or view.options.nframes
    if not rule.samples_again or not is_asked:
        return counts
    once_more = {"fps": rule.fps, "nframes": None, "reference": rule.count}
    again = count_frames(frames, rates, **{**asked, **once_more})
    return np.where(counts == frames, again, counts)


def resize_clips(sizes: Any, counts: Ints, view: View, max_pixels: Ints | None = None) -> Ints:
    """Return the size of the frames of (N,) clips that are shown so many, (0, 0) where refused.

    `sizes` are (N, 2), or one for all; `max_pixels` are (N,) caps in place of the view's one.
    """
    rule, asked, sizes = view.video_rule, view.options, np.asarray(sizes).reshape(-1, 2)
    cap = asked.max_pixels if max_pixels is None else max_pixels
    limits, strict = (cap, asked.min_pixels, asked.total_pixels), asked.strict
    total = total_behind(rule, asked.clip_pixels)
    if rule.first is None:
        return _resize_by(rule, sizes, counts, *limits, strict=strict)
    handed = _resize_by(rule.first, sizes, counts, *limits, strict=strict)
    return _resize_by(rule, handed, counts, total, strict=strict)


def _resize_by(
    rule: VideoRule,
    sizes: Ints,
    counts: Ints,
    max_pixels: Ints | int | None = None,
    min_pixels: int | None = None,
    total_pixels: int | None = None,
    *,
    strict: bool,
) -> Ints:
    """Resize by one of the rules behind each other."""
    low, high = video_ranges(rule, np.maximum(counts, 1), max_pixels, min_pixels, total_pixels)
    sides = sizes.T
    if is_per_clip(rule):
        shown = np.maximum(counts, 1 if strict else rule.temporal_patch_size)
        return smart_resize_clip_ranges(
            shown, *sides, factor=rule.factor, min_pixels=low, max_pixels=high,
            temporal_factor=rule.temporal_patch_size,
        )  # fmt: skip
    return smart_resize_ranges(
        *sides, factor=rule.factor, min_pixels=low, max_pixels=high, reference=rule.resize
    )


def tokens_of_clips(counts: Ints, resized: Ints, text: Ints, view: View) -> Ints:
    """Return the tokens of clips that are shown so many frames of a size; 0 where one is 0.

    `counts` and `text`, the tokens of the timestamps, are of one shape; `resized` has another
    axis for the sides.
    """
    rule, prompt = view.video_rule, view.rules.prompt
    steps = -(-counts // rule.temporal_patch_size)
    step_tokens = resized[..., 0] * resized[..., 1] // rule.factor**2
    shows = (steps > 0) & (step_tokens > 0)
    visual = np.where(shows, kept_tokens(rule.pruning, steps, step_tokens, of=arrays()), 0).astype(
        np.int64
    )
    beside = prompt.video_markers + steps * prompt.step_markers + text
    return np.where(visual > 0, visual + beside, 0)


def timestamps_of_clips(
    first: Ints, frames: Ints, rates: Floats, counts: Ints, view: View, fps: Floats | None = None
) -> Ints:
    """Count the text before each step, as `timestamp_tokens` does for one clip.

    The clips are looked at from their frame `first`, so many `frames`, and `counts` of these are
    shown; all (N,). `fps` are rates asked in place of the view's one.
    """
    if not view.rules.prompt.timestamps:
        return np.zeros_like(counts)
    rule, asked = view.video_rule, view.options
    size = rule.temporal_patch_size
    steps = -(-counts // size)
    clip = np.repeat(np.arange(len(counts)), steps)
    step = np.arange(len(clip)) - np.repeat(np.cumsum(steps) - steps, steps)
    ends = step * size, np.minimum(step * size + size - 1, counts[clip] - 1)
    known = np.where((rates > 0) & np.isfinite(rates), rates, ASSUMED_FPS)
    start, end = (
        moments_at(
            places, frames[clip], known[clip], counts[clip], first=first[clip],
            fps=(rule.fps if asked.fps is None else asked.fps) if fps is None else fps[clip],
            sampling=asked.sampling or rule.chooses(asked.nframes).sampling,
        )
        for places in ends
    )  # fmt: skip
    digits = np.searchsorted(leading_digit_ends(), (start + end) / 2, side="right")
    texts: Ints = 6 * steps + np.bincount(clip, digits, len(counts)).astype(np.int64)
    return texts
