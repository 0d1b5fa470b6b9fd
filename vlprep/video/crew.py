"""How many threads decode one clip, and how they share the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapreplace
from math import sqrt

MEMORY_BYTES = 250_000_000
"""Default of what finished frames may take until their turn, and of what all decoders may hold."""

WAITING_BYTES, WAITING_BYTES_A_THREAD = 40_000_000, 3_500_000
"""Finished frames that may wait for their turn; with less, threads stand idle until it comes."""

MOST = 16
"""Readers of a clip, and threads of a decoder; with more of them nothing was measured."""

HELD, HELD_BY_THREAD = 6, 2
"""Pictures that a decoder holds, and that each of its threads adds, as measured with H.264."""

INDEX_BYTES = 90
"""What an open container takes for each packet, as measured with MP4; half of it is left over."""

WORTH_A_THREAD = 8
"""Frames that a thread of a decoder should have to decode, lest starting it costs more."""

PAINTED = 1 / 16
"""Bytes of finished frames to those of decoded ones, from which painting is work for a processor:
as measured with 1080p, where a second thread for the decoder then gains nothing."""

MANY = 4
"""So many runs for each reader even out: all readers are busy until the end."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done for a clip."""

    costs: Sequence[int]
    """Frames to decode for each run; at least one run."""
    wanted_bytes: int
    """What all wanted frames take when they are finished."""
    frame_bytes: int
    """What a decoded picture takes."""
    packets: int = 0
    """Packets that an open container knows of."""

    @property
    def is_painted_much(self) -> bool:
        """Whether painting what is wanted is much beside decoding it."""
        return self.wanted_bytes > PAINTED * sum(self.costs) * self.frame_bytes


@dataclass(frozen=True, slots=True)
class Crew:
    """Who decodes a clip: readers side by side, each with a decoder of several threads."""

    readers: int
    """Containers that are open at a time, each of which decodes another run."""
    threads: int
    """Threads of each decoder, which work on frames that follow one another."""
    has_painter: bool = False
    """Whether a processor is left for painting what the only reader decodes."""

    def room(self, memory: int) -> int:
        """Return how many bytes of finished frames may wait for their turn."""
        return min(memory, WAITING_BYTES + WAITING_BYTES_A_THREAD * self.readers * self.threads)

    def speed(self, work: Work, memory: int) -> float:
        """Return how many times as fast as one thread it is, about.

        Readers wait for nothing, until what they have finished fills the room; and the last of them
        to be done is waited for. The threads of a decoder wait for the pictures that theirs refer
        to: 16 are worth four of one each, and a painter is as good as one of them.
        """
        runs, busy = len(work.costs), [0] * self.readers
        side_by_side = float(self.readers)
        if runs < MANY * self.readers:
            for cost in work.costs:
                heapreplace(busy, busy[0] + cost)  # the first that is free takes the next run
            side_by_side = sum(work.costs) / max(busy)
        waiting = self.room(memory) * runs / max(work.wanted_bytes, 1)  # runs that fit
        return min(side_by_side, 1 + waiting) * sqrt(self.threads + self.has_painter)


def choose_crew(work: Work, *, cores: int, memory: int) -> Crew:
    """Choose who decodes a clip on so many processors, holding `memory` bytes in all decoders.

    One reader with one thread is always there.

    >>> clip = Work(costs=[250] * 7, wanted_bytes=105_000_000, frame_bytes=3_110_400)
    >>> choose_crew(clip, cores=16, memory=MEMORY_BYTES)
    Crew(readers=7, threads=2, has_painter=False)
    """
    crews = [Crew(1, 1)]
    for readers in range(1, min(cores, len(work.costs), MOST) + 1):
        pictures = (memory // readers - INDEX_BYTES * work.packets) // max(work.frame_bytes, 1)
        affordable = (pictures - HELD) // HELD_BY_THREAD
        worth_it = max(sum(work.costs) // (readers * WORTH_A_THREAD), 1)
        has_painter = readers == 1 < cores and work.is_painted_much
        threads = min((cores - has_painter) // readers, MOST, affordable, worth_it)
        if threads > 0:
            crews.append(Crew(readers, threads, has_painter))
    return max(crews, key=lambda crew: crew.speed(work, memory))
