"""What was asked of an image, what its header says, and whether it can stay as it is."""

from __future__ import annotations

from dataclasses import dataclass

from vlprep.check.files import image_byte_limit, takes_image
from vlprep.count.tokens import TokenCount, image_count
from vlprep.errors import ConstraintError, PixelLimitError, UnsupportedFormatError
from vlprep.media.encode import MIME_TYPES
from vlprep.media.image import animation_seconds, probe_image
from vlprep.media.sniff import mislabelled
from vlprep.media.source import Item
from vlprep.models.registry import get_route
from vlprep.types import MAX_FRAME_PIXELS, ImageInfo, ImageSize, Keep
from vlprep.units import format_size
from vlprep.view import View


@dataclass(frozen=True, slots=True)
class ImageTask:
    """What the caller asked."""

    source: str
    """The file as the caller named it."""
    view: View
    """What the model is to see."""
    limit: int | None
    """Bytes to stay under, instead of the route's."""
    route: str
    """How the file is going to be sent."""
    keep: Keep
    """What to keep of it."""
    format: str | None
    """What to make of any other format."""
    lossless: bool
    """Nothing but PNG."""

    def count(self, size: ImageSize) -> TokenCount:
        """Count a picture of a size, as the caller asks."""
        return image_count(size, self.view)

    def byte_limit(self, format: str) -> int:
        """Return the number of bytes that a file of a format must stay under."""
        allowed = image_byte_limit(self.view.model, get_route(self.route), MIME_TYPES[format])
        return allowed if self.limit is None else self.limit


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What is known of the source before it is decoded."""

    info: ImageInfo
    """Facts of its header."""
    file_bytes: int
    """Length of the file."""
    pictures: int
    """How many there are in it."""
    animated: bool
    """Whether they follow each other in time."""
    warnings: tuple[str, ...]
    """What a user should know."""


def read_header(item: Item, page: int | None) -> ImageHeader:
    """Read what there is to know of an image, of which one picture may be asked for.

    Raises `UnsupportedFormatError` for a video, `ConstraintError` for a picture that is not there,
    `PixelLimitError` for an animation too large to be decoded, and the errors of `probe_image`.
    """
    if found.kind != "image":
        problem = "a video, not an image; `compress_video` is for those"
        raise UnsupportedFormatError(opened.name, problem, format=found.name)
    info = probe_image(opened, found)
    frames = len(animation_seconds(opened, found))
    pictures = max(frames, info.frame_count)
    if page is not None and not 0 <= page < pictures:
        raise ConstraintError(f"{item.name}: no picture {page}; it has {pictures}, from 0")
    if frames > 1 and info.size.pixels > MAX_FRAME_PIXELS:
        raise PixelLimitError(item.name, info.size.pixels, MAX_FRAME_PIXELS)
    misnamed = mislabelled(item.name, item.found) if item.path else None
    warnings = (misnamed,) if misnamed else ()
    return ImageHeader(info, item.file_bytes, pictures, frames > 1, warnings)


def reasons_against(task: ImageTask, header: ImageHeader, page: int | None) -> list[str]:
    """Say why the source cannot stay as it is; empty where it can."""
    info, limit, reasons = header.info, task.byte_limit(header.info.format), []
    if header.file_bytes >= limit:
        reasons.append(f"{header.file_bytes:,} bytes are not under {limit:,}")
    if not takes_image(task.view.model, info.format, info.size):
        reasons.append(
            f"{task.view.model.name} does not take {info.format} of {format_size(info.size)}"
        )
    if task.format not in (None, info.format):
        reasons.append(f"{task.format} is wanted, not {info.format}")
    if header.animated:
        reasons.append("an animation is not one picture")
    elif page is not None and header.pictures > 1:
        reasons.append(f"one of {header.pictures} pictures is wanted")
    return reasons
