"""The answer inside of what was saved: whole replies of APIs, thinking and escapes taken off."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from vlprep.replies.loose_json import Trouble, json_values, unescaped
from vlprep.replies.spelling import numbers_in


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered."""

    text: str
    """The answer alone."""
    warnings: tuple[str, ...] = ()
    """What was left aside, and what is missing."""


def unwrap(saved: str) -> Reply:
    r"""Return the answer inside a saved text: that of a whole reply, without what the model thinks.

    Understood are replies of OpenAI-compatible services (also streamed, as lines of chunks, and as
    their library prints them), of DashScope, of Ollama and of the batch interfaces; messages with
    text or parts; and text in which every quote is escaped, as in JSON. Anything else is the answer
    itself.

    >>> unwrap('{"choices": [{"message": {"content": "[{\\"a\\": 1}]"}}], "usage": {"x": 2}}').text
    '[{"a": 1}]'
    """
    found, cut_off = _saved_values(saved)
    answers = _all_answers(found) or _printed_answers(saved)
    text = _joined(answers) if _is_stream(found) else answers[0] if answers else saved
    said = []
    if cut_off and answers:
        said.append("the reply is cut off; what is there of its answer was taken")
    if len(answers) > 1 and not _is_stream(found):
        said.append(f"the reply holds {len(answers)} answers; the first one was taken")
    text = text.rpartition("</think>")[2].partition("<think>")[0]
    if answer := _ANSWER.search(text):
        text = answer[1]
    if boxed := [inside for inside in _BOXED.findall(text) if _is_place(inside)]:
        text = "\n".join(boxed)  # before it stands how the model came to it
    return Reply(_without_escapes(text), tuple(said))


def _is_place(inside: str) -> bool:
    """Whether it may be a place or a time, and not a count: of more numbers than one, in a row."""
    return len(numbers_in(inside)) > 1 and bool(_ROW.search(inside))


def _saved_values(saved: str) -> tuple[list[Any], bool]:
    """Return the objects that a saved reply is made of, and whether the last one is cut off."""
    text = _EVENT_FIELD.sub("", saved).strip()
    if not text.startswith(("{", "[")) or not any(word in text for word in _MARKS):
        return [], False
    trouble = Trouble()
    return [value for _, value in json_values(text, trouble)], trouble.cut_off


def _printed_answers(saved: str) -> list[str]:
    """Return the answers in a reply as Python libraries print it."""
    if "Message(" not in saved and "Choice(" not in saved:
        return []
    return [unescaped(match[1][1:-1]) for match in _PRINTED.finditer(saved)]


_ANSWER = re.compile(r"<answer>(.*?)(?:</answer>|\Z)", re.DOTALL)
_BOXED = re.compile(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}")
_ROW = re.compile(r"[\[({<][^\d\[\](){}<>]*\d|\d\s*[,;:\u2013\u2014-]\s*\d")
_MARKS = ("choices", "output", "message", "response", "role", "body")
_EVENT_FIELD = re.compile(r"^(?:data:\s*(?:\[DONE\])?|(?:id|event|:)[^\n{]*$)", re.MULTILINE)
_PRINTED = re.compile(r"\bcontent=('(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")")


def _is_stream(values: list[Any]) -> bool:
    """Say whether these are the chunks of one streamed reply."""
    return len(values) > 1 and all(
        isinstance(value, dict) and ("choices" in value or "output" in value) for value in values
    )


def _joined(parts: list[str]) -> str:
    """Join the parts of a stream; of some services each part says all that came before again."""
    repeats = all(later.startswith(part) for part, later in pairwise(parts))
    return parts[-1] if repeats and len(set(parts)) > 1 else "".join(parts)


def _all_answers(values: list[Any]) -> list[str]:
    try:
        return [answer for value in values for answer in _answers(value)]
    except RecursionError:  # nested deeper than any reply
        return []


def _answers(value: Any) -> Iterator[str]:
    """Yield the answers of a reply, one for each choice; nothing of what is no reply."""
    match value:
        case list():
            for message in filter(_is_message, value):
                yield from _answers(message)
        case {"choices": list(choices)}:
            for choice in choices:
                if isinstance(choice, dict):
                    yield from _content(choice.get("message") or choice.get("delta") or choice)
        case {"role": "assistant", "content": _}:
            yield from _content(value)
        case {"response": str(text), "model": _}:
            yield text
        case dict():
            yield from _inner_answers(value)


def _inner_answers(table: dict[str, Any]) -> Iterator[str]:
    """Yield the answers of what services put a reply in, not of a part of an answer."""
    match table.get("output") or table.get("body"):
        case {"text": str(text)}:
            yield text
        case {"choices": _} as reply:
            yield from _answers(reply)
        case list(messages) if any(map(_is_message, messages)):
            yield from _answers(messages)
        case _:
            inner = table.get("message") or table.get("response")
            yield from _answers(inner) if isinstance(inner, dict) else ()


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and value.get("role") == "assistant" and "content" in value


def _content(message: Any) -> Iterator[str]:
    """Yield the text of a message: its content, or the parts of it joined, and its tool calls."""
    if not isinstance(message, dict):
        return
    content = message.get("content", message.get("text"))
    parts = list(map(_part, content)) if isinstance(content, list) else [content]
    said = "".join(part for part in parts if isinstance(part, str))
    called = "\n".join(_arguments(message.get("tool_calls")))
    if said or called or isinstance(content, str):
        yield "\n".join(filter(None, (said, called)))


def _arguments(calls: Any) -> Iterator[str]:
    """Yield what a model calls tools with: the places that agents act on stand there."""
    for call in calls if isinstance(calls, list) else []:
        match call:
            case {"function": {"arguments": str(text)}}:
                yield text
            case {"function": {"arguments": dict(table)}}:
                yield json.dumps(table, ensure_ascii=False)


def _part(part: Any) -> str:
    match part:
        case str():
            return part
        case {"ocr_result": {"words_info": words} as read} if words:
            return json.dumps(read)  # says more than the text beside it
        case {"text": str(text)}:
            return text
    return ""


def _without_escapes(text: str) -> str:
    """Undo the escapes of a text that stands as it does inside of JSON: every quote is escaped."""
    inside = text.strip()
    if inside[:1] == inside[-1:] == '"' and len(inside) > 1:
        inside = inside[1:-1]
    if '\\"' in inside and not _BARE_QUOTE.search(inside):
        return unescaped(inside)
    return text


_BARE_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*"')
