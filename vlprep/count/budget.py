"""How many tokens media may take in one request: every limit that is known, and which one binds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, TypedDict

from vlprep.count.prices import input_prices, tokens_within_price
from vlprep.display import brief
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
    is_excluded: bool = False
    """Whether the input must stay under the number, and may not come to it."""

    def __repr__(self) -> str:
        return brief(self, f"{self.name}: {self.tokens:,} tokens")

    @property
    def most(self) -> int:
        """The most tokens that an input may have."""
        return self.tokens - self.is_excluded


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
    """Input, chain of thought and reply together; `None` where nothing states it."""
    notes: tuple[str, ...] = ()
    """What else may bind."""

    def __repr__(self) -> str:
        return brief(self, f"{self.available:,} tokens for media", self.binding.reason)

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

    def to_dict(self) -> dict[str, Any]:
        """Return the documented JSON: what is available, its parts, and which limit binds."""
        parts = ("available", "text", "reserve", "thinking", "reply")
        return {
            **{name: getattr(self, name) for name in parts},
            "binding": self.binding.name,
            "limits": [asdict(limit) for limit in self.limits],
        }


class BudgetKeywords(TypedDict, total=False):
    """Keywords of `token_budget`."""

    max_input: int | None
    max_model_len: int | None
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
    max_model_len: int | None = None,
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

    The input must stay within the model's largest, which `max_input` replaces, `budget`, what
    `price_cap` pays for at list price, and what the context, which `max_model_len` replaces, leaves
    beside `thinking_tokens` and `reply_tokens`. `reserve` and `text_tokens` are taken off it. The
    documented largest input of an API model may not be reached, as the guides say (S002, S004); all
    other limits may: of the context of open weights no source says otherwise.

    Without `thinking_tokens` and `reply_tokens` no room is kept for chain of thought and reply, as
    the documented largest input counts whatever they may be; where the model's own maxima would not
    fit beside it, a note says so. So does one where they change nothing, as no context is known.

    Raises `UnknownFactError` when no limit is known and none is given, or a price is asked for that
    no source states; `BudgetError` when nothing is left; `ConstraintError` for thinking that the
    model cannot do, and the errors of `tokens_within_price`.

    >>> from vlprep import get_model
    >>> token_budget(get_model("qwen3-vl-plus"), reply_tokens=32_768).binding.reason
    'the context of 262,144 tokens, less 32,768 for the reply'
    """
    kept = {"thinking_tokens": thinking_tokens or 0, "reply_tokens": reply_tokens or 0}
    limits = [
        *_model_limits(model, max_input, max_model_len, thinking, *kept.values()),
        *_asked_limits(model, budget, price_cap, deployment, currency),
    ]
    if not limits:
        remedy = "give one with `max_input`, or both prompt and reply with `max_model_len`"
        raise UnknownFactError(model.name, "its largest input", remedy)
    limits.sort(key=lambda limit: limit.most)
    reserved, room = reserve + text_tokens, limits[0].most
    if room <= reserved:
        taken = f"{reserved:,} tokens are reserved of {room:,}, "
        problem = f"{taken if room > 0 else 'nothing is left of '}{limits[0].reason}"
        raise BudgetError(reserved, room, problem)
    context = model.context_tokens if max_model_len is None else max_model_len
    longest = longest_answer(model, thinking)
    keeps_room = thinking_tokens is not None or reply_tokens is not None
    return TokenBudget(
        available=room - reserved,
        limits=tuple(limits),
        text=text_tokens,
        reserve=reserve,
        thinking=kept["thinking_tokens"],
        reply=kept["reply_tokens"],
        context=context,
        notes=tuple(_unused(context, kept) if keeps_room else _crowded(context, room, longest)),
    )


def largest_input(
    model: ModelSpec,
    *,
    budget: int | None = None,
    max_input: int | None = None,
    max_model_len: int | None = None,
    thinking: bool | None = None,
) -> InputLimit | None:
    """Return the limit on one input that is documented, or given in its place; `None`: neither.

    A `budget` that is less is the limit.

    >>> from vlprep import get_model
    >>> largest_input(get_model("qvq-max")).most
    106495
    """
    limits = [
        *_model_limits(model, max_input, max_model_len, thinking, 0, 0),
        *_asked_limits(model, budget, None, None, None),
    ]
    return min(limits, key=lambda limit: limit.most, default=None)


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
    model: ModelSpec,
    max_input: int | None,
    max_model_len: int | None,
    thinking: bool | None,
    thought: int,
    reply: int,
) -> Iterator[InputLimit]:
    name, largest, is_api = "largest input", model.input_limit(thinking), model.kind == "api"
    if max_input is not None:
        yield InputLimit(name=name, tokens=max_input, reason="the largest input asked")
    elif largest is not None and not model.only_context:
        reason = f"the largest input of {largest:,} tokens"
        yield InputLimit(name=name, tokens=largest, reason=reason, is_excluded=is_api)
    context = max_model_len
    if context is None and (max_input is None or thought or reply):
        context = model.context_tokens
    if context is None:
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
    elif deployment is not None:
        input_prices(model, 1, deployment)  # one that there is not is refused all the same


def _crowded(context: int | None, room: int, longest: int) -> Iterator[str]:
    """Say where a full input leaves too little of the context for the longest answer."""
    if context is None or room + longest <= context:
        return
    yield (
        f"a full input of {room:,} leaves {max(context - room, 0):,} tokens of the context of "
        f"{context:,} for chain of thought and reply; `thinking_tokens` and `reply_tokens` keep "
        "room for them"
    )


def _unused(context: int | None, kept: dict[str, int]) -> Iterator[str]:
    """Say of room that was asked for where it cannot be kept."""
    asked = " and ".join(f"`{name}` {tokens:,}" for name, tokens in kept.items() if tokens)
    if context is None and asked:
        yield (
            f"{asked}: nothing is kept, as the context, prompt and reply together, is not known; "
            "`max_model_len` states it"
        )
