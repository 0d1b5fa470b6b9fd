"""Scan rows of any number with an operator of `batch`: the door of this room."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from threading import Event
from typing import Literal, TypeAlias

from vlprep.count.budget import largest_input
from vlprep.errors import ConstraintError
from vlprep.media.cores import usable_cores
from vlprep.media.remote import RemoteFile
from vlprep.output.target import PathLike, check_new
from vlprep.scan.journal import Journal
from vlprep.scan.output import journal_path, table_writer, write_table
from vlprep.scan.processes import warm_up
from vlprep.scan.report import write_report
from vlprep.scan.rows import Job
from vlprep.scan.run import Done, Progress, Run
from vlprep.scan.sources import Sources
from vlprep.scan.summary import ScanSummary, summarise
from vlprep.scan.thumbnails import thumbnails
from vlprep.scan.workers import Limits, work_through
from vlprep.scan.writing import WritingJob

TIME_LIMIT = 120.0
"""Seconds that a file may take, unless told otherwise."""


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
        run = Run(job, journal, progress)
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
                write_report(
                    report, found, journal.rows(run.places), run.columns, overwrite=overwrite,
                    pictures=partial(
                        thumbnails, view=job.view, limits=limits, stopping=stop,
                        workers=workers or usable_cores(),
                    ),
                )  # fmt: skip
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


def _engine(engine: Engine, address: str | None, workers: int | None) -> Callable[..., Done]:
    """Return what works through rows; raises `ConstraintError` for an address without a cluster."""
    if engine == "ray":
        from vlprep.scan.ray_data import ray_through, require_ray

        require_ray()
        return partial(ray_through, address=address, workers=workers)
    if address is not None:
        raise ConstraintError('`address` is for the `engine` "ray"')
    warm_up()  # while it is seen what there is to do
    return partial(work_through, workers=usable_cores() if workers is None else workers)
