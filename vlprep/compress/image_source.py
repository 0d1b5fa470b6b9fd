"""What was asked of an image, what its header says, and whether it can stay as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from vlprep.check.files import image_byte_limit, image_fits, takes_image
from vlprep.check.images import is_unusual
from vlprep.compress.result import Asked, beside
from vlprep.count.tokens import image_count
from vlprep.errors import ConstraintError, UnsupportedFormatError
from vlprep.media.image import animation_seconds, probe_image
from vlprep.media.metadata import can_be_stripped
from vlprep.media.picture import read_picture
from vlprep.media.sniff import mime_type
from vlprep.media.source import Item
from vlprep.models.registry import file_formats, get_route
from vlprep.models.routes import Route
from vlprep.output.encode import MAX_JPEG_SIDE
from vlprep.types import ImageFormat, ImageInfo, ImageSize
from vlprep.units import format_size
from vlprep.view import View

WRITTEN: tuple[ImageFormat, ...] = get_args(ImageFormat)
"""Formats that images are written in."""


@dataclass(frozen=True, slots=True)
class ImageCase:
    """An image before it is decoded: what is asked of it, and what its header says."""

    item: Item
    view: View
    asked: Asked
    route: Route
    info: ImageInfo
    pictures: int
    """How many there are in it."""

    def allowed(self, format: str) -> int:
        """Return the number of bytes that the route wants a file of a format to stay under."""
        return image_byte_limit(self.view.model, self.route, mime_type(format))

    def byte_limit(self, format: str) -> int:
        """Return the number of bytes that a file of a format must stay under."""
        return self.allowed(format) if self.asked.limit is None else self.asked.limit

    @property
    def fits(self) -> bool:
        """Whether the source has few enough bytes."""
        count, limit, mime = self.item.file_bytes, self.asked.limit, mime_type(self.info.format)
        return (
            image_fits(self.view.model, self.route, count, mime) if limit is None else count < limit
        )


def examine_image(item: Item, view: View, asked: Asked) -> ImageCase:
    """Read the header of an image, and hold it against what is asked.

    Raises `UnsupportedFormatError` for a video, `ConstraintError` for a picture that is not there,
    `PixelLimitError` for an animation too large to be decoded, and the errors of `probe_image`.
    """
    asked.check()
    if asked.format not in (None, *WRITTEN):
        wanted = " or ".join(WRITTEN)
        raise ConstraintError(f"images are written as {wanted}, not as {asked.format}")
    if asked.lossless and asked.format not in (None, "PNG"):
        raise ConstraintError(f"{asked.format} loses details; without loss there is PNG")
    if item.found.kind != "image":
        problem = "a video, not an image; `compress_video` is for those"
        raise UnsupportedFormatError(item.name, problem, format=item.found.name)
    info = probe_image(item)
    if info.cut_off:
        read_picture(item)  # which may be all there but for the mark of its end
    frames = len(animation_seconds(item))
    pictures = max(frames, info.frame_count)
    page = asked.page
    if page is not None and not 0 <= page < pictures:
        raise ConstraintError(f"{item.name}: no picture {page}; it has {pictures}, from 0")
    if frames > 1:
        item.trust.check("frame_pixels", info.size.pixels, item.name)
    return ImageCase(item, view, asked, get_route(asked.route), info, pictures)


def reasons_to_write(case: ImageCase) -> Iterator[str]:
    """Say why the source cannot stay as it is; nothing where it can."""
    info, model = case.info, case.view.model
    if not case.fits:
        yield f"{case.item.file_bytes:,} bytes are not under {case.byte_limit(info.format):,}"
    if not takes_image(model, info.format, info.size):
        yield f"{model.name} does not take {info.format} of {format_size(info.size)}"
    if case.asked.format not in (None, info.format):
        yield f"{case.asked.format} is wanted, not {info.format}"
    if case.pictures > info.frame_count:
        yield "an animation is not one picture"
    elif case.asked.page is not None and case.pictures > 1:
        yield f"one of {case.pictures} pictures is wanted"
    if info.orientation != 1:
        yield f"stored turned (EXIF orientation {info.orientation})"
    if info.metadata and not can_be_stripped(info.format):
        yield beside(info.metadata)
    if case.asked.always:
        yield from _seen_otherwise(info)


def _seen_otherwise(info: ImageInfo) -> Iterator[str]:
    if info.transparent:
        yield "transparent in places, and seen on white"
    if is_unusual(info.mode):
        yield f"colours of the kind {info.mode}, and seen in RGB"
    if info.size.pixels > file_formats().most_image_pixels:
        yield f"{info.size.pixels:,} pixels, more than the 8K that is advised"


def unseen(case: ImageCase) -> str:
    """Say what of a picture the model does not see; "" where it sees all of it."""
    size, seen = case.info.size, image_count(case.info.size, case.view).resized
    is_less = seen != size and seen.height <= size.height and seen.width <= size.width
    return f"{format_size(size)} is seen as {format_size(seen)}" if is_less else ""


def within_limits(case: ImageCase) -> str:
    """Say why a source can stay as it is."""
    return f"{case.item.file_bytes:,} bytes of {case.info.format} are within every limit"


_WORTHWHILE = 0.8
"""Part of a picture's pixels from which the model's view of it saves too little to be tried."""


def wanted_sizes(case: ImageCase, size: ImageSize) -> tuple[ImageSize, ...]:
    """Return the sizes to encode at, the most wanted first."""
    view, sizes = image_count(size, case.view).resized, [size]
    # Enlarging a side costs bytes and adds nothing, but where it is drawn; the service does it.
    within = view.height <= size.height and view.width <= size.width
    may_be_view = view != size and (within or case.item.found.drawn)
    if may_be_view and image_count(view, case.view).resized == view:
        if case.asked.keep == "model-view":
            sizes = [view]
        elif view.pixels < _WORTHWHILE * size.pixels:
            sizes = [size, view]
    if max(sizes[-1]) > MAX_JPEG_SIDE and not case.asked.lossless and case.asked.format != "PNG":
        scale = MAX_JPEG_SIDE / max(sizes[-1])
        sizes.append(ImageSize(*(max(1, int(side * scale)) for side in sizes[-1])))
    return tuple(dict.fromkeys(sizes))
