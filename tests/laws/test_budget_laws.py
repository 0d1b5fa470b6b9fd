"""Laws of fitting: budgets are kept, splits are the shortest, the search finds the largest."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.laws.strategies import ordinary, sides
from vlprep import (
    ImageInfo,
    ImageSize,
    fit_images,
    image_tokens,
    image_tokens_batch,
    token_budget,
)
from vlprep.errors import AspectRatioError, ResizeError

MODELS = ("qvq-max", "qwen3-vl-plus", "qwen-vl-max", "Qwen/Qwen3-VL-8B-Instruct")


@st.composite
def nearly_square(draw: st.DrawFn) -> tuple[int, int]:
    """Draw a size of at most 3:1, of which no side is floored to 0, however low the limit.

    What narrower pictures do to the search is in tests/plan/test_fit.py.
    """
    short = draw(st.one_of(st.integers(32, 8000), st.integers(3, 600).map(lambda n: n * 14)))
    long = draw(st.integers(short, 3 * short))
    return draw(st.sampled_from([(short, long), (long, short)]))


fitting_sizes = st.lists(nearly_square(), min_size=1, max_size=30)


def fit(sizes, model, available):
    pictures = [ImageInfo(size=ImageSize(*map(int, size)), format="JPEG") for size in sizes]
    return fit_images(pictures, model, max_input=available)


@given(fitting_sizes, st.sampled_from(MODELS), st.integers(10, 60_000))
def test_the_largest_limit_for_all_fits_and_one_pixel_more_does_not(sizes, model, available):
    plan = fit(sizes, model, available)
    if plan.max_pixels_for_all is None:
        lowest = lowest_limit(model)
        assert plan.total_tokens <= available or total(sizes, model, lowest) > available
    else:
        assert plan.total_tokens > available
        assert total(sizes, model, plan.max_pixels_for_all) <= available
        assert total(sizes, model, plan.max_pixels_for_all + 1) > available


def lowest_limit(model):
    # The documented floor, or where there is none the model's own lower limit.
    return {
        "qvq-max": 3136, "qwen3-vl-plus": 4096, "qwen-vl-max": 4096,
        "Qwen/Qwen3-VL-8B-Instruct": 65536,
    }[model]  # fmt: skip


def total(sizes, model, max_pixels):
    return sum(image_tokens(size, model, max_pixels=max_pixels).total for size in sizes)


narrow_sizes = st.lists(
    st.tuples(st.integers(11, 70), st.integers(11, 9000)).filter(ordinary), min_size=1, max_size=8
)


@given(
    narrow_sizes,
    st.sampled_from(("qvq-max", "qwen-vl-max", "Qwen/Qwen3-VL-8B-Instruct")),
    st.data(),
)
def test_no_limit_above_the_one_found_fits_narrow_pictures_either(sizes, model, data):
    """Low limits refuse narrow pictures, and a lifted side makes tokens fall.

    So limits are tried on a grid, and where each picture fits as it is, rounded to tokens.
    """
    side = 28 if model == "qvq-max" else 32
    lowest = lowest_limit(model)
    rows = np.array([*sizes, (600, 600)])
    whole = image_tokens_batch(rows, model)
    available = data.draw(st.integers(int(whole.sum()) // 3, max(int(whole.sum()) - 1, 1)))
    plan = fit(rows, model, available)
    found = plan.max_pixels_for_all

    def fits(limit):
        counts = image_tokens_batch(rows, model, max_pixels=limit)
        return bool((counts[whole > 0] > 0).all()) and int(counts.sum()) <= available

    if found is not None:
        assert fits(found)
    above = lowest if found is None else found + 1
    grid = range(lowest, 3000 * side**2, 37 * side**2 // 3)
    rounded = {max(round(h / side), 1) * max(round(w / side), 1) * side**2 for h, w in sizes}
    assert not any(fits(limit) for limit in {above, *grid, *rounded} if limit >= above)


@given(fitting_sizes, st.sampled_from(MODELS), st.integers(10, 60_000))
def test_a_plan_keeps_its_budget(sizes, model, available):
    plan = fit(sizes, model, available)
    assert plan.left_tokens >= 0
    assert plan.fits == len(sizes) or sum(plan.tokens[: plan.fits + 1]) > available
    assert plan.total_tokens == sum(plan.tokens) == total(sizes, model, None)
    assert all(sum(plan.tokens[k] for k in request) <= available for request in plan.requests)
    placed = [k for request in plan.requests for k in request]
    assert sorted([*placed, *plan.too_large]) == list(range(len(sizes)))


@given(
    st.lists(st.tuples(st.integers(-1, 9000), st.integers(0, 9000)), max_size=30),
    st.sampled_from(MODELS),
)
def test_a_batch_of_counts_equals_its_rows_and_refused_rows_are_zero(sizes, model):
    expected = []
    for size in sizes:
        try:
            expected.append(image_tokens(size, model).total)
        except (ResizeError, AspectRatioError):
            expected.append(0)
    rows = np.array(sizes, dtype=np.int64).reshape(-1, 2)
    assert image_tokens_batch(rows, model).tolist() == expected


@given(
    st.tuples(sides, sides).filter(ordinary),
    st.sampled_from(MODELS),
    st.integers(204_800, 17_000_000),
    st.integers(0, 1_000_000),
)
def test_tokens_never_fall_as_max_pixels_rises(size, model, max_pixels, more):
    # From 200 tokens on: below, see test_resize_laws on lifted sides.
    assume(min(size) > 10)
    counts = []
    for limit in (max_pixels, max_pixels + more):
        try:
            counts.append(image_tokens(size, model, max_pixels=limit).total)
        except ResizeError:
            counts.append(0)
    assert counts[0] <= counts[1]


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_what_is_reserved_and_what_is_available_make_up_the_input(reserve, text_tokens):
    budget = token_budget(max_input=300_000, reserve=reserve, text_tokens=text_tokens)
    assert budget.available + budget.reserved == 300_000
