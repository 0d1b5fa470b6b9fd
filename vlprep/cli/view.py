"""`vlprep view`: an image as a model sees it."""

from __future__ import annotations

from typing import Any

import click

from vlprep.cli.options import bind, door_option, output_options, view_options
from vlprep.cli.render import heading, print_json, say_warnings
from vlprep.cli.terminal import say
from vlprep.cli.text import safe, thousands
from vlprep.frames.view import ImageView
from vlprep.types import Door
from vlprep.units import format_size


@click.command(name="view")
@click.argument("image", metavar="IMAGE")
@click.option("-o", "--output", metavar="OUT.png", required=True, help=".png, .jpg or .webp")
@click.option("--compare", is_flag=True, help="Draw the original beside it, at the same size.")
@door_option
@view_options
@output_options
def command(
    image: str,
    output: str,
    *,
    compare: bool,
    door: Door | None,
    force: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """Write an image at the size at which the model sees it.

    Upright, with transparency laid on white, scaled as the models' own processors do. With
    --compare the original stands beside it and the view is enlarged to the original's size, so
    that one sees whether small text survives.

    \b
    vlprep view screenshot.png -o view.png --compare
    """
    processor = bind(asked)
    shown = processor.view(image, door=door)
    shown.save(output, compare=compare, overwrite=force)
    if as_json:
        print_json({**shown.to_dict(), "output": output})
        return 0
    say(heading(processor), _summary(shown), f"written to {safe(output)}")
    say_warnings(image, (*shown.info.warnings, *shown.tokens.warnings), processor)
    return 0


def _summary(shown: ImageView) -> str:
    size, tokens = shown.info.size, shown.tokens
    share = tokens.resized.pixels / size.pixels
    return (
        f"{safe(shown.source)}: {format_size(size)} is seen as {format_size(tokens.resized)}, "
        f"{100 * share:.3g} % of its pixels, for {thousands(tokens.total)} tokens"
    )
