"""Write the table of clips into `plans.md`, between its markers.

`python docs/make_plans.py` rewrites the file; a test fails when it is out of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import get_args

from vlprep import ImageSize, MediaPlan, VideoInfo, plan_media
from vlprep.plan.settings import Setting
from vlprep.types import ServerName
from vlprep.units import format_rate, format_size

PAGE = Path(__file__).with_name("plans.md")
MARKED = re.compile(r"(?<=<!-- (table|lifts) -->\n).*?(?=<!-- end -->)", flags=re.DOTALL)
BUDGET = 32_768
QWEN3, QWEN2 = "Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct"
WAYS: tuple[tuple[str, ServerName | None], ...] = (
    *((model, server) for model in (QWEN3, QWEN2) for server in (None, *get_args(ServerName))),
    ("qwen3-vl-plus", None),
)
MINUTES = (1, 3, 10, 30)


def updated(page: str) -> str:
    """Return the page with the tables between their markers."""
    made = {"table": table, "lifts": lifts}
    return MARKED.sub(lambda found: "\n".join(made[found[1]]()) + "\n", page)


def table() -> Iterator[str]:
    """Yield the lines of the table: a row for each model and server, a column for each length."""
    yield f"| model | server | {' | '.join(f'{minutes} min' for minutes in MINUTES)} |"
    yield "|---" * (len(MINUTES) + 2) + "|"
    for model, server in WAYS:
        cells = (_cell(model, server, minutes) for minutes in MINUTES)
        yield f"| {model} | {server or ''} | {' | '.join(cells)} |"


def lifts() -> Iterator[str]:
    """Yield a line for each clip of which a default is lifted, with what there is without."""
    yield "| model | server | clip | in place of a default | with the defaults |"
    yield "|---|---|---|---|---|"
    for (model, server), minutes in product(WAYS, MINUTES):
        plan = _planned(model, server, minutes)
        if plan.clip is None or (default := plan.clip.default) is None:
            continue
        own = {name: value for name, value in plan.clip.chosen.keywords.items() if name != "fps"}
        if plan.view.video_rule.first or model == QWEN2:  # whose cap of a frame is as usual
            own.pop("max_pixels")
        named = ", ".join(f"`{name}` {value:,}" for name, value in own.items())
        where = f"{model} | {server or ''} | {minutes} min"
        yield f"| {where} | {named} | {_shown(default, minutes)} |"


@cache
def _planned(model: str, server: ServerName | None, minutes: int) -> MediaPlan:
    frames = minutes * 60 * 30
    clip = VideoInfo(size=ImageSize(1080, 1920), frame_count=frames, fps=Fraction(30))
    return plan_media([clip], model, budget=BUDGET, server=server)


def _cell(model: str, server: ServerName | None, minutes: int) -> str:
    plan = _planned(model, server, minutes)
    starred = "*" if plan.clip and plan.clip.default else ""
    return _shown(plan.files[0].setting, minutes) + starred


def _shown(setting: Setting, minutes: int) -> str:
    rate = format_rate(round(setting.frames / (60 * minutes), 2))
    return f"{rate} fps, {format_size(setting.count.resized)}, {setting.tokens / BUDGET:.0%}"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text("utf-8")), "utf-8")
