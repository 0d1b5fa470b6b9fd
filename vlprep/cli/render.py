"""What commands print: tables for people, JSON and CSV for programs.

The documents are the records' own (`to_dict`), with height and width apart; tables write
WIDTHxHEIGHT, as people do, and say so in the heading.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vlprep.cli import EXIT_FAILED
from vlprep.cli.command import is_quiet
from vlprep.cli.terminal import line_width, put, say, sayable
from vlprep.cli.text import cells, flagged, inert, safe, shortened, wrapped
from vlprep.errors import VlprepError
from vlprep.units import plural

if TYPE_CHECKING:  # for annotations only: `compress` is slow to load
    from vlprep.cli.table import Kind, Layout
    from vlprep.compress.many import Outcome
    from vlprep.count.budget import TokenBudget
    from vlprep.count.files import MediaCount, MediaFailure
    from vlprep.frames.many import SavedClip
    from vlprep.view import View

    Failable = MediaCount | Outcome | SavedClip | MediaFailure

_Item = TypeVar("_Item")

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
        value = "; ".join(value)
    if isinstance(value, str):
        return inert(value)
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
    put([_dumps(document)])


def _lines(value: Any) -> str:
    if not (isinstance(value, list) and value):
        return _dumps(value)
    entries = ",\n".join(f"    {_dumps(entry)}" for entry in value)
    return f"[\n{entries}\n  ]"


def _dumps(value: Any) -> str:
    """Encode in ASCII only, so that no terminal and no locale can break it."""
    import json

    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def print_csv(items: Iterable[Mapping[str, Any]], columns: Sequence[str] = CSV_COLUMNS) -> None:
    """Print items as CSV in UTF-8, warnings joined by a semicolon.

    Bytes of a name that is not UTF-8 come out as they are, but nothing that a terminal acts on; on
    a terminal, where nobody parses them, names are made harmless as in tables.
    """
    import csv

    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_csv_row, items))
    content = text.getvalue()
    if sys.stdout.isatty():
        content = "\n".join(map(safe, content.split("\n")))
    click.echo(content.encode("utf-8", "surrogateescape"), nl=False)


def print_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    left: int = 1,
    names: Sequence[str] = (),
    prose: Sequence[str] = (),
    drop: Sequence[str] = (),
) -> None:
    """Print a table; the first `left` columns are text, the others numbers.

    On a terminal it fits. `names` are the headings of file names, which are shortened where that
    is needed; `prose` those of sentences, which are wrapped; `drop` those of columns that may go,
    the least important first, but empty ones before. In a pipe lines are as long as they need be.
    """
    from vlprep.cli.table import Column, lay_out

    kinds: dict[str, Kind] = dict.fromkeys(headings[:left], "word")
    kinds.update(dict.fromkeys(names, "name"))
    kinds.update(dict.fromkeys(prose, "prose"))
    by_row = [tuple(map(_styled, row)) for row in rows]
    by_column = zip(*by_row, strict=True) if by_row else repeat((), len(headings))
    columns = [
        Column(_said(heading), column, kinds.get(heading, "number"))
        for heading, column in zip(headings, by_column, strict=True)
    ]
    empty = {column.heading for column in columns if set(column.cells) <= {"", _said("–")}}
    order = sorted(map(_said, drop), key=lambda heading: heading not in empty)
    laid = lay_out(columns, order, line_width(sys.stdout))
    put(_table_lines(laid, len(by_row)))


def _table_lines(laid: Layout, rows: int) -> Iterator[str]:
    ellipsis = _said("…")
    for heading, folder in laid.folders:
        room = laid.width - cells(f"{heading}: {ellipsis}")
        yield click.style(f"{heading}: {shortened(folder, room, ellipsis)}{ellipsis}", dim=True)
    yield from (click.style(line, bold=True) for line in laid.headings)
    yield "─" * laid.span
    for number in range(rows):
        yield from laid.row(number, ellipsis)
    if laid.dropped:
        note = f"not shown here: {', '.join(laid.dropped)}; --json has all"
        yield from (click.style(line, dim=True) for line in wrapped(note, laid.width))


FAILED = "failed"
"""What the row of a file that failed says of it."""
COLOURS = {FAILED: "red", "error": "red", "warning": "yellow", "note": "cyan"}
"""Of words that are a cell, or that begin a remark."""


def rows_of(
    items: Iterable[_Item | MediaFailure],
    headings: Sequence[str],
    row: Callable[[_Item], tuple[str, ...]],
    at: str | None = None,
) -> Iterator[tuple[str, ...]]:
    """Yield the row of each file; that of one that failed says so, `report_problems` tells why.

    It says so in the column `at`, by default the last: one that never goes.
    """
    from vlprep.count.files import MediaFailure

    at = at or headings[-1]
    for item in items:
        if isinstance(item, MediaFailure):
            yield (item.source, *(FAILED if heading == at else "" for heading in headings[1:]))
        else:
            yield row(item)


def _styled(text: str) -> str:
    colour = COLOURS.get(text)
    return click.style(text, fg=colour) if colour else _said(safe(text))


def _said(text: str) -> str:
    return sayable(text, sys.stdout)


def note(message: str) -> None:
    """Print a remark for the person at the keyboard, on stderr, unless that is to be quiet."""
    if not is_quiet():
        say_error(message)


def say_error(message: str) -> None:
    """Print what went wrong, on stderr, in words of the command line."""
    text = safe(flagged(message))
    kind, _, rest = text.partition(": ")
    if colour := COLOURS.get(kind):
        text = click.style(f"{kind}:", fg=colour) + f" {rest}"
    say(text, err=True)


def heading(view: View) -> str:
    """Return the line that says whose tokens are counted, by which rules."""
    by = "by the documented rules" if view.model.kind == "api" else "by the rules"
    served = f", served by {view.server.title}" if view.server else ""
    return f"{safe(view.model.name)}, {by} {view.rules.name} ({view.rules.date}){served}"


def report_problems(results: Iterable[Failable], view: View | None = None) -> int:
    """Print failures on stderr, and with a `view` warnings; returns the exit code.

    What the model itself warns of has been said when it was bound.
    """
    from vlprep.count.files import MediaFailure

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


MOST_SHOWN = 3
"""Files that are named of many."""


def few(names: Sequence[str]) -> str:
    """Return the first names of a list, and how many more there are.

    >>> few(["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
    'a.jpg, b.jpg, c.jpg and 1 more'
    """
    more = len(names) - MOST_SHOWN
    return ", ".join(names[:MOST_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def source_lines(keys: Iterable[str]) -> Iterator[str]:
    """Yield two lines for each source, in the order of their ids: its date and its address.

    >>> next(source_lines(["S004"])).split()[0]
    'S004'
    """
    from vlprep.models.registry import find_source

    for key in sorted(set(keys)):
        source = find_source(key)
        if source is not None:
            yield f"{key}  {source.title}, {source.date} ({source.standing})"
            yield f"    {source.address or 'no address was kept'}"


def document(name: str, view: View, **rest: Any) -> dict[str, Any]:
    """Return a document of `vlprep.NAME/1`: by whose numbers it is, and the rest."""
    head = {"schema": f"vlprep.{name}/1", "model": view.model.name, "rules": view.rules.name}
    return {**head, **rest}


def done_each(files: Iterable[Any], work: Callable[[Any], _Item]) -> Iterator[_Item | MediaFailure]:
    """Yield what becomes of each file; one that fails is reported in its place."""
    from vlprep.count.files import MediaFailure, media_name

    for file in files:
        try:
            done = work(file)
        except (VlprepError, OSError) as error:
            yield MediaFailure(source=media_name(file), error=error)
        else:
            yield done


def counted_of(done: int, given: int, what: str = "file") -> str:
    """Return how many of the things given were done, and how many failed.

    >>> counted_of(3, 3), counted_of(1, 1), counted_of(2, 3)
    ('3 files', '1 file', '2 of 3 files; 1 failed')
    """
    of = f"{done:,} of " if done < given else ""
    failed = f"; {given - done:,} failed" if done < given else ""
    return f"{of}{plural(given, what)}{failed}"
