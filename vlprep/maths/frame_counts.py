"""How many frames of a clip a model is shown, by the rules of the references.

Everything is plain arithmetic on frame counts and rates, of one clip or of millions; no file is
touched. `FRAME_COUNT_RULES` lists the rules. Each is written once, for numbers and for arrays, and
keeps its reference's order of float operations, because a count that ends up just below a whole
number loses a frame. Which frames those are is in `sampling`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, TypeVar, Unpack, overload

from vlprep.errors import ConstraintError, FrameCountError
from vlprep.maths.arithmetic import NUMBERS, Arithmetic, arrays
from vlprep.maths.geometry import PAIR
from vlprep.types import FrameCountName
from vlprep.units import plural, whose

if TYPE_CHECKING:  # numpy is slow to import, and one clip needs none
    import numpy.typing as npt

_T = TypeVar("_T")

DEFAULT_FPS = 2.0
"""Frames per second that every reference samples when nothing is asked."""


class FrameRequest(NamedTuple):
    """What a caller asked of a clip: a rate or a number, and bounds."""

    fps: Any
    """A number, or an array of them."""
    nframes: int | None
    min_frames: int
    max_frames: int | None
    """What the caller bounds the count to; not looked at against the clip's length."""
    max_frames_default: int
    """The bound where the caller gave none."""
    frame_factor: int = PAIR
    """Frames that the model reads together, for the rules that ask."""
    reference: FrameCountName = "docs"
    """Whose rule counts, by name."""

    def bound(self, total: Any, of: Arithmetic) -> Any:
        """Return the upper bound for a clip of `total` frames."""
        if self.max_frames is None:
            return of.least(self.max_frames_default, total)
        return self.max_frames


class FramesAsked(TypedDict, total=False):
    """What may be asked of `smart_nframes`, `count_frames` and `plan_frames` alike."""

    fps: float | None
    nframes: int | None
    min_frames: int | None
    max_frames: int | None
    max_frames_default: int | None
    frame_factor: int
    reference: FrameCountName


@overload
def smart_nframes(
    total_frames: int, video_fps: float | None, **asked: Unpack[FramesAsked]
) -> int: ...
@overload
def smart_nframes(
    total_frames: npt.ArrayLike, video_fps: npt.ArrayLike | None, **asked: Unpack[FramesAsked]
) -> Any: ...
def smart_nframes(total_frames: Any, video_fps: Any, **asked: Unpack[FramesAsked]) -> Any:
    """Return how many of `total_frames` frames at `video_fps` frames per second are sampled.

    Ask for a rate, `fps` in frames per second (default 2), or for a number, `nframes`. The bounds
    default to the reference's own: 4, and `max_frames_default` (768, or 512 for "docs") which,
    other than a `max_frames` of the caller, is first lowered to the clip's length. `reference` is
    "docs" (Model Studio guides of 2025-06-05 and 2025-12-18, which know only `fps`),
    "qwen-vl-utils" (0.0.14), "transformers" (5.24.0, for Qwen3-VL and later) or
    "transformers-qwen2" (5.24.0, for Qwen2-VL and Qwen2.5-VL, where a count is a multiple of
    `frame_factor`), "vllm-qwen2" (vLLM 0.33.0, the same but for a frame too many at times), or
    "vllm-number" (vLLM's loader that goes by a number, and by a rate only within it).

    Of many clips, `total_frames`, `video_fps` or both are arrays, and so is the answer, int64; a
    clip that the reference refuses has 0.

    Raises `FrameCountError` where the reference refuses: too few frames, or more asked than there
    are. Raises `ConstraintError` for an unusable rate, and for `fps` together with `nframes`.

    >>> smart_nframes(300, 30.0, fps=1)
    10
    >>> smart_nframes(297, 25.0, reference="qwen-vl-utils")
    22
    >>> smart_nframes([300, 600, 1], 30.0, fps=1).tolist()
    [10, 20, 0]
    """
    request = frame_request(**asked)
    rule = look_up(FRAME_COUNT_RULES, request.reference)
    if _are_numbers(total_frames, video_fps):
        return _accepted(*_counted(rule, total_frames, video_fps, request), rule, request)
    import numpy as np

    totals, rates, usable = _clips(total_frames, video_fps, rule, request)
    count, available = rule.count(totals, rates, request, arrays())
    return np.where(usable & rule.takes(count, available, request), count, 0).astype(np.int64)


