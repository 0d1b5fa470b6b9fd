import pytest

from tests.places import FIXTURES
from vlprep import ImageInfo, ImageSize, fit_images, image_tokens, image_tokens_batch, token_budget
from vlprep.errors import BudgetError, ConstraintError, UnknownFactError, UnsupportedFormatError

# Laws, such as that no budget is exceeded, are in tests/laws/test_budget_laws.py.

PHOTO = FIXTURES / "photo.jpg"


def pictures(*sizes):
    return [ImageInfo(size=ImageSize(*size), format="JPEG") for size in sizes]


def test_images_that_fit():
    fit = fit_images([PHOTO, FIXTURES / "photo.heic"], "qvq-max")
    assert fit.tokens == (393, 101)
    assert fit.fits == 2
    assert fit.requests == ((0, 1),)
    assert fit.view.rules.name == "guide-2025-06"
    assert fit.budget == token_budget("qvq-max")
    assert repr(fit) == "ImageFit(2 of 2 images fit, 494 of 106,495 tokens)"


def test_images_are_split_in_order():
    fit = fit_images([PHOTO] * 5, "qvq-max", max_input=800)
    assert fit.fits == 2
    assert fit.requests == ((0, 1), (2, 3), (4,))
    assert fit.left_tokens == 800 - 2 * 393


@pytest.mark.parametrize("one", [PHOTO, str(PHOTO), PHOTO.read_bytes(), *pictures((480, 640))])
def test_one_image_is_one_image(one):
    assert fit_images(one, "qvq-max").tokens == (393,)


def test_what_cannot_be_counted_is_reported_in_its_place_and_takes_no_part():
    sources = [PHOTO, "no-such.jpg", FIXTURES / "clip.mp4", FIXTURES / "animated.gif", PHOTO]
    fit = fit_images(sources, "qvq-max")
    assert len(fit.items) == 5
    assert [item.info.format for item in fit.counted] == ["JPEG", "JPEG"]
    assert fit.requests == ((0, 1),)
    assert [fit.items[k].code for k in (1, 2, 3)] == [
        "not_found", "unsupported_format", "unsupported_format",
    ]  # fmt: skip
    assert isinstance(fit.items[2].error, UnsupportedFormatError)
    assert fit.items[2].error.format == "MP4"


def test_a_size_that_no_model_sees_takes_no_part():
    fit = fit_images(pictures((0, 10), (100, 100)), "qvq-max", max_input=100)
    assert (fit.tokens, fit.requests) == ((18,), ((0,),))
    assert fit.items[0].code == "resize"


def test_limits_reach_the_counting_and_the_search():
    fit = fit_images([PHOTO] * 4, "qvq-max", max_pixels=50_000)
    assert fit.tokens == (image_tokens((480, 640), "qvq-max", max_pixels=50_000).total,) * 4
    other = fit_images([PHOTO], "qwen-vl-max", rules="guide-2025-06")
    assert (other.view.rules.name, other.tokens) == ("guide-2025-06", (393,))
    many = pictures(*[(1280, 1280)] * 20)
    assert 0 < fit_images(many, max_pixels=600_000, max_input=5000).max_pixels_for_all < 600_000
    assert fit_images(many, min_pixels=500_000, max_input=5000).max_pixels_for_all is None


@pytest.mark.parametrize("high_res", [False, True])
def test_no_images(high_res):
    fit = fit_images([], "qvq-max", high_res=high_res)
    assert (fit.items, fit.fits, fit.requests) == ((), 0, ())
    assert fit.left_tokens == fit.budget.available


def test_errors_of_the_model_are_raised_not_reported():
    with pytest.raises(UnknownFactError):
        fit_images([PHOTO], "qvq-72b-preview")
    with pytest.raises(UnknownFactError):
        fit_images([PHOTO], "Qwen/Qwen3-VL-Reranker-8B")
    with pytest.raises(ConstraintError):
        fit_images([PHOTO], "qvq-max", rules="no-such-rules")
    with pytest.raises(ConstraintError):
        fit_images([PHOTO], "qvq-max", min_pixels=9, max_pixels=8)
    with pytest.raises(BudgetError):
        fit_images([PHOTO], "qvq-max", reserve=106_496)


def test_all_that_fits_needs_no_other_limit():
    fit = fit_images(pictures(*[(1280, 1280)] * 86), "qvq-max")
    assert fit.fits == 86
    assert fit.requests == (tuple(range(86)),)
    assert fit.too_large == ()
    assert fit.max_pixels_for_all is None
    assert fit.total_tokens == 86 * 1227
    assert fit.left_tokens == 106_495 - 86 * 1227


def test_one_more_is_split_off_and_the_limit_for_all_is_told():
    sizes = [(1280, 1280)] * 87
    fit = fit_images(pictures(*sizes), "qvq-max")
    assert fit.fits == 86
    assert [len(request) for request in fit.requests] == [86, 1]
    largest = fit.max_pixels_for_all
    assert image_tokens_batch(sizes, "qvq-max", max_pixels=largest).sum() <= 106_496
    assert image_tokens_batch(sizes, "qvq-max", max_pixels=largest + 1).sum() > 106_496


def test_an_image_that_no_request_holds_is_named():
    fit = fit_images(pictures((100, 100), (1280, 1280), (100, 100)), "qvq-max", max_input=1000)
    assert fit.fits == 1
    assert fit.requests == ((0, 2),)
    assert fit.too_large == (1,)


def test_high_resolution_has_no_limit_to_search():
    fit = fit_images(pictures(*[(1280, 1280)] * 60), "qvq-max", high_res=True)
    assert (fit.fits, fit.max_pixels_for_all) == (50, None)


def test_more_images_than_tokens_never_fit():
    fit = fit_images(pictures(*[(100, 100)] * 60), "qvq-max", max_input=100)
    assert fit.max_pixels_for_all is None


def test_a_narrow_image_that_low_limits_refuse_does_not_end_the_search():
    sizes = [(1280, 1280)] * 100 + [(40, 2000)]
    assert image_tokens_batch(sizes, "qvq-max", max_pixels=840_000).min() > 0
    assert image_tokens_batch(sizes, "qvq-max", max_pixels=840_000).sum() <= 106_496
    assert fit_images(pictures(*sizes), "qvq-max").max_pixels_for_all >= 840_000


def test_a_lifted_side_does_not_end_the_search():
    model, sizes = "Qwen/Qwen3-VL-8B-Instruct", [(17, 3200)] * 100 + [(1280, 1280)]
    assert image_tokens_batch(sizes, model, max_pixels=65_536).sum() > 10_302
    assert image_tokens_batch(sizes, model, max_pixels=102_400).sum() <= 10_302
    fit = fit_images(pictures(*sizes), model, max_input=10_302)
    assert fit.max_pixels_for_all is not None
