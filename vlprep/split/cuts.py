"""Where to cut one side of a page: between the lines, into as few and as equal parts as can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vlprep.maths.letters import runs

Flags = npt.NDArray[np.bool_]

OVERLAP = 2
"""Lines that two parts have in common where nothing but text is there to be cut."""


@dataclass(frozen=True, slots=True)
class Span:
    """The rows of a part, or its columns, half open."""

    start: int
    stop: int
    before: int = 0
    """Rows at its start that the part before has too."""
    after: int = 0
    """Rows at its end that the next part has too."""

    is_last: bool = True
    """Whether nothing follows it."""

    @property
    def length(self) -> int:
        """How many rows it has."""
        return self.stop - self.start

    def owns(self, place: float) -> bool:
        """Say whether a place lies in it, and nearer to its middle than to that of another.

        One part owns each place: what is as near to two is the later one's.
        """
        end = self.stop - self.after / 2
        return self.start + self.before / 2 <= place and (place < end or self.is_last)

    def is_cut_at(self, place: float, reach: float) -> bool:
        """Say whether a place is within `reach` of an end at which the page goes on."""
        at_start = self.start > 0 and abs(place - self.start) <= reach
        return at_start or (not self.is_last and abs(place - self.stop) <= reach)


def cut(inked: Flags, most: int, pitch: int) -> tuple[Span, ...]:
    """Cut rows into parts of at most `most`, where nothing is `inked`.

    There are as few parts as that allows. Where no empty row is in reach, two parts share `OVERLAP`
    lines of `pitch` rows.

    >>> rows = np.ones(100, bool); rows[48:52] = False
    >>> [(span.start, span.stop) for span in cut(rows, 60, 5)]
    [(0, 50), (50, 100)]
    >>> [(span.start, span.stop, span.after) for span in cut(np.ones(100, bool), 60, 5)]
    [(0, 55, 10), (45, 100, 0)]
    """
    empty, shared = _middles(~inked), 0
    parts = _fewest(len(inked), most, empty)
    if parts is None:
        shared = min(OVERLAP * pitch, most // 3) // 2 * 2
        most -= shared
        parts = -(-len(inked) // most)
    places = _places(len(inked), most, parts, empty)
    through = {place for place in places if inked[place]}
    return tuple(_spans(len(inked), places, through, shared // 2))


def _middles(empty: Flags) -> npt.NDArray[np.int64]:
    """Return the middles of the runs of empty rows inside."""
    inside = (run for run in runs(empty) if run.start > 0 and run.stop < len(empty))
    return np.array([(run.start + run.stop) // 2 for run in inside], np.int64)


def _fewest(length: int, most: int, empty: npt.NDArray[np.int64]) -> int | None:
    """Return how many parts there are at least with all cuts empty; `None`: there is no way."""
    parts, start = 1, 0
    while length - start > most:
        allowed = empty[(empty > start) & (empty <= start + most)]
        if not len(allowed):
            return None
        parts, start = parts + 1, int(allowed[-1])
    return parts


def _places(length: int, most: int, parts: int, empty: npt.NDArray[np.int64]) -> list[int]:
    """Return where to cut so many parts, as evenly as can be, and where nothing is if it can."""
    places, start = list[int](), 0
    for left in range(parts - 1, 0, -1):
        wanted = start + (length - start) / (left + 1)
        allowed = [
            place
            for place in empty[(empty > start) & (empty <= start + most)].tolist()
            if _can_end(length - place, most, left, empty - place)
        ]
        start = min(allowed or [round(wanted)], key=lambda place: abs(place - wanted))
        places.append(start)
    return places


def _can_end(length: int, most: int, parts: int, empty: npt.NDArray[np.int64]) -> bool:
    fewest = _fewest(length, most, empty)
    return length <= parts * most if fewest is None else fewest <= parts


def _spans(length: int, places: Sequence[int], through: set[int], reach: int) -> Iterator[Span]:
    """Yield the parts between places; those that go `through` something are reached over."""
    borders = [0, *places, length]
    for start, stop in pairwise(borders):
        before, after = (reach if border in through else 0 for border in (start, stop))
        is_last = stop == length
        yield Span(start - before, stop + after, 2 * before, 2 * after, is_last)