def count_frames(total_frames: Any, video_fps: Any, *, strict: bool = False, **asked: Any) -> Any:
    """Return how many frames `plan_frames` chooses of a whole clip, without choosing them.

    Of many clips, or at many rates, `total_frames`, `video_fps` or `fps` are arrays, and so is the
    answer, int64; a clip of which `plan_frames` chooses none has 0.

    Raises what `plan_frames` raises for the same values, of one clip.

    >>> count_frames(300, 30.0, fps=1)
    10
    >>> count_frames([300, 3], 30.0, fps=1).tolist()
    [10, 3]
    >>> import numpy as np
    >>> count_frames(300, 30.0, fps=np.array([0.5, 1, 2])).tolist()
    [5, 10, 20]
    """
    request = frame_request(**asked)
    if _are_numbers(total_frames, video_fps, request.fps):
        if total_frames < 1:
            raise FrameCountError(1, total_frames, "the clip has no frames")
        return planned_count(total_frames, video_fps, request, strict)[0]
    import numpy as np

    rule = look_up(FRAME_COUNT_RULES, request.reference)
    totals, rates, usable = _clips(total_frames, video_fps, rule, request)
    count, available = rule.count(totals, rates, request, arrays())
    taken = rule.takes(count, available, request)
    short = _short_clip_count(totals, rates, request, rule, arrays())
    kept = usable & (taken | (not strict and short >= np.minimum(PAIR, totals)))
    chosen = np.where(taken, count, short)
    return np.where(kept & (chosen >= 1), chosen, 0).astype(np.int64)


def _are_numbers(*values: object) -> bool:
    return all(value is None or isinstance(value, Real) for value in values)


def _clips(
    total_frames: Any, video_fps: Any, rule: CountRule, request: FrameRequest
) -> tuple[Any, Any, Any]:
    """Return frame counts and rates as rows of one length, and which of them can be counted."""
    import numpy as np

    rates = np.nan if video_fps is None else np.asarray(video_fps, np.float64)
    totals, rates = np.broadcast_arrays(np.asarray(total_frames, np.int64), rates)
    known = (rates > 0) & np.isfinite(rates)
    needs_rate = request.nframes is None or rule.needs_rate
    usable = (totals >= 1) & (known | (not needs_rate))
    return np.maximum(totals, 1), np.where(known, rates, 1.0), usable


def frame_request(
    *,
    fps: Any = None,
    nframes: int | None = None,
    min_frames: int | None = None,
    max_frames: int | None = None,
    max_frames_default: int | None = None,
    frame_factor: int = PAIR,
    reference: FrameCountName = "docs",
) -> FrameRequest:
    """Return what is asked, with the reference's own bounds where none are given.

    Raises `ConstraintError` for an unusable rate, and for `fps` together with `nframes`.
    """
    if fps is not None and nframes is not None:
        raise ConstraintError("fps and nframes exclude each other; give one of them")
    for rate in (DEFAULT_FPS,) if fps is None else (fps,) if _are_numbers(fps) else fps:
        if not (rate >= 0 and math.isfinite(rate)):
            raise ConstraintError(f"fps must be above 0, got {rate:g}")
    own_maximum = 512 if reference == "docs" else 768
    return FrameRequest(
        fps=DEFAULT_FPS if fps is None else fps,
        nframes=nframes,
        min_frames=4 if min_frames is None else min_frames,
        max_frames=max_frames,
        max_frames_default=own_maximum if max_frames_default is None else max_frames_default,
        frame_factor=frame_factor,
        reference=reference,
    )


