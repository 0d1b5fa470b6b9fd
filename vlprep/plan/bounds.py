"""What keeps files from being shown as wanted, and what it would take to lift that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vlprep.count.pixel_ranges import is_per_clip
from vlprep.count.spending import Spending
from vlprep.plan.many_files import SharedPlan
from vlprep.plan.one_clip import ClipPlan
from vlprep.plan.settings import ClipChoices
from vlprep.units import format_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One limit that binds a plan."""

    name: str
    """"frames", "frame pixels", "total pixels", "lower limit", or a name of `InputLimit`."""
    reason: str
    """What it does here, a sentence."""
    remedy: str
    """What would lift it, a sentence."""


def explain_clip(plan: ClipPlan, choices: ClipChoices, allowed: Spending) -> tuple[Bound, ...]:
    """Return every limit that binds a plan, the one on tokens first; none if all is as in the file.

    >>> from fractions import Fraction
    >>> from vlprep import ImageSize, VideoInfo, get_model
    >>> from vlprep.plan.one_clip import plan_clip
    >>> from vlprep.count.spending import spending
    >>> lecture = VideoInfo(size=ImageSize(1080, 1920), frame_count=90000, fps=Fraction(25))
    >>> model = get_model("qwen3-vl-plus")
    >>> choices, allowed = ClipChoices(lecture, model), spending(model, budget=130_048)
    >>> plan = plan_clip(choices, allowed.available, "motion")
    >>> [bound.name for bound in explain_clip(plan, choices, allowed)]
    ['frames', 'frame pixels', 'total pixels']
    """
    return (
        *_tokens(plan, allowed),
        *_frames(choices),
        *_picture(plan, choices),
        *_clip(plan, choices),
        *_floor(plan, choices),
    )


def explain_shared(plan: SharedPlan, allowed: Spending) -> tuple[Bound, ...]:
    """Return the limit on tokens where it binds several files.

    >>> from vlprep import ImageSize, get_model
    >>> from vlprep.plan.many_files import plan_together
    >>> from vlprep.count.spending import spending
    >>> model = get_model("qvq-max")
    >>> allowed = spending(model, budget=1000)
    >>> plan = plan_together([ImageSize(1280, 1280)], model, 1000)
    >>> [bound.remedy for bound in explain_shared(plan, allowed)]
    ['227 tokens more, or several requests (--split)']
    """
    wanted, missing = plan.wanted_tokens, plan.wanted_tokens - plan.available
    if missing <= 0:
        return ()
    remedy = f"{missing:,} tokens more, or several requests (--split)"
    reason = f"{_room(allowed)}; all files as wanted cost {wanted:,}"
    return (Bound(name=allowed.binding.name, reason=reason, remedy=remedy),)


def _tokens(plan: ClipPlan, allowed: Spending) -> Iterator[Bound]:
    free, missing = plan.unbound, plan.unbound.tokens - plan.available
    if missing > 0:
        yield Bound(
            name=allowed.binding.name,
            reason=f"{_room(allowed)}; else {free.frames:,} frames of "
            f"{format_size(free.count.resized)} would be shown, which cost {free.tokens:,}",
            remedy=f"{missing:,} tokens more, or a shorter clip",
        )


def _room(allowed: Spending) -> str:
    beside = f", {allowed.reserved:,} of them reserved" if allowed.reserved else ""
    return f"{allowed.binding.reason}: {allowed.available:,} tokens for media{beside}"


def _frames(choices: ClipChoices) -> Iterator[Bound]:
    info, rule, high = choices.info, choices.rule, choices.rates[1]
    if choices.is_list or not info.fps:
        return
    asked = int(info.frame_count / float(info.fps) * high)
    if asked > rule.max_frames:
        parts = -(-asked // rule.max_frames)
        yield Bound(
            name="frames",
            reason=f"{high:g} frames per second would be {asked:,}, and the model takes "
            f"{rule.max_frames:,} of one clip",
            remedy=f"cut the clip into {parts} parts, a clip each",
        )


def _picture(plan: ClipPlan, choices: ClipChoices) -> Iterator[Bound]:
    """Say where even the largest frames are smaller than in the file."""
    rule, cap = choices.rule, choices.caps[1]
    if plan.wanted_size.pixels < choices.own_pixels:
        what = "all frames together" if is_per_clip(rule) else "a frame"
        ceiling = rule.ceiling_pixels
        higher = ceiling is None or ceiling > cap
        upto = "" if ceiling is None else f", up to {ceiling:,}"
        yield Bound(
            name="frame pixels",
            reason=f"{what} may have {cap:,} pixels, and the largest is {_size(plan)} of "
            f"{format_size(choices.info.size)}",
            remedy=f"a higher --max-pixels{upto}"
            if higher
            else "nothing: no source allows a higher --max-pixels",
        )


def _clip(plan: ClipPlan, choices: ClipChoices) -> Iterator[Bound]:
    """Say where not all frames can be as large as wanted, whatever they may cost."""
    rule, free = choices.rule, plan.unbound
    wanted = min(plan.wanted_size.pixels, choices.own_pixels)
    if free.frames == plan.wanted.frames and free.count.resized.pixels >= wanted:
        return
    most = int(choices.grid.frames[choices.grid.worth.max(axis=1) >= wanted].max())
    total, once = rule.total_pixels, ", counted once per pair"
    if is_per_clip(rule):
        total, once = choices.caps[1], ""
    shared = "a total of pixels" if total is None else f"{total:,} pixels{once}"
    yield Bound(
        name="total pixels",
        reason=f"all frames share {shared}: more than {most:,} cannot have {_size(plan)} each",
        remedy="fewer frames or smaller ones, or a clip for each part",
    )


def _floor(plan: ClipPlan, choices: ClipChoices) -> Iterator[Bound]:
    count = plan.chosen.count
    if count.resized.pixels > choices.own_pixels:
        yield Bound(
            name="lower limit",
            reason=f"frames are enlarged to {format_size(count.resized)}, as they may not have "
            f"fewer than {count.limits.min_pixels:,.0f} pixels",
            remedy="nothing: smaller frames cost the same",
        )


def _size(plan: ClipPlan) -> str:
    return format_size(plan.wanted_size)
