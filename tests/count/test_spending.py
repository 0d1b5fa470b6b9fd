from dataclasses import replace

import pytest

from vlprep import get_model
from vlprep.count.spending import share_of_input, spending
from vlprep.errors import BudgetError, ConstraintError, UnknownFactError


@pytest.mark.parametrize(
    ("model", "asked", "available", "binding"),
    [
        ("qwen3-vl-plus", {}, 262_144 - 32_768, "context"),
        ("qwen3-vl-plus", {"reply_tokens": 0}, 260_096, "largest input"),
        ("qwen3-vl-plus", {"reply_tokens": 1000, "reserve": 96}, 260_000, "largest input"),
        ("qwen3-vl-plus", {"thinking": True}, 262_144 - 81_920 - 32_768, "context"),
        ("qwen3-vl-plus", {"thinking": True, "thinking_tokens": 0, "reply_tokens": 0}, 258_048,
         "largest input"),
        ("qwen3-vl-plus", {"budget": 1000, "reserve": 100}, 900, "budget"),
        ("qwen3-vl-plus", {"budget": 10**9}, 229_376, "context"),
        ("qvq-max", {}, 106_496, "largest input"),  # and exactly what the context leaves
        ("qvq-max", {"price_cap": 0.03}, 25_000, "price"),
        ("Qwen/Qwen2-VL-7B-Instruct", {"budget": 5000}, 5000, "budget"),
    ],
)  # fmt: skip
def test_what_may_be_spent(model, asked, available, binding):
    allowed = spending(get_model(model), **asked)
    assert (allowed.available, allowed.binding.name) == (available, binding)
    tokens = [limit.tokens for limit in allowed.limits]
    assert tokens == sorted(tokens)


def test_the_context_says_what_it_keeps_room_for():
    limits = spending(get_model("qwen3-vl-plus"), thinking=True).limits
    assert limits[0].reason == (
        "the context of 262,144 tokens, less 81,920 for chain of thought and 32,768 for the reply"
    )


def test_a_context_alone_is_a_limit():
    model = replace(get_model("qvq-max"), max_input_tokens=None, max_input_thinking_tokens=None)
    allowed = spending(model, thinking_tokens=0, reply_tokens=0)
    assert [limit.name for limit in allowed.limits] == ["context"]
    assert allowed.available == 131_072


@pytest.mark.parametrize(
    ("model", "asked", "error", "message"),
    [
        ("Qwen/Qwen2-VL-7B-Instruct", {}, UnknownFactError, "give one with --budget"),
        ("qvq-max", {"budget": 100, "reserve": 100}, BudgetError, "100 tokens are reserved of 100"),
        ("qvq-max", {"reply_tokens": 200_000}, BudgetError, "200,000 for the reply"),
        ("qvq-max", {"thinking": False}, ConstraintError, "always thinks"),
    ],
)
def test_what_cannot_be(model, asked, error, message):
    with pytest.raises(error, match=message):
        spending(get_model(model), **asked)


def test_a_share_is_of_the_largest_input():
    model = get_model("qwen3-vl-plus")
    assert share_of_input(model, 0.5) == 130_048
    assert share_of_input(model, 0.5, thinking=True) == 129_024
    with pytest.raises(UnknownFactError, match="give the budget in tokens"):
        share_of_input(get_model("Qwen/Qwen2-VL-7B-Instruct"), 0.5)
