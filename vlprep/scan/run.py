"""The rows of a run on their way from the sources to the journal."""

from __future__ import annotations

import json
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

from vlprep.batch.tables import Columns
from vlprep.count.files import MediaFailure
from vlprep.errors import VlprepError
from vlprep.media.overlap import overlapped
from vlprep.media.remote import Stamp
from vlprep.scan.journal import Journal
from vlprep.scan.rows import (
    KEY_LENGTH,
    Finished,
    Job,
    Numbered,
    RowWork,
    SourceRow,
    finished,
    is_far,
    is_known_by_length,
    key_of,
    row_key,
)
from vlprep.scan.sources import Found
from vlprep.scan.totals import Totals
from vlprep.scan.workers import Lost
from vlprep.scan.writing import WritingJob

Progress: TypeAlias = Callable[[int], None]
"""Is told, now and then, how many rows are done."""

Done: TypeAlias = Iterator[tuple[list[Numbered], Finished | Lost]]
"""Chunks of rows with what has become of them."""


class Run:
    """What is known of a run: its rows added up, and where each of them is in the journal."""

    def __init__(self, job: Job, journal: Journal | None, progress: Progress) -> None:
        self._job, self._journal, self._progress = job, journal, progress
        writes = isinstance(job, WritingJob)
        made_by = job.unforced if isinstance(job, WritingJob) else job
        settings = key_of(version("vlprep"), repr(made_by), Path.cwd())
        self._work = RowWork(job, settings, writes)
        self.totals = Totals()
        self.resumed = 0
        """Rows that an earlier run had finished."""
        self.known_by_length = 0
        """Those of them of which a server says no more than their length."""
        self.places = array("q")
        """Where each row is in the journal, in the order given."""
        self._told = time.monotonic()

    def work_through(self, found: Iterable[Found], through: Callable[..., Done]) -> None:
        """Do the job on all rows that no earlier run has finished."""
        done = through(self._work, self._left_to_do(found), weight=_weight)
        for chunk, result in done:
            if isinstance(result, Lost):
                row = SourceRow(*chunk[0][1:])  # the culprit alone
                result = self._failed(row.name, row_key(row, self._work.settings), result)
            self._keep([item[0] for item in chunk], result)
            if self._journal is not None:
                self._journal.flush()

    @property
    def columns(self) -> Columns:
        """The columns of the table, with their types."""
        return {"source": "string", **self._job.types}

    def _left_to_do(self, found: Iterable[Found]) -> Iterator[Numbered]:
        """Yield the rows that are to be done, and keep those that need no work."""
        resumes = self._journal is not None and len(self._journal) > 0
        stamped = overlapped(_stamped, found, is_far) if resumes else ((row, None) for row in found)
        for number, (row, stamp) in enumerate(stamped):
            self.places.append(-1)
            if isinstance(row, MediaFailure):
                self._keep([number], self._failed(row.source, "0" * KEY_LENGTH, row))
            elif not (resumes and self._is_there(number, row, stamp)):
                yield number, *row

    def _is_there(self, number: int, row: SourceRow, stamp: Stamp | None) -> bool:
        """Say whether an earlier run has finished a row, and count it then."""
        assert self._journal is not None
        place = self._journal.find(row_key(row, self._work.settings, stamp))
        if place is None:
            return False
        (line,) = self._journal.rows([place])
        done = json.loads(line)
        if done.get("error_code") in _PASSING:
            return False
        self.places[number] = place
        self.resumed += 1
        self.known_by_length += is_known_by_length(row, stamp)
        self.totals.add(done)
        self._tell()
        return True

    def _failed(self, name: str, key: str, reason: MediaFailure | Lost) -> Finished:
        error = {"error_code": reason.code, "error": reason.message}
        return finished([key], [{"source": name, **dict.fromkeys(self._job.types), **error}])

    def _keep(self, numbers: Iterable[int], done: Finished) -> None:
        if self._journal is not None:
            for number, place in zip(numbers, self._journal.add(done), strict=True):
                self.places[number] = place
        self.totals.merge(done.totals)
        self._tell()

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told > _TELL_SECONDS:
            self._told = now
            self._progress(self.totals.rows)


def _stamped(row: Found) -> tuple[Found, Stamp | None]:
    """Return a row, and of a remote file what tells whether it has changed; its server is asked."""
    if not is_far(row):
        return row, None
    from vlprep.media.fetched import fetch

    try:
        fetched = fetch(row.value)
    except (VlprepError, OSError):  # which the work will tell
        return row, None
    fetched.close()
    return row, fetched.stamp


_PASSING = ("os_error", "permission_denied", "fetch")
"""What may be over by the next run, such as a full disk."""

_TELL_SECONDS = 0.2


def _weight(item: Numbered) -> int:
    """Return about how many bytes of a row go through a pipe."""
    value = item[2]
    if isinstance(value, dict):
        value = value.get("bytes")
    return len(value) if isinstance(value, bytes | str) else 100
