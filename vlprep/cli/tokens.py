"""`vlprep tokens`: what images and videos cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import click

from vlprep.cli import EXIT_FAILED
from vlprep.cli.options import (
    Inputs,
    budget_options,
    clip_options,
    high_res_option,
    input_options,
    model_options,
    pixel_options,
)
from vlprep.cli.progress import track
from vlprep.cli.render import (
    CSV_COLUMNS,
    csv_row,
    heading,
    item_json,
    note,
    print_csv,
    print_json,
    print_json_line,
    print_table,
    report_problems,
)
from vlprep.cli.text import money, percent, safe, thousands
from vlprep.count.files import CountOptions, MediaCount, Result, Tally, count_many, explain, tally
from vlprep.models.registry import resolve_model
from vlprep.models.spec import ModelSpec
from vlprep.units import format_size

SCHEMA = "vlprep.tokens/1"


@click.command(name="tokens")
@input_options
@model_options
@clip_options
@pixel_options
@high_res_option
@budget_options
@click.option("--deployment", metavar="NAME", help="Where the price is looked up.")
@click.option("--explain", "explained", is_flag=True, help="Tell how each count came about.")
@click.option("--json", "form", flag_value="json", help="One JSON document.")
@click.option("--jsonl", "form", flag_value="jsonl", help="One JSON object a file.")
@click.option("--csv", "form", flag_value="csv", help="One row a file.")
def command(
    *,
    paths: tuple[str, ...],
    recursive: bool,
    from_file: str | None,
    null_separated: bool,
    model: str | None,
    model_file: str | None,
    max_input: int | None,
    thinking: bool | None,
    deployment: str | None,
    explained: bool,
    form: str | None,
    **asked: Any,
) -> int:
    """Count what images and videos cost in tokens, from their headers alone.

    Per file: its size, the size the model sees, the frames, the tokens; then the total, its share
    of the model's largest input, and an estimated price of the input. A file that cannot be
    counted is named with its reason, the rest is counted, and the exit code is 1.

    \b
    vlprep tokens photo.jpg clip.mp4 --model qvq-max --fps 1
    """
    if form == "csv" and explained:
        raise click.UsageError("--explain does not fit into CSV; use --json or --jsonl")
    spec = resolve_model(model, model_file)
    options = CountOptions(**asked)
    files = Inputs(paths, recursive, from_file, null_separated).files()
    results = track(count_many(files, spec, options), len(files), "counting")
    for warning in spec.warnings:
        note(f"warning: {spec.name}: {warning}")
    view = View(spec, options, max_input, thinking, deployment, explained)
    return RENDERERS[form or "table"](results, view)


@dataclass(frozen=True, slots=True)
class View:
    """What the output depends on beside the results."""

    model: ModelSpec
    options: CountOptions
    max_input: int | None
    thinking: bool | None
    deployment: str | None
    explained: bool

    def tally(self, results: list[Result]) -> Tally:
        """Return total, largest input and price."""
        return tally(
            results,
            self.model,
            max_input=self.max_input,
            thinking=self.thinking,
            deployment=self.deployment,
        )

    def item(self, result: Result) -> dict[str, Any]:
        """Return a file's entry in JSON, with its explanation if that is asked for."""
        item = item_json(result)
        if self.explained and isinstance(result, MediaCount):
            item["explanation"] = explain(result, self.model, self.options)
        return item


def _json(results: Iterable[Result], view: View) -> int:
    items = list(results)
    tally = view.tally(items)
    print_json(
        {
            "schema": SCHEMA,
            "model": view.model.name,
            "rules": view.model.rules(view.options.rules).name,
            "items": [view.item(result) for result in items],
            "total_tokens": tally.total_tokens,
            "max_input_tokens": tally.max_input_tokens,
            "estimated_input_prices": [asdict(price) for price in tally.prices],
        }
    )
    return _report(items, view, warnings=False)


def _jsonl(results: Iterable[Result], view: View) -> int:
    failed = 0
    for result in results:
        print_json_line(view.item(result))
        failed |= _report([result], view, warnings=False)
    return failed


def _csv(results: Iterable[Result], view: View) -> int:
    items = list(results)
    print_csv((csv_row(item_json(result)) for result in items), CSV_COLUMNS)
    return _report(items, view, warnings=False)


def _table(results: Iterable[Result], view: View) -> int:
    items = list(results)
    counts = [item for item in items if isinstance(item, MediaCount)]
    click.echo(heading(view.model, view.options.rules))
    if counts:
        print_table(HEADINGS, map(_row, counts))
    for count in counts if view.explained else ():
        click.echo(f"\n{safe(count.source)}")
        click.echo("\n".join(f"  {line}" for line in view.item(count)["explanation"]))
    click.echo("\n" + "\n".join(_summary(view, items, len(counts))))
    return _report(items, view, warnings=True)


RENDERERS: dict[str, Callable[[Iterable[Result], View], int]] = {
    "table": _table,
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
}

HEADINGS = ("file", "kind", "width×height", "model sees", "frames", "tokens")


def _row(count: MediaCount) -> tuple[str, ...]:
    return (
        count.source,
        count.kind,
        format_size(count.info.size),
        format_size(count.tokens.resized),
        thousands(count.frames) if count.kind == "video" else "",
        thousands(count.tokens.total),
    )


def _summary(view: View, items: list[Result], counted: int) -> Iterator[str]:
    tally = view.tally(items)
    files = f"{len(items)} file" + "s" * (len(items) != 1)
    failed = f", {len(items) - counted} failed" if counted < len(items) else ""
    yield f"{thousands(tally.total_tokens)} tokens in {files}{failed}"
    if not counted:
        return
    if tally.max_input_tokens is None:
        yield "largest input: not stated by any source; --max-input sets it"
    else:
        share = percent(tally.total_tokens, tally.max_input_tokens)
        limit = "context" if view.max_input is None and view.model.only_context else "largest input"
        fits = "" if tally.total_tokens <= tally.max_input_tokens else ": does not fit one request"
        yield f"{share} of the {limit}, {thousands(tally.max_input_tokens)} tokens{fits}"
    for price in tally.prices:
        tier = f", up to {price.tier} tokens" if price.tier else ""
        yield (
            f"about {money(price.amount)} {price.currency} as input of one request "
            f"(list price, {price.deployment}{tier}, as of {price.as_of})"
        )


def _report(results: Iterable[Result], view: View, *, warnings: bool) -> int:
    failed = report_problems(results, warnings=warnings)
    return EXIT_FAILED if failed else 0
