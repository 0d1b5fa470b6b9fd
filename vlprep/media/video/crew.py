"""How many threads decode one clip, and how they share the work."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

MEMORY_BYTES = 250_000_000
"""Default of what all decoders may hold, and of what waits for its turn."""

MOST = 16
"""Readers of a clip, and threads of a decoder; with more of them nothing was measured."""

HELD, HELD_BY_THREAD = 6, 2
"""Pictures that a decoder holds, and that each of its threads adds, as measured with H.264."""

WORTH_A_THREAD = 8
"""Frames that a thread of a decoder should have to decode, lest starting it costs more."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Who decodes a clip: readers side by side, each with a decoder of several threads."""

    readers: int
    """Containers that are open at a time, each of which decodes another run."""
    threads: int
    """Threads of each decoder, which work on frames that follow one another."""

    @property
    def speed(self) -> float:
        """How many times as fast as one thread, about.

        Readers have nothing to wait for. The threads of a decoder wait for the pictures that theirs
        refer to: 16 of them are worth four.
        """
        return self.readers * sqrt(self.threads)


def choose_crew(*, cores: int, runs: int, frames: int, frame_bytes: int, memory: int) -> Crew:
    """Choose who decodes `runs` parts of a clip, `frames` in all, within `memory` bytes.

    `frame_bytes` is a decoded picture of full size. One reader with one thread is always there.

    >>> choose_crew(cores=16, runs=8, frames=1800, frame_bytes=3_110_400, memory=MEMORY_BYTES)
    Crew(readers=8, threads=2)
    """
    pictures = memory // max(frame_bytes, 1)

    def threads(readers: int) -> int:
        affordable = (pictures // readers - HELD) // HELD_BY_THREAD
        useful = max(frames // (readers * WORTH_A_THREAD), 1)
        return min(cores // readers, MOST, affordable, useful)

    crews = [Crew(readers, threads(readers)) for readers in range(1, min(cores, runs, MOST) + 1)]
    return max([Crew(1, 1), *(crew for crew in crews if crew.threads > 0)], key=lambda c: c.speed)
