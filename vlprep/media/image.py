"""Images through Pillow and pillow-heif: what a header says. Pixels are decoded in `picture`.

The format is known from the content before a plugin is asked, so only that plugin sees the bytes
and only it is imported. Pillow's general `open` is not used: it loads five plugins, and prints a
warning for large pictures that are harmless while only their header is read.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import cache
from importlib import import_module
from typing import BinaryIO, NoReturn

from PIL import ExifTags, Image, ImageFile

from vlprep.errors import DecodeError, PixelLimitError, UnsupportedFormatError
from vlprep.maths.jpeg import table_quality
from vlprep.media.exif import exif_orientation
from vlprep.media.jpeg import is_cut_off
from vlprep.media.metadata import metadata_kinds
from vlprep.media.sniff import Format
from vlprep.media.source import Item
from vlprep.types import CUT_OFF, MAX_FRAME_PIXELS, ImageInfo, ImageSize, VideoInfo

MAX_PIXELS = 178_956_970
"""Largest picture that is believed, in pixels; Pillow's own limit for decompression bombs."""

TURNED = (5, 6, 7, 8)
"""EXIF orientations that swap height and width."""


def read_facts(item: Item) -> ImageInfo | VideoInfo:
    """Read the header of an image; an animated GIF, PNG, WebP or AVIF is a video.

    Raises the errors of `probe_image` and `animation_seconds`.
    """
    image, seconds = probe_image(item), animation_seconds(item)
    if len(seconds) < 2:
        return _beside_sequence(image, item)
    if image.size.pixels > MAX_FRAME_PIXELS:
        raise PixelLimitError(item.name, image.size.pixels, MAX_FRAME_PIXELS)
    return _as_video(image, seconds)


def _beside_sequence(image: ImageInfo, item: Item) -> ImageInfo:
    """Tell of a sequence that a HEIC or an AVIF has beside its main picture."""
    if item.found.name not in ("HEIC", "AVIF"):
        return image
    from vlprep.media.sequence import sequence_seconds

    pictures = len(_walked(item, sequence_seconds))
    told = f"a sequence of {pictures} pictures in the file; only its main picture is counted"
    return replace(image, warnings=(*image.warnings, told)) if pictures else image


def _as_video(image: ImageInfo, seconds: list[float]) -> VideoInfo:
    duration = math.fsum(seconds)
    shown = Fraction(duration).limit_denominator(1000)  # formats count in milliseconds at best
    return VideoInfo(
        size=image.size,
        frame_count=len(seconds),
        fps=len(seconds) / shown if shown > 0 else None,
        frame_count_from="scan",
        duration_seconds=duration,
        codec=image.format.lower(),
        format=image.format,
        file_bytes=image.file_bytes,
        warnings=(*image.warnings, f"an animated {image.format} is counted as a video"),
    )


def probe_image(item: Item) -> ImageInfo:
    """Read the header of an image, whether animated or not.

    Raises `DecodeError` for a damaged header, and the errors of `describe_image`.
    """
    return describe_image(_open_outline(item) or open_image(item), item)


def _open_outline(item: Item) -> ImageFile.ImageFile | None:
    """Let a plugin that wants a whole file have the outline of a remote one; `None` without one."""
    if not item.is_far:
        return None
    from vlprep.media.outline import outline

    try:
        content = outline(item.file, item.found.reader)
        return None if content is None else open_as(item.found, content)
    except _PLUGIN_ERRORS:  # of the whole file it will be told
        return None


def animation_seconds(item: Item) -> list[float]:
    """Return how long each frame of an animated image shows, in seconds; one item for a still.

    Only the structure of the file is read. Raises `DecodeError` where it is damaged.
    """
    if not item.found.moves:
        return [0.0]
    from vlprep.media.animation import frame_seconds

    return _walked(item, lambda file: frame_seconds(file, item.found.reader))


def _walked(item: Item, walk: Callable[[BinaryIO], list[float]]) -> list[float]:
    item.file.seek(0)
    try:
        return walk(item.file)
    except (EOFError, ValueError, LookupError, struct.error) as error:
        _blame(item.name, item.found.name, error)


