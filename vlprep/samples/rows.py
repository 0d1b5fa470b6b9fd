"""Read the rows of a file of requests or samples: JSON Lines, one document of JSON, or CSV."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BufferedReader
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from vlprep.errors import ConstraintError, DecodeError, UnsupportedFormatError
from vlprep.gzipped import DAMAGED_GZIP, unzipped
from vlprep.media.addresses import file_name
from vlprep.parsing import parse_json
from vlprep.units import format_bytes

Row = tuple[str, Any]
"""What a row is called, and the row, as text or parsed."""


def read_rows(path: str | os.PathLike[str]) -> Iterator[Row]:
    """Yield the rows of a file as `rows_in` does; raises `FileNotFoundError` and its siblings."""
    name = os.fsdecode(path)
    with Path(name).open("rb") as file:
        yield from rows_in(file, name)


def rows_in(file: BufferedReader, name: str) -> Iterator[Row]:
    """Yield the rows of an open file, each under the file's name with the number of its line.

    A document of JSON is one sample, or a list of them; a list of messages is one. One that goes on
    after its first line is JSON Lines under another name. Lines are not parsed here, so that a bad
    one does not end the rest. Rows of CSV have their own numbers. Any of these may be gzipped.

    Raises `ConstraintError` for a document that is not JSON, and for CSV that is none or not UTF-8,
    `DecodeError` where a compressed file is cut off or damaged, and `UnsupportedFormatError` for a
    row that is too long to hold.
    """
    plain, kind = unzipped(file), PurePath(file_name(name).lower().removesuffix(".gz")).suffix
    read = {".json": _document_rows, ".csv": _table_rows}.get(kind, _lines)
    try:
        yield from read(_bounded(plain, name), name)
    except DAMAGED_GZIP as error:
        raise DecodeError(name, f"the compressed file is cut off or damaged: {error}") from error


LARGEST_ROW = 2_000_000_000
"""Bytes of a line, or of a document, at most, as it is held in memory."""
LARGEST_CELL = 100_000_000
"""Signs of a cell of CSV at most: pictures stand there as Base64."""


def _bounded(file: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield the lines of a file that strangers may have packed."""
    while line := file.readline(LARGEST_ROW + 1):
        _check_length(len(line), name)
        yield line


def _check_length(length: int, name: str) -> None:
    if length > LARGEST_ROW:
        problem = f"a row of more than {format_bytes(LARGEST_ROW)} is too long to hold"
        raise UnsupportedFormatError(name, problem)


def _lines(lines: Iterable[bytes], name: str) -> Iterator[Row]:
    yield from ((f"{name}:{number}", line) for number, line in enumerate(lines, 1) if line.strip())


def _document_rows(lines: Iterable[bytes], name: str) -> Iterator[Row]:
    read, length = list[bytes](), 0
    for line in lines:
        read.append(line)
        _check_length(length := length + len(line), name)
    content = b"".join(read)
    if _goes_on(content):
        yield from _lines(read, name)
        return
    document = _document(content, name)
    if isinstance(document, list) and not _are_messages(document):
        yield from ((f"{name}:{number}", row) for number, row in enumerate(document, 1))
    else:
        yield name, document


def _table_rows(lines: Iterable[bytes], name: str) -> Iterator[Row]:
    """Yield the rows of CSV as objects, without what is empty."""
    import csv  # only where there is such a file

    csv.field_size_limit(max(csv.field_size_limit(), LARGEST_CELL))  # of the whole process
    try:
        rows = csv.DictReader((line.decode("utf-8-sig") for line in lines), restkey="")
        for number, row in enumerate(rows, 1):
            yield f"{name}:{number}", {key: _cell(text) for key, text in row.items() if text}
    except (csv.Error, UnicodeDecodeError) as error:
        raise ConstraintError(f"{name}: not CSV in UTF-8: {error}") from error


def _cell(text: Any) -> Any:
    """Return a list or an object that a cell holds as JSON; other text as it is."""
    if isinstance(text, str) and text[0] in "[{":
        with suppress(ValueError):
            return parse_json(text)
    return text


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
