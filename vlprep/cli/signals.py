"""Signals that end a command: all of them as Ctrl-C does, so that nothing is left half done."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import FrameType

ENDING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
"""Ctrl-C, a polite kill, and a terminal that was closed, which Windows has not."""


class _EndedError(KeyboardInterrupt):
    """One of our own: CPython kills itself where it met its own inside `exec` of a text."""


def run_to_end(call: Callable[[], int], say_why: Callable[[str], None]) -> int:
    """Run a command until it ends or is ended; then nothing can stop what tidies up.

    Returns the exit code, which for a signal is 128 and its number, as shells have it.
    """
    came: list[int] = []
    of_others = _unfinished()
    with _handled(came):
        try:
            return call()
        except KeyboardInterrupt:
            _ignore()
            number = came[0] if came else signal.SIGINT
            say_why("interrupted" if number == signal.SIGINT else "ended by a signal")
            return 128 + number
        finally:
            _ignore()
            _discard(_unfinished() - of_others)


@contextmanager
def _handled(came: list[int]) -> Iterator[None]:
    """Let signals be kept and raised, unless the one who started the process has them ignored."""

    def interrupt(number: int, _: FrameType | None) -> None:
        came.append(number)
        raise _EndedError

    def again(lost: sys.UnraisableHookArgs) -> None:
        """Raise once more, in a moment, what came in code that cannot raise: callbacks of PyAV."""
        if came and lost.exc_type is _EndedError:
            threading.Timer(0.01, signal.raise_signal, [came[-1]]).start()
        else:
            tell(lost)

    before = {}
    tell, sys.unraisablehook = sys.unraisablehook, again
    if threading.current_thread() is threading.main_thread():
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        sys.unraisablehook = tell
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore() -> None:
    if threading.current_thread() is threading.main_thread():
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)


def _unfinished() -> frozenset[Path]:
    private = sys.modules.get("vlprep.output.private")  # where nothing was written, nothing is left
    return private.unfinished() if private is not None else frozenset()


def _discard(paths: frozenset[Path]) -> None:
    if paths:
        import_module("vlprep.output.private").discard(paths)
