"""Limits of a clip that are defaults of open weights: lifting them, and what that would give.

A default stands in the files of the model or in the code of a server, and its owner may set
another. Where that keeps a clip at `LEAST_FPS`, or uses a budget that all frames' total of pixels
leaves, a plan does it; where nobody can set it, the plan says what it would give. Numbers only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from vlprep.count.pixels import is_per_clip
from vlprep.count.tokens import FEW_TOKENS
from vlprep.errors import BudgetError
from vlprep.plan.bounds import Bound
from vlprep.plan.cautions import told
from vlprep.plan.one_clip import (
    EQUAL_PRODUCTS,
    FRAME_TOKENS,
    LEAST_TOKENS,
    ClipPlan,
    Prefer,
    least_fps,
    least_frames,
    plan_clip,
)
from vlprep.plan.settings import ClipChoices


def plan_lifting(choices: ClipChoices, available: int, prefer: Prefer | None = None) -> ClipPlan:
    """Choose as `plan_clip` does, with those defaults lifted that an owner may set otherwise.

    A total of pixels that all frames share is lifted where more is shown for it. So are the most
    frames and the lower limit of a frame where that brings a clip to `LEAST_FPS`, or to as
    many frames as are taken, with frames of `FRAME_TOKENS`; not where what the view asks fits.

    Raises the errors of `plan_clip`, with the defaults as they are.

    >>> from fractions import Fraction
    >>> from vlprep import ImageSize, VideoInfo, processor
    >>> lecture = VideoInfo(size=ImageSize(1080, 1920), frame_count=54_000, fps=Fraction(30))
    >>> view = processor("Qwen/Qwen2.5-VL-7B-Instruct")
    >>> plan = plan_lifting(ClipChoices(lecture, view), 32_768)
    >>> plan.default.frames, plan.chosen.keywords
    (768, {'fps': 2.0, 'max_pixels': 63504, 'max_frames': 900})
    """
    default = plan_clip(choices, available, prefer)
    plan = _kept_moving(_with_larger_total(default, prefer), prefer)
    return replace(plan, default=default.chosen) if plan.chosen != default.chosen else default


def _with_larger_total(plan: ClipPlan, prefer: Prefer | None) -> ClipPlan:
    """Return the plan without a default total of pixels of all frames, if that shows more."""
    if (choices := plan.choices.without_total()) is None:
        return plan
    freed = plan_clip(choices, plan.available, prefer)
    more, now = (one.chosen.count.resized.pixels * one.chosen.frames for one in (freed, plan))
    return freed if EQUAL_PRODUCTS * more > now else plan


def _kept_moving(plan: ClipPlan, prefer: Prefer | None) -> ClipPlan:
    """Return the plan with those defaults lifted that keep a clip below `LEAST_FPS`."""
    choices, least = plan.choices, least_frames(plan.choices)
    fits = plan.wanted.tokens <= plan.available
    if fits or prefer in ("detail", "motion") or plan.chosen.frames >= least:
        return plan
    best, lifting = plan, dict[str, int]()
    for tokens in FRAME_TOKENS:
        for lifts in _ways(plan, least, tokens):
            with suppress(BudgetError):
                lowest = least_fps(choices)
                lifted = plan_clip(choices.lifting(lowest, **lifts), plan.available, prefer)
                shown = lifted.chosen.frames
                gains = min(shown, least) > best.chosen.frames
                gains &= shown >= least or tokens == LEAST_TOKENS
                if gains and lifted.chosen.count.resized.pixels >= choices.pixels_of(tokens):
                    best, lifting = lifted, lifts
    if not lifting or "nframes" in lifting:  # of which there is no other choice
        return replace(best, choices=choices)
    return replace(best, choices=choices.lifting(**lifting))  # with lower rates too


def _ways(plan: ClipPlan, least: int, tokens: int) -> Iterator[dict[str, int]]:
    """Yield limits to set in place of defaults, the fewest first."""
    choices = plan.choices
    sizing, asked = choices.sizing, choices.view.options
    if choices.view.model.kind != "open-weights" or not choices.has_rate:
        return
    more = _more_frames(choices, least) if choices.rule.max_frames < least else {}
    floors = [floor * sizing.factor**2 for floor in FRAME_TOKENS if floor >= tokens]
    can_shrink = asked.min_pixels is None and not is_per_clip(sizing)
    lower = [{"min_pixels": low} for low in floors if can_shrink and low < sizing.min_pixels]
    yield from ([more] if more else [])
    yield from lower
    yield from ({**more, **low} for low in lower if more)


def _more_frames(choices: ClipChoices, frames: int) -> dict[str, int]:
    """Return how so many frames may be asked for, more than by default; `{}`: in no way."""
    rule, asked = choices.rule, choices.view.options
    if asked.max_frames is not None:
        return {}
    if frames <= (rule.most_frames or math.inf):
        return {"max_frames": frames}
    return {"nframes": frames} if rule.by_number and asked.fps is None else {}


def explain_lifts(plan: ClipPlan, prefer: Prefer | None) -> Iterator[Bound]:
    """Yield the defaults that bind a plan and that it cannot lift, with what that would give."""
    choices = plan.choices
    if choices.view.model.kind == "open-weights" and choices.has_rate:
        yield from _most_frames(plan)
        yield from _second_total(plan, prefer)


def _most_frames(plan: ClipPlan) -> Iterator[Bound]:
    """Say why more frames than by default are not taken, where that would keep the clip moving."""
    choices, least = plan.choices, least_frames(plan.choices)
    rule, options = choices.rule, choices.view.options
    if options.max_frames is not None or not plan.chosen.frames < least > rule.max_frames:
        return
    fps = least_fps(choices)
    reason = f"{fps:g} frames per second would be {least:,}, and {rule.max_frames:,} are taken"
    more = _more_frames(choices, least)
    if not more:
        remedy = f"cutting the clip into {math.ceil(least / rule.max_frames)} parts"
        if rule.by_number:
            remedy += f"; beyond {rule.most_frames:,} with `nframes` in place of `fps`"
        yield Bound("default frames", reason, remedy)
        return
    grid = choices.lifting(fps, **more).grid
    enough = (grid.frames >= least)[:, None] & (grid.worth >= choices.pixels_of(FEW_TOKENS))
    costs = grid.tokens[enough & (grid.tokens > 0)]
    if len(costs):
        but = ", but" if costs.min() > plan.available else ":"
        needed = f"so many of {FEW_TOKENS} tokens cost at least {costs.min():,}"
        yield Bound("default frames", reason, f"`{next(iter(more))}` {least:,}{but} {needed}")


def _second_total(plan: ClipPlan, prefer: Prefer | None) -> Iterator[Bound]:
    """Say what the total of the processor behind a server's own resize takes, if it does."""
    choices, server = plan.choices, plan.choices.view.server
    if server is None or plan.default is not None:
        return
    best = _kept_moving(_with_larger_total(plan, prefer), prefer).chosen
    if best.clip_pixels is None:
        return
    reason = (
        f"behind {server.title}'s own resize all frames share {choices.rule.max_pixels:,} pixels, "
        "a number of the model's files"
    )
    lifts = " and ".join(f"`{name}` {value:,}" for name, value in best.lifted.items())
    yield Bound("default total", reason, f"{lifts}, with which {told(best)}")
