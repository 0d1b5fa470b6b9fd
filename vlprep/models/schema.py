"""Build the catalogue's records from parsed tables, strictly: no unknown key, no wrong type."""

from __future__ import annotations

import dataclasses
import datetime
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from vlprep.units import MOST

_T = TypeVar("_T")


def build(cls: type[_T], table: Mapping[str, Any], where: str) -> _T:
    """Return the dataclass `cls` filled from `table`; nested tables become nested records.

    Raises `ValueError`, naming `where` and the key, for a key that `cls` does not have, one that
    is missing, or a value of the wrong type.
    """
    record: Any = cls  # the checker does not take a generic class for hashable
    hints = _hints(record)
    unknown = sorted(set(table) - set(hints))
    if unknown:
        raise ValueError(f"{where}: unknown key {unknown[0]!r}; known: {', '.join(hints)}")
    missing = [key for key in _required(record) if key not in table]
    if missing:
        raise ValueError(f"{where}: {missing[0]!r} is missing")
    return cls(**{key: _convert(hints[key], table[key], f"{where}.{key}") for key in table})


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None:  # TOML has no such value, tables read from JSON do
            return None
        return _convert(next(part for part in arguments if part is not type(None)), value, where)
    if origin is tuple:
        return tuple(_convert(arguments[0], item, where) for item in _expect(list, value, where))
    if origin is typing.Literal:
        if value not in arguments:
            raise ValueError(f"{where}: {value!r} is not one of {', '.join(arguments)}")
        return value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return value if isinstance(value, hint) else build(hint, value, where)
    if hint is str and isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(hint, type):
        return _expect(hint, value, where)
    return value


def _expect(kind: type, value: Any, where: str) -> Any:
    if kind is list and isinstance(value, tuple):
        value = list(value)
    kinds = (int, float) if kind is float else kind
    if not isinstance(value, kinds) or (kind in (int, float) and isinstance(value, bool)):
        raise ValueError(f"{where}: {value!r} is not of type {kind.__name__}")
    if isinstance(value, int | float) and not value >= 0:
        raise ValueError(f"{where}: {value!r} is below 0")
    if isinstance(value, int | float) and value > MOST:
        raise ValueError(f"{where}: no number may be over {MOST:,}")
    return float(value) if isinstance(value, int) and kind is float else value


@cache
def _hints(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls)


@cache
def _required(cls: Any) -> tuple[str, ...]:
    return tuple(
        field.name
        for field in dataclasses.fields(cls)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    )
