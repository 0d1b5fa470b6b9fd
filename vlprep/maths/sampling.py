"""Which frames of a clip a model is shown: their numbers and times.

Everything is plain arithmetic; no file is touched. `INDEX_RULES` lists the ways in which frames
are spread, each for numbers and for arrays, in the references' order of float operations. How
many frames there are is in `frame_counts`; sizes are in `geometry`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

from vlprep.errors import ConstraintError, FrameCountError
from vlprep.maths.frame_counts import (
    PAIR,
    FramesAsked,
    frame_request,
    known_rate,
    look_up,
    planned_count,
)
from vlprep.types import FrameCountName, FramePlan, Sampling

ASSUMED_FPS = 24.0
"""Rate that transformers takes for the timestamps of a clip whose rate is unknown."""


def plan_frames(
    total_frames: int,
    video_fps: float | None,
    *,
    start_seconds: float | None = None,
    end_seconds: float | None = None,
    sampling: Sampling | None = None,
    strict: bool = False,
    **asked: Unpack[FramesAsked],
) -> FramePlan:
    """Choose the frames of a clip, as numbers from 0 and seconds from its first frame.

    Counts as `smart_nframes` does, over the frames from `start_seconds` to `end_seconds`. How
    they are spread is `sampling`: "interval" (one every 1/fps seconds, evenly over the duration
    where the count was bounded), "linspace" (evenly, both ends included), "linspace-cut" (the same
    rounded down), "linspace-float32" (the same in torch's single precision), "arange" (evenly,
    last stretch left out) or "arange-even" (the same in steps of an even count); by default the
    reference's own.

    Where the reference refuses a clip because it is short, the plan takes the frames there are
    and says so in `warnings`; `strict` raises the reference's `FrameCountError` instead. Other
    errors are those of `smart_nframes` and `frame_range`.

    >>> plan_frames(300, 30.0, fps=1, reference="transformers").indices
    (0, 33, 66, 100, 133, 166, 199, 233, 266, 299)
    """
    first, last = frame_range(total_frames, video_fps, start_seconds, end_seconds)
    available = last - first + 1
    request = frame_request(**asked)
    count, warnings = planned_count(available, video_fps, request, strict)
    rate = video_fps or ASSUMED_FPS
    sampling = sampling or DEFAULT_SAMPLING[request.reference]
    places = _places(first, last, count, rate, request.fps, sampling)
    # The small number keeps a frame whose time is meant to be the moment itself.
    indices = np.floor(places + 1e-6).astype(np.int64)
    if not video_fps:
        warnings += (f"frame rate unknown; timestamps assume {ASSUMED_FPS:g} frames per second",)
    return FramePlan(
        indices=tuple(indices.tolist()),
        timestamps_seconds=tuple((places / rate).tolist()),
        sample_fps=count / available * rate,
        sampling=sampling,
        warnings=warnings,
    )


def moments_at(
    places: npt.ArrayLike,
    total_frames: npt.ArrayLike,
    video_fps: npt.ArrayLike,
    counts: npt.ArrayLike,
    *,
    fps: npt.ArrayLike,
    sampling: str,
    first: npt.ArrayLike = 0,
) -> npt.NDArray[np.float64]:
    """Return the seconds of some of the frames that are sampled of clips, of any number.

    All are arrays of one length: the k-th of `counts` frames sampled of a clip, its frames and its
    rate, and the first of them; the rate asked, which matters to "interval" only, is one for all or
    another array.

    >>> moments_at([0, 3], [300, 300], [30.0, 30.0], [4, 4], fps=2.0, sampling="interval").tolist()
    [0.0, 7.5]
    """
    start = np.broadcast_to(first, np.shape(total_frames))
    last = start + np.asarray(total_frames) - 1
    rates = np.asarray(video_fps, np.float64)
    chosen = look_up(INDEX_RULES, sampling)(
        np.asarray(places), start, last, np.asarray(counts), rates, fps
    )
    moments: npt.NDArray[np.float64] = np.clip(chosen, start, last) / rates
    return moments


def _places(
    first: int, last: int, count: int, rate: float, fps: float, sampling: str
) -> npt.NDArray[np.float64]:
    chosen = look_up(INDEX_RULES, sampling)(np.arange(count), first, last, count, rate, fps)
    # The arange rule can step just past the end; no reference has a frame there to show.
    places: npt.NDArray[np.float64] = np.clip(chosen, first, last)
    return places


def frame_rate(moments: Sequence[float], otherwise: float) -> float:
    """Return how many frames pass in a second by the moments at which they are displayed.

    `otherwise` is the answer for a single moment, which has no rate.

    >>> frame_rate([0.0, 0.5, 1.0], otherwise=24)
    2.0
    """
    span = moments[-1] - moments[0]
    return (len(moments) - 1) / span if span > 0 else otherwise


def frame_range(
    total_frames: int,
    video_fps: float | None,
    start_seconds: float | None = None,
    end_seconds: float | None = None,
) -> tuple[int, int]:
    """Return the first and last frame number between two times, both included.

    The rule is that of qwen-vl-utils 0.0.14: times are clamped to the clip, the start is rounded
    up to a frame, the end down.

    Raises `ConstraintError` when no two frames lie between the times, or when the clip's rate is
    unknown, and `FrameCountError` for a clip without frames.

    >>> frame_range(300, 30.0, start_seconds=1.01, end_seconds=2)
    (31, 60)
    """
    if total_frames < 1:
        raise FrameCountError(1, total_frames, "the clip has no frames")
    if start_seconds is None and end_seconds is None:
        return 0, total_frames - 1
    rate = known_rate(video_fps)
    duration = total_frames / rate
    first, last = 0, total_frames - 1
    if start_seconds is not None:
        first = math.ceil(max(0.0, min(start_seconds, duration)) * rate)
    if end_seconds is not None:
        last = min(math.floor(max(0.0, min(end_seconds, duration)) * rate), last)
    if first >= last:
        raise ConstraintError(
            f"no two frames between {start_seconds or 0:g} s and "
            f"{duration if end_seconds is None else end_seconds:g} s of a {duration:.2f} s clip"
        )
    return first, last


Counts = npt.NDArray[np.int64]
_Numbers = npt.NDArray[np.floating[Any]]


def _interval(k: Counts, first: Any, last: Any, count: Any, rate: Any, fps: Any) -> _Numbers:
    """Take the moments k/fps; spread evenly when `count` frames reach elsewhere.

    What is displayed at a moment is the frame with the whole number below.
    """
    frames = last - first + 1
    step = rate / fps
    elsewhere = (step < 1) | ((count - 1) * step >= frames) | (np.floor(frames / step) > count)
    moments: _Numbers = first + k * np.where(elsewhere, frames / count, step)
    return moments


def _linspace(k: Counts, first: Any, last: Any, count: Any, rate: Any, fps: Any) -> _Numbers:
    """Spread as numpy.linspace does: the last frame is the very end, whatever the steps add to."""
    step = (last - first) / np.maximum(count - 1, 1)
    numbers: _Numbers = np.rint(np.where((k == count - 1) & (k > 0), last, k * step + first))
    return numbers


def _linspace_cut(k: Counts, first: Any, last: Any, count: Any, rate: Any, fps: float) -> _Numbers:
    """Spread as numpy.linspace does, and cut off what is behind the point."""
    step = (last - first) / np.maximum(count - 1, 1)
    numbers: _Numbers = np.floor(np.where((k == count - 1) & (k > 0), last, k * step + first))
    return numbers


def _linspace_float32(
    k: Counts, first: Any, last: Any, count: Any, rate: Any, fps: float
) -> _Numbers:
    """Spread as torch.linspace does on a vector unit: single-precision step, from both ends."""
    span = np.asarray(last - first, np.float32) / np.asarray(np.maximum(count - 1, 1), np.float32)
    step = span.astype(np.float64)
    ahead = np.asarray(first + step * k, np.float32)
    back = np.asarray(last - step * (count - 1 - k), np.float32)
    spread = np.rint(np.where(k < count // 2, ahead, back)).astype(np.float64)
    numbers: _Numbers = np.where(np.asarray(count) < 2, np.asarray(first, np.float64), spread)
    return numbers


def _arange(k: Counts, first: Any, last: Any, count: Any, rate: Any, fps: Any) -> _Numbers:
    step = (last - first + 1) / count
    numbers: _Numbers = np.floor(np.asarray(first + k * step, np.float32)).astype(np.float64)
    return numbers


def _arange_even(k: Counts, first: Any, last: Any, count: Any, rate: Any, fps: Any) -> _Numbers:
    """Step as for an even number of frames; a frame too many is the last one, once more."""
    step = (last - first + 1) / np.maximum(count // PAIR * PAIR, 1)
    numbers: _Numbers = np.floor(np.asarray(first + k * step, np.float32)).astype(np.float64)
    return numbers


INDEX_RULES: dict[str, Callable[[Counts, Any, Any, Any, Any, Any], _Numbers]] = {
    "interval": _interval,
    "linspace": _linspace,
    "linspace-cut": _linspace_cut,
    "linspace-float32": _linspace_float32,
    "arange": _arange,
    "arange-even": _arange_even,
}
"""By name: from places among the sampled frames, first and last frame, count and rate of a clip,
numbers or arrays of one length, to the frames."""

DEFAULT_SAMPLING: dict[FrameCountName, Sampling] = {
    "docs": "interval",
    "qwen-vl-utils": "linspace-float32",
    "transformers": "linspace",
    "transformers-qwen2": "arange",
    "vllm-qwen2": "arange-even",
}
