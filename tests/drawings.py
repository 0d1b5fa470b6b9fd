"""Pictures made for a test: noise, something like a photo, and screens of text."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vlprep.compress.image_search import ImageSearch, encode_within
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


def screen(height=720, width=1280):
    """An editor's window: words in four colours on white."""
    random = np.random.default_rng(3)
    image = Image.new("RGB", (width, height), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(14)
    for y in range(6, height - 16, 18):
        x = 8.0
        while x < width - 80:
            word = "".join(map(chr, 97 + random.integers(0, 26, random.integers(2, 9))))
            colour = ("black", "#0000c0", "#a31515", "#008000")[random.integers(4)]
            draw.text((x, y), word, fill=colour, font=font)
            x += draw.textlength(word + " ", font=font)
    return np.asarray(image)


def encode(picture, limit, name="a", **options):
    """Bring a picture under a limit, whatever the format; returns how, and the encodes it took."""
    size = ImageSize(*picture.shape[:2])
    asked = {"sizes": (size,), "limits": {"JPEG": limit, "PNG": limit}, **options}
    return encode_within(ImageSearch(picture=picture, name=name, **asked))
