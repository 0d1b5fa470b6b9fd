"""Tables in answers, as Markdown and CSV have them: each row by its headings."""

from __future__ import annotations

import re
from collections.abc import Iterator


def table_rows(text: str) -> Iterator[dict[str, str]]:
    r"""Yield the rows of every table in a text by the headings above it.

    Lines of as many cells as the one before them are its rows, whatever stands there.

    >>> list(table_rows("| what | x |\n|---|---|\n| cat | 10 |"))
    [{'what': 'cat', 'x': '10'}]
    >>> list(table_rows("what,x\ncat,10"))
    [{'what': 'cat', 'x': '10'}]
    """
    heads: list[str] = []
    for line in text.splitlines():
        parts = line.strip(" \t|").split("|") if "|" in line else re.split(r"[,\t]", line)
        cells = [part.strip(" \t*`\"'") for part in parts]
        if len(cells) < 2 or len(cells) != len(heads):
            heads = cells
        elif not all(map(_RULE.fullmatch, cells)):
            yield dict(zip(heads, cells, strict=True))


_RULE = re.compile(r":?-+:?")
