"""What commands print: tables for people, JSON and CSV for programs.

Dictionaries appear here and nowhere below. Sizes in JSON are height and width apart; tables write
WIDTHxHEIGHT, as people do, and say so in the heading.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol

import click

from vlprep.cli.text import flagged, safe
from vlprep.count.files import MediaFailure, Result
from vlprep.count.tokens import TokenCount
from vlprep.frames.view import ImageView
from vlprep.types import ImageSize
from vlprep.view import View

Item = dict[str, Any]


def item_json(result: Result) -> Item:
    """Return one file's entry of the documented JSON."""
    if isinstance(result, MediaFailure):
        return failure_json(result)
    return {
        "source": result.source,
        "kind": result.kind,
        **_count_json(result.info.size, result.tokens),
        "warnings": list(result.warnings),
    }


def failure_json(failure: MediaFailure) -> Item:
    """Return the entry of a file that failed."""
    error = {"code": failure.code, "message": failure.message}
    return {"source": failure.source, "error": error}


def equal_item_json(size: ImageSize, tokens: TokenCount) -> Item:
    """Return the entry of an image that is only a size."""
    return {
        "source": None,
        "kind": "image",
        **_count_json(size, tokens),
        "warnings": list(tokens.warnings),
    }


def view_json(view: ImageView, output: str) -> Item:
    """Return the documented JSON of an image's view."""
    return {
        "schema": "vlprep.view/1",
        "source": view.source,
        "model": view.model,
        "rules": view.tokens.rules,
        **_count_json(view.info.size, view.tokens),
        "warnings": list(view.info.warnings + view.tokens.warnings),
        "output": output,
    }


def _count_json(size: ImageSize, tokens: TokenCount) -> Item:
    return {
        "height": size.height,
        "width": size.width,
        "resized_height": tokens.resized.height,
        "resized_width": tokens.resized.width,
        "frames": tokens.frames,
        "tokens": tokens.total,
        "visual_tokens": tokens.visual,
        "marker_tokens": tokens.markers,
        "text_tokens": tokens.text,
    }


CSV_COLUMNS = (
    "source", "kind", "height", "width", "resized_height", "resized_width", "frames", "tokens",
    "visual_tokens", "marker_tokens", "text_tokens", "warnings", "error_code", "error_message",
)  # fmt: skip


def csv_row(item: Item) -> list[Any]:
    """Return an item as a row of `CSV_COLUMNS`; warnings are joined by a semicolon."""
    error = item.get("error", {})
    flat = {
        **item,
        "warnings": "; ".join(item.get("warnings", ())),
        "error_code": error.get("code"),
        "error_message": error.get("message"),
    }
    return [flat.get(column) for column in CSV_COLUMNS]


def print_json(document: Mapping[str, Any]) -> None:
    """Print a document as JSON: a line for each key, and for each entry of a list.

    Reads nearly as well as indented JSON, whose encoder is many times slower.
    """
    lines = ",\n".join(f"  {_dumps(key)}: {_lines(value)}" for key, value in document.items())
    click.echo(f"{{\n{lines}\n}}")


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


def print_csv(rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> None:
    """Print rows as CSV in UTF-8; bytes of a name that is not UTF-8 come out as they are.

    On a terminal, where nobody parses them, names are made harmless as in tables.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
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
    for number, heading in enumerate(headings):
        is_text = number < left
        justify: Literal["left", "right"] = "left" if is_text else "right"
        table.add_column(heading, justify=justify, overflow="fold", no_wrap=not is_text)
    for row in rows:
        table.add_row(*(Text(safe(cell)) for cell in row))
    width = None if sys.stdout.isatty() else 100_000
    output = io.StringIO()
    console = Console(
        file=output, width=width or Console().width, force_terminal=sys.stdout.isatty()
    )
    console.print(table)
    lines = output.getvalue().splitlines()
    click.echo("\n".join(line.rstrip() for line in lines))


def note(message: str) -> None:
    """Print a remark for the person at the keyboard, on stderr, in words of the command line."""
    click.echo(safe(flagged(message)), err=True)


def heading(view: View) -> str:
    """Return the line that says whose tokens are counted, by which rules."""
    by = "by the documented rules" if view.model.kind == "api" else "by the rules"
    return f"{safe(view.model.name)}, {by} {view.rules.name} ({view.rules.date})"


class Reported(Protocol):
    """What became of a file."""

    @property
    def source(self) -> str:
        """The file as the caller named it."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know."""


def report_problems(results: Iterable[Reported | MediaFailure], view: View | None = None) -> bool:
    """Print failures on stderr, and with a `view` warnings; returns whether anything failed.

    What the model itself warns of has been said when it was bound.
    """
    failed = False
    for result in results:
        if isinstance(result, MediaFailure):
            failed = True
            note(f"error: {result.source}: {result.message}")
        elif view is not None:
            say_warnings(result.source, result.warnings, view)
    return failed


def say_warnings(source: str, warnings: Iterable[str], view: View) -> None:
    """Print what a user should know of a file, on stderr."""
    for warning in warnings:
        if warning not in view.model.warnings:
            note(f"warning: {source}: {warning}")
