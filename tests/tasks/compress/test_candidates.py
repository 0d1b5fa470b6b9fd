from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.places import REAL_MEDIA
from vlprep.errors import ByteLimitError
from vlprep.maths.quality import MAX_TRIALS
from vlprep.media.encode import encode_jpeg, encode_palette_png, encode_png
from vlprep.tasks.compress.candidates import (
    DRAWN_FLOOR,
    LEAST_SIDE,
    PHOTO_FLOOR,
    Wish,
    encode_within,
    is_drawn,
    likely_png_bytes,
)
from vlprep.types import ImageSize


def noise(height=300, width=400):
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def photo(height=300, width=400):
    """Soft shapes with a little noise, as a camera makes them."""
    rough = Image.fromarray(noise(height // 10, width // 10))
    soft = np.asarray(rough.resize((width, height), Image.Resampling.BICUBIC)).astype(float)
    grain = np.random.default_rng(2).normal(0, 3, (height, width, 1))
    return np.clip(soft + grain, 0, 255).astype(np.uint8)


def text(height=300, width=400):
    image = Image.new("RGB", (width, height), (250, 250, 245))
    draw = ImageDraw.Draw(image)
    for row, y in enumerate(range(2, height, 14)):
        colour = (30 * row % 200, 70 * row % 200, 110 * row % 200)
        draw.text((4, y), f"line {row}: " + "the quick brown fox " * 20, fill=colour)
    return np.asarray(image)


def wish(picture, limit, **options):
    size = ImageSize(*picture.shape[:2])
    return Wish(**{"sizes": (size,), "limits": {"JPEG": limit, "PNG": limit}, **options})


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


def test_a_drawn_picture_becomes_png_then_png_of_256_colours_then_jpeg():
    picture = text(600, 800)
    soft = np.asarray(Image.fromarray(picture).resize((760, 560), Image.Resampling.BICUBIC))
    full = len(encode_png(soft))
    lossless, _ = encode_within(soft, wish(soft, full + 1), "a")
    assert (lossless.format, lossless.lossless) == ("PNG", True)
    palette, _ = encode_within(soft, wish(soft, full), "a")
    assert (palette.format, palette.lossless) == ("PNG", False)
    jpeg, _ = encode_within(soft, wish(soft, len(palette.content) // 3), "a")
    assert jpeg.format == "JPEG" and jpeg.quality >= DRAWN_FLOOR


def test_a_photo_becomes_jpeg_of_quality_95_if_that_fits():
    attempt, encodes = encode_within(photo(), wish(photo(), 10**6), "a")
    assert (attempt.format, attempt.quality, encodes) == ("JPEG", 95, 1)


def test_a_photo_that_came_without_loss_stays_so_if_that_fits():
    attempt, encodes = encode_within(photo(), wish(photo(), 10**6, from_lossless=True), "a")
    assert (attempt.format, attempt.lossless, encodes) == ("PNG", True, 1)


def test_noise_of_a_whole_view_cannot_stay_png_and_falls_to_jpeg():
    picture = noise(1600, 1600)  # 2.56 MP, 7.7 MB as PNG
    attempt, encodes = encode_within(picture, wish(picture, 7_000_000, from_lossless=True), "a")
    assert (attempt.format, attempt.size, attempt.quality) == ("JPEG", (1600, 1600), 95)
    assert encodes <= 2


@pytest.mark.parametrize(("make", "floor"), [(photo, PHOTO_FLOOR), (text, DRAWN_FLOOR)])
def test_below_the_floor_pixels_shrink_and_not_the_quality(make, floor):
    picture = make()
    limit = min(len(encode_jpeg(picture, floor)), len(encode_palette_png(picture))) // 3
    attempt, _ = encode_within(picture, wish(picture, limit), "a")
    assert attempt.format == "JPEG" and attempt.quality == floor
    assert attempt.size.pixels < picture.shape[0] * picture.shape[1]
    assert len(attempt.content) < limit


def test_pixels_shrink_in_steps_of_the_grid():
    snap = lambda size: ImageSize(*(max(32, round(side / 32) * 32) for side in size))  # noqa: E731
    picture = photo(640, 960)
    limit = len(encode_jpeg(picture, PHOTO_FLOOR)) // 2
    attempt, _ = encode_within(picture, wish(picture, limit, snap=snap), "a")
    assert attempt.size.height % 32 == attempt.size.width % 32 == 0


def test_a_second_size_is_taken_when_the_first_does_not_fit():
    picture = photo(600, 800)
    sizes = (ImageSize(600, 800), ImageSize(300, 400))
    limit = len(encode_jpeg(picture, PHOTO_FLOOR)) * 3 // 4
    attempt, encodes = encode_within(picture, wish(picture, limit, sizes=sizes), "a")
    assert attempt.size == (300, 400)
    assert attempt.quality > PHOTO_FLOOR
    assert encodes <= MAX_TRIALS


def test_lossless_is_kept_or_refused():
    picture = photo()
    full = len(encode_png(picture))
    attempt, _ = encode_within(picture, wish(picture, full + 1, lossless=True), "a")
    assert attempt.content == encode_png(picture)
    with pytest.raises(ByteLimitError, match="as PNG, 400x300") as caught:
        encode_within(picture, wish(picture, full, lossless=True), "a")
    assert (caught.value.limit, caught.value.smallest) == (full, full)


def test_what_cannot_be_done_is_refused_with_the_smallest_that_was_made():
    with pytest.raises(ByteLimitError, match="at quality 40, ") as caught:
        encode_within(noise(), wish(noise(), 200), "a.png")
    assert str(caught.value).startswith("a.png: cannot be brought under 200 bytes")
    assert caught.value.smallest >= 200


@pytest.mark.parametrize("size", [(11, 3000), (3000, 20), (9, 400)])
def test_no_side_shrinks_below_what_the_services_take(size):
    picture = noise(*size)
    try:
        attempt, _ = encode_within(picture, wish(picture, 6000), "a")
    except ByteLimitError as error:
        assert error.smallest >= 6000
    else:
        assert min(attempt.size) >= min(*size, LEAST_SIDE)


def test_transparency_is_kept_by_png_and_laid_on_white_by_jpeg():
    picture = np.dstack([photo(), np.full((300, 400), 100, np.uint8)])
    png, _ = encode_within(picture, wish(picture, 10**6, from_lossless=True), "a")
    with Image.open(io.BytesIO(png.content)) as image:
        assert image.mode == "RGBA" and not png.opaque
    jpeg, _ = encode_within(picture, wish(picture, 10**6), "a")
    with Image.open(io.BytesIO(jpeg.content)) as image:
        assert jpeg.opaque and np.asarray(image).min() > 130
