"""Pictures that were drawn, as text, screens and charts are: which are, and how they take PNG."""

from __future__ import annotations

import zlib

import numpy as np

from vlprep.media.picture import Pixels
from vlprep.output.encode import with_fewer_colours

PALETTES = {256: 1.0, 64: 0.84, 32: 0.77, 16: 0.62}
"""Colours of a palette, and the bytes of a PNG with it as a part of those with 256.

Measured on 2560x1440 pixels of coloured text, light and dark."""

LEAST_PALETTE_DB = 28.0
"""Fewer colours are used where they come as near as this; JPEGs of quality 60 get 26 to 30 dB."""

_BLUR, _GROWTH = 1.45, 0.65
"""Resizing softens edges and costs bytes; these grow by that power of the pixels."""


def palette_share(colours: int, pixels_share: float) -> float:
    """Return about how large a PNG of a palette is, as a part of that of 256 colours in full size.

    `pixels_share` is the part of the pixels that it has.

    >>> palette_share(16, 1.0), round(palette_share(16, 0.25), 2)
    (0.62, 0.37)
    """
    resized = 1.0 if pixels_share == 1 else _BLUR * pixels_share**_GROWTH
    return PALETTES[colours] * resized


def takes_palette(picture: Pixels, colours: int) -> bool:
    """Say whether a palette keeps enough of an RGB picture.

    >>> takes_palette(np.zeros((28, 28, 3), np.uint8), 16)
    True
    """
    if colours == max(PALETTES):
        return True
    rows = np.ascontiguousarray(picture[:: max(1, picture.shape[0] // 256)])
    error = np.mean((rows.astype(np.float32) - with_fewer_colours(rows, colours)) ** 2)
    return bool(error <= 255**2 / 10 ** (LEAST_PALETTE_DB / 10))


def is_drawn(picture: Pixels) -> bool:
    """Say whether an RGB picture is drawn, as text, screens and charts are, rather than a photo.

    Drawn pictures have flat areas with sharp edges between, or few colours. A step of more than 48
    levels to the next pixel was 1 to 3 % of all steps in ten files of cameras and phones, and 20 %
    and more in text, also after JPEG.

    >>> is_drawn(np.zeros((28, 28, 3), np.uint8))
    True
    """
    rows = picture[:: max(1, picture.shape[0] // 256)]
    steps = np.abs(np.diff(rows.astype(np.int16), axis=1)).max(axis=2)
    flat, edges = np.mean(steps == 0) if steps.size else 1.0, steps[steps > 0]
    if flat >= 0.05 and (not edges.size or np.mean(edges > 48) >= 0.15):
        return True
    coloured = bool((rows[..., 0] != rows[..., 1]).any())
    return coloured and _colours(rows) <= 256


def _colours(rows: Pixels) -> int:
    spread = rows[:, :: max(1, rows.shape[1] // 256)].reshape(-1, 3).astype(np.uint32)
    return len(np.unique(spread @ np.array([1 << 16, 1 << 8, 1], np.uint32)))


def likely_png_bytes(picture: Pixels) -> int:
    """Return about how large a picture is as PNG, from eight bands of its rows.

    Repetition beyond a band is not seen, so a drawn picture may come out at half of this.

    >>> likely_png_bytes(np.zeros((1000, 1000, 3), np.uint8)) < 10_000
    True
    """
    height = picture.shape[0]
    starts = range(0, height, max(16, height // 8))
    bands = np.concatenate([picture[start : start + 16] for start in starts])
    differences = np.diff(bands, axis=1, prepend=np.uint8(0))  # as PNG's filter "sub" does
    sample = len(zlib.compress(differences.tobytes(), 6))
    return int(sample * height / bands.shape[0])
