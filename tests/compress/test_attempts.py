"""A picture that is encoded again and again."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from tests.drawings import photo, wish
from vlprep.compress.candidates import encode_within


def test_transparency_is_kept_by_png_and_laid_on_white_by_jpeg():
    picture = np.dstack([photo(), np.full((300, 400), 100, np.uint8)])
    png, _ = encode_within(picture, wish(picture, 10**6, from_lossless=True), "a")
    with Image.open(io.BytesIO(png.content)) as image:
        assert image.mode == "RGBA" and not png.opaque
    jpeg, _ = encode_within(picture, wish(picture, 10**6), "a")
    with Image.open(io.BytesIO(jpeg.content)) as image:
        assert jpeg.opaque and np.asarray(image).min() > 130
