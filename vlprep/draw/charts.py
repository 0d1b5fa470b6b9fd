"""Line charts for people: tokens against the rate, for several caps, under a budget.

Numbers come in, a Pillow image goes out; no file is read or written.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

from PIL import Image, ImageDraw

from vlprep.draw.fonts import own_font
from vlprep.draw.lettering import (
    BACKGROUND,
    BRIGHT,
    DIM,
    Colour,
    caption,
    draw_blocks,
)

WIDTH, HEIGHT = 1280, 800
_LEFT, _RIGHT, _BOTTOM, _GAP = 110, 250, 90, 24
_LETTERS = 18
_LINE: Colour = (58, 63, 71)
_BUDGET: Colour = (255, 179, 0)
_COLOURS: tuple[Colour, ...] = (
    (79, 195, 247), (129, 199, 132), (240, 98, 146), (186, 104, 200), (255, 138, 101),
    (174, 213, 129),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart."""

    label: str
    """What it stands for, written at its end."""
    points: tuple[tuple[float, float], ...]
    """Places from left to right, in the units of the axes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Curves with a limit and a marked point."""

    curves: tuple[Curve, ...]
    """At least one, each with at least one point."""
    limit: float
    """Height of the line that should not be crossed."""
    limit_label: str
    """What is written at the end of that line."""
    chosen: tuple[float, float]
    """The point that is marked."""
    across: str
    """What the horizontal axis counts."""
    up: str
    """What the vertical axis counts."""


def draw_chart(chart: Chart, title: str, lines: Sequence[str]) -> Image.Image:
    """Draw a chart under a title and lines of text, as RGB of 1280x800.

    Raises `ValueError` for a chart without a point.

    >>> curve = Curve("256x256", ((0.1, 10), (2.0, 200)))
    >>> chart = Chart(curves=(curve,), limit=150, limit_label="budget", chosen=(1.5, 150),
    ...     across="frames per second", up="tokens")
    >>> draw_chart(chart, "clip.mp4", ["a line"]).size
    (1280, 800)
    """
    if not all(curve.points for curve in chart.curves) or not chart.curves:
        raise ValueError("a chart needs a curve, and each curve a point")
    picture = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
    blocks = caption(title, lines, WIDTH - 2 * _GAP)
    draw_blocks(picture, blocks, _GAP, _GAP)
    top = _GAP + sum(block.height for block in blocks) + 2 * _GAP
    frame = _Frame(chart, top)
    pen = ImageDraw.Draw(picture)
    _draw_axes(pen, frame)
    for curve, colour in zip(chart.curves, cycle(_COLOURS), strict=False):
        pen.line([frame.place(point) for point in curve.points], fill=colour, width=3)
    _draw_limit(pen, frame)
    _draw_labels(pen, frame)
    x, y = frame.place(chart.chosen)
    pen.ellipse((x - 8, y - 8, x + 8, y + 8), outline=BRIGHT, width=4)
    return picture


class _Frame:
    """The part of the picture that the curves are in, and the numbers at its edges."""

    def __init__(self, chart: Chart, top: int) -> None:
        points = [point for curve in chart.curves for point in curve.points]
        self.chart, self.top = chart, top
        self.across = _ticks(max(x for x, _ in points))
        self.up = _ticks(max(chart.limit, *(y for _, y in points)))

    def place(self, point: tuple[float, float]) -> tuple[float, float]:
        """Return where a point is drawn, right and down."""
        width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _BOTTOM - self.top
        right = point[0] / self.across[-1] * width
        return _LEFT + right, HEIGHT - _BOTTOM - point[1] / self.up[-1] * height


def _ticks(largest: float) -> list[float]:
    """Return five to ten round numbers from 0 to the first that is not below the largest."""
    largest = max(largest, 1e-9)
    rough = largest / 8
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(scale * part for part in (1, 2, 2.5, 5, 10) if scale * part >= rough * 0.999)
    return [step * k for k in range(math.ceil(largest / step - 1e-9) + 1)]


def _draw_axes(pen: ImageDraw.ImageDraw, frame: _Frame) -> None:
    font = own_font(_LETTERS)
    for number in frame.up:
        start, end = frame.place((0, number)), frame.place((frame.across[-1], number))
        pen.line([start, end], fill=_LINE)
        pen.text((start[0] - 10, start[1]), f"{number:,.0f}", fill=DIM, font=font, anchor="rm")
    for number in frame.across:
        x, y = frame.place((number, 0))
        pen.line([(x, y), (x, y + 6)], fill=DIM)
        pen.text((x, y + 10), f"{number:g}", fill=DIM, font=font, anchor="ma")
    x, y = frame.place((frame.across[-1] / 2, 0))
    pen.text((x, y + 44), frame.chart.across, fill=BRIGHT, font=font, anchor="ma")
    pen.text((_LEFT - 10, frame.top - 14), frame.chart.up, fill=BRIGHT, font=font, anchor="rb")


def _draw_labels(pen: ImageDraw.ImageDraw, frame: _Frame) -> None:
    """Write the names of curves and limit at their ends, apart where they would overlap."""
    ends = [
        (frame.place(curve.points[-1]), curve.label, colour)
        for curve, colour in zip(frame.chart.curves, cycle(_COLOURS), strict=False)
    ]
    ends.append((frame.place((0, frame.chart.limit)), frame.chart.limit_label, _BUDGET))
    lowest = HEIGHT - _BOTTOM + _LETTERS
    for (_, y), label, colour in sorted(ends, key=lambda end: -end[0][1]):
        lowest = int(min(y, lowest - _LETTERS * 5 // 4))
        right = frame.place((frame.across[-1], 0))[0]
        pen.text((right + 12, lowest), label, fill=colour, font=own_font(_LETTERS), anchor="lm")


def _draw_limit(pen: ImageDraw.ImageDraw, frame: _Frame) -> None:
    start = frame.place((0, frame.chart.limit))
    end = frame.place((frame.across[-1], frame.chart.limit))
    for x in range(int(start[0]), int(end[0]), 16):
        pen.line([(x, start[1]), (min(x + 9, end[0]), start[1])], fill=_BUDGET, width=2)
