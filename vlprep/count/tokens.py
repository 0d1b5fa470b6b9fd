"""Count the tokens of an image or a video from its size and a model's numbers.

The arithmetic is in `vlprep.maths`; here the model's defaults meet the caller's limits. Reading
files is not done here: `vlprep.count.files` does that and asks these functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from vlprep.count.pixels import (
    PixelLimits,
    image_limits,
    limits_behind,
    total_behind,
    video_limits,
)
from vlprep.count.pruning import kept_tokens
from vlprep.count.timestamps import timestamp_tokens
from vlprep.display import brief, page
from vlprep.errors import ConstraintError, FrameCountError, ResizeError, VlprepError
from vlprep.maths.arithmetic import NUMBERS, Arithmetic
from vlprep.maths.frame_counts import PAIR
from vlprep.maths.geometry import FIRST_RESIZES, smart_resize, smart_resize_clip
from vlprep.maths.sampling import frame_range, plan_frames
from vlprep.models.sourced import Reading
from vlprep.models.spec import FirstResize, ImageRule, VideoRule
from vlprep.types import FrameListInfo, FramePlan, ImageInfo, ImageSize, SizeLike, VideoInfo
from vlprep.units import format_size, plural
from vlprep.view import View

if TYPE_CHECKING:  # numpy is slow to import, and one picture needs none
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCount:
    """What an image or a video costs, and what the model sees of it."""

    resized: ImageSize
    """Size of the picture, or of every frame, at the model's input."""
    grid_thw: tuple[int, int, int]
    """Grid of patches: steps in time, rows, columns."""
    visual: int
    """Tokens of the picture itself."""
    markers: int
    """Tokens that mark where it starts and ends."""
    text: int = 0
    """Tokens of the timestamps written between the steps of a video."""
    limits: PixelLimits
    """The pixel range in force."""
    rules: str
    """Name of the rule set in force."""
    warnings: tuple[str, ...] = ()
    """What a user should know; the model's own warnings first."""

    def __repr__(self) -> str:
        frames = "" if self.frames is None else plural(self.frames, "frame")
        seen = f"seen as {format_size(self.resized)}"
        return brief(self, plural(self.total, "token"), frames, seen, self.rules)

    def _repr_html_(self) -> str:
        parts = {"visual": self.visual, "markers": self.markers, "text": self.text}
        rows = [(name, f"{tokens:,}") for name, tokens in {**parts, "in all": self.total}.items()]
        seen = format_size(self.resized)
        frames = "" if self.frames is None else f", {plural(self.frames, 'frame')}"
        title = f"{plural(self.total, 'token')} by {self.rules}, seen as {seen}{frames}"
        return page(title, ("part", "tokens"), rows, self.warnings)

    @property
    def total(self) -> int:
        """All tokens together."""
        return self.visual + self.markers + self.text

    @property
    def frames(self) -> int | None:
        """Frames that the model is shown; `None` of an image."""
        return None


_Count = TypeVar("_Count", bound=TokenCount)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VideoCount(TokenCount):
    """What a video costs, and which frames the model is shown."""

    plan: FramePlan
    """The frames."""

    @property
    def frames(self) -> int:
        """Frames that the model is shown."""
        return self.plan.frame_count


def count_dict(size: ImageSize, tokens: TokenCount) -> dict[str, int | None]:
    """Return the documented JSON of a count, in which sizes are height and width apart."""
    return {
        "height": size.height,
        "width": size.width,
        "resized_height": tokens.resized.height,
        "resized_width": tokens.resized.width,
        "frames": tokens.frames,
        "tokens": tokens.total,
        "visual_tokens": tokens.visual,
        "marker_tokens": tokens.markers,
        "text_tokens": tokens.text,
    }


def media_count(info: ImageInfo | VideoInfo, view: View) -> TokenCount:
    """Count a file whose header has been read; raises what `image_count` and `video_count` do."""
    if isinstance(info, VideoInfo):
        return video_count(info, view)
    return image_count(seen_size(info, view), view)


def seen_size(info: ImageInfo, view: View) -> ImageSize:
    """Return the size of an image as what serves the model takes it: upright, or as stored."""
    return info.size if view.image_rule.upright else info.stored_size


