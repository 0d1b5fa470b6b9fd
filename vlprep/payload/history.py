"""Earlier rounds of a conversation: what of them is sent again, and what their media cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vlprep.count.messages import count_medium
from vlprep.errors import ConstraintError, VlprepError
from vlprep.messages.bodies import read_body
from vlprep.payload.parts import Json
from vlprep.view import View

ROLES = ("system", "user", "assistant", "tool")
REASONING = ("reasoning_content", "reasoning")
"""Fields of an answer that no later request repeats, as the guides of S000 to S003 ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The messages before the one that is built."""

    messages: tuple[Json, ...] = ()
    """As they are sent: without chains of thought."""
    tokens: int | None = 0
    """What their media cost; `None` where one cannot be counted."""
    warnings: tuple[str, ...] = ()

    @property
    def has_system(self) -> bool:
        """Whether a system message is among them."""
        return any(message["role"] == "system" for message in self.messages)


def read_history(messages: Sequence[Any], view: View) -> History:
    """Return earlier messages as they are sent again, with what their media cost.

    `messages` are in the form of the protocol, with the replies among them. Text is not counted.

    Raises `ConstraintError` for what is no list of messages.

    >>> reply = {"role": "assistant", "content": "A cat.", "reasoning_content": "Hm."}
    >>> read_history([{"role": "user", "content": "What?"}, reply], View.of()).messages[1]
    {'role': 'assistant', 'content': 'A cat.'}
    """
    kept = tuple(_kept(message, number) for number, message in enumerate(messages, 1))
    tokens, warnings = 0, list[str]()
    for medium in read_body({"messages": kept}).media:
        try:
            tokens += count_medium(medium, view).tokens.total
        except (VlprepError, OSError) as error:
            warnings.append(f"history: not counted: {error}")
    if any(field in message for message in messages for field in REASONING):
        warnings.append("history: chains of thought are left out, as the guides ask")
    uncounted = any("not counted" in warning for warning in warnings)
    return History(messages=kept, tokens=None if uncounted else tokens, warnings=tuple(warnings))


def _kept(message: Any, number: int) -> Json:
    if not isinstance(message, Mapping) or message.get("role") not in ROLES:
        wanted = f"an object with a role out of {', '.join(ROLES)}"
        raise ConstraintError(f"history: message {number} is not {wanted}")
    if "content" not in message and "tool_calls" not in message:
        raise ConstraintError(f"history: message {number} has no content")
    return {key: value for key, value in message.items() if key not in REASONING}


def told(history: History) -> Iterator[str]:
    """Yield a note of what the history adds to the input."""
    if history.messages:
        cost = "" if history.tokens is None else f", {history.tokens:,} tokens of media in them"
        yield f"{len(history.messages)} earlier messages go along{cost}; their text is not counted"
