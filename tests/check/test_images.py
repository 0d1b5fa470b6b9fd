import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.check.sendings import image, request
from vlprep.check import images as picture
from vlprep.check.files import data_url_length

ASKED = request()


@pytest.mark.parametrize(
    ("size", "found"),
    [((11, 11), False), ((10, 500), True), ((500, 10), True), ((3840, 2160), False)],
)
def test_sides(size, found):
    assert bool(picture.image_side(image(*size), ASKED)) == found


@pytest.mark.parametrize(
    ("size", "found"), [((2200, 11), False), ((2201, 11), True), ((11, 2201), True)]
)
def test_ratio(size, found):
    assert bool(picture.image_ratio(image(*size), ASKED)) == found


@pytest.mark.parametrize(
    ("size", "format", "found"),
    [
        ((3840, 2160), "WEBP", False),
        ((2160, 3840), "WEBP", False),  # upright pictures are as large
        ((3841, 2160), "WEBP", True),
        ((2161, 2161), "HEIC", True),  # fewer pixels, but a side too many
        ((5000, 1000), "TIFF", True),
        ((7680, 4320), "JPEG", False),
        ((7680, 4320), "PNG", False),
        ((7680, 4320), "GIF", False),  # not taken at all, which is another rule's
    ],
)
def test_formats_above_4k(size, format, found):
    assert bool(picture.large_image_format(image(*size, format=format), ASKED)) == found


@pytest.mark.parametrize(("size", "found"), [((7680, 4320), False), ((7681, 4320), True)])
def test_8k(size, found):
    assert bool(picture.image_8k(image(*size), ASKED)) == found


@given(st.integers(0, 12_000_000), st.sampled_from(["JPEG", "PNG", "HEIC"]))
def test_one_of_the_limits_on_bytes_is_broken_at_most(count, format):
    file = image(file_bytes=count, format=format)
    too_long = data_url_length(count, f"image/{format.lower()}") >= 10_000_000
    assert bool(picture.base64_length(file, ASKED)) == too_long
    assert bool(picture.raw_bytes(file, ASKED)) == (count >= 7_000_000 and not too_long)
    assert picture.image_bytes(file, ASKED) is None
    by_path = request(route="path")
    assert bool(picture.image_bytes(file, by_path)) == (count >= 10_000_000)
    assert picture.base64_length(file, by_path) is None
    assert picture.raw_bytes(file, by_path) is None


@pytest.mark.parametrize(
    ("mode", "found"),
    [
        ("RGB", False), ("RGBA", False), ("L", False), ("LA", False), ("P", False), ("1", False),
        ("CMYK", True), ("I;16", True), ("I;16B", True), ("F", True), ("LAB", True), (None, False),
    ],
)  # fmt: skip
def test_colours(mode, found):
    assert bool(picture.colour_mode(image(mode=mode), ASKED)) == found


@pytest.mark.parametrize(
    ("size", "found"), [((480, 480), False), ((479, 480), True), ((2560, 2561), True)]
)
@pytest.mark.parametrize("model", ["qwen2.5-vl-7b-instruct", "Qwen/Qwen2.5-VL-7B-Instruct"])
def test_boxes(size, found, model):
    assert bool(picture.localisation_size(image(*size), request(model=model))) == found
    assert picture.localisation_size(image(*size), ASKED) is None


def test_a_file_of_unknown_length_is_not_called_too_large():
    assert picture.image_bytes(image(), request(route="url")) is None
