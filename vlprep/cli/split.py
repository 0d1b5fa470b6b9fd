"""`vlprep split`: a page in pieces in which the model can read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from vlprep.choices import READABLE
from vlprep.cli.command import Command
from vlprep.cli.options import (
    as_remote,
    bind,
    budget_option,
    fetch_options,
    output_options,
    readable_option,
    take_fetching,
    take_share,
    view_options,
)
from vlprep.cli.render import heading, print_json, print_table, say_warnings
from vlprep.cli.terminal import say
from vlprep.cli.text import safe, thousands
from vlprep.units import format_size, plural

if TYPE_CHECKING:
    from vlprep.split.split import PageSplit


@click.command(name="split", cls=Command)
@click.argument("image", metavar="IMAGE")
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
    `vlprep boxes --pieces` maps answers back.

    \b
    vlprep split page.png -o pieces --model qwen3-vl-plus
    """
    processor = bind(asked)
    take_share(asked, processor)
    fetching = take_fetching(asked)
    split = processor.split(as_remote(image, fetching), **asked)
    if output is not None:
        split.save(output, overwrite=force)
    if as_json:
        print_json({**split.to_dict(), "output": output})
        return 0
    say(heading(processor))
    print_table(HEADINGS, _rows(split), names=HEADINGS[:1], drop=MAY_GO)
    say("", *_summary(split, output))
    say_warnings(split.source, split.warnings, processor)
    return 0


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
    if output is not None:
        yield f"written to {safe(output)}, with {MANIFEST}"
