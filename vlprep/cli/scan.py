"""`vlprep scan`: a table of any number of files, and what they come to."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from vlprep.choices import holds_samples
from vlprep.cli import EXIT_FAILED, EXIT_INTERRUPTED, progress
from vlprep.cli.command import Command, is_quiet
from vlprep.cli.idle import say_idle, say_unused
from vlprep.cli.inputs import tell_subfolders
from vlprep.cli.named import as_remote, input_options, take_fetching
from vlprep.cli.options import (
    BYTES,
    POSITIVE,
    SECONDS,
    bind,
    choice_option,
    deployment_option,
    force_option,
    input_limit_options,
    json_option,
    route_option,
    sample_options,
    view_options,
    wrong_usage,
)
from vlprep.cli.render import heading, note, print_json, print_table, say_error
from vlprep.cli.scan_jobs import JOBS, job_of
from vlprep.cli.terminal import line_width, say
from vlprep.cli.text import flagged, safe, thousands
from vlprep.errors import ConstraintError, VlprepError

if TYPE_CHECKING:
    from vlprep.scan.summary import ScanSummary
    from vlprep.verbs import Processor


@click.command(name="scan", cls=Command)
@input_options
@choice_option("--job", JOBS, "Do this with each row.", "tokens")
@click.option("--column", metavar="NAME", help="Read this column of Parquet files.")
@sample_options
@view_options
@route_option("Check the files as sent so, or stay under its limit.", None)
@click.option("--limit", type=BYTES, help="Keep each file under so many bytes instead; 7MB, 10MiB.")
@choice_option(
    "--keep", ("model-view", "full"), "Keep what the model is shown, or all that fits.", None
)
@click.option("--always", is_flag=True, help="Shrink what is under the limit, too, to the view.")
@choice_option("--format", ("jpg", "png", "npy"), "Write frames so.", None)
@click.option("--into", metavar="DIR", help="Write frames or smaller files there.")
@input_limit_options
@click.option("--pack", type=POSITIVE, help="Pack rows into sequences of so many tokens.")
@deployment_option
@choice_option("--engine", ("local", "ray"), "Work on this machine, or by Ray Data.", "local")
@click.option("--address", metavar="ADDRESS", help="Take the cluster of Ray there; or auto.")
@click.option("--workers", type=click.IntRange(1, 256), help="Work in so many processes.")
@click.option(
    "--time-limit", type=SECONDS, help="Give up on a file after so long; 2:00 unless given."
)
@click.option("--memory", type=BYTES, help="Give up on a file that takes more, on Linux.")
@click.option(
    "-o", "--output", metavar="FILE", help="Write the rows: a name in .jsonl, .csv or .parquet."
)
@click.option(
    "--html", "report", metavar="FILE", help="Write a page with a table to sort and filter."
)
@click.option("--resume", is_flag=True, help="Go on with a run that ended early.")
@force_option
@json_option
def command(as_json: bool, **asked: Any) -> int:
    """Count or check any number of files, a row each, and tell what they come to.

    A PATH is a file, a folder, a pattern, a Parquet file with a column of images or paths, a tar of
    media as webdataset has it, or files of samples: .jsonl, .json, .csv (gzipped or not), and
    Parquet with --column messages, conversations or prompt; each may be an address of https, s3, gs
    or oss. Files are worked at in processes of their own: one that crashes, hangs or eats memory is
    a row with that reason, as every file that cannot be read is, and the rest goes on. The exit
    code is 1 then.

    --job frames writes the frames of each video into --into, and --job compress files under a byte
    limit, in folders like those of the files; the rows say what was written. What stands there
    already is kept, unless --force is given. --engine ray has the work done by a cluster that finds
    the files under the same paths; the table is the same.

    Rows that are finished are kept beside the output, in a file named .journal, until the output
    is written as a whole; --resume goes on after an interrupt or a crash and does again only what
    has changed. Without -o only the summary is printed.

    \b
    vlprep scan photos/ -r --model qvq-max -o photos.parquet
    vlprep scan 'shards/*.tar' --model Qwen/Qwen3-VL-8B-Instruct -o rows.jsonl --workers 8
    vlprep scan photos/ -r --job compress --into small/ -o small.csv
    vlprep scan train.jsonl --model Qwen/Qwen3-VL-8B-Instruct --max-input 4096 --pack 8192
    """
    from vlprep.media.addresses import file_name
    from vlprep.media.remote import scheme_of
    from vlprep.scan.processes import warm_up

    if asked["engine"] == "local":
        warm_up()  # while this process loads the rest
    from vlprep.scan.scan import TIME_LIMIT, scan

    processor, fetching = bind(asked), take_fetching(asked)
    asked["fetch"] = fetching if asked["fetch"] else None
    paths, from_file = asked.pop("paths"), asked.pop("from_file")
    from vlprep.messages.rows import talks

    separator = b"\0" if asked.pop("null_separated") else b"\n"
    if not paths and from_file is None:
        raise click.UsageError(
            "Missing argument 'PATH...': name a file, or --from-file with a list"
        )
    if separator == b"\0" and from_file is None:
        raise click.UsageError("-0 is about names from --from-file")
    named = [file_name(path) if scheme_of(path) else path for path in paths]
    samples = talks(asked["column"] or "") or any(map(holds_samples, named))
    with wrong_usage():
        job = job_of(processor, paths, samples, asked)
    if asked["time_limit"] is None:
        asked["time_limit"] = TIME_LIMIT
    asked["overwrite"] = asked.pop("force")
    names = (as_remote(name, fetching) for name in _names(paths, from_file, separator))
    tell_subfolders(paths, asked["recursive"])
    ahead = paths if from_file is None else None
    with _interrupts() as stopping, _shown_progress(ahead, asked["recursive"]) as shown:
        found = scan(names, job, samples=samples, stopping=stopping, progress=shown, **asked)
    _say_idle(found, processor, named if from_file is None else None)
    if as_json:
        print_json(found.to_dict())
    else:
        say(*_page(found, processor))
        _print_largest(found)
    return _report(found, asked["output"])


def _say_idle(found: ScanSummary, processor: Processor, named: Sequence[str] | None) -> None:
    """Tell of options that did nothing; `named` are all files, where they are known."""
    if not found.prices:
        say_idle({"deployment"}, f"no price of {processor.model.name} is known")
    if named and not any(map(_MAY_BE_PARQUET, named)):
        say_idle(["column"], "for Parquet, and none is named")
    say_unused([*found.kinds, *(None for _ in found.errors)])


def _names(paths: Iterable[str], from_file: str | None, separator: bytes) -> Iterator[str]:
    """Yield what is named, a list name by name, so that it may have any length."""
    yield from paths
    if from_file == "-":
        yield from map(os.fsdecode, _split(sys.stdin.buffer, separator))
    elif from_file is not None:
        with open(from_file, "rb") as file:  # noqa: PTH123 (help does without pathlib)
            yield from map(os.fsdecode, _split(file, separator))


_MAY_BE_PARQUET = re.compile(r"\.(?:parquet|pq)$|[*?\[]", re.IGNORECASE).search
"""Says whether a name is one of Parquet, or a pattern that may mean some."""

_LONGEST_LINE = 1_000_000


def _split(file: BinaryIO, separator: bytes) -> Iterator[bytes]:
    rest = b""
    while part := file.read(1 << 16):
        *whole, rest = (rest + part).split(separator)
        if len(rest) > _LONGEST_LINE:
            raise ConstraintError(f"the list has a line of over {_LONGEST_LINE:,} bytes: no name")
        yield from (name for line in whole if (name := line.removesuffix(b"\r")))
    yield from filter(None, [rest.removesuffix(b"\r")])


@contextmanager
def _interrupts() -> Iterator[Event]:
    """Have the first interrupt stop the work in order, and the second one at once.

    Where interrupts are ignored, as of a job in the background, they stay so.
    """
    stopping = Event()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield stopping
        return

    def stop(*_: object) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stopping
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _shown_progress(paths: Iterable[str] | None, recursive: bool) -> Iterator[Any]:
    """Show on a terminal how many rows are done, how many a second, and the time left.

    How many there will be is counted beside the work, where names alone tell it.
    """
    from vlprep.scan.sources import count_ahead

    begun, shown = time.monotonic(), not is_quiet() and sys.stderr.isatty()
    totals: list[int | None] = []

    def count() -> None:
        with suppress(OSError, VlprepError):  # which the work will tell
            totals.append(count_ahead(paths or (), recursive=recursive))

    def show(rows: int) -> None:
        passed = time.monotonic() - begun
        if shown and passed > progress.PATIENCE_SECONDS:
            line = progress.pace_line(rows, totals[0] if totals else None, passed)
            click.echo(f"\r\x1b[K{line}", err=True, nl=False)

    if shown and paths is not None:
        Thread(target=count, daemon=True).start()
    try:
        yield show
    finally:
        if shown and time.monotonic() - begun > progress.PATIENCE_SECONDS:
            click.echo("\r\x1b[K", err=True, nl=False)


# What is printed.


def _page(found: ScanSummary, processor: Processor) -> Iterator[str]:
    """Yield what a person reads: what the rows come to, with the histogram below."""
    from vlprep.scan.words import sentences

    yield heading(processor)
    yield from map(safe, map(flagged, sentences(found)))
    if found.percentiles:
        yield ""
        yield from _bars(found)


WIDEST_BAR = 30
"""Columns of the bar of most rows, where the terminal has them."""


def _bars(found: ScanSummary) -> Iterator[str]:
    """Yield the histogram, a line a range of tokens."""
    most = max(one.rows for one in found.histogram)
    ranges = [f"{thousands(one.least)}–{thousands(one.most)}" for one in found.histogram]
    wide, high = max(map(len, ranges)), len(thousands(most))
    full = min(WIDEST_BAR, (line_width(sys.stdout) or 80) - wide - high - 5)
    for words, one in zip(ranges, found.histogram, strict=True):
        bar = "█" * -(-one.rows * full // most)
        yield f"{words:>{wide}}  {thousands(one.rows):>{high}}  {bar}".rstrip()


HEADINGS = ("most tokens", "tokens")


def _print_largest(found: ScanSummary) -> None:
    if found.largest:
        say("")
        rows = ((name, thousands(tokens)) for name, tokens in found.largest)
        print_table(HEADINGS, rows, names=HEADINGS[:1])


def _report(found: ScanSummary, output: str | None) -> int:
    if not found.finished:
        kept = f"; {safe(output)}.journal has what is done, and --resume goes on" if output else ""
        say_error(f"interrupted{kept}")
        return EXIT_INTERRUPTED
    if found.output is not None:
        note(f"written to {found.output}")
    return EXIT_FAILED if found.errors else 0
