"""PNG without loss and of few colours."""

from __future__ import annotations

import pytest

from tests.drawings import photo, screen, wish
from vlprep.compress.candidates import encode_within
from vlprep.errors import ByteLimitError
from vlprep.media.encode import encode_palette_png, encode_png
from vlprep.types import ImageSize


def test_a_screen_keeps_its_size_and_loses_colours():
    picture, view = screen(), ImageSize(480, 832)
    full = len(encode_palette_png(picture, 256))
    for share, colours in ((1.1, 256), (0.95, 64)):
        limit = round(share * full)
        sizes = {"sizes": (view,), "png_bytes": 2 * full}
        attempt, encodes = encode_within(picture, wish(picture, limit, **sizes), "a")
        assert (attempt.size, attempt.colours) == ((720, 1280), colours)
        assert len(attempt.content) < limit
        assert encodes <= 2


def test_only_png_for_a_photo_is_256_colours_or_nothing():
    picture, only = photo(), {"formats": ("PNG",)}
    limit = len(encode_palette_png(picture)) + 1
    attempt, _ = encode_within(picture, wish(picture, limit, **only), "a")
    assert (attempt.format, attempt.colours) == ("PNG", 256)
    with pytest.raises(ByteLimitError, match="as PNG of 256 colours"):
        encode_within(picture, wish(picture, limit // 2, **only), "a")


def test_lossless_is_kept_or_refused():
    picture = photo()
    full = len(encode_png(picture))
    attempt, _ = encode_within(picture, wish(picture, full + 1, lossless=True), "a")
    assert attempt.content == encode_png(picture)
    with pytest.raises(ByteLimitError, match="as PNG, 400x300") as caught:
        encode_within(picture, wish(picture, full, lossless=True), "a")
    assert (caught.value.limit, caught.value.smallest) == (full, full)


def test_a_photo_that_came_without_loss_stays_so_if_that_fits():
    attempt, encodes = encode_within(photo(), wish(photo(), 10**6, from_lossless=True), "a")
    assert (attempt.format, attempt.lossless, encodes) == ("PNG", True, 1)
