"""How many tokens a plan may spend on media, and which of several limits is the tightest.

Other than `vlprep.count.budget`, which takes what the caller says, a plan leaves room for the
longest chain of thought and the longest reply unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
class Spending:
    """What the media of one request may cost."""

    available: int
    """Tokens for media."""
    reserved: int
    """Tokens of the input that are kept for text and the like."""
    limits: tuple[InputLimit, ...]
    """All limits that are known, the tightest first."""

    @property
    def binding(self) -> InputLimit:
        """The tightest limit."""
        return self.limits[0]


def spending(
    model: ModelSpec,
    *,
    budget: int | None = None,
    reserve: int = 0,
    thinking: bool | None = None,
    thinking_tokens: int | None = None,
    reply_tokens: int | None = None,
    price_cap: float | None = None,
    deployment: str | None = None,
    currency: str | None = None,
) -> Spending:
    """Return what a request to `model` may spend on media, in tokens, and what bounds it.

    The input may not exceed the model's largest, nor `budget`, nor what `price_cap` pays for at
    list price, nor what the context leaves beside chain of thought and reply. Of these two the
    longest that the model can make are taken where `thinking_tokens` and `reply_tokens` do not say
    less. `reserve` tokens of the input are kept for text.

    Raises `UnknownFactError` when no limit is known and none is given, or a price is asked for that
    no source states; `BudgetError` when nothing is left; `ConstraintError` for thinking that the
    model cannot do, and the errors of `tokens_within_price`.

    >>> from vlprep import get_model
    >>> allowed = spending(get_model("qwen3-vl-plus"), reserve=100)
    >>> allowed.available, allowed.binding.name
    (229276, 'context')
    >>> spending(get_model("qwen3-vl-plus"), reply_tokens=0).binding.reason
    'the largest input of 260,096 tokens'
    """
    limits = [*_model_limits(model, thinking, thinking_tokens, reply_tokens)]
    if budget is not None:
        limits.append(InputLimit(name="budget", tokens=budget, reason="the budget asked for"))
    if price_cap is not None:
        paid = tokens_within_price(model, price_cap, deployment, currency)
        reason = f"what {price_cap:g} pays for at list price"
        limits.append(InputLimit(name="price", tokens=paid, reason=reason))
    if not limits:
        raise UnknownFactError(model.name, "its largest input", "give one with --budget")
    limits.sort(key=lambda limit: limit.tokens)
    available = limits[0].tokens - reserve
    if available <= 0:
        room = limits[0].tokens
        raise BudgetError(
            reserve, room, f"{reserve:,} tokens are reserved of {room:,}, {limits[0].reason}"
        )
    return Spending(available=available, reserved=reserve, limits=tuple(limits))


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


def _model_limits(
    model: ModelSpec, thinking: bool | None, thinking_tokens: int | None, reply_tokens: int | None
) -> Iterator[InputLimit]:
    largest = model.input_limit(thinking)
    if largest is not None and not model.only_context:
        reason = f"the largest input of {largest:,} tokens"
        yield InputLimit(name="largest input", tokens=largest, reason=reason)
    if model.context_tokens is None:
        return
    thought = thinking_tokens
    if thought is None:
        thought = (model.max_thinking_tokens or 0) if model.thinks(thinking) else 0
    reply = (model.max_reply_tokens or 0) if reply_tokens is None else reply_tokens
    parts = ((thought, "chain of thought"), (reply, "the reply"))
    kept = " and ".join(f"{tokens:,} for {what}" for tokens, what in parts if tokens)
    reason = f"the context of {model.context_tokens:,} tokens" + (f", less {kept}" if kept else "")
    yield InputLimit(name="context", tokens=model.context_tokens - thought - reply, reason=reason)
