"""`vlprep split`: a page in pieces in which the model can read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from vlprep.choices import READABLE
from vlprep.cli.command import Command
from vlprep.cli.idle import say_unused
from vlprep.cli.named import fetch_options, page_options, take_pages
from vlprep.cli.options import (
    bind,
    budget_option,
    output_options,
    readable_option,
    take_share,
    view_options,
)
from vlprep.cli.plan_pages import uncut
from vlprep.cli.progress import track
from vlprep.cli.render import (
    document,
    done_each,
    heading,
    print_json,
    print_table,
    report_problems,
    say_warnings,
)
from vlprep.cli.terminal import say
from vlprep.cli.text import safe, thousands
from vlprep.units import format_size, plural

if TYPE_CHECKING:
    from vlprep.count.files import MediaFailure
    from vlprep.split.split import PageSplit
    from vlprep.verbs import Processor

    # A page in pieces, and the folder that they were written to.
    Split = tuple[PageSplit, str | None]


@click.command(name="split", cls=Command)
@click.argument("image", metavar="IMAGE")
@page_options
@click.option("-o", "--output", metavar="DIR", help="Write the pieces into this folder.")
@readable_option(READABLE, "Keep small letters at least so high as the model sees them.")
@budget_option
@fetch_options
@view_options
@output_options
def command(image: str, *, output: str | None, force: bool, as_json: bool, **asked: Any) -> int:
    """Split a page into as few pieces as keep its small letters legible.

    Pages are cut between lines, and share lines where nothing else can be cut. An image that is
    seen large enough as a whole stays one piece. Beside the pieces lies pieces.json, by which
    `vlprep boxes --pieces` maps answers back. Each page of a PDF has a folder of its own in DIR.

    \b
    vlprep split page.png -o pieces --model qwen3-vl-plus
    vlprep split report.pdf --pages 2-4 -o pieces
    """
    processor, pages = bind(asked), take_pages(image, asked)
    say_unused(["image"])
    take_share(asked, processor)

    def write(page: Any) -> Split:
        folder = output if output is None or len(pages) == 1 else _folder_in(output, page)
        split = processor.split(page, **asked)
        if folder is not None:
            split.save(folder, overwrite=force)
        return split, folder

    if len(pages) == 1:
        done: list[Split | MediaFailure] = [write(pages[0])]
    else:
        done = list(track(done_each(pages, write), len(pages), "splitting", pages))
    if as_json:
        entries = list(map(_entry, done))
        print_json(entries[0] if len(pages) == 1 else document("splits", processor, items=entries))
    else:
        say(heading(processor))
        for one in done:
            if isinstance(one, tuple):
                _tell(*one, processor)
    return report_problems(one for one in done if not isinstance(one, tuple))


def _folder_in(output: str, page: Any) -> str:
    """Return the folder of one page of several, in one that is there then."""
    from pathlib import Path

    from vlprep.count.files import media_name
    from vlprep.media.pages import file_stem

    Path(output).mkdir(exist_ok=True)
    return str(Path(output) / file_stem(media_name(page)))


def _entry(one: Split | MediaFailure) -> dict[str, Any]:
    if not isinstance(one, tuple):
        return one.to_dict()
    split, folder = one
    return {**split.to_dict(), "output": folder}


def _tell(split: PageSplit, folder: str | None, view: Processor) -> None:
    print_table(HEADINGS, _rows(split), names=HEADINGS[:1], drop=MAY_GO)
    say("", *_summary(split, folder))
    say_warnings(split.source, split.warnings, view)


MAY_GO = ("model sees", "width×height", "region")
HEADINGS = ("piece", "region", "width×height", "model sees", "tokens")


def _rows(split: PageSplit) -> Iterator[tuple[str, ...]]:
    for name, piece in zip(split.names(), split.pieces, strict=True):
        yield (
            name,
            str(piece.region),
            format_size(piece.region.size),
            format_size(piece.tokens.resized),
            thousands(piece.tokens.total),
        )


def _summary(split: PageSplit, output: str | None) -> Iterator[str]:
    from vlprep.split.split import MANIFEST

    pieces = plural(len(split.pieces), "piece")
    yield f"{thousands(split.total_tokens)} tokens in {pieces}"
    if split.letters is None:
        yield "no text found; pieces are shown as large as they are"
    else:
        yield f"small letters are seen about {split.letters.smallest:.1f} px high"
    if split.is_needed:
        yield uncut([split])
    if output is not None:
        yield f"written to {safe(output)}, with {MANIFEST}"
