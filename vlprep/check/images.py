"""Limits on images: sides, formats, bytes, and what services and models make of odd ones."""

from __future__ import annotations

from vlprep.check import wanted
from vlprep.check.files import data_url_length
from vlprep.check.rule import FileFacts, Hit, Sending
from vlprep.models.registry import file_formats
from vlprep.types import ImageInfo, ImageSize
from vlprep.units import format_bytes, format_size


def image_side(file: FileFacts, request: Sending) -> Hit | None:
    """Find a side shorter than a service takes."""
    rule, size = request.image_rule, _size(file)
    shortest = rule.min_side_pixels if rule else None
    if shortest is None or min(size) >= shortest:
        return None
    return Hit(
        f"{min(size)} px",
        f"{format_size(size)}: the shorter side has {min(size)} pixels, and the service takes "
        f"{shortest} or more",
    )


def image_ratio(file: FileFacts, request: Sending) -> Hit | None:
    """Find a picture too long for a service, or for the rule by which a model resizes."""
    size, limit = _size(file), wanted.most_ratio(request)
    if limit is None or max(size) <= limit * min(size):
        return None
    ratio = max(size) / min(size)
    return Hit(
        f"{ratio:,.1f}:1",
        f"{format_size(size)}: the sides are {ratio:,.1f}:1, and up to {limit:g}:1 is taken",
    )


def image_format(file: FileFacts, request: Sending) -> Hit | None:
    """Find a format that the services do not list."""
    format = _format(file)
    if format in file_formats().image:
        return None
    return Hit(format, f"the format is {format}, and {wanted.image_format(request)} are taken")


def large_image_format(file: FileFacts, request: Sending) -> Hit | None:
    """Find a picture over 4K in a format that is taken up to 4K."""
    formats, size, format = file_formats(), _size(file), _format(file)
    if format not in formats.image or format in formats.large_image or not _is_large(size):
        return None
    taken = " or ".join(formats.large_image)
    short, long = formats.large_image_sides
    by_sides = size.pixels <= formats.large_image_pixels
    doubt = ", and no source says whether pixels or sides count" if by_sides else ""
    return Hit(
        f"{format_size(size)} {format}",
        f"{format_size(size)} as {format} may be refused: above {long:,} x {short:,} only {taken} "
        f"is taken{doubt}",
    )


def _is_large(size: ImageSize) -> bool:
    formats = file_formats()
    short, long = formats.large_image_sides
    too_long = min(size) > short or max(size) > long
    return size.pixels > formats.large_image_pixels or too_long


def image_8k(file: FileFacts, request: Sending) -> Hit | None:
    """Find a picture with more pixels than is advised."""
    size, most = _size(file), file_formats().most_image_pixels
    if size.pixels <= most:
        return None
    return Hit(
        f"{size.pixels:,} pixels",
        f"{format_size(size)} is more than the 8K that is advised; larger ones may time out",
    )


def image_bytes(file: FileFacts, request: Sending) -> Hit | None:
    """Find an image too large for the route by path or by URL."""
    if request.route.name == "base64" or not file.file_bytes:
        return None
    limit = wanted.most_image_bytes(request)
    if file.file_bytes < limit:
        return None
    return _too_large(file, limit, f"by {request.route.name} it must be")


def base64_length(file: FileFacts, request: Sending) -> Hit | None:
    """Find an image whose data URL is too long."""
    if request.route.name != "base64":
        return None
    return too_long_for_data_url(file.file_bytes, _mime_type(file), request.route.max_image_bytes)


def too_long_for_data_url(file_bytes: int, mime_type: str, limit: int) -> Hit | None:
    """Find a file whose data URL is too long."""
    length = data_url_length(file_bytes, mime_type)
    if length < limit:
        return None
    return Hit(
        f"{length:,} characters",
        f"{format_bytes(file_bytes)} become a data URL of {length:,} characters, and it must be "
        f"under {limit:,}",
    )


