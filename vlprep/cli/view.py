"""`vlprep view`: images as a model sees them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import click

from vlprep.cli.command import Command
from vlprep.cli.options import (
    bind,
    door_option,
    input_options,
    names_one_file,
    output_options,
    take_inputs,
    view_options,
)
from vlprep.cli.progress import track
from vlprep.cli.render import heading, print_json, report_problems, say_warnings
from vlprep.cli.terminal import say
from vlprep.cli.text import safe, thousands
from vlprep.count.files import MediaFailure, media_name
from vlprep.errors import VlprepError
from vlprep.frames.view import ImageView
from vlprep.output.target import free_name
from vlprep.types import Door
from vlprep.units import format_size
from vlprep.verbs import Processor

Viewed: TypeAlias = tuple[ImageView, str] | MediaFailure
"""An image, and where it was written; or why it was not."""


@click.command(name="view", cls=Command)
@input_options
@click.option(
    "-o", "--output", metavar="OUT.png|DIR", required=True,
    help="Write a .png, .jpg or .webp, or many PNGs into a folder.",
)  # fmt: skip
@click.option("--compare", is_flag=True, help="Draw the original beside it, at the same size.")
@door_option
@view_options
@output_options
def command(
    output: str, *, compare: bool, door: Door | None, force: bool, as_json: bool, **asked: Any
) -> int:
    """Write an image at the size at which the model sees it.

    Upright, with transparency laid on white, scaled as the models' own processors do. With
    --compare the original stands beside it and the view is enlarged to the original's size, so
    that one sees whether small text survives. Several images, or those of a folder, go into DIR;
    one that cannot be read is named with its reason, and the exit code is 1.

    \b
    vlprep view screenshot.png -o view.png --compare
    vlprep view screenshots/ -o views/
    """
    is_folder = output.endswith(("/", os.sep)) or Path(output).is_dir()
    is_one = names_one_file(asked) and not is_folder
    processor, files = bind(asked), take_inputs(asked)
    how = {"compare": compare, "overwrite": force}
    if is_one:
        shown = processor.view(files[0], door=door)
        shown.save(output, **how)
        if as_json:
            print_json({**shown.to_dict(), "output": output})
            return 0
        say(heading(processor))
        _tell(shown, output, processor)
        return 0
    made = _save_each(files, Path(output), processor, door, how)
    seen = list(track(made, len(files), "viewing", files))
    if as_json:
        head = {"schema": "vlprep.views/1", "model": processor.model.name}
        print_json({**head, "rules": processor.rules.name, "items": list(map(_entry, seen))})
    else:
        say(heading(processor))
        for one in seen:
            if not isinstance(one, MediaFailure):
                _tell(*one, processor)
    return report_problems(one for one in seen if isinstance(one, MediaFailure))


def _save_each(
    files: Iterable[Any], folder: Path, view: Processor, door: Door | None, how: dict[str, bool]
) -> Iterator[Viewed]:
    """Write each image into a folder, which is made, under its own name."""
    taken = set[str]()
    for file in files:
        try:
            shown = view.view(file, door=door)
            folder.mkdir(exist_ok=True)
            target = str(folder / free_name(Path(shown.source).stem.strip("<>"), ".png", taken))
            shown.save(target, **how)
        except (VlprepError, OSError) as error:
            yield MediaFailure(source=media_name(file), error=error)
        else:
            yield shown, target


def _entry(one: Viewed) -> dict[str, Any]:
    if isinstance(one, MediaFailure):
        return one.to_dict()
    shown, target = one
    return {**shown.to_dict(), "output": target}


def _tell(shown: ImageView, target: str, view: Processor) -> None:
    size, tokens = shown.info.size, shown.tokens
    share = tokens.resized.pixels / size.pixels
    say(
        f"{safe(shown.source)}: {format_size(size)} is seen as {format_size(tokens.resized)}, "
        f"{100 * share:.3g} % of its pixels, for {thousands(tokens.total)} tokens"
    )
    say(f"written to {safe(target)}")
    say_warnings(shown.source, (*shown.info.warnings, *shown.tokens.warnings), view)
