import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.check.sendings import found, image
from vlprep import get_model
from vlprep.check import images as rules
from vlprep.check.files import data_url_length, image_fits
from vlprep.media.sniff import mime_type
from vlprep.models.registry import get_route


@pytest.mark.parametrize(
    ("size", "breaks"),
    [((11, 11), False), ((10, 500), True), ((500, 10), True), ((3840, 2160), False)],
)
def test_sides(size, breaks):
    assert bool(found(rules.image_side, image(*size))) == breaks


@pytest.mark.parametrize(
    ("size", "breaks"), [((2200, 11), False), ((2201, 11), True), ((11, 2201), True)]
)
def test_ratio(size, breaks):
    assert bool(found(rules.image_ratio, image(*size))) == breaks


@pytest.mark.parametrize(
    ("size", "format", "breaks"),
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
def test_formats_above_4k(size, format, breaks):
    assert bool(found(rules.large_image_format, image(*size, format=format))) == breaks


@pytest.mark.parametrize(("size", "breaks"), [((7680, 4320), False), ((7681, 4320), True)])
def test_8k(size, breaks):
    assert bool(found(rules.image_8k, image(*size))) == breaks


@given(st.integers(0, 12_000_000), st.sampled_from(["JPEG", "PNG", "HEIC"]))
def test_one_of_the_limits_on_bytes_is_broken_at_most(count, format):
    file = image(file_bytes=count, format=format)
    too_long = data_url_length(count, mime_type(format)) > 10_000_000
    assert bool(found(rules.base64_length, file)) == too_long
    assert bool(found(rules.raw_bytes, file)) == (count >= 7_000_000 and not too_long)
    assert found(rules.image_bytes, file) is None
    assert bool(found(rules.image_bytes, file, route="path")) == (count > 10_000_000)
    assert found(rules.base64_length, file, route="path") is None
    assert found(rules.raw_bytes, file, route="path") is None


@given(
    st.integers(0, 12_000_000) | st.sampled_from([6_999_999, 7_000_000, 10_000_000, 10_000_001]),
    st.sampled_from(["JPEG", "PNG", "HEIC"]),
    st.sampled_from(["base64", "path", "url"]),
)
def test_what_fits_is_what_no_rule_on_bytes_finds(count, format, route):
    file = image(file_bytes=count, format=format)
    fits = image_fits(get_model(), get_route(route), count, mime_type(format))
    on_bytes = (rules.image_bytes, rules.base64_length, rules.raw_bytes)
    assert fits == (not any(found(rule, file, route=route) for rule in on_bytes))


def test_a_data_url_is_as_long_as_the_type_that_is_sent():
    file = image(file_bytes=7_499_982, format="JPEG 2000")  # sent as image/jp2
    assert found(rules.base64_length, file) is None


@pytest.mark.parametrize(
    ("mode", "breaks"),
    [
        ("RGB", False), ("RGBA", False), ("L", False), ("LA", False), ("P", False), ("1", False),
        ("CMYK", True), ("I;16", True), ("I;16B", True), ("F", True), ("LAB", True), (None, False),
    ],
)  # fmt: skip
def test_colours(mode, breaks):
    assert bool(found(rules.colour_mode, image(mode=mode))) == breaks


@pytest.mark.parametrize(
    ("size", "breaks"), [((480, 480), False), ((479, 480), True), ((2560, 2561), True)]
)
@pytest.mark.parametrize("model", ["qwen2.5-vl-7b-instruct", "Qwen/Qwen2.5-VL-7B-Instruct"])
def test_boxes(size, breaks, model):
    assert bool(found(rules.localisation_size, image(*size), model=model)) == breaks
    assert found(rules.localisation_size, image(*size)) is None


def test_a_file_of_unknown_length_is_not_called_too_large():
    assert found(rules.image_bytes, image(), route="url") is None
