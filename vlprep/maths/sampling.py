"""Which frames of a clip a model is shown: how many, which numbers, at what times.

Everything is plain arithmetic on a frame count and a rate; no file is touched. `FRAME_COUNT_RULES`
lists the references' counting rules and `INDEX_RULES` the ways frames are spread; both keep the
references' order of float operations, because a count that ends up just below a whole number
loses a frame. Sizes are in `geometry`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from vlprep.errors import ConstraintError, FrameCountError
from vlprep.types import FramePlan

_T = TypeVar("_T")

PAIR = 2
"""Frames that the models read together; counts come in pairs in most of the rules."""


@dataclass(frozen=True, slots=True)
class FrameRequest:
    """What a caller asked of a clip: a rate or a number, and bounds."""

    fps: float
    nframes: int | None
    min_frames: int
    max_frames: int | None
    """What the caller bounds the count to; not looked at against the clip's length."""
    max_frames_default: int
    """The bound where the caller gave none."""
    frame_factor: int = PAIR
    """Frames that the model reads together, for the rules that ask."""

    def bound(self, total: int) -> int:
        """Return the upper bound for a clip of `total` frames."""
        if self.max_frames is None:
            return min(self.max_frames_default, total)
        return self.max_frames


def smart_nframes(
    total_frames: int,
    video_fps: float | None,
    *,
    fps: float | None = None,
    nframes: int | None = None,
    min_frames: int | None = None,
    max_frames: int | None = None,
    max_frames_default: int | None = None,
    frame_factor: int = PAIR,
    reference: str = "docs",
) -> int:
    """Return how many of `total_frames` frames at `video_fps` frames per second are sampled.

    Ask for a rate, `fps` in frames per second (default 2), or for a number, `nframes`. The bounds
    default to the reference's own: 4, and `max_frames_default` (768, or 512 for "docs") which,
    other than a `max_frames` of the caller, is first lowered to the clip's length. `reference` is
    "docs" (Model Studio guides of 2025-06-05 and 2025-12-18, which know only `fps`),
    "qwen-vl-utils" (0.0.14), "transformers" (5.24.0, for Qwen3-VL and later) or
    "transformers-qwen2" (5.24.0, for Qwen2-VL and Qwen2.5-VL, where a count is a multiple of
    `frame_factor`).

    Raises `FrameCountError` where the reference refuses: too few frames, or more asked than there
    are. Raises `ConstraintError` for an unusable rate, and for `fps` together with `nframes`.

    >>> smart_nframes(300, 30.0, fps=1)
    10
    >>> smart_nframes(297, 25.0, reference="qwen-vl-utils")
    22
    """
    request = _request(
        fps, nframes, min_frames, max_frames, max_frames_default, frame_factor, reference
    )
    return _look_up(FRAME_COUNT_RULES, reference)(total_frames, video_fps, request)


def plan_frames(
    total_frames: int,
    video_fps: float | None,
    *,
    fps: float | None = None,
    nframes: int | None = None,
    min_frames: int | None = None,
    max_frames: int | None = None,
    max_frames_default: int | None = None,
    start_seconds: float | None = None,
    end_seconds: float | None = None,
    frame_factor: int = PAIR,
    reference: str = "docs",
    sampling: str | None = None,
    strict: bool = False,
) -> FramePlan:
    """Choose the frames of a clip, as numbers from 0 and seconds from its first frame.

    Counts as `smart_nframes` does, over the frames from `start_seconds` to `end_seconds`. How
    they are spread is `sampling`: "interval" (one every 1/fps seconds, evenly over the duration
    where the count was bounded), "linspace" (evenly, both ends included), "linspace-float32" (the
    same in torch's single precision) or "arange" (evenly, last stretch left out); by default the
    reference's own.

    Where the reference refuses a clip because it is short, the plan takes the frames there are
    and says so in `warnings`; `strict` raises the reference's `FrameCountError` instead. Other
    errors are those of `smart_nframes` and `frame_range`.

    >>> plan_frames(300, 30.0, fps=1, reference="transformers").indices
    (0, 33, 66, 100, 133, 166, 199, 233, 266, 299)
    """
    first, last = frame_range(total_frames, video_fps, start_seconds, end_seconds)
    available = last - first + 1
    request = _request(
        fps, nframes, min_frames, max_frames, max_frames_default, frame_factor, reference
    )
    count, warnings = _planned_count(available, video_fps, request, reference, strict)
    rate = video_fps or ASSUMED_FPS
    sampling = sampling or DEFAULT_SAMPLING[reference]
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


