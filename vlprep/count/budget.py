"""How many tokens media may take in one request: every limit that is known, and which one binds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict

from vlprep.count.prices import tokens_within_price
from vlprep.errors import BudgetError, UnknownFactError
from vlprep.models.spec import ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class InputLimit:
    """A limit on the input of one request."""

    name: str
    """Which one: "largest input", "context", "budget" or "price"."""
    tokens: int
    """Tokens of text and media together."""
    reason: str
    """Where the number comes from, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBudget:
    """The tokens of one request: what media may take, and what stands beside them."""

    available: int
    """What is left for media: the tightest limit, less what is reserved."""
    limits: tuple[InputLimit, ...]
    """All limits that are known, the tightest first."""
    text: int = 0
    """Tokens of the input for text."""
    reserve: int = 0
    """Tokens of the input that the caller keeps back beside."""
    thinking: int = 0
    """Tokens of the context kept for the chain of thought."""
    reply: int = 0
    """Tokens of the context kept for the reply."""
    context: int | None = None
    """Input, chain of thought and reply together; `None` where no source states it."""
    notes: tuple[str, ...] = ()
    """What else may bind."""

    @property
    def binding(self) -> InputLimit:
        """The tightest limit."""
        return self.limits[0]

    @property
    def max_input(self) -> int:
        """Largest input: tokens of text and media together."""
        return self.binding.tokens

    @property
    def reserved(self) -> int:
        """Tokens of the input that are not for media."""
        return self.text + self.reserve


class BudgetKeywords(TypedDict, total=False):
    """Keywords of `token_budget`."""

    max_input: int | None
    budget: int | None
    reserve: int
    text_tokens: int
    thinking: bool | None
    thinking_tokens: int | None
    reply_tokens: int | None
    price_cap: float | None
    deployment: str | None
    currency: str | None


def token_budget(
    model: ModelSpec,
    *,
    max_input: int | None = None,
    budget: int | None = None,
    reserve: int = 0,
    text_tokens: int = 0,
    thinking: bool | None = None,
    thinking_tokens: int | None = None,
    reply_tokens: int | None = None,
    price_cap: float | None = None,
    deployment: str | None = None,
    currency: str | None = None,
) -> TokenBudget:
    """Return what a request to `model` may spend on media, in tokens, and what bounds it.

    The input may not exceed the model's largest, which `max_input` replaces, nor `budget`, nor what
    `price_cap` pays for at list price, nor what the context leaves beside `thinking_tokens` and
    `reply_tokens`. `reserve` and `text_tokens` are taken off it. Without `thinking_tokens` and
    `reply_tokens` no room is kept for chain of thought and reply, as the documented largest input
    counts whatever they may be; where the model's own maxima would not fit beside it, a note says
    so.

    Raises `UnknownFactError` when no limit is known and none is given, or a price is asked for that
    no source states; `BudgetError` when nothing is left; `ConstraintError` for thinking that the
    model cannot do, and the errors of `tokens_within_price`.

    >>> from vlprep import get_model
    >>> token_budget(get_model("qwen3-vl-plus"), thinking=True, text_tokens=100).available
    257948
    >>> token_budget(get_model("qwen3-vl-plus"), reply_tokens=32_768).binding.reason
    'the context of 262,144 tokens, less 32,768 for the reply'
    """
    limits = [
        *_model_limits(model, max_input, thinking, thinking_tokens or 0, reply_tokens or 0),
        *_asked_limits(model, budget, price_cap, deployment, currency),
    ]
    if not limits:
        raise UnknownFactError(model.name, "its largest input", "give one with `max_input`")
    limits.sort(key=lambda limit: limit.tokens)
    reserved, room = reserve + text_tokens, limits[0].tokens
    if room <= reserved:
        problem = f"{reserved:,} tokens are reserved of {room:,}, {limits[0].reason}"
        raise BudgetError(reserved, room, problem)
    keeps_room = thinking_tokens is not None or reply_tokens is not None
    return TokenBudget(
        available=room - reserved,
        limits=tuple(limits),
        text=text_tokens,
        reserve=reserve,
        thinking=thinking_tokens or 0,
        reply=reply_tokens or 0,
        context=model.context_tokens,
        notes=() if keeps_room else tuple(_crowded(model, room, thinking)),
    )


def share_of_input(model: ModelSpec, share: float, thinking: bool | None = None) -> int:
    """Return a share of a model's largest input, in whole tokens.

    Raises `UnknownFactError` when no source states it.

    >>> from vlprep import get_model
    >>> share_of_input(get_model("qwen3-vl-plus"), 0.5)
    130048
    """
    limit = model.input_limit(thinking)
    if limit is None:
        raise UnknownFactError(model.name, "its largest input", "give the budget in tokens")
    return int(limit * share)


def longest_answer(model: ModelSpec, thinking: bool | None = None) -> int:
    """Return the most tokens of chain of thought, if the model thinks, and of reply.

    >>> from vlprep import get_model
    >>> longest_answer(get_model("qvq-max"))
    24576
    """
    thought = (model.max_thinking_tokens or 0) if model.thinks(thinking) else 0
    return thought + (model.max_reply_tokens or 0)


def _model_limits(
    model: ModelSpec, max_input: int | None, thinking: bool | None, thought: int, reply: int
) -> Iterator[InputLimit]:
    largest = model.input_limit(thinking)
    if max_input is not None:
        yield InputLimit(name="largest input", tokens=max_input, reason="the largest input asked")
    elif largest is not None and not model.only_context:
        reason = f"the largest input of {largest:,} tokens"
        yield InputLimit(name="largest input", tokens=largest, reason=reason)
    context = model.context_tokens
    if context is None or (max_input is not None and not thought and not reply):
        return
    parts = ((thought, "chain of thought"), (reply, "the reply"))
    kept = " and ".join(f"{tokens:,} for {what}" for tokens, what in parts if tokens)
    reason = f"the context of {context:,} tokens" + (f", less {kept}" if kept else "")
    yield InputLimit(name="context", tokens=context - thought - reply, reason=reason)


def _asked_limits(
    model: ModelSpec,
    budget: int | None,
    price_cap: float | None,
    deployment: str | None,
    currency: str | None,
) -> Iterator[InputLimit]:
    if budget is not None:
        yield InputLimit(name="budget", tokens=budget, reason="the budget asked for")
    if price_cap is not None:
        paid = tokens_within_price(model, price_cap, deployment, currency)
        reason = f"what {price_cap:g} pays for at list price"
        yield InputLimit(name="price", tokens=paid, reason=reason)


def _crowded(model: ModelSpec, room: int, thinking: bool | None) -> Iterator[str]:
    """Say where a full input leaves too little of the context for the longest answer."""
    context = model.context_tokens
    if context is None or room + longest_answer(model, thinking) <= context:
        return
    yield (
        f"a full input of {room:,} leaves {max(context - room, 0):,} tokens of the context of "
        f"{context:,} for chain of thought and reply; `thinking_tokens` and `reply_tokens` keep "
        "room for them"
    )
