from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.places import FIXTURES
from tests.reference.resample import twin
from vlprep import image_tokens, save_view, view_image
from vlprep.errors import ConstraintError, UnsupportedFormatError


@pytest.mark.parametrize("model", ["qwen3-vl-plus", "qvq-max", "Qwen/Qwen2.5-VL-7B-Instruct"])
@pytest.mark.parametrize("name", ["photo.jpg", "exif_6.jpg", "alpha.png", "photo.heic", "cmyk.jpg"])
def test_the_view_has_the_size_that_is_counted(name, model):
    view = view_image(FIXTURES / name, model)
    assert view.original.shape == (*view.info.size, 3)
    assert view.image.shape == (*view.tokens.resized, 3)
    assert view.tokens.total == image_tokens(view.info.size, model).total


def test_the_view_is_what_the_reference_resizes():
    view = view_image(FIXTURES / "photo.jpg", "qvq-max", max_pixels=100_000)
    assert np.array_equal(view.image, twin(view.original, view.tokens.resized, "torch"))


def test_high_resolution_is_seen_larger():
    picture = io.BytesIO()
    Image.new("RGB", (2000, 1500)).save(picture, "PNG")
    plain = view_image(picture.getvalue(), "qvq-max")
    high = view_image(picture.getvalue(), "qvq-max", high_res=True)
    assert plain.image.size < 3 * 1_003_520 < high.image.size


def test_a_video_is_not_an_image():
    with pytest.raises(UnsupportedFormatError, match="`save_frames` with `sheet`"):
        view_image(FIXTURES / "street.mp4")


def test_the_view_is_written_as_it_is(tmp_path):
    view = view_image(FIXTURES / "photo.jpg", "qwen3-vl-plus", max_pixels=100_000)
    save_view(view, tmp_path / "view.png")
    with Image.open(tmp_path / "view.png") as written:
        assert np.array_equal(np.asarray(written), view.image)


def test_the_comparison_shows_the_original_and_the_view_at_its_size(tmp_path):
    view = view_image(FIXTURES / "photo.jpg", "qwen3-vl-plus", max_pixels=100_000)
    save_view(view, tmp_path / "both.png", compare=True)
    with Image.open(tmp_path / "both.png") as written:
        sheet = np.asarray(written)
    height, width = view.info.size
    assert sheet.shape[1] > 2 * width
    top = sheet.shape[0] - height - 32
    assert np.array_equal(sheet[top : top + height, 32 : 32 + width], view.original)


@pytest.mark.parametrize("name", ["view", "view.bmp", "view.gif"])
def test_an_ending_of_no_picture_is_refused(tmp_path, name):
    with pytest.raises(ConstraintError, match=r"ends in \.jpg"):
        save_view(view_image(FIXTURES / "photo.jpg"), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_the_source_is_never_written_over(tmp_path):
    source = tmp_path / "photo.jpg"
    source.write_bytes((FIXTURES / "photo.jpg").read_bytes())
    with pytest.raises(FileExistsError, match="the source itself"):
        save_view(view_image(source), source, overwrite=True)
