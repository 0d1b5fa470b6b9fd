"""Encoding a picture under a limit: which way comes first, and how near it gets."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.drawings import encode, noise, photo, screen, text
from vlprep.compress.image_search import DRAWN_FLOOR, LEAST_SIDE, PHOTO_FLOOR
from vlprep.compress.quality import MAX_TRIALS
from vlprep.errors import ByteLimitError
from vlprep.output.encode import encode_jpeg, encode_palette_png, encode_png
from vlprep.types import ImageSize


def test_a_drawn_picture_becomes_png_then_png_of_256_colours_then_jpeg():
    picture = text(600, 800)
    soft = np.asarray(Image.fromarray(picture).resize((760, 560), Image.Resampling.BICUBIC))
    full = len(encode_png(soft))
    lossless, _ = encode(soft, full + 1)
    assert (lossless.format, lossless.colours) == ("PNG", None)
    palette, _ = encode(soft, full)
    assert (palette.format, palette.colours) == ("PNG", 256)
    jpeg, _ = encode(soft, len(palette.content) // 3)
    assert jpeg.format == "JPEG" and jpeg.quality >= DRAWN_FLOOR


def test_what_cannot_be_done_is_refused_with_the_smallest_that_was_made():
    with pytest.raises(ByteLimitError, match="at quality 40, ") as caught:
        encode(noise(), 200, "a.png")
    assert str(caught.value).startswith("a.png: cannot be brought under 200 bytes")
    assert caught.value.smallest >= 200


# Transparency.


def test_transparency_is_kept_by_png_and_laid_on_white_by_jpeg():
    picture = np.dstack([photo(), np.full((300, 400), 100, np.uint8)])
    png, _ = encode(picture, 10**6, from_lossless=True)
    with Image.open(io.BytesIO(png.content)) as image:
        assert image.mode == "RGBA" and not png.opaque
    jpeg, _ = encode(picture, 10**6)
    with Image.open(io.BytesIO(jpeg.content)) as image:
        assert jpeg.opaque and np.asarray(image).min() > 130


# PNG without loss and of few colours.


def test_a_screen_keeps_its_size_and_loses_colours():
    picture, view = screen(), ImageSize(480, 832)
    full = len(encode_palette_png(picture, 256))
    for share, colours in ((1.1, 256), (0.95, 64)):
        limit = round(share * full)
        sizes = {"sizes": (view,), "png_bytes": 2 * full}
        attempt, encodes = encode(picture, limit, **sizes)
        assert (attempt.size, attempt.colours) == ((720, 1280), colours)
        assert len(attempt.content) < limit
        assert encodes <= 2


def test_only_png_for_a_photo_is_256_colours_or_nothing():
    picture, only = photo(), {"formats": ("PNG",)}
    limit = len(encode_palette_png(picture)) + 1
    attempt, _ = encode(picture, limit, **only)
    assert (attempt.format, attempt.colours) == ("PNG", 256)
    with pytest.raises(ByteLimitError, match="as PNG of 256 colours"):
        encode(picture, limit // 2, **only)


def test_lossless_is_kept_or_refused():
    picture = photo()
    full = len(encode_png(picture))
    attempt, _ = encode(picture, full + 1, lossless=True)
    assert attempt.content == encode_png(picture)
    with pytest.raises(ByteLimitError, match="as PNG, 400x300") as caught:
        encode(picture, full, lossless=True)
    assert (caught.value.limit, caught.value.smallest) == (full, full)


def test_a_photo_that_came_without_loss_stays_so_if_that_fits():
    attempt, encodes = encode(photo(), 10**6, from_lossless=True)
    assert (attempt.format, attempt.colours, encodes) == ("PNG", None, 1)


# JPEG of the best quality that fits.


def test_a_photo_becomes_jpeg_of_quality_95_if_that_fits():
    attempt, encodes = encode(photo(), 10**6)
    assert (attempt.format, attempt.quality, encodes) == ("JPEG", 95, 1)


def test_noise_of_a_whole_view_cannot_stay_png_and_falls_to_jpeg():
    picture = noise(1600, 1600)  # 2.56 MP, 7.7 MB as PNG
    attempt, encodes = encode(picture, 7_000_000, from_lossless=True)
    assert (attempt.format, attempt.size, attempt.quality) == ("JPEG", (1600, 1600), 95)
    assert encodes <= 2


def test_a_second_size_is_taken_when_the_first_does_not_fit():
    picture = photo(600, 800)
    sizes = (ImageSize(600, 800), ImageSize(300, 400))
    limit = len(encode_jpeg(picture, PHOTO_FLOOR)) * 3 // 4
    attempt, encodes = encode(picture, limit, sizes=sizes)
    assert attempt.size == (300, 400)
    assert attempt.quality > PHOTO_FLOOR
    assert encodes <= MAX_TRIALS


# Fewer pixels, where nothing else fits.


def test_a_screen_gets_smaller_before_it_gets_blurred():
    picture = screen()
    limit = len(encode_palette_png(picture, 16)) // 3
    attempt, encodes = encode(picture, limit, sizes=(ImageSize(480, 832),))
    assert (attempt.format, attempt.colours) == ("PNG", 16)
    assert attempt.size.pixels < 480 * 832
    assert 0.7 * limit < len(attempt.content) < limit
    assert encodes <= MAX_TRIALS
    jpeg, _ = encode(picture, limit, formats=("JPEG",))
    assert jpeg.format == "JPEG"


@pytest.mark.parametrize(("make", "floor"), [(photo, PHOTO_FLOOR), (text, DRAWN_FLOOR)])
def test_below_the_floor_pixels_shrink_and_not_the_quality(make, floor):
    picture = make()
    limit = min(len(encode_jpeg(picture, floor)), len(encode_palette_png(picture))) // 3
    attempt, _ = encode(picture, limit)
    assert attempt.format == "JPEG" and attempt.quality == floor
    assert attempt.size.pixels < picture.shape[0] * picture.shape[1]
    assert len(attempt.content) < limit


def test_pixels_shrink_in_steps_of_the_grid():
    snap = lambda size: ImageSize(*(max(32, round(side / 32) * 32) for side in size))  # noqa: E731
    picture = photo(640, 960)
    limit = len(encode_jpeg(picture, PHOTO_FLOOR)) // 2
    attempt, _ = encode(picture, limit, snap=snap)
    assert attempt.size.height % 32 == attempt.size.width % 32 == 0


@pytest.mark.parametrize("size", [(11, 3000), (3000, 20), (9, 400)])
def test_no_side_shrinks_below_what_the_services_take(size):
    picture = noise(*size)
    try:
        attempt, _ = encode(picture, 6000)
    except ByteLimitError as error:
        assert error.smallest >= 6000
    else:
        assert min(attempt.size) >= min(*size, LEAST_SIDE)
