"""Progress on a terminal, for what takes longer than a moment."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, TypeVar

from vlprep.cli.command import is_quiet

if TYPE_CHECKING:
    from rich.progress import Progress

_T = TypeVar("_T")

PATIENCE_SECONDS = 1.0
"""Work shorter than this shows nothing."""


def track(items: Iterable[_T], total: int, what: str) -> Iterator[_T]:
    """Pass items through; on a terminal, show how many of `total` are done and the time left."""
    return Bars().track(items, total, what)


class Bars:
    """Bars one below the other, for work in which other work is done: frames of files."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._display: Progress | None = None

    def track(self, items: Iterable[_T], total: int, what: str) -> Iterator[_T]:
        """Pass items through with a bar of their own, below those that are there already."""
        outermost = self._display is None
        if outermost and (
            is_quiet() or not sys.stderr.isatty()
        ):  # Rich puts its own stream there, no terminal
            yield from items
            return
        display = self._display = self._display or _new_display()
        with display if outermost else nullcontext():
            task = display.add_task(what, total=total, visible=self._late)
            try:
                for item in items:
                    yield item
                    display.update(task, advance=1, visible=total > 1 and self._late)
            finally:
                display.remove_task(task)
        if outermost:
            self._display = None

    @property
    def _late(self) -> bool:
        return time.monotonic() - self._started > PATIENCE_SECONDS


def _new_display() -> Progress:
    from rich.console import Console
    from rich.progress import Progress

    return Progress(console=Console(stderr=True), transient=True)
