from dataclasses import replace

import pytest

from vlprep import get_model
from vlprep.count.prices import (
    Billed,
    conversation,
    input_prices,
    prices_of,
    tokens_within_price,
)
from vlprep.errors import ConstraintError, UnknownFactError


def prices(model, tokens, deployment=None):
    return [
        (p.currency, p.amount, p.tier) for p in input_prices(get_model(model), tokens, deployment)
    ]


@pytest.mark.parametrize(
    ("model", "tokens", "deployment", "expected"),
    [
        ("qvq-max", 1_000_000, None, [("USD", 1.2, None)]),
        ("qvq-max", 0, None, [("USD", 0.0, None)]),
        ("qvq-max", 1_000_000, "china", [("USD", 1.147, None), ("CNY", 8.0, None)]),
        ("qvq-plus", 1000, None, [("CNY", 0.002, None), ("USD", 0.000287, None)]),
        ("qwen3-vl-plus", 10_000, "international", [("USD", 0.002, "32K")]),
        ("qwen3-vl-plus", 100_000, "international", [("USD", 0.03, "128K")]),
        ("qwen3-vl-plus", 200_000, "international", [("USD", 0.12, "256K")]),
    ],
)
def test_prices(model, tokens, deployment, expected):
    got = prices(model, tokens, deployment)
    assert [(currency, tier) for currency, _, tier in got] == [(c, t) for c, _, t in expected]
    assert [amount for _, amount, _ in got] == pytest.approx([amount for _, amount, _ in expected])


@pytest.mark.parametrize(
    ("tokens", "tiers"),
    [
        (32_000, ["32K"]),
        (32_001, ["128K", "32K"]),  # K may be 1,000 or 1,024: both are told
        (32_768, ["128K", "32K"]),
        (32_769, ["128K"]),
        (256_000, ["256K"]),
        (262_144, ["256K"]),
        (262_145, []),
    ],
)
def test_both_readings_of_a_bound_are_told(tokens, tiers):
    assert [tier for _, _, tier in prices("qwen3-vl-plus", tokens, "international")] == tiers


def test_where_no_source_states_a_price_there_is_none():
    assert prices("qvq-72b-preview", 1000) == []
    assert prices("Qwen/Qwen3-VL-8B-Instruct", 1000, "china") == []


def test_a_model_that_is_not_served_abroad_is_priced_where_it_is_listed_first():
    model = get_model("qvq-max")
    at_home = [price for price in model.prices if price.deployment == "china"]
    elsewhere = [replace(price, deployment="moon") for price in at_home]
    model = replace(model, prices=(*at_home, *elsewhere))
    assert {price.deployment for price in input_prices(model, 1000)} == {"china"}
    assert {price.deployment for price in input_prices(model, 1000, "moon")} == {"moon"}


def test_a_place_without_price_is_refused_and_the_others_named():
    with pytest.raises(ConstraintError, match="'mars'; there is international, china"):
        prices("qvq-max", 1000, "mars")


def test_every_price_has_a_date_and_sources():
    (price,) = input_prices(get_model("qvq-max"), 1000)
    assert price.as_of == "2026-01"
    assert price.sources == ("P1",)
    assert price.deployment == "international"


@pytest.mark.parametrize(
    ("model", "amount", "asked", "tokens"),
    [
        ("qvq-max", 1.2, {}, 1_000_000),
        ("qvq-max", 0, {}, 0),
        ("qvq-max", 8.0, {"deployment": "china", "currency": "CNY"}, 1_000_000),
        ("qwen3-vl-plus", 0.002, {}, 10_000),
        ("qwen3-vl-plus", 0.0065, {}, 32_000),  # beyond it the dearer class may count
        ("qwen3-vl-plus", 0.03, {}, 100_000),
        ("qwen3-vl-plus", 1000, {}, 262_144),  # no price is listed beyond
    ],
)
def test_what_a_price_pays_for(model, amount, asked, tokens):
    spec = get_model(model)
    assert tokens_within_price(spec, amount, **asked) == tokens
    deployment, currency = asked.get("deployment"), asked.get("currency", "USD")
    for paid, within in ((tokens, True), (tokens + 1, False)):
        found = input_prices(spec, paid, deployment)
        amounts = [price.amount for price in found if price.currency == currency]
        assert (bool(amounts) and max(amounts) <= amount) == within


