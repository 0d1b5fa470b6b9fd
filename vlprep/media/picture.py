"""Decode images to what a model is shown, upright RGB of 8 bits laid on white; encode pictures."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from vlprep.errors import (
    ConstraintError,
    PixelLimitError,
    TimeLimitError,
    UnsupportedFormatError,
)
from vlprep.media.image import damaged, open_image, probe_image
from vlprep.media.sniff import Format
from vlprep.media.source import OpenSource
from vlprep.types import ImageInfo, ImageSize

Pixels: TypeAlias = npt.NDArray[np.uint8]

_TURNS = {
    # EXIF orientation: what brings the stored picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_picture(opened: OpenSource, found: Format) -> Pixels:
    """Decode the first picture of an image, height x width x 3, as displayed.

    Raises `DecodeError` where the file is damaged or cut off, `PixelLimitError` for a size beyond
    belief and `UnsupportedFormatError` for camera raw files.
    """
    info = probe_image(opened, found)
    opened.file.seek(0)
    try:
        return _upright(_flattened(open_image(opened, found)), info)
    except (PixelLimitError, UnsupportedFormatError):
        raise
    except Exception as error:  # a plugin can raise anything on hostile bytes
        raise damaged(opened, found, error) from error


def resize_picture(picture: Pixels, size: ImageSize) -> Pixels:
    """Scale a picture as the models' own processors do: bicubic, with antialiasing, by Pillow.

    >>> resize_picture(np.zeros((10, 20, 3), np.uint8), ImageSize(28, 56)).shape
    (28, 56, 3)
    """
    image = Image.fromarray(picture)
    return np.asarray(image.resize((size.width, size.height), Image.Resampling.BICUBIC))


def animation_frames(
    opened: OpenSource,
    found: Format,
    numbers: Sequence[int],
    size: ImageSize,
    *,
    patience_seconds: float | None = None,
) -> Iterator[Pixels]:
    """Decode some frames of an animated image, in the order of `numbers`, laid on white.

    `size` is that of the delivered frames, height x width x 3. Raises `DecodeError` where the
    file is damaged, and `TimeLimitError` when one takes longer than `patience_seconds`.
    """
    info = probe_image(opened, found)
    opened.file.seek(0)
    try:
        image = open_image(opened, found)
        for number in numbers:
            asked_at = time.monotonic()
            for before in range(min(image.tell() + 1, number), number + 1):
                image.seek(before)  # one by one, so that the time can be looked at
                if patience_seconds and time.monotonic() - asked_at > patience_seconds:
                    raise TimeLimitError(opened.name, patience_seconds)
            yield resize_picture(_upright(_flattened(image), info), size)
    except (GeneratorExit, TimeLimitError):
        raise
    except Exception as error:  # a plugin can raise anything on hostile bytes
        raise damaged(opened, found, error) from error


def _flattened(image: Image.Image) -> Image.Image:
    """Return a picture as RGB; what shows through is white."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    picture = image.convert("RGBA")
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def _upright(image: Image.Image, info: ImageInfo) -> Pixels:
    # Pillow turns TIFFs by itself.
    turn = None if info.format == "TIFF" else _TURNS.get(info.orientation)
    return np.asarray(image if turn is None else image.transpose(turn))


def _eight_bits(image: npt.NDArray[np.generic]) -> Pixels:
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
    scaled: Pixels = np.rint(np.clip(values / reach, 0, 1) * 255).astype(np.uint8)
    return scaled


PICTURE_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
"""Formats of pictures by the ending of their names."""


def picture_format(path: str | os.PathLike[str]) -> str:
    """Return the format that a picture's name asks for.

    Raises `ConstraintError` for an ending that is not in `PICTURE_FORMATS`.

    >>> picture_format("sheet.JPG")
    'JPEG'
    """
    ending = Path(path).suffix.lower()
    if ending not in PICTURE_FORMATS:
        known = ", ".join(PICTURE_FORMATS)
        raise ConstraintError(f"{path}: {ending or 'no ending'} is no picture here; use {known}")
    return PICTURE_FORMATS[ending]


def encode_picture(picture: Pixels | Image.Image, format: str) -> bytes:
    r"""Encode a picture as "PNG", "JPEG" or "WEBP", as close to the original as the format gets.

    JPEG and WebP have quality 95, and JPEG all of the colour (4:4:4). Encoded to memory, because
    Pillow writes cut files to a full disk without a word.

    >>> encode_picture(np.zeros((28, 28, 3), np.uint8), "PNG")[:4]
    b'\x89PNG'
    """
    image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    memory = io.BytesIO()
    image.save(memory, format, **_ENCODING[format])
    return memory.getvalue()


_ENCODING: dict[str, dict[str, Any]] = {
    "PNG": {"compress_level": 3},  # twice as fast as Pillow's default, a few per cent larger
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95},
}
