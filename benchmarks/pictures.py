"""Pictures to time compression on: drawn landscapes with grain, and screens full of text."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from clips import SEED, texture
from PIL import Image, ImageDraw, ImageFont, ImageOps

Picture = npt.NDArray[np.uint8]

THEMES = {
    "light": ("white", ("black", "#0000c0", "#a31515", "#008000", "#795e26")),
    "dark": ("#1e1e1e", ("#d4d4d4", "#569cd6", "#ce9178", "#6a9955", "#dcdcaa")),
}
"""Background and colours of letters, as editors have them."""


def drawn_photos(count: int = 4) -> Iterator[tuple[str, bytes]]:
    """Yield JPEGs of 12 megapixels as a camera writes them, at quality 95."""
    random = np.random.default_rng(SEED)
    for number in range(count):
        detail = texture(random, side=4000)[:3000].astype(np.int16)
        grain = random.normal(0, 2, (3000, 4000, 1))
        picture = (detail + grain).clip(0, 255).astype(np.uint8)
        yield f"landscape {number}", encoded(Image.fromarray(picture), "JPEG", quality=95)


def camera_photos(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the JPEGs of a folder."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in (".jpg", ".jpeg"):
            yield path.stem, path.read_bytes()


def screens() -> Iterator[tuple[str, bytes]]:
    """Yield PNGs of 2560 x 1440 pixels full of coloured text, light and dark."""
    random = np.random.default_rng(SEED)
    for name, (background, colours) in THEMES.items():
        yield f"{name} text", encoded(_screen(random, background, colours), "PNG")


def _screen(random: np.random.Generator, background: str, colours: tuple[str, ...]) -> Image.Image:
    picture = Image.new("RGB", (2560, 1440), background)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(16)
    for y in range(10, 1420, 22):
        x = 10.0 + 40 * random.integers(0, 4)
        while x < 2300:
            word = "".join(chr(97 + k) for k in random.integers(0, 26, random.integers(2, 11)))
            draw.text((x, y), word, fill=colours[random.integers(len(colours))], font=font)
            x += draw.textlength(word + " ", font=font)
    return picture


def encoded(picture: Image.Image, format: str, **options: object) -> bytes:
    """Return a picture as a file."""
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def decoded(content: bytes) -> Image.Image:
    """Return a file's picture upright, in RGB."""
    with Image.open(io.BytesIO(content)) as picture:
        return ImageOps.exif_transpose(picture).convert("RGB")


def seen(picture: Image.Image, height: int, width: int) -> Picture:
    """Return a picture as the model sees it."""
    size = (width, height)
    view = picture if picture.size == size else picture.resize(size, Image.Resampling.BICUBIC)
    return np.asarray(view)


def psnr(reference: Picture, other: Picture) -> float:
    """Return how near two pictures are, in dB; 99 where they are equal."""
    error = float(np.mean((reference.astype(np.float32) - other) ** 2))
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))
