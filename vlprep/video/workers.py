"""Let threads work on the parts of a sequence, and hand out what they make of them in its order.

Finished results wait until their turn comes; how many may wait is bounded, and with it the memory.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Generic, TypeAlias, TypeVar

P = TypeVar("P")
R = TypeVar("R")

Worker: TypeAlias = Callable[[P], Iterator[R]]
"""Makes results of a part."""

OWN_ROOM = 2
"""Results of the part whose turn it is that may wait when all other room is taken."""


LAST_WAIT_SECONDS = 5.0
"""Longest wait for a thread amid a result that nobody wants any more; it ends after that one."""


def in_order(
    parts: Sequence[P],
    hire: Callable[[], AbstractContextManager[Worker[P, R]]],
    *,
    workers: int,
    room: int,
    size: Callable[[R], int] = lambda _: 1,
    stopping: threading.Event | None = None,
) -> Generator[R, None, None]:
    """Yield the results of all parts in order, made by `workers` threads side by side.

    Where the system has no more threads, they are fewer; where it has none, this one does it all.

    Each thread enters a context of its own from `hire`, and takes parts in order. Results wait as
    long as their sizes together are within `room`, and two more of the part whose turn it is, lest
    it be locked out by later ones. An error comes out where its part's results would; closing the
    iterator ends all threads, but for one that is stuck: it ends when it comes free. `stopping` is
    set then, for workers that take long over one result.

    >>> from contextlib import nullcontext
    >>> list(in_order("abc", lambda: nullcontext(lambda x: iter(x * 2)), workers=2, room=4))
    ['a', 'a', 'b', 'b', 'c', 'c']
    """
    shelf: _Shelf[P, R] = _Shelf(parts, room, size)
    threads: list[threading.Thread] = []
    try:
        _start(threads, workers, _work, shelf, hire)
        if threads:
            yield from shelf.results()
        else:
            with hire() as worker:
                yield from chain.from_iterable(map(worker, parts))
    finally:
        if stopping is not None:
            stopping.set()
        shelf.close()
        until = time.monotonic() + LAST_WAIT_SECONDS
        for thread in threads:
            with suppress(RuntimeError):  # an interrupt came as it began
                thread.join(max(until - time.monotonic(), 0))


def _start(
    threads: list[threading.Thread], count: int, target: Callable[..., None], *given: object
) -> None:
    """Start as many threads as the system has, up to `count`; each is in the list before it is."""
    for _ in range(count):
        threads.append(threading.Thread(target=target, args=given, daemon=True))
        try:
            threads[-1].start()
        except RuntimeError:
            threads.pop()
            return


def _work(shelf: _Shelf[P, R], hire: Callable[[], AbstractContextManager[Worker[P, R]]]) -> None:
    place: _Place[P, R] | None = None
    try:
        with hire() as worker:
            while (place := shelf.take()) is not None:
                for result in worker(place.part):
                    if not shelf.put(place, result):
                        return
                shelf.finish(place, None)
    except BaseException as error:
        shelf.finish(place or shelf.take(), error)


@dataclass(eq=False)
class _Place(Generic[P, R]):
    """Where the results of one part wait."""

    part: P
    results: deque[R] = field(default_factory=deque)
    finished: bool = False
    error: BaseException | None = None


class _Shelf(Generic[P, R]):
    """All places, and the room that they share."""

    def __init__(self, parts: Sequence[P], room: int, size: Callable[[R], int]) -> None:
        self._size = size
        self._places = [_Place[P, R](part) for part in parts]
        self._untaken = deque(self._places)
        self._turn = 0
        self._room = room
        self._closed = False
        self._changed = threading.Condition()

    def take(self) -> _Place[P, R] | None:
        """Return the next place to work on, `None` when there is none left."""
        with self._changed:
            return self._untaken.popleft() if self._untaken and not self._closed else None

    def put(self, place: _Place[P, R], result: R) -> bool:
        """Add a result as soon as there is room; `False` when nobody waits for it any more."""
        size = self._size(result)
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._has_room(place, size))
            if self._closed:
                return False
            place.results.append(result)
            self._room -= size
            self._changed.notify_all()
            return True

    def _has_room(self, place: _Place[P, R], size: int) -> bool:
        its_turn = self._places[self._turn] is place
        return self._room >= size or (its_turn and len(place.results) < OWN_ROOM)

    def finish(self, place: _Place[P, R] | None, error: BaseException | None) -> None:
        """Say that no more results come for a place."""
        with self._changed:
            if place is not None:
                place.finished, place.error = True, error
            self._changed.notify_all()

    def results(self) -> Iterator[R]:
        """Yield the results of all places in order."""
        for turn, place in enumerate(self._places):
            self._turn = turn
            while self._wait_for(place):
                with self._changed:
                    result = place.results.popleft()
                    self._room += self._size(result)
                    self._changed.notify_all()
                yield result
            if place.error is not None:
                raise place.error

    def _wait_for(self, place: _Place[P, R]) -> bool:
        """Wait until a result is there; `False` when none is left to come."""
        with self._changed:
            self._changed.notify_all()  # it may be a thread's turn now
            self._changed.wait_for(lambda: place.results or place.finished)
            return bool(place.results)

    def close(self) -> None:
        """Let all threads come to an end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
