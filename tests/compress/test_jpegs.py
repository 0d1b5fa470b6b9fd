"""JPEG of the best quality that fits."""

from __future__ import annotations

from tests.drawings import noise, photo, wish
from vlprep.compress.attempts import PHOTO_FLOOR
from vlprep.compress.candidates import encode_within
from vlprep.compress.quality import MAX_TRIALS
from vlprep.media.encode import encode_jpeg
from vlprep.types import ImageSize


def test_a_photo_becomes_jpeg_of_quality_95_if_that_fits():
    attempt, encodes = encode_within(photo(), wish(photo(), 10**6), "a")
    assert (attempt.format, attempt.quality, encodes) == ("JPEG", 95, 1)


def test_noise_of_a_whole_view_cannot_stay_png_and_falls_to_jpeg():
    picture = noise(1600, 1600)  # 2.56 MP, 7.7 MB as PNG
    attempt, encodes = encode_within(picture, wish(picture, 7_000_000, from_lossless=True), "a")
    assert (attempt.format, attempt.size, attempt.quality) == ("JPEG", (1600, 1600), 95)
    assert encodes <= 2


def test_a_second_size_is_taken_when_the_first_does_not_fit():
    picture = photo(600, 800)
    sizes = (ImageSize(600, 800), ImageSize(300, 400))
    limit = len(encode_jpeg(picture, PHOTO_FLOOR)) * 3 // 4
    attempt, encodes = encode_within(picture, wish(picture, limit, sizes=sizes), "a")
    assert attempt.size == (300, 400)
    assert attempt.quality > PHOTO_FLOOR
    assert encodes <= MAX_TRIALS
