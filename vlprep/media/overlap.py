"""Work on many sources in order, with a few remote ones under way at once: their waits overlap."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import TypeVar

from vlprep.media.remote import RemoteFile, scheme_of

AT_ONCE = 8
"""Remote sources that are under way at a time."""

_Source = TypeVar("_Source")
_Done = TypeVar("_Done")


def is_remote(source: object) -> bool:
    """Say whether a source is fetched: a remote file, an address of one, or a list with one.

    >>> is_remote("https://example.com/a.jpg"), is_remote(["s3://b/1.png"]), is_remote("a.jpg")
    (True, True, False)
    """
    if isinstance(source, list | tuple):
        return any(map(is_remote, source))
    return isinstance(source, RemoteFile) or scheme_of(source) is not None


def overlapped(
    work: Callable[[_Source], _Done],
    sources: Iterable[_Source],
    is_far: Callable[[_Source], bool] = is_remote,
) -> Iterator[_Done]:
    """Yield what becomes of each source, in order, as `map` does.

    Those that are far are worked at ahead, in a few threads; others in their turn.

    >>> list(overlapped(len, ["a", "bc"]))
    [1, 2]
    """
    rest = iter(sources)
    for source in rest:
        if is_far(source):
            yield from _ahead(work, chain([source], rest), is_far)
        else:
            yield work(source)


def _ahead(
    work: Callable[[_Source], _Done],
    sources: Iterable[_Source],
    is_far: Callable[[_Source], bool],
) -> Iterator[_Done]:
    waiting = deque[Callable[[], _Done]]()
    for source in sources:
        waiting.append(_started(work, source) if is_far(source) else partial(work, source))
        if len(waiting) > AT_ONCE:
            yield waiting.popleft()()
    yield from (done() for done in waiting)


def _started(work: Callable[[_Source], _Done], source: _Source) -> Callable[[], _Done]:
    """Begin work in a thread, for which an interrupted program does not wait; returns the result's.

    A pool's threads would be waited for, and so would a server that is silent.
    """
    from concurrent.futures import Future  # not needed for files at hand
    from threading import Thread

    future: Future[_Done] = Future()

    def run() -> None:
        try:
            future.set_result(work(source))
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future.result
