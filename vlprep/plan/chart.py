"""Draw the plan of one clip: what other rates and caps would cost, and where the budget lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vlprep.draw.charts import Chart, Point, draw_chart
from vlprep.output.encode import encode_picture, picture_format
from vlprep.output.target import PathLike, check_not_source, new_file
from vlprep.plan.one_clip import ClipPlan
from vlprep.units import format_rate, format_size, plural

RATES = 400
"""Points of each curve."""
MARGIN = 1.25
"""How far the chart goes on where the number of frames has reached its bound."""


def save_chart(clip: ClipPlan, source: str, path: PathLike, *, overwrite: bool = False) -> None:
    """Draw the plan of the clip `source`, and write the picture, as `MediaPlan.save_chart` says."""
    format = picture_format(path)
    check_not_source(path, [source])
    chosen, view = clip.chosen, clip.choices.view
    shown = f"{plural(chosen.frames, 'frame')} of {format_size(chosen.count.resized)}"
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
    """Yield a curve for each cap of the what-if table, the highest first."""
    rates = np.linspace(clip.choices.rates[0], last, RATES)
    for cap in reversed(clip.what_if().caps):
        tokens = clip.choices.tokens_at(rates, cap).tolist()
        points = [pair for pair in zip(rates.tolist(), tokens, strict=True) if pair[1]]
        if points:
            yield f"max_pixels {cap:,}", points
