"""Scan rows of any number with an operator of `batch`: the door of this room."""

from __future__ import annotations

import json
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from importlib.metadata import version
from pathlib import Path
from threading import Event
from typing import Literal, TypeAlias

from vlprep.batch.tables import Columns
from vlprep.count.budget import largest_input
from vlprep.count.files import MediaFailure
from vlprep.errors import ConstraintError, VlprepError
from vlprep.media.cores import usable_cores
from vlprep.media.overlap import overlapped
from vlprep.media.remote import RemoteFile, Stamp
from vlprep.output.target import PathLike, check_new
from vlprep.scan.journal import Journal
from vlprep.scan.output import journal_path, table_writer, write_table
from vlprep.scan.processes import warm_up
from vlprep.scan.report import Pictures, write_report
from vlprep.scan.rows import (
    KEY_LENGTH,
    Finished,
    Item,
    Job,
    RowWork,
    SourceRow,
    finished,
    is_known_by_length,
    key_of,
    row_key,
)
from vlprep.scan.sources import Found, Sources
from vlprep.scan.summary import ScanSummary, summarise
from vlprep.scan.thumbnails import thumbnails
from vlprep.scan.totals import Totals
from vlprep.scan.workers import Limits, Lost, work_through
from vlprep.scan.writing import WritingJob

TIME_LIMIT = 120.0
"""Seconds that a file may take, unless told otherwise."""


Progress: TypeAlias = Callable[[int], None]
"""Is told, now and then, how many rows are done."""


def scan(
    names: Iterable[str | RemoteFile],
    job: Job,
    *,
    output: PathLike | None = None,
    report: PathLike | None = None,
    resume: bool = False,
    overwrite: bool = False,
    engine: Engine = "local",
    address: str | None = None,
    workers: int | None = None,
    time_limit: float | None = TIME_LIMIT,
    memory: int | None = None,
    samples: bool = False,
    recursive: bool = False,
    column: str | None = None,
    pack: int | None = None,
    deployment: str | None = None,
    max_input: int | None = None,
    max_model_len: int | None = None,
    thinking: bool | None = None,
    stopping: Event | None = None,
    progress: Progress = lambda _: None,
) -> ScanSummary:
    """Do a job on every row of what is named, in processes of our own; returns what it comes to.

    `names` are files, addresses, folders (with `recursive` their subfolders too), patterns, Parquet
    files, of which `column` is read, and tars; with `samples` files of these and Parquet files of
    messages. Each row is a row of the table `output` (JSON Lines, CSV or Parquet, by its ending),
    in the order given; one that fails has a code in it, and one that crashes its process, takes
    longer than `time_limit` seconds, or takes more than `memory` bytes has "crashed", "timeout",
    "memory".

    What is finished is in a journal beside the output until that is written. With `resume` a run
    that ended early goes on: a row is done again only if the file (length and time, or what its
    server says of its state), the settings or the version are not the same. Once `stopping` is set,
    what is under way is finished and kept, and no table is written.

    `report` is a page of HTML to be written beside it, to look at.

    By the `engine` "ray" the work is done by tasks of Ray Data, on the cluster at `address` or on
    one that is begun here; the table is the same.

    `pack` is the tokens of a sequence for training, `deployment` where prices are looked up;
    `max_input`, `max_model_len` and `thinking` give the limit for which settings are looked for.

    Raises `ConstraintError` for settings that cannot be, `MissingPackageError` for Parquet without
    pyarrow, `WorkerError` where no process can be had, and `FileExistsError` where the output is
    there, or a journal of which nothing is said.

    >>> from vlprep.batch import CountTokens
    >>> found = scan(["fixtures/photo.jpg", "no-such.jpg"], CountTokens("qvq-max"), workers=1)
    >>> found.rows, found.total_tokens, found.errors
    (2, 393, {'not_found': 1})
    """
    if engine == "local":
        warm_up()  # while it is seen what there is to do
    limits = Limits(seconds=time_limit, memory=memory)
    sources = Sources(
        samples=samples, recursive=recursive, column=column,
        apart_from=job.folder if isinstance(job, WritingJob) else None,
    )  # fmt: skip
    through = _engine(engine, address, workers)
    _check_kept(output, report, resume=resume, overwrite=overwrite)
    with ExitStack() as stack:
        journal = None
        if output is not None:
            table_writer(output)
            check_new(output, overwrite=overwrite)
            kept = Journal(journal_path(output), resume=resume, overwrite=overwrite)
            journal = stack.enter_context(kept)
        run = _Run(job, journal, progress)
        stop = stopping or Event()
        run.work_through(sources.rows(names), partial(through, limits=limits, stopping=stop))
        is_whole = not stop.is_set()
        found = summarise(
            run.totals, job.view, pack=pack, deployment=deployment,
            limit=largest_input(
                job.view.model,
                max_input=max_input, max_model_len=max_model_len, thinking=thinking,
            ),
            strays=sources.strays, resumed=run.resumed, known_by_length=run.known_by_length,
            finished=is_whole,
            output=str(output) if output is not None and is_whole else None,
        )  # fmt: skip
        if is_whole and journal is not None and output is not None:
            if report is not None:
                pictures = partial(
                    thumbnails, view=job.view, limits=limits, stopping=stop,
                    workers=workers or usable_cores(),
                )  # fmt: skip
                run.write_report(report, found, pictures, overwrite=overwrite)
            write_table(output, journal.rows(run.places), run.columns, overwrite=overwrite)
            journal.remove()
        return found


