"""Read the rows of a file of requests or samples: JSON Lines, or one document of JSON."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from vlprep.errors import ConstraintError
from vlprep.media.addresses import file_name
from vlprep.parsing import parse_json

Row = tuple[str, Any]
"""What a row is called, and the row, as text or parsed."""


def read_rows(path: str | os.PathLike[str]) -> Iterator[Row]:
    """Yield the rows of a file as `rows_in` does; raises `FileNotFoundError` and its siblings."""
    name = os.fsdecode(path)
    with Path(name).open("rb") as file:
        yield from rows_in(file, name)


def rows_in(file: BinaryIO, name: str) -> Iterator[Row]:
    """Yield the rows of an open file, each under the file's name with the number of its line.

    A document of JSON is one sample, or a list of them; a list of messages is one. One that goes on
    after its first line is JSON Lines under another name. Lines are not parsed here, so that a bad
    one does not end the rest. Raises `ConstraintError` for a document that is not JSON.
    """
    if PurePath(file_name(name)).suffix.lower() != ".json":
        yield from _lines(file, name)
        return
    content = file.read()
    if _goes_on(content):
        yield from _lines(content.splitlines(keepends=True), name)
        return
    document = _document(content, name)
    if isinstance(document, list) and not _are_messages(document):
        yield from ((f"{name}:{number}", row) for number, row in enumerate(document, 1))
    else:
        yield name, document


def _lines(lines: Iterable[bytes], name: str) -> Iterator[Row]:
    yield from ((f"{name}:{number}", line) for number, line in enumerate(lines, 1) if line.strip())


def _goes_on(content: bytes) -> bool:
    """Say whether a document of JSON ends with its first line, and another one follows."""
    first, _, rest = content.strip().partition(b"\n")
    try:
        return bool(rest) and isinstance(parse_json(first), dict)
    except ValueError:
        return False


def _document(content: bytes, name: str) -> Any:
    try:
        return parse_json(content)
    except ValueError as error:
        raise ConstraintError(f"{name}: not JSON: {error}") from error


def _are_messages(rows: list[Any]) -> bool:
    """Say whether entries are the messages of one conversation, which have a role and a content."""
    return all(isinstance(row, dict) and "role" in row and "content" in row for row in rows)
