"""`vlprep fit-images`: how many images fit a model's input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from vlprep.cli import EXIT_FAILED
from vlprep.cli.options import (
    COUNT,
    SIZE,
    Inputs,
    budget_options,
    high_res_option,
    input_options,
    model_options,
    pixel_options,
)
from vlprep.cli.progress import track
from vlprep.cli.render import (
    equal_item_json,
    heading,
    item_json,
    note,
    print_json,
    print_table,
    report_problems,
)
from vlprep.cli.text import thousands
from vlprep.count.budget import TokenBudget, token_budget
from vlprep.count.files import CountOptions, count_many
from vlprep.models.registry import resolve_model
from vlprep.models.spec import ModelSpec
from vlprep.plan.fit import EqualFit, ImageFit, fit_counted, fit_equal
from vlprep.units import format_size

SCHEMA = "vlprep.fit/1"


@click.command(name="fit-images")
@input_options
@click.option("--size", type=SIZE, help="Answer for equal images of WIDTHxHEIGHT, without files.")
@model_options
@pixel_options
@high_res_option
@budget_options
@click.option("--reserve", type=COUNT, default=0, help="Tokens to keep free.")
@click.option("--text-tokens", type=COUNT, default=0, help="Tokens of the prompt's text.")
@click.option("--thinking-tokens", type=COUNT, help="Room in the context for chain of thought.")
@click.option("--reply-tokens", type=COUNT, help="Room in the context for the reply.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(
    *,
    paths: tuple[str, ...],
    recursive: bool,
    from_file: str | None,
    null_separated: bool,
    size: tuple[int, int] | None,
    model: str | None,
    model_file: str | None,
    rules: str | None,
    min_pixels: int | None,
    max_pixels: int | None,
    high_res: bool,
    max_input: int | None,
    thinking: bool | None,
    reserve: int,
    text_tokens: int,
    thinking_tokens: int | None,
    reply_tokens: int | None,
    as_json: bool,
) -> int:
    """Say how many images fit a model's input, in order, and what to do if not all do.

    Shows each image's tokens and what is left; if not all fit, the fewest requests that hold them
    in order, and the largest --max-pixels at which one request would.

    \b
    vlprep fit-images *.jpg --model qvq-max --text-tokens 100
    vlprep fit-images --size 1280x1280 --model qvq-max
    """
    if (size is None) == (not paths and from_file is None):
        raise click.UsageError("name images, or --size WIDTHxHEIGHT for equal ones")
    spec = resolve_model(model, model_file)
    budget = token_budget(
        spec,
        max_input=max_input,
        reserve=reserve,
        text_tokens=text_tokens,
        thinking=thinking,
        thinking_tokens=thinking_tokens,
        reply_tokens=reply_tokens,
    )
    options = CountOptions(
        min_pixels=min_pixels, max_pixels=max_pixels, high_res=high_res, rules=rules
    )
    if size is not None:
        equal = fit_equal(size, spec, budget, options)
        print_json(_equal_json(equal, spec)) if as_json else _print_equal(equal, spec, rules)
        return _say_notes((*spec.warnings, *budget.notes, *equal.tokens.warnings))
    files = Inputs(paths, recursive, from_file, null_separated).files()
    results = track(count_many(files, spec, options), len(files), "measuring")
    fit = fit_counted(results, spec, budget, options)
    print_json(_json(fit, spec)) if as_json else _print_table(fit, spec, rules)
    _say_notes((*spec.warnings, *budget.notes))
    return EXIT_FAILED if report_problems(fit.items, warnings=not as_json) else 0


def _say_notes(notes: tuple[str, ...]) -> int:
    for text in notes:
        note(f"note: {text}")
    return 0


def _equal_json(fit: EqualFit, spec: ModelSpec) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "model": spec.name,
        "rules": fit.tokens.rules,
        "max_input_tokens": fit.budget.max_input,
        "reserved_tokens": fit.budget.reserved,
        "given": None,
        "fits": fit.fits,
        "total_tokens": fit.fits * fit.tokens.total,
        "left_tokens": fit.left_tokens,
        "items": [equal_item_json(fit.size, fit.tokens)],
        "requests": [],
        "max_pixels_for_all": None,
    }


def _json(fit: ImageFit, spec: ModelSpec) -> dict[str, Any]:
    plan, sources = fit.plan, [count.source for count in fit.counted]
    return {
        "schema": SCHEMA,
        "model": spec.name,
        "rules": fit.rules,
        "max_input_tokens": plan.budget.max_input,
        "reserved_tokens": plan.budget.reserved,
        "given": len(fit.items),
        "fits": plan.fits,
        "total_tokens": plan.total_tokens,
        "left_tokens": plan.left_tokens,
        "items": [item_json(item) for item in fit.items],
        "requests": [[sources[number] for number in request] for request in plan.requests],
        "max_pixels_for_all": plan.max_pixels_for_all,
    }


def _print_equal(fit: EqualFit, spec: ModelSpec, rules: str | None) -> None:
    click.echo(heading(spec, rules))
    click.echo(f"{thousands(fit.fits)} images of {format_size(fit.size)} fit")
    click.echo(
        f"each is seen as {format_size(fit.tokens.resized)} and costs "
        f"{thousands(fit.tokens.total)} tokens ({fit.tokens.markers} of them markers)"
    )
    click.echo(_left(fit.left_tokens, fit.budget))


def _print_table(fit: ImageFit, spec: ModelSpec, rules: str | None) -> None:
    plan = fit.plan
    click.echo(heading(spec, rules))
    request_of = {k: str(n) for n, request in enumerate(plan.requests, 1) for k in request}
    if fit.counted:
        print_table(
            ("image", "width×height", "model sees", "tokens", "request"),
            (
                (
                    count.source,
                    format_size(count.info.size),
                    format_size(count.tokens.resized),
                    thousands(count.tokens.total),
                    request_of.get(number, "none"),
                )
                for number, count in enumerate(fit.counted)
            ),
        )
    click.echo("\n" + "\n".join(_summary(fit)))


def _summary(fit: ImageFit) -> Iterator[str]:
    plan, counted = fit.plan, len(fit.counted)
    failed = len(fit.items) - counted
    unread = f" ({failed} of {len(fit.items)} could not be counted)" if failed else ""
    yield f"{plan.fits} of {counted} images fit one request{unread}"
    yield _left(plan.left_tokens, plan.budget)
    if plan.fits == counted:
        return
    yield f"{thousands(plan.total_tokens)} tokens in all: {len(plan.requests)} requests hold them"
    if plan.too_large:
        yield f"{len(plan.too_large)} image(s) are too large for any request"
    if plan.max_pixels_for_all is not None:
        yield f"all would fit one request with --max-pixels {plan.max_pixels_for_all}"
    else:
        yield "no --max-pixels makes all fit one request"


def _left(left: int, budget: TokenBudget) -> str:
    reserved = f", {thousands(budget.reserved)} reserved" if budget.reserved else ""
    return f"{thousands(left)} of {thousands(budget.max_input)} tokens left{reserved}"
