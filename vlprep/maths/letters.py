"""Find lines of text in a picture and measure the letters, without reading them.

A letter is mostly upright strokes, so a row of pixels that crosses a line of text has many steps of
brightness and one between lines has few. The height of small letters, the x-height, is the run of
rows in which steps are dense. Nothing is claimed of pictures that have no such lines.

The constants were chosen on pages drawn with 30 fonts at 10 to 32 pixels, in 10 pairs of colours,
as JPEG, with noise and turned, against photographs and frames of videos.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vlprep.maths.legible import STRIP, Letters

Pixels = npt.NDArray[np.uint8]

MOST_PIXELS = 24_000_000
"""Pixels that are looked at; of larger pictures strips are left out evenly."""

_STEP = 0.15
"""Part of a strip's range of brightness from which a difference is a step."""
_FAINTEST = 12
"""Levels below which nothing is a step."""
_NOISE = 3.5
"""A step is so many times the usual difference of neighbours."""
_STEPS_IN_ROW = 6
"""Steps in a row of a strip from which it belongs to a line."""
_HEIGHTS = range(3, 49)
"""Rows of small letters; larger ones can be read anywhere but in large pictures."""
_LARGE = 6_000_000
"""Pixels from which larger letters are looked for too, in every second row and column."""
_DENSE = 0.5
"""Part of the steps of a line's fullest rows from which a row crosses small letters."""
_BALANCE, _DENSITY = 0.75, 1.0
"""Least ratio of steps up and down, and least steps by height, of a line of text."""
_BLOCK = 640
"""Rows of a strip that are judged together."""
_SHARE = 0.5
"""Least part of the steps of a block that lie in lines of text, where it is one of text."""
_BORDER = 0.2
"""Steps in every row, against those of the fullest, that are a border and no drawing."""
_LEAST_LINES = 3
"""Fewer lines below each other say nothing."""
_SAMENESS = 0.6
"""Share of the lines that have one of few heights, from which a picture is one of text."""


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """Lines of one direction: an entry for each."""

    heights: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    """Steps of brightness in it, by which it counts."""
    most: int
    """Lines in the strip that has the most: they lie one below the other."""

    @property
    def weight(self) -> int:
        """Steps that lie in lines of text; the direction in which text runs has more."""
        return int(self.steps.sum())


def find_letters(picture: Pixels) -> Letters | None:
    """Measure the text of a picture, RGB of height x width x 3; `None` where there is none.

    Lines may run across or downwards. Of text in several sizes the smallest is told that fills a
    tenth of it. Letters without small and large, such as Chinese or digits, count as a whole. Where
    a large picture has none of up to 48 rows, larger ones are looked for.

    >>> find_letters(np.full((400, 400, 3), 255, np.uint8)) is None
    True
    """
    found = _letters(picture)
    if found or picture.shape[0] * picture.shape[1] < _LARGE:
        return found
    half = find_letters(picture[::2, ::2])  # strokes of such letters are many pixels wide
    return half and replace(half, smallest=2 * half.smallest, usual=2 * half.usual)


def _letters(picture: Pixels) -> Letters | None:
    across = _text_lines(picture)
    down = _text_lines(picture.transpose(1, 0, 2))
    turned = down.weight > across.weight
    found = down if turned else across
    if found.most < _LEAST_LINES or _sameness(found) < _SAMENESS:
        return None
    order = np.argsort(found.heights, kind="stable")
    filled = np.cumsum(found.steps[order]) / found.weight
    smallest, usual = (found.heights[order][np.searchsorted(filled, part)] for part in (0.1, 0.5))
    return Letters(float(smallest), float(usual), len(found.heights), turned)


SPECK = 2
"""Steps in a row that may be a speck, or else the tail of a single letter."""


def steps_in_rows(picture: Pixels) -> npt.NDArray[np.int64]:
    """Count the steps of brightness in each row, beyond those that run through all rows.

    >>> page = np.full((40, 400, 3), 255, np.uint8); page[10:20, 8:300:8] = 0
    >>> np.flatnonzero(np.diff(steps_in_rows(page) > SPECK)).tolist()
    [9, 19]
    """
    steps = np.zeros(len(picture), np.int64)
    for start in range(0, picture.shape[1], STRIP):
        up, down = _steps_by_row(np.ascontiguousarray(picture[:, start : start + STRIP]))
        steps += up + down
    always, full = np.percentile(steps, (5, 95))
    return steps - int(always if always < _BORDER * full else 0)


