"""Whether an image can stay as it is, and what is refused before it is decoded."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.drawings import noise
from tests.places import FIXTURES
from vlprep import compress_image, probe
from vlprep.errors import (
    ConstraintError,
    PixelLimitError,
    UnsupportedFormatError,
)

WEIGHTS = "Qwen/Qwen2.5-VL-7B-Instruct"


def encoded(image, format="PNG", **options):
    memory = io.BytesIO()
    image.save(memory, format, **options)
    return memory.getvalue()


@pytest.mark.parametrize(
    "name", ["photo.jpg", "alpha.png", "still.webp", "page.tif", "photo.bmp", "photo.heic"]
)
def test_what_fits_is_returned_byte_for_byte(name):
    image = compress_image(FIXTURES / name)
    assert image.action == "unchanged"
    assert image.content == (FIXTURES / name).read_bytes()
    assert image.format == probe(FIXTURES / name).format
    assert image.tokens_after == image.tokens_before
    assert (image.encodes, image.quality, image.dropped) == (0, None, ())


def test_limits_are_strict():
    source = (FIXTURES / "photo.jpg").read_bytes()
    assert compress_image(source, limit=len(source) + 1).action == "unchanged"
    image = compress_image(source, limit=len(source))
    assert image.action == "compressed" and image.bytes_after < len(source)


def test_limits_come_from_the_route():
    photo = FIXTURES / "photo.jpg"
    limits = {name: compress_image(photo, route=name).limit for name in ("base64", "path", "url")}
    assert limits == {"base64": 7_000_000, "path": 10_000_000, "url": 10_000_000}
    with pytest.raises(ConstraintError, match="unknown route"):
        compress_image(photo, route="pigeon")


def test_a_file_between_raw_and_encoded_limit_is_shrunk_for_base64_only():
    source = encoded(Image.fromarray(noise(1540, 1620)))
    assert 7_000_000 < len(source) < 10_000_000
    assert compress_image(source, route="path").action == "unchanged"
    image = compress_image(source, route="base64")
    assert image.action == "compressed"
    assert image.bytes_after < 7_000_000 and image.data_url_length < 10_000_000


def test_the_callers_limit_is_for_the_file_itself():
    source = encoded(Image.fromarray(noise(1540, 1620)))
    image = compress_image(source, route="base64", limit=9_000_000)
    assert image.action == "unchanged"
    assert image.warnings[-1] == "the route base64 takes images of fewer than 7,000,000 bytes"


@pytest.mark.parametrize("format", ["WEBP", "BMP"])
def test_above_4k_other_formats_are_converted_though_they_are_small(format):
    big = encoded(Image.new("L", (3841, 2160), 99), format)
    image = compress_image(big, limit=20_000_000)
    assert (image.action, image.format) == ("converted", "PNG")
    assert image.tokens_after.total == image.tokens_before.total
    assert compress_image(big, WEIGHTS, limit=20_000_000).action == "unchanged"


@pytest.mark.parametrize("name", ["photo.avif", "still.gif", "photo.jp2"])
def test_formats_that_are_not_taken_are_converted(name):
    image = compress_image(FIXTURES / name)
    assert image.action == "converted" and image.format in ("JPEG", "PNG")
    assert compress_image(FIXTURES / name, WEIGHTS).action == "unchanged"


@pytest.mark.parametrize("page", [-1, 3])
def test_a_page_that_is_not_there_is_refused(page):
    with pytest.raises(ConstraintError, match="it has 3"):
        compress_image(FIXTURES / "pages.tif", page=page)


def test_a_video_is_not_an_image():
    with pytest.raises(UnsupportedFormatError, match="a video"):
        compress_image(FIXTURES / "street.mp4")


def test_a_bomb_is_refused_by_its_header():
    with pytest.raises(PixelLimitError):
        compress_image(FIXTURES / "bomb.png")