@pytest.mark.parametrize(
    ("model", "amount", "asked", "error", "message"),
    [
        ("qvq-max", 1, {"deployment": "china"}, ConstraintError, "CNY, USD; choose one"),
        ("qvq-max", 1, {"currency": "EUR"}, ConstraintError, "there is USD"),
        ("qvq-max", -1, {}, ConstraintError, "0 or more"),
        ("qvq-max", float("nan"), {}, ConstraintError, "0 or more"),
        ("Qwen/Qwen3-VL-8B-Instruct", 1, {}, UnknownFactError, "`price_cap`"),
    ],
)
def test_prices_that_pay_for_nothing_known(model, amount, asked, error, message):
    with pytest.raises(error, match=message):
        tokens_within_price(get_model(model), amount, **asked)


# Requests as they are billed.


def test_a_conversation_of_five_rounds_with_two_images_and_a_clip():
    # Media 393 + 393 + 1,497 tokens; each round 40 of text, 300 of reply, 500 of thought.
    rounds = conversation(
        393 + 393 + 1497, rounds=5, text_tokens=40, reply_tokens=300, thinking_tokens=500
    )
    ledger = [  # input with the history of replies, output with the thought
        (2283 + 40, 800),
        (2283 + 40 + 300 + 40, 800),
        (2283 + 40 + 300 + 40 + 300 + 40, 800),
        (2283 + 4 * 40 + 3 * 300, 800),
        (2283 + 5 * 40 + 4 * 300, 800),
    ]
    assert [(one.input_tokens, one.output_tokens) for one in rounds] == ledger
    assert [one.repeated_tokens for one in rounds] == [0, *(tokens for tokens, _ in ledger[:-1])]
    (price,) = prices_of(get_model("qvq-max"), rounds)
    inputs = 2323 + 2663 + 3003 + 3343 + 3683
    assert price.amount == pytest.approx(inputs * 1.2e-6 + 4000 * 4.8e-6)
    assert price.output_amount == pytest.approx(4000 * 4.8e-6)


def test_each_request_is_of_a_class_of_its_own():
    requests = [Billed(input_tokens=10_000), Billed(input_tokens=100_000)]
    (price,) = prices_of(get_model("qwen3-vl-plus"), requests)
    assert price.amount == pytest.approx(10_000 * 0.2e-6 + 100_000 * 0.3e-6)
    assert price.tier == "32K and 128K"
    (together,) = prices_of(get_model("qwen3-vl-plus"), [Billed(input_tokens=110_000)])
    assert together.amount == pytest.approx(110_000 * 0.3e-6)


def test_discounts_are_those_that_a_source_states():
    rounds = conversation(1000, rounds=2, reply_tokens=100)
    model = get_model("qwen-vl-max")
    (batch,) = prices_of(model, rounds, "china", batch=True)
    assert (batch.currency, batch.sources) == ("CNY", ("P8",))
    assert batch.amount == pytest.approx((1000 + 1100) * 0.0008e-3 + 200 * 0.002e-3)
    (cached,) = prices_of(model, rounds, "china", cached=True)
    new, repeated = 1000 + 100, 1000
    assert cached.amount == pytest.approx(new * 0.0016e-3 + repeated * 0.00032e-3 + 200 * 0.004e-3)
    with pytest.raises(UnknownFactError, match="a price of batches"):
        prices_of(get_model("qvq-max"), rounds, batch=True)


def test_no_request_costs_nothing():
    assert {price.amount for price in prices_of(get_model("qvq-max"), [])} == {0.0}
