"""`vlprep compress`: files under a byte limit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from vlprep.cli.command import Command
from vlprep.cli.options import (
    BYTES,
    COUNT,
    SECONDS,
    bind,
    choice_option,
    force_option,
    form_options,
    input_options,
    list_option,
    names_one_file,
    route_option,
    take_inputs,
    threads_option,
    view_options,
)
from vlprep.cli.progress import Bars
from vlprep.cli.render import heading, print_document, print_table, report_problems
from vlprep.cli.text import flagged, safe, thousands
from vlprep.compress.many import CompressedFile, Outcome
from vlprep.media.sniff import endings
from vlprep.units import format_bytes, format_size
from vlprep.view import View

_Value = TypeVar("_Value")


@click.command(name="compress", cls=Command)
@input_options
@list_option
@click.option("-o", "--output", metavar="OUT|DIR", help="Write a file, or many into a folder.")
@route_option("Stay under the limit of this way of sending.")
@click.option("--limit", type=BYTES, help="Keep each file under so many bytes instead; 7MB, 10MiB.")
@choice_option(
    "--keep",
    ("model-view", "full"),
    "Keep what the model is shown, or all pixels, frames and sound that fit.",
    "model-view",
)
@click.option(
    "--every", type=SECONDS, metavar="TIME", help="Cut videos into parts of this length; 3:00."
)
@click.option("--lossless", is_flag=True, help="Write images as PNG or not at all.")
@click.option("--page", type=COUNT, metavar="N", help="Take one picture of several, from 0.")
@view_options
@click.option(
    "--tone-map/--no-tone-map",
    default=True,
    help="Bring HDR to the range of ordinary screens, or not.",
)
@threads_option
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@force_option
@form_options
def command(
    *,
    output: str | None,
    every: float | None,
    threads: int | None,
    force: bool,
    form: str | None,
    **asked: Any,
) -> int:
    """Bring images and videos under a byte limit, keeping what the model will see.

    A file that is under it already, in a format that the service takes, is copied as it is. Images
    become PNG or JPEG at the size at which the model sees them, videos an MP4 of the frames that it
    samples. The limit is never passed; a file that cannot be brought under it is named with its
    reason, the rest is written, and the exit code is 1.

    \b
    vlprep compress photo.heic -o photo.jpg --model qwen3-vl-plus
    vlprep compress *.png clip.mov -o small --limit 1MB
    vlprep compress lecture.mp4 -o parts --every 3:00
    """
    if output is None and not asked["dry_run"]:
        raise click.UsageError("say where to: -o FILE for one, -o DIR for many; or --dry-run")
    if every is not None and output is not None and _names_a_file(output):
        raise click.UsageError(
            f"--every writes several files into a folder, and {output} is no folder"
        )
    is_one = names_one_file(asked) or asked["as_list"]
    processor, files = bind(asked), take_inputs(asked)
    bars = Bars()
    asked.update(overwrite=force, watch=bars.track)
    is_folder = output is None or output.endswith(("/", os.sep)) or Path(output).is_dir()
    if is_one and not is_folder and every is None:
        outcomes: list[Outcome] = [processor.compress(files[0], output, **asked)]
    else:
        made = processor.compress_many(files, output, every=every, threads=threads, **asked)
        outcomes = list(bars.track(made, len(files), "compressing"))
    if form:
        items = [outcome.to_dict() for outcome in outcomes]
        model, rules = processor.model.name, processor.rules.name
        head = {"schema": "vlprep.compress/1", "model": model, "rules": rules}
        print_document({**head, "route": asked["route"], "items": items}, form)
    else:
        _print(outcomes, processor)
    return report_problems(outcomes, None if form else processor)


def _names_a_file(output: str) -> bool:
    path = Path(output)
    return path.is_file() or (not path.is_dir() and path.suffix.lower() in endings("MP4"))


HEADINGS = ("file", "written to", "result", "bytes", "smaller", "width×height", "tokens")


def _print(outcomes: list[Outcome], view: View) -> None:
    files = [outcome for outcome in outcomes if isinstance(outcome, CompressedFile)]
    click.echo(heading(view))
    if files:
        print_table(HEADINGS, map(_row, files), left=2)
        click.echo("\n" + "\n".join((*_dropped(files), _total(files, len(outcomes)))))


def _row(file: CompressedFile) -> tuple[str, ...]:
    done = file.result
    return (
        file.source,
        "–" if file.target is None else file.target,
        done.action,
        _change(done.bytes_before, done.bytes_after, format_bytes),
        "" if done.ratio is None else f"{done.ratio:.3g}×",
        _change(done.size_before, done.size_after, format_size),
        _change(done.tokens_before, done.tokens_after, lambda tokens: thousands(tokens.total)),
    )


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


def _total(files: list[CompressedFile], given: int) -> str:
    before = sum({file.source: file.result.bytes_before for file in files}.values())
    after = [file.result.bytes_after for file in files]
    known = sum(length for length in after if length is not None)
    failed = f", {given - len(files)} failed" if given > len(files) else ""
    lengths = format_bytes(before) + ("" if None in after else f" to {format_bytes(known)}")
    return f"{given} file{'s' * (given != 1)}: {lengths}{failed}"
