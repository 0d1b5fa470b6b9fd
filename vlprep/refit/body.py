"""A request body, of which single values are replaced and all else stays as it is.

Of JSON text the rest stays byte for byte: order of keys, spaces, escapes and numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeAlias

from vlprep.errors import ConstraintError
from vlprep.parsing import parse_json
from vlprep.refit.places import JsonPath, value_at

Given: TypeAlias = Mapping[str, Any] | str | bytes
"""A body as callers have it."""

Span: TypeAlias = tuple[int, int]

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[][{},:]', re.DOTALL)
"""Strings, and the signs between values; numbers and words lie between these."""


class Body:
    """A body as it came, as JSON text or as an object; nothing of it is changed in place.

    Raises `ConstraintError` for text that is no JSON object.

    >>> body = Body('{ "a": 1e2, "b": "x" }')
    >>> body.replaced({("b",): "yz"})
    '{ "a": 1e2, "b": "yz" }'
    """

    def __init__(self, given: Given) -> None:
        self._given: Given = given
        self._text: str | None = None if isinstance(given, Mapping) else _as_text(given)
        value = given if self._text is None else _parsed(self._text)
        if not isinstance(value, Mapping):
            raise ConstraintError(f"a request is an object, not {type(value).__name__}")
        self.value: Mapping[str, Any] = value
        """The body as an object."""
        self._spans: dict[JsonPath, Span] = {}

    @cached_property
    def _size(self) -> int:
        return len(_dumped(self._given) if self._text is None else self._text.encode())

    def length(self, changes: Mapping[JsonPath, Any] | None = None) -> int:
        """Return the number of bytes of the body with some values replaced.

        An object is measured as `json.dumps` writes it, the longest of the usual spellings. Raises
        `ConstraintError` for one that cannot be written.
        """
        replaced = (changes or {}).items()
        return self._size + sum(len(_dumped(new)) - self.length_of(path) for path, new in replaced)

    def length_of(self, path: JsonPath) -> int:
        """Return the number of bytes that one value takes."""
        if self._text is None:
            return len(_dumped(value_at(self.value, path)))
        start, end = self._span(path)
        return len(self._text[start:end].encode())

    def replaced(self, changes: Mapping[JsonPath, Any]) -> Given:
        """Return the body with some values replaced, none inside another.

        It is of the kind that was given; an object shares with it all that is not replaced.
        """
        if not changes:
            return self._given
        if self._text is None:
            copy = self.value
            for path, value in changes.items():
                copy = _with(copy, path, value)
            return copy
        text, at, pieces = self._text, 0, list[str]()
        spans = sorted((*self._span(path), json.dumps(value)) for path, value in changes.items())
        for start, end, new in spans:
            pieces += text[at:start], new
            at = end
        whole = "".join([*pieces, text[at:]])
        return whole.encode() if isinstance(self._given, bytes) else whole

    def look_up(self, paths: Collection[JsonPath]) -> None:
        """Find the values of paths in the text, all at once."""
        if self._text is not None:
            self._spans |= find_spans(self._text, paths)

    def _span(self, path: JsonPath) -> Span:
        if path not in self._spans:
            self.look_up([path])
        return self._spans[path]


def find_spans(text: str, paths: Collection[JsonPath]) -> dict[JsonPath, Span]:
    """Return where in JSON text the strings and objects stand that paths lead to.

    Of a key that is there twice the last one counts, as for every reader.

    >>> find_spans('{"a": ["x", {"b": 1}]}', [("a", 0), ("a", 1)])
    {('a', 0): (7, 10), ('a', 1): (12, 20)}
    """
    wanted, found = set(paths), dict[JsonPath, Span]()
    for path, start, end in _values(text):
        key = tuple(path)
        if key in wanted:
            found[key] = start, end
    return found


def _values(text: str) -> Iterator[tuple[list[str | int], int, int]]:
    """Yield the path and the span of each string, object and list of valid JSON."""
    path, starts, is_key = list[str | int](), list[int](), False
    for token in _TOKEN.finditer(text):
        sign = text[token.start()]
        if sign in "{[":
            starts.append(token.start())
            path.append("" if sign == "{" else 0)
            is_key = sign == "{"
        elif sign in "}]":
            path.pop()
            yield path, starts.pop(), token.end()
            is_key = False
        elif sign == ",":
            is_key = isinstance(path[-1], str)
            path[-1] = path[-1] if isinstance(path[-1], str) else path[-1] + 1
        elif sign == ":":
            is_key = False
        elif is_key:
            path[-1] = json.loads(token.group(), strict=False)
        else:
            yield path, *token.span()


def _as_text(given: str | bytes) -> str:
    try:
        return given if isinstance(given, str) else given.decode()
    except UnicodeDecodeError as error:
        raise ConstraintError(f"not JSON in UTF-8: {error}") from error


def _parsed(text: str) -> Any:
    try:
        return parse_json(text.removeprefix("\ufeff"))
    except ValueError as error:
        raise ConstraintError(f"not JSON: {error}") from error


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value)  # ASCII: as many characters as bytes
    except (TypeError, ValueError, RecursionError) as error:
        raise ConstraintError(f"cannot be written as JSON: {error}") from error


def _with(value: Any, path: JsonPath, new: Any) -> Any:
    """Return a copy of a value in which one inside it is another; the rest is shared."""
    if not path:
        return new
    key, *rest = path
    inner = _with(value[key], tuple(rest), new)
    if isinstance(value, Mapping):
        return {**value, key: inner}
    copy = [*value[: int(key)], inner, *value[int(key) + 1 :]]
    return tuple(copy) if isinstance(value, tuple) else copy
