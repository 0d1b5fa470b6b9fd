"""How many tokens a request may spend on media: the input limit less what else stands in it."""

from __future__ import annotations

from dataclasses import dataclass

from vlprep.errors import BudgetError, UnknownFactError
from vlprep.models.registry import get_model
from vlprep.models.spec import ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBudget:
    """The tokens of one request."""

    max_input: int
    """Largest input of the model, or what the caller set."""
    reserved: int = 0
    """Tokens of the input that are not for media: text, and whatever the caller keeps back."""
    available: int
    """What is left for media."""
    notes: tuple[str, ...] = ()
    """What else may bind."""


def token_budget(
    model: ModelSpec | str | None = None,
    *,
    max_input: int | None = None,
    reserve: int = 0,
    text_tokens: int = 0,
    thinking: bool | None = None,
    thinking_tokens: int | None = None,
    reply_tokens: int | None = None,
) -> TokenBudget:
    """Return what a request to `model` may spend on media, in tokens.

    `max_input` replaces the model's largest input; `reserve` and `text_tokens` are taken off it.
    Input, chain of thought and reply together must stay within the context: that is enforced
    when `thinking_tokens` or `reply_tokens` say how long they may get, and otherwise noted where
    the model's own maxima would not fit beside a full input.

    Raises `UnknownModelError`, `UnknownFactError` when no source states a limit and none is
    given, `BudgetError` when nothing is left, `ConstraintError` for thinking that the model
    cannot do.

    >>> token_budget("qwen3-vl-plus", thinking=True, text_tokens=100).available
    257948
    """
    spec = get_model(model)
    limit = spec.input_limit(thinking) if max_input is None else max_input
    if limit is None:
        raise UnknownFactError(spec.name, "its largest input", "give one with --max-input")
    reserved = reserve + text_tokens
    room, notes = _room_in_context(spec, limit, thinking, thinking_tokens, reply_tokens)
    available = room - reserved
    if available <= 0:
        raise BudgetError(reserved, room, f"{reserved:,} tokens are reserved of {room:,}")
    return TokenBudget(max_input=limit, reserved=reserved, available=available, notes=notes)


def _room_in_context(
    spec: ModelSpec,
    limit: int,
    thinking: bool | None,
    thinking_tokens: int | None,
    reply_tokens: int | None,
) -> tuple[int, tuple[str, ...]]:
    """Return what the context leaves of the input limit, and what there is to say about it."""
    if spec.context_tokens is None:
        return limit, ()
    if thinking_tokens is not None or reply_tokens is not None:
        room = spec.context_tokens - (thinking_tokens or 0) - (reply_tokens or 0)
        if room < limit:
            return room, (f"the context of {spec.context_tokens:,} leaves {room:,} for the input",)
        return limit, ()
    thought = (spec.max_thinking_tokens or 0) if spec.thinks(thinking) else 0
    longest = limit + thought + (spec.max_reply_tokens or 0)
    if longest <= spec.context_tokens:
        return limit, ()
    return limit, (
        f"a full input of {limit:,} leaves {max(spec.context_tokens - limit, 0):,} tokens of the "
        f"context of {spec.context_tokens:,} for chain of thought and reply; "
        "--thinking-tokens and --reply-tokens keep room for them",
    )
