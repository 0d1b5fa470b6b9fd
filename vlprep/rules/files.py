"""What files the services take: how many bytes by which route, in which formats.

Counted before anything is sent, because their own messages come late and say little.
"""

from __future__ import annotations

from vlprep.models.registry import file_formats
from vlprep.models.spec import ModelSpec, Route
from vlprep.types import ImageSize


def data_url_length(byte_count: int, mime_type: str) -> int:
    """Return the length of the data URL that holds `byte_count` bytes.

    >>> data_url_length(7_499_982, "image/jpeg")
    9999999
    """
    return _prefix_length(mime_type) + 4 * -(-byte_count // 3)


def image_byte_limit(route: Route, mime_type: str) -> int:
    """Return the number of bytes that an image file must stay under on a route.

    >>> from vlprep.models.registry import get_route
    >>> image_byte_limit(get_route("base64"), "image/jpeg")
    7000000
    >>> image_byte_limit(get_route("url"), "image/jpeg")
    10000000
    """
    limit = route.max_image_bytes
    if route.name == "base64":
        limit = (limit - 1 - _prefix_length(mime_type)) // 4 * 3 + 1
    return limit if route.raw_bytes is None else min(limit, route.raw_bytes)


def takes_image(model: ModelSpec, format: str, size: ImageSize) -> bool:
    """Say whether a model takes an image of a format and a size in pixels.

    Weights run anywhere and take what can be decoded.

    >>> from vlprep import get_model
    >>> takes_image(get_model("qvq-max"), "WEBP", ImageSize(2160, 3840))
    True
    >>> takes_image(get_model("qvq-max"), "WEBP", ImageSize(2160, 3841))
    False
    """
    if model.kind == "open-weights":
        return True
    formats = file_formats()
    large = size.pixels > formats.large_image_pixels
    return format in (formats.large_image if large else formats.image)


def _prefix_length(mime_type: str) -> int:
    return len(f"data:{mime_type};base64,")