def planned_count(
    available: int, video_fps: float | None, request: FrameRequest, strict: bool
) -> tuple[int, tuple[str, ...]]:
    """Return how many of a clip's `available` frames are planned, and what to know of that.

    Raises what `plan_frames` raises.
    """
    rule = look_up(FRAME_COUNT_RULES, request.reference)
    try:
        count = _accepted(*_counted(rule, available, video_fps, request), rule, request)
    except FrameCountError:
        rate = 1.0 if request.nframes is not None else known_rate(video_fps)
        count = _short_clip_count(available, rate, request, rule, NUMBERS)
        if strict or count < min(PAIR, available):
            raise
        told = f"the rule of {whose(request.reference)} refuses so short a clip"
        return count, (f"{told}; counted {plural(count, 'frame')}",)
    if count < 1:
        raise FrameCountError(count, available, "the bounds leave no frame to show")
    if count > available:
        return count, (f"{count} frames asked of {available}: some are shown more than once",)
    return count, ()


def _counted(
    rule: CountRule, total: int, video_fps: float | None, request: FrameRequest
) -> tuple[int, int]:
    """Apply a rule to one clip; returns the count, and what there is to choose from."""
    needs_rate = request.nframes is None or rule.needs_rate
    rate = known_rate(video_fps) if needs_rate else 1.0
    count, available = rule.count(total, rate, request, NUMBERS)
    return int(count), int(available)


def _accepted(count: int, available: int, rule: CountRule, request: FrameRequest) -> int:
    if rule.takes(count, available, request):
        return count
    least = rule.least(request)
    reason = f"{count} of {plural(available, 'usable frame')} chosen, at least {least} needed"
    if request.max_frames is not None and request.max_frames < least:
        takes = f"the rule of {whose(request.reference)} takes at least {plural(least, 'frame')}"
        reason = f"{takes}, and `max_frames` is {request.max_frames}"
    raise FrameCountError(count, available, reason)


