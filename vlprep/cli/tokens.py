"""`vlprep tokens`: what images and videos cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import click

from vlprep.cli import EXIT_FAILED
from vlprep.cli.options import bind, input_limit_options, input_options, take_inputs, view_options
from vlprep.cli.progress import track
from vlprep.cli.render import (
    CSV_COLUMNS,
    csv_row,
    heading,
    item_json,
    print_csv,
    print_json,
    print_json_line,
    print_table,
    report_problems,
)
from vlprep.cli.text import money, percent, safe, thousands
from vlprep.count.explain import explain_count
from vlprep.count.files import MediaCount, Result, Tally, tally
from vlprep.units import format_size
from vlprep.view import View

SCHEMA = "vlprep.tokens/1"


@click.command(name="tokens")
@input_options
@view_options
@input_limit_options
@click.option("--deployment", metavar="NAME", help="Where the price is looked up.")
@click.option("--explain", "explained", is_flag=True, help="Tell how each count came about.")
@click.option("--json", "form", flag_value="json", help="One JSON document.")
@click.option("--jsonl", "form", flag_value="jsonl", help="One JSON object a file.")
@click.option("--csv", "form", flag_value="csv", help="One row a file.")
def command(form: str | None, explained: bool, **asked: Any) -> int:
    """Count what images and videos cost in tokens, from their headers alone.

    Per file: its size, the size the model sees, the frames, the tokens; then the total, its share
    of the model's largest input, and an estimated price of the input. A file that cannot be
    counted is named with its reason, the rest is counted, and the exit code is 1.

    \b
    vlprep tokens photo.jpg clip.mp4 --model qvq-max --fps 1
    """
    if form == "csv" and explained:
        raise click.UsageError("--explain does not fit into CSV; use --json or --jsonl")
    files, processor = take_inputs(asked), bind(asked)
    results = track(processor.count_many(files), len(files), "counting")
    return RENDERERS[form or "table"](results, Output(processor, explained, **asked))


@dataclass(frozen=True, slots=True)
class Output:
    """What the output depends on beside the results."""

    view: View
    explained: bool
    max_input: int | None
    thinking: bool | None
    deployment: str | None

    def tally(self, results: list[Result]) -> Tally:
        """Return total, largest input and price."""
        return tally(
            results,
            self.view,
            max_input=self.max_input,
            thinking=self.thinking,
            deployment=self.deployment,
        )

    def item(self, result: Result) -> dict[str, Any]:
        """Return a file's entry in JSON, with its explanation if that is asked for."""
        item = item_json(result)
        if self.explained and isinstance(result, MediaCount):
            item["explanation"] = explain_count(result.info, result.tokens, self.view)
        return item


def _json(results: Iterable[Result], output: Output) -> int:
    items = list(results)
    tally = output.tally(items)
    print_json(
        {
            "schema": SCHEMA,
            "model": output.view.model.name,
            "rules": output.view.rules.name,
            "items": [output.item(result) for result in items],
            "total_tokens": tally.total_tokens,
            "max_input_tokens": tally.max_input_tokens,
            "estimated_input_prices": [asdict(price) for price in tally.prices],
        }
    )
    return _report(items)


def _jsonl(results: Iterable[Result], output: Output) -> int:
    failed = 0
    for result in results:
        print_json_line(output.item(result))
        failed |= _report([result])
    return failed


def _csv(results: Iterable[Result], output: Output) -> int:
    items = list(results)
    print_csv((csv_row(item_json(result)) for result in items), CSV_COLUMNS)
    return _report(items)


def _table(results: Iterable[Result], output: Output) -> int:
    items = list(results)
    counts = [item for item in items if isinstance(item, MediaCount)]
    click.echo(heading(output.view))
    if counts:
        print_table(HEADINGS, map(_row, counts))
    for count in counts if output.explained else ():
        click.echo(f"\n{safe(count.source)}")
        click.echo("\n".join(f"  {line}" for line in output.item(count)["explanation"]))
    click.echo("\n" + "\n".join(_summary(output, items, len(counts))))
    return _report(items, output.view)


RENDERERS: dict[str, Callable[[Iterable[Result], Output], int]] = {
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


def _summary(output: Output, items: list[Result], counted: int) -> Iterator[str]:
    tally = output.tally(items)
    files = f"{len(items)} file" + "s" * (len(items) != 1)
    failed = f", {len(items) - counted} failed" if counted < len(items) else ""
    yield f"{thousands(tally.total_tokens)} tokens in {files}{failed}"
    if not counted:
        return
    if tally.max_input_tokens is None:
        yield "largest input: not stated by any source; --max-input sets it"
    else:
        share = percent(tally.total_tokens, tally.max_input_tokens)
        limit = (
            "context"
            if output.max_input is None and output.view.model.only_context
            else "largest input"
        )
        fits = "" if tally.total_tokens <= tally.max_input_tokens else ": does not fit one request"
        yield f"{share} of the {limit}, {thousands(tally.max_input_tokens)} tokens{fits}"
    for price in tally.prices:
        tier = f", up to {price.tier} tokens" if price.tier else ""
        yield (
            f"about {money(price.amount)} {price.currency} as input of one request "
            f"(list price, {price.deployment}{tier}, as of {price.as_of})"
        )


def _report(results: Iterable[Result], view: View | None = None) -> int:
    return EXIT_FAILED if report_problems(results, view) else 0
