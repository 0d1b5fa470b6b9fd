"""Sums that the guides print around their examples, with their ids in the collection of facts.

T1, T2 and the c3 rows are sizes and tokens of one image or clip: they are in `golden/counts`.
T8 and T9 are checked as far as they are prompts; the length of replies is no business of ours.
T10, the length of a Base64 string, awaits a function that it could test.
"""

import pytest

from vlprep import (
    ImageInfo,
    ImageSize,
    fit_images,
    get_model,
    image_tokens,
    smart_resize,
    token_budget,
)
from vlprep.units import parse_count

JUNE = {"model": "qwen-vl-max", "rules": "guide-2025-06"}
"""The moving name as the samples' guide described it."""


@pytest.mark.parametrize(
    ("max_input", "high_res", "images"),
    [
        pytest.param(106_496, False, 86, id="T3"),
        pytest.param(106_496, True, 50, id="T3-high-res"),
        pytest.param(98_304, False, 80, id="T4"),
        pytest.param(98_304, True, 46, id="T4-high-res"),
        pytest.param(30_720, False, 25, id="T5"),
        pytest.param(30_720, True, 14, id="T5-high-res"),
    ],
)
def test_images_per_request(max_input, high_res, images):
    pictures = [ImageInfo(size=ImageSize(1280, 1280), format="JPEG")] * 100
    fit = fit_images(pictures, "qvq-max", max_input=max_input, high_res=high_res)
    assert fit.fits == images
    assert len(fit.requests[0]) == images


@pytest.mark.parametrize(
    ("model", "max_input"),
    [
        pytest.param("qvq-max", 106_496, id="T3"),
        pytest.param("qwen-vl-max-2024-11-19", 30_720, id="T5"),
    ],
)
def test_the_limits_are_those_of_the_models(model, max_input):
    assert token_budget(model).available == max_input - 1  # "strictly less than"


@pytest.mark.parametrize(
    ("size", "visual", "images"), [pytest.param((1280, 2048), 2560, 100, id="T6")]
)
def test_images_beside_100_tokens_of_text(size, visual, images):
    assert image_tokens(size, "qwen3-vl-plus").visual == visual
    budget = token_budget("qwen3-vl-plus", thinking=True, text_tokens=100)
    assert budget.available == 258_048 - 1 - 100
    pictures = [ImageInfo(size=ImageSize(*size), format="JPEG")] * 110
    assert fit_images(pictures, "qwen3-vl-plus", thinking=True, text_tokens=100).fits == images


@pytest.mark.parametrize(
    ("product", "pixels", "model", "number"),
    [
        pytest.param("1280*28*28", 1_003_520, "qvq-max", "max_pixels", id="T7-28-default"),
        pytest.param("16384*28*28", 12_845_056, "qvq-max", "high_res_pixels", id="T7-28-high-res"),
        pytest.param("2560*32*32", 2_621_440, "qwen3-vl-plus", "max_pixels", id="T7-32-default"),
        pytest.param("1280*32*32", 1_310_720, "qwen-vl-max", "max_pixels", id="T7-32-qwen-vl"),
        pytest.param(
            "16384*32*32", 16_777_216, "qwen3-vl-plus", "high_res_pixels", id="T7-32-high-res"
        ),
    ],
)
def test_pixel_limits(product, pixels, model, number):
    assert parse_count(product) == pixels
    assert getattr(get_model(model).rules().image, number) == pixels


@pytest.mark.parametrize(
    ("page", "seen", "right", "bottom"),
    [pytest.param((2022, 1430), (1176, 840), 742, 1070, id="T11")],
)
def test_boxes_of_the_sample_lie_in_the_resized_page(page, seen, right, bottom):
    resized = smart_resize(*page, factor=28, min_pixels=3136, max_pixels=1_003_520)
    assert resized == seen
    assert right <= resized.width
    assert 999 < bottom <= resized.height  # so they are pixels, not thousandths


# c2: the usage numbers of the samples. A prompt with the default system message has 19 tokens
# beside images and text.

TEMPLATE = 19
DOG, TIGER, CHRISTMAS = (1365, 2044), (1280, 1280), (1667, 2500)


@pytest.mark.parametrize(
    ("size", "high_res", "rows", "columns"),
    [
        pytest.param(DOG, False, 29, 43, id="c2-1247"),
        pytest.param(TIGER, False, 35, 35, id="c2-1225"),
        pytest.param(CHRISTMAS, True, 60, 89, id="c2-5340"),
    ],
)
def test_grids_behind_the_usage_numbers(size, high_res, rows, columns):
    count = image_tokens(size, **JUNE, high_res=high_res)
    assert count.resized == (rows * 28, columns * 28)
    assert count.visual == rows * columns


@pytest.mark.parametrize(
    ("images", "high_res", "text", "prompt", "reply", "total"),
    [
        pytest.param([DOG], False, 3, 1271, 0, 1271, id="c2-dashscope-single"),
        pytest.param([DOG], False, 2, 1270, 54, 1324, id="c2-openai-single-T9"),
        pytest.param([DOG], False, 8, 1276, 85, 1361, id="c2-stream-T9"),
        pytest.param([DOG, TIGER], False, 2, 2497, 109, 2606, id="c2-two-images-T9"),
        pytest.param([CHRISTMAS], True, 7, 5368, 185, 5553, id="c2-high-res-T8"),
    ],
)
def test_prompts_of_the_samples(images, high_res, text, prompt, reply, total):
    counts = [image_tokens(size, **JUNE, high_res=high_res).total for size in images]
    assert sum(counts) + TEMPLATE + text == prompt
    assert prompt + reply == total


@pytest.mark.parametrize("size", [DOG, TIGER], ids=["c2-1247-of-32px", "c2-1225-of-32px"])
def test_the_samples_cannot_tell_28_from_32_pixels(size):
    later = image_tokens(size, "qwen-vl-max", rules="guide-2025-12")
    assert later.resized.height // 32 == image_tokens(size, **JUNE).resized.height // 28
    assert later.visual == image_tokens(size, **JUNE).visual
