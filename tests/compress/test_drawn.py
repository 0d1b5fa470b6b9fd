"""Which pictures were drawn, and how they take PNG."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.drawings import noise, photo, screen, text
from tests.places import REAL_MEDIA
from vlprep.compress.drawn import (
    PALETTES,
    is_drawn,
    likely_png_bytes,
    palette_share,
    takes_palette,
)
from vlprep.output.encode import encode_jpeg, encode_palette_png, encode_png


def test_drawn_pictures_are_told_from_photos():
    grey = np.repeat(photo()[..., :1], 3, axis=2)
    assert [is_drawn(picture) for picture in (photo(), noise(), grey)] == [False] * 3
    blank = np.full((50, 50, 3), 200, np.uint8)
    assert [is_drawn(picture) for picture in (text(), blank, blank[:1, :1])] == [True] * 3
    few = noise() // 64 * 64  # a dithered GIF: noise, but of 64 colours
    assert is_drawn(few)


def test_real_photos_are_photos():
    files = sorted((REAL_MEDIA / "image").glob("jpg--*"))
    if not files:
        pytest.skip("no real media here")
    for file in files:
        with Image.open(file) as image:
            assert not is_drawn(np.asarray(image.convert("RGB"))), file.name


def test_a_screen_that_went_through_jpeg_is_still_drawn():
    with Image.open(io.BytesIO(encode_jpeg(text(), 95))) as image:
        assert is_drawn(np.asarray(image))


@pytest.mark.parametrize("make", [photo, noise, text])
def test_the_likely_size_of_a_png_is_near(make):
    actual = len(encode_png(make()))
    assert 0.7 * actual < likely_png_bytes(make()) < 3 * actual


def test_text_takes_few_colours_and_photos_do_not():
    assert all(takes_palette(screen(), colours) for colours in PALETTES)
    assert [takes_palette(photo(), colours) for colours in (256, 16)] == [True, False]


def test_fewer_colours_take_fewer_bytes_about_as_told():
    picture = screen()
    full = len(encode_palette_png(picture, 256))
    sizes = [len(encode_palette_png(picture, colours)) / full for colours in PALETTES]
    for size, colours in zip(sizes, PALETTES, strict=True):
        assert size == pytest.approx(palette_share(colours, 1), abs=0.3)