def sample_times(
    first: int, last: int, video_fps: float | None, count: int, *, fps: float, sampling: str
) -> npt.NDArray[np.float64]:
    """Return the seconds at which `plan_frames` samples `count` of the frames `first` to `last`.

    `fps` matters to "interval" only.

    Raises `ConstraintError` for a rule that is not known.

    >>> sample_times(0, 299, 30.0, 4, fps=2.0, sampling="interval").tolist()
    [0.0, 2.5, 5.0, 7.5]
    """
    rate = video_fps or ASSUMED_FPS
    times: npt.NDArray[np.float64] = _places(first, last, count, rate, fps, sampling) / rate
    return times


def _places(
    first: int, last: int, count: int, rate: float, fps: float, sampling: str
) -> npt.NDArray[np.float64]:
    chosen = _look_up(INDEX_RULES, sampling)(first, last, count, rate, fps)
    # The arange rule can step just past the end; no reference has a frame there to show.
    places: npt.NDArray[np.float64] = np.clip(chosen, first, last)
    return places


def count_frames(
    total_frames: int,
    video_fps: float | None,
    *,
    fps: float | None = None,
    min_frames: int | None = None,
    max_frames: int | None = None,
    max_frames_default: int | None = None,
    frame_factor: int = PAIR,
    reference: str = "docs",
    strict: bool = False,
) -> int:
    """Return how many frames `plan_frames` chooses of a whole clip, without choosing them.

    Raises what `plan_frames` raises for the same values.

    >>> count_frames(300, 30.0, fps=1)
    10
    """
    if total_frames < 1:
        raise FrameCountError(1, total_frames, "the clip has no frames")
    request = _request(
        fps, None, min_frames, max_frames, max_frames_default, frame_factor, reference
    )
    return _planned_count(total_frames, video_fps, request, reference, strict)[0]


def _request(
    fps: float | None,
    nframes: int | None,
    min_frames: int | None,
    max_frames: int | None,
    max_frames_default: int | None,
    frame_factor: int,
    reference: str,
) -> FrameRequest:
    if fps is not None and nframes is not None:
        raise ConstraintError("fps and nframes exclude each other; give one of them")
    if fps is not None and not (fps >= 0 and math.isfinite(fps)):
        raise ConstraintError(f"fps must be above 0, got {fps:g}")
    own_maximum = 512 if reference == "docs" else 768
    return FrameRequest(
        fps=DEFAULT_FPS if fps is None else fps,
        nframes=nframes,
        min_frames=4 if min_frames is None else min_frames,
        max_frames=max_frames,
        max_frames_default=own_maximum if max_frames_default is None else max_frames_default,
        frame_factor=frame_factor,
    )


def _planned_count(
    available: int, video_fps: float | None, request: FrameRequest, reference: str, strict: bool
) -> tuple[int, tuple[str, ...]]:
    try:
        count = _look_up(FRAME_COUNT_RULES, reference)(available, video_fps, request)
    except FrameCountError:
        count = _short_clip_count(available, video_fps, request, reference)
        if strict or count < min(PAIR, available):
            raise
        return count, (f"the {reference} rule refuses so short a clip; counted {count} frame(s)",)
    if count < 1:
        raise FrameCountError(count, available, "the bounds leave no frame to show")
    if count > available:
        return count, (f"{count} frames asked of {available}: some are shown more than once",)
    return count, ()


def _short_clip_count(
    available: int, video_fps: float | None, request: FrameRequest, reference: str
) -> int:
    """Count what the other references would take: the wanted frames within the bounds."""
    wanted = request.nframes
    if wanted is None:
        wanted = max(int(available / _known_rate(video_fps) * request.fps), request.min_frames)
    count = min(wanted, request.bound(available), available)
    return count if reference == "docs" or count < PAIR else count // PAIR * PAIR


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
    rate = _known_rate(video_fps)
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


DEFAULT_FPS = 2.0
"""Frames per second that every reference samples when nothing is asked."""

ASSUMED_FPS = 24.0
"""Rate that transformers takes for the timestamps of a clip whose rate is unknown."""


def _docs_count(total: int, video_fps: float | None, request: FrameRequest) -> int:
    if request.nframes is not None:
        raise ConstraintError("the guides sample by fps; a number of frames cannot be asked")
    rate = _known_rate(video_fps)
    if request.fps == 0:
        raise ConstraintError("fps must be above 0, got 0")
    low = math.ceil(request.min_frames / PAIR) * PAIR
    high = math.floor(request.bound(total) / PAIR) * PAIR
    duration = total / rate
    # A fraction of a second counts only when it is longer than the sampling interval.
    whole = duration if duration - int(duration) > 1 / request.fps else int(duration)
    usable = math.ceil(whole * rate)
    count = int(min(min(max(usable / rate * request.fps, low), high), usable))
    return _within(count, usable)


