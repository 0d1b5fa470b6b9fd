"""Tell in sentences how a token count came about, each number with its source and date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from vlprep.count.pixels import PixelLimits, image_limits, video_limits
from vlprep.count.tokens import TokenCount, handed_size, seen_size
from vlprep.count.videos import VideoCount, media_count
from vlprep.errors import VlprepError
from vlprep.maths.geometry import rounded_size
from vlprep.models.citing import cite
from vlprep.models.spec import ImageRule, VideoRule
from vlprep.types import FrameListInfo, ImageInfo, ImageSize, VideoInfo
from vlprep.units import format_size, plural, whose
from vlprep.view import View


def explain_count(info: ImageInfo | VideoInfo, count: TokenCount, view: View) -> list[str]:
    """Return the steps from a header to its tokens, and what other rule sets would give.

    A sentence each.
    """
    rule = view.video_rule if isinstance(info, VideoInfo) else view.image_rule
    return [
        f"rules {view.rules.name}: {view.rules.title}, {view.rules.date}",
        *(_video_facts(info) if isinstance(info, VideoInfo) else _image_facts(info)),
        *([_frames_step(count, view)] if isinstance(count, VideoCount) else ()),
        _token_size(rule),
        _pixel_range(count, rule),
        *_resize_steps(info, count, view),
        _sum(count, rule),
        *_other_readings(info, count, view, rule),
        *(f"note: {note}" for note in (*view.rules.notes, *view.model.notes)),
        *_other_rules(info, count, view),
    ]


def _image_facts(info: ImageInfo) -> list[str]:
    turned = f", EXIF orientation {info.orientation} applied" if info.orientation > 1 else ""
    if info.page is None:
        return [f"{info.format}, {format_size(info.size)} as displayed{turned}"]
    width, height = info.page.points
    return [
        f"page {info.page.number:,} of a PDF, {width:g}x{height:g} points: it counts as "
        f"{format_size(info.size)}, at {info.page.dpi:.4g} pixels per inch, and is drawn straight "
        "at the size that is seen"
    ]


def _video_facts(info: VideoInfo) -> list[str]:
    turned = f", turned by {info.rotation} degrees" if info.rotation else ""
    codec = f" ({info.codec})" if info.codec else ""
    rate = f"{float(info.fps):.6g} frames per second" if info.fps else "unknown rate"
    origin = "list" if isinstance(info, FrameListInfo) else info.frame_count_from
    return [
        f"{info.format or 'video'}{codec}, {format_size(info.size)} as displayed{turned}",
        f"{plural(info.frame_count, 'frame')} ({origin}) at {rate}",
    ]


def _frames_step(count: VideoCount, view: View) -> str:
    rule, number = view.video_rule, view.options.nframes
    if count.plan.sampling == "list":
        return f"all {count.frames:,} images of a list are shown"
    return (
        f"the rule of {whose(rule.chooses(number).count)} takes {plural(count.frames, 'frame')}: "
        f"{rule.fps:g} a second unless asked, "
        f"at least {rule.min_frames}, at most {rule.max_frames:,}; spread by {count.plan.sampling} "
        f"{_cite(rule, 'fps', 'min_frames', 'max_frames')}"
    )


def _other_readings(
    info: ImageInfo | VideoInfo, count: TokenCount, view: View, rule: ImageRule | VideoRule
) -> Iterator[str]:
    """Tell what the sources of the rule say otherwise, whether it matters here or not."""
    for reading in rule.readings:
        yield reading.told(f"would {_outcome(info, count, view.read_as(rule, reading))}")


def _other_rules(info: ImageInfo | VideoInfo, count: TokenCount, view: View) -> Iterator[str]:
    for rules in (rule_set.name for rule_set in view.model.rule_sets):
        if rules != view.rules.name:
            yield f"{rules} would {_outcome(info, count, view.by(rules))}"


def _outcome(info: ImageInfo | VideoInfo, count: TokenCount, view: View) -> str:
    try:
        total = media_count(info, view).total
    except VlprepError as error:
        return f"refuse: {error}"
    same = "the same " if total == count.total else ""
    return f"give {same}{total:,} tokens"


def _token_size(rule: ImageRule | VideoRule) -> str:
    side = rule.factor
    patches = f"patches of {rule.patch_size} pixels, {rule.merge_size} x {rule.merge_size} merged"
    return (
        f"one token is {side}x{side} pixels ({patches}) {_cite(rule, 'patch_size', 'merge_size')}"
    )


def _pixel_range(count: TokenCount, rule: ImageRule | VideoRule) -> str:
    limits = count.limits
    unit = "the clip" if limits.per_clip else "a frame" if count.frames else "an image"
    return (
        f"{unit} may have {limits.min_pixels:,.0f} to {limits.max_pixels:,.0f} pixels, "
        f"bound by {limits.bound_by} {_cite(rule, 'min_pixels', 'max_pixels', 'ceiling_pixels')}"
    )


def _resize_steps(info: ImageInfo | VideoInfo, count: TokenCount, view: View) -> Iterator[str]:
    """Tell of the resize, and of one before it by a server or a framework."""
    rule: ImageRule | VideoRule
    if isinstance(info, VideoInfo):
        rule, size = view.video_rule, info.size
    else:
        rule, size = view.image_rule, seen_size(info, view)
    if rule.first is None:
        yield _resize_step(size, count, rule, count.limits)
        return
    handed = handed_size(size, rule, count.limits)
    first = whose(rule.first.resize)
    yield f"{format_size(size)} is first made {format_size(handed)} by the rule of {first}"
    if isinstance(rule, VideoRule):
        own = video_limits(rule, count.frames or 0, max_pixels=view.options.clip_pixels)
    else:
        own = image_limits(replace(rule, first=None))
    yield _resize_step(handed, count, rule, own)


def _resize_step(
    size: ImageSize, count: TokenCount, rule: ImageRule | VideoRule, limits: PixelLimits
) -> str:
    factor = rule.factor
    frames = count.frames if count.frames and limits.per_clip else 1
    rounded = rounded_size(*size, factor=factor, reference=rule.resize)
    pixels = rounded.pixels * frames
    if pixels > limits.max_pixels:
        step = f"{pixels:,} pixels, too many: shrunk to multiples of {factor}"
    elif pixels < limits.min_pixels:
        step = f"{pixels:,} pixels, too few: enlarged to multiples of {factor}"
    else:
        step = "within the range"
    times = f" x {frames} frames" if frames > 1 else ""
    return (
        f"{format_size(size)} rounds to {format_size(rounded)}{times}, {step}; "
        f"seen as {format_size(count.resized)}, by the rule of {whose(rule.resize)}"
    )


def _sum(count: TokenCount, rule: ImageRule | VideoRule) -> str:
    steps, rows, columns = count.grid_thw
    grid = f"{rows // rule.merge_size} x {columns // rule.merge_size}"
    times = f"{plural(steps, 'frame pair')} x {grid}" if count.frames else grid
    text = f" + {count.text:,} of timestamp text" if count.text else ""
    return (
        f"{times} = {count.visual:,} visual tokens + {count.markers:,} markers{text} "
        f"= {count.total:,}"
    )


def _cite(rule: ImageRule | VideoRule, *numbers: str) -> str:
    return cite(rule.sources_of(*numbers)) if rule.sources else "[a model file]"
