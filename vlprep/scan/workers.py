"""Work in processes of our own, so that no file can end a run or hold it up.

Each worker has a pipe and one chunk of items at a time. A chunk that is lost (its worker crashed,
took too long, or too much memory) is tried again item by item, each on its own, and the item with
which it happens again is the culprit. The work must therefore change nothing outside.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from threading import Event
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from vlprep.errors import ConstraintError, WorkerError
from vlprep.scan.processes import start_process

T = TypeVar("T")
R = TypeVar("R")

Work: TypeAlias = Callable[[Sequence[T]], R]
"""What is done with a chunk of items; picklable."""

CHUNK_SECONDS = 0.1
"""About how long a worker has to do with what it is given at a time."""
MOST_ITEMS = 256
"""Items of a chunk at most."""
MOST_BYTES = 8_000_000
"""Bytes of a chunk at most, where it has more than one item."""
GRACE_SECONDS = 5.0
"""How much longer than it may take a worker lives whose master is gone."""

CAN_LIMIT_MEMORY = sys.platform == "linux"
"""Whether the system holds a process to an address space."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Why an item has no result."""

    code: Literal["crashed", "timeout", "memory"]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a worker may take for one item: seconds, and bytes beyond its own; `None`: any."""

    seconds: float | None = None
    memory: int | None = None

    def __post_init__(self) -> None:
        if self.seconds is not None and not self.seconds > 0:
            raise ConstraintError(f"`time_limit` must be above 0, got {self.seconds:g}")
        if self.memory is not None and not CAN_LIMIT_MEMORY:
            raise ConstraintError("`memory` needs Linux; this system holds no process to it")


def work_through(
    work: Work[T, R],
    items: Iterable[T],
    *,
    workers: int,
    limits: Limits,
    weight: Callable[[T], int] = lambda _: 0,
    stopping: Event | None = None,
) -> Iterator[tuple[list[T], R | Lost]]:
    """Yield chunks of items with their results, as they are finished; a lost item is a chunk alone.

    No more than a chunk for each worker and one more are taken, whatever the number of items;
    `weight` is how many bytes of one go through the pipe. Once `stopping` is set, what is under way
    is finished and nothing else begun. Closing the iterator ends all workers.

    Raises `ConstraintError` for fewer workers than one, and `WorkerError` where one cannot begin.
    """
    if workers < 1:
        raise ConstraintError(f"workers must be 1 or more, got {workers}")
    queue = _Queue(items, weight, stopping or Event())
    crew = [_Worker(work, limits) for _ in range(workers)]
    try:
        while True:
            for worker in crew:
                if not worker.chunk:
                    worker.give(queue.next_chunk())
            busy = {worker.pipe: worker for worker in crew if worker.chunk}
            if not busy:
                return
            queue.look_ahead()  # while they work
            for pipe in _ready(busy):
                done = _take(busy[pipe], queue)
                if done is not None:
                    busy[pipe].give(queue.next_chunk())  # before what is done is dealt with
                    yield done
    finally:
        for worker in crew:
            worker.end()


def _take(worker: _Worker[T, R], queue: _Queue[T]) -> tuple[list[T], R | Lost] | None:
    """Return what a worker has finished; the items of a lost chunk go back to the queue."""
    chunk, result = worker.take()
    if not chunk:  # it has started
        return None
    if isinstance(result, Lost) and len(chunk) > 1:
        queue.alone.extend(chunk)
        return None
    queue.learn(len(chunk), worker.spent)
    return chunk, result


def _ready(busy: dict[Connection, _Worker[Any, Any]]) -> list[Connection]:
    """Return the pipes that have something to say, and those of workers whose time is up."""
    left = min(worker.seconds_left for worker in busy.values())
    ready: list[Any] = wait(busy, None if left == float("inf") else max(left, 0))
    late = [pipe for pipe, worker in busy.items() if worker.seconds_left <= 0]
    return list(dict.fromkeys([*ready, *late]))


class _Queue(Generic[T]):
    """Items in chunks that take about as long as `CHUNK_SECONDS`."""

    def __init__(self, items: Iterable[T], weight: Callable[[T], int], stopping: Event) -> None:
        self._items, self._weight, self._stopping = iter(items), weight, stopping
        self._length = 1
        self._next = list[T]()
        self.alone = deque[T]()
        """Items of lost chunks, which are tried each on its own."""

    def next_chunk(self) -> list[T]:
        """Return what is to be done next; nothing where all is done, or all stops."""
        if self._stopping.is_set():
            return []
        if self.alone:
            return [self.alone.popleft()]
        self.look_ahead()
        chunk, self._next = self._next, []
        return chunk

    def look_ahead(self) -> None:
        """Have a chunk of items at hand, so that nobody has to wait for it."""
        bytes_ = 0
        for item in islice(self._items, 0 if self._next else self._length):
            self._next.append(item)
            bytes_ += self._weight(item)
            if bytes_ >= MOST_BYTES:
                break

    def learn(self, items: int, seconds: float) -> None:
        """Fit the length of chunks to how long one took."""
        wanted = int(items * CHUNK_SECONDS / max(seconds, 1e-6))
        self._length = max(1, min(wanted, 4 * self._length, MOST_ITEMS))


class _Worker(Generic[T, R]):
    """A process with a pipe: begun when it has something to do, and again after it was lost."""

    def __init__(self, work: Work[T, R], limits: Limits) -> None:
        self._work, self._limits = work, limits
        self._process: Any = None
        self._begun: float | None = None
        """When it began its chunk; `None` while the process starts."""
        self.pipe: Any = None
        self.chunk: list[T] = []
        """What it is at."""
        self.spent = 0.0
        """How long its last chunk took, in seconds."""

    @property
    def seconds_left(self) -> float:
        if self._limits.seconds is None or self._begun is None:
            return float("inf")
        return self._begun + self._limits.seconds - time.monotonic()

    def give(self, chunk: list[T]) -> None:
        """Have a chunk worked at; an empty one is none."""
        self.chunk = chunk
        if not chunk:
            return
        if self._process is None:
            self._start()
        else:
            self._begun = time.monotonic()
        with suppress(OSError):  # it died between two chunks; `take` tells
            self.pipe.send(chunk)

    def take(self) -> tuple[list[T], R | Lost]:
        """Return the chunk with its results, or how it was lost; nothing yet as it starts."""
        if self.seconds_left <= 0 and not self.pipe.poll():
            self.end()
            return self._done(Lost("timeout", f"took longer than {self._limits.seconds:g} s"))
        try:
            said = self.pipe.recv()
        except (EOFError, OSError):
            return self._done(self._how_it_died())
        now = time.monotonic()
        if self._begun is None:  # it has started
            self._begun = now
            return [], said
        self.spent = now - self._begun
        if isinstance(said, Lost) and said.code == "memory":
            self.end()
        return self._done(said)

    def _done(self, result: R | Lost) -> tuple[list[T], R | Lost]:
        chunk, self.chunk = self.chunk, []
        return chunk, result

    def _start(self) -> None:
        """Start the process; it says once that it has."""
        self.pipe, theirs = Pipe()
        self._begun = None
        try:
            self._process = start_process(
                _serve, theirs, pickle.dumps(self._work), self._limits, Path.cwd()
            )
        except (OSError, EOFError) as error:
            self.pipe.close()
            reason = getattr(error, "strerror", None) or "the system lets none begin"
            raise WorkerError(reason) from error
        finally:
            theirs.close()

    def _how_it_died(self) -> Lost:
        process, has_started = self._process, self._begun is not None
        process.join()
        self.end()
        if not has_started:
            raise WorkerError(f"one ended as it began: {_cause(process.exitcode)}")
        return Lost("crashed", f"its process died: {_cause(process.exitcode)}")

    def end(self) -> None:
        """End the process, whatever it is at."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self.pipe.close()
            self._process = None