def handed_size(size: ImageSize, rule: ImageRule | VideoRule, limits: PixelLimits) -> ImageSize:
    """Return the size at which a picture is handed to the processor: resized, or as it is."""
    low, high = limits.min_pixels, limits.max_pixels
    if isinstance(rule.first, FirstResize):
        sides = float(size[0]), float(size[1])
        return ImageSize(*map(int, FIRST_RESIZES[rule.first.resize](sides, low, high)))
    if rule.first is None:
        return size
    return _resize_frames(size, rule.first, limits, rule.first.min_frames, strict=False)[0]


def image_count(size: SizeLike, view: View) -> TokenCount:
    """Count the tokens of an image of `size`, (height, width) or "WIDTHxHEIGHT" as displayed.

    Raises `UnknownFactError` where no source says how the model sizes images, `ConstraintError` for
    limits that cannot be, and the errors of `smart_resize`.

    >>> image_count((1280, 1280), View.of("qvq-max", high_res=True)).resized
    ImageSize(height=1288, width=1288)
    """
    (count,) = image_counts([ImageSize.of(size)], view)
    if isinstance(count, ConstraintError):
        raise count
    return count


def image_counts(sizes: Sequence[ImageSize], view: View) -> list[TokenCount | ConstraintError]:
    """Count several images as `image_count` does; a size that it refuses gives the error.

    >>> [count.total for count in image_counts([ImageSize(1280, 1280)] * 2, View.of("qvq-max"))]
    [1227, 1227]
    """
    rule, limits = view.image_rule, _image_limits(view)
    counts = {size: _image_count(size, view, limits) for size in dict.fromkeys(sizes)}
    for reading in _warned_of(rule):
        others = image_counts(list(counts), view.read_as(rule, reading))
        counts = {
            size: count if isinstance(count, ConstraintError) else _warning(count, other, reading)
            for (size, count), other in zip(counts.items(), others, strict=True)
        }
    return [counts[size] for size in sizes]


def image_totals(sizes: npt.ArrayLike, view: View) -> npt.NDArray[np.int64]:
    """Count the tokens of many images: (N, 2) integer sizes in, N totals out.

    Sizes are (height, width) in pixels. A size that `image_count` refuses counts 0; its other
    errors are raised here too.

    >>> image_totals([[1280, 1280], [1080, 1920]], View.of("qvq-max")).tolist()
    [1227, 1224]
    """
    import numpy as np

    from vlprep.maths.size_arrays import first_sizes, smart_resize_batch

    rule, limits = view.image_rule, _image_limits(view)
    low, high = limits.min_pixels, limits.max_pixels
    if rule.first is not None:
        sizes = first_sizes(rule.first.resize, sizes, min_pixels=low, max_pixels=high)
        low, high = rule.min_pixels, rule.max_pixels
    resized = smart_resize_batch(
        sizes, factor=rule.factor, min_pixels=low, max_pixels=high, reference=rule.resize
    )
    visual = resized[:, 0] * resized[:, 1] // rule.token_pixels
    return np.where(visual > 0, visual + view.rules.prompt.image_markers, 0)


def _image_limits(view: View) -> PixelLimits:
    asked = view.options
    return image_limits(
        view.image_rule,
        min_pixels=asked.min_pixels,
        max_pixels=asked.max_pixels,
        high_res=asked.high_res,
    )


