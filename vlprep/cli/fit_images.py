"""`vlprep fit-images`: how many images fit a model's input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from vlprep.cli.command import Command
from vlprep.cli.idle import say_unused
from vlprep.cli.named import input_options, page_options, refuse_beside_size, take_inputs
from vlprep.cli.options import (
    SIZE,
    bind,
    budget_options,
    form_options,
    route_option,
    take_share,
    view_options,
)
from vlprep.cli.progress import track
from vlprep.cli.render import (
    heading,
    note,
    print_document,
    print_table,
    report_problems,
    rows_of,
    say_notes,
    say_warnings,
)
from vlprep.cli.terminal import say
from vlprep.cli.text import thousands
from vlprep.units import format_size, plural

if TYPE_CHECKING:
    from vlprep.count.files import MediaCount
    from vlprep.count.tokens import TokenCount
    from vlprep.plan.fit import ImageFit
    from vlprep.types import ImageSize
    from vlprep.verbs import Processor


@click.command(name="fit-images", cls=Command)
@input_options
@page_options
@click.option("--size", type=SIZE, help="Answer for equal images of this size, without files.")
@view_options
@budget_options
@route_option("Send them so, which limits their number; by default any way.", None)
@form_options
def command(size: tuple[int, int] | None, form: str | None, **asked: Any) -> int:
    """Say how many images fit one request, in order, and what to do if not all do.

    It is the form of `vlprep plan --split` for images alone, shown as asked: the same split, and a
    size will do for files. `vlprep plan` has settings, videos and the bodies to send.

    They fit by their tokens and by their number, which services limit by the route. Shows each
    image's tokens and what is left; if not all fit, the fewest requests that hold them in order,
    and the largest --max-pixels at which one request would.

    \b
    vlprep fit-images *.jpg --model qvq-max --text-tokens 100
    vlprep fit-images --size 1280x1280 --model qvq-max
    """
    from vlprep.types import ImageSize

    if (size is None) == (not asked["paths"] and asked["from_file"] is None):
        raise click.UsageError("name images, or --size WIDTHxHEIGHT for equal ones")
    if size is not None:
        refuse_beside_size()
    processor, files = bind(asked), take_inputs(asked, optional=True)
    say_unused(["image"])
    take_share(asked, processor)
    if size is not None:
        return _fit_equal(ImageSize(*size), processor, form, asked)
    fit = processor.fit(track(files, len(files), "measuring", files), **asked)
    if form:
        print_document(fit.to_dict(), form)
    else:
        _print_table(fit)
    code = report_problems(fit.items, None if form else processor)
    if not form:
        say("", *_summary(fit))
    _say(fit, form)
    return code


def _fit_equal(
    size: ImageSize, processor: Processor, form: str | None, asked: dict[str, Any]
) -> int:
    """Answer for as many images of one size as fit."""
    from vlprep.types import ImageInfo

    tokens = processor.image_tokens(size)
    budget = {name: asked[name] for name in asked if name != "route"}
    count = processor.budget(**budget).available // tokens.total
    fit = processor.fit([ImageInfo(size=size, format="PNG")] * count, **asked)
    if form:
        print_document(_equal_json(fit, size, tokens), form)
    else:
        _print_equal(fit, size, tokens)
    _say(fit, form)
    say_warnings(f"images of {format_size(size)}", tokens.warnings, processor)
    return 0


def _say(fit: ImageFit, form: str | None) -> None:
    say_notes(fit.budget)
    for text in () if form else fit.warnings:
        note(f"warning: {text}")


def _equal_json(fit: ImageFit, size: ImageSize, tokens: TokenCount) -> dict[str, Any]:
    from vlprep.count.tokens import count_dict

    warnings = list(tokens.warnings)
    item = {"source": None, "kind": "image", **count_dict(size, tokens), "warnings": warnings}
    bound_by = "tokens" if fit.fits == fit.fits_by_tokens else "images"
    return {**fit.to_dict(), "bound_by": bound_by, "given": None, "items": [item], "requests": []}


def _print_equal(fit: ImageFit, size: ImageSize, tokens: TokenCount) -> None:
    say(
        heading(fit.view),
        f"{plural(fit.fits, 'image')} of {format_size(size)} fit{'s' * (fit.fits == 1)}",
        _bound(fit),
        f"each is seen as {format_size(tokens.resized)} and costs "
        f"{thousands(tokens.total)} tokens ({tokens.markers} of them markers)",
        _left(fit),
    )


def _print_table(fit: ImageFit) -> None:
    say(heading(fit.view))
    if fit.counted:
        request_of = {k: str(n) for n, request in enumerate(fit.requests, 1) for k in request}
        requests = (request_of.get(number, "none") for number in range(len(fit.counted)))
        rows = rows_of(fit.items, HEADINGS, lambda count: _row(count, next(requests)))
        print_table(HEADINGS, rows, names=HEADINGS[:1], drop=MAY_GO)


HEADINGS = ("image", "width×height", "model sees", "tokens", "request")
MAY_GO = ("width×height", "model sees", "tokens")


def _row(count: MediaCount, request: str) -> tuple[str, ...]:
    return (
        count.source,
        format_size(count.info.size),
        format_size(count.tokens.resized),
        thousands(count.tokens.total),
        request,
    )


def _summary(fit: ImageFit) -> Iterator[str]:
    counted = len(fit.counted)
    failed = len(fit.items) - counted
    unread = f"; {failed} of {len(fit.items)} failed" if failed else ""
    yield f"{fit.fits} of {plural(counted, 'image')} fit one request{unread}"
    if fit.bound_by:
        yield _bound(fit)
    yield _left(fit)
    if fit.fits == counted:
        return
    yield f"{thousands(fit.total_tokens)} tokens in all: {len(fit.requests)} requests hold them"
    if fit.too_large:
        are = "is" if len(fit.too_large) == 1 else "are"
        yield f"{plural(len(fit.too_large), 'image')} {are} too large for any request"
    if fit.max_pixels_for_all is not None:
        yield f"all would fit one request with --max-pixels {fit.max_pixels_for_all}"
        if fit.warnings:  # a lower cap may lower nothing; smaller files cost less either way
            yield "or as vlprep view writes them with it, which holds by either reading"
    elif fit.bound_by == "tokens":
        yield "no --max-pixels makes all fit one request"


def _bound(fit: ImageFit) -> str:
    """Say what keeps more from fitting."""
    from vlprep.plan.requests import images_in_words

    if fit.fits == fit.fits_by_tokens:
        return f"their tokens bind, by {fit.budget.binding.reason}"
    most = images_in_words(fit.most_images)
    return f"one request takes {most}; by their tokens {thousands(fit.fits_by_tokens)} would fit"


def _left(fit: ImageFit) -> str:
    budget = fit.budget
    reserved = f", {thousands(budget.reserved)} reserved" if budget.reserved else ""
    return f"{thousands(fit.left_tokens)} of {thousands(budget.max_input)} tokens left{reserved}"