def describe_image(image: Image.Image, item: Item) -> ImageInfo:
    """Return the facts of the picture at which an opened image stands.

    Raises `PixelLimitError` for a size beyond belief, `UnsupportedFormatError` for camera raw
    files, and `DecodeError` for a damaged header.
    """
    try:
        raw, orientation = _is_preview(image), _orientation(image)
        transparent, metadata = image.has_transparency_data, metadata_kinds(image)
        pages = 1 if item.found.moves else int(getattr(image, "n_frames", 1))
    except _PLUGIN_ERRORS as error:
        _blame(item.name, item.found.name, error)
    if raw:
        problem = "its first picture is only a preview, as in camera raw files; develop it to JPEG"
        raise UnsupportedFormatError(item.name, problem, format=item.found.name)
    size = _displayed_size(image, orientation)
    if size.pixels > MAX_PIXELS:
        raise PixelLimitError(item.name, size.pixels, MAX_PIXELS)
    page = getattr(image, "page", None)
    several = (f"{pages} pictures in the file; only the first is counted",)
    cut_off = item.found.name == "JPEG" and is_cut_off(item)
    return ImageInfo(
        size=size,
        format=item.found.name,
        mode=image.mode,
        transparent=transparent,
        orientation=orientation,
        frame_count=pages,
        quality=_quality(image),
        cut_off=cut_off,
        metadata=metadata,
        page=page,
        file_bytes=None if page else item.file_bytes,
        warnings=(
            *((CUT_OFF,) if cut_off else ()),
            *(several if pages > 1 else ()),
            *getattr(image, "page_warnings", ()),
        ),
    )


def open_image(item: Item) -> ImageFile.ImageFile:
    """Let the one plugin that reads the format read the header; pixels stay undecoded.

    Raises `DecodeError` for a damaged header.
    """
    if item.found.drawn:
        from vlprep.media.pdf import open_page

        return open_page(item)
    item.file.seek(0)
    try:
        return open_as(item.found, item.file)
    except _PLUGIN_ERRORS as error:
        _blame(item.name, item.found.name, error)


def open_as(found: Format, file: BinaryIO) -> ImageFile.ImageFile:
    """Let the plugin for a format read the header of a file; raises what plugins raise."""
    # Without a name: Pillow maps some files by theirs, which may belong to another by now.
    return _plugin(found.plugin, found.reader)(file, "")


@cache
def _plugin(module: str, reader: str) -> Callable[[BinaryIO, str], ImageFile.ImageFile]:
    if module == "pillow_heif":
        from pillow_heif import HeifImageFile

        return lambda file, _: HeifImageFile(file)  # type: ignore[no-untyped-call]
    import_module(module)
    return _open_jpeg if reader == "JPEG" else Image.OPEN[reader][0]


def _open_jpeg(file: BinaryIO, name: str) -> ImageFile.ImageFile:
    """Read the header of a JPEG, but not all of its EXIF, which takes longer than all else."""
    image = _quick_jpeg()(file, name)
    if "mp" not in image.info:
        return image
    file.seek(0)  # it lists further pictures, of which Pillow's own opener makes a class of its own
    return Image.OPEN["JPEG"][0](file, name)


@cache
def _quick_jpeg() -> type[ImageFile.ImageFile]:
    from PIL.JpegImagePlugin import JpegImageFile

    class QuickJpeg(JpegImageFile):
        def _read_dpi_from_exif(self) -> None:
            """Leave the resolution unknown: to learn it Pillow reads all fields of EXIF."""

    return QuickJpeg


@contextmanager
def plugin_errors(name: str, format: str) -> Iterator[None]:
    """Raise `DecodeError` for what a plugin raises on hostile bytes.

    Encloses calls of Pillow and its plugins and nothing else: any other error is one of ours.
    """
    try:
        yield
    except _PLUGIN_ERRORS as error:
        _blame(name, format, error)


_PLUGIN_ERRORS = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, RuntimeError),
    *(LookupError, ArithmeticError, struct.error, Image.DecompressionBombError),
    Warning,  # where the interpreter is told to make errors of them
)
"""All that mutated files were seen to bring forth, and what Pillow itself expects of plugins."""


def _blame(name: str, format: str, error: Exception) -> NoReturn:
    if isinstance(error, OSError) and error.errno is not None:  # the disk's, not the content's
        raise error
    problem = f"damaged {format} file: {str(error).strip() or type(error).__name__}"
    raise DecodeError(name, problem) from error


def _is_preview(image: Image.Image) -> bool:
    """Say whether it is the thumbnail with which camera raw files start, which are TIFFs."""
    return image.format == "TIFF" and bool(
        image.tag_v2.get(254, 0) & 1  # type: ignore[attr-defined]
    )


def _orientation(image: Image.Image) -> int:
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


def _quality(image: Image.Image) -> int | None:
    tables: dict[int, list[int]] = getattr(image, "quantization", {})
    return table_quality(tables[0]) if 0 in tables else None


_OTHER_HOMES = frozenset({"xmp", "XML:com.adobe.xmp", "Raw profile type exif"})
"""Where an orientation may stand if not in EXIF, by Pillow's names."""


def _displayed_size(image: Image.Image, orientation: int) -> ImageSize:
    width, height = image.size
    # Pillow turns TIFF sizes itself; everything else reports the stored size.
    if orientation in TURNED and image.format != "TIFF":
        width, height = height, width
    return ImageSize(height, width)