def _cause(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:  # of real time, say
        return f"signal {-exit_code}"


# In the worker's process.


def _serve(pipe: Connection, pickled: bytes, limits: Limits, folder: Path) -> None:
    """Work until the pipe is closed; its master alone hears of interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.chdir(folder)
    work: Work[Any, Any] = pickle.loads(pickled)
    if limits.memory is not None:
        _limit_memory(limits.memory)
    try:
        pipe.send(None)
        while True:
            pipe.send(_answer(work, pipe.recv(), limits.seconds))
    except (EOFError, OSError):
        return


def _answer(work: Work[Any, Any], chunk: list[Any], seconds: float | None) -> Any:
    _die_after(None if seconds is None else seconds + GRACE_SECONDS)
    try:
        return work(chunk)
    except MemoryError:
        return Lost("memory", "took more memory than it may")
    except Exception as error:  # a plugin's, or a defect of ours: it costs its own file
        if len(chunk) == 1:
            traceback.print_exc()
        return Lost("crashed", f"{type(error).__name__}: {error}")
    finally:
        _die_after(None)


def _die_after(seconds: float | None) -> None:
    """Have the system end this process then: nobody else would, were its master killed."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds or 0)


def _limit_memory(extra: int) -> None:
    """Let this process have so many bytes of addresses beyond those that it has."""
    import resource

    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 (no file of a user)
        pages = int(file.read().split()[0])
    most = pages * resource.getpagesize() + extra
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
