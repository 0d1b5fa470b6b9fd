"""Tell in sentences how a token count came about, each number with its source and date."""

from __future__ import annotations

from vlprep.count.tokens import TokenCount
from vlprep.maths.geometry import rounded_size
from vlprep.models.registry import find_source
from vlprep.models.spec import ImageRule, ModelSpec, RuleSet, VideoRule
from vlprep.types import ImageInfo, ImageSize, VideoInfo
from vlprep.units import format_size


def explain_image(info: ImageInfo, count: TokenCount, model: ModelSpec) -> list[str]:
    """Return the steps from an image's header to its tokens, a sentence each."""
    rule_set = model.rules(count.rules)
    rule = rule_set.image_rule(model.name)
    turned = f", EXIF orientation {info.orientation} applied" if info.orientation > 1 else ""
    return [
        _rules_in_force(rule_set),
        f"{info.format}, {format_size(info.size)} as displayed{turned}",
        _token_size(rule),
        _pixel_range(count, rule),
        _resize_step(info.size, count, rule),
        _sum(count, rule),
    ]


def explain_video(info: VideoInfo, count: TokenCount, model: ModelSpec) -> list[str]:
    """Return the steps from a video's header to its tokens, a sentence each."""
    rule_set = model.rules(count.rules)
    rule = rule_set.video_rule(model.name)
    turned = f", turned by {info.rotation} degrees" if info.rotation else ""
    codec = f" ({info.codec})" if info.codec else ""
    rate = f"{float(info.fps):.6g} frames per second" if info.fps else "unknown rate"
    return [
        _rules_in_force(rule_set),
        f"{info.format}{codec}, {format_size(info.size)} as displayed{turned}",
        f"{info.frame_count:,} frames ({info.frame_count_from}) at {rate}",
        _frames_step(count, rule),
        _token_size(rule),
        _pixel_range(count, rule),
        _resize_step(info.size, count, rule),
        _sum(count, rule),
    ]


def _frames_step(count: TokenCount, rule: VideoRule) -> str:
    assert count.plan is not None  # a video's count always has one
    frames, sampling = count.plan.frame_count, count.plan.sampling
    if sampling == "list":
        return f"all {frames:,} images of a list are shown"
    return (
        f"the {rule.count} rule takes {frames:,} frames: {rule.fps:g} a second unless asked, at "
        f"least {rule.min_frames}, at most {rule.max_frames:,}; spread by {sampling}"
    )


def cite(sources: tuple[str, ...]) -> str:
    """Return sources with their dates, for the end of a sentence; a user's own have none.

    >>> cite(("S004", "P1"))
    '[S004 2025-12-18, P1 2026-01]'
    """
    return "[" + ", ".join(map(_dated, sources)) + "]"


def _dated(key: str) -> str:
    source = find_source(key)
    return key if source is None else f"{key} {source.date}"


def _rules_in_force(rule_set: RuleSet) -> str:
    return f"rules {rule_set.name}: {rule_set.title}, {rule_set.date}"


def _token_size(rule: ImageRule | VideoRule) -> str:
    side = rule.factor
    patches = f"patches of {rule.patch_size} pixels, {rule.merge_size} x {rule.merge_size} merged"
    return f"one token is {side}x{side} pixels ({patches}) {_cite(rule)}"


def _pixel_range(count: TokenCount, rule: ImageRule | VideoRule) -> str:
    limits = count.limits
    unit = "the clip" if limits.per_clip else "a frame" if count.plan else "an image"
    return (
        f"{unit} may have {limits.min_pixels:,.0f} to {limits.max_pixels:,.0f} pixels, "
        f"bound by {limits.bound_by} {_cite(rule)}"
    )


def _resize_step(size: ImageSize, count: TokenCount, rule: ImageRule | VideoRule) -> str:
    limits, factor = count.limits, rule.factor
    frames = count.plan.frame_count if count.plan and limits.per_clip else 1
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
        f"seen as {format_size(count.resized)} ({rule.resize} rule)"
    )


def _sum(count: TokenCount, rule: ImageRule | VideoRule) -> str:
    steps, rows, columns = count.grid_thw
    grid = f"{rows // rule.merge_size} x {columns // rule.merge_size}"
    times = f"{steps:,} frame pairs x {grid}" if count.plan else grid
    text = f" + {count.text:,} of timestamp text" if count.text else ""
    return (
        f"{times} = {count.visual:,} visual tokens + {count.markers:,} markers{text} "
        f"= {count.total:,}"
    )


def _cite(rule: ImageRule | VideoRule) -> str:
    return cite(rule.sources) if rule.sources else "[a model file]"
