from dataclasses import replace

import pytest

from vlprep import get_model, token_budget
from vlprep.count.budget import TokenBudget, largest_input, longest_answer, share_of_input
from vlprep.errors import BudgetError, ConstraintError, UnknownFactError, UnknownModelError


@pytest.mark.parametrize(
    ("model", "asked", "available"),
    [
        ("qvq-max", {}, 106_495),  # fewer than documented
        ("qvq-max", {"max_input": 98_304}, 98_304),
        ("qwen3-vl-plus", {}, 260_095),
        ("qwen3-vl-plus", {"thinking": True}, 258_047),
        ("qwen3-vl-plus", {"thinking": True, "text_tokens": 100}, 257_947),
        ("qwen3-vl-plus", {"reserve": 96, "text_tokens": 1000}, 258_999),
        # The context has to hold chain of thought and reply as well.
        ("qwen3-vl-plus", {"thinking": True, "thinking_tokens": 81_920}, 262_144 - 81_920),
        ("qwen3-vl-plus", {"reply_tokens": 32_768}, 262_144 - 32_768),
        (
            "qwen3-vl-plus",
            {"thinking": True, "thinking_tokens": 81_920, "reply_tokens": 32_768},
            262_144 - 81_920 - 32_768,
        ),
        ("qwen3-vl-plus", {"reply_tokens": 100}, 260_095),
        ("Qwen/Qwen3-VL-8B-Instruct", {"reply_tokens": 2000}, 260_144),
    ],
)
def test_budgets(model, asked, available):
    assert token_budget(model, **asked).available == available


def test_no_room_is_kept_that_nobody_asked_for():
    budget = token_budget("qwen3-vl-plus")
    assert (budget.text, budget.reserve, budget.thinking, budget.reply) == (0, 0, 0, 0)
    by_hand = TokenBudget(available=budget.available, limits=budget.limits)
    assert (by_hand.reserved, by_hand.thinking, by_hand.reply) == (0, 0, 0)


def test_the_longest_answer_is_thought_and_reply_as_far_as_they_are_known():
    model = get_model("qvq-max")
    assert longest_answer(model) == 16_384 + 8192
    assert longest_answer(replace(model, max_thinking_tokens=None)) == 8192
    assert longest_answer(replace(model, max_reply_tokens=None)) == 16_384
    assert longest_answer(get_model("qwen3-vl-plus"), thinking=False) == 32_768


def test_the_parts_are_told():
    budget = token_budget("qwen3-vl-plus", thinking=True, reserve=10, text_tokens=100)
    assert (budget.max_input, budget.reserved, budget.available) == (258_048, 110, 257_937)


def test_a_full_input_that_leaves_no_room_is_noted():
    note = token_budget("qwen3-vl-plus", thinking=True).notes[0]
    assert "leaves 4,097 tokens of the context of 262,144" in note
    assert token_budget("qvq-max").notes == ()  # 106,496 + 16,384 + 8,192 is the whole context


def test_room_that_is_kept_is_told_and_not_noted():
    budget = token_budget("qwen3-vl-plus", thinking_tokens=100, reply_tokens=32_768)
    assert (budget.thinking, budget.reply, budget.context) == (100, 32_768, 262_144)
    assert budget.notes == ()
    assert budget.binding.reason == (
        "the context of 262,144 tokens, less 100 for chain of thought and 32,768 for the reply"
    )


@pytest.mark.parametrize(
    ("model", "asked", "binding"),
    [
        ("qwen3-vl-plus", {}, "largest input"),
        ("qwen3-vl-plus", {"reply_tokens": 32_768}, "context"),
        ("qwen3-vl-plus", {"budget": 1000, "reserve": 100}, "budget"),
        ("qwen3-vl-plus", {"budget": 10**9}, "largest input"),
        ("qvq-max", {}, "largest input"),
        ("qvq-max", {"price_cap": 0.03}, "price"),
        ("Qwen/Qwen3-VL-8B-Instruct", {}, "context"),
        ("Qwen/Qwen2-VL-7B-Instruct", {"budget": 5000}, "budget"),
    ],
)
def test_the_tightest_limit_binds(model, asked, binding):
    budget = token_budget(model, **asked)
    tokens = [limit.most for limit in budget.limits]
    assert tokens == sorted(tokens)
    assert budget.binding.name == binding
    assert budget.available == tokens[0] - budget.reserved