def _qwen_vl_utils_count(total: int, video_fps: float | None, request: FrameRequest) -> int:
    rate = _known_rate(video_fps)
    if request.nframes is not None:
        return _within(round(request.nframes / PAIR) * PAIR, total)
    low = math.ceil(request.min_frames / PAIR) * PAIR
    high = math.floor(request.bound(total) / PAIR) * PAIR
    wanted = total / rate * request.fps
    return _within(math.floor(min(min(max(wanted, low), high), total) / PAIR) * PAIR, total)


def _transformers_qwen2_count(total: int, video_fps: float | None, request: FrameRequest) -> int:
    group = request.frame_factor
    if request.nframes is not None:
        return _within(round(request.nframes / group) * group, total, group)
    high = math.floor(min(request.bound(total), total) / group) * group
    wanted = total / _known_rate(video_fps) * request.fps
    count = math.floor(min(max(wanted, request.min_frames), high, total) / group) * group
    return _within(count, total, group)


def _transformers_count(total: int, video_fps: float | None, request: FrameRequest) -> int:
    if request.nframes is not None:
        return request.nframes  # taken as it is, odd or over the total
    wanted = int(total / _known_rate(video_fps) * request.fps)
    return min(max(wanted, request.min_frames), request.bound(total), total)


FRAME_COUNT_RULES: dict[str, Callable[[int, float | None, FrameRequest], int]] = {
    "docs": _docs_count,
    "qwen-vl-utils": _qwen_vl_utils_count,
    "transformers": _transformers_count,
    "transformers-qwen2": _transformers_qwen2_count,
}


_Numbers = npt.NDArray[np.floating[Any]]


def _interval(first: int, last: int, count: int, rate: float, fps: float) -> _Numbers:
    """Take the moments k/fps; spread evenly when `count` frames reach elsewhere.

    What is displayed at a moment is the frame with the whole number below.
    """
    frames = last - first + 1
    step = rate / fps
    if step < 1 or (count - 1) * step >= frames or math.floor(frames / step) > count:
        step = frames / count
    moments: _Numbers = first + np.arange(count) * step
    return moments


def _linspace(first: int, last: int, count: int, rate: float, fps: float) -> _Numbers:
    return np.rint(np.linspace(first, last, count))


def _linspace_float32(first: int, last: int, count: int, rate: float, fps: float) -> _Numbers:
    """Spread as torch.linspace does on a vector unit: single-precision step, from both ends."""
    if count < 2:
        return np.full(count, float(first))
    step = np.float64(np.float32(np.float32(last - first) / np.float32(count - 1)))
    k = np.arange(count)
    ahead = np.float32(first + step * k)
    back = np.float32(last - step * (count - 1 - k))
    return np.rint(np.where(k < count // 2, ahead, back)).astype(np.float64)


def _arange(first: int, last: int, count: int, rate: float, fps: float) -> _Numbers:
    step = (last - first + 1) / count
    numbers: _Numbers = np.floor(np.float32(first + np.arange(count) * step)).astype(np.float64)
    return numbers


INDEX_RULES: dict[str, Callable[[int, int, int, float, float], _Numbers]] = {
    "interval": _interval,
    "linspace": _linspace,
    "linspace-float32": _linspace_float32,
    "arange": _arange,
}

SPREAD_BY_RATE = ("interval",)
"""The ways of `INDEX_RULES` for which the rate matters beside the number of frames."""

DEFAULT_SAMPLING = {
    "docs": "interval",
    "qwen-vl-utils": "linspace-float32",
    "transformers": "linspace",
    "transformers-qwen2": "arange",
}


def _within(count: int, available: int, least: int = PAIR) -> int:
    if least <= count <= available:
        return count
    raise FrameCountError(
        count, available, f"{count} of {available} usable frame(s) chosen, at least {least} needed"
    )


def _known_rate(video_fps: float | None) -> float:
    if video_fps is None or not (video_fps > 0 and math.isfinite(video_fps)):
        raise ConstraintError(f"the clip's frame rate must be above 0, got {video_fps}")
    return video_fps


def _look_up(table: dict[str, _T], name: str) -> _T:
    try:
        return table[name]
    except KeyError:
        raise ConstraintError(f"unknown rule {name!r}; known: {', '.join(table)}") from None
