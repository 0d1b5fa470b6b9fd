"""Write the sources of all numbers into `sources.md`, between its markers."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib import resources

from vlprep.models.registry import find_source

MARKED = re.compile(r"(?<=<!-- sources -->\n).*?(?=<!-- end -->)", flags=re.DOTALL)


def updated(page: str) -> str:
    """Return the page with the table of sources between its markers."""
    return MARKED.sub(lambda _: "\n".join(table()) + "\n", page)


def table() -> Iterator[str]:
    """Yield the lines of the table, by id."""
    yield "| id | what | date | kind |"
    yield "|---|---|---|---|"
    file = resources.files("vlprep.models") / "catalog" / "sources.toml"
    for name in sorted(tomllib.loads(file.read_text("utf-8"))["source"]):
        source = find_source(name)
        assert source is not None
        title = f"[{source.title}]({source.address})" if source.address else source.title
        yield f"| {source.id} | {title} | {source.date} | {source.standing} |"
