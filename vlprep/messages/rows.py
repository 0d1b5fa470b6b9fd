"""Read a row of a data set for fine-tuning or evaluation: turns of talk with media beside them.

The forms are those that frameworks document: ms-swift 4.6 (`messages`, or `query` and `response`),
LLaMA-Factory 0.9.5 (`conversations` or `messages`) and ShareGPT, each with lists `images` and
`videos` of which the text names one after the other; requests as `bodies` reads them, alone or as
lines of a batch file; and bare lists of messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vlprep.errors import ConstraintError
from vlprep.messages.bodies import MediumKind, SentBody, SentMedium, read_address, read_body
from vlprep.parsing import parse_json

_MARKS: dict[str, MediumKind] = {"<image>": "image", "<video>": "video"}
"""What stands in the text where a medium goes."""

_COLUMNS: dict[MediumKind, tuple[str, ...]] = {
    "image": ("images", "image"),
    "video": ("videos", "video"),
}
"""Columns that hold the media, one list for each kind."""

_TURNS = ("conversations", "conversation")
_SINGLE = ("system", "instruction", "query", "prompt", "input", "response", "output")
"""Fields of a row without turns, in the order in which they are said."""


def read_sample(row: Any) -> SentBody:
    """Return the media and the text of a request, a list of messages or a row of a data set.

    Text is taken for JSON. Raises `ConstraintError` where nothing in it is known here, and where
    the text names more or fewer media than there are beside it.

    >>> row = {"messages": [{"role": "user", "content": "<image>What is it?"}], "images": ["a.jpg"]}
    >>> read_sample(row).media[0].address, read_sample(row).text
    ('a.jpg', 'What is it?')
    """
    if isinstance(row, str | bytes):
        row = _parsed(row)
    if isinstance(row, Sequence) and not isinstance(row, str):
        return read_body({"messages": row})
    if not isinstance(row, Mapping):
        raise ConstraintError(f"neither an object nor a list of messages: {type(row).__name__}")
    for key in ("body", "request"):  # a line of a batch file, or of a log
        if isinstance(row.get(key), Mapping):
            return read_body(row[key])
    said = read_body({**row, "messages": _messages(row)})
    if not any(name in row for names in _COLUMNS.values() for name in names):
        return said
    return _joined(said, {kind: list(_column(row, names)) for kind, names in _COLUMNS.items()})


def _parsed(text: str | bytes) -> Any:
    try:
        return parse_json(text)
    except ValueError as error:  # of JSON, or of bytes that are no UTF-8
        raise ConstraintError(f"not JSON: {error}") from error


def _column(row: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[Any]:
    value = next((row[name] for name in names if row.get(name)), ())
    is_one = isinstance(value, str | bytes | Mapping)
    yield from (value,) if is_one else value


def _messages(row: Mapping[str, Any]) -> Sequence[Any]:
    """Return the turns of a row as messages."""
    if row.get("messages") or isinstance(row.get("input"), Mapping | list):
        return _inner(row)
    for key in _TURNS:
        if isinstance(row.get(key), Sequence):
            return [_turn(turn) for turn in row[key]]
    said = [{"content": row[key]} for key in _SINGLE if isinstance(row.get(key), str)]
    if not said:
        wanted = "`messages`, `conversations`, or a text such as `query`"
        raise ConstraintError(f"no conversation in it: wanted {wanted}")
    return said


def _inner(row: Mapping[str, Any]) -> Sequence[Any]:
    inner = row.get("messages") or row["input"]
    found = inner.get("messages") if isinstance(inner, Mapping) else inner
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise ConstraintError("its messages are not a list")
    return found


def _turn(turn: Any) -> Any:
    """Return a turn of ShareGPT as a message; one of ms-swift's has both sides in it."""
    if not isinstance(turn, Mapping):
        return turn
    if "value" in turn:
        return {"role": turn.get("from"), "content": turn["value"]}
    sides = [turn[side] for side in ("human", "assistant") if isinstance(turn.get(side), str)]
    return {"content": [{"text": side} for side in sides]} if sides else turn


def _joined(said: SentBody, beside: Mapping[MediumKind, list[Any]]) -> SentBody:
    """Put the media of the columns where the text or parts name them, one after the other."""
    marks = re.findall("|".join(_MARKS), said.text)
    named = [_MARKS[mark] for mark in marks] or said.unfilled
    for mark, kind in _MARKS.items():
        asked, there = named.count(kind), len(beside[kind])
        if named and asked != there:
            place = "text" if marks else "messages"
            raise ConstraintError(f"{asked} {mark} in the {place}, {there} of {kind}s beside it")
    order = named or [kind for kind in beside for _ in beside[kind]]
    waiting = {kind: iter(values) for kind, values in beside.items()}
    media = [SentMedium(address=read_address(next(waiting[kind])), kind=kind) for kind in order]
    text = re.sub("|".join(_MARKS), "", said.text)
    return replace(said, media=(*said.media, *media), text=text, unfilled=())
