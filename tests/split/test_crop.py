"""Regions of images: exact, nested, and mapped back through every turn."""

import json

import numpy as np
import pytest

import vlprep
from tests.places import FIXTURES
from vlprep.errors import ConstraintError

PHOTO = FIXTURES / "photo.jpg"


def test_a_crop_is_the_pixels_of_the_image():
    crop = vlprep.crop_image(PHOTO, [100.4, 50, 300, 200.2])
    whole = vlprep.view_image(PHOTO).original
    assert np.array_equal(crop.image, whole[50:201, 100:300])
    assert str(crop.region) == "100,50,200,151"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_three_nested_crops_lead_back_to_the_stored_file(orientation):
    file = FIXTURES / f"exif_{orientation}.jpg"
    outer = vlprep.crop_image(file, [3, 5, 77, 45], "qwen3-vl-plus")
    inner = outer.crop([10, 4, 60, 34]).crop([2, 3, 40, 25])
    assert inner.region == vlprep.Region(15, 12, vlprep.ImageSize(22, 38))
    whole = vlprep.view_image(file).original
    assert np.array_equal(inner.image, whole[12:34, 15:53])
    (shape,) = inner.locate(json.dumps({"bbox_2d": [0, 0, 1000, 1000]})).shapes
    assert shape.bounds == (15, 12, 53, 34)
    (stored,) = inner.locate(json.dumps({"bbox_2d": [0, 0, 1000, 1000]})).stored
    box = vlprep.map_boxes(
        [15, 12, 53, 34], original=(48, 80), convention="absolute", resized=(48, 80),
        orientation=orientation,
    )  # fmt: skip
    assert np.allclose(stored.bounds, box)


@pytest.mark.parametrize("model", ["qwen3-vl-plus", "Qwen/Qwen2.5-VL-7B-Instruct"])
def test_a_box_of_the_model_is_a_box_of_the_image(model):
    box = [100, 60, 320, 240]
    said = vlprep.map_boxes(box, model=model, original=(480, 640), inverse=True)
    crop = vlprep.crop_image(PHOTO, said, model, coordinates="model")
    x, y, size = crop.region
    assert np.allclose([x, y, x + size.width, y + size.height], box, atol=1)


@pytest.mark.parametrize(
    "box",
    [
        *([0, 0, 0, 10], [0, 7, 10, 7], [700, 0, 800, 10], [-50, -50, -1, -1]),
        *([640, 10, 700, 20], [10, 480, 20, 500], [-9, 10, 0, 20], [9, -9, 20, 0]),  # beside it
    ],
)
def test_a_box_without_pixels_is_refused(box):
    with pytest.raises(ConstraintError, match="has no pixels within 640x480"):
        vlprep.crop_image(PHOTO, box)


@pytest.mark.parametrize("box", [[1, 2, 3], [1, 2, 3, 4, 5]])
def test_what_is_no_box_is_refused(box):
    with pytest.raises(ConstraintError, match="a box is x1, y1, x2, y2"):
        vlprep.crop_image(PHOTO, box)


def test_coordinates_are_two_words():
    with pytest.raises(ConstraintError, match="known: image, model"):
        vlprep.crop_image(PHOTO, [0, 0, 9, 9], coordinates="screen")


def test_a_crop_is_written_whole_or_not(tmp_path):
    crop = vlprep.crop_image(PHOTO, [0, 0, 64, 64])
    crop.save(tmp_path / "a.png")
    assert np.array_equal(vlprep.view_image(tmp_path / "a.png").original, crop.image)
    with pytest.raises(FileExistsError):
        crop.save(tmp_path / "a.png")
