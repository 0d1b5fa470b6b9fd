"""The colours of a decoded picture, of 8 bits, and apart from them what shows through."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from vlprep.media.image import plugin_errors


def is_deep(image: Image.Image) -> bool:
    """Say whether an image is grey of more than 8 bits."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def layers(image: Image.Image, name: str, format: str) -> tuple[Image.Image, Image.Image | None]:
    """Decode a picture's colours, of 8 bits, and its alpha channel if something shows through.

    Raises `DecodeError` where the file is damaged or cut off.
    """
    deep = is_deep(image)
    with plugin_errors(name, format):
        if not deep and image.has_transparency_data:
            grey = image.mode in ("LA", "La")
            picture = image.convert("LA" if grey else "RGBA")
            return picture.convert("L" if grey else "RGB"), picture.getchannel("A")
        image.load()
    return (Image.fromarray(_eight_bits(np.asarray(image))) if deep else image), None


def in_rgb(colours: Image.Image, name: str, format: str) -> Image.Image:
    """Convert colours of whatever kind to RGB; raises `DecodeError` as `layers` does."""
    with plugin_errors(name, format):
        return colours.convert("RGB")


def _eight_bits(image: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Scale grey of more than 8 bits, which Pillow's own conversion would clip to white.

    Formats do not say how far their numbers reach, so the picture tells: to 1 for fractions, to
    255, or to 65,535.
    """
    values = image.astype(np.float32)
    values[~np.isfinite(values)] = 0  # maps of depth mark so where nothing was measured
    brightest = values.max(initial=0)
    if image.dtype == np.uint16 or brightest > 255:
        reach = 65535.0
    else:
        reach = 1.0 if np.issubdtype(image.dtype, np.floating) and brightest <= 1 else 255.0
    scaled: npt.NDArray[np.uint8] = np.rint(np.clip(values / reach, 0, 1) * 255).astype(np.uint8)
    return scaled
