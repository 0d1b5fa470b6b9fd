"""`vlprep boxes`: what a model's answer points at, in pixels of the image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

import click

from vlprep.choices import BoxConvention
from vlprep.cli.command import Command
from vlprep.cli.idle import say_idle, say_unused
from vlprep.cli.inputs import read_answer, read_answers
from vlprep.cli.named import fetch_options, page_options, take_pages
from vlprep.cli.options import (
    SIZE,
    bind,
    font_option,
    max_side_option,
    output_options,
    view_options,
)
from vlprep.cli.render import print_json, print_table, say_warnings
from vlprep.cli.terminal import say
from vlprep.cli.text import safe
from vlprep.models.citing import cite
from vlprep.units import format_size

if TYPE_CHECKING:
    from vlprep.boxes.boxes import LocatedShapes
    from vlprep.boxes.shapes import Shape
    from vlprep.media.source import Item
    from vlprep.types import Region
    from vlprep.verbs import Processor


def _read_region(_: click.Context, __: click.Parameter, text: str | None) -> Region | None:
    from vlprep.types import ImageSize, Region

    if text is None:
        return None
    try:
        x, y, width, height = map(int, text.split(","))
    except ValueError:
        raise click.BadParameter(f"{text!r} is not X,Y,WIDTH,HEIGHT in whole pixels") from None
    return Region(x, y, ImageSize(height, width))


MAX_SIDE = 2048
"""Pixels that are enough to look at boxes on a screen; a large photo is many megabytes as PNG."""


@click.command(name="boxes", cls=Command)
@click.argument("image", metavar="IMAGE")
@click.argument("answer", metavar="ANSWER")
@page_options
@click.option("-o", "--output", metavar="OUT.png", help="Draw them into a .png, .jpg or .webp.")
@click.option(
    "--convention",
    type=click.Choice(get_args(BoxConvention)),
    help="Read numbers of the answer so; by default as the model counts.",
)
@click.option("--resized", type=SIZE, help="Say the size that the model saw, if that is known.")
@click.option(
    "--unturned", is_flag=True, help="Say that the model was shown the file without its EXIF turn."
)
@click.option(
    "--region",
    metavar="X,Y,W,H",
    callback=_read_region,
    help="Say which part of the image the model was shown.",
)
@click.option(
    "--pieces", metavar="DIR", help="Take ANSWER for a JSON list, an answer for each piece of DIR."
)
@font_option
@max_side_option(MAX_SIDE)
@click.option("--stored", is_flag=True, help="Print pixels of the file before it is turned.")
@click.option(
    "--points", is_flag=True, help="Print points of the PDF page, upwards, as annotations have it."
)
@fetch_options
@view_options
@output_options
def command(
    image: str,
    answer: str,
    *,
    output: str | None,
    font: str | None,
    pieces: str | None,
    max_side: int,
    stored: bool,
    points: bool,
    force: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """Map the boxes in a model's answer to pixels of the image, and draw them.

    ANSWER is a text file, - for stdin, or text with brackets: JSON with bbox_2d, point_2d or
    polygon, points as XML, QwenVL HTML or Markdown, words of an OCR model, or plain numbers; or the
    whole reply of an API with one of them in it. That nothing was found is an answer as well.

    Where the model counts in pixels of the resized image, the pixel limits must be those of the
    request. A model of which no source says how it counts needs --convention.

    \b
    vlprep boxes photo.jpg answer.json -o boxes.png --model qwen3-vl-plus
    vlprep boxes report.pdf answer.json --pages 3 --points
    """
    if points and stored:
        raise click.UsageError("--points and --stored are two ways to count; take one")
    from vlprep.media.source import open_item

    processor, (page,) = bind(asked), take_pages(image, asked, is_one=True)
    say_unused(["image"])
    if output is None:
        say_idle(["max_side"], "for a drawing; -o FILE writes one")
    with open_item(page, processor.trust) as item:  # once: located in and drawn on
        if pieces is None:
            found = processor.locate(item, read_answer(answer), **asked)
        else:
            found = _in_pieces(item, answer, pieces, processor, asked)
        drawn: tuple[str, ...] = ()
        if output is not None:
            found.save(output, overwrite=force, font=font, max_side=max_side)
            drawn = found.drawing_warnings(font=font)
        in_points = found.in_points() if points else ()
    if as_json:
        table = found.to_dict()
        if points:
            table["points"] = [list(map(list, shape.points)) for shape in in_points]
        print_json({**table, "warnings": [*table["warnings"], *drawn], "output": output})
        return 0
    say(*_heading(found, stored, points))
    shapes = in_points if points else found.stored if stored else found.shapes
    rows = map(_row, enumerate(shapes, 1))
    print_table(HEADINGS, rows, left=3, prose=("label",), drop=("kind", "#"))
    for box in found.boxes_3d:
        say(f"in three dimensions: {safe(box.label or '')} {list(box.numbers)}")
    if output is not None:
        scale = min(max_side / max(found.info.size), 1)
        shrunk = f", at {100 * scale:.3g} % of its size" if scale < 1 else ""
        say("", f"written to {safe(output)}{shrunk}")
    say_warnings(found.source, (*found.warnings, *drawn), processor)
    return 0


def _in_pieces(
    item: Item, answer: str, folder: str, processor: Processor, asked: dict[str, Any]
) -> LocatedShapes:

    from vlprep.split.split import locate_in_pieces, read_pieces

    convention = asked.pop("convention")
    given = ", ".join(f"--{name}" for name, value in asked.items() if value)
    if given:
        raise click.UsageError(f"--pieces says what the model saw; leave {given} out")
    pieces = read_pieces(folder, processor)
    return locate_in_pieces(item, read_answers(answer), pieces, processor, convention=convention)


def _heading(found: LocatedShapes, stored: bool, points: bool) -> Iterator[str]:
    read = cite(found.sources) if found.sources else "[a model file]"
    said = "(as --convention says)" if found.convention_from == "caller" else read
    seen = f", seen as {format_size(found.resized)}" if found.resized else ""
    yield f"{safe(found.model)}, coordinates {found.convention}{seen} {said}"
    turn = f", EXIF orientation {found.info.orientation}" if found.info.orientation > 1 else ""
    way = " undone" if stored else " applied"
    if points:
        yield f"points of {safe(found.source)}, from the lower left corner, before it is turned"
        return
    grid = f"pixels of {safe(found.source)}, {format_size(found.info.size)} as displayed"
    yield f"{grid}{turn}{way if turn else ''}"
    if found.note:
        yield f"note: {safe(found.note)}"


HEADINGS = ("#", "kind", "label", "x1", "y1", "x2", "y2")


def _row(numbered: tuple[int, Shape]) -> tuple[str, ...]:
    number, shape = numbered
    corners = f" of {len(shape.points)}" if shape.kind == "polygon" else ""
    sides = shape.bounds[:2] if shape.kind == "point" else shape.bounds
    cells = [f"{side:.1f}" for side in sides]
    return (str(number), shape.kind + corners, shape.label or "", *cells, *[""] * (4 - len(cells)))
