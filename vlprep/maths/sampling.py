"""Which frames of a clip a model is shown: their numbers and times.

Everything is plain arithmetic; no file is touched. `INDEX_RULES` lists the ways in which frames
are spread, each written once for one clip and for arrays of them, in the references' order of float
operations. How many frames there are is in `frame_counts`; sizes are in `geometry`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from vlprep.clips import FramePlan
from vlprep.errors import ConstraintError, FrameCountError
from vlprep.maths.arithmetic import NUMBERS, Arithmetic, arrays
from vlprep.maths.frame_counts import (
    FramesAsked,
    frame_request,
    known_rate,
    look_up,
    planned_count,
)
from vlprep.maths.geometry import PAIR
from vlprep.types import FrameCountName, Sampling

if TYPE_CHECKING:  # numpy is slow to import, and one clip needs none
    import numpy as np
    import numpy.typing as npt

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
    if not video_fps:
        warnings += (f"frame rate unknown; timestamps assume {ASSUMED_FPS:g} frames per second",)
    return FramePlan(
        # The small number keeps a frame whose time is meant to be the moment itself.
        indices=tuple(math.floor(place + 1e-6) for place in places),
        timestamps_seconds=tuple(place / rate for place in places),
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
    import numpy as np

    start = np.broadcast_to(first, np.shape(total_frames))
    last = start + np.asarray(total_frames) - 1
    rates = np.asarray(video_fps, np.float64)
    rule = look_up(INDEX_RULES, sampling)
    place_of = rule(start, last, np.asarray(counts), rates, fps, arrays())
    moments: npt.NDArray[np.float64] = np.clip(place_of(np.asarray(places)), start, last) / rates
    return moments


def _places(
    first: int, last: int, count: int, rate: float, fps: float, sampling: str
) -> Sequence[float]:
    rule = look_up(INDEX_RULES, sampling)
    if count > MANY_FRAMES:
        import numpy as np

        place_of = rule(first, last, count, rate, fps, arrays())
        numbers: list[float] = np.clip(place_of(np.arange(count)), first, last).tolist()
        return numbers
    place_of = rule(first, last, count, rate, fps, NUMBERS)
    # The arange rule can step just past the end; no reference has a frame there to show.
    return [min(max(place_of(k), first), last) for k in range(count)]


MANY_FRAMES = 10_000
"""Frames from which on arrays are faster, though numpy takes a tenth of a second to import."""


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


PlaceOf: TypeAlias = Callable[[Any], Any]
"""From a frame's place among those sampled, from 0, to where in the clip that is, in frames."""


def _interval(first: Any, last: Any, count: Any, rate: Any, fps: Any, of: Arithmetic) -> PlaceOf:
    """Take the moments k/fps; spread evenly when `count` frames reach elsewhere.

    What is displayed at a moment is the frame with the whole number below.
    """
    frames = last - first + 1
    asked = rate / fps
    elsewhere = (asked < 1) | ((count - 1) * asked >= frames) | (frames / asked >= count + 1)
    step = of.choose(elsewhere, lambda: frames / count, asked)
    return lambda k: first + k * step


def _spread(first: Any, last: Any, count: Any, of: Arithmetic) -> PlaceOf:
    """Spread as numpy.linspace does: the last frame is the very end, whatever the steps add to."""
    step = (last - first) / of.most(count - 1, 1)
    return lambda k: of.choose((k == count - 1) & (k > 0), lambda: last, k * step + first)


def _linspace(first: Any, last: Any, count: Any, rate: Any, fps: Any, of: Arithmetic) -> PlaceOf:
    """Spread so, to the nearest frame."""
    spread = _spread(first, last, count, of)
    return lambda k: of.nearest(spread(k))


def _linspace_cut(
    first: Any, last: Any, count: Any, rate: Any, fps: Any, of: Arithmetic
) -> PlaceOf:
    """Spread so, and cut off what is behind the point."""
    spread = _spread(first, last, count, of)
    return lambda k: of.floor(spread(k))


def _linspace_float32(
    first: Any, last: Any, count: Any, rate: Any, fps: Any, of: Arithmetic
) -> PlaceOf:
    """Spread as torch.linspace does on a vector unit: single-precision step, from both ends."""
    step = of.single(of.single(last - first) / of.single(of.most(count - 1, 1)))

    def place_of(k: Any) -> Any:
        back = last - step * (count - 1 - k)
        spread = of.choose(k < count // 2, lambda: first + step * k, back)
        return of.choose(count < 2, lambda: first, of.nearest(of.single(spread)))

    return place_of


def _arange(first: Any, last: Any, count: Any, rate: Any, fps: Any, of: Arithmetic) -> PlaceOf:
    step = (last - first + 1) / count
    return lambda k: of.floor(of.single(first + k * step))


def _arange_even(first: Any, last: Any, count: Any, rate: Any, fps: Any, of: Arithmetic) -> PlaceOf:
    """Step as for an even number of frames; a frame too many is the last one, once more."""
    step = (last - first + 1) / of.most(count // PAIR * PAIR, 1)
    return lambda k: of.floor(of.single(first + k * step))


INDEX_RULES: dict[str, Callable[[Any, Any, Any, Any, Any, Arithmetic], PlaceOf]] = {
    "interval": _interval,
    "linspace": _linspace,
    "linspace-cut": _linspace_cut,
    "linspace-float32": _linspace_float32,
    "arange": _arange,
    "arange-even": _arange_even,
}
"""By name: from the first and last frame of a clip, the count sampled, its rate and the rate asked,
numbers or arrays of one length, to what tells the place of each."""

DEFAULT_SAMPLING: dict[FrameCountName, Sampling] = {
    "docs": "interval",
    "qwen-vl-utils": "linspace-float32",
    "transformers": "linspace",
    "transformers-qwen2": "arange",
    "vllm-qwen2": "arange-even",
    "vllm-number": "linspace-cut",
}
