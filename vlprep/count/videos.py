"""Count the tokens of a video from its facts and a model's numbers: which frames, and how large.

The arithmetic is in `vlprep.maths`; here the model's defaults meet the caller's limits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from vlprep.clips import FramePlan
from vlprep.count.pixels import total_behind, video_limits
from vlprep.count.timestamps import timestamp_tokens
from vlprep.count.tokens import (
    TokenCount,
    handed_size,
    image_count,
    resize_frames,
    seen_size,
    told_if_unclear,
    warned,
    warned_of,
)
from vlprep.errors import ConstraintError, FrameCountError, VlprepError
from vlprep.maths.arithmetic import NUMBERS, Arithmetic
from vlprep.maths.sampling import frame_range, plan_frames
from vlprep.models.spec import Pruning, VideoRule
from vlprep.types import FrameListInfo, ImageInfo, VideoInfo
from vlprep.view import View


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VideoCount(TokenCount):
    """What a video costs, and which frames the model is shown."""

    plan: FramePlan
    """The frames."""

    @property
    def frames(self) -> int:
        """Frames that the model is shown."""
        return self.plan.frame_count


def media_count(info: ImageInfo | VideoInfo, view: View) -> TokenCount:
    """Count a file whose header has been read; raises what `image_count` and `video_count` do."""
    if isinstance(info, VideoInfo):
        return video_count(info, view)
    return image_count(seen_size(info, view), view)


def video_count(info: VideoInfo, view: View) -> VideoCount:
    """Count the tokens of a video from the facts of its header.

    A clip shorter than the reference accepts is counted from what there is, with a warning; the
    option `strict` raises `FrameCountError` instead. Of a list of images (`FrameListInfo`) all are
    shown, `info.fps` apart; a choice of frames is refused.

    Raises `UnknownFactError` where no source says how the model samples videos, `ConstraintError`
    for limits that cannot be, `FrameCountError` for a list longer or shorter than the service
    takes, and the errors of `plan_frames` and `smart_resize`.

    >>> from fractions import Fraction
    >>> from vlprep.types import ImageSize
    >>> clip = VideoInfo(size=ImageSize(720, 1280), frame_count=300, fps=Fraction(30))
    >>> count = video_count(clip, View.of("qwen3-vl-plus"))
    >>> count.frames, count.resized, count.total
    (20, ImageSize(height=576, width=1056), 5942)
    """
    rule, asked, prompt = view.video_rule, view.options, view.rules.prompt
    is_list = isinstance(info, FrameListInfo)
    plan = _list_plan(info, view) if is_list else _on_display(_clip_plan(info, view), info)
    shown = plan.frame_count
    limits = video_limits(
        rule.first or rule, shown, asked.min_pixels, asked.max_pixels, asked.total_pixels
    )
    total = total_behind(rule, asked.clip_pixels)
    handed = handed_size(info.size, rule, limits)
    own = limits if rule.first is None else video_limits(rule, shown, max_pixels=total)
    resized, padding = resize_frames(handed, rule, own, shown, asked.strict)
    steps = -(-shown // rule.temporal_patch_size)
    uncertain = (prompt.note,) if prompt.note else ()
    count = VideoCount(
        resized=resized,
        grid_thw=(steps, resized.height // rule.patch_size, resized.width // rule.patch_size),
        visual=kept_tokens(rule.pruning, steps, resized.pixels // rule.factor**2),
        markers=prompt.video_markers + steps * prompt.step_markers,
        text=timestamp_tokens(plan.timestamps_seconds, rule, prompt),
        limits=limits,
        rules=view.rules.name,
        plan=plan,
        warnings=view.model.warnings + plan.warnings + limits.warnings + padding + uncertain,
    )
    count = told_if_unclear(info.size, count)
    for reading in warned_of(rule):
        count = warned(count, _counted(info, view.read_as(rule, reading)), reading)
    return count


def kept_tokens(
    pruning: Pruning | None, steps: Any, step_tokens: Any, *, of: Arithmetic = NUMBERS
) -> Any:
    """Return the tokens of `steps` steps that are left where a server leaves out still regions.

    A step has `step_tokens`; both are whole numbers, or arrays of one length. By vLLM 0.33 the
    method "evs" keeps the tokens of a whole step at least, "vidcom2" a token of each step.

    >>> kept_tokens(Pruning(rate=0.95, method="evs"), 10, 100)
    100
    >>> kept_tokens(Pruning(rate=0.95, method="vidcom2"), 10, 100)
    50
    """
    tokens = steps * step_tokens
    if pruning is None:
        return tokens
    floor = step_tokens if pruning.method == "evs" else steps
    return of.most(floor, of.trunc(tokens * (1 - pruning.rate)))


def _counted(info: VideoInfo, view: View) -> VideoCount | VlprepError:
    try:
        return video_count(info, view)
    except VlprepError as error:
        return error


def _on_display(plan: FramePlan, info: VideoInfo) -> FramePlan:
    """Name the frames that are displayed at a plan's moments, where the rate does not tell."""
    if not plan.by_time or info.display_times is None:
        return plan
    return replace(plan, indices=tuple(map(info.display_times.shown_at, plan.timestamps_seconds)))


