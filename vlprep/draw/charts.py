"""Line charts for people: tokens against the rate, for several caps, under a budget.

Numbers come in, a Pillow image goes out; no file is read or written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, cycle
from typing import TypeAlias

from PIL import Image, ImageDraw

from vlprep.draw.fonts import Face, own_font
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


Point: TypeAlias = tuple[float, float]
"""A place on a chart, across and up, in the units of the axes."""


_Placing: TypeAlias = Callable[[Point], Point]  # from there to pixels, right and down


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Curves with a limit and a marked point."""

    curves: Mapping[str, Sequence[Point]]
    """At least one, by what is written at its end; points from left to right, at least one."""
    limit: float
    """Height of the line that should not be crossed."""
    limit_label: str
    """What is written at the end of that line."""
    chosen: Point
    """The point that is marked."""
    across: str
    """What the horizontal axis counts."""
    up: str
    """What the vertical axis counts."""


def draw_chart(
    chart: Chart, title: str, lines: Sequence[str], font: Face | None = None
) -> Image.Image:
    """Draw a chart under a title and lines of text, as RGB of 1280x800.

    >>> curves = {"256x256": ((0.1, 10), (2.0, 200))}
    >>> chart = Chart(curves=curves, limit=150, limit_label="budget", chosen=(1.5, 150),
    ...     across="frames per second", up="tokens")
    >>> draw_chart(chart, "clip.mp4", ["a line"]).size
    (1280, 800)
    """
    picture = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
    blocks = caption(title, lines, WIDTH - 2 * _GAP, font)
    draw_blocks(picture, blocks, _GAP, _GAP)
    top = _GAP + sum(block.height for block in blocks) + 2 * _GAP
    pen = ImageDraw.Draw(picture)
    across, up = zip(*chain(*chart.curves.values()), strict=True)
    axes = _ticks(max(across)), _ticks(max(chart.limit, *up), least=1)
    place = partial(_place, axes[0][-1], axes[1][-1], top)
    _draw_axes(pen, chart, axes, place)
    for points, colour in zip(chart.curves.values(), cycle(_COLOURS), strict=False):
        pen.line([place(point) for point in points], fill=colour, width=3)
    _draw_limit(pen, chart.limit, place)
    _draw_labels(pen, chart, place)
    x, y = place(chart.chosen)
    pen.ellipse((x - 8, y - 8, x + 8, y + 8), outline=BRIGHT, width=4)
    return picture


def _place(rightmost: float, highest: float, top: int, point: Point) -> Point:
    """Return where a point is drawn, right and down, by the ends of the axes."""
    width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _BOTTOM - top
    x, y = point
    return _LEFT + x / rightmost * width, HEIGHT - _BOTTOM - y / highest * height


def _ticks(largest: float, least: float = 0) -> list[float]:
    """Return up to ten round numbers from 0 to the first that is not below the largest.

    They are no closer than `least`, and no fewer than five where that lets them be.

    >>> _ticks(2), _ticks(2, least=1)
    ([0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0], [0, 1, 2])
    """
    largest = max(largest, least, 1e-9)
    rough = largest / 8
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(scale * part for part in (1, 2, 2.5, 5, 10) if scale * part >= rough * 0.999)
    step = max(step, least)
    return [step * k for k in range(math.ceil(largest / step - 1e-9) + 1)]


def _draw_axes(
    pen: ImageDraw.ImageDraw, chart: Chart, axes: tuple[list[float], list[float]], place: _Placing
) -> None:
    font, (across, up) = own_font(_LETTERS), axes
    for number in up:
        start, end = place((0, number)), place((across[-1], number))
        pen.line([start, end], fill=_LINE)
        pen.text((start[0] - 10, start[1]), f"{number:,.0f}", fill=DIM, font=font, anchor="rm")
    for number in across:
        x, y = place((number, 0))
        pen.line([(x, y), (x, y + 6)], fill=DIM)
        pen.text((x, y + 10), f"{number:g}", fill=DIM, font=font, anchor="ma")
    x, y = place((across[-1] / 2, 0))
    pen.text((x, y + 44), chart.across, fill=BRIGHT, font=font, anchor="ma")
    x, y = place((0, up[-1]))
    pen.text((x - 10, y - 14), chart.up, fill=BRIGHT, font=font, anchor="rb")


def _draw_labels(pen: ImageDraw.ImageDraw, chart: Chart, place: _Placing) -> None:
    """Write the names of curves and limit at their ends, apart where they would overlap."""
    ends = [
        (place(points[-1])[1], label, colour)
        for (label, points), colour in zip(chart.curves.items(), cycle(_COLOURS), strict=False)
    ]
    ends.append((place((0, chart.limit))[1], chart.limit_label, _BUDGET))
    right, lowest, font = WIDTH - _RIGHT + 12, HEIGHT - _BOTTOM + _LETTERS, own_font(_LETTERS)
    for y, label, colour in sorted(ends, key=lambda end: -end[0]):
        lowest = int(min(y, lowest - _LETTERS * 5 // 4))
        pen.text((right, lowest), label, fill=colour, font=font, anchor="lm")


def _draw_limit(pen: ImageDraw.ImageDraw, limit: float, place: _Placing) -> None:
    _, y = place((0, limit))
    for x in range(_LEFT, WIDTH - _RIGHT, 16):
        pen.line([(x, y), (min(x + 9, WIDTH - _RIGHT), y)], fill=_BUDGET, width=2)
