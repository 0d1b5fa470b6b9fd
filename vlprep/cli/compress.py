"""`vlprep compress`: files under a byte limit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vlprep.cli.command import Command
from vlprep.cli.findings import unseen_lines
from vlprep.cli.idle import say_unused
from vlprep.cli.named import (
    file_options,
    input_roots,
    stays_one,
    take_inputs,
)
from vlprep.cli.options import (
    BYTES,
    COUNT,
    SECONDS,
    bind,
    choice_option,
    force_option,
    form_options,
    route_option,
    skip_option,
    threads_option,
    view_options,
)
from vlprep.cli.picking import look_options, take_picking
from vlprep.cli.progress import Bars, tracking
from vlprep.cli.render import (
    document,
    heading,
    print_document,
    print_table,
    report_problems,
    rows_of,
)
from vlprep.cli.terminal import say
from vlprep.cli.text import flagged, safe, thousands
from vlprep.units import format_bytes, format_size, plural

if TYPE_CHECKING:
    from vlprep.compress.many import CompressedFile, Outcome
    from vlprep.compress.result import Compressed
    from vlprep.count.files import MediaFailure
    from vlprep.verbs import Processor
    from vlprep.view import View

_Value = TypeVar("_Value")


@click.command(name="compress", cls=Command)
@file_options
@click.option("-o", "--output", metavar="OUT|DIR", help="Write a file, or many into a folder.")
@route_option("Stay under the limit of this way of sending.")
@click.option("--limit", type=BYTES, help="Keep each file under so many bytes instead; 7MB, 10MiB.")
@choice_option(
    "--keep",
    ("model-view", "full"),
    "Keep what the model is shown, or all pixels, frames and sound that fit.",
    "model-view",
)
@click.option("--always", is_flag=True, help="Shrink what is under the limit, too, to the view.")
@click.option(
    "--every", type=SECONDS, metavar="TIME", help="Cut videos into parts of this length; 3:00."
)
@click.option("--lossless", is_flag=True, help="Write images as PNG or not at all.")
@click.option("--page", type=COUNT, metavar="N", help="Take one picture of several, from 0.")
@view_options
@look_options
@click.option(
    "--tone-map/--no-tone-map",
    default=True,
    help="Bring HDR to the range of ordinary screens, or not.",
)
@threads_option
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@skip_option
@force_option
@form_options
def command(*, output: str | None, force: bool, form: str | None, **asked: Any) -> int:
    """Bring images and videos under a byte limit, keeping what the model will see.

    A file that is under it already, upright and in a format that the service takes, is copied
    without its metadata; --always shrinks it to what the model sees. Images become PNG or JPEG at
    the size at which the model sees them, videos an MP4 of the frames that it samples, or with
    --pick of those in which something happens, at their own moments. With -r the folders below stay
    as they are. The limit is never passed; a file that cannot be brought under it is named with its
    reason, the rest is written, and the exit code is 1.

    \b
    vlprep compress photo.heic -o photo.jpg --model qwen3-vl-plus
    vlprep compress -r photos -o small --always
    vlprep compress lecture.mp4 -o parts --every 3:00
    vlprep compress talk.mp4 -o picked.mp4 --pick changes
    """
    from vlprep.cli.inputs import names_one_file

    _refuse(output, asked)
    if (picking := take_picking(asked)) is not None:
        asked["pick"] = picking
    roots, is_one = input_roots(asked), names_one_file(asked) or asked["as_list"]
    processor = bind(asked)
    files = take_inputs(asked, apart_from=output if roots else None)
    is_one = is_one and stays_one(files, output)
    if not is_one and output is not None and _names_a_file(output):
        raise click.UsageError(f"several files go into a folder, and {output} is no folder")
    asked.update(overwrite=force, roots=roots, is_one=is_one)
    outcomes = _compressed(processor, files, output, **asked)
    say_unused(one.result.kind if hasattr(one, "result") else None for one in outcomes)
    if form:
        items = [outcome.to_dict() for outcome in outcomes]
        done = document("compress", processor, route=asked["route"], items=items)
        print_document(done, form)
        return report_problems(outcomes)
    return _print(outcomes, processor)


def _refuse(output: str | None, asked: dict[str, Any]) -> None:
    if output is None and not asked["dry_run"]:
        raise click.UsageError("say where to: -o FILE for one, -o DIR for many; or --dry-run")
    if asked["every"] is not None and output is not None and _names_a_file(output):
        raise click.UsageError(
            f"--every writes several files into a folder, and {output} is no folder"
        )


def _compressed(
    processor: Processor,
    files: list[Any],
    output: str | None,
    *,
    every: float | None,
    threads: int | None,
    roots: list[str],
    is_one: bool,
    skip_existing: bool,
    **asked: Any,
) -> list[Outcome]:
    """Compress one file into a file, or many into a folder."""
    from pathlib import Path

    from vlprep.compress.many import SkippedFile
    from vlprep.count.files import media_name

    is_folder = output is None or not _is_file_name(output)
    if not is_one or is_folder or every is not None:
        made = processor.compress_many(
            files, output, every=every, threads=threads, roots=roots, skip_existing=skip_existing,
            watch=Bars().track, **asked,
        )  # fmt: skip
        return list(made)
    if skip_existing and output is not None and Path(output).is_file():
        return [SkippedFile(source=media_name(files[0]), target=output)]
    return [processor.compress(files[0], output, watch=tracking(files[0]), **asked)]


def _is_file_name(output: str) -> bool:
    """Say whether one file is written under that name: files have endings, folders need none."""
    from pathlib import Path

    is_folder = output.endswith(("/", os.sep)) or Path(output).is_dir()
    return not is_folder and bool(Path(output).suffix)


def _names_a_file(output: str) -> bool:
    from pathlib import Path

    from vlprep.media.sniff import is_media_name

    path = Path(output)
    return path.is_file() or (not path.is_dir() and is_media_name(path.name))


MAY_GO = ("tokens", "width×height", "smaller", "written to", "result")
HEADINGS = ("file", "result", "bytes", "smaller", "width×height", "tokens")


def _print(outcomes: list[Outcome], view: View) -> int:
    from vlprep.compress.many import CompressedFile, SkippedFile

    files = [outcome for outcome in outcomes if isinstance(outcome, CompressedFile)]
    shown = [outcome for outcome in outcomes if not isinstance(outcome, SkippedFile)]
    say(heading(view))
    if files:
        _print_files(shown, is_written=any(file.target for file in files))
    code = report_problems(outcomes, view)
    say(*[""] * bool(files), *_dropped(files), *_summary(files, outcomes))
    return code


def _print_files(files: list[CompressedFile | MediaFailure], *, is_written: bool) -> None:
    """Print a row for each file, with where it was written unless that is nowhere."""
    where = ("written to",) * is_written
    headings = (HEADINGS[0], *where, *HEADINGS[1:])

    def row(file: CompressedFile) -> tuple[str, ...]:
        return (file.source, *(file.target or "–" for _ in where), *_row(file.result))

    rows, names = rows_of(files, headings, row, at="bytes"), headings[: 1 + is_written]
    print_table(headings, rows, left=2 + is_written, names=names, drop=MAY_GO)


def _row(done: Compressed) -> tuple[str, ...]:
    return (
        done.action,
        _bytes(done),
        _factor(done.ratio),
        _change(done.size_before, done.size_after, format_size),
        _change(done.tokens_before, done.tokens_after, lambda tokens: thousands(tokens.total)),
    )


def _bytes(done: Compressed) -> str:
    """Return how many bytes there were and are, or in a dry run about how many there would be."""
    before, after = done.bytes_before, done.bytes_after
    if before and after is not None:
        return _change(before, after, format_bytes)
    if after is not None:
        becomes = format_bytes(after)
    elif done.bytes_estimate is not None:
        becomes = f"~{format_bytes(done.bytes_estimate)}"
    else:
        becomes = f"at most {format_bytes(done.limit)}"
    return f"{format_bytes(before)} → {becomes}" if before else becomes


def _factor(ratio: float | None) -> str:
    if ratio is None:
        return ""
    more = 100 / ratio - 100
    return f"{ratio:.3g}×" if more <= 0 else f"{more:.{0 if more >= 10 else 1}f} % larger"


def _change(before: _Value, after: _Value | None, write: Callable[[_Value], str]) -> str:
    was, becomes = write(before), "?" if after is None else write(after)
    return was if was == becomes else f"{was} → {becomes}"


def _dropped(files: list[CompressedFile]) -> Iterator[str]:
    """Say each sentence once, with the files that it is about."""
    about: dict[str, list[str]] = {}
    for file in files:
        for sentence in file.result.dropped:
            about.setdefault(sentence, []).append(file.source)
    for sentence, sources in about.items():
        who = safe(sources[0]) if len(sources) == 1 else f"{len(sources)} files"
        yield f"{who}: {flagged(sentence)}"


def _summary(files: list[CompressedFile], outcomes: list[Outcome]) -> Iterator[str]:
    """Say what it came to, and what of it the model still does not see."""
    from vlprep.compress.many import SkippedFile

    skipped = sum(isinstance(outcome, SkippedFile) for outcome in outcomes)
    failed = len(outcomes) - len(files) - skipped
    before = sum({file.source: file.result.bytes_before for file in files}.values())
    after = [file.result.bytes_after for file in files]
    known = sum(length for length in after if length is not None)
    said = [format_bytes(before)] * bool(before) + [format_bytes(known)] * (None not in after)
    lengths = f": {' to '.join(said)}" if said else ""
    parts = [f"{skipped} there already"] * bool(skipped) + [f"{failed} failed"] * bool(failed)
    given = f"{len(outcomes) - failed} of " * bool(failed) + plural(len(outcomes), "file")
    yield ", ".join([given + (lengths if files else ""), *parts])
    yield from unseen_lines(sum(file.result.bytes_unseen for file in files))
