"""Fewer pixels, where nothing else fits."""

from __future__ import annotations

import pytest

from tests.drawings import noise, photo, screen, text, wish
from vlprep.compress.attempts import DRAWN_FLOOR, PHOTO_FLOOR
from vlprep.compress.candidates import encode_within
from vlprep.compress.quality import MAX_TRIALS
from vlprep.compress.shrinking import LEAST_SIDE
from vlprep.errors import ByteLimitError
from vlprep.media.encode import encode_jpeg, encode_palette_png
from vlprep.types import ImageSize


def test_a_screen_gets_smaller_before_it_gets_blurred():
    picture = screen()
    limit = len(encode_palette_png(picture, 16)) // 3
    attempt, encodes = encode_within(
        picture, wish(picture, limit, sizes=(ImageSize(480, 832),)), "a"
    )
    assert (attempt.format, attempt.colours) == ("PNG", 16)
    assert attempt.size.pixels < 480 * 832
    assert 0.7 * limit < len(attempt.content) < limit
    assert encodes <= MAX_TRIALS
    jpeg, _ = encode_within(picture, wish(picture, limit, formats=("JPEG",)), "a")
    assert jpeg.format == "JPEG"


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


@pytest.mark.parametrize("size", [(11, 3000), (3000, 20), (9, 400)])
def test_no_side_shrinks_below_what_the_services_take(size):
    picture = noise(*size)
    try:
        attempt, _ = encode_within(picture, wish(picture, 6000), "a")
    except ByteLimitError as error:
        assert error.smallest >= 6000
    else:
        assert min(attempt.size) >= min(*size, LEAST_SIDE)
