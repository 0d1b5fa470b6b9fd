"""The doors through which a picture gets into a model: what each makes of its pixels.

The reference for open weights (transformers 5.24.0, its default backend) treats one file in two
ways, and neither is what a person sees:

- "path", a path or Base64: turned upright by EXIF; transparency is dropped, so that hidden colours
  show; only JPEG, PNG, GIF and WebP; 16 bits stay undivided, which makes numbers of no use, so they
  are refused here.
- "object", an image that Pillow opened: EXIF is left aside; transparency is laid on white; grey of
  16 bits is cut at 255, which makes nearly all of it white.
- "display", here alone: upright, laid on white, more than 8 bits scaled. This is what is meant by a
  file where nothing is said.

An image of Pillow's for which no door is named is taken as by "object", and turned upright; an
array has no EXIF, and is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, get_args

import numpy as np
from PIL import ExifTags, Image, ImageOps

from vlprep.errors import ConstraintError, MemoryLimitError, UnsupportedFormatError
from vlprep.maths.resample import Held
from vlprep.media.held import picture_array
from vlprep.media.image import TURNED, open_image, plugin_errors
from vlprep.media.layers import is_deep
from vlprep.media.picture import (
    Pixels,
    RgbImage,
    decode_picture,
    lay_on_white,
    opened_pixels,
    resize_picture,
)
from vlprep.media.source import Item, SourceLike, held_name, is_held, memory_errors, open_item
from vlprep.trust import TRUST, Trust
from vlprep.types import Door, ImageInfo, ImageSize


class Seen(NamedTuple):
    """A picture behind a door: RGB uint8, height x width x 3, and what a user should know."""

    picture: Held | RgbImage
    warnings: tuple[str, ...] = ()
    draws: Callable[[ImageSize], Pixels] | None = None
    """Draws a page of a PDF, while its item is open; `None` for what has pixels."""

    @property
    def pixels(self) -> Pixels:
        """The picture as an array."""
        return self.picture.pixels

    def at(self, size: ImageSize) -> Pixels:
        """Return it at another size: scaled as the models' own processors do, or drawn anew."""
        return resize_picture(self.pixels, size) if self.draws is None else self.draws(size)


def see(source: SourceLike, door: Door | None = None, trust: Trust = TRUST) -> Seen:
    """Decode an image as it gets in by a door; without one as its kind of source usually does.

    Raises `ConstraintError` for an unknown door, `UnsupportedFormatError` for what does not get in
    by this one, and the errors of `read_picture`.

    >>> see("fixtures/exif_6.jpg").pixels.shape, see("fixtures/exif_6.jpg", "object").pixels.shape
    ((48, 80, 3), (80, 48, 3))
    """
    if door not in (None, *get_args(Door)):
        known = ", ".join(get_args(Door))
        raise ConstraintError(f"door is one of {known}; got {door!r}")
    if is_held(source):
        return _see_held(source, door)
    with open_item(source, trust) as item:
        if door in (None, "display"):
            draws = (lambda size: _page(item, size)) if item.found.drawn else None
            picture = decode_picture(item)
            return Seen(Held(lay_on_white(picture.pixels)), picture.warnings, draws)
        with memory_errors(item):
            image = open_image(item)
            if door == "object":
                return _as_object(image, item.name, item.found.name)
            return Seen(Held(_as_path(image, item)))


def _page(item: Item, size: ImageSize) -> Pixels:
    return decode_picture(item, size=size).pixels


def _see_held(source: object, door: Door | None) -> Seen:
    if not isinstance(source, Image.Image):
        array = picture_array(source)
        if array.shape[2] == 1:
            array = np.repeat(array, 3, axis=2)
        pixels = array[..., :3] if door == "path" else lay_on_white(array)
        return Seen(Held(pixels), () if np.asarray(source).dtype == np.uint8 else (_CONVERTED,))
    name, format = held_name(source), str(source.format or "PIL image")
    if door == "display":
        return Seen(Held(opened_pixels(source)))
    try:
        image = source if door == "object" else _upright(source, name, format)
        if door == "path":
            return Seen(Held(_without_alpha(image, name, format)))
        return _as_object(image, name, format)
    except MemoryError as error:
        raise MemoryLimitError(name, (source.height, source.width)) from error


def _as_object(image: Image.Image, name: str, format: str) -> Seen:
    """Return what the reference makes of an image that Pillow opened."""
    with plugin_errors(name, format):
        if is_deep(image) and image.mode.startswith("I;16"):
            grey = np.minimum(np.asarray(image), 255).astype(np.uint8)
            return Seen(Held(np.repeat(grey[..., None], 3, axis=2)), (_CUT,))
        if "A" in image.getbands() or image.info.get("transparency") is not None:
            return Seen(Held(lay_on_white(np.asarray(image.convert("RGBA")))))
        rgb = image if image.mode == "RGB" else image.convert("RGB")
        rgb.load()  # here, where what goes wrong is said
        return Seen(RgbImage(rgb), (_CUT,) if is_deep(image) else ())


_CONVERTED = "numbers of another type than uint8, all of them whole, were converted"
_CUT = (
    'more than 8 bits of grey are cut at 255, as the reference does by the door "object"; '
    '"display" scales them'
)

_OPENED_BY_PATH = ("JPEG", "PNG", "GIF", "WEBP")
"""Formats that the reference opens by name."""


def _as_path(image: Image.Image, item: Item) -> Pixels:
    """Return what the reference makes of a path."""
    format = item.found.name
    if format not in _OPENED_BY_PATH:
        problem = f"{format}, which the reference does not open by its path; `door` names another"
        raise UnsupportedFormatError(item.name, problem, format=format)
    return _without_alpha(_upright(image, item.name, format), item.name, format)


def _upright(image: Image.Image, name: str, format: str) -> Image.Image:
    with plugin_errors(name, format):
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9)
        return ImageOps.exif_transpose(image) if turned else image


def _without_alpha(image: Image.Image, name: str, format: str) -> Pixels:
    if is_deep(image):
        problem = (
            'more than 8 bits, which by the door "path" the reference leaves undivided: numbers up '
            'to 257 times too high; `door` "display" scales them, "object" cuts them'
        )
        raise UnsupportedFormatError(name, problem, format=format)
    with plugin_errors(name, format):
        bare = image.copy()
        bare.info.pop("transparency", None)  # or the conversion would heed it
        return np.asarray(bare.convert("RGB"))


def size_behind(info: ImageInfo, door: Door | None) -> ImageSize:
    """Return the size, (height, width) in pixels, of an image that gets in by a door.

    >>> from vlprep.media.probe import probe
    >>> size_behind(probe("fixtures/exif_6.jpg"), "object")
    ImageSize(height=80, width=48)
    """
    # Pillow turns TIFFs by itself.
    stored = door == "object" and info.orientation in TURNED and info.format != "TIFF"
    return ImageSize(info.size.width, info.size.height) if stored else info.size
