"""Draw plans under their budgets: other rates and caps of one clip, or how many files add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TypeAlias

import numpy as np

from vlprep.count.videos import media_count
from vlprep.draw.charts import Chart, Point, draw_chart
from vlprep.draw.fonts import font_named
from vlprep.draw.lettering import font_warnings
from vlprep.output.drawing import Drawing
from vlprep.output.target import PathLike
from vlprep.plan.one_clip import ClipPlan
from vlprep.plan.rates import Numbers
from vlprep.types import Facts
from vlprep.units import format_rate, format_size, plural
from vlprep.view import View

RATES = 400
"""Points of each curve."""
LINES = 250
"""Lines that a chart is high: curves less apart fall on one."""
MARGIN = 1.25
"""How far the chart goes on where the number of frames has reached its bound."""


Charted: TypeAlias = tuple[Chart, tuple[str, ...]]
"""A chart, and the lines that stand above it below the names of the files."""


def draw_plan(charted: Charted, sources: Sequence[str], font: PathLike | None) -> Drawing:
    """Draw a chart of files, as `MediaPlan.chart` says."""
    chart, lines = charted
    face = None if font is None else font_named(font)
    more = f" and {len(sources) - 1:,} more" if len(sources) > 1 else ""
    title = Path(sources[0]).name + more
    picture = draw_chart(chart, title, lines, face)
    warnings = font_warnings([title, *lines], face)
    return Drawing(picture, warnings, tuple(sources))


def chart_of_clip(clip: ClipPlan) -> Charted:
    """Draw what other rates and caps would cost of one clip."""
    chosen = clip.chosen
    shown = f"{plural(chosen.frames, 'frame')} of {format_size(chosen.count.resized)}"
    named = {**chosen.keywords, **({"fps": format_rate(chosen.fps)} if chosen.fps else {})}
    asked = ", ".join(f"{name} {value}" for name, value in named.items())
    cost = f"{asked}: {shown}, {chosen.tokens:,} tokens"
    return _chart(clip), (_heading(clip.choices.view), cost)


def chart_of_files(
    files: Sequence[tuple[Facts, int]],
    view: View,
    requests: Sequence[Sequence[int]],
    available: int,
) -> Charted:
    """Draw how the tokens of files add up in their requests, as wanted and as planned."""
    planned = [tokens for _, tokens in files]
    wanted = [media_count(info, view).total for info, _ in files]
    curves = {"as wanted": _sums(wanted, requests)} if wanted != planned else {}
    curves["as planned"] = _sums(planned, requests)
    chart = Chart(
        curves=curves,
        limit=available,
        limit_label=f"{available:,} for media",
        chosen=curves["as planned"][-1],
        across="files" + (", request by request" if len(requests) > 1 else ", in order"),
        up="tokens",
    )
    several = f" in {len(requests)} requests" if len(requests) > 1 else ""
    return chart, (_heading(view), f"{sum(planned):,} tokens{several}")


def _sums(tokens: Sequence[int], requests: Sequence[Sequence[int]]) -> list[Point]:
    """Return what files come to one after the other; each request begins with nothing."""
    points: list[Point] = []
    for request in requests:
        first = points[-1][0] if points else 0
        sums = accumulate((tokens[number] for number in request), initial=0)
        points += [(first + place, total) for place, total in enumerate(sums)]
    return points


def _heading(view: View) -> str:
    return f"{view.model.name}, rules {view.rules.name}"


def _chart(clip: ClipPlan) -> Chart:
    full, highest = clip.choices.full_rate, clip.choices.rates[1]
    last = min(MARGIN * full, highest)
    rate = clip.chosen.fps or clip.chosen.frames / clip.choices.seconds
    more = f" (from {full:.3g} on, higher rates give no more frames)" if last < highest else ""
    return Chart(
        curves=dict(_curves(clip, last)),
        limit=clip.available,
        limit_label=f"{clip.available:,} for media",
        chosen=(min(rate, last), clip.chosen.tokens),
        across=f"frames per second{more}",
        up="tokens",
    )


def _curves(clip: ClipPlan, last: float) -> Iterator[tuple[str, Sequence[Point]]]:
    """Yield a curve for each cap of the what-if table, the highest first, by the size of a frame.

    Curves that would be drawn as one line are one, named by the higher cap.
    """
    rates = np.linspace(clip.choices.rates[0], last, RATES)
    drawn: list[Numbers] = []
    highest = clip.available
    for cap in reversed(clip.what_if().caps):
        tokens = clip.choices.tokens_at(rates, cap)
        shown, highest = np.flatnonzero(tokens), max(highest, int(tokens.max()))
        if not len(shown) or any(abs(tokens - one).max() <= highest / LINES for one in drawn):
            continue
        drawn.append(tokens)
        ends = (clip.choices.setting(float(rates[k]), cap) for k in shown[[0, -1]])
        sizes = dict.fromkeys(format_size(setting.count.resized) for setting in ends)
        points = [(float(rates[k]), float(tokens[k])) for k in shown]
        yield " to ".join(sizes), points
