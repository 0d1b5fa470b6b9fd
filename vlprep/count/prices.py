"""List prices of requests: estimates with place, currency and date, never converted."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TypedDict

from vlprep.display import brief
from vlprep.errors import ConstraintError, UnknownFactError
from vlprep.models.registry import find_source
from vlprep.models.spec import ModelSpec, Price, PriceTier

PREFERRED_DEPLOYMENT = "international"
"""Where prices are looked up when no deployment is named and the model is served there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """The tokens of one request, as they are billed."""

    input_tokens: int
    """Media, text and the history that goes along."""
    output_tokens: int = 0
    """Chain of thought and reply."""
    repeated_tokens: int = 0
    """How much of the input the request before it had too, which a cache may hold."""


_MOST_ROUNDS = 10_000
"""Rounds that are billed one by one."""


class ConversationKeywords(TypedDict, total=False):
    """Keywords of `conversation`."""

    rounds: int
    text_tokens: int
    reply_tokens: int
    thinking_tokens: int


def conversation(
    media_tokens: int,
    *,
    rounds: int = 1,
    text_tokens: int = 0,
    reply_tokens: int = 0,
    thinking_tokens: int = 0,
) -> tuple[Billed, ...]:
    """Return the requests of a conversation about the same media, round by round.

    Media go along with the first message and stay. A round adds `text_tokens` of text and
    `reply_tokens` of reply to what the next has as history; the chain of thought is billed as
    output and does not go along, as the guides of S000 to S003 ask. Raises `ConstraintError` for
    more rounds than anybody has.

    >>> [(one.input_tokens, one.output_tokens) for one in conversation(
    ...     1000, rounds=3, text_tokens=10, reply_tokens=50, thinking_tokens=200)]
    [(1010, 250), (1070, 250), (1130, 250)]
    """
    if not 1 <= rounds <= _MOST_ROUNDS:
        raise ConstraintError(f"`rounds` must be 1 to {_MOST_ROUNDS:,}, got {rounds:,}")
    step = text_tokens + reply_tokens
    inputs = [media_tokens + text_tokens + step * k for k in range(rounds)]
    before = [0, *inputs]
    output = reply_tokens + thinking_tokens
    return tuple(
        Billed(input_tokens=tokens, output_tokens=output, repeated_tokens=repeated)
        for tokens, repeated in zip(inputs, before, strict=False)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEstimate:
    """List price of one request, or of several together."""

    deployment: str
    """Where the model runs."""
    currency: str
    """ISO code."""
    amount: float
    """Price in that currency, input and output."""
    output_amount: float
    """What of it is for chain of thought and reply."""
    tier: str | None
    """Length class of the requests that the price is for, as the page writes it."""
    as_of: str
    """Date of the newest source."""
    sources: tuple[str, ...]
    """Where the price was read."""

    def __repr__(self) -> str:
        amount = f"{self.amount:.3g} {self.currency}"
        return brief(self, amount, self.deployment, f"as of {self.as_of}")


def input_prices(
    model: ModelSpec, tokens: int, deployment: str | None = None
) -> tuple[PriceEstimate, ...]:
    """Estimate what `tokens` input tokens of one request cost, as `prices_of` does.

    >>> from vlprep import get_model
    >>> [(p.currency, p.amount, p.as_of) for p in input_prices(get_model("qvq-max"), 1_000_000)]
    [('USD', 1.2, '2026-01')]
    """
    return prices_of(model, [Billed(input_tokens=tokens)], deployment)


def prices_of(
    model: ModelSpec,
    requests: Sequence[Billed],
    deployment: str | None = None,
    *,
    batch: bool = False,
    cached: bool = False,
    times: Iterable[int] | None = None,
) -> tuple[PriceEstimate, ...]:
    """Estimate what requests cost together, in each known currency.

    `times` says how often each of them is sent, by default once.

    Empty where the catalogue has no price. Pages write the bounds of length classes as "32K"
    without saying whether K is 1,000 or 1,024; where that matters there are both prices. `batch`
    asks for the price of batches, `cached` for that of a history which the cache holds.

    Raises `ConstraintError` for a deployment where the model has no price though it has elsewhere,
    and `UnknownFactError` for a discount that no source states.

    >>> from vlprep import get_model
    >>> rounds = conversation(100_000, rounds=2, reply_tokens=1000)
    >>> [(p.currency, p.amount) for p in prices_of(get_model("qvq-max"), rounds)]
    [('USD', 0.2508)]
    """
    listed = [price for price in model.prices if price.deployment == _place(model, deployment)]
    sent = list(zip(requests, repeat(1) if times is None else times, strict=False))
    found = dict.fromkeys(
        estimate
        for price in listed
        for kilo in (1000, 1024)
        if (estimate := _estimate(price, sent, kilo, batch, cached)) is not None
    )
    if listed and requests and not found and (batch or cached):
        asked = " and ".join(["a price of batches"] * batch + ["a price of cached input"] * cached)
        raise UnknownFactError(model.name, asked, "leave the discount out")
    return tuple(found)


def _place(model: ModelSpec, deployment: str | None) -> str | None:
    places = tuple(dict.fromkeys(price.deployment for price in model.prices))
    if deployment is None and places:
        return PREFERRED_DEPLOYMENT if PREFERRED_DEPLOYMENT in places else places[0]
    if places and deployment not in places:
        known = ", ".join(places)
        raise ConstraintError(f"no price of {model.name} in {deployment!r}; there is {known}")
    return deployment


def _estimate(
    price: Price, sent: Sequence[tuple[Billed, int]], kilo: int, batch: bool, cached: bool
) -> PriceEstimate | None:
    """Price requests with K as so many; `None` where no class or no discount is stated."""
    amounts, outputs, names = 0.0, 0.0, dict[str | None, None]()
    for request, times in sent:
        tier = _tier(price, request.input_tokens, kilo)
        rates = _rates(tier, batch, cached) if tier else None
        if tier is None or rates is None:
            return None
        new, repeated, output = rates
        outputs += times * request.output_tokens * output
        amounts += times * (request.input_tokens - request.repeated_tokens) * new
        amounts += times * request.repeated_tokens * repeated
        names[tier.up_to] = None
    dates = (source.date for source in map(find_source, price.sources) if source)
    return PriceEstimate(
        deployment=price.deployment,
        currency=price.currency,
        amount=round((amounts + outputs) / price.per_tokens, 9),
        output_amount=round(outputs / price.per_tokens, 9),
        tier=" and ".join(name for name in names if name) or None,
        as_of=max(dates, default=""),
        sources=price.sources,
    )


def _rates(tier: PriceTier, batch: bool, cached: bool) -> tuple[float, float, float] | None:
    """Return the rates of new input, of repeated input and of output; `None` if one is unknown."""
    new = tier.batch_input if batch else tier.input
    output = tier.batch_output if batch else tier.output
    repeated = tier.cached_input if cached else new
    return None if new is None or output is None or repeated is None else (new, repeated, output)


def _tier(price: Price, tokens: int, kilo: int) -> PriceTier | None:
    fitting = (t for t in price.tiers if t.up_to is None or tokens <= _bound(t.up_to, kilo))
    return next(fitting, None)


def _bound(text: str, kilo: int) -> int:
    return int(text.removesuffix("K")) * kilo if text.endswith("K") else int(text)


def tokens_within_price(
    model: ModelSpec, amount: float, deployment: str | None = None, currency: str | None = None
) -> int:
    """Return the most input tokens of one request that cost no more than `amount` at list price.

    The price is in the deployment's own currency; where it is listed in several, `currency`, an ISO
    code, says which. Where pages leave open which class a request belongs to, the dearer counts.

    Raises `UnknownFactError` where no source states a price, and `ConstraintError` for a deployment
    or a currency without one, for a choice of currencies left open, and for an amount below 0.

    >>> from vlprep import get_model
    >>> tokens_within_price(get_model("qvq-max"), 0.03)
    25000
    """
    if not amount >= 0:
        raise ConstraintError(f"a price must be 0 or more, got {amount:g}")
    currencies = sorted({price.currency for price in input_prices(model, 1, deployment)})
    if not currencies:
        raise UnknownFactError(model.name, "a price", "leave `price_cap` out")
    known = ", ".join(currencies)
    if currency is None and len(currencies) > 1:
        raise ConstraintError(f"prices are listed in {known}; choose one with `currency`")
    if currency is not None and currency not in currencies:
        raise ConstraintError(f"no price of {model.name} in {currency!r}; there is {known}")

    chosen = currency or currencies[0]

    def too_dear(tokens: int) -> bool:
        found = input_prices(model, tokens, deployment)
        amounts = [price.amount for price in found if price.currency == chosen]
        return not amounts or max(amounts) > amount

    return max(bisect_left(range(_MOST_TOKENS), True, key=too_dear) - 1, 0)


_MOST_TOKENS = 1 << 40
"""More than any input; where the search for a price ends."""
