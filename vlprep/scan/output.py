"""Write rows to a table: JSON Lines, CSV or Parquet, which appears whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path, PurePath
from typing import Any, BinaryIO, TypeAlias

from vlprep.batch.tables import Columns, arrow_type
from vlprep.errors import ConstraintError, MissingPackageError
from vlprep.output.target import PathLike, new_file

Write: TypeAlias = Callable[[BinaryIO, Iterable[bytes], Columns], None]

_ROWS_AT_ONCE = 4096
"""Rows of a table that are in memory at a time."""


def table_writer(path: PathLike) -> Write:
    """Return what writes a table of the format that a name asks for.

    Raises `ConstraintError` for another ending, and `MissingPackageError` for Parquet without
    pyarrow.
    """
    ending = PurePath(path).suffix.lower()
    if ending not in _WRITERS:
        known = ", ".join(_WRITERS)
        raise ConstraintError(f"{path}: the name of a table ends in {known}")
    if _WRITERS[ending] is _write_parquet:
        _parquet()
    return _WRITERS[ending]


def write_table(
    path: PathLike, rows: Iterable[bytes], columns: Columns, *, overwrite: bool = False
) -> None:
    """Write rows, each a JSON object, as a table; raises the errors of `new_file`."""
    write = table_writer(path)
    with new_file(path, overwrite=overwrite) as file:
        write(file, rows, columns)


def _write_json_lines(file: BinaryIO, rows: Iterable[bytes], columns: Columns) -> None:
    for row in rows:
        file.write(row + b"\n")


def _write_csv(file: BinaryIO, rows: Iterable[bytes], columns: Columns) -> None:
    # Bytes of names that are no UTF-8 come out as they are.
    text = io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="", write_through=True)
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(cell) for name, cell in row.items()} for row in _parsed(rows))
    text.detach()


def _cell(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def _write_parquet(file: BinaryIO, rows: Iterable[bytes], columns: Columns) -> None:
    pa, pq = _parquet()
    schema = pa.schema({name: arrow_type(kind) for name, kind in columns.items()})
    waiting = map(_in_unicode, _parsed(rows))
    with pq.ParquetWriter(file, schema) as writer:
        while part := list(islice(waiting, _ROWS_AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(part, schema))


def _in_unicode(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row whose names are text: bytes that are no UTF-8 as escapes."""
    return {
        name: value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        if isinstance(value, str)
        else value
        for name, value in row.items()
    }


def _parquet() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingPackageError("pyarrow", "arrow") from error
    return pyarrow, pyarrow.parquet


def _parsed(rows: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    return map(json.loads, rows)


_WRITERS: dict[str, Write] = {
    ".jsonl": _write_json_lines,
    ".csv": _write_csv,
    ".parquet": _write_parquet,
}


def journal_path(output: PathLike) -> Path:
    """Return where the journal of a run is: beside its table."""
    path = Path(output)
    return path.with_name(f"{path.name}.journal")
