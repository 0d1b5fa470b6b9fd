import pytest

from tests.places import FIXTURES
from vlprep import CountOptions, fit_images, get_model, image_tokens, token_budget
from vlprep.errors import BudgetError, ConstraintError, UnknownFactError, UnsupportedFormatError
from vlprep.plan.fit import fit_equal

PHOTO = FIXTURES / "photo.jpg"


def test_images_that_fit():
    fit = fit_images([PHOTO, FIXTURES / "photo.heic"], "qvq-max")
    assert fit.plan.tokens == (393, 101)
    assert fit.plan.fits == 2
    assert fit.plan.requests == ((0, 1),)
    assert fit.rules == "guide-2025-06"
    assert fit.plan.budget == token_budget("qvq-max")


def test_images_are_split_in_order():
    fit = fit_images([PHOTO] * 5, "qvq-max", budget=token_budget("qvq-max", max_input=800))
    assert fit.plan.fits == 2
    assert fit.plan.requests == ((0, 1), (2, 3), (4,))
    assert fit.plan.left_tokens == 800 - 2 * 393


def test_what_cannot_be_counted_is_reported_in_its_place_and_takes_no_part():
    sources = [PHOTO, "no-such.jpg", FIXTURES / "clip.mp4", FIXTURES / "animated.gif", PHOTO]
    fit = fit_images(sources, "qvq-max")
    assert len(fit.items) == 5
    assert [item.info.format for item in fit.counted] == ["JPEG", "JPEG"]
    assert fit.plan.requests == ((0, 1),)
    assert [fit.items[k].code for k in (1, 2, 3)] == [
        "not_found", "unsupported_format", "unsupported_format",
    ]  # fmt: skip
    assert isinstance(fit.items[2].error, UnsupportedFormatError)
    assert fit.items[2].error.format == "MP4"


def test_limits_reach_the_counting_and_the_search():
    fit = fit_images([PHOTO] * 4, "qvq-max", max_pixels=50_000)
    assert fit.plan.tokens == (image_tokens((480, 640), "qvq-max", max_pixels=50_000).total,) * 4
    other = fit_images([PHOTO], "qwen-vl-max", rules="guide-2025-06")
    assert (other.rules, other.plan.tokens) == ("guide-2025-06", (393,))


def test_no_images():
    fit = fit_images([], "qvq-max")
    assert (fit.items, fit.plan.fits) == ((), 0)


def test_errors_of_the_model_are_raised_not_reported():
    with pytest.raises(UnknownFactError):
        fit_images([PHOTO], "qvq-72b-preview")
    with pytest.raises(UnknownFactError):
        fit_images([PHOTO], "qwen-vl-ocr")
    with pytest.raises(ConstraintError):
        fit_images([PHOTO], "qvq-max", rules="no-such-rules")
    with pytest.raises(BudgetError):
        token_budget("qvq-max", reserve=106_496)


@pytest.mark.parametrize(
    ("model", "high_res", "fits", "left"),
    [("qvq-max", False, 86, 974), ("qvq-max", True, 50, 596), ("qwen3-vl-plus", False, 162, 572)],
)
def test_images_of_one_size(model, high_res, fits, left):
    options = CountOptions(high_res=high_res)
    fit = fit_equal((1280, 1280), get_model(model), token_budget(model), options)
    assert (fit.fits, fit.left_tokens) == (fits, left)
    assert fit.fits * fit.tokens.total + fit.left_tokens == fit.budget.available
