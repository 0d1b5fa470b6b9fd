"""Boxes between answer, original and stored pixels; the slow twin maps one point at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from vlprep import get_model, image_tokens, list_models, map_boxes
from vlprep.boxes.grids import (
    RELATIVE_EXTENTS,
    answer_extent,
    box_convention,
    outside,
    stored_size,
    turn_points,
)
from vlprep.errors import ConstraintError, UnknownFactError, UnknownModelError
from vlprep.models.spec import BOX_CONVENTIONS
from vlprep.types import ImageSize

ORIENTATIONS = range(1, 9)
EXIF_ORIENTATION = 274


def slow_point(x, y, extent, size, orientation):
    """Map one point from an answer to stored pixels, as the EXIF standard draws the eight cases."""
    x, y = x * size.width / extent.width, y * size.height / extent.height
    across, down = size.width - x, size.height - y
    return {
        1: (x, y), 2: (across, y), 3: (across, down), 4: (x, down),
        5: (y, x), 6: (y, across), 7: (down, across), 8: (down, x),
    }[orientation]  # fmt: skip


@st.composite
def cases(draw):
    side = st.integers(1, 8000)
    size = ImageSize(draw(side), draw(side))
    resized = ImageSize(28 * draw(st.integers(1, 150)), 28 * draw(st.integers(1, 150)))
    return {
        "original": size,
        "resized": resized,
        "orientation": draw(st.sampled_from(ORIENTATIONS)),
        "convention": draw(st.sampled_from(BOX_CONVENTIONS)),
    }


def shares(*shape):
    """Draw coordinates as shares of the sides."""
    count = int(np.prod(shape))
    numbers = st.lists(st.floats(0, 1), min_size=count, max_size=count)
    return numbers.map(lambda values: np.array(values).reshape(shape))


def pixels_of(shares, case):
    """Turn shares into pixels of the stored image."""
    height, width = stored_size(case["original"], case["orientation"])
    return shares * np.array([width, height] * (shares.shape[-1] // 2))


def in_order(boxes):
    return np.sort(boxes.reshape(-1, 2, 2), axis=1).reshape(-1, 4)


# The law that the module is for.


@given(cases(), shares(5, 4))
def test_boxes_come_back_within_a_pixel(case, drawn):
    boxes = in_order(pixels_of(drawn, case))
    answered = map_boxes(boxes, **case, inverse=True)
    assert np.abs(map_boxes(answered, **case) - boxes).max() < 1e-6


@given(cases(), shares(3, 6, 2))
def test_polygons_come_back_within_a_pixel_corner_by_corner(case, drawn):
    polygons = pixels_of(drawn, case)
    answered = map_boxes(polygons, **case, inverse=True)
    assert answered.shape == polygons.shape
    assert np.abs(map_boxes(answered, **case) - polygons).max() < 1e-6


@given(cases(), shares(5, 4))
def test_whole_numbers_as_models_write_them_cost_half_a_unit_of_the_answer(case, drawn):
    boxes = in_order(pixels_of(drawn, case))
    answered = np.rint(map_boxes(boxes, **case, inverse=True))
    extent = answer_extent(case["convention"], case["resized"])
    unit = np.array(case["original"][::-1]) / np.array(extent[::-1])
    if case["orientation"] >= 5:
        unit = unit[::-1]
    error = np.abs(map_boxes(answered, **case) - boxes).reshape(-1, 2)
    assert (error <= unit / 2 + 1e-6).all()
    assert (error[:, unit <= 2] <= 1 + 1e-6).all()  # within a pixel, unless shrunk to below half


@given(cases(), shares(4, 4))
def test_arrays_are_mapped_as_one_point_at_a_time(case, drawn):
    extent = answer_extent(case["convention"], case["resized"])
    boxes = drawn * np.array([extent.width, extent.height] * 2)
    rest = (extent, case["original"], case["orientation"])
    expected = [
        (*slow_point(x1, y1, *rest), *slow_point(x2, y2, *rest))
        for x1, y1, x2, y2 in boxes.tolist()
    ]
    assert np.allclose(map_boxes(boxes, **case), in_order(np.array(expected)), atol=1e-9)


@given(cases(), shares(4, 4))
def test_a_box_is_mapped_as_its_corners(case, drawn):
    boxes = drawn * 1000
    corners = map_boxes(boxes.reshape(-1, 2, 2), **case)
    assert np.allclose(map_boxes(boxes, **case), in_order(corners))


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_turns_are_those_of_pillow(orientation):
    height, width = stored_size(ImageSize(5, 7), orientation)
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    for y in range(height):
        for x in range(width):
            stored = Image.new("L", (width, height))
            stored.putpixel((x, y), 255)
            stored.getexif()[EXIF_ORIENTATION] = orientation
            upright = np.asarray(ImageOps.exif_transpose(stored))
            ((row, column),) = np.argwhere(upright)
            seen = np.array([column + 0.5, row + 0.5])
            there = turn_points(seen, ImageSize(5, 7), orientation)
            assert there.tolist() == [x + 0.5, y + 0.5]
            assert turn_points(there, ImageSize(5, 7), orientation, upright=True).tolist() == [
                column + 0.5, row + 0.5,
            ]  # fmt: skip


# Golden values from outside.


def test_the_document_sample_lies_in_the_resized_image():
    # The QwenVL HTML sample of document S002: x up to 742, y up to 1070, of a page of 1430x2022.
    size = ImageSize(2022, 1430)
    resized = image_tokens(size, "qwen2.5-vl-72b-instruct").resized
    assert resized == ImageSize(1176, 840)
    assert not outside(np.array([742.0, 1070.0]), resized)
    assert outside(np.array([742.0, 1070.0]), answer_extent("relative-999", None))
    mapped = map_boxes([742, 1070], model="qwen2.5-vl-72b-instruct", original=size)
    assert mapped == pytest.approx([742 / 840 * 1430, 1070 / 1176 * 2022])


def test_relative_answers_are_parts_of_a_thousand():
    # The notebooks' int(x / 1000 * width); both axes have their own scale.
    mapped = map_boxes([[100, 200, 300, 400]], model="qwen3-vl-plus", original=(480, 640))
    assert mapped.tolist() == [[64, 96, 192, 192]]
    asked = map_boxes([[468, 0, 640, 117]], model="Qwen/Qwen3-VL-8B-Instruct",
                      original=(428, 640), inverse=True)  # fmt: skip
    assert np.rint(asked).tolist() == [[731, 0, 1000, 273]]


def test_the_two_relative_conventions_differ_by_a_thousandth():
    assert set(RELATIVE_EXTENTS) == {name for name in BOX_CONVENTIONS if name != "absolute"}
    answers = np.linspace(0, 999, 1998).reshape(-1, 2)
    mapped = [map_boxes(answers, convention=c, original=(1000, 4000)) for c in RELATIVE_EXTENTS]
    share = np.abs(mapped[0] - mapped[1]) / [4000, 1000]
    assert 0.0009 < share.max() <= 0.001 + 1e-12
    assert map_boxes([999, 999], convention="relative-999", original=(48, 80)).tolist() == [80, 48]


@pytest.mark.parametrize(
    ("model", "convention"),
    [
        ("Qwen/Qwen2-VL-7B-Instruct", "relative-1000"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "absolute"),
        ("qwen2.5-vl-72b-instruct", "absolute"),
        ("qwen-vl-max-2025-04-08", "absolute"),
        ("Qwen/Qwen3-VL-8B-Instruct", "relative-1000"),
        ("qwen3-vl-plus", "relative-1000"),
        (None, "relative-1000"),
    ],
)
def test_conventions_are_the_models_own(model, convention):
    assert box_convention(model) == convention


@pytest.mark.parametrize(
    "model", ["qwen-vl-max-2025-08-13", "qwen-vl-plus-2025-07-10",
              "qwen-vl-ocr", "qvq-max", "Qwen/Qwen2.5-Omni-7B", "Qwen/Qwen3-VL-Embedding-2B"],
)  # fmt: skip
def test_an_unknown_convention_is_asked_for(model):
    with pytest.raises(
        UnknownFactError, match=r"give `convention` \(absolute, relative-1000, relat"
    ):
        map_boxes([[1, 2, 3, 4]], model=model, original=(100, 100))
    assert map_boxes([50, 50], model=model, original=(100, 100), convention="relative-1000").any()


def test_models_that_share_a_convention_share_a_source():
    assert {model.boxes.convention for model in list_models() if model.boxes} == {
        "absolute", "relative-1000",
    }  # fmt: skip


# The size that the model saw.


def test_without_it_the_resize_is_computed():
    size = ImageSize(2000, 3000)
    by_default = map_boxes([100, 100], model="qwen2.5-vl-7b-instruct", original=size)
    seen = image_tokens(size, "qwen2.5-vl-7b-instruct").resized
    given = map_boxes([100, 100], convention="absolute", resized=seen, original=size)
    assert by_default.tolist() == given.tolist() != [100, 100]


def test_relative_answers_need_no_resize():
    # A size that no model takes: were the resize computed, it would be refused.
    assert map_boxes([500, 500], original=(1, 4000)).tolist() == [2000, 0.5]


# Edges of the function itself.


def test_a_box_comes_back_with_its_upper_left_corner_first():
    mapped = map_boxes([[900, 800, 100, 200]], original=(1000, 1000))
    assert mapped.tolist() == [[100, 200, 900, 800]]


def test_clipping_is_asked_for():
    wide = [[-50, 200, 1200, 1300]]
    assert map_boxes(wide, original=(100, 200)).tolist() == [[-10, 20, 240, 130]]
    assert map_boxes(wide, original=(100, 200), clip=True).tolist() == [[0, 20, 200, 100]]
    turned = map_boxes(wide, original=(100, 200), orientation=6, clip=True)
    assert turned.tolist() == [[20, 0, 100, 200]]
    back = map_boxes([[-9, 0, 300, 50]], original=(100, 200), inverse=True, clip=True)
    assert back.tolist() == [[0, 0, 1000, 500]]


@pytest.mark.parametrize("shape", [(0, 4), (0, 2), (3, 0, 2), (0,)])
def test_nothing_maps_to_nothing(shape):
    assert map_boxes(np.zeros(shape), original=(10, 10)).size == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"boxes": [1, 2, 3]}, r"expected boxes \(..., 4\)"),
        ({"boxes": 1}, "expected boxes"),
        ({"boxes": [1, float("nan")]}, "finite"),
        ({"original": (0, 5)}, "sides above 0"),
        ({"resized": (0, 5)}, "sides above 0"),
        ({"orientation": 9}, "1 to 8, got 9"),
        ({"orientation": 0}, "1 to 8, got 0"),
    ],
)
def test_misuse_is_a_value_error(wrong, message):
    arguments = {"boxes": [1, 2], "original": (10, 10), **wrong}
    with pytest.raises(ValueError, match=message):
        map_boxes(arguments.pop("boxes"), **arguments)


def test_a_convention_that_is_none_is_refused():
    with pytest.raises(ConstraintError, match="there are absolute, relative-1000, relative-999"):
        map_boxes([1, 2], original=(10, 10), convention="relative-100")
    with pytest.raises(UnknownModelError):
        map_boxes([1, 2], original=(10, 10), model="no-such-model")


def test_absolute_without_a_size_is_misuse():
    with pytest.raises(ValueError, match="size of the resized image"):
        answer_extent("absolute", None)


def test_the_note_says_where_sources_disagree():
    assert "0.1 %" in get_model("qwen3-vl-plus").boxes.note
