"""How many threads decode one clip, and how they share the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapreplace
from math import sqrt

MEMORY_BYTES = 250_000_000
"""Default of what finished frames may take until their turn, and of what all decoders may hold."""

MOST = 16
"""Readers of a clip, and threads of a decoder; with more of them nothing was measured."""

HELD, HELD_BY_THREAD = 6, 2
"""Pictures that a decoder holds, and that each of its threads adds, as measured with H.264."""

WORTH_A_THREAD = 8
"""Frames that a thread of a decoder should have to decode, lest starting it costs more."""

MANY = 4
"""So many runs for each reader even out: all readers are busy until the end."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Who decodes a clip: readers side by side, each with a decoder of several threads."""

    readers: int
    """Containers that are open at a time, each of which decodes another run."""
    threads: int
    """Threads of each decoder, which work on frames that follow one another."""

    def speed(self, costs: Sequence[int]) -> float:
        """Return how many times as fast as one thread it is, about.

        Readers have nothing to wait for, but the last of them to be done is waited for. The threads
        of a decoder wait for the pictures that theirs refer to: 16 are worth four of one each.
        """
        busy, side_by_side = [0] * self.readers, float(self.readers)
        if len(costs) < MANY * self.readers:
            for cost in costs:
                heapreplace(busy, busy[0] + cost)  # the first that is free takes the next run
            side_by_side = sum(costs) / max(busy)
        return side_by_side * sqrt(self.threads)


def choose_crew(*, cores: int, costs: Sequence[int], frame_bytes: int, memory: int) -> Crew:
    """Choose who decodes runs of a clip, whose `costs` are frames to decode, within `memory` bytes.

    `frame_bytes` is a decoded picture of full size. One reader with one thread is always there.

    >>> choose_crew(cores=16, costs=[250] * 7, frame_bytes=3_110_400, memory=MEMORY_BYTES)
    Crew(readers=7, threads=2)
    >>> choose_crew(cores=2, costs=[250, 50], frame_bytes=3_110_400, memory=MEMORY_BYTES)
    Crew(readers=1, threads=2)
    """
    pictures = memory // max(frame_bytes, 1)
    crews = [Crew(1, 1)]
    for readers in range(1, min(cores, len(costs), MOST) + 1):
        affordable = (pictures // readers - HELD) // HELD_BY_THREAD
        worth_it = max(sum(costs) // (readers * WORTH_A_THREAD), 1)
        threads = min(cores // readers, MOST, affordable, worth_it)
        if threads > 0:
            crews.append(Crew(readers, threads))
    return max(crews, key=lambda crew: crew.speed(costs))
