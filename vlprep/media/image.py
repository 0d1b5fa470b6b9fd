"""Images through Pillow and pillow-heif: what a header says. Pixels are decoded in `picture`.

The format is known from the content before a plugin is asked, so only that plugin sees the bytes
and only it is imported. Pillow's general `open` is not used: it loads five plugins, and prints a
warning for large pictures that are harmless while only their header is read.
"""

from __future__ import annotations

import io
import math
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from functools import cache
from importlib import import_module
from itertools import accumulate
from typing import BinaryIO, NoReturn, TypeAlias

from PIL import ExifTags, Image, ImageFile

from vlprep.errors import DecodeError, MemoryLimitError, UnsupportedFormatError
from vlprep.maths.jpeg import table_quality
from vlprep.media.ends import as_claimed, is_cut_off, is_short
from vlprep.media.jpeg import is_film
from vlprep.media.metadata import exif_orientation, metadata_kinds
from vlprep.media.sniff import MOTION_JPEG, Format
from vlprep.media.source import Item, has_room, not_read
from vlprep.types import CUT_OFF, DisplayTimes, ImageInfo, ImageSize, VideoInfo

TURNED = (5, 6, 7, 8)
"""EXIF orientations that swap height and width."""


def read_facts(item: Item) -> ImageInfo | VideoInfo:
    """Read the header of an image; an animated GIF, PNG, WebP or AVIF is a video.

    Raises the errors of `probe_image` and `animation_seconds`.
    """
    image, (seconds, cut) = probe_image(item), _animation(item)
    if len(seconds) < 2:
        return _beside_sequence(image, item)
    item.trust.check("frame_pixels", image.size.pixels, item.name)
    return _as_video(replace(image, warnings=(*image.warnings, *cut)), seconds)


def _beside_sequence(image: ImageInfo, item: Item) -> ImageInfo:
    """Tell of a sequence that a HEIC or an AVIF has beside its main picture."""
    if item.found.name not in ("HEIC", "AVIF"):
        return image
    from vlprep.media.sequence import sequence_seconds

    pictures = len(_walked(item, sequence_seconds)[0])
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
        display_times=DisplayTimes(_starts(seconds), 1e-4) if len(set(seconds)) > 1 else None,
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


def animation_starts(item: Item) -> list[float]:
    """Return when each frame of an animated image starts; raises as `animation_seconds` does."""
    return _starts(animation_seconds(item))


def _starts(seconds: Iterable[float]) -> list[float]:
    return [0.0, *accumulate(seconds)][:-1]


def animation_seconds(item: Item) -> list[float]:
    """Return how long each frame of an animated image shows, in seconds; one item for a still.

    Only the structure of the file is read. Raises `DecodeError` where it is damaged; where that is
    borne, the frames before count.
    """
    return _animation(item)[0]


def _animation(item: Item) -> _Walked:
    if not item.found.moves:
        return [0.0], ()
    from vlprep.media.animation import parts

    reader = item.found.reader
    seconds, cut = _walked(item, lambda file: (part.seconds for part in parts(file, reader)))
    return seconds or [0.0], cut


_Walked: TypeAlias = tuple[list[float], tuple[str, ...]]
"""Seconds, one item a frame, and what is to be said of damage behind them."""


def _walked(item: Item, walk: Callable[[BinaryIO], Iterable[float]]) -> _Walked:
    """Return all that a walk through a file yields, up to damage where that is borne."""
    item.file.seek(0)
    seconds: list[float] = []
    try:
        for each in walk(item.file):
            seconds.append(each)
    except (EOFError, ValueError, LookupError, struct.error) as error:
        damage = _damage(item.name, item.found.name, error)
        if not seconds:
            raise damage from error
        return seconds, item.trust.bears(damage, lost=True)
    return seconds, ()


