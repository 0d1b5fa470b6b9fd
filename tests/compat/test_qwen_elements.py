from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.places import FIXTURES
from vlprep.compat.qwen_elements import Asked, as_source, asked_of, read_pixels
from vlprep.errors import ConstraintError, DecodeError, UnsupportedFormatError
from vlprep.types import ImageSize

IMAGES = ["photo.jpg", "alpha.png", "palette.png", "cmyk.jpg", "still.gif", "page.tif", "photo.bmp"]
TURNED = [f"exif_{orientation}.jpg" for orientation in range(1, 9)]


# Options.


def test_every_option_is_read_under_its_own_name():
    names = [name for name in Asked.__slots__ if name != "resized"]
    element = {name: number for number, name in enumerate(names, start=1)}
    asked = asked_of({"type": "video", "video": "clip.mp4", "note": "hand-held", **element})
    assert {name: getattr(asked, name) for name in names} == element
    assert asked.resized is None


def test_what_is_not_given_and_what_is_none_are_the_same():
    assert asked_of({"fps": None, "resized_height": None}) == asked_of({}) == Asked()


@pytest.mark.parametrize(("written", "number"), [("1", 1), ("0.5", 0.5), (2.0, 2), (1e6, 1000000)])
def test_numbers_may_be_written_as_text_or_as_fractions(written, number):
    fps = asked_of({"sample_fps": written}).sample_fps
    assert fps == number
    assert type(fps) is type(number)


@pytest.mark.parametrize("written", ["fast", [1], {}, "nan", float("inf")])
def test_what_is_no_number_is_refused_by_its_key(written):
    with pytest.raises(ConstraintError, match="max_pixels must be a"):
        asked_of({"max_pixels": written})


def test_a_fraction_of_a_pixel_is_no_side():
    with pytest.raises(ConstraintError, match=r"whole pixels, got 280\.5"):
        asked_of({"resized_height": 280.5, "resized_width": 420})


def test_a_resized_side_alone_does_not_count_and_is_said(caplog):
    assert asked_of({"resized_height": 280}).resized is None
    assert "only together" in caplog.text
    both = asked_of({"resized_height": "280", "resized_width": 420})
    assert both.resized == ImageSize(280, 420)


# Sources.


def test_files_are_named_in_several_ways():
    content = (FIXTURES / "photo.jpg").read_bytes()
    url = "data:image;base64," + base64.b64encode(content).decode()
    in_lines = "data:image/jpeg;base64,\n" + base64.encodebytes(content).decode()
    path = str(FIXTURES / "photo.jpg")
    named = [path, f"file://{path}", FIXTURES / "photo.jpg", content, url, in_lines]
    pictures = [read_pixels(value) for value in [*named, io.BytesIO(content), Image.open(path)]]
    assert all(np.array_equal(picture, pictures[0]) for picture in pictures)


def test_odd_names_are_names(tmp_path):
    for name in ["a b%20c.png", "file:x.png", "data:x, y.png", "éß.png", "-.png"]:
        Image.new("RGB", (30, 20)).save(tmp_path / name)
        assert read_pixels(f"file://{tmp_path}/{name}").shape == (20, 30, 3)
        assert as_source(name) == name


@pytest.mark.parametrize("url", ["http://example.org/a.jpg", "https://example.org/a.jpg"])
def test_a_url_goes_to_the_caller_s_function_or_is_refused(url):
    with pytest.raises(UnsupportedFormatError, match=r"a\.jpg: URLs are not fetched; .* `fetch`"):
        read_pixels(url)
    asked = []
    picture = read_pixels(url, lambda name: asked.append(name) or FIXTURES / "photo.jpg")
    assert picture.shape == (480, 640, 3)
    assert asked == [url]


def test_a_missing_file_is_the_system_s_error():
    with pytest.raises(FileNotFoundError):
        read_pixels("file:///no/such.jpg")


@pytest.mark.parametrize("name", ["clip.mp4", "mp4_named.jpg"])
def test_a_video_is_no_image(name):
    with pytest.raises(UnsupportedFormatError, match="a video; what was asked for is an image"):
        read_pixels(FIXTURES / name)


def test_formats_that_pillow_alone_does_not_read_are_read():
    with pytest.raises(OSError, match="cannot identify"):
        Image.open(FIXTURES / "photo.heic")
    assert read_pixels(FIXTURES / "photo.heic").shape == (320, 240, 3)


# Images that Pillow has opened.


@pytest.mark.parametrize("name", IMAGES + TURNED + ["gray16.png", "photo.avif", "mpo.jpg"])
def test_an_opened_image_is_what_its_file_is(name):
    with Image.open(FIXTURES / name) as image:
        assert np.array_equal(read_pixels(image), read_pixels(FIXTURES / name))


@pytest.mark.parametrize("name", TURNED)
def test_images_are_upright(name):
    with Image.open(FIXTURES / name) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    assert np.array_equal(read_pixels(FIXTURES / name), np.asarray(upright))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "F"])
def test_an_image_of_any_mode_becomes_rgb_and_is_left_as_it_was(mode):
    image = Image.new(mode, (30, 20))
    before = image.tobytes()
    assert read_pixels(image).shape == (20, 30, 3)
    assert (image.mode, image.size, image.tobytes()) == (mode, (30, 20), before)


def test_transparency_is_laid_on_white():
    image = Image.new("RGBA", (2, 1), (200, 0, 0, 0))
    image.putpixel((1, 0), (200, 0, 0, 255))
    assert read_pixels(image).tolist() == [[[255, 255, 255], [200, 0, 0]]]


def test_an_opened_image_that_is_cut_off_is_damaged():
    with (
        Image.open(FIXTURES / "truncated.jpg") as image,
        pytest.raises(DecodeError, match=r"truncated\.jpg: damaged JPEG file"),
    ):
        read_pixels(image)