def raw_bytes(file: FileFacts, request: Sending) -> Hit | None:
    """Find a file over what is advised before encoding, though its data URL is short enough."""
    limit = request.route.raw_bytes
    if limit is None or file.file_bytes < limit or _is_too_long(file, request):
        return None
    return _too_large(file, limit, "to be sent as Base64 the guides want it")


def _is_too_long(file: FileFacts, request: Sending) -> bool:
    most = request.route.max_image_bytes
    return data_url_length(file.file_bytes, _mime_type(file)) >= most


def _too_large(file: FileFacts, limit: int, reason: str) -> Hit:
    return Hit(
        f"{file.file_bytes:,} bytes",
        f"{format_bytes(file.file_bytes)} ({file.file_bytes:,} bytes), and {reason} under "
        f"{format_bytes(limit)}",
    )


def localisation_size(file: FileFacts, request: Sending) -> Hit | None:
    """Find a picture outside of the range at which the model finds objects reliably."""
    range_, size = request.model.localisation, _size(file)
    if range_ is None or range_.min_pixels <= size.pixels <= range_.max_pixels:
        return None
    return Hit(
        f"{size.pixels:,} pixels",
        f"{format_size(size)} has {size.pixels:,} pixels; boxes are reliable from "
        f"{wanted.localisation_size(request)}, "
        "outside they may drift",
    )


def mislabelled(file: FileFacts, request: Sending) -> Hit | None:
    """Find a name that promises another format than the content is."""
    if file.mislabelled is None:
        return None
    return Hit(
        _format(file),
        f"{file.mislabelled}; the type that is declared must be that of the content",
    )


def animated(file: FileFacts, request: Sending) -> Hit | None:
    """Find an animated picture."""
    assert file.info is not None
    frames = getattr(file.info, "frame_count", 1)
    return Hit(
        f"{frames:,} frames",
        f"an animated {file.info.format} of {frames:,} frames is counted as a video; no source "
        "says what becomes of it as an image",
    )


def several_pages(file: FileFacts, request: Sending) -> Hit | None:
    """Find a file of several pictures, of which one is seen."""
    info = file.info
    if not isinstance(info, ImageInfo) or info.frame_count < 2:
        return None
    return Hit(
        f"{info.frame_count:,} pictures",
        f"{info.frame_count:,} pictures in the file, of which only the first is counted; no source "
        "says which is seen",
    )


def image_orientation(file: FileFacts, request: Sending) -> Hit | None:
    """Find a picture that is stored turned or mirrored."""
    info = file.info
    if not isinstance(info, ImageInfo) or info.orientation == 1:
        return None
    return Hit(
        f"EXIF orientation {info.orientation}",
        f"stored turned (EXIF orientation {info.orientation}) and counted upright; no source says "
        "whether it is turned before the model sees it, and the reference for weights does not",
    )


def alpha(file: FileFacts, request: Sending) -> Hit | None:
    """Find a picture through which something shows."""
    if not isinstance(file.info, ImageInfo) or not file.info.transparent:
        return None
    return Hit(
        f"transparency ({file.info.mode})",
        "transparent in places; the reference for weights lays it on white, and no source says "
        "what the service does",
    )


def colour_mode(file: FileFacts, request: Sending) -> Hit | None:
    """Find a picture of other colours than 8-bit grey or RGB."""
    if not isinstance(file.info, ImageInfo):
        return None
    mode = file.info.mode or ""
    if mode.rstrip("aA") not in _UNUSUAL and not mode.startswith("I;16"):
        return None
    return Hit(
        mode,
        f"colours of the kind {mode}; no source says how they are turned into 8-bit RGB",
    )


_UNUSUAL = ("CMYK", "YCbCr", "LAB", "HSV", "I", "F", "RGB;16", "RGBX")
"""Pillow's names of what is neither 8-bit grey, RGB nor a palette."""


def _size(file: FileFacts) -> ImageSize:
    assert file.info is not None
    return file.info.size


def _format(file: FileFacts) -> str:
    assert file.info is not None
    return file.info.format or "an unknown format"


def _mime_type(file: FileFacts) -> str:
    return f"image/{_format(file).lower()}"
