import pytest

from vlprep import image_tokens_batch, token_budget
from vlprep.count.budget import TokenBudget
from vlprep.errors import ConstraintError, UnknownFactError
from vlprep.plan.packing import fitting_prefix, plan_fit, split_in_order

# Laws, such as that no budget is exceeded, are in tests/laws/test_budget_laws.py.


def budget_of(tokens: int) -> TokenBudget:
    return TokenBudget(max_input=tokens, available=tokens)


@pytest.mark.parametrize(
    ("tokens", "available", "requests", "too_large"),
    [
        ([], 10, (), ()),
        ([5], 5, ((0,),), ()),
        ([6], 5, (), (0,)),
        ([4, 4, 9, 4], 8, ((0, 1), (3,)), (2,)),
        ([5, 5, 5], 10, ((0, 1), (2,)), ()),
        ([5, 6, 5], 10, ((0,), (1,), (2,)), ()),
        ([0, 5, 0], 5, ((1,),), ()),  # what cannot be seen costs nothing and goes nowhere
    ],
)
def test_splits(tokens, available, requests, too_large):
    assert split_in_order(tokens, available) == (requests, too_large)


@pytest.mark.parametrize(
    ("tokens", "available", "fits"),
    [([], 5, 0), ([5, 5], 4, 0), ([5, 5], 5, 1), ([5, 5], 9, 1), ([5, 5], 10, 2), ([9, 1], 5, 0)],
)
def test_prefixes(tokens, available, fits):
    assert fitting_prefix(tokens, available) == fits


def test_all_that_fits_needs_no_other_limit():
    plan = plan_fit([[1280, 1280]] * 86, "qvq-max", token_budget("qvq-max"))
    assert plan.fits == 86
    assert plan.requests == (tuple(range(86)),)
    assert plan.too_large == ()
    assert plan.max_pixels_for_all is None
    assert plan.total_tokens == 86 * 1227
    assert plan.left_tokens == 106_496 - 86 * 1227


def test_one_more_is_split_off_and_the_limit_for_all_is_told():
    sizes = [[1280, 1280]] * 87
    plan = plan_fit(sizes, "qvq-max", token_budget("qvq-max"))
    assert plan.fits == 86
    assert [len(request) for request in plan.requests] == [86, 1]
    largest = plan.max_pixels_for_all
    assert image_tokens_batch(sizes, "qvq-max", max_pixels=largest).sum() <= 106_496
    assert image_tokens_batch(sizes, "qvq-max", max_pixels=largest + 1).sum() > 106_496


def test_an_image_that_no_request_holds_is_named():
    plan = plan_fit([[100, 100], [1280, 1280], [100, 100]], "qvq-max", budget_of(1000))
    assert plan.fits == 1
    assert plan.requests == ((0, 2),)
    assert plan.too_large == (1,)


def test_the_caller_s_limits_are_those_of_the_search():
    budget = budget_of(10_000)
    plan = plan_fit([[1280, 1280]] * 20, "qvq-max", budget, max_pixels=600_000)
    assert 0 < plan.max_pixels_for_all < 600_000
    higher = plan_fit([[1280, 1280]] * 20, "qvq-max", budget, min_pixels=500_000)
    assert higher.max_pixels_for_all is None


def test_high_resolution_has_no_limit_to_search():
    plan = plan_fit([[1280, 1280]] * 60, "qvq-max", token_budget("qvq-max"), high_res=True)
    assert plan.fits == 50
    assert plan.max_pixels_for_all is None


def test_more_images_than_tokens_never_fit():
    plan = plan_fit([[100, 100]] * 60, "qvq-max", budget_of(100))
    assert plan.max_pixels_for_all is None


def test_no_images_fit_trivially():
    plan = plan_fit([], "qvq-max", budget_of(10))
    assert (plan.tokens, plan.fits, plan.requests, plan.left_tokens) == ((), 0, (), 10)


def test_a_size_that_no_model_sees_takes_no_part():
    plan = plan_fit([[0, 10], [100, 100]], "qvq-max", budget_of(100))
    assert plan.tokens == (0, 18)
    assert plan.requests == ((1,),)


def test_errors_are_those_of_counting():
    with pytest.raises(UnknownFactError):
        plan_fit([[10, 10]], "qwen-vl-ocr", budget_of(10))
    with pytest.raises(ConstraintError):
        plan_fit([[10, 10]], "qvq-max", budget_of(10), min_pixels=9, max_pixels=8)


def test_a_narrow_image_that_low_limits_refuse_does_not_end_the_search():
    sizes = [[1280, 1280]] * 100 + [[40, 2000]]
    assert image_tokens_batch(sizes, "qvq-max", max_pixels=840_000).min() > 0
    assert image_tokens_batch(sizes, "qvq-max", max_pixels=840_000).sum() <= 106_496
    plan = plan_fit(sizes, "qvq-max", token_budget("qvq-max"))
    assert plan.max_pixels_for_all is not None
    assert plan.max_pixels_for_all >= 840_000


def test_a_lifted_side_does_not_end_the_search():
    model, sizes = "Qwen/Qwen3-VL-8B-Instruct", [[17, 3200]] * 100 + [[1280, 1280]]
    assert image_tokens_batch(sizes, model, max_pixels=65_536).sum() > 10_302
    assert image_tokens_batch(sizes, model, max_pixels=102_400).sum() <= 10_302
    assert plan_fit(sizes, model, budget_of(10_302)).max_pixels_for_all is not None
