"""Write what the benchmarks measured: a chart and five lines of the README, and all tables.

All of it comes from `benchmarks/results/*.json`, which `benchmarks/README.md` says how to measure.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
MARKED = re.compile(r"(?<=<!-- speed -->\n).*?(?=<!-- end -->)", flags=re.DOTALL)
CASES = ("1080p, 60 s, 1 fps", "640x360, 10 min, 2 fps", "640x360, 10 min, 1 frame per 10 s")
READERS = ("vlprep", "torchcodec", "decord", "OpenCV", "PyAV")


class Speed(NamedTuple):
    """The numbers in the lines of the README."""

    read_seconds: str
    """Reading a minute of 1080p."""
    next_reader: str
    """The fastest of the other readers, on the same clip."""
    next_seconds: str
    count_milliseconds: str
    """Counting 1,000 images of a camera."""
    count_ratio: str
    """How many times as long as opening them."""
    plan_milliseconds: str
    """Planning an hour of video."""
    kernel_ratio: str
    """A million sizes: how many times as fast as the guide's lines in a loop."""
    quality_decibels: str
    """Camera photos at equal bytes: how much nearer to what the model would see."""
    processors: str


ENGLISH = """\
- **Read**: 60 s of 1080p at 1 fps in {read_seconds} s; {next_reader}, the next fastest, takes {next_seconds} s.
- **Count**: 1,000 camera JPEGs in {count_milliseconds} ms, {count_ratio} times as long as Pillow takes to open them.
- **Plan**: an hour of video under a budget in {plan_milliseconds} ms.
- **Compute**: a million image sizes {kernel_ratio} times as fast as the guide's code in a loop.
- **Compress**: photos {quality_decibels} dB closer to the original view than the guide's recipe at equal bytes.

Measured on {processors} processors. [Benchmarks](docs/benchmarks.md) has all tables and how to repeat them.
"""
CHINESE = """\
- **读取**：60 秒的 1080p 视频按 1 fps 取帧，用时 {read_seconds} 秒；次快的 {next_reader} 用时 {next_seconds} 秒。
- **计数**：1,000 张相机 JPEG 用时 {count_milliseconds} 毫秒，是 Pillow 打开这些文件所用时间的 {count_ratio} 倍。
- **规划**：在预算内为一小时视频选定参数用时 {plan_milliseconds} 毫秒。
- **计算**：一百万个图像尺寸的计算速度是官方示例代码循环的 {kernel_ratio} 倍。
- **压缩**：字节数相同时，照片比官方推荐做法高 {quality_decibels} dB，更接近模型本应看到的画面。

在 {processors} 个处理器核心上测得。全部表格与复现方法见[基准测试](docs/benchmarks.md)。
"""


def english(page: str) -> str:
    """Return the README with the five lines between its markers."""
    return MARKED.sub(lambda _: ENGLISH.format(**speed()._asdict()), page)


def chinese(page: str) -> str:
    """Return the Chinese README with the same five lines."""
    return MARKED.sub(lambda _: CHINESE.format(**speed()._asdict()), page)


def tables(page: str) -> str:
    """Return the page of benchmarks with all tables between its markers."""
    sys.path.insert(0, str(RESULTS.parent))
    drawn: str = import_module("report").tables()
    return MARKED.sub(lambda _: drawn + "\n", page)


def speed() -> Speed:
    """Return the numbers of the lines, as the results have them."""
    walls = wall_seconds(CASES[0])
    ours = walls.pop("vlprep")
    other = min(walls, key=walls.__getitem__)
    return Speed(
        _number(ours), other, _number(walls[other]),
        _number(finding("headers", "camera", "vlprep tokens --json", " ms")),
        _number(finding("headers", "camera", "tokens --json / Image.open", "x")),
        _number(finding("plan", "an hour of MP4", " ms")),
        _number(finding("kernel", "loop / kernel", "x")),
        _number(finding("compress", "camera photos", " dB")),
        str(results("frames")["machine"]["processors"]),
    )  # fmt: skip


def finding(benchmark: str, *words: str) -> float:
    """Return the value of the one finding that has these words; the last one is its unit."""
    *parts, unit = words
    values = [
        float(found["value"])
        for found in results(benchmark)["findings"]
        if found["unit"] == unit and all(part in found["what"] for part in parts)
    ]
    if len(values) != 1:
        raise SystemExit(f"{len(values)} findings of {benchmark}.json have {words}")
    return values[0]


def wall_seconds(case: str) -> dict[str, float]:
    """Return the seconds that each reader took for a clip, by its fastest way."""
    walls: dict[str, float] = {}
    for row in results("frames")["readers"]:
        reader = row["reader"].partition(",")[0]  # "OpenCV, seeking" is OpenCV too
        if row["case"] == case and reader in READERS:
            walls[reader] = min(row["wall_seconds"], walls.get(reader, row["wall_seconds"]))
    return walls


def results(benchmark: str) -> Mapping[str, Any]:
    """Return one file of results."""
    document: Mapping[str, Any] = json.loads((RESULTS / f"{benchmark}.json").read_bytes())
    return document


def _number(value: float) -> str:
    """Return three digits, which is all that a noisy machine can tell."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


# The chart: a card of its own colours, so that it can be read on a light page and on a dark one.
WIDTH, LEFT, LONGEST, ROW, GAP, TOP = 800, 130, 560, 24, 46, 64
STYLE = """text{font:14px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:#dfe5ea}
.title{font-size:17px;font-weight:600}.case,.unit{fill:#97a3ae}.case{font-weight:600}
.other{fill:#4a5660}.ours{fill:#35b8a6}.bold{font-weight:600}"""


def chart(_: str) -> str:
    """Return the chart of readers as SVG: a group of bars for each clip, shorter is faster."""
    lines, y = [], TOP
    for case in CASES:
        y += 20
        lines.append(f'<text class="case" x="24" y="{y}">{escape(case)}</text>')
        y += 12
        walls = wall_seconds(case)
        for reader in sorted(walls, key=walls.__getitem__):
            lines += _bar(reader, walls[reader], max(walls.values()), y)
            y += ROW
        y += GAP - 30
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img">',
            "<title>Seconds that vlprep and other readers take for the frames of a model</title>",
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{y}" rx="10" fill="#161b20"/>',
            '<text class="title" x="24" y="38">Reading the frames a model sees</text>',
            f'<text class="unit" x="{WIDTH - 24}" y="38" text-anchor="end">'
            "seconds, less is better</text>",
            *lines,
            "</svg>\n",
        )
    )


def _bar(reader: str, seconds: float, longest: float, y: int) -> Iterator[str]:
    length = round(LONGEST * seconds / longest, 1)
    ours = reader == "vlprep"
    bold = ' class="bold"' if ours else ""
    yield f'<text{bold} x="{LEFT - 10}" y="{y + 14}" text-anchor="end">{escape(reader)}</text>'
    yield (
        f'<rect class="{"ours" if ours else "other"}" x="{LEFT}" y="{y}" width="{length}" '
        f'height="{ROW - 6}" rx="3"/>'
    )
    yield f'<text{bold} x="{LEFT + length + 8}" y="{y + 14}">{_number(seconds)}</text>'
