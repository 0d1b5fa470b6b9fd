"""How many processors this process may use: what it was given, not what the machine has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path

from vlprep.errors import ConstraintError

_GROUPS = Path("/proc/self/cgroup")
_CONTROLS = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """Return how many processors this process may keep busy, at least one.

    These are the ones it may run on (`taskset`, cpusets), and no more than its share of time: the
    limit of a container, which Linux keeps with the control groups that the process is in.

    >>> usable_cores() >= 1
    True
    """
    affinity = getattr(os, "sched_getaffinity", None)  # on Linux
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min([cores, *map(ceil, _shares())]))


def check_threads(threads: int | None) -> None:
    """Raise `ConstraintError` for fewer threads than one; `None` is as many as there are cores."""
    if threads is not None and threads < 1:
        raise ConstraintError(f"threads must be 1 or more, got {threads}")


def _shares() -> Iterator[float]:
    """Yield the limits on this process's time, as numbers of processors."""
    for line in _text(_GROUPS).splitlines():
        _, controllers, group = line.split(":", 2)
        if not controllers:  # version 2, with one tree for everything
            yield from _shares_of(_CONTROLS, group)
        elif "cpu" in controllers.split(","):
            yield from _shares_of(_CONTROLS / "cpu", group)


def _shares_of(tree: Path, group: str) -> Iterator[float]:
    """Yield the limits of a group and of all around it; any of them may be out of sight."""
    folder = tree / group.lstrip("/")
    while folder.is_relative_to(tree):
        told = _text(folder / "cpu.max").split()
        told = told or [_text(folder / f"cpu.cfs_{what}_us") for what in ("quota", "period")]
        with suppress(ValueError, ZeroDivisionError):  # "max", or nothing
            quota, period = map(int, told)
            if quota > 0:  # -1 is no limit
                yield quota / period
        folder = folder.parent


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:  # not there, or not Linux
        return ""
