"""`vlprep view`: images as a model sees them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from vlprep.choices import PANEL_SIDE
from vlprep.cli.command import Command
from vlprep.cli.idle import say_idle, say_unused
from vlprep.cli.named import input_options, page_options, stays_one, take_inputs
from vlprep.cli.options import (
    PLACE,
    bind,
    door_option,
    font_option,
    max_side_option,
    output_options,
    view_options,
)
from vlprep.cli.progress import track
from vlprep.cli.render import (
    document,
    done_each,
    heading,
    print_json,
    report_problems,
    say_warnings,
)
from vlprep.cli.terminal import say
from vlprep.cli.text import safe, thousands
from vlprep.units import format_size

if TYPE_CHECKING:
    from pathlib import Path

    from vlprep.count.files import MediaFailure
    from vlprep.frames.view import ImageView
    from vlprep.types import Door
    from vlprep.verbs import Processor

    # An image, where it was written, and what is to be said of that; or why it was not.
    Viewed = tuple[ImageView, str, tuple[str, ...]] | MediaFailure


@click.command(name="view", cls=Command)
@input_options
@page_options
@click.option(
    "-o", "--output", metavar="OUT.png|DIR", required=True,
    help="Write a .png, .jpg or .webp, or many PNGs into a folder.",
)  # fmt: skip
@click.option("--compare", is_flag=True, help="Draw the original beside it, at the same size.")
@click.option("--zoom", is_flag=True, help="Compare, and draw the detail that loses most at 100 %.")
@click.option("--zoom-at", type=PLACE, help="Compare, and draw the detail around this place.")
@max_side_option(PANEL_SIDE)
@font_option
@door_option
@view_options
@output_options
def command(
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
    photos a .jpg takes a fraction of the bytes of a .png. Several images, or those of a folder, go
    into DIR; one that cannot be read is named with its reason, and the exit code is 1.

    \b
    vlprep view screenshot.png -o view.png --compare
    vlprep view photo.jpg -o view.jpg --zoom
    vlprep view screenshots/ -o views/
    """
    from pathlib import Path

    from vlprep.cli.inputs import names_one_file
    from vlprep.count.files import MediaFailure

    compare |= zoom or zoom_at is not None
    if font and not compare:
        raise click.UsageError("--font goes with --compare or --zoom")
    if not compare:
        say_idle(["max_side"], "for --compare and --zoom; the view itself has the model's size")
    is_folder = output.endswith(("/", os.sep)) or Path(output).is_dir()
    is_one = names_one_file(asked) and not is_folder
    processor, files = bind(asked), take_inputs(asked)
    say_unused(["image"])
    is_one = is_one and stays_one(files, output)

    def write(shown: ImageView, target: str) -> Viewed:
        if not compare:
            shown.save(target, overwrite=force)
            return shown, target, ()
        drawing = shown.compare(zoom=zoom_at or zoom, max_side=max_side, font=font)
        drawing.save(target, overwrite=force)
        return shown, target, drawing.warnings

    if is_one:
        seen = [write(processor.view(files[0], door=door), output)]
    else:
        made = _save_each(files, Path(output), partial(processor.view, door=door), write)
        seen = list(track(made, len(files), "viewing", files))
    if as_json:
        entries = list(map(_entry, seen))
        print_json(entries[0] if is_one else document("views", processor, items=entries))
    else:
        say(heading(processor))
        for one in seen:
            if not isinstance(one, MediaFailure):
                _tell(*one, processor)
    return report_problems(one for one in seen if isinstance(one, MediaFailure))


def _save_each(
    files: Iterable[Any],
    folder: Path,
    see: Callable[[Any], ImageView],
    write: Callable[[ImageView, str], Viewed],
) -> Iterator[Viewed]:
    """Write each image into a folder, which is made, under its own name."""
    from vlprep.media.pages import file_stem
    from vlprep.output.target import free_name, made_folder

    taken = set[str]()

    def save(file: Any) -> Viewed:
        shown = see(file)
        folder.mkdir(exist_ok=True)
        return write(shown, str(folder / free_name(file_stem(shown.source), ".png", taken)))

    with made_folder(folder):
        yield from done_each(files, save)


def _entry(one: Viewed) -> dict[str, Any]:
    from vlprep.count.files import MediaFailure

    if isinstance(one, MediaFailure):
        return one.to_dict()
    shown, target, drawn = one
    table = shown.to_dict()
    return {**table, "warnings": [*table["warnings"], *drawn], "output": target}


def _tell(shown: ImageView, target: str, drawn: tuple[str, ...], view: Processor) -> None:
    size, tokens = shown.info.size, shown.tokens
    share = tokens.resized.pixels / size.pixels
    say(
        f"{safe(shown.source)}: {format_size(size)} is seen as {format_size(tokens.resized)}, "
        f"{100 * share:.3g} % of its pixels, for {thousands(tokens.total)} tokens"
    )
    if letters := shown.letters():
        whole, seen = (f"{one.smallest:.1f} px" for one in letters)
        say(f"small letters are about {seen} high as the model sees them, {whole} in the file")
    say(f"written to {safe(target)}")
    say_warnings(shown.source, (*shown.info.warnings, *shown.tokens.warnings, *drawn), view)
