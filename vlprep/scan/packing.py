"""How many sequences of a length hold all samples, packed as training frameworks pack them."""

from __future__ import annotations

from collections.abc import Mapping


def sequences_needed(lengths: Mapping[int, int], room: int) -> int:
    """Return how many sequences of `room` tokens hold samples, first fit, the longest first.

    `lengths` says how many samples there are of each length. Those longer than `room` fit nowhere
    and are left out. Equal samples, and sequences with equal room, are dealt with together, so that
    millions take no longer than the lengths there are.

    >>> sequences_needed({6: 2, 5: 1, 4: 2}, 10)
    3
    """
    runs: list[tuple[int, int]] = []  # room left, and how many sequences in a row have it
    for length in sorted((one for one in lengths if 0 < one <= room), reverse=True):
        runs = _with(runs, length, lengths[length], room)
    return sum(count for _, count in runs)


def _with(runs: list[tuple[int, int]], length: int, count: int, room: int) -> list[tuple[int, int]]:
    """Return the sequences with `count` samples of a length put in, and new ones where needed."""
    done: list[tuple[int, int]] = []
    for left, many in [*runs, (room, count)]:  # as many new ones as could be needed
        each = left // length
        full, rest = divmod(count, each) if each else (0, 0)
        if full >= many:
            full, rest = many, 0
        count -= full * each + rest
        _join(done, left - each * length, full)
        if rest:
            _join(done, left - rest * length, 1)
        _join(done, left, many - full - (rest > 0))
    if done[-1][0] == room:  # not needed
        done.pop()
    return done


def _join(runs: list[tuple[int, int]], left: int, many: int) -> None:
    if many and runs and runs[-1][0] == left:
        runs[-1] = (left, runs[-1][1] + many)
    elif many:
        runs.append((left, many))
