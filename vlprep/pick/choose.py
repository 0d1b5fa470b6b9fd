"""Choose moments of a clip: where cells changed, within a number of frames, and no gap too long.

Only numbers: what the cells did comes from `cells`, and when each frame is displayed from the file.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from vlprep.errors import ConstraintError
from vlprep.maths.letters import runs
from vlprep.pick.cells import Flags, Floats, Motion
from vlprep.types import DisplayTimes

Why = Literal[
    "first", "change", "motion", "keyframe", "sample", "gap", "still", "fill", "last"
]  # fmt: skip
"""Why a frame was kept; "still": the same is on display as at the pick before."""

BUSY_A_SECOND = 0.8
"""A cell that moves more often never rests: a webcam, a clock, a blinking cursor."""
BUSY_SHARE = 0.8
"""Of the samples, where they are too few to see that often."""
BUSY_SECONDS = 20.0
"""Around each moment, how much of the clip says whether a cell is busy."""
FRINGE_MOVES = 2
"""How often a cell beside a busy one moves in that time that belongs to it."""
BUSY_MOVES = 4
"""How often a busy one moves at least."""
SUBJECT = 0.5
"""Where more of the picture never rests, that is what the clip is about; nothing is left out."""
GROWTH = 6
"""Cells in which text grows from sample to sample at most; more at once is a change of its own."""
GROWTH_SECONDS = 1.0
"""How long growth may pause and still be one change."""
WAITS_SECONDS = 3.0
"""How much later a part of one change may come to rest."""
MOTION_CELLS = 6
"""Cells that move at once at least where something passes without coming to rest."""
MOTION_SECONDS = 5.0
"""Of what keeps moving, a frame is a candidate so often."""

_BLUR = 1e-6
_BLOCK = 2048  # steps at a time, so that hours take no more memory than minutes


@dataclass(frozen=True, slots=True)
class Change:
    """A step at which something new is seen."""

    step: int
    """Which of the samples."""
    cells: int
    """How many cells show something new."""
    merged: int = 0
    """Changes before it that it shows as well."""
    why: Why = "change"


@dataclass(frozen=True, slots=True, order=True)
class Pick:
    """A frame that was kept, and why."""

    seconds: float
    """The moment for which it stands, from the first displayed frame."""
    frame: int
    """Its place among the displayed frames, from 0."""
    why: Why
    """What it shows: "change" is what counts, all others are between."""
    cells: int = 0
    """Cells of 20 pixels that show something new."""


# Where something changes.


def busy_cells(motion: Motion) -> Flags:
    """Return (T, rows, columns) which cells never rest around each step.

    Cells beside them that move now and then belong to them: the minutes of a clock, the border of a
    webcam's picture.
    """
    busy = np.empty_like(motion.moved)
    for first in range(0, len(busy), _BLOCK):
        busy[first : first + _BLOCK] = _busy_at(motion, first, min(first + _BLOCK, len(busy)))
    return busy


def _busy_at(motion: Motion, first: int, stop: int) -> Flags:
    """Return which cells are busy at the steps from `first` to before `stop`."""
    seconds, around = motion.seconds, BUSY_SECONDS / 2 + _BLUR
    low = np.searchsorted(seconds, seconds[first:stop] - around)
    high = np.searchsorted(seconds, seconds[first:stop] + around)
    start, end = int(low[0]), int(high[-1])
    sums = np.zeros((end - start + 1, *motion.moved.shape[1:]), np.int32)
    np.cumsum(motion.moved[start:end], axis=0, out=sums[1:])
    moves, steps = sums[high - start] - sums[low - start], (high - low)[:, None, None]
    span = np.maximum(seconds[high - 1] - seconds[low], _BLUR)[:, None, None]
    core = (moves > np.minimum(BUSY_A_SECOND * span, BUSY_SHARE * steps)) & (moves >= BUSY_MOVES)
    busy: Flags = core | ((moves >= FRINGE_MOVES) & _beside(core))
    busy[busy.mean(axis=(1, 2)) > SUBJECT] = False
    return busy


def _beside(flags: Flags) -> Flags:
    """Return flags with the eight cells around each."""
    wide = flags.copy()
    wide[:, 1:] |= flags[:, :-1]
    wide[:, :-1] |= flags[:, 1:]
    tall = wide.copy()
    tall[:, :, 1:] |= wide[:, :, :-1]
    tall[:, :, :-1] |= wide[:, :, 1:]
    return tall


def every_change(motion: Motion, busy: Flags) -> list[Change]:
    """Return every step at which cells that rest elsewhere show something new."""
    shown = motion.new & ~busy
    for start, _, cell in motion.settled.tolist():
        row, column = divmod(cell, shown.shape[2])
        shown[start, row, column] |= not busy[start, row, column]
    counts = shown.sum(axis=(1, 2))
    return [Change(int(step), int(counts[step])) for step in np.flatnonzero(counts)]


def settled_changes(motion: Motion, busy: Flags) -> list[Change]:
    """Return the steps at which a change has come to rest, and those of what does not.

    Text that grows letter by letter, and a change of which parts rest later than others, are one;
    it is seen at its last step.
    """
    rested = _rested(motion, busy)
    found = [*_merged(rested, motion.seconds), *_passing(motion, busy, rested)]
    return sorted(found, key=lambda change: change.step)


_Place = tuple[int, int]
_Began = dict[_Place, int]  # when each of the cells that came to rest at a step began to move


def _rested(motion: Motion, busy: Flags) -> list[tuple[int, _Began]]:
    """Return the steps at which cells came to rest that are not busy then."""
    by_step: dict[int, _Began] = {}
    for step, began, cell in motion.settled.tolist():
        place = divmod(cell, busy.shape[2])
        if not busy[(step, *place)]:
            by_step.setdefault(step, {})[place] = began
    return sorted(by_step.items())


def _merged(rested: Iterable[tuple[int, _Began]], seconds: Floats) -> Iterator[Change]:
    last: tuple[int, _Began] | None = None
    cells: set[_Place] = set()
    merged = 0
    for step, began in rested:
        if last is not None and not _continues(*last, step, began, seconds):
            yield Change(last[0], len(cells), merged)
            cells, merged = set(), 0
        elif last is not None:
            merged += 1
        cells = cells | began.keys()
        last = step, began
    if last is not None:
        yield Change(last[0], len(cells), merged)


def _continues(last: int, last_began: _Began, step: int, began: _Began, seconds: Floats) -> bool:
    """Whether a change goes on: it had begun before the other rested, or text grows in its line."""
    fresh = sum(start > last for start in began.values())
    pause = seconds[step] - seconds[last] - _BLUR
    if pause > (GROWTH_SECONDS if fresh == len(began) else WAITS_SECONDS):
        return False
    near = {(row, column + by) for row, column in last_began for by in range(-2, 3)}
    return fresh == 0 or (fresh <= GROWTH and not near.isdisjoint(began))


def _passing(motion: Motion, busy: Flags, rested: Iterable[tuple[int, _Began]]) -> Iterator[Change]:
    """Yield steps of what moves and leaves nothing new, or does not come to rest for long."""
    counts = (motion.moved & ~busy).sum(axis=(1, 2))
    seconds, under_way = motion.seconds, np.zeros(len(motion.seconds) + 1, np.int64)
    for step, began in rested:  # of each cell: from its first move to its rest
        np.add.at(under_way, list(began.values()), 1)
        under_way[step + 1] -= len(began)
    under_way = np.cumsum(under_way)
    for span in runs(counts >= MOTION_CELLS):
        first, last = span.start, span.stop - 1
        at = seconds[first]
        if seconds[last] - at < MOTION_SECONDS:
            if 2 * under_way[span].sum() < counts[span].sum():
                middle = first + int(np.argmax(counts[span]))
                yield Change(middle, int(counts[middle]), why="motion")
            continue
        for step in range(first, last):
            if seconds[step] - at >= MOTION_SECONDS - _BLUR:
                at = seconds[step]
                yield Change(step, int(counts[step]), why="motion")


# Which frames are kept.


@dataclass(frozen=True, slots=True)
class Frames:
    """When the frames of a clip that may be kept are displayed."""

    first: int
    """Number of the first of them among all displayed frames."""
    seconds: tuple[float, ...]
    """When each is displayed, ascending."""

    def on_display(self, moment: float) -> int:
        """Return the number of the frame that is on display at a moment."""
        return self.first + DisplayTimes(self.seconds).shown_at(moment)

    def start(self, number: int) -> float:
        """Return when a frame is first displayed."""
        return self.seconds[number - self.first]


def keep(
    candidates: Sequence[Pick],
    frames: Frames,
    max_gap: float,
    most: int,
    *,
    least: int = 1,
    multiple: int = 1,
    ranked: bool = False,
) -> tuple[Pick, ...]:
    """Keep the first and the last frame, the best candidates, and what closes the gaps between.

    Candidates count by their cells, the earlier first, or in their order where they are `ranked`.
    No two picks that follow each other are more than `max_gap` seconds apart, and there are at most
    `most` of them; where fewer than `least` are needed, or no multiple of what is paid for, the
    longest gaps are halved.

    Raises `ConstraintError` where the gaps alone need more frames than that.

    >>> frames = Frames(0, tuple(k / 10 for k in range(101)))
    >>> found = [Pick(3.2, 32, "change", 7), Pick(4.0, 40, "change", 2)]
    >>> [(round(pick.seconds, 2), pick.why) for pick in keep(found, frames, 5, 4)]
    [(0.0, 'first'), (3.2, 'change'), (6.6, 'gap'), (10.0, 'last')]
    """
    worth = list(candidates)
    if not ranked:
        worth.sort(key=lambda pick: (-pick.cells, pick.seconds))
    ends = _ends(frames)
    needed = _length(ends, max_gap)
    if needed > most:
        raise ConstraintError(_impossible(ends, needed, max_gap, most))
    low, high = 0, len(worth)
    while low < high:  # keeping one more never takes fewer frames
        middle = (low + high + 1) // 2
        fits = _length(_with(ends, worth[:middle]), max_gap) <= most
        low, high = (middle, high) if fits else (low, middle - 1)
    kept = list(_closed(_with(ends, worth[:low]), frames, max_gap))
    wanted = max(len(kept), least)
    wanted += -wanted % multiple
    return tuple(_filled(kept, frames, min(wanted, most)))


def _ends(frames: Frames) -> list[Pick]:
    last = frames.first + len(frames.seconds) - 1
    first_pick = Pick(frames.seconds[0], frames.first, "first")
    return [first_pick] if last == frames.first else [
        first_pick, Pick(frames.seconds[-1], last, "last"),
    ]  # fmt: skip


def _with(ends: Sequence[Pick], chosen: Iterable[Pick]) -> list[Pick]:
    """Return picks in their order, each frame once; a change at an end says so."""
    by_frame = {pick.frame: pick for pick in [*ends, *chosen]}
    return sorted(by_frame.values())


def _parts(before: Pick, after: Pick, max_gap: float) -> int:
    """Return into how many parts the time between two picks is cut, so that none is too long."""
    return max(math.ceil((after.seconds - before.seconds) / max_gap - _BLUR), 1)


def _length(picks: Sequence[Pick], max_gap: float) -> int:
    """Return how many picks there are with gaps closed."""
    return 1 + sum(_parts(before, after, max_gap) for before, after in pairwise(picks))


def _closed(picks: Sequence[Pick], frames: Frames, max_gap: float) -> Iterator[Pick]:
    """Yield picks, and between them what is on display at evenly spread moments."""
    yield picks[0]
    for before, after in pairwise(picks):
        parts = _parts(before, after, max_gap)
        last = before.frame
        for part in range(1, parts):
            moment = before.seconds + (after.seconds - before.seconds) * part / parts
            number = frames.on_display(moment)
            yield Pick(moment, number, "still" if number == last else "gap")
            last = number
        yield after


def _filled(picks: list[Pick], frames: Frames, count: int) -> list[Pick]:
    """Halve the longest gaps until there are so many picks, or no frame is left between any."""
    while len(picks) < count:
        gaps = sorted(range(len(picks) - 1), key=lambda k: picks[k].seconds - picks[k + 1].seconds)
        for k in gaps:
            number = frames.on_display((picks[k].seconds + picks[k + 1].seconds) / 2)
            if picks[k].frame < number < picks[k + 1].frame:
                insort(picks, Pick(frames.start(number), number, "fill"))
                break
        else:
            return picks
    return picks


def _impossible(ends: Sequence[Pick], needed: int, max_gap: float, most: int) -> str:
    if most < len(ends):
        return f"the first and the last frame are kept, which are two, and {most} may be"
    span = ends[-1].seconds - ends[0].seconds
    wide = math.ceil(10 * span / (most - 1)) / 10
    return (
        f"no gap over {max_gap:g} s in {span:.1f} s takes {needed:,} frames, and {most:,} may be "
        f"kept; allow more, or a `max_gap` of {wide:g}"
    )
