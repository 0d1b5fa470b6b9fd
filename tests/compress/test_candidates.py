"""Which way of encoding comes first, and what happens when none is small enough."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.drawings import noise, text, wish
from vlprep.compress.attempts import DRAWN_FLOOR
from vlprep.compress.candidates import encode_within
from vlprep.errors import ByteLimitError
from vlprep.media.encode import encode_png


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


def test_what_cannot_be_done_is_refused_with_the_smallest_that_was_made():
    with pytest.raises(ByteLimitError, match="at quality 40, ") as caught:
        encode_within(noise(), wish(noise(), 200), "a.png")
    assert str(caught.value).startswith("a.png: cannot be brought under 200 bytes")
    assert caught.value.smallest >= 200
