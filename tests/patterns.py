"""Pictures made by a formula of whole numbers, so that any language can make the same.

The formula is written out in `tests/golden/pixel_values/README.md`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

Array = Any  # numpy's


def noise(seed: int, t: int, y: Array, x: Array, c: Array | int) -> Array:
    """Return H(seed, t, y, x, c), 32 bits."""
    with np.errstate(over="ignore"):
        k: Array = np.uint32((2654435769 * seed + 40503001 * t) % 2**32)
        k = k + np.uint32(2246822507) * y + np.uint32(3266489917) * x
        k = k + np.uint32(668265263) * np.asarray(c, np.uint32)
        k = (k ^ (k >> np.uint32(15))) * np.uint32(739982445)
        k = (k ^ (k >> np.uint32(12))) * np.uint32(695872825)
        return k ^ (k >> np.uint32(15))


def places(height: int, width: int) -> tuple[Array, Array]:
    """Return rows and columns, to be broadcast."""
    return np.arange(height, dtype=np.uint32)[:, None], np.arange(width, dtype=np.uint32)[None]


def pattern(name: str, seed: int, height: int, width: int, channels: int, t: int = 0) -> Array:
    """Return a pattern: height x width x channels of uint8."""
    y, x = (place[..., None] for place in places(height, width))
    c = np.arange(channels, dtype=np.uint32)
    return np.ascontiguousarray(PATTERNS[name](seed, t, y, x, c).astype(np.uint8))


def _smooth(seed: int, t: int, y: Array, x: Array, c: Array) -> Array:
    v = (7 * y + 4 * x + 60 * c + 13 * t + seed) % 510
    return np.where(v < 256, v, 510 - v)


def _checker(seed: int, t: int, y: Array, x: Array, c: Array) -> Array:
    b = seed % 3 + 1
    return 255 * ((y // b + x // b + t + c) % 2)


def _page(seed: int, t: int, y: Array, x: Array, c: Array) -> Array:
    ink = (noise(seed, t, y // 2, x // 2, 0) % 8 == 0) & (y // 16 % 2 == 1)
    return np.where(ink, 20 + 5 * c, 245 - c)


PATTERNS: dict[str, Any] = {
    "noise": lambda seed, t, y, x, c: noise(seed, t, y, x, c) >> 24,
    "blocks": lambda seed, t, y, x, c: noise(seed, t, y // 7, x // 7, c) >> 24,
    "saw": lambda seed, t, y, x, c: (3 * y + 5 * x + 85 * c + 11 * t + seed) % 256,
    "smooth": _smooth,
    "checker": _checker,
    "page": _page,
}

_CHANNELS = {"RGB": 3, "RGBA": 3, "CMYK": 4}


def drawn_image(row: dict[str, Any]) -> Image.Image:
    """Return the still of a row, as an image of Pillow's in the row's mode."""
    mode, seed, size = row["mode"], row["seed"], (row["h"], row["w"])
    y, x = places(*size)
    if mode == "I;16":
        return Image.fromarray(((noise(seed, 0, y, x, 0) >> 16) >> (seed % 9)).astype(np.uint16))
    array = pattern(row["pattern"], seed, *size, _CHANNELS.get(mode, 1))
    if mode in ("RGBA", "LA"):
        alpha = (noise(seed + 1, 0, y // 5, x // 5, 3) >> 24).astype(np.uint8)
        array = np.dstack([array, alpha])
    if mode == "1":
        array = (array >= 128) * np.uint8(255)
    if mode in ("1", "L"):
        return Image.fromarray(array[..., 0]).convert(mode, dither=Image.Dither.NONE)
    if mode in ("P", "PT"):
        return _with_palette(array, seed if mode == "PT" else None)
    bands = [Image.fromarray(np.ascontiguousarray(array[..., c])) for c in range(array.shape[2])]
    return Image.merge(mode, bands)


def _with_palette(array: Array, seed: int | None) -> Image.Image:
    image = Image.frombytes("P", (array.shape[1], array.shape[0]), array.tobytes())
    colours = (((7 * i + 13) % 256, (11 * i + 101) % 256, (3 * i + 200) % 256) for i in range(256))
    image.putpalette([part for colour in colours for part in colour])
    if seed is not None:
        image.info["transparency"] = seed % 256
    return image


def drawn_frames(row: dict[str, Any]) -> Array:
    """Return the frames of a row's video: frames x height x width x 3."""
    name, seed, size = row["pattern"], row["seed"], (row["h"], row["w"])
    return np.stack([pattern(name, seed, *size, 3, t) for t in range(row["frames"])])