def _image_count(size: ImageSize, view: View, limits: PixelLimits) -> TokenCount | ConstraintError:
    rule = view.image_rule
    try:
        resized = _resize_image(size, rule, limits)
    except ConstraintError as error:
        return error
    return TokenCount(
        resized=resized,
        grid_thw=(1, resized.height // rule.patch_size, resized.width // rule.patch_size),
        visual=resized.pixels // rule.token_pixels,
        markers=view.rules.prompt.image_markers,
        limits=limits,
        rules=view.rules.name,
        warnings=view.model.warnings + limits.warnings + _refused_by_service(size, rule),
    )


def _resize_image(size: ImageSize, rule: ImageRule, limits: PixelLimits) -> ImageSize:
    own: PixelLimits | ImageRule = limits if rule.first is None else rule
    low, high = own.min_pixels, own.max_pixels
    handed = handed_size(size, rule, limits)
    try:
        return smart_resize(
            *handed, factor=rule.factor, min_pixels=low, max_pixels=high, reference=rule.resize
        )
    except ConstraintError as error:
        if rule.first is None:
            raise
        by = f"refused by {rule.first.resize} or by the processor behind it"
        raise ResizeError(size, by) from error


def _warned_of(rule: ImageRule | VideoRule) -> tuple[Reading, ...]:
    return tuple(reading for reading in rule.readings if not reading.explained_only)


def _warning(count: _Count, other: TokenCount | VlprepError, reading: Reading) -> _Count:
    """Add what another reading comes to, which may be a refusal, where that is not the same."""
    outcome = "refused"
    if isinstance(other, TokenCount):
        if other.total == count.total:
            return count
        outcome = f"{other.total:,} tokens instead of {count.total:,}"
    return replace(count, warnings=(*count.warnings, reading.told(outcome)))


def video_count(info: VideoInfo, view: View) -> VideoCount:
    """Count the tokens of a video from the facts of its header.

    A clip shorter than the reference accepts is counted from what there is, with a warning; the
    option `strict` raises `FrameCountError` instead. Of a list of images (`FrameListInfo`) all are
    shown, `info.fps` apart; a choice of frames is refused.

    Raises `UnknownFactError` where no source says how the model samples videos, `ConstraintError`
    for limits that cannot be, `FrameCountError` for a list longer or shorter than the service
    takes, and the errors of `plan_frames` and `smart_resize`.

    >>> from fractions import Fraction
    >>> clip = VideoInfo(size=ImageSize(720, 1280), frame_count=300, fps=Fraction(30))
    >>> count = video_count(clip, View.of("qwen3-vl-plus"))
    >>> count.frames, count.resized, count.total
    (20, ImageSize(height=576, width=1056), 5942)
    """
    rule, asked, prompt = view.video_rule, view.options, view.rules.prompt
    is_list = isinstance(info, FrameListInfo)
    plan = _list_plan(info, view) if is_list else _clip_plan(info, view)
    shown = plan.frame_count
    limits = video_limits(
        rule.first or rule, shown, asked.min_pixels, asked.max_pixels, asked.total_pixels
    )
    total = total_behind(rule, asked.clip_pixels)
    handed = handed_size(info.size, rule, limits)
    own = limits if rule.first is None else limits_behind(rule, shown, total)
    resized, padding = _resize_frames(handed, rule, own, shown, asked.strict)
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
    for reading in _warned_of(rule):
        count = _warning(count, _counted(info, view.read_as(rule, reading)), reading)
    return count


def _counted(info: VideoInfo, view: View) -> VideoCount | VlprepError:
    try:
        return video_count(info, view)
    except VlprepError as error:
        return error


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


def _resize_frames(
    size: ImageSize, rule: VideoRule, limits: PixelLimits, frames: int, strict: bool
) -> tuple[ImageSize, tuple[str, ...]]:
    factor, low, high = rule.factor, limits.min_pixels, limits.max_pixels
    padding: tuple[str, ...] = ()
    group = rule.temporal_patch_size
    if frames < group and not strict:
        padding = (_repeated(frames, group),)
        frames = group
    if limits.per_clip:
        resized = smart_resize_clip(
            frames, *size, factor=factor, min_pixels=low, max_pixels=high,
            temporal_factor=rule.temporal_patch_size,
        )  # fmt: skip
    else:
        resized = smart_resize(
            *size, factor=factor, min_pixels=low, max_pixels=high, reference=rule.resize
        )
    return resized, padding


def _repeated(frames: int, group: int) -> str:
    if group == PAIR:
        return "a single frame is shown twice, as models read frames in pairs"
    return (
        f"the last of {plural(frames, 'frame')} is repeated, as the model reads {group} at a time"
    )


def _refused_by_service(size: tuple[int, int], rule: ImageRule) -> tuple[str, ...]:
    short, long = min(size), max(size)
    warnings = []
    if rule.min_side_pixels is not None and short < rule.min_side_pixels:
        warnings.append(f"the service refuses sides below {rule.min_side_pixels} pixels")
    if rule.max_aspect_ratio is not None and long > rule.max_aspect_ratio * short:
        warnings.append(f"the service refuses aspect ratios over {rule.max_aspect_ratio:g}:1")
    return tuple(warnings)
