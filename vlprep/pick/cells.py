"""Which cells of a picture have changed, and how a clip's cells move and come to rest.

Pictures are RGB uint8, every second row of height x width x 3, whose sides are whole numbers of
cells. A thin stroke counts and noise does not, because what is measured is the share of a cell's
pixels that differ by more than a tolerance, in the channel that differs most.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vlprep.types import ImageSize

Pixels = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CELL = 20
"""Pixels along a side of a cell; at the size of probing, a cell holds about a word."""
ROW_STEP = 2
"""Of so many rows one is compared: letters are higher than a row, and half of them cost half."""
PROBE_PIXELS = 230_400
"""Pixels of the pictures that are compared: 640x360."""
SHARE = 0.04
"""A cell has changed when more of its pixels differ: a stroke two pixels wide does that."""
MOVES, RESTS = 25, 5
"""Levels by which pixels differ at least where a cell moved, and at most where it rests."""
NOISE = 5
"""Times the median step of pixels from sample to sample, both tolerances are at least."""
SETTLES_SECONDS = 1.0
"""How long a cell rests until it has settled; cursors and clocks do not reach it."""

_REMEMBERED = 20  # steps whose noise counts: a cut among them is not noise
_KNOWN = 3  # steps, until noise is believed
_SPARSE = 5  # of the pixels, every so many along each side is enough for a median
_DENSE = 0.3  # of the cells


def probe_size(size: ImageSize) -> ImageSize:
    """Return the size at which a picture is compared: whole cells, and no more pixels than needed.

    >>> probe_size(ImageSize(1080, 1920)), probe_size(ImageSize(1280, 720))
    (ImageSize(height=360, width=640), ImageSize(height=640, width=360))
    """
    scale = min(math.sqrt(PROBE_PIXELS / size.pixels), 1.0)
    height, width = (max(round(side * scale / CELL), 1) * CELL for side in size)
    return ImageSize(height, width)


def cut(picture: Pixels) -> Pixels:
    """Return a picture, every second row of it, in cells: rows x pixels x 3 x columns x pixels.

    Nothing is copied of one whose rows lie colour by colour in memory.

    >>> cut(np.zeros((360, 640, 3), np.uint8)[::ROW_STEP]).shape
    (18, 10, 3, 32, 20)
    """
    width = picture.shape[1]
    by_colour = np.ascontiguousarray(picture.transpose(0, 2, 1))
    return by_colour.reshape(-1, CELL // ROW_STEP, 3, width // CELL, CELL)


def cells_over(apart: Pixels, tolerance: int) -> Flags:
    """Return which cells have more than `SHARE` of a channel over a tolerance.

    `apart` says by how many levels values differ, of a picture as `cut` gives it, or of some of its
    cells: cells x pixels x 3 x pixels. The flags have what is left without pixels and colours.

    >>> apart = np.zeros((1, CELL // ROW_STEP, 3, 2, CELL), np.uint8)
    >>> apart[0, :1, 1, 0, :10] = 30
    >>> cells_over(apart, 25).tolist()
    [[True, False]]
    """
    count, height, *rest = apart.shape
    over = (apart > tolerance).view(np.uint8).reshape(count, height, math.prod(rest))
    down = np.add.reduce(over, axis=1, dtype=np.uint8).reshape(count, *rest)  # at most 10, and fast
    # NumPy is slow at adding up a few: four bytes are added as one number, then with each other.
    fours = down.view(np.uint32)
    sums = fours[..., 0] + fours[..., 1] + fours[..., 2] + fours[..., 3] + fours[..., 4]
    pixels = sums * np.uint32(0x01010101) >> np.uint32(24)
    flags: Flags = pixels.max(axis=1, initial=0) > SHARE * CELL**2 / ROW_STEP
    return flags


def touched_cells(one: Pixels, other: Pixels) -> Flags:
    """Return which cells of two pictures, as `cut` gives them, are not the same to the last bit."""
    fours = (cells.view(np.uint32) for cells in (one, other))
    unlike = np.not_equal(*fours)  # a cell's row is 5 of these
    down = np.logical_or.reduce(unlike, axis=1)
    flags: Flags = down.any(axis=1).any(axis=-1)  # both at once is slower
    return flags


def unlike_cells(one: Pixels, other: Pixels) -> int:
    """Return how many cells differ between two pictures that are cut into cells."""
    return int(np.count_nonzero(cells_over(_difference(one, other), MOVES)))


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """What the cells of a clip did, step by step; made of pictures, none of which is kept."""

    seconds: Floats
    """(T,) when each step was seen."""
    moved: Flags
    """(T, rows, columns) cells that moved since the step before."""
    new: Flags
    """The same without those that went back to what they showed before that."""
    settled: Ints
    """(N, 3) changes that came to rest: the step at which the cell last moved to something new, the
    step at which it began to move, and its number, by rows."""


class CellWatch:
    """Follows the cells of a clip through samples; three small pictures are all it keeps.

    Each cell has an anchor, what it shows while it rests, and a last settled state to compare with:
    so a slow fade is seen once it ends, and a change that undoes itself is none.
    """

    def __init__(self, size: ImageSize) -> None:
        self._shape = size.height // CELL, size.width // CELL
        self._seconds: list[float] = []
        self._moved: list[npt.NDArray[np.uint8]] = []
        self._new: list[npt.NDArray[np.uint8]] = []
        self._settled: list[Ints] = []
        self._medians: deque[int] = deque(maxlen=_REMEMBERED)
        self._resting = np.ones(self._shape, bool)
        self._rests_since = np.zeros(self._shape)
        self._began = np.zeros(self._shape, np.int64)
        self._news = np.zeros(self._shape, np.int64)
        self._moves = MOVES

    def see(self, picture: Pixels, seconds: float) -> None:
        """Take in the next sample and the moment at which it is on display."""
        sample = cut(picture)
        if not self._seconds:
            self._anchor, self._before, self._last = sample.copy(), sample.copy(), sample.copy()
            self._scratch = np.empty_like(self._anchor), np.empty_like(self._anchor)
            self._sample = sample
            self.see_again(seconds)
            return
        touched = touched_cells(sample, self._sample)
        self._sample = sample
        if not touched.any():
            self._medians.append(0)
            self.see_again(seconds)
            return
        drifted, moved, back = self._compare(sample, touched)
        cells = np.nonzero(drifted)
        self._before[_at(cells)] = self._anchor[_at(cells)]
        self._anchor[_at(cells)] = sample[_at(cells)]
        step = len(self._seconds)
        self._began[drifted & self._resting] = step
        self._news[drifted & ~back] = step
        self._resting[cells] = False
        self._rests_since[cells] = seconds
        self._note(moved, moved & ~back, seconds)

    def see_again(self, seconds: float) -> None:
        """Take in that the last sample is on display still."""
        nothing = np.zeros(self._shape, bool)
        self._note(nothing, nothing, seconds)

    def _compare(self, sample: Pixels, touched: Flags) -> tuple[Flags, Flags, Flags]:
        """Return which cells left what they rest at, which moved, and which of them went back."""
        drifted, moved, back = (np.zeros(self._shape, bool) for _ in range(3))
        if touched.mean() > _DENSE:  # all cells at once are faster than many of them one by one
            apart = self._apart(sample)
            rests, moves = self._tolerances(apart)
            drifted, moved = cells_over(apart, rests), cells_over(apart, moves)
        else:
            cells = np.nonzero(touched)
            apart = _difference(sample[_at(cells)], self._anchor[_at(cells)])
            rests, moves = self._tolerances(None)
            drifted[cells], moved[cells] = cells_over(apart, rests), cells_over(apart, moves)
        stirred = np.nonzero(moved & ~self._resting)
        if stirred[0].size:
            back[stirred] = ~_differ(sample, self._before, stirred, moves)
        return drifted, moved, back

    def _apart(self, sample: Pixels) -> Pixels:
        """Return by how many levels a picture differs from the anchors."""
        larger, smaller = self._scratch  # memory of its own each time would cost as much again
        np.maximum(sample, self._anchor, out=larger)
        np.minimum(sample, self._anchor, out=smaller)
        return np.subtract(larger, smaller, out=larger)

    def motion(self) -> Motion:
        """Return what the cells did in all samples so far."""
        none = np.empty((0, 3), np.int64)
        return Motion(
            np.array(self._seconds),
            self._unpacked(self._moved),
            self._unpacked(self._new),
            np.concatenate([none, *self._settled]),
        )

    def _tolerances(self, apart: Pixels | None) -> tuple[int, int]:
        """Return by how many levels pixels differ that rest, and that move.

        `apart` is the difference of the whole picture; `None` where most of it is the same.
        """
        some = None if apart is None else apart[:, ::_SPARSE, ..., ::_SPARSE]
        self._medians.append(0 if some is None else int(np.median(some)))
        known = len(self._medians) >= _KNOWN  # a cut at the start is not noise
        noise = NOISE * sorted(self._medians)[len(self._medians) // 4] if known else 0
        self._moves = max(MOVES, noise)
        return max(RESTS, noise), self._moves

    def _note(self, moved: Flags, new: Flags, seconds: float) -> None:
        self._seconds.append(seconds)
        self._moved.append(np.packbits(moved))
        self._new.append(np.packbits(new))
        self._settle()

    def _settle(self) -> None:
        """Note the cells that have rested long enough, and show something else than before."""
        if self._resting.all():
            return
        rested = self._seconds[-1] + 1e-6 - self._rests_since >= SETTLES_SECONDS
        cells = np.nonzero(rested & ~self._resting)
        if not cells[0].size:
            return
        self._resting[cells] = True
        changed = _differ(self._anchor, self._last, cells, self._moves)
        cells = cells[0][changed], cells[1][changed]
        self._last[_at(cells)] = self._anchor[_at(cells)]
        numbers = np.ravel_multi_index(cells, self._shape)
        self._settled.append(np.stack([self._news[cells], self._began[cells], numbers], axis=1))

    def _unpacked(self, rows: list[npt.NDArray[np.uint8]]) -> Flags:
        count = self._shape[0] * self._shape[1]
        flat = np.unpackbits(np.array(rows), axis=1, count=count)
        return flat.view(bool).reshape(len(rows), *self._shape)


_Cells = tuple[npt.NDArray[np.intp], ...]  # rows and columns


def _at(cells: _Cells) -> Any:
    """Return the index of cells in a picture that is cut into them."""
    return cells[0], slice(None), slice(None), cells[1]


def _difference(one: Pixels, other: Pixels) -> Pixels:
    larger: Pixels = np.maximum(one, other)
    larger -= np.minimum(one, other)
    return larger


def _differ(one: Pixels, other: Pixels, cells: _Cells, tolerance: int) -> Flags:
    """Return which of some cells differ between two pictures that are cut into cells."""
    return cells_over(_difference(one[_at(cells)], other[_at(cells)]), tolerance)
