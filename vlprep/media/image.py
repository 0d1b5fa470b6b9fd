"""Images through Pillow and pillow-heif: what a header says. Pixels are decoded in `picture`.

The format is known from the content before a plugin is asked, so only that plugin sees the bytes
and only it is imported. Pillow's general `open` is not used: it loads five plugins, and prints a
warning for large pictures that are harmless while only their header is read.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import BinaryIO

from PIL import ExifTags, Image, ImageFile

from vlprep.errors import DecodeError, PixelLimitError, UnsupportedFormatError
from vlprep.media.animation import frame_seconds
from vlprep.media.orientation import exif_orientation
from vlprep.media.sniff import Format
from vlprep.media.source import OpenSource
from vlprep.types import ImageInfo, ImageSize

MAX_PIXELS = 178_956_970
"""Largest picture that is believed, in pixels; Pillow's own limit for decompression bombs."""

_PLUGINS = {
    "JPEG": "PIL.JpegImagePlugin",
    "PNG": "PIL.PngImagePlugin",
    "GIF": "PIL.GifImagePlugin",
    "WEBP": "PIL.WebPImagePlugin",
    "TIFF": "PIL.TiffImagePlugin",
    "BMP": "PIL.BmpImagePlugin",
    "AVIF": "PIL.AvifImagePlugin",
    "JPEG2000": "PIL.Jpeg2KImagePlugin",
}

_TURNED = (5, 6, 7, 8)
"""EXIF orientations that swap height and width."""


def probe_image(opened: OpenSource, found: Format) -> ImageInfo:
    """Read the header of an image whose content was recognised as `found`.

    Raises `DecodeError` for a damaged header and `PixelLimitError` for a size beyond belief.
    """
    opened.file.seek(0)
    try:
        return describe_image(open_image(opened, found), opened, found)
    except (PixelLimitError, UnsupportedFormatError):
        raise
    except Exception as error:  # a plugin can raise anything on hostile bytes
        raise damaged(opened, found, error) from error


def animation_seconds(opened: OpenSource, found: Format) -> list[float]:
    """Return how long each frame of an animated image shows, in seconds; one item for a still.

    Only the structure of the file is read. Raises `DecodeError` where it is damaged.
    """
    opened.file.seek(0)
    try:
        return frame_seconds(opened.file, found.reader)
    except (EOFError, ValueError, struct.error) as error:
        raise damaged(opened, found, error) from error


def describe_image(image: ImageFile.ImageFile, opened: OpenSource, found: Format) -> ImageInfo:
    """Return the facts of the picture at which an opened image stands.

    Raises `PixelLimitError` for a size beyond belief, `UnsupportedFormatError` for camera raw
    files, and whatever the plugin raises.
    """
    _refuse_preview(image, opened, found)
    orientation = _orientation(image)
    size = _displayed_size(image, orientation)
    if size.pixels > MAX_PIXELS:
        raise PixelLimitError(opened.name, size.pixels, MAX_PIXELS)
    pages = _page_count(image)
    several = (f"{pages} pictures in the file; only the first is counted",)
    return ImageInfo(
        size=size,
        format=found.name,
        mode=image.mode,
        transparent=image.has_transparency_data,
        orientation=orientation,
        frame_count=pages,
        file_bytes=opened.file_bytes,
        warnings=several if pages > 1 else (),
    )


def open_image(opened: OpenSource, found: Format) -> ImageFile.ImageFile:
    """Let the one plugin that reads the format read the header; pixels stay undecoded.

    Raises whatever the plugin raises.
    """
    if found.reader == "HEIF":
        from pillow_heif import HeifImageFile

        heif: ImageFile.ImageFile = HeifImageFile(opened.file)  # type: ignore[no-untyped-call]
        return heif
    return _factory(found.reader)(opened.file, opened.name)


@cache
def _factory(reader: str) -> Callable[[BinaryIO, str], ImageFile.ImageFile]:
    import_module(_PLUGINS[reader])
    return Image.OPEN[reader][0]


def damaged(opened: OpenSource, found: Format, error: Exception) -> DecodeError:
    """Return the error for whatever a plugin raised on a damaged file."""
    reason = str(error) or type(error).__name__
    return DecodeError(opened.name, f"damaged {found.name} file: {reason}")


def _refuse_preview(image: ImageFile.ImageFile, opened: OpenSource, found: Format) -> None:
    """Refuse camera raw files: they are TIFFs whose first picture is a thumbnail."""
    if image.format == "TIFF" and image.tag_v2.get(254, 0) & 1:  # type: ignore[attr-defined]
        problem = "its first picture is only a preview, as in camera raw files; develop it to JPEG"
        raise UnsupportedFormatError(opened.name, problem, format=found.name)


def _orientation(image: ImageFile.ImageFile) -> int:
    """Return the EXIF orientation, 1 where there is none or a reader has applied it already."""
    if image.format == "TIFF":
        value = image.tag_v2.get(ExifTags.Base.Orientation, 1)  # type: ignore[attr-defined]
        return value if value in range(1, 9) else 1
    exif = image.info.get("exif")
    stated = exif_orientation(exif) if isinstance(exif, bytes) else None
    if stated is None and not _OTHER_HOMES.isdisjoint(image.info):
        # Not the method of the image's own class: PNG's decodes the picture to look for more.
        stated = Image.Image.getexif(image).get(ExifTags.Base.Orientation)
    return stated if stated is not None and 1 <= stated <= 8 else 1


_OTHER_HOMES = frozenset({"xmp", "XML:com.adobe.xmp", "Raw profile type exif"})
"""Where an orientation may stand if not in EXIF, by Pillow's names."""


def _displayed_size(image: ImageFile.ImageFile, orientation: int) -> ImageSize:
    width, height = image.size
    # Pillow turns TIFF sizes itself; everything else reports the stored size.
    if orientation in _TURNED and image.format != "TIFF":
        width, height = height, width
    return ImageSize(height, width)


def _page_count(image: ImageFile.ImageFile) -> int:
    return int(getattr(image, "n_frames", 1)) if image.format not in ("GIF", "PNG", "WEBP") else 1
