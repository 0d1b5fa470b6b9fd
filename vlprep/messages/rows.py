"""Read a row of a data set for fine-tuning or evaluation: turns of talk with media beside them.

The forms are those that frameworks document: ms-swift 4.6 (`messages`, or `query` and `response`,
and paths between `<img>` and `</img>`), LLaMA-Factory 0.9.5 (`conversations` or `messages`),
ShareGPT, TRL 1.16 (`prompt` and `completion`, or the `chosen` one of two), verl and EasyR1, each
with lists of images and videos which the messages name one after the other; a question about
pictures in columns of their own; the `metadata` of a folder of images or videos (Hugging Face
datasets 4); requests as `bodies` reads them, alone or as lines of a batch file; and bare lists of
messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vlprep.errors import ConstraintError
from vlprep.media.addresses import LONGEST_PATH
from vlprep.media.sniff import is_media_name, kind_by_name
from vlprep.messages.bodies import (
    MediumKind,
    SentBody,
    SentMedium,
    read_address,
    read_body,
    read_medium,
    read_parts,
)
from vlprep.parsing import parse_json

_MARKS: dict[str, MediumKind] = {"<image>": "image", "<video>": "video"}
"""What stands in the text where a medium goes."""

_WRITTEN_OUT = re.compile(r"<(img|video)>(.+?)</\1>")
"""A path in the text itself, where there is no column for it."""

_NUMBERED: dict[MediumKind, re.Pattern[str]] = {
    "image": re.compile(r"image_?\d{1,2}"),
    "video": re.compile(r"video_?\d{1,2}"),
}
"""Columns that hold one medium each, where none holds a list."""

_COLUMNS = ("{}s", "{}", "{}_paths", "{}_path", "{}_urls", "{}_url", "{}_files", "{}_file")
"""Columns of a kind of media, the first that holds some."""

_FILE_NAMES = re.compile(r"(?:.+_)?file_names?")
"""Columns of a folder's metadata: a path, or a list, of whatever kind of media is there."""

_TURNS = ("conversations", "conversation", "texts")
_SIDES = ("human", "user", "assistant")
"""Both sides in one turn, as ms-swift and FineVision have them."""

_SAID = (
    *("history", "instruction", "query", "question", "problem", "prompt", "input"),
    *("response", "output", "answer", "solution", "completion", "chosen"),
)
"""Fields of a row without turns, in the order in which they are said: texts, or messages.

What `system` says is read as in a request."""

_ALONE = ("text", "caption")
"""Fields that are said where no other is; beside others they are notes, or all of it again."""

_MORE = re.compile(r".+_(?:images|videos)")
"""Columns of media of other talks: `rejected_images`, or `positive_images` beside a query."""

_OTHER_SIDE = ("rejected", "rejected_messages")
"""Fields of what is not said, as another reply is preferred."""


def talks(column: str) -> bool:
    """Say whether a column of a table holds a conversation.

    >>> talks("conversations"), talks("prompt"), talks("image")
    (True, True, False)
    """
    return column in ("messages", *_TURNS, *_SAID, *_ALONE)


def belongs(column: str) -> bool:
    """Say whether a column is read beside a conversation: media, and other parts of the text."""
    names = (one.format(kind) for one in _COLUMNS for kind in _NUMBERED)
    numbered = any(pattern.fullmatch(column) for pattern in _NUMBERED.values())
    patterned = any(pattern.fullmatch(column) for pattern in (_FILE_NAMES, _MORE))
    beside = (*_SAID, *_ALONE, *_OTHER_SIDE, "system", "tools", "audio", "audios", *names)
    return column in beside or numbered or patterned


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
    for key in ("body", "request", "params"):  # a line of a batch file, or of a log
        if isinstance(row.get(key), Mapping):
            return read_body(row[key])
    columns = {kind: _columns(row, kind) for kind in _NUMBERED}
    if not any(columns.values()) and (files := _by_name(row)):
        row, columns = {**row, **files}, {kind: [f"{kind}s"] for kind in columns}
    messages = _messages(row)
    if messages is None and not any(columns.values()):
        wanted = '"messages", "conversations", a text such as "query", or "images"'
        raise ConstraintError(f"no conversation in it: wanted {wanted}")
    said = read_body({**row, "messages": messages or []})
    if any(columns.values()):
        said = _joined(said, {kind: list(_held(row, columns[kind])) for kind in columns})
    else:
        said = _written_out(said)
    return replace(said, not_counted=(*said.not_counted, *_not_read(row, said)))


def _not_read(row: Mapping[str, Any], said: SentBody) -> Iterator[str]:
    """Yield what stands beside the talk and is not read: sound, a file in an unknown column."""
    if any(row.get(key) for key in ("audios", "audio")):
        yield "audio"
    if any(_rejected(row, said)):
        yield "media of the rejected reply"
    more = filter(_MORE.fullmatch, row)
    yield from (f"column {key}" for key in more if any(True for _ in _held(row, [key])))
    if not said.media:
        yield from (f"column {key}" for key, value in row.items() if _may_hold(key, value))
        yield from (f"{mark} in the text" for mark in _MARKS if mark in said.text)


