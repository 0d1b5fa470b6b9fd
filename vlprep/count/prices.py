"""List prices of input tokens: estimates with place, currency and date, never converted."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from vlprep.errors import ConstraintError, UnknownFactError
from vlprep.models.registry import find_source
from vlprep.models.spec import ModelSpec, Price, PriceTier

PREFERRED_DEPLOYMENT = "international"
"""Where prices are looked up when no deployment is named and the model is served there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEstimate:
    """List price of the input tokens of one request."""

    deployment: str
    """Where the model runs."""
    currency: str
    """ISO code."""
    amount: float
    """Price in that currency."""
    tier: str | None
    """Length class of the request that the price is for, as the page writes it."""
    as_of: str
    """Date of the newest source."""
    sources: tuple[str, ...]
    """Where the price was read."""


def input_prices(
    model: ModelSpec, tokens: int, deployment: str | None = None
) -> tuple[PriceEstimate, ...]:
    """Estimate what `tokens` input tokens of one request cost, in each known currency.

    Empty where the catalogue has no price. Pages write the bounds of length classes as "32K"
    without saying whether K is 1,000 or 1,024; a request in between gets both prices.

    Raises `ConstraintError` for a deployment where the model has no price though it has elsewhere.

    >>> from vlprep import get_model
    >>> [(p.currency, p.amount, p.as_of) for p in input_prices(get_model("qvq-max"), 1_000_000)]
    [('USD', 1.2, '2026-01')]
    """
    places = tuple(dict.fromkeys(price.deployment for price in model.prices))
    if not places:
        return ()
    if deployment is None:
        deployment = PREFERRED_DEPLOYMENT if PREFERRED_DEPLOYMENT in places else places[0]
    elif deployment not in places:
        known = ", ".join(places)
        raise ConstraintError(f"no price of {model.name} in {deployment!r}; there is {known}")
    return tuple(
        _estimate(price, tier, tokens)
        for price in model.prices
        if price.deployment == deployment
        for tier in _tiers(price, tokens)
    )


def _tiers(price: Price, tokens: int) -> list[PriceTier]:
    found = []
    for kilo in (1000, 1024):
        fitting = (t for t in price.tiers if t.up_to is None or tokens <= _bound(t.up_to, kilo))
        tier = next(fitting, None)
        if tier is not None and tier not in found:
            found.append(tier)
    return found


def _bound(text: str, kilo: int) -> int:
    return int(text.removesuffix("K")) * kilo if text.endswith("K") else int(text)


def _estimate(price: Price, tier: PriceTier, tokens: int) -> PriceEstimate:
    return PriceEstimate(
        deployment=price.deployment,
        currency=price.currency,
        amount=round(tokens * tier.input / price.per_tokens, 9),
        tier=tier.up_to,
        as_of=max(
            (source.date for source in map(find_source, price.sources) if source), default=""
        ),
        sources=price.sources,
    )


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