def describe_image(image: Image.Image, item: Item) -> ImageInfo:
    """Return the facts of the picture at which an opened image stands.

    Raises `PixelLimitError` for a size over the limit, `UnsupportedFormatError` for camera raw
    files, and `DecodeError` for a damaged header.
    """
    try:
        raw, orientation = _is_preview(image), _orientation(image)
        transparent, metadata = image.has_transparency_data, metadata_kinds(image)
        pages, unread = (1, ()) if item.found.moves else _pages(image, item)
        short = is_short(image, item.file_bytes)
    except _PLUGIN_ERRORS as error:
        _blame(item.name, item.found.name, error)
    if raw:
        problem = "its first picture is only a preview, as in camera raw files; develop it to JPEG"
        raise UnsupportedFormatError(item.name, problem, format=item.found.name)
    size = _displayed_size(image, orientation)
    item.trust.check("pixels", size.pixels, item.name)
    if item.found.reader == "JPEG" and is_film(item, size.pixels):
        raise not_read(MOTION_JPEG, item.name)
    page = getattr(image, "page", None)
    several = (f"{pages} pictures in the file; only the first is counted",)
    cut_off = short or is_cut_off(item)
    unended = item.trust.bears(DecodeError(item.name, CUT_OFF)) if cut_off else ()
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
            *unended,
            *unread,
            *(several if pages > 1 else ()),
            *getattr(image, "page_warnings", ()),
        ),
    )


def _pages(image: Image.Image, item: Item) -> tuple[int, tuple[str, ...]]:
    """Return how many pictures a file has, and what is to be said of damage behind the first."""
    if item.found.reader != "TIFF":
        return int(getattr(image, "n_frames", 1)), ()
    try:
        with item.reader() as file:  # of its own: a walk that fails leaves its image in disorder
            return int(open_as(item.found, file).n_frames), ()  # type: ignore[attr-defined]  # TIFF's
    except _PLUGIN_ERRORS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        problem = "what stands behind its first picture is damaged; only the first is counted"
        return 1, item.trust.bears(DecodeError(item.name, problem))


def open_image(item: Item, tail: bytes = b"") -> ImageFile.ImageFile:
    """Let the one plugin that reads the format read the header; pixels stay undecoded.

    The `tail` is read as if it stood behind the file. Raises `DecodeError` for a damaged header.
    """
    if item.found.drawn:
        from vlprep.media.pdf import open_page

        return open_page(item)
    file = io.BytesIO(item.bytes() + tail) if tail else as_claimed(item)
    canvas = _webp_size(file) if item.found.reader == "WEBP" else ImageSize(0, 0)
    item.trust.check("pixels", canvas.pixels, item.name)
    file.seek(0)
    try:
        return open_as(item.found, file)
    except _PLUGIN_ERRORS as error:
        if canvas.pixels and not has_room(canvas.pixels * _WEBP_BYTES_A_PIXEL):
            raise MemoryLimitError(item.name, canvas) from error
        _blame(item.name, item.found.name, error)


def _webp_size(file: BinaryIO) -> ImageSize:
    """Return the size that a WebP claims, of which its reader makes a canvas when it is opened."""
    file.seek(0)
    head = file.read(30).ljust(30, b"\0")
    if head[12:16] == b"VP8X":
        sides = (int.from_bytes(head[start : start + 3], "little") + 1 for start in (27, 24))
    elif head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        sides = ((bits >> start & 0x3FFF) + 1 for start in (14, 0))
    else:
        sides = (side & 0x3FFF for side in struct.unpack_from("<2H", head, 26)[::-1])
    return ImageSize(*sides)


_WEBP_BYTES_A_PIXEL = 8
"""Two canvases of four bytes a pixel."""


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
    if reader == "TIFF":
        _hush_libtiff()
    return _open_jpeg if reader == "JPEG" else Image.OPEN[reader][0]


def _hush_libtiff() -> None:
    """Keep libtiff from writing to stderr what is damaged: it is told by an error of ours.

    Not on Windows, where what a library has linked is not found through it.
    """
    import ctypes

    from PIL import _imaging

    with suppress(OSError, AttributeError):
        ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)


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
    words = str(error).strip()
    if "out of memory" in words:
        raise MemoryLimitError(name) from error
    if isinstance(error, NotImplementedError) or re.search(_UNREAD, words):
        problem = f"a kind of {format} that is not read here ({words}); convert it to PNG"
        raise UnsupportedFormatError(name, problem, format=format) from error
    raise _damage(name, format, error) from error


def _damage(name: str, format: str, error: Exception) -> DecodeError:
    words = str(error).strip() or type(error).__name__
    if isinstance(error, KeyError):  # whose words are the key alone
        words = f"{words} means nothing in its header"
    elif match := re.search(_NUMBERED, words):
        words = f"its picture cannot be decoded (the decoder's error {match[1]})"
    return DecodeError(name, f"damaged {format} file: {words}")


_NUMBERED = r"^(?:decoder|codec) error (-?\d+)"
_UNREAD = "(?i)unsupported|not supported|not implemented|unknown (?:pixel|raw) mode"
"""What plugins say of files that are as they should be, and that they do not read."""


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