def _rejected(row: Mapping[str, Any], said: SentBody) -> Iterator[Any]:
    """Yield the media that only the reply has which is not preferred, and not said here."""
    for side in (_side(row[key]) for key in _OTHER_SIDE if key in row):
        yield from (one for one in read_parts(side)["media"] if one not in said.media)


def _may_hold(key: str, value: Any) -> bool:
    """Say whether a column that is not known may hold a medium: by its name, or by a path."""
    if key in (*_SAID, *_ALONE) or not isinstance(value, str | bytes | list | Mapping) or not value:
        return False
    is_path = isinstance(value, str) and len(value) <= LONGEST_PATH and is_media_name(value)
    return is_path or key.startswith(("image", "img", "video"))


def _parsed(text: str | bytes) -> Any:
    try:
        return parse_json(text)
    except ValueError as error:  # of JSON, or of bytes that are no UTF-8
        raise ConstraintError(f"not JSON: {error}") from error


def _columns(row: Mapping[str, Any], kind: MediumKind) -> list[str]:
    """Return the columns that hold the media of a kind: one, or several with numbers."""
    plain = [name for name in (one.format(kind) for one in _COLUMNS) if name in row]
    filled = [name for name in plain if any(True for _ in _held(row, [name]))]
    return filled[:1] or [name for name in row if _NUMBERED[kind].fullmatch(name)] or plain


def _by_name(row: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the media that a folder's metadata names, as columns of their kinds."""
    names = _held(row, [key for key in row if _FILE_NAMES.fullmatch(key)])
    files: dict[str, list[Any]] = {f"{kind}s": [] for kind in _NUMBERED}
    for name in names:
        is_video = isinstance(name, str) and kind_by_name(name) == "video"
        files["videos" if is_video else "images"].append(name)
    return files if any(files.values()) else {}


def _held(row: Mapping[str, Any], columns: list[str]) -> Iterator[Any]:
    """Yield what columns hold, one medium after the other."""
    for value in map(row.get, columns):
        if isinstance(value, list | tuple):
            yield from value
        elif value is not None and not (isinstance(value, str | Mapping) and not value):
            yield value


def _messages(row: Mapping[str, Any]) -> Sequence[Any] | None:
    """Return the turns of a row as messages; `None` where it has none."""
    if row.get("messages") or isinstance(row.get("input"), Mapping | list):
        return [*_inner(row), *_side(row.get("chosen"))]
    for key in _TURNS:
        if isinstance(row.get(key), Sequence):
            return [*map(_turn, _listed(row[key])), *_side(row.get("chosen"))]
    said = [message for key in _SAID for message in _side(row.get(key))]
    return said or [message for key in _ALONE for message in _side(row.get(key))] or None


def _side(value: Any) -> Sequence[Any]:
    """Return what a field of a row says as messages: of a text, of pairs of turns, or as it is."""
    if isinstance(value, str):
        return [{"content": value}]
    if isinstance(value, Mapping):  # of LLaMA-Factory
        return [turn] if _is_message(turn := _turn(value)) else []
    if isinstance(value, list) and value and all(isinstance(pair, list) for pair in value):
        return [{"content": text} for pair in value for text in pair if isinstance(text, str)]
    return value if isinstance(value, list) and any(map(_is_message, value)) else []


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and "content" in value


def _inner(row: Mapping[str, Any]) -> Sequence[Any]:
    inner = row.get("messages") or row["input"]
    return _listed(inner.get("messages") if isinstance(inner, Mapping) else inner)


def _listed(found: Any) -> Sequence[Any]:
    """Return the turns of a row, which a table may hold as JSON."""
    if isinstance(found, str):
        try:
            found = parse_json(found)
        except ValueError:
            found = None
    if not isinstance(found, Sequence):
        raise ConstraintError("its messages are not a list")
    return found


def _turn(turn: Any) -> Any:
    """Return a turn of ShareGPT as a message; others have both sides in one."""
    if not isinstance(turn, Mapping):
        return turn
    if "value" in turn:
        return {"role": turn.get("from"), "content": turn["value"]}
    sides = [turn[side] for side in _SIDES if isinstance(turn.get(side), str)]
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
    media = [_medium(kind, next(waiting[kind])) for kind in order]
    text = re.sub("|".join(_MARKS), "", said.text)
    return replace(said, media=(*said.media, *media), text=text, unfilled=())


def _medium(kind: MediumKind, value: Any) -> SentMedium:
    """Return a medium of a column: an address, or with what is asked of it, as in a message."""
    if not isinstance(value, Mapping):
        return SentMedium(address=read_address(value), kind=kind)
    held = {key: value[key] for key in ("bytes", "path", "url") if key in value}
    medium = read_medium(value) or read_medium({**value, kind: held})
    return medium or SentMedium(address=read_address(value), kind=kind)


def _written_out(said: SentBody) -> SentBody:
    media = (
        SentMedium(address=read_address(path), kind="image" if tag == "img" else "video")
        for tag, path in _WRITTEN_OUT.findall(said.text)
    )
    return replace(said, media=(*said.media, *media), text=_WRITTEN_OUT.sub("", said.text))
