"""A page that shows a scan: its numbers, a histogram, and a table to sort and to filter.

One file that fetches nothing. What comes from files (names, warnings) is in it as JSON, and the
page's own script makes text of it, never markup.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import nlargest
from importlib.resources import files
from typing import Any, TypeAlias

from vlprep.batch.tables import Columns
from vlprep.output.target import PathLike, new_file
from vlprep.scan.summary import ScanSummary
from vlprep.scan.words import sentences

MOST_ROWS = 20_000
"""Rows that a page holds; of more, those that failed and the dearest."""
MOST_PICTURES = 300
"""Files of which the page has a small picture: about a MB of them."""


Pictures: TypeAlias = Callable[[list[str]], Mapping[str, str]]
"""Gives data URLs of pictures of files, by their names, as far as there are any."""


def write_report(
    path: PathLike,
    summary: ScanSummary,
    rows: Iterable[bytes],
    columns: Columns,
    *,
    pictures: Pictures = lambda _: {},
    overwrite: bool = False,
) -> None:
    """Write the page of a scan, whose `rows` are JSON; raises the errors of `new_file`.

    `pictures` gives data URLs of pictures of files that could be read, by their names.
    """
    shown = _chosen(rows)
    names = _ordered(columns, shown)
    document = {
        "title": f"{summary.model}, by the rules {summary.rules}",
        "facts": [fact.replace("`", "") for fact in sentences(summary)],
        "bars": [one._asdict() for one in summary.histogram],
        "columns": names,
        "total": summary.rows,
        "rows": [[row.get(name) for name in names] for row in shown],
        "pictures": pictures(_with_pictures(shown)),
    }
    # No "<" in it can end the script that holds it.
    data = json.dumps(document).replace("<", "\\u003c")
    page = files("vlprep.scan").joinpath("report.html").read_text("utf-8")
    with new_file(path, overwrite=overwrite) as file:
        file.write(page.replace("@DATA@", data).encode())


_FIRST = ("source", "tokens", "kind", "error_code", "error")
"""Columns that come first on the page, as a screen does not hold all of them."""


def _ordered(columns: Columns, shown: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the columns of which a row has something, those first that are looked for first."""
    first = [name for name in _FIRST if name in columns]
    names = dict.fromkeys([*first, *columns])
    return [name for name in names if any(row.get(name) not in (None, []) for row in shown)]


def _chosen(rows: Iterable[bytes]) -> list[dict[str, Any]]:
    """Return the rows that are shown, in the order given."""
    numbered = enumerate(map(json.loads, rows))
    chosen = nlargest(MOST_ROWS, numbered, key=lambda pair: _weight(pair[1]))
    return [row for _, row in sorted(chosen, key=lambda pair: pair[0])]


def _with_pictures(shown: Iterable[dict[str, Any]]) -> list[str]:
    """Return the names of the files of which a picture is shown: the dearest that opened."""
    opened = [row for row in shown if row["error_code"] is None and row.get("kind") is not None]
    return [row["source"] for row in nlargest(MOST_PICTURES, opened, key=_weight)]


def _weight(row: dict[str, Any]) -> tuple[bool, int]:
    return row["error_code"] is not None, row.get("tokens") or 0
