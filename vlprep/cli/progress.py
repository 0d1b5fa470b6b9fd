"""Progress on a terminal, for what takes longer than a moment."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any, TypeVar

from vlprep.cli.command import is_quiet
from vlprep.cli.terminal import below_lines, line_width, sayable
from vlprep.cli.text import cells, safe, shortened
from vlprep.units import format_time

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

    from vlprep.types import Watch

_T = TypeVar("_T")

PATIENCE_SECONDS = 1.0
"""Work shorter than this shows nothing."""
BAR, WIDE = 20, 60
"""Length of a bar, and the columns of a terminal that has room for it."""
LEAST_NAME = 8
"""Columns below which no name is shown."""


def track(items: Iterable[_T], total: int, what: str, names: Sequence[Any] = ()) -> Iterator[_T]:
    """Pass items through; on a terminal, show how many of `total` are done and the time left.

    `names` are the files that they are, or that they are made of, in order: the one that is
    waited for is shown.
    """
    return Bars().track(items, total, what, names)


def tracking(source: Any) -> Watch:
    """Return what tracks what is made of one file, which is named beside the bar all the while."""

    def watch(
        items: Iterable[_T], total: int, what: str, names: Sequence[Any] = (), /
    ) -> Iterator[_T]:
        return track(items, total, what, [source] * total)

    return watch


class Bars:
    """Lines one below the other, for work in which other work is done: frames of files.

    They are on stderr, once the work has taken longer than a moment.
    """

    def __init__(self) -> None:
        self._tasks: list[_Task] = []
        self._lock = Lock()
        self._timer: Timer | None = None
        self._live: Live | None = None

    def track(
        self, items: Iterable[_T], total: int, what: str, names: Sequence[Any] = ()
    ) -> Iterator[_T]:
        """Pass items through with a line of their own, below those that are there already."""
        outermost = not self._tasks
        if outermost and (is_quiet() or not sys.stderr.isatty()):
            yield from items
            return
        task = _Task(what, total, names)
        self._tasks.append(task)
        try:
            with below_lines(self) if outermost else nullcontext():
                for item in items:
                    yield item
                    task.count()
        finally:
            self._tasks.remove(task)

    def start(self) -> None:
        """Show them, once that time has passed."""
        self._timer = Timer(PATIENCE_SECONDS, self._show)
        self._timer.daemon = True
        with suppress(RuntimeError):  # no thread is to be had, and nothing is shown
            self._timer.start()

    def _show(self) -> None:
        from rich.console import Console
        from rich.live import Live

        with self._lock:
            if self._timer is not None:
                self._live = Live(
                    console=Console(stderr=True), get_renderable=self._lines, transient=True,
                    redirect_stdout=False, redirect_stderr=False,
                )  # fmt: skip
                self._live.start(refresh=True)

    def stop(self) -> None:
        """Take them away."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._live is not None:
                self._live.stop()
            self._timer = self._live = None

    def _lines(self) -> Text:
        from rich.text import Text

        tasks = list(self._tasks)
        several = [task for task in tasks if task.total > 1] or tasks
        width = line_width(sys.stderr) or 80
        lines = "\n".join(task.line(width) for task in several)
        return Text(sayable(lines, sys.stderr), no_wrap=True)


class _Task:
    """Some work: how much of it is done, and since when."""

    def __init__(self, what: str, total: int, names: Sequence[Any]) -> None:
        self.what, self.total, self.names = what, total, names
        self.done = 0
        self.began = time.monotonic()
        self.at = 0.0  # seconds from there to the end of the last item

    def count(self) -> None:
        """Count one more item as done."""
        self.done += 1
        self.at = time.monotonic() - self.began

    def line(self, width: int) -> str:
        """Return what is shown of it."""
        from vlprep.count.files import media_name

        name = media_name(self.names[self.done]) if self.done < len(self.names) else ""
        left = seconds_left(self.done, self.total, self.at, time.monotonic() - self.began)
        return progress_line(self.what, self.done, self.total, left, safe(name), width)


def seconds_left(done: int, total: int, at: float, now: float) -> float | None:
    """Return the time left of `total` items, `done` of which took until `at`; it is `now`.

    It runs down at the mean pace so far, but not below what it would be if the item in work were
    done now, so that it grows while one takes long. `None` where nothing is known yet.

    >>> seconds_left(2, 4, 10.0, 11.0), seconds_left(2, 4, 10.0, 30.0), seconds_left(0, 4, 0, 9)
    (9.0, 10.0, None)
    """
    if done == 0:
        return None
    return max(at / done * (total - done) - (now - at), now * (total - done - 1) / (done + 1), 0.0)


def progress_line(
    what: str, done: int, total: int, left: float | None, name: str, width: int
) -> str:
    """Return what is shown of some work: its count, the time left, and what is worked on.

    >>> progress_line("counting", 12, 63, 75.0, "IMG_6002.MOV", 40)
    'counting  12/63  1:15 left  IMG_6002.MOV'
    """
    from pathlib import Path

    parts = [what, f"{done:,}/{total:,}"]
    if width >= WIDE:
        full = BAR * done // max(total, 1)
        parts.insert(1, "━" * full + "─" * (BAR - full))
    line = "  ".join(parts)
    time_left = f"  {clock(left)} left" if left is not None and left >= 1 else ""
    line += time_left if cells(line + time_left) <= width else ""
    room = width - cells(line) - 2
    if not name or room < LEAST_NAME:
        return line
    return f"{line}  {name if cells(name) <= room else shortened(Path(name).name, room)}"


def pace_line(done: int, total: int | None, seconds: float) -> str:
    """Return what is shown of rows: how many are done, at what pace, and the time left.

    >>> pace_line(1200, None, 2.0), pace_line(1200, 4800, 2.0)
    ('1,200 rows, 600 a second', '1,200/4,800 rows, 600 a second, 0:06 left')
    """
    of = "" if total is None else f"/{total:,}"
    line = f"{done:,}{of} rows, {done / seconds:,.0f} a second"
    left = None if total is None else seconds_left(done, total, seconds, seconds)
    return line if left is None else f"{line}, {clock(left)} left"


def clock(seconds: float) -> str:
    """Return a time to wait, as clocks show it.

    >>> clock(75.4), clock(4000)
    ('1:15', '1:06:40')
    """
    return format_time(int(seconds)).removesuffix(".000")
