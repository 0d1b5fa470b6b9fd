"""Limits of a clip that are defaults of open weights: lifting them, and what that would give.

A default stands in the files of the model or in the code of a server, and its owner may set
another. Where that keeps a clip at `LEAST_FPS`, a plan does it; where no request and no option of a
view can say it, the plan says what it would give. Numbers only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from vlprep.count.pixels import is_per_clip
from vlprep.errors import BudgetError
from vlprep.plan.bounds import Bound
from vlprep.plan.one_clip import (
    EQUAL_PRODUCTS,
    LEAST_FPS,
    LEAST_TOKENS,
    ClipPlan,
    Prefer,
    plan_clip,
)
from vlprep.plan.settings import ClipChoices
from vlprep.units import format_rate, format_size


def kept_at_least(plan: ClipPlan, prefer: Prefer | None) -> ClipPlan:
    """Return the plan with those defaults lifted that keep a clip below `LEAST_FPS`.

    It stays as it is where what the view asks fits, where the clip moves, where nothing may be
    lifted, and where that would not get it there, or to as many frames as are taken, with frames
    of `LEAST_TOKENS`.

    >>> from fractions import Fraction
    >>> from vlprep import ImageSize, VideoInfo, processor
    >>> lecture = VideoInfo(size=ImageSize(1080, 1920), frame_count=54_000, fps=Fraction(30))
    >>> view = processor("Qwen/Qwen2.5-VL-7B-Instruct")
    >>> plan = plan_clip(ClipChoices(lecture, view), 32_768)
    >>> plan.chosen.frames, kept_at_least(plan, None).chosen.keywords
    (768, {'fps': 2.0, 'max_pixels': 63504, 'max_frames': 900})
    """
    least, small = _least(plan), _small(plan.choices)
    fits = plan.wanted.tokens <= plan.available
    if fits or prefer in ("detail", "motion") or plan.chosen.frames >= least:
        return plan
    found = [plan]
    for lifts in _ways(plan, least):
        with suppress(BudgetError):
            choices = plan.choices.lifting(_least_fps(plan.choices), **lifts)
            lifted = plan_clip(choices, plan.available, prefer)
            found += [lifted] if lifted.chosen.count.resized.pixels >= small else []
    best = max(found, key=lambda one: min(one.chosen.frames, least))  # the first, of equal ones
    if best is plan:
        return plan
    return replace(best, choices=plan.choices.lifting(**best.chosen.lifted))  # with lower rates too


def _least(plan: ClipPlan) -> int:
    """Return how many frames `LEAST_FPS` is, or the rate asked if that is lower, in whole pairs."""
    group = plan.choices.rule.temporal_patch_size
    return int(plan.choices.seconds * _least_fps(plan.choices)) // group * group


def _least_fps(choices: ClipChoices) -> float:
    return min(LEAST_FPS, choices.rates[1])


def _small(choices: ClipChoices) -> int:
    """Return the pixels of a frame of `LEAST_TOKENS`, or of the clip's own if it has fewer."""
    return min(LEAST_TOKENS * choices.rule.factor**2, choices.own_pixels)


def _ways(plan: ClipPlan, least: int) -> Iterator[dict[str, int]]:
    """Yield limits to set in place of defaults, the fewest first."""
    choices, ways = plan.choices, dict[str, int]()
    rule, sizing, asked = choices.rule, choices.sizing, choices.view.options
    if choices.view.model.kind != "open-weights" or not choices.has_rate:
        return
    if asked.max_frames is None and rule.max_frames < least <= (rule.most_frames or math.inf):
        ways["max_frames"] = least
    smallest = LEAST_TOKENS * sizing.factor**2
    if asked.min_pixels is None and not is_per_clip(sizing) and sizing.min_pixels > smallest:
        ways["min_pixels"] = smallest
    for name, value in ways.items():
        yield {name: value}
    if len(ways) > 1:
        yield ways


def explain_lifts(plan: ClipPlan, prefer: Prefer | None) -> Iterator[Bound]:
    """Yield the defaults that bind a plan and that it cannot lift, with what that would give."""
    choices = plan.choices
    if choices.view.model.kind == "open-weights" and choices.has_rate:
        yield from _most_frames(plan)
        yield from _second_total(plan, prefer)


def _most_frames(plan: ClipPlan) -> Iterator[Bound]:
    """Say why more frames than by default are not taken, where that would keep the clip moving."""
    choices, least = plan.choices, _least(plan)
    rule, options = choices.rule, choices.view.options
    if options.max_frames is not None or not plan.chosen.frames < least > rule.max_frames:
        return
    fps = _least_fps(choices)
    reason = f"{fps:g} frames per second would be {least:,}, and {rule.max_frames:,} are taken"
    if rule.most_frames is not None:
        served = choices.view.server
        parts = math.ceil(least / rule.most_frames)
        nobody = f"nothing: {served.title if served else 'the code'} takes no more of a video"
        yield Bound("default frames", reason, f"{nobody}; cut the clip into {parts} parts")
        return
    grid = choices.lifting(fps, max_frames=least).grid
    enough = (grid.frames >= least)[:, None] & (grid.worth >= _small(choices))
    costs = grid.tokens[enough & (grid.tokens > 0)]
    if len(costs):
        but = ", but" if costs.min() > plan.available else ":"
        needed = f"so many of {LEAST_TOKENS} tokens cost at least {costs.min():,}"
        yield Bound("default frames", reason, f"`max_frames` {least:,}{but} {needed}")


def _second_total(plan: ClipPlan, prefer: Prefer | None) -> Iterator[Bound]:
    """Say what the total of the processor behind a server's own resize takes, if it does."""
    choices, server = plan.choices, plan.choices.view.server
    rule, chosen = choices.rule, plan.chosen
    if server is None or rule.first is None or not is_per_clip(rule):
        return
    everything = choices.own_pixels * max(choices.grid.frames[-1], rule.max_frames)
    free = replace(rule, max_pixels=max(rule.max_pixels, int(everything)))
    view = replace(choices.view, rules=replace(choices.view.rules, video=free))
    freed = plan_clip(ClipChoices(choices.info, view), plan.available, prefer)
    best = kept_at_least(freed, prefer).chosen
    more, now = (one.count.resized.pixels * one.frames for one in (best, chosen))
    if EQUAL_PRODUCTS * more <= now:
        return
    group = rule.temporal_patch_size
    total = -(-best.frames // group) * group * best.count.resized.pixels
    shown = f"{best.frames:,} frames of {format_size(best.count.resized)}"
    rate = format_rate(round(best.frames / choices.seconds, 2))
    reason = (
        f"behind {server.title}'s own resize all frames share {rule.max_pixels:,} pixels, a number "
        "of the model's files"
    )
    size = f'"size": {{"shortest_edge": {rule.min_pixels}, "longest_edge": {total}}}'
    where = f"{server.start.size} or in these files" if server.start.size else "these files"
    beside = "".join(f" and `{name}` {value:,}" for name, value in best.lifted.items())
    gives = f"with which {shown} ({rate} a second) cost {best.tokens:,}"
    yield Bound("default total", reason, f"{size} for videos in {where}{beside}, {gives}")
