"""Write the table of clips into `plans.md`, between its markers.

`python docs/make_plans.py` rewrites the file; a test fails when it is out of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from vlprep import ImageSize, VideoInfo, plan_media
from vlprep.units import format_rate, format_size

PAGE = Path(__file__).with_name("plans.md")
MARKED = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end -->)", flags=re.DOTALL)
BUDGET = 32_768
QWEN3, QWEN2 = "Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct"
WAYS = (
    *((model, server) for model in (QWEN3, QWEN2) for server in (None, "vllm", "sglang")),
    ("qwen3-vl-plus", None),
)
MINUTES = (1, 3, 10, 30)


def updated(page: str) -> str:
    """Return the page with the table between its markers."""
    return MARKED.sub(lambda _: "\n".join(table()) + "\n", page)


def table() -> Iterator[str]:
    """Yield the lines of the table: a row for each model and server, a column for each length."""
    yield f"| model | server | {' | '.join(f'{minutes} min' for minutes in MINUTES)} |"
    yield "|---" * (len(MINUTES) + 2) + "|"
    for model, server in WAYS:
        cells = (_cell(model, server, minutes) for minutes in MINUTES)
        yield f"| {model} | {server or ''} | {' | '.join(cells)} |"


def _cell(model: str, server: str | None, minutes: int) -> str:
    frames = minutes * 60 * 30
    clip = VideoInfo(size=ImageSize(1080, 1920), frame_count=frames, fps=Fraction(30))
    plan = plan_media([clip], model, budget=BUDGET, server=server)
    setting = plan.files[0].setting
    shown = format_rate(round(setting.frames / (60 * minutes), 2))
    share = plan.total_tokens / BUDGET
    return f"{shown} fps, {format_size(setting.count.resized)}, {share:.0%}"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text("utf-8")), "utf-8")
