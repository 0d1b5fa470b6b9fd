"""What commands print: tables for people, JSON and CSV for programs.

The documents are the records' own (`to_dict`), with height and width apart; tables write
WIDTHxHEIGHT, as people do, and say so in the heading.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from vlprep.cli import EXIT_FAILED
from vlprep.cli.command import is_quiet
from vlprep.cli.text import flagged, safe
from vlprep.count.budget import TokenBudget
from vlprep.count.files import MediaCount, MediaFailure
from vlprep.view import View

if TYPE_CHECKING:  # for annotations only: `compress` is slow to load
    from vlprep.compress.many import Outcome
    from vlprep.frames.many import SavedClip

CSV_COLUMNS = (
    "source", "kind", "height", "width", "resized_height", "resized_width", "frames", "tokens",
    "visual_tokens", "marker_tokens", "text_tokens", "warnings", "error_code", "error_message",
)  # fmt: skip


def _csv_row(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as a row; lists of sentences in one cell, other records in JSON."""
    error = {f"error_{key}": value for key, value in item.get("error", {}).items()}
    return {key: _cell(value) for key, value in (*item.items(), *error.items())}


def _cell(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "; ".join(value)
    return _dumps(value) if isinstance(value, list | dict) else value


def print_json(document: Mapping[str, Any]) -> None:
    """Print a document as JSON: a line for each key, and for each entry of a list.

    Reads nearly as well as indented JSON, whose encoder is many times slower.
    """
    lines = ",\n".join(f"  {_dumps(key)}: {_lines(value)}" for key, value in document.items())
    click.echo(f"{{\n{lines}\n}}")


def print_document(document: Mapping[str, Any], form: str) -> None:
    """Print a document in the form asked: "json", or its items alone as "jsonl" or "csv"."""
    items = document["items"]
    if form == "json":
        print_json(document)
    elif form == "jsonl":
        for item in items:
            print_json_line(item)
    else:
        keys = dict.fromkeys(key for item in items for key in _csv_row(item) if key != "error")
        print_csv(items, list(keys))


def print_json_line(document: Mapping[str, Any]) -> None:
    """Print a document as one line of JSON."""
    click.echo(_dumps(document))


def _lines(value: Any) -> str:
    if not (isinstance(value, list) and value):
        return _dumps(value)
    entries = ",\n".join(f"    {_dumps(entry)}" for entry in value)
    return f"[\n{entries}\n  ]"


def _dumps(value: Any) -> str:
    """Encode in ASCII only, so that no terminal and no locale can break it."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def print_csv(items: Iterable[Mapping[str, Any]], columns: Sequence[str] = CSV_COLUMNS) -> None:
    """Print items as CSV in UTF-8, warnings joined by a semicolon.

    Bytes of a name that is not UTF-8 come out as they are; on a terminal, where nobody parses them,
    names are made harmless as in tables.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_csv_row, items))
    content = text.getvalue()
    if sys.stdout.isatty():
        content = "\n".join(map(safe, content.split("\n")))
    click.echo(content.encode("utf-8", "surrogateescape"), nl=False)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> None:
    """Print a table; the first `left` columns are text, the others numbers.

    In a pipe the lines are as long as they need to be, without colour.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for heading in headings[:left]:
        table.add_column(heading, overflow="fold")
    for heading in headings[left:]:
        table.add_column(heading, justify="right", overflow="fold", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(safe(cell)) for cell in row))
    is_terminal, output = sys.stdout.isatty(), io.StringIO()
    width = Console().width if is_terminal else 100_000
    Console(file=output, width=width, force_terminal=is_terminal).print(table)
    click.echo("\n".join(line.rstrip() for line in output.getvalue().splitlines()))


def note(message: str) -> None:
    """Print a remark for the person at the keyboard, on stderr, unless that is to be quiet."""
    if not is_quiet():
        say_error(message)


def say_error(message: str) -> None:
    """Print what went wrong, on stderr, in words of the command line."""
    click.echo(safe(flagged(message)), err=True)


def heading(view: View) -> str:
    """Return the line that says whose tokens are counted, by which rules."""
    by = "by the documented rules" if view.model.kind == "api" else "by the rules"
    served = f", served by {view.server.title}" if view.server else ""
    return f"{safe(view.model.name)}, {by} {view.rules.name} ({view.rules.date}){served}"


def report_problems(
    results: Iterable[MediaCount | Outcome | SavedClip | MediaFailure],
    view: View | None = None,
) -> int:
    """Print failures on stderr, and with a `view` warnings; returns the exit code.

    What the model itself warns of has been said when it was bound.
    """
    code = 0
    for result in results:
        if isinstance(result, MediaFailure):
            code = EXIT_FAILED
            say_error(f"error: {result.source}: {result.message}")
        elif view is not None:
            say_warnings(result.source, result.warnings, view)
    return code


def say_warnings(source: str, warnings: Iterable[str], view: View) -> None:
    """Print what a user should know of a file, on stderr."""
    for warning in warnings:
        if warning not in view.model.warnings:
            note(f"warning: {source}: {warning}")


def say_notes(budget: TokenBudget) -> None:
    """Print what else may bind a budget, on stderr."""
    for text in budget.notes:
        note(f"note: {text}")
