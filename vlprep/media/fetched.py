"""What has been fetched of a remote file: a file on disk with holes, filled where it is read.

Nothing is fetched twice, nothing beyond the limits of `Fetching`, and little that is not asked for:
a place that is jumped to brings what was asked for, reading on brings twice as much each time.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from tempfile import TemporaryFile
from threading import BoundedSemaphore, Lock
from typing import BinaryIO, NamedTuple, Protocol

from vlprep.errors import FetchError
from vlprep.media.overlap import overlapped
from vlprep.media.remote import Fetching, RemoteFile, Stamp, note_stamp, scheme_of
from vlprep.units import format_bytes

FIRST = 65_536
"""Bytes that are fetched first: they hold the header of most images."""

_LEAST, _AT_ONCE = 1_024, 8_388_608
"""Bytes of a request at least, and at most."""

QUIET, SLOWEST = 10.0, 10_000.0
"""Seconds without an answer after which a server is given up, and bytes a second that it owes."""

_TURN = BoundedSemaphore(8)
"""Requests that are under way at a time, whoever makes them."""

_SPEAKERS = {"http": "vlprep.media.web", "https": "vlprep.media.web"}
_STORES = "vlprep.media.stores"


class Opening(NamedTuple):
    """What a server says of a file before it is read."""

    length: int
    """Its bytes."""
    got: int = 0
    """Bytes from its start that have come already."""
    warnings: tuple[str, ...] = ()
    version: str = ""
    """What the server says by which a change is seen; nothing where it says nothing."""


class Origin(Protocol):
    """Where a file is fetched from; each method raises `FetchError`."""

    def open(self, file: BinaryIO) -> Opening:
        """Ask for the first bytes, and write what comes."""

    def fetch(self, start: int, end: int, seconds: float) -> bytes:
        """Return the bytes from `start` to `end`, all of them."""

    def close(self) -> None:
        """Close connections."""


class Ranges:
    """Half-open ranges of whole numbers, those that touch joined.

    >>> have = Ranges()
    >>> have.add(0, 4), have.add(6, 9), list(have.missing(2, 12))
    (None, None, [(4, 6), (9, 12)])
    """

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        """Take in a range."""
        first, last = bisect_left(self._ends, start), bisect_right(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last], self._ends[first:last] = [start], [end]

    def missing(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield what is not there of a range."""
        place = bisect_right(self._ends, start)
        while start < end:
            begins = self._starts[place] if place < len(self._starts) else end
            if start < begins:
                yield start, min(begins, end)
            start = self._ends[place] if place < len(self._ends) else end
            place += 1


class Fetched:
    """A remote file, read by several in any order; opened and limited as `Fetching` says."""

    def __init__(self, name: str, origin: Origin, fetching: Fetching) -> None:
        self._name, self._origin, self._fetching = name, origin, fetching
        self._lock, self._have = Lock(), Ranges()
        self._file: BinaryIO = TemporaryFile()  # noqa: SIM115
        self.seconds_left = fetching.fetch_seconds
        self._bytes = 0
        try:
            with _TURN, self._clock():
                opening = origin.open(self._file)
        except BaseException:
            self.close()
            raise
        self.length, self.warnings = opening.length, opening.warnings
        self.stamp = Stamp(opening.length, opening.version)
        self._have.add(0, opening.got)
        self._bytes = self._last_end = opening.got
        self._last_size = opening.got or FIRST // 2  # so that what is read first is as much as that

    def read_at(self, length: int, position: int) -> bytes:
        """Return so many bytes at a place, fetched where they are not here yet."""
        end = min(position + length, self.length)
        with self._lock:
            for gap in list(self._have.missing(position, end)):
                self._fill(*gap)
            self._file.seek(position)
            return self._file.read(max(end - position, 0))

    def expect(self, places: Iterable[int]) -> None:
        """Fetch, side by side, the beginnings of what will be read at several places."""
        with self._lock:
            ends = ((place, min(place + _LEAST, self.length)) for place in places)
            gaps = [gap for place, end in ends for gap in self._have.missing(place, end)]
            self._allow(sum(end - start for start, end in gaps))
            with self._clock() as deadline:
                fetch = partial(self._fetch, deadline)
                for (start, _), content in zip(gaps, overlapped(fetch, gaps, bool), strict=True):
                    self._keep(start, content)

    def close(self) -> None:
        """End it: nothing can be read any more."""
        self._origin.close()
        self._file.close()

    def _fill(self, start: int, end: int) -> None:
        """Fetch a gap, and where that goes on from what was fetched last, what follows."""
        size = 2 * self._last_size if start == self._last_end else _LEAST
        beyond = min(max(end, start + min(size, _AT_ONCE)), self.length)
        _, stop = next(self._have.missing(start, beyond))
        for place in range(start, stop, _AT_ONCE):
            part = place, min(place + _AT_ONCE, stop)
            self._allow(part[1] - place)
            with self._clock() as deadline:
                self._keep(place, self._fetch(deadline, part))
        self._last_size, self._last_end = min(stop - start, _AT_ONCE), stop

    def _allow(self, more: int) -> None:
        """Raise `FetchError` where more bytes would be over the limit."""
        limit = self._fetching.fetch_limit
        if self._bytes + more > limit:
            raise over_limit(self._name, limit, f"a file of {format_bytes(self.length)}")

    @contextmanager
    def _clock(self) -> Iterator[float]:
        """Take the time of a block out of what is left; gives when that will be nothing."""
        start = time.monotonic()
        try:
            yield start + self.seconds_left
        finally:
            self.seconds_left -= time.monotonic() - start

    def _fetch(self, deadline: float, part: tuple[int, int]) -> bytes:
        with _TURN:
            left, length = deadline - time.monotonic(), part[1] - part[0]
            return self._origin.fetch(*part, min(left, QUIET + length / SLOWEST))

    def _keep(self, start: int, content: bytes) -> None:
        self._file.seek(start)
        self._file.write(content)
        self._bytes += len(content)
        self._have.add(start, start + len(content))


def over_limit(name: str, limit: int, what: str) -> FetchError:
    """Return the error for a file of which more would have to be fetched than is allowed."""
    more = f"more than {format_bytes(limit)} would have to be fetched of {what}"
    return FetchError(name, f"{more}; `fetch_limit` allows more, or download it first")


def fetch(remote: RemoteFile) -> Fetched:
    """Open a remote file; raises `FetchError` and `MissingPackageError`."""
    speaker = import_module(_SPEAKERS.get(str(scheme_of(remote.address)), _STORES))
    origin: Origin = speaker.origin_of(remote)
    fetched = Fetched(remote.name, origin, remote.fetching)
    note_stamp(remote.address, fetched.stamp)
    return fetched
