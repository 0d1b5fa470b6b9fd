"""Draw the plan of one clip: what other rates and caps would cost, and where the budget lies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from vlprep.draw.charts import Chart, Curve, draw_chart
from vlprep.errors import ConstraintError
from vlprep.media.encode import encode_picture, picture_format
from vlprep.media.target import PathLike, check_not_source, new_file
from vlprep.plan.one_clip import what_if
from vlprep.plan.records import MediaPlan
from vlprep.plan.settings import ClipChoices
from vlprep.units import format_rate, format_size

RATES = 400
"""Points of each curve."""
MARGIN = 1.25
"""How far the chart goes on where the number of frames has reached its bound."""


def save_chart(plan: MediaPlan, path: PathLike, *, overwrite: bool = False) -> None:
    """Draw tokens against frames per second for several caps, and write the picture.

    The ending of `path` chooses the format. Raises `ConstraintError` for a plan that is not of one
    clip, or of a list of images, and for an ending of no known picture format; other errors are
    those of `new_file`.

    >>> from tempfile import TemporaryDirectory
    >>> from vlprep.plan.plan import plan_media
    >>> plan = plan_media("fixtures/street.mp4", "qwen3-vl-plus", budget=1500)
    >>> with TemporaryDirectory() as folder:
    ...     save_chart(plan, f"{folder}/plan.png")
    """
    format = picture_format(path)
    if plan.clip is None or plan.choices is None or plan.clip.chosen.fps is None:
        raise ConstraintError("a chart is drawn of one video; this plan is of other files")
    file, chosen = plan.files[0], plan.clip.chosen
    check_not_source(path, [file.source])
    last = min(MARGIN * plan.choices.full_rate, plan.choices.rates[1])
    curves = tuple(_curves(plan.choices, chosen.max_pixels, last))
    more = ""
    if last < plan.choices.rates[1]:
        more = f" (from {plan.choices.full_rate:.3g} on, higher rates give no more frames)"
    chart = Chart(
        curves=curves,
        limit=plan.clip.available,
        limit_label=f"{plan.clip.available:,} for media",
        chosen=(min(chosen.fps or 0, last), chosen.tokens),
        across=f"frames per second{more}",
        up="tokens",
    )
    flags = f"--fps {format_rate(plan.clip.chosen.fps)} --max-pixels {chosen.max_pixels}"
    shown = f"{chosen.frames:,} frames of {format_size(chosen.count.resized)}"
    lines = [
        f"{plan.model.name}, rules {plan.rules}",
        f"{flags} shows {shown}, {chosen.tokens:,} tokens",
    ]
    picture = draw_chart(chart, Path(file.source).name, lines)
    with new_file(path, overwrite=overwrite) as output:
        output.write(encode_picture(picture, format))


def _curves(choices: ClipChoices, chosen_cap: int, last: float) -> Iterator[Curve]:
    """Yield a curve for each cap of the what-if table, the highest first."""
    caps = what_if(choices, (), [chosen_cap]).caps
    rates = np.linspace(choices.rates[0], last, RATES).tolist()
    for cap in reversed(caps):
        tokens = (choices.tokens_at(choices.frames_at(rate), cap) for rate in rates)
        points = tuple((rate, count) for rate, count in zip(rates, tokens, strict=True) if count)
        if points:
            yield Curve(f"max-pixels {cap:,}", points)
