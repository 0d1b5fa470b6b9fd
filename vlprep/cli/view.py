"""`vlprep view`: an image as a model sees it."""

from __future__ import annotations

from typing import Any

import click

from vlprep.cli.options import (
    PLACE,
    bind,
    door_option,
    font_option,
    max_side_option,
    output_options,
    view_options,
)
from vlprep.cli.render import heading, print_json, say_warnings
from vlprep.cli.text import safe, thousands
from vlprep.draw.beside import MAX_SIDE
from vlprep.frames.view import ImageView
from vlprep.types import Door
from vlprep.units import format_size


@click.command(name="view")
@click.argument("image", metavar="IMAGE")
@click.option("-o", "--output", metavar="OUT.png", required=True, help=".png, .jpg or .webp")
@click.option("--compare", is_flag=True, help="Draw the original beside it, at the same size.")
@click.option("--zoom", is_flag=True, help="Compare, and draw the detail that loses most at 100 %.")
@click.option("--zoom-at", type=PLACE, help="Compare, and draw the detail around this place.")
@max_side_option(MAX_SIDE)
@font_option
@door_option
@view_options
@output_options
def command(
    image: str,
    output: str,
    *,
    compare: bool,
    zoom: bool,
    zoom_at: tuple[int, int] | None,
    max_side: int,
    font: str | None,
    door: Door | None,
    force: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """Write an image at the size at which the model sees it.

    Upright, with transparency laid on white, scaled as the models' own processors do. With
    --compare the original stands beside it and the view is enlarged to the original's size, so
    that one sees whether small text survives; --zoom adds a detail of both, pixel by pixel. Of
    photos a .jpg takes a fraction of the bytes of a .png.

    \b
    vlprep view screenshot.png -o view.png --compare
    vlprep view photo.jpg -o view.jpg --zoom
    """
    processor = bind(asked)
    shown = processor.view(image, door=door)
    drawn: tuple[str, ...] = ()
    if compare or zoom or zoom_at:
        drawing = shown.compare(zoom=zoom_at or zoom, max_side=max_side, font=font)
        drawing.save(output, overwrite=force)
        drawn = drawing.warnings
    elif font:
        raise click.UsageError("--font goes with --compare or --zoom")
    else:
        shown.save(output, overwrite=force)
    if as_json:
        table = shown.to_dict()
        print_json({**table, "warnings": [*table["warnings"], *drawn], "output": output})
        return 0
    click.echo(heading(processor))
    click.echo(_summary(shown))
    click.echo(f"written to {safe(output)}")
    say_warnings(image, (*shown.info.warnings, *shown.tokens.warnings, *drawn), processor)
    return 0


def _summary(shown: ImageView) -> str:
    size, tokens = shown.info.size, shown.tokens
    share = tokens.resized.pixels / size.pixels
    return (
        f"{safe(shown.source)}: {format_size(size)} is seen as {format_size(tokens.resized)}, "
        f"{100 * share:.3g} % of its pixels, for {thousands(tokens.total)} tokens"
    )
