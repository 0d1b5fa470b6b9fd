from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from vlprep.errors import ConstraintError
from vlprep.output.encode import (
    encode_jpeg,
    encode_palette_png,
    encode_picture,
    encode_png,
    picture_format,
)


def noise(height=60, width=80, channels=3):
    return np.random.default_rng(1).integers(0, 256, (height, width, channels), np.uint8)


def smooth():
    return np.asarray(Image.fromarray(noise(20, 30)).resize((240, 160), Image.Resampling.BICUBIC))


def decoded(content):
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return image


def test_the_ending_names_the_format():
    assert [picture_format(f"a{end}") for end in (".jpg", ".JPEG", ".png", ".webp")] == [
        "JPEG", "JPEG", "PNG", "WEBP",
    ]  # fmt: skip
    with pytest.raises(ConstraintError, match=r"ends in \.jpg"):
        picture_format("a.gif")


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_pictures_are_encoded_in_the_format_asked_for(format):
    image = decoded(encode_picture(smooth(), format))
    assert (image.format, image.size) == (format, (240, 160))


@pytest.mark.parametrize("quality", [1, 40, 60, 85, 94, 95, 100])
def test_jpegs_have_the_quality_asked_for_and_all_of_their_colour(quality):
    image = decoded(encode_jpeg(smooth(), quality))
    plain = io.BytesIO()
    Image.fromarray(smooth()).save(plain, "JPEG", quality=quality, subsampling=0)
    assert image.quantization == decoded(plain.getvalue()).quantization
    assert {component[1:3] for component in image.layer} == {(1, 1)}
    assert np.array_equal(np.asarray(image), np.asarray(decoded(plain.getvalue())))


def test_jpegs_are_optimised():
    plain = io.BytesIO()
    Image.fromarray(smooth()).save(plain, "JPEG", quality=60, subsampling=0)
    assert len(encode_jpeg(smooth(), 60)) < len(plain.getvalue())


@pytest.mark.parametrize("quality", [70, 80, 94, 95, 100])
def test_noise_is_encoded_though_pillow_has_no_room_to_optimise_it(quality, capfd):
    picture = np.where(noise(600, 800) > 127, np.uint8(255), np.uint8(0))
    assert decoded(encode_jpeg(picture, quality)).size == (800, 600)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("encode", [encode_png, lambda picture: encode_jpeg(picture, 80)])
def test_grey_is_stored_without_colour(encode):
    grey = np.repeat(smooth()[..., :1], 3, axis=2)
    image = decoded(encode(grey))
    assert image.mode == "L"
    assert np.abs(np.asarray(image.convert("RGB")).astype(int) - grey).mean() < 8


@pytest.mark.parametrize("quality", [60, 95])
def test_nothing_but_the_picture_is_in_the_file(quality):
    for content in (encode_jpeg(smooth(), quality), encode_png(smooth())):
        info = decoded(content).info
        assert not {"exif", "icc_profile", "xmp", "comment", "dpi"} & set(info)


@pytest.mark.parametrize("picture", [noise(), smooth(), noise(channels=4), noise() // 100 * 100])
def test_png_keeps_every_pixel(picture):
    image = decoded(encode_png(picture))
    mode = "RGBA" if picture.shape[2] == 4 else "RGB"
    assert np.array_equal(np.asarray(image.convert(mode)), picture)


def test_png_of_few_colours_has_a_palette():
    assert decoded(encode_png(noise() // 100 * 100)).mode == "P"
    assert decoded(encode_png(noise())).mode == "RGB"


def test_a_palette_has_256_colours_and_no_dithering():
    picture = smooth()
    image = decoded(encode_palette_png(picture))
    assert image.mode == "P"
    assert len(image.getcolors(1000)) <= 256
    flat = np.full((64, 64, 3), (13, 77, 201), np.uint8)
    flat[:, 32:] = (14, 77, 201)
    assert np.array_equal(np.asarray(decoded(encode_palette_png(flat)).convert("RGB")), flat)
    assert len(encode_palette_png(picture)) < len(encode_png(picture))


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (8, 8)])
def test_small_and_narrow_pictures_are_encoded(size):
    for encode in (encode_png, encode_palette_png, lambda picture: encode_jpeg(picture, 40)):
        assert decoded(encode(noise(*size))).size == size[::-1]