def test_a_context_alone_is_a_limit():
    model = replace(get_model("qvq-max"), max_input_tokens=None, max_input_thinking_tokens=None)
    budget = token_budget(model)
    assert [limit.name for limit in budget.limits] == ["context"]
    assert budget.available == 131_072


def test_prompt_and_reply_together_are_one_number():
    together = token_budget("Qwen/Qwen2-VL-7B-Instruct", max_model_len=32_768, reply_tokens=30_000)
    assert (together.available, together.context, together.notes) == (2768, 32_768, ())
    assert together.binding.reason == "the context of 32,768 tokens, less 30,000 for the reply"
    # It takes the place of the documented context, and stands beside a largest input.
    assert token_budget("qwen3-vl-plus", max_model_len=5000).available == 5000
    both = token_budget("qwen3-vl-plus", max_model_len=5000, max_input=4000, reply_tokens=2000)
    assert [limit.most for limit in both.limits] == [3000, 4000]


def test_room_that_cannot_be_kept_is_said():
    asked = {"max_input": 32_768, "thinking_tokens": 5, "reply_tokens": 30_000}
    (note,) = token_budget("Qwen/Qwen2-VL-7B-Instruct", **asked).notes
    assert "`thinking_tokens` 5 and `reply_tokens` 30,000: nothing is kept" in note
    assert "`max_model_len`" in note
    asked["max_model_len"] = 40_000
    assert token_budget("Qwen/Qwen2-VL-7B-Instruct", **asked).notes == ()


@pytest.mark.parametrize("most", [{"max_input": 1000}, {"budget": 1000}, {"max_model_len": 1000}])
def test_less_than_the_maximum(most):
    for model in ("qvq-max", "Qwen/Qwen3-VL-8B-Instruct"):
        assert token_budget(model, **most).available == 1000  # a number of the caller's own
    documented = largest_input(get_model("qvq-max"))
    assert (documented.tokens, documented.most) == (106_496, 106_495)
    weights = largest_input(get_model("Qwen/Qwen3-VL-8B-Instruct"))
    assert weights.tokens == weights.most


def test_a_share_is_of_the_largest_input():
    model = get_model("qwen3-vl-plus")
    assert share_of_input(model, 0.5) == 130_048
    assert share_of_input(model, 0.5, thinking=True) == 129_024
    with pytest.raises(UnknownFactError, match="give the budget in tokens"):
        share_of_input(get_model("Qwen/Qwen2-VL-7B-Instruct"), 0.5)


def test_nothing_left_is_refused():
    with pytest.raises(BudgetError) as caught:
        token_budget("qvq-max", reserve=106_000, text_tokens=495)
    assert (caught.value.needed, caught.value.available) == (106_495, 106_495)
    with pytest.raises(BudgetError):
        token_budget("qwen3-vl-plus", thinking_tokens=200_000, reply_tokens=70_000)


def test_an_unknown_limit_has_to_be_given():
    with pytest.raises(UnknownFactError, match="`max_input`"):
        token_budget("qvq-72b-preview")
    assert token_budget("qvq-72b-preview", max_input=32_768).available == 32_768


def test_other_errors():
    with pytest.raises(UnknownModelError):
        token_budget("no-such-model")
    with pytest.raises(ConstraintError, match="always thinks"):
        token_budget("qvq-max", thinking=False)
    with pytest.raises(ConstraintError, match="cannot think"):
        token_budget("qwen-vl-max", thinking=True)


def test_a_reply_longer_than_the_context_leaves_nothing():
    reason = "nothing is left of the context of 262,144 tokens, less 300,000 for the reply"
    with pytest.raises(BudgetError, match=f"^{reason}$"):
        token_budget(get_model("Qwen/Qwen3-VL-8B-Instruct"), reply_tokens=300_000)