def _short_clip_count(
    available: Any, rate: Any, request: FrameRequest, rule: CountRule, of: Arithmetic
) -> Any:
    """Count what the other references would take: the wanted frames within the bounds."""
    wanted = request.nframes
    if wanted is None:
        wanted = of.most(of.trunc(available / rate * request.fps), request.min_frames)
    count = of.least(of.least(wanted, request.bound(available, of)), available)
    paired = (
        count if rule.takes_odd else of.choose(count < PAIR, lambda: count, count // PAIR * PAIR)
    )
    return paired


def _rate_instead(total: Any, rate: Any, request: FrameRequest) -> str:
    """Name the shortest rate by which the guides show so many frames of one clip, if one does."""
    wanted = request.nframes
    if not (_are_numbers(total, rate) and wanted and total > 0 and rate > 0):
        return ""
    for scale in (10**digits for digits in range(1, 7)):
        fps = math.ceil(wanted * rate / total * scale) / scale
        asked = request._replace(nframes=None, fps=fps)
        if _docs_count(total, rate, asked, NUMBERS)[0] == wanted:
            return f"; an fps of {fps:g} gives {wanted} frames of this clip"
    return ""


def _docs_count(total: Any, rate: Any, request: FrameRequest, of: Arithmetic) -> tuple[Any, Any]:
    if request.nframes is not None:
        raise ConstraintError(
            "the guides sample by fps; a number of frames cannot be asked"
            + _rate_instead(total, rate, request)
        )
    if of.any(request.fps == 0):
        raise ConstraintError("fps must be above 0, got 0")
    low = math.ceil(request.min_frames / PAIR) * PAIR
    high = of.floor(request.bound(total, of) / PAIR) * PAIR
    duration = total / rate
    # A fraction of a second counts only when it is longer than the sampling interval.
    whole_seconds = of.trunc(duration)
    counts_part = duration - whole_seconds > 1 / request.fps
    usable = of.ceil(of.choose(counts_part, lambda: duration, whole_seconds) * rate)
    wanted = usable / rate * request.fps
    return of.trunc(of.least(of.least(of.most(wanted, low), high), usable)), usable


def _qwen_vl_utils_count(
    total: Any, rate: Any, request: FrameRequest, of: Arithmetic
) -> tuple[Any, Any]:
    if request.nframes is not None:
        return round(request.nframes / PAIR) * PAIR, total
    low = math.ceil(request.min_frames / PAIR) * PAIR
    high = of.floor(request.bound(total, of) / PAIR) * PAIR
    wanted = total / rate * request.fps
    return of.floor(of.least(of.least(of.most(wanted, low), high), total) / PAIR) * PAIR, total


def _transformers_qwen2_count(
    total: Any, rate: Any, request: FrameRequest, of: Arithmetic
) -> tuple[Any, Any]:
    group = request.frame_factor
    if request.nframes is not None:
        return round(request.nframes / group) * group, total
    high = of.floor(of.least(request.bound(total, of), total) / group) * group
    wanted = of.most(total / rate * request.fps, request.min_frames)
    return of.floor(of.least(of.least(wanted, high), total) / group) * group, total


def _vllm_qwen2_count(
    total: Any, rate: Any, request: FrameRequest, of: Arithmetic
) -> tuple[Any, Any]:
    """Count as transformers does; the steps of its float range may come to one more frame."""
    count, total = _transformers_qwen2_count(total, rate, request, of)
    step = of.most(total, 1) / of.most(count, 1)
    return of.ceil(total / step), total


def _vllm_number_count(
    total: Any, rate: Any, request: FrameRequest, of: Arithmetic
) -> tuple[Any, Any]:
    """Count as the loader of vLLM does that knows no bounds but a number of frames."""
    if request.nframes is not None:
        return of.least(request.nframes, total), total
    return of.least(of.most(of.floor(total / rate * request.fps), 1), total), total


def _transformers_count(
    total: Any, rate: Any, request: FrameRequest, of: Arithmetic
) -> tuple[Any, Any]:
    if request.nframes is not None:
        return request.nframes, total  # taken as it is, odd or over the total
    wanted = of.most(of.trunc(total / rate * request.fps), request.min_frames)
    return of.least(of.least(wanted, request.bound(total, of)), total), total


@dataclass(frozen=True, slots=True)
class CountRule:
    """A reference's way of counting the frames of a clip."""

    count: Callable[[Any, Any, FrameRequest, Arithmetic], tuple[Any, Any]]
    """From frames, rate and request to the count, and what there is to choose from."""
    takes_any: bool = False
    """Whether any count is taken, or only from a pair of frames to as many as there are."""
    takes_odd: bool = False
    """Whether an odd number may come of a clip that the reference refuses."""
    needs_rate: bool = False
    """Whether the clip's rate must be known even where a number of frames is asked."""
    in_groups: bool = False
    """Whether frames come in groups of the request's `frame_factor`, or in pairs."""

    def least(self, request: FrameRequest) -> int:
        """Return the fewest frames that are taken."""
        return request.frame_factor if self.in_groups else PAIR

    def takes(self, count: Any, available: Any, request: FrameRequest) -> Any:
        """Say of a count, or of an array of them, whether the reference takes it."""
        if self.takes_any:
            return count == count
        return (count >= self.least(request)) & (count <= available)


FRAME_COUNT_RULES: dict[str, CountRule] = {
    "docs": CountRule(_docs_count, takes_odd=True, needs_rate=True),
    "qwen-vl-utils": CountRule(_qwen_vl_utils_count, needs_rate=True),
    "transformers": CountRule(_transformers_count, takes_any=True),
    "transformers-qwen2": CountRule(_transformers_qwen2_count, in_groups=True),
    "vllm-qwen2": CountRule(_vllm_qwen2_count, in_groups=True),
    "vllm-number": CountRule(_vllm_number_count, takes_any=True),
}


def known_rate(video_fps: float | None) -> float:
    """Return the rate; raises `ConstraintError` where it is none."""
    if video_fps is None:
        problem = "the clip has no frame rate, which this rule goes by"
        raise ConstraintError(f"{problem}; write it anew with one, or give its frames as a list")
    if not (video_fps > 0 and math.isfinite(video_fps)):
        raise ConstraintError(f"the clip's frame rate must be above 0, got {video_fps}")
    return video_fps


def look_up(table: dict[str, _T], name: str) -> _T:
    """Return the rule of that name; raises `ConstraintError` with the names there are."""
    try:
        return table[name]
    except KeyError:
        raise ConstraintError(f"unknown rule {name!r}; known: {', '.join(table)}") from None