def _check_kept(
    output: PathLike | None, report: PathLike | None, *, resume: bool, overwrite: bool
) -> None:
    if output is None and (resume or report):
        name = "resume" if resume else "report"
        raise ConstraintError(f"`{name}` needs an `output`, by which rows are kept")
    if report is not None:
        check_new(report, overwrite=overwrite)


Engine: TypeAlias = Literal["local", "ray"]
"""Who does the work: processes on this machine, or Ray Data."""

_Done: TypeAlias = Iterator[tuple[list[Item], Finished | Lost]]


def _engine(engine: Engine, address: str | None, workers: int | None) -> Callable[..., _Done]:
    """Return what works through rows; raises `ConstraintError` for an address without a cluster."""
    if engine == "ray":
        from vlprep.scan.ray_data import ray_through, require_ray

        require_ray()
        return partial(ray_through, address=address, workers=workers)
    if address is not None:
        raise ConstraintError('`address` is for the `engine` "ray"')
    return partial(work_through, workers=usable_cores() if workers is None else workers)


class _Run:
    """The rows of a run on their way from the sources to the journal."""

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

    def work_through(self, found: Iterable[Found], through: Callable[..., _Done]) -> None:
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

    def write_report(
        self, path: PathLike, found: ScanSummary, pictures: Pictures, *, overwrite: bool
    ) -> None:
        """Write the page of what is in the journal."""
        assert self._journal is not None
        rows = self._journal.rows(self.places)
        write_report(path, found, rows, self.columns, pictures=pictures, overwrite=overwrite)

    def _left_to_do(self, found: Iterable[Found]) -> Iterator[Item]:
        """Yield the rows that are to be done, and keep those that need no work."""
        resumes = self._journal is not None and len(self._journal) > 0
        stamped = (
            overlapped(_stamped, found, _is_far) if resumes else ((row, None) for row in found)
        )
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


def _is_far(row: Found) -> bool:
    return isinstance(row, SourceRow) and isinstance(row.value, RemoteFile)


def _stamped(row: Found) -> tuple[Found, Stamp | None]:
    """Return a row, and of a remote file what tells whether it has changed; its server is asked."""
    if not _is_far(row):
        return row, None
    from vlprep.media.fetched import fetch

    try:
        fetched = fetch(row.value)  # type: ignore[union-attr]
    except (VlprepError, OSError):  # which the work will tell
        return row, None
    fetched.close()
    return row, fetched.stamp


_PASSING = ("os_error", "permission_denied", "fetch")
"""What may be over by the next run, such as a full disk."""

_TELL_SECONDS = 0.2


def _weight(item: Item) -> int:
    """Return about how many bytes of a row go through a pipe."""
    value = item[2]
    if isinstance(value, dict):
        value = value.get("bytes")
    return len(value) if isinstance(value, bytes | str) else 100
