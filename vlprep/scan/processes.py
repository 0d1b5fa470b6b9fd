"""How processes of ours begin: quickly, and without anything of the program that asks for them.

They come from a server of `multiprocessing` that has loaded what all of them need, never by a fork
of this process, which may have threads. `multiprocessing` would run the caller's own script in each
once more, with all that it imports; that is done only for work that is defined there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import get_all_start_methods, get_context
from typing import Any

_METHOD = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
_NEEDED = ("vlprep.batch", "vlprep.media.image", "vlprep.scan.rows", "PIL.JpegImagePlugin")


def warm_up() -> None:
    """Let the server begin to load what workers need; returns at once.

    Where it cannot begin, `start_process` tells.
    """
    if _METHOD != "forkserver":
        return
    from multiprocessing.forkserver import ensure_running

    _context()
    with suppress(OSError), _nothing_from_here():
        ensure_running()


def start_process(work: Callable[..., None], *given: Any) -> Any:
    """Start a process that does `work`, whose pickles among what is `given` are bytes.

    Raises `OSError` or `EOFError` where the system lets none begin.
    """
    process = _context().Process(target=work, args=given, daemon=True)
    with ExitStack() as stack:
        stack.enter_context(_nothing_from_here())
        if not any(isinstance(one, bytes) and b"__main__" in one for one in given):
            stack.enter_context(_without_main())
        process.start()
    return process


def _context() -> Any:
    context: Any = get_context(_METHOD)
    if _METHOD == "forkserver":
        context.set_forkserver_preload(list(_NEEDED))
    return context


@contextmanager
def _nothing_from_here() -> Iterator[None]:
    """Start a Python that imports nothing from the folder it stands in, whosever files are there.

    `multiprocessing` starts one with `-c`, which looks there first.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide where the caller's script lies, by which `multiprocessing` would run it again."""
    main = vars(sys.modules["__main__"])
    hidden: dict[str, Any] = {
        name: main.pop(name) for name in ("__file__", "__spec__") if name in main
    }
    main["__spec__"] = None
    try:
        yield
    finally:
        main.update(hidden)
