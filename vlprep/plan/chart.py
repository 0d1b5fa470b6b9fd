"""Draw the plan of one clip: what other rates and caps would cost, and where the budget lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vlprep.draw.charts import Chart, Point, draw_chart
from vlprep.output.encode import encode_picture, picture_format
from vlprep.output.target import PathLike, check_not_source, new_file
from vlprep.plan.one_clip import ClipPlan
from vlprep.plan.rates import Numbers
from vlprep.units import format_rate, format_size

RATES = 400
"""Points of each curve."""
LINES = 250
"""Lines that a chart is high: curves less apart fall on one."""
MARGIN = 1.25
"""How far the chart goes on where the number of frames has reached its bound."""


def save_chart(clip: ClipPlan, source: str, path: PathLike, *, overwrite: bool = False) -> None:
    """Draw the plan of the clip `source`, and write the picture, as `MediaPlan.save_chart` says."""
    format = picture_format(path)
    check_not_source(path, [source])
    chosen, view = clip.chosen, clip.choices.view
    shown = f"{chosen.frames:,} frames of {format_size(chosen.count.resized)}"
    asked = f"fps {format_rate(chosen.fps or 0)}, max_pixels {chosen.max_pixels}"
    lines = [
        f"{view.model.name}, rules {view.rules.name}",
        f"{asked}: {shown}, {chosen.tokens:,} tokens",
    ]
    picture = draw_chart(_chart(clip), Path(source).name, lines)
    with new_file(path, overwrite=overwrite) as output:
        output.write(encode_picture(picture, format))


def _chart(clip: ClipPlan) -> Chart:
    full, highest = clip.choices.full_rate, clip.choices.rates[1]
    last = min(MARGIN * full, highest)
    more = f" (from {full:.3g} on, higher rates give no more frames)" if last < highest else ""
    return Chart(
        curves=dict(_curves(clip, last)),
        limit=clip.available,
        limit_label=f"{clip.available:,} for media",
        chosen=(min(clip.chosen.fps or 0, last), clip.chosen.tokens),
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
        shown, highest = np.flatnonzero(tokens), max(highest, tokens.max())
        if not len(shown) or any(abs(tokens - one).max() <= highest / LINES for one in drawn):
            continue
        drawn.append(tokens)
        ends = (clip.choices.setting(float(rates[k]), cap) for k in shown[[0, -1]])
        sizes = dict.fromkeys(format_size(setting.count.resized) for setting in ends)
        points = [(float(rates[k]), float(tokens[k])) for k in shown]
        yield " to ".join(sizes), points
