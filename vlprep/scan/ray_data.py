"""The same work by Ray Data: chunks of rows go to its tasks, and rows come back finished.

A task works as one machine does, in a process of ours, so that a file that crashes or hangs is its
own row there too. Tasks, not actors: actors that take all processors wait for ever.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from threading import Event
from typing import Any, Generic, TypeVar

from vlprep.errors import MissingPackageError
from vlprep.scan.workers import Limits, Lost, Work, work_through

T = TypeVar("T")
R = TypeVar("R")

TASK_ITEMS = 2048
"""Items of a task at most: enough that to begin its process is little of it."""
TASK_BYTES = 64_000_000
"""Bytes of a task at most, where it has more than one item."""
TASKS_AT_ONCE = 256
"""Tasks that are handed to Ray at a time, so that memory stays flat."""


def ray_through(
    work: Work[T, R],
    items: Iterable[T],
    *,
    limits: Limits,
    workers: int | None = None,
    address: str | None = None,
    weight: Callable[[T], int] = lambda _: 0,
    stopping: Event | None = None,
) -> Iterator[tuple[list[T], R | Lost]]:
    """Yield the same as `work_through`, worked out by a cluster of Ray.

    `address` is that of a cluster that runs, "auto" the one that this machine is part of; without
    it one is begun here. `workers` are tasks at a time at most, by default as many as there are
    processors. Files must be found under the same paths on all machines.

    Raises `MissingPackageError` without Ray, and its own errors where a task is lost as a whole.
    """
    ray = require_ray()
    begun = not ray.is_initialized()
    if begun:
        own = {} if address else {"include_dashboard": False}
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False, **own)
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    tasks = None if workers is None else ray.data.TaskPoolStrategy(size=workers)
    stop, parts = stopping or Event(), _parts(items, weight)
    try:
        while not stop.is_set() and (window := list(islice(parts, TASKS_AT_ONCE))):
            rows = [{"items": pickle.dumps(part)} for part in window]
            done = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
                _Task(work, limits), batch_size=None, batch_format="numpy", compute=tasks
            )
            for row in done.iter_rows():
                yield from pickle.loads(row["done"])
                if stop.is_set():
                    return
    finally:
        if begun:
            ray.shutdown()


def _parts(items: Iterable[T], weight: Callable[[T], int]) -> Iterator[list[T]]:
    """Yield the items of one task after another."""
    part, bytes_ = list[T](), 0
    for item in items:
        part.append(item)
        bytes_ += weight(item)
        if len(part) >= TASK_ITEMS or bytes_ >= TASK_BYTES:
            yield part
            part, bytes_ = [], 0
    if part:
        yield part


@dataclass(frozen=True, slots=True)
class _Task(Generic[T, R]):
    """What a task of Ray's does with the items of its block."""

    work: Work[T, R]
    limits: Limits

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[bytes]]:
        parts = map(pickle.loads, batch["items"])
        done = [
            list(work_through(self.work, part, workers=1, limits=self.limits)) for part in parts
        ]
        return {"done": list(map(pickle.dumps, done))}


def require_ray() -> Any:
    """Return Ray; raises `MissingPackageError`."""
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise MissingPackageError("ray", "ray") from error
    return ray
