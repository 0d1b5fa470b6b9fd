"""Read JSON as models write it: among other text, in other quotes, with commas too many, cut off.

Valid JSON is read as it is. What is not is read as it is meant, by a reader of its own: single,
curly or no quotes, full-width brackets and commas, tuples, Python's `None`, quotes inside strings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from vlprep.replies.spelling import plain


class CutOff(dict[str, Any]):
    """An object whose end is missing: the members that are whole."""


class Unfinished(str):
    """A text whose end is missing."""

    __slots__ = ()


@dataclass(slots=True)
class Trouble:
    """What went wrong while reading."""

    cut_off: bool = False
    """Whether the text ends inside of a value."""
    odd: list[str] = field(default_factory=list)
    """What was left out, as it stands there or in words."""


def json_values(text: str, trouble: Trouble) -> Iterator[tuple[int, Any]]:
    """Yield every list and object of a text with its place; of a broken one the whole ones in it.

    >>> trouble = Trouble()
    >>> list(json_values("So: [{'a': 1,}, {'b': 2}, {'c': ", trouble))
    [(4, [{'a': 1.0}, {'b': 2.0}, {}])]
    >>> trouble.cut_off
    True
    """
    shadow, place, patience = plain(text), 0, _PATIENCE * len(text) + _LEAST_PATIENCE
    while match := _OPENING.search(shadow, place):
        reader = _Reader(text, shadow, match.start())
        try:
            value = reader.whole()
        except RecursionError:  # nested deeper than any answer
            trouble.odd.append("brackets nested without end")
            return
        except ValueError:
            place = match.start() + 1
            patience -= reader.place - place
            if patience < 0:  # each bracket was read to where it breaks, again and again
                trouble.odd.append("brackets that do not match, without end")
                return
        else:
            place, trouble.cut_off = reader.place, trouble.cut_off or reader.cut_off
            yield match.start(), value


def json_inside(text: str, trouble: Trouble) -> list[Any]:
    """Return the lists and objects that a text of JSON consists of, which is a value itself.

    >>> json_inside('[{"a": 1}]', Trouble()), json_inside("see [1]", Trouble())
    ([[{'a': 1}]], [])
    """
    is_json = re.match(r"\s*(?:```(?:json)?\s*)?[\[{]", text)
    return [value for _, value in json_values(text, trouble)] if is_json else []


def _tables(members: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    """Return the objects that members are; one begins anew where a key comes again."""
    tables: list[dict[str, Any]] = [{}]
    for key, value in members:
        if key in tables[-1]:
            tables.append({})
        tables[-1][key] = value
    return tables


def _one_or_all(tables: list[dict[str, Any]]) -> Any:
    return tables[0] if len(tables) == 1 else tables


_OPENING = re.compile(r"[\[{]")
_DECODER = json.JSONDecoder(
    strict=False, object_pairs_hook=lambda members: _one_or_all(_tables(members))
)
_PATIENCE, _LEAST_PATIENCE = 8, 20_000
"""Signs that are read in vain before a text is given up: so many for each sign, and so many."""


_MOST_NESTED = 100
_CLOSING = {"[": "]", "(": ")", "{": "}"}
_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"\d+(?::\d+)+(?:\.\d+)?|[^\s,:{}\[\]()\"']+")
_NAME = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)
_LITERALS = {"true": True, "false": False, "null": None, "none": None, "undefined": None}


class _Reader:
    """Reads one value, from its place on; `shadow` is the text in plain signs, as long as it.

    `EOFError` says that the text ends where a value should go on.
    """

    def __init__(self, text: str, shadow: str, place: int) -> None:
        self.text, self.shadow, self.place = text, shadow, place
        self.cut_off = False
        self._depth = 0

    def whole(self) -> Any:
        """Read the value that begins here, as it is if it is valid; raises as `value` does."""
        try:
            value, self.place = _DECODER.raw_decode(self.text, self.place)
        except ValueError:  # also of a number of thousands of digits
            return self.value()
        return value

    def value(self) -> Any:
        """Read what begins here; raises `ValueError` for what is no value, even as it is meant."""
        sign = self._next()
        if sign in _CLOSING:
            self._depth += 1
            if self._depth > _MOST_NESTED:
                raise RecursionError
            value = self._table() if sign == "{" else self._list(_CLOSING[sign])
            self._depth -= 1
            return value
        return self._string() if sign in "\"'" else self._word()

    def _next(self) -> str:
        """Step over space; return the sign that stands there, raise at the end of the text."""
        space = _SPACE.match(self.shadow, self.place)
        self.place = space.end() if space else self.place
        if self.place == len(self.shadow):
            raise EOFError
        return self.shadow[self.place]

    def _list(self, closing: str) -> list[Any]:
        items: list[Any] = []

        def read() -> None:
            if items and not isinstance(items[-1], str) and _MEMBER.match(self.shadow, self.place):
                raise _ForgottenError
            items.append(self.value())

        try:
            is_whole = self._all_up_to(closing, "{[\"'", read)
        except _ForgottenError:  # the bracket: what stands there is a member of the object around
            is_whole = True
        if is_whole:
            return items
        return [item for item in items if isinstance(item, dict | list) and item != []]

    def _table(self) -> Any:
        members: list[tuple[str, Any]] = []
        is_whole = self._all_up_to("}", "\"'", lambda: self._member(members))
        tables = _tables(members)
        if not is_whole:
            tables[-1] = CutOff(tables[-1])
        return _one_or_all(tables)

    def _all_up_to(self, closing: str, openings: str, read: Callable[[], None]) -> bool:
        """Read what stands up to the closing sign, one by one; say whether the end is there.

        Only before some signs, the `openings`, may a comma be forgotten.
        """
        self.place += 1
        try:
            while (sign := self._next()) != closing:
                if sign == ",":
                    self.place += 1
                    continue
                read()
                if self.cut_off:
                    return False
                if self._next() not in f",{closing}{openings}":
                    raise ValueError("neither a comma nor an end")
        except EOFError:
            self.cut_off = True
            return False
        self.place += 1
        return True

    def _member(self, members: list[tuple[str, Any]]) -> None:
        key = self._key()
        if self._next() not in ":=":
            raise ValueError("a key without a value")
        self.place += 1
        value = self.value()
        if not (self.cut_off and isinstance(value, list) and not _has_whole_items(value)):
            members.append((key, value))

    def _key(self) -> str:
        if self._next() in "\"'":
            return self._string()
        name = _NAME.match(self.shadow, self.place)
        if not name:
            raise ValueError("no key")
        self.place = name.end()
        return name[0]

    def _string(self) -> str:
        quote, start = self.shadow[self.place], self.place + 1
        for match in (_DOUBLE if quote == '"' else _SINGLE).finditer(self.shadow, start):
            if match[0] == quote and _AFTER_STRING.match(self.shadow, match.end()):
                self.place = match.end()
                return unescaped(self.text[start : match.start()])
        self.place, self.cut_off = len(self.text), True
        return Unfinished(unescaped(self.text[start:]))

    def _word(self) -> Any:
        word = _WORD.match(self.shadow, self.place)
        if not word:
            raise ValueError("no value")
        self.place = word.end()
        if self.place == len(self.shadow):
            raise EOFError  # its last letters may be missing
        if _NUMBER.fullmatch(word[0]):
            return float(word[0])
        return _LITERALS.get(word[0].lower(), self.text[word.start() : word.end()])


class _ForgottenError(Exception):
    """A list that ends without its bracket."""


_MEMBER = re.compile(r"([\"'])\w+\1\s*:")
_DOUBLE, _SINGLE = re.compile(r'\\.|"', re.DOTALL), re.compile(r"\\.|'", re.DOTALL)
_AFTER_STRING = re.compile(r"\s*(?:[,:=}\])]|\Z)")  # else it is a quote inside the string


def _has_whole_items(items: list[Any]) -> bool:
    """Say whether a list that is cut off still means something: corners of a shape do not."""
    return any(isinstance(item, dict) or len(item) >= 4 for item in items)


def unescaped(text: str) -> str:
    r"""Undo the escapes of JSON in a text, whatever else stands in it.

    >>> unescaped(r"<p class=\"a\">\u00fc</p>")
    '<p class="a">ü</p>'
    """
    plain_text = _ESCAPE.sub(_unescape, text)
    # Two escapes may be halves of one character, of which UTF-16 makes a whole.
    return plain_text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def _unescape(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return _CONTROLS.get(match[2], match[2])
