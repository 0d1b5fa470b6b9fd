"""Progress on a terminal, for what takes longer than a moment."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

_T = TypeVar("_T")

PATIENCE_SECONDS = 1.0
"""Work shorter than this shows nothing."""


def track(items: Iterable[_T], total: int, what: str) -> Iterator[_T]:
    """Pass items through; on a terminal, show how many of `total` are done and the time left."""
    if not sys.stderr.isatty():
        yield from items
        return
    started, iterator = time.monotonic(), iter(items)
    for done, item in enumerate(iterator, 1):
        yield item
        if time.monotonic() - started > PATIENCE_SECONDS and done < total:
            yield from _with_bar(iterator, total, what, done)


def _with_bar(items: Iterable[_T], total: int, what: str, done: int) -> Iterator[_T]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total, completed=done)
        for item in items:
            yield item
            bar.advance(task)