def _clip_plan(info: VideoInfo, view: View) -> FramePlan:
    rule, asked = view.video_rule, view.options
    rate = rule.assumed_fps if info.fps is None else float(info.fps)
    start, end = asked.start_seconds, asked.end_seconds
    first, last = frame_range(info.frame_count, rate, start, end)
    asked_frames = frames_asked(view)
    if shows_every(view):
        number = every_frame(last - first + 1, view)
        asked_frames |= {"fps": None, "nframes": number, "reference": "transformers"}
    asked_frames |= {"start_seconds": start, "end_seconds": end, "strict": asked.strict}
    asked_frames |= {"sampling": asked.sampling or rule.chooses(asked.nframes).sampling}
    plan = plan_frames(info.frame_count, rate, **asked_frames)
    if asked.max_frames is not None and asked_frames["max_frames"] != asked.max_frames:
        said = f"max_frames {asked.max_frames:,} is lowered to {rule.most_frames:,}, the most taken"
        plan = replace(plan, warnings=(*plan.warnings, said))
    is_asked = asked.fps or asked.nframes
    if not (rule.samples_again and is_asked and plan.frame_count == last - first + 1):
        return plan
    again = plan_frames(info.frame_count, rate, **{**asked_frames, **_once_more(rule)})
    said = f"every frame is asked for, and the processor samples {rule.fps:g} a second of them"
    return replace(again, warnings=(*again.warnings, said))


def _once_more(rule: VideoRule) -> dict[str, Any]:
    """Return what is asked of a processor that samples again what is handed over whole."""
    return {"fps": rule.fps, "nframes": None, "reference": rule.count, "sampling": rule.sampling}


def frames_asked(view: View) -> dict[str, Any]:
    """Return what is asked of the number of frames, as `plan_frames` and `count_frames` take it."""
    rule, asked = view.video_rule, view.options
    is_free = asked.fps is None and asked.nframes is None
    by_number = is_free and rule.shows == "nframes"
    return {
        "fps": None if by_number or asked.nframes is not None else _rate_asked(rule, asked.fps),
        "nframes": rule.nframes if by_number else asked.nframes,
        "min_frames": rule.min_frames if asked.min_frames is None else asked.min_frames,
        "max_frames": _most_asked(rule, asked.max_frames),
        "max_frames_default": rule.max_frames,
        "frame_factor": rule.temporal_patch_size,
        "reference": rule.chooses(asked.nframes).count,
    }


def _rate_asked(rule: VideoRule, fps: float | None) -> float:
    asked = rule.fps if fps is None else fps
    return asked if rule.most_fps is None else min(asked, rule.most_fps)


def _most_asked(rule: VideoRule, frames: int | None) -> int | None:
    return frames if frames is None or rule.most_frames is None else min(frames, rule.most_frames)


def shows_every(view: View) -> bool:
    """Say whether the rule shows all frames, or as many as its bounds allow, and none is chosen."""
    asked = view.options
    is_free = asked.fps is None and asked.nframes is None
    return is_free and view.video_rule.shows in ("all", "every")


def every_frame(frames: Any, view: View, *, of: Arithmetic = NUMBERS) -> Any:
    """Return how many frames of so many that is, by no rule of counting."""
    rule, asked = view.video_rule, view.options
    bounded = rule.shows == "all"
    least = asked.min_frames or (rule.min_frames if bounded else 1)
    most = _most_asked(rule, asked.max_frames) or (rule.max_frames if bounded else None)
    shown = of.most(frames, least)
    return of.least(shown, most) if most else shown


FRAME_CHOICES = (
    "nframes", "min_frames", "max_frames", "start_seconds", "end_seconds", "sampling",
)  # fmt: skip
"""Options that choose among the frames of a video, beside the rate."""


def _list_plan(info: VideoInfo, view: View) -> FramePlan:
    """Plan a list of images, all of which are shown; a service takes so many and no more."""
    chosen = [name for name in view.options.asked if name in FRAME_CHOICES]
    if chosen:
        problem = "of a list of images all are shown; leave out those not wanted"
        raise ConstraintError(f"{', '.join(chosen)}: {problem}")
    rule, count, rate = view.video_rule, info.frame_count, float(info.fps or 0)
    low, high = rule.min_list_images or 1, rule.max_list_images or count
    if not low <= count <= high:
        taken = f"{low} to {high:,} images as frames of a video, got {count:,}"
        raise FrameCountError(count, high, f"{view.model.name} takes {taken}")
    if not rate > 0:
        raise ConstraintError(f"fps must be above 0, got {rate:g}")
    moments = tuple(k / rate for k in range(count))
    return FramePlan(tuple(range(count)), moments, rate, sampling="list")
