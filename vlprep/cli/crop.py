"""`vlprep crop`: a region of an image with the whole pixel budget."""

from __future__ import annotations

from typing import Any

import click

from vlprep.cli.command import Command
from vlprep.cli.idle import say_idle, say_unused
from vlprep.cli.named import fetch_options, page_options, take_pages
from vlprep.cli.options import SIZE, bind, output_options, view_options
from vlprep.cli.render import heading, print_json, say_warnings
from vlprep.cli.terminal import say
from vlprep.cli.text import safe, thousands
from vlprep.units import format_size


def _read_box(_: click.Context, __: click.Parameter, text: str) -> tuple[float, ...]:
    try:
        box = tuple(float(number) for number in text.strip("[]() ").split(","))
    except ValueError:
        box = ()
    if len(box) != 4:
        raise click.BadParameter(f"{text!r} is not x1,y1,x2,y2")
    return box


@click.command(name="crop", cls=Command)
@click.argument("image", metavar="IMAGE")
@page_options
@click.option(
    "--box", required=True, metavar="X1,Y1,X2,Y2", callback=_read_box, help="Cut this out."
)
@click.option(
    "--coordinates",
    type=click.Choice(("image", "model")),
    default="image",
    show_default=True,
    help="Read the box in pixels of the image, or as the model answers.",
)
@click.option("--resized", type=SIZE, help="Say the size that the model saw, if that is known.")
@click.option("-o", "--output", metavar="OUT.png", help="Write it; .png, .jpg or .webp.")
@fetch_options
@view_options
@output_options
def command(
    image: str,
    box: tuple[float, ...],
    *,
    output: str | None,
    force: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """Cut a region out of an image, so that the model sees it as large as it can.

    The region has whole pixels and is not resized. `vlprep boxes IMAGE ANSWER --region` with the
    numbers that are printed maps an answer about it back to the image. A page of a PDF is cut at
    --dpi: more of them show more of a region.

    \b
    vlprep crop page.png --box 250,500,500,1000 --coordinates model -o detail.png
    vlprep crop report.pdf --pages 3 --dpi 300 --box 900,300,1700,900 -o table.png
    """
    processor, (page,) = bind(asked), take_pages(image, asked, is_one=True)
    say_unused(["image"])
    if asked["coordinates"] != "model":
        say_idle(["resized", "convention"], "for --coordinates model")
    crop = processor.crop(page, box, **asked)
    if output is not None:
        crop.save(output, overwrite=force)
    if as_json:
        print_json({**crop.to_dict(), "output": output})
        return 0
    size, tokens = format_size(crop.region.size), crop.tokens
    seen = f"seen as {format_size(tokens.resized)}, {thousands(tokens.total)} tokens"
    say(heading(processor), f"region {crop.region}: {size}, {seen}")
    if output is not None:
        say(f"written to {safe(output)}")
    say_warnings(crop.source, crop.warnings, processor)
    return 0