def _sameness(found: _Lines) -> float:
    """Return the share of lines whose height many others have too."""
    near = np.abs(found.heights[:, None] - found.heights) <= 0.15 * found.heights + 1
    many = max(_LEAST_LINES, 0.1 * len(found.heights))
    return float((near.sum(axis=1) >= many).mean())


def _text_lines(picture: Pixels) -> _Lines:
    strips = [list(_lines_of(strip)) for strip in _strips(picture)]
    found = np.array([line for lines in strips for line in lines], np.int64).reshape(-1, 2)
    return _Lines(found[:, 0], found[:, 1], max(map(len, strips), default=0))


def _strips(picture: Pixels) -> Iterator[Pixels]:
    """Cut a picture into strips of columns; of a large one, only some of them."""
    height, width = picture.shape[:2]
    starts = np.arange(0, max(1, width - STRIP // 2), STRIP)
    most = max(1, MOST_PIXELS // (height * STRIP))
    if len(starts) > most:
        starts = starts[np.linspace(0, len(starts) - 1, most).round().astype(int)]
    for start in starts:
        yield np.ascontiguousarray(picture[:, start : start + STRIP])


def _lines_of(strip: Pixels) -> Iterator[tuple[int, int]]:
    """Yield the height of the small letters and the steps of each line of text in a strip."""
    up, down = _steps_by_row(strip)
    found = [
        rows
        for rows in _dense_runs(up + down)
        if rows.stop - rows.start in _HEIGHTS and _is_line(up[rows], down[rows], strip.shape[1])
    ]
    steps = [int((up + down)[rows].sum()) for rows in found]
    blocks = [rows.start // _BLOCK for rows in found]
    all_steps = np.bincount(np.arange(len(up)) // _BLOCK, up + down)
    in_lines = np.bincount(blocks, steps, len(all_steps)) if found else all_steps * 0
    for rows, weight, block in zip(found, steps, blocks, strict=True):
        if in_lines[block] >= _SHARE * all_steps[block]:
            yield rows.stop - rows.start, weight


def _dense_runs(steps: npt.NDArray[np.int64]) -> Iterator[slice]:
    """Yield the rows in which steps are dense among those around: small letters, in a text."""
    for rows in runs(steps >= _STEPS_IN_ROW):
        full = np.percentile(steps[rows], 80)
        for core in runs(steps[rows] > _DENSE * full):
            yield slice(rows.start + core.start, rows.start + core.stop)


def _is_line(up: npt.NDArray[np.int64], down: npt.NDArray[np.int64], width: int) -> bool:
    """Say whether strokes could make these steps: as many up as down, and close to each other."""
    rising, falling = int(up.sum()), int(down.sum())
    balance = min(rising, falling) / max(rising, falling)
    return balance >= _BALANCE and (rising + falling) / (2 * width) >= _DENSITY


def runs(flags: npt.NDArray[np.bool_]) -> Iterator[slice]:
    """Yield where flags are set, one slice a run.

    >>> list(runs(np.array([True, True, False, True])))
    [slice(0, 2, None), slice(3, 4, None)]
    """
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    yield from map(slice, edges[::2].tolist(), edges[1::2].tolist())


def _steps_by_row(strip: Pixels) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return how often brightness steps up and down in each row, in the channel that says most."""
    channel = strip[..., int(np.argmax(_range_of(strip)))].astype(np.int16)
    difference = np.diff(channel, axis=1)
    size = np.abs(difference)
    usual = np.median(size[:: max(1, len(size) // 500)]) if size.size else 0
    step = max(_FAINTEST, _STEP * float(_range_of(strip).max()), _NOISE * float(usual))
    return (difference > step).sum(axis=1), (difference < -step).sum(axis=1)


def _range_of(strip: Pixels) -> npt.NDArray[np.float64]:
    """Return how far brightness reaches in each channel, a few odd pixels apart."""
    sample = strip.reshape(-1, 3)[:: max(1, strip.shape[0] * strip.shape[1] // 20_000)]
    low, high = np.percentile(sample, (0.2, 99.8), axis=0)
    reach: npt.NDArray[np.float64] = high - low
    return reach
