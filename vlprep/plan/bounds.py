"""What keeps files from being shown as wanted, and what it would take to lift that."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vlprep.count.budget import TokenBudget
from vlprep.count.pixels import has_total_behind, is_per_clip
from vlprep.display import brief
from vlprep.maths.geometry import PAIR
from vlprep.plan.one_clip import ClipPlan
from vlprep.plan.settings import ClipChoices
from vlprep.units import format_size, plural


@dataclass(frozen=True, slots=True)
class Bound:
    """One limit that binds a plan."""

    name: str
    """"frames", "frame pixels", "total pixels", "lower limit", or a name of `InputLimit`."""
    reason: str
    """What it does here, a sentence."""
    remedy: str
    """What would lift it, a sentence."""

    def __repr__(self) -> str:
        return brief(self, f"{self.name}: {self.reason}")


def explain_clip(plan: ClipPlan, budget: TokenBudget) -> tuple[Bound, ...]:
    """Return every limit that binds a plan, the one on tokens first; none if all is as in the file.

    >>> from fractions import Fraction
    >>> from vlprep import ImageSize, VideoInfo, processor
    >>> from vlprep.plan.one_clip import plan_clip
    >>> from vlprep.plan.settings import ClipChoices
    >>> lecture = VideoInfo(size=ImageSize(1080, 1920), frame_count=90000, fps=Fraction(25))
    >>> view = processor("qwen3-vl-plus")
    >>> budget = view.budget(budget=130_048)
    >>> plan = plan_clip(ClipChoices(lecture, view), budget.available, "motion")
    >>> [bound.name for bound in explain_clip(plan, budget)]
    ['frames', 'frame pixels', 'total pixels']
    """
    found = (_tokens(plan, budget), _frames(plan), _picture(plan), _clip(plan), _floor(plan))
    return tuple(bound for bound in found if bound is not None)


def explain_shared(wanted: int, budget: TokenBudget) -> tuple[Bound, ...]:
    """Return the limit on tokens where it binds several files, which as wanted cost `wanted`.

    >>> from vlprep import token_budget
    >>> [bound.remedy for bound in explain_shared(1227, token_budget("qvq-max", budget=1000))]
    ['227 tokens more, or several requests (`split`)']
    """
    missing = wanted - budget.available
    if missing <= 0:
        return ()
    remedy = f"{missing:,} tokens more, or several requests (`split`)"
    reason = f"{_room(budget)}; all files as wanted cost {wanted:,}"
    return (Bound(budget.binding.name, reason, remedy),)


def _tokens(plan: ClipPlan, budget: TokenBudget) -> Bound | None:
    free, missing = plan.unbound, plan.unbound.tokens - plan.available
    if missing <= 0:
        return None
    shown = f"{plural(free.frames, 'frame')} of {format_size(free.count.resized)}"
    reason = f"{_room(budget)}; else {shown} would be shown, which cost {free.tokens:,}"
    return Bound(budget.binding.name, reason, f"{missing:,} tokens more, or a shorter clip")


def _room(budget: TokenBudget) -> str:
    beside = f", {budget.reserved:,} of them reserved" if budget.reserved else ""
    return f"{budget.binding.reason}: {budget.available:,} tokens for media{beside}"


def _frames(plan: ClipPlan) -> Bound | None:
    choices = plan.choices
    if not choices.has_rate:
        return None
    high, own = choices.rates[1], choices.view.options.max_frames
    asked, most = int(choices.seconds * high), own or choices.rule.max_frames
    if asked <= most:
        return None
    most = min(most, choices.rule.most_frames or most)
    taken, remedy = "`max_frames` lets through", "a higher `max_frames`"
    if own is None or own > most:
        taken = "the model takes"
        remedy = f"cut the clip into {-(-asked // most)} parts, a clip each (`pieces`)"
    reason = f"{high:g} frames per second would be {asked:,}, and {taken} {most:,} of one clip"
    return Bound("frames", reason, remedy)


def _picture(plan: ClipPlan) -> Bound | None:
    """Say where even the largest frames are smaller than in the file."""
    choices = plan.choices
    rule, cap = choices.sizing, choices.caps[1]
    if plan.wanted_size.pixels >= choices.own_pixels:
        return None
    what = "all frames together" if is_per_clip(rule) else "a frame"
    remedy, ceiling = "a higher `max_pixels`", rule.ceiling_pixels
    if ceiling is not None:
        remedy += f", up to {ceiling:,}"
        if ceiling <= cap:
            remedy = "nothing: no source allows a higher `max_pixels`"
    largest = f"{format_size(plan.wanted_size)} of {format_size(choices.info.size)}"
    reason = f"{what} may have {cap:,} pixels, and the largest is {largest}"
    return Bound("frame pixels", reason, remedy)


def _clip(plan: ClipPlan) -> Bound | None:
    """Say where not all frames can be as large as wanted, whatever they may cost."""
    choices, free = plan.choices, plan.unbound
    wanted = min(plan.wanted_size.pixels, choices.own_pixels)
    if free.frames == plan.wanted.frames and free.count.resized.pixels >= wanted:
        return None
    most = int(choices.grid.frames[choices.grid.worth.max(axis=1) >= wanted].max())
    size = format_size(plan.wanted_size)
    reason = f"all frames share {_shared(choices)}: more than {most:,} cannot have {size} each"
    return Bound("total pixels", reason, "fewer frames or smaller ones, or a clip for each part")


def _shared(choices: ClipChoices) -> str:
    """Say of which total all frames have their share: the least, where there are two."""
    rule, asked, sizing = choices.rule, choices.view.options, choices.sizing
    total = asked.total_pixels or sizing.total_pixels
    behind = (asked.clip_pixels or rule.max_pixels) if has_total_behind(rule) else math.inf
    if behind < PAIR * (total or math.inf):
        return f"{behind:,} pixels behind a first resize"
    if is_per_clip(sizing):
        return f"{choices.caps[1]:,} pixels"
    return f"{total:,} pixels, counted once per pair" if total else "a total of pixels"


def _floor(plan: ClipPlan) -> Bound | None:
    count = plan.chosen.count
    if count.resized.pixels <= plan.choices.own_pixels:
        return None
    enlarged = f"frames are enlarged to {format_size(count.resized)}"
    reason = f"{enlarged}, as they may not have fewer than {count.limits.min_pixels:,.0f} pixels"
    return Bound("lower limit", reason, "nothing: smaller frames cost the same")
