"""Pictures that the caller holds in memory: images of Pillow's, and arrays.

An array is height x width of grey, or height x width x 1, 3 (RGB) or 4 (RGBA), with values from 0
to 255; one dimension more in front makes it a stack of frames, which stands for a video.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from vlprep.errors import UnsupportedFormatError
from vlprep.media.image import TURNED
from vlprep.media.source import held_name
from vlprep.types import ImageInfo, ImageSize


def held_info(source: object) -> ImageInfo:
    """Return the facts of a picture held in memory; no pixel is looked at.

    Raises `UnsupportedFormatError` for an array that is no picture.

    >>> held_info(np.zeros((20, 30, 3), np.uint8)).size
    ImageSize(height=20, width=30)
    """
    if not isinstance(source, Image.Image):
        array = picture_array(source, checked=False)
        mode = {1: "L", 3: "RGB", 4: "RGBA"}[array.shape[2]]
        size = ImageSize(*array.shape[:2])
        return ImageInfo(size=size, format="array", mode=mode, transparent=mode == "RGBA")
    turn = source.getexif().get(0x0112, 1)
    width, height = source.size
    return ImageInfo(
        size=ImageSize(width, height) if turn in TURNED else ImageSize(height, width),
        format="PIL image",
        mode=source.mode,
        transparent=source.has_transparency_data,
        orientation=turn if turn in range(1, 9) else 1,
    )


def picture_array(source: Any, *, checked: bool = True) -> npt.NDArray[np.uint8]:
    """Return an array as a picture, height x width x 1, 3 or 4 of uint8.

    Numbers of another type are taken where each is a whole one from 0 to 255, which is looked at
    where `checked`. Raises `UnsupportedFormatError` for what is no picture.

    >>> picture_array(np.full((20, 30), 7.0)).shape
    (20, 30, 1)
    """
    array = np.asarray(source)
    name, found = held_name(source), f"an array of {array.dtype} {array.shape}"
    array = array[..., None] if array.ndim == 2 else array
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or not array.size:
        wanted = "height x width x 3 is wanted; a stack of such frames is a video"
        raise UnsupportedFormatError(name, f"{found}; {wanted}")
    if array.dtype == np.uint8 or not checked:
        return array
    whole = array.astype(np.uint8, copy=True) if _is_number(array) else None
    if whole is None or not np.array_equal(whole, array):
        raise UnsupportedFormatError(name, f"{found}; whole numbers from 0 to 255 are wanted")
    return whole


def _is_number(array: npt.NDArray[Any]) -> bool:
    return array.dtype.kind in "bui" or (
        array.dtype.kind == "f" and bool(((array >= 0) & (array <= 255)).all())
    )


def held_file(source: object) -> bytes:
    r"""Return a picture held in memory as a file: a PNG of the same pixels, with its EXIF.

    What PNG cannot hold, such as colours of print, becomes RGB. Raises as `picture_array` does.

    >>> held_file(np.zeros((20, 30, 3), np.uint8))[:4]
    b'\x89PNG'
    """
    if isinstance(source, Image.Image):
        image = source
    else:
        array = picture_array(source)
        image = Image.fromarray(array[..., 0] if array.shape[2] == 1 else array)
    memory = io.BytesIO()
    if image.mode not in _PNG_MODES:
        image = image.convert("RGB")
    image.save(memory, "PNG", compress_level=1, exif=image.getexif())
    return memory.getvalue()


_PNG_MODES = {"1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16"}
