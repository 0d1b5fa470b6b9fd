"""`vlprep view`: an image as a model sees it."""

from __future__ import annotations

from typing import Any

import click

from vlprep.cli.options import high_res_option, model_options, output_options, pixel_options
from vlprep.cli.render import heading, note, print_json, view_json
from vlprep.cli.text import safe, thousands
from vlprep.frames.view import ImageView, save_view, view_image
from vlprep.models.registry import resolve_model
from vlprep.units import format_size


@click.command(name="view")
@click.argument("image", metavar="IMAGE")
@click.option("-o", "--output", metavar="OUT.png", required=True, help=".png, .jpg or .webp")
@click.option("--compare", is_flag=True, help="Draw the original beside it, at the same size.")
@model_options
@pixel_options
@high_res_option
@output_options
def command(
    *,
    image: str,
    output: str,
    compare: bool,
    model: str | None,
    model_file: str | None,
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
    spec = resolve_model(model, model_file)
    view = view_image(image, spec, **asked)
    save_view(view, output, compare=compare, overwrite=force)
    if as_json:
        print_json(view_json(view, output))
        return 0
    click.echo(heading(spec, view.tokens.rules))
    click.echo(_summary(view))
    click.echo(f"written to {safe(output)}")
    for warning in (*spec.warnings, *view.info.warnings, *view.tokens.warnings):
        note(f"warning: {image}: {warning}")
    return 0


def _summary(view: ImageView) -> str:
    size, tokens = view.info.size, view.tokens
    share = tokens.resized.pixels / size.pixels
    return (
        f"{safe(view.source)}: {format_size(size)} is seen as {format_size(tokens.resized)}, "
        f"{100 * share:.3g} % of its pixels, for {thousands(tokens.total)} tokens"
    )
