"""Batches of rows as engines hand them over: dicts of columns, or tables of Arrow."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from vlprep.errors import ConstraintError

Batch: TypeAlias = Any
"""A mapping of names to columns (lists or arrays of NumPy), or an Arrow `Table`, `RecordBatch`."""

ColumnType: TypeAlias = Literal[
    "bool", "int64", "float64", "string", "binary",
    "list<string>", "list<int64>", "list<float64>", "list<binary>",
]  # fmt: skip
"""What a column holds, in Arrow's words; any value may be missing, as `None`."""

Columns: TypeAlias = Mapping[str, ColumnType]
"""Names of columns with their types."""

Row: TypeAlias = dict[str, Any]
"""One row, by names of columns."""


def column_names(batch: Batch) -> list[str]:
    """Return the names of a batch's columns; raises `TypeError` for what is no batch.

    >>> column_names({"path": ["a.jpg"], "label": [3]})
    ['path', 'label']
    """
    if isinstance(batch, Mapping):
        return list(batch)
    if hasattr(batch, "schema") and hasattr(batch, "append_column"):
        return list(batch.schema.names)
    kind = type(batch).__name__
    raise TypeError(f"neither a dict of columns nor a table of Arrow: {kind}")


def column_of(batch: Batch, name: str) -> list[Any]:
    """Return a column as plain Python values; raises `ConstraintError` where it is not there.

    >>> column_of({"path": ("a.jpg", "b.jpg")}, "path")
    ['a.jpg', 'b.jpg']
    """
    names = column_names(batch)
    if name not in names:
        raise ConstraintError(f"no column {name!r} in the batch; there is {', '.join(names)}")
    column = batch[name] if isinstance(batch, Mapping) else batch.column(name).to_pylist()
    return [_plain(value) for value in column]


def _plain(value: Any) -> Any:
    """Return a value with lists in the place of arrays, at any depth."""
    if isinstance(value, str | bytes | os.PathLike):
        return value
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def rows_of(batch: Batch) -> Iterator[Row]:
    """Yield the rows of a batch.

    >>> list(rows_of({"path": ["a.jpg"], "label": [3]}))
    [{'path': 'a.jpg', 'label': 3}]
    """
    names = column_names(batch)
    for values in zip(*(column_of(batch, name) for name in names), strict=True):
        yield dict(zip(names, values, strict=True))


def with_columns(batch: Batch, rows: Sequence[Mapping[str, Any]], columns: Columns) -> Batch:
    """Return a batch of the same kind with columns added, whose values `rows` hold by name.

    What a row lacks is `None` there. New columns of a dict are lists. Raises `ConstraintError` for
    a column that is there already.

    >>> with_columns({"path": ["a.jpg"]}, [{"tokens": 3}], {"tokens": "int64", "error": "string"})
    {'path': ['a.jpg'], 'tokens': [3], 'error': [None]}
    """
    taken = [name for name in columns if name in column_names(batch)]
    if taken:
        problem = "are there already; `prefix` names the new ones apart"
        raise ConstraintError(f"columns of the batch: {', '.join(taken)} {problem}")
    new = {name: [row.get(name) for row in rows] for name in columns}
    return {**batch, **new} if isinstance(batch, Mapping) else _added(batch, new, columns)


def _added(batch: Batch, new: Mapping[str, Sequence[Any]], columns: Columns) -> Batch:
    import pyarrow as pa  # there already: it made the batch

    for name, values in new.items():
        column = pa.array(values, arrow_type(columns[name]))
        batch = batch.append_column(pa.field(name, column.type), column)
    return batch


def arrow_type(name: ColumnType) -> Any:
    """Return Arrow's own type for one of ours."""
    import pyarrow as pa

    inner = name.removeprefix("list<").removesuffix(">")
    plain = {"bool": pa.bool_, "string": pa.string, "binary": pa.binary}
    made = plain.get(inner) or getattr(pa, inner)
    return pa.list_(made()) if name.startswith("list<") else made()
