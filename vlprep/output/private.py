"""Hidden folders in which what is written stands until it is whole, and nothing is left of them.

A process that is killed leaves its own. The next one to write there removes it, which a lock tells
from one in use; but for earlier files that the killed one was about to replace, in the folder `old`
of it: these stay, to be moved back by hand.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

try:
    import fcntl
except ImportError:  # Windows, where folders of killed processes stay
    fcntl = None  # type: ignore[assignment]

OLD = "old"
"""The folder of earlier files inside a private one."""
_NAME = re.compile(r"\.[0-9a-f]{16}\.part")
_YOUNG_SECONDS = 60
"""Up to which a folder may not be locked yet by its owner."""
_unfinished: set[Path] = set()
_visited: set[Path] = set()


@contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """Make a folder that is gone when the block ends, and locked until then.

    The descriptor of the lock is also the one that removing takes, where there are few of them.
    """
    _discard_abandoned(parent)
    private = parent / f".{secrets.token_hex(8)}.part"
    _unfinished.add(private)
    try:
        private.mkdir()
        with locked(private):
            yield private
    finally:
        with uninterrupted():
            _discard(private)


def is_private(name: str) -> bool:
    """Say whether a name is that of a private folder, or of a lock.

    >>> is_private(".0123456789abcdef.part"), is_private("a.part")
    (True, False)
    """
    return name == LOCK or _NAME.fullmatch(name) is not None


def unfinished(below: Path | None = None) -> frozenset[Path]:
    """Return what was begun and not finished, or not removed; of a folder, what is in it."""
    begun = _unfinished.copy()  # to which other threads add
    return frozenset(one for one in begun if below is None or one.is_relative_to(below))


def discard(paths: Iterable[Path]) -> None:
    """Remove what is `unfinished`; what is finished meanwhile is not there any more."""
    for path in paths:
        _discard(path)


@contextmanager
def locked(path: Path, *, wait: bool = True, create: bool = False) -> Iterator[None]:
    """Hold the lock of a file or folder, which ends with the process at the latest.

    Where there are no locks nothing is held, unless it is not to `wait`. Raises `OSError` then, and
    where another one has it.
    """
    if fcntl is None:
        if not wait:
            raise BlockingIOError
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT if create else os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if not wait:
                raise
        yield
    finally:
        with suppress(OSError):
            os.close(descriptor)


def takes_lock(descriptor: int) -> bool:
    """Lock an open file until it is closed, and say whether no other one has it locked.

    Where there are no locks none is held, and nobody else has one.
    """
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


LOCK = ".lock.part"
"""What is locked in a folder by the one that changes it."""


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait until no other one changes a folder. Its own lock may be held by a shell's `flock`."""
    lock = folder / LOCK
    while True:
        with locked(lock, create=True):
            # It is not there where the one before has removed what is locked here.
            if fcntl is None or lock.exists():
                try:
                    _unfinished.add(lock)
                    yield
                finally:
                    _discard(lock)
                return


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let signals that would end the work wait for a few calls; only the main thread gets any."""
    came: list[tuple[int, FrameType | None]] = []
    handlers: dict[signal.Signals, Any] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                if callable(handler := signal.getsignal(number)):
                    handlers[number] = handler
                    signal.signal(number, lambda *arrived: came.append(arrived))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for arrived in came:
        handlers[signal.Signals(arrived[0])](*arrived)


def _discard_abandoned(parent: Path) -> None:
    """Remove private folders of killed processes; looks once, as a folder may be large."""
    if parent in _visited:
        return
    _visited.add(parent)
    with suppress(OSError):  # what may not be listed or removed stays
        for name in filter(_NAME.fullmatch, os.listdir(parent)):  # noqa: PTH208
            private = parent / name
            if time.time() - private.stat().st_mtime > _YOUNG_SECONDS:
                with locked(private, wait=False):
                    _discard(private)


def _discard(path: Path) -> None:
    """Remove a private folder but for earlier files, or a lock; what fails is tried again later."""
    if path.name == LOCK:
        remove(path)
    else:
        _empty(path)
    if os.path.lexists(path):
        _unfinished.add(path)
    else:
        _unfinished.discard(path)


def _empty(private: Path) -> None:
    with suppress(OSError):
        for name in os.listdir(private):  # noqa: PTH208
            if name != OLD:
                remove(private / name)
    for folder in (private / OLD, private):
        with suppress(OSError):
            folder.rmdir()


def remove(path: Path) -> None:
    """Remove a file or a folder as far as that goes, with one descriptor at a time."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            for name in os.listdir(path):  # noqa: PTH208
                remove(path / name)
            path.rmdir()
        else:
            path.unlink()
