"""The best settings of one clip under a number of tokens: the inverse of counting.

A pure search over the counter: every distinct setting is counted (`vlprep.plan.settings`), those
over the budget are left out, the best of the rest is taken and counted once more by
`video_count`. Several files under one budget are `vlprep.plan.many_files`'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from vlprep.count.tokens import FEW_TOKENS
from vlprep.display import brief
from vlprep.errors import BudgetError
from vlprep.plan.settings import ClipChoices, Setting
from vlprep.types import ImageSize

Prefer = Literal["balanced", "detail", "motion"]
"""What is kept when not all fits: see `PREFERENCES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What a clip would cost with other rates and caps."""

    rates: tuple[float, ...]  # frames per second, ascending
    caps: tuple[int, ...]  # ascending
    tokens: tuple[tuple[int, ...], ...]  # a row for each rate and a column for each cap


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipPlan:
    """The setting chosen for a clip, and what it falls short of."""

    choices: ClipChoices
    chosen: Setting
    available: int  # tokens that it may cost
    unbound: Setting  # the best by the same preference, whatever it costs
    wanted_size: ImageSize  # the largest frame that any of the rates gives
    default: Setting | None = None  # the best where no default is lifted, if one is

    def __repr__(self) -> str:
        chosen = (f"{name}={value}" for name, value in self.chosen.keywords.items())
        return brief(self, *chosen, f"{self.chosen.tokens:,} of {self.available:,} tokens")

    @property
    def wanted(self) -> Setting:
        """What the view asks, whatever it costs."""
        return self.choices.wanted

    @property
    def motion(self) -> float:
        """Share of the wanted frames that are shown, from 0 to 1."""
        return min(self.chosen.frames / self.wanted.frames, 1)

    @property
    def detail(self) -> float:
        """Share of the wanted pixels of a frame that are shown, from 0 to 1."""
        return self.chosen.count.resized.pixels / self.wanted_size.pixels

    def alternatives(self) -> tuple[Setting, ...]:
        """Return the settings within the budget that no other beats in both frames and pixels.

        Fewest frames come first.

        >>> from vlprep import probe, processor
        >>> choices = ClipChoices(probe("fixtures/street.mp4"), processor("qwen3-vl-plus"))
        >>> plan = plan_clip(choices, 1200)
        >>> [(one.frames, one.count.resized.height) for one in plan.alternatives()]
        [(10, 352), (12, 320), (14, 320), (16, 288), (18, 256), (20, 256)]
        """
        most = _most_pixels(self.choices, self.available)
        most_of_more = np.append(np.maximum.accumulate(most[::-1])[::-1][1:], 0)
        rows = np.flatnonzero(most > most_of_more).tolist()
        return tuple(_setting_at(self.choices, row, int(most[row])) for row in rows)

    def what_if(self) -> WhatIf:
        """Count the clip with the rate and the cap chosen, and with parts of the wanted ones.

        >>> from vlprep import probe, processor
        >>> choices = ClipChoices(probe("fixtures/street.mp4"), processor("qwen3-vl-plus"))
        >>> table = plan_clip(choices, 3000).what_if()
        >>> table.rates, table.caps[-2:], table.tokens[-1][-2:]
        ((0.2, 0.5, 1.0, 1.5, 2.0), (327680, 655360), (2202, 2202))
        """
        choices, chosen = self.choices, self.chosen
        (low, high), (least, most) = choices.rates, choices.caps
        parts = (round(high * part, 6) for part in (0.1, 0.25, 0.5, 0.75))
        rates = sorted({high, chosen.fps or high, *(rate for rate in parts if rate >= low)})
        halves = (most >> k for k in range(1, 5))
        caps = sorted({most, chosen.max_pixels or 0, *(cap for cap in halves if cap >= least)})
        tokens = tuple(tuple(choices.tokens_at(rate, caps).tolist()) for rate in rates)
        return WhatIf(rates=tuple(rates), caps=tuple(caps), tokens=tokens)


def plan_clip(choices: ClipChoices, available: int, prefer: Prefer | None = None) -> ClipPlan:
    """Choose the best setting of a clip that costs at most `available` tokens.

    Without `prefer` it is what the view asks, if that fits, and else as "balanced". With it, frames
    and pixels are weighed also where it is the clip's own total of pixels that they share. Wanted
    are the frames of the highest rate, and the largest frame that any rate gives; pixels beyond
    the clip's own show nothing more and do not count. "motion" takes the most frames that
    fit at all, and then the most pixels; "detail" the most pixels, and then the most frames.
    "balanced" first keeps the clip moving: where frames of 64 tokens (or the clip's own, if those
    are smaller) fit at 0.5 a second, or at the rate wanted if that is lower, no fewer frames and no
    smaller ones are looked at; where only smaller frames fit so, the same holds with 16 tokens.
    Among what is left it looks for the greatest product of both
    shares; since tokens are that product but for rounding, many settings come close, and of those
    within 5 % of the greatest it takes the one whose lesser share is greatest, then the one with
    more frames.

    Raises `BudgetError` when not even the cheapest setting fits, and the errors of `video_count`.

    >>> from fractions import Fraction
    >>> from vlprep import VideoInfo, processor
    >>> lecture = VideoInfo(size=ImageSize(1080, 1920), frame_count=90000, fps=Fraction(25))
    >>> plan = plan_clip(ClipChoices(lecture, processor("qwen3-vl-plus")), 130_048, "motion")
    >>> plan.chosen.fps, plan.chosen.frames, plan.chosen.count.resized, plan.chosen.tokens
    (2.0, 2000, ImageSize(height=256, width=480), 120002)
    """
    wanted, largest = choices.wanted, _largest(choices)

    def best(most: float) -> Setting:
        if prefer is None and wanted.tokens <= most:
            return wanted
        return _best(choices, most, prefer or BALANCED, largest.pixels)

    return ClipPlan(
        choices=choices,
        chosen=best(available),
        available=available,
        unbound=best(math.inf),
        wanted_size=largest,
    )


def thinned(settings: Sequence[Setting], most: int) -> tuple[Setting, ...]:
    """Return at most so many of a row of settings, evenly spread, the first and last among them.

    >>> thinned(range(10), 4)
    (0, 3, 6, 9)
    """
    if len(settings) <= most:
        return tuple(settings)
    places = np.rint(np.linspace(0, len(settings) - 1, most)).astype(int)
    return tuple(settings[place] for place in places)


_Row = npt.NDArray[np.int64]
_Order = Callable[[_Row, _Row, int], int]

LEAST_FPS = 0.5
"""Frames a second below which a balanced plan does not go while they can be recognised."""

LEAST_TOKENS = 64
"""Tokens of a frame that can be recognised: the API reference of 2026 (P2) enlarges smaller."""

FRAME_TOKENS = (LEAST_TOKENS, FEW_TOKENS)
"""Tokens of a frame at which a balanced plan keeps a clip moving.

With the first it is shown as fast as it can be up to `LEAST_FPS`; with the second at just that.
"""

EQUAL_PRODUCTS = 0.95
"""Products of the shares of frames and pixels that come so close to the greatest count as equal."""


def _motion(frames: _Row, pixels: _Row, wanted_pixels: int) -> int:
    return int(np.flatnonzero(pixels)[-1])


def _detail(frames: _Row, pixels: _Row, wanted_pixels: int) -> int:
    return int(np.flatnonzero(pixels == pixels.max())[-1])


def _balanced(frames: _Row, pixels: _Row, wanted_pixels: int) -> int:
    products = frames * pixels
    equal = np.flatnonzero(products >= EQUAL_PRODUCTS * products.max())
    lesser = np.minimum(frames[equal] * wanted_pixels, pixels[equal] * frames[-1])
    return int(equal[np.flatnonzero(lesser == lesser.max())[-1]])


BALANCED: Prefer = "balanced"
"""What is taken where nothing is preferred."""

PREFERENCES: dict[str, _Order] = {"balanced": _balanced, "detail": _detail, "motion": _motion}
"""By name: from the frames of each row, ascending, and the most pixels that fit (some fit) to the
best row."""


def _best(choices: ClipChoices, available: float, prefer: Prefer, wanted_pixels: int) -> Setting:
    pixels = _most_pixels(choices, available)
    if not pixels.any():
        raise _nothing_fits(choices, int(available))
    frames = choices.grid.frames
    if prefer == BALANCED:
        least = min(choices.frames_at(least_fps(choices)), frames[-1])
        reaches = frames[-1] >= least_frames(choices)
        sizes = (choices.pixels_of(tokens) for tokens in FRAME_TOKENS[: 1 + reaches])
        pixels = kept_moving(pixels, [(frames >= least) & (pixels >= size) for size in sizes])
    row = PREFERENCES[prefer](frames, pixels, wanted_pixels)
    return _setting_at(choices, row, int(pixels[row]))


def least_fps(choices: ClipChoices) -> float:
    """Return `LEAST_FPS`, or the rate wanted if that is lower."""
    return min(LEAST_FPS, choices.rates[1])


def least_frames(choices: ClipChoices) -> int:
    """Return how many frames that is, in whole groups, however many are taken."""
    group = choices.rule.temporal_patch_size
    return int(choices.seconds * least_fps(choices)) // group * group


def kept_moving(worth: _Row, moves: Sequence[npt.NDArray[np.bool_]]) -> _Row:
    """Leave out what does not move by the first of some measures by which anything does."""
    for moving in moves:
        if (moving & (worth > 0)).any():
            return np.where(moving, worth, 0)
    return worth


def _most_pixels(choices: ClipChoices, available: float) -> _Row:
    """Return, for each number of frames, the most pixels worth having that fit; 0 where none do."""
    grid = choices.grid
    fits = (grid.tokens > 0) & (grid.tokens <= available)
    most: _Row = np.where(fits, grid.worth, 0).max(axis=1)
    return most


def _largest(choices: ClipChoices) -> ImageSize:
    """Return the largest frame that any number of frames gives."""
    pixels = _most_pixels(choices, math.inf)
    row = int(pixels.argmax())
    height, width = choices.grid.sizes[row, _column(choices, row, int(pixels[row]))].tolist()
    return ImageSize(height, width)


def _setting_at(choices: ClipChoices, row: int, pixels: int) -> Setting:
    """Count the setting of a row with frames worth so many pixels."""
    grid, column = choices.grid, _column(choices, row, pixels)
    setting = choices.setting(float(grid.rates[row]), int(grid.max_pixels[row, column]))
    # The grid is the counter's array form; should they ever differ, no plan is better than a wrong.
    assert setting.tokens == grid.tokens[row, column], "the grid differs from the counter"
    return setting


def _column(choices: ClipChoices, row: int, pixels: int) -> int:
    """Return the cap to name: the highest of all if it gives frames worth so much, or the lowest.

    Where frames of several sizes are worth the same, the smallest costs least.
    """
    grid = choices.grid
    areas = grid.sizes[row].prod(axis=1)
    sizes = np.where(grid.worth[row] == pixels, areas, np.iinfo(np.int64).max)
    columns = np.flatnonzero(sizes == sizes.min())
    return int(columns[-1] if columns[-1] == len(sizes) - 1 else columns[0])


def _nothing_fits(choices: ClipChoices, available: int) -> BudgetError:
    grid = choices.grid
    tokens = np.where(grid.tokens > 0, grid.tokens, np.iinfo(np.int64).max)
    row = int(tokens.min(axis=1).argmin())
    needed, frames = int(tokens[row].min()), int(grid.frames[row])
    return BudgetError(
        needed,
        available,
        f"{needed:,} tokens are the least that {frames:,} frames cost, and {available:,} are "
        "there; shorten the clip, or allow a lower rate or a smaller size",
    )
