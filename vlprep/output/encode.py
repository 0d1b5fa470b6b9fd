"""Encode pictures to memory: by the ending of a name, by quality, without loss, by a palette.

Never to a file: Pillow writes cut files to a full disk without a word. Nothing of the source's
metadata is passed on, because pixels come as arrays, which have none.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from vlprep.errors import ConstraintError

PICTURE_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
"""Formats of pictures by the ending of their names."""

MAX_JPEG_SIDE = 65_500
"""Longest side in pixels of a JPEG; libjpeg refuses more."""

DRAWN_QUALITY = 90
"""Quality of drawings for people as JPEG and WebP: 95 takes half as many bytes again, unseen."""

PALETTE_COLOURS = 256
"""Colours that a palette has room for."""

MOST_OCTREE_COLOURS = 64
"""Colours up to which they are found by an octree."""

_Array = npt.NDArray[np.uint8]


def picture_format(path: str | os.PathLike[str]) -> str:
    """Return the format that a picture's name asks for.

    Raises `ConstraintError` for an ending that is not in `PICTURE_FORMATS`.

    >>> picture_format("sheet.JPG")
    'JPEG'
    """
    ending = Path(path).suffix.lower()
    if ending not in PICTURE_FORMATS:
        known = ", ".join(PICTURE_FORMATS)
        raise ConstraintError(f"{path}: the name of a picture ends in {known}")
    return PICTURE_FORMATS[ending]


def encode_picture(picture: _Array | Image.Image, format: str, quality: int = 95) -> bytes:
    r"""Encode a picture as "PNG", "JPEG" or "WEBP", as close to the original as the format gets.

    JPEG and WebP have a `quality` from 1 to 100, and JPEG all of the colour (4:4:4).

    >>> encode_picture(np.zeros((28, 28, 3), np.uint8), "PNG")[:4]
    b'\x89PNG'
    """
    image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    if format == "PNG":  # twice as fast as Pillow's default, a few per cent larger
        return _encoded(image, format, compress_level=3)
    return _encoded(image, format, quality=quality, **_COLOUR.get(format, {}))


_COLOUR: dict[str, dict[str, Any]] = {"JPEG": {"subsampling": 0}}


def encode_jpeg(picture: _Array, quality: int) -> bytes:
    r"""Encode an RGB picture as JPEG of a quality from 1 to 100, with all of the colour (4:4:4).

    Progressive, which saves up to a tenth. Grey pictures are stored without colour. Halved colour
    would cost coloured text more than any quality can give back.

    >>> encode_jpeg(np.zeros((28, 28, 3), np.uint8), 85)[:3]
    b'\xff\xd8\xff'
    """
    image = _lean(picture)
    options: dict[str, Any] = {"quality": quality}
    if image.mode == "RGB":
        options["subsampling"] = 0
    content = _encoded(image, "JPEG", **options)
    if len(content) * 1.02 + 1000 > _optimizer_room(image, quality):
        return content
    return min(content, _encoded(image, "JPEG", progressive=True, **options), key=len)


def _optimizer_room(image: Image.Image, quality: int) -> int:
    """Return how large a progressive JPEG may get; Pillow fails where noise makes it larger.

    From its `JpegImagePlugin._save`, 11.3 to 13.0.
    """
    pixels = image.width * image.height
    return max(65536, pixels * 2 if quality >= 95 else pixels)


def encode_png(picture: _Array) -> bytes:
    r"""Encode an RGB or RGBA picture as PNG, without loss and as small as it gets in one go.

    What has no colour, or no more of them than a palette holds, is stored so.

    >>> encode_png(np.zeros((28, 28, 3), np.uint8))[:4]
    b'\x89PNG'
    """
    image = _lean(picture)
    if image.mode == "RGB" and image.getcolors(PALETTE_COLOURS):
        few = _with_palette(image)
        if np.array_equal(np.asarray(few.convert("RGB")), picture):
            image = few
    return _encoded(image, "PNG", optimize=True)


def encode_palette_png(picture: _Array, colours: int = PALETTE_COLOURS) -> bytes:
    r"""Encode an RGB picture as PNG of at most so many colours, each pixel the nearest of them.

    No dithering: it would turn flat areas into noise.

    >>> encode_palette_png(np.zeros((28, 28, 3), np.uint8))[:4]
    b'\x89PNG'
    """
    return _encoded(_with_palette(Image.fromarray(picture), colours), "PNG", optimize=True)


def with_fewer_colours(picture: _Array, colours: int) -> _Array:
    """Return an RGB picture as `encode_palette_png` would show it.

    >>> with_fewer_colours(np.full((2, 2, 3), 7, np.uint8), 16)[0, 0].tolist()
    [7, 7, 7]
    """
    return np.asarray(_with_palette(Image.fromarray(picture), colours).convert("RGB"))


def _with_palette(image: Image.Image, colours: int = PALETTE_COLOURS) -> Image.Image:
    # An octree finds few colours better, and the median cut many: 41 against 40 dB at 64 colours
    # of text on a screen, and 45 against 53 at 256.
    many = colours > MOST_OCTREE_COLOURS
    method = Image.Quantize.MEDIANCUT if many else Image.Quantize.FASTOCTREE
    return image.quantize(colours, method=method, dither=Image.Dither.NONE)


def _lean(picture: _Array) -> Image.Image:
    """Return the picture as an image without the channels that say nothing."""
    if picture.shape[2] == 4:
        return Image.fromarray(picture)
    red = picture[..., 0]
    grey = all(np.array_equal(red, picture[..., channel]) for channel in (1, 2))
    return Image.fromarray(np.ascontiguousarray(red) if grey else picture)


def _encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    memory = io.BytesIO()
    image.save(memory, format, **options)
    return memory.getvalue()
