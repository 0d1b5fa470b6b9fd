"""What files the services take: how many bytes by which route, in which formats, how long.

Counted before anything is sent, because their own messages come late and say little.
"""

from __future__ import annotations

from typing import TypeAlias

from vlprep.errors import ConstraintError, UnknownFactError
from vlprep.media.sniff import mime_type
from vlprep.models.registry import file_formats, reference_formats
from vlprep.models.routes import Route
from vlprep.models.spec import ModelSpec
from vlprep.types import ImageSize, VideoInfo
from vlprep.view import View

Stated: TypeAlias = tuple[int, tuple[str, ...]]
"""A limit, and where it was read."""


def data_url_length(byte_count: int, mime_type: str) -> int:
    """Return the length of the data URL that holds `byte_count` bytes.

    >>> data_url_length(7_499_982, "image/jpeg")
    9999999
    """
    return _prefix_length(mime_type) + 4 * -(-byte_count // 3)


def image_fits(model: ModelSpec, route: Route, file_bytes: int, mime_type: str) -> bool:
    """Say whether an image file of so many bytes may be sent by a route as it is.

    >>> from vlprep import get_model
    >>> from vlprep.models.registry import get_route
    >>> image_fits(get_model("qvq-max"), get_route("url"), 10_000_000, "image/jpeg")
    True
    """
    most = image_bytes_stated(model, route)[0]
    if route.name != "base64":
        return file_bytes <= most
    is_advised = route.raw_bytes is None or file_bytes < route.raw_bytes
    return is_advised and data_url_length(file_bytes, mime_type) <= most


def image_byte_limit(model: ModelSpec, route: Route, mime_type: str) -> int:
    """Return the number of bytes that an image file is to stay under on a route when it is made.

    What is there already may have just as many, which `image_fits` knows.

    >>> from vlprep import get_model
    >>> from vlprep.models.registry import get_route
    >>> image_byte_limit(get_model("qvq-max"), get_route("base64"), "image/jpeg")
    7000000
    >>> image_byte_limit(get_model("qvq-max"), get_route("url"), "image/jpeg")
    10000000
    """
    return _of_file(image_bytes_stated(model, route)[0], route, mime_type)


def image_bytes_stated(model: ModelSpec, route: Route) -> Stated:
    """Return what an image may have at most on a route; of "base64" the whole data URL counts.

    By URL, where the model's service has a limit of its own, it is that.
    """
    if model.url_files and route.name == "url":
        return model.url_files.max_url_image_bytes, model.url_files.sources
    return route.max_image_bytes, route.sources


def takes_image(model: ModelSpec, format: str, size: ImageSize) -> bool:
    """Say whether a model takes an image of a format and a size in pixels.

    Weights run anywhere and take what their reference opens.

    >>> from vlprep import get_model
    >>> takes_image(get_model("qvq-max"), "WEBP", ImageSize(2160, 3840))
    True
    >>> takes_image(get_model("qvq-max"), "WEBP", ImageSize(2160, 3841))
    False
    """
    if model.kind == "open-weights":
        return format not in reference_formats().unopened
    formats = file_formats()
    large = size.pixels > formats.large_image_pixels
    return format in (formats.large_image if large else formats.image)


def video_byte_limit(view: View, route: Route, container: str | None = "MP4") -> int:
    """Return the number of bytes that a video file must stay under on a route.

    Raises `UnknownFactError` where each model has a limit of its own and no source states it.

    >>> from vlprep import View
    >>> from vlprep.models.registry import get_route
    >>> video_byte_limit(View.of("qvq-max"), get_route("base64"))
    7000000
    >>> video_byte_limit(View.of("qvq-max"), get_route("url"))
    1000000000
    """
    stated = video_bytes_stated(view, route)
    if stated is None:
        fact = f"how large a video may be on the route {route.name}"
        raise UnknownFactError(view.model.name, fact, "give a `limit`")
    return _of_file(stated[0], route, mime_type(container or "", "video/x-matroska"))


def video_bytes_stated(view: View, route: Route) -> Stated | None:
    """Return what a video must stay under on a route; `None` where no source states it."""
    if route.max_video_bytes is not None:
        return route.max_video_bytes, route.sources
    own = view.video_files
    return (own.max_url_bytes, own.sources_of("max_url_bytes")) if own else None


def images_per_request(model: ModelSpec, route: Route) -> Stated | None:
    """Return how many images one request may hold, the model's own number before the route's.

    `None` where no source says it.

    >>> from vlprep import get_model
    >>> from vlprep.models.registry import get_route
    >>> images_per_request(get_model("qwen3.7-plus"), get_route("url"))
    (2048, ('P3',))
    """
    own = model.url_files if route.name != "base64" else None
    if own and own.max_request_images:
        return own.max_request_images, own.sources
    most = route.max_request_images
    return (most, route.request_sources) if most else None


def takes_container(model: ModelSpec, container: str | None) -> bool:
    """Say whether a model takes videos in a container.

    Weights run anywhere and take what can be decoded.

    >>> from vlprep import get_model
    >>> takes_container(get_model("qvq-max"), "MPEG-TS")
    False
    """
    return model.kind == "open-weights" or container in file_formats().video


def shortest_video(view: View) -> float:
    """Return the seconds that a video must last for a model, 0 where no source says so."""
    return view.video_files.min_seconds if view.video_files else 0.0


def check_length(view: View, info: VideoInfo, source: str) -> None:
    """Raise `ConstraintError` for a video that lasts longer than a model takes."""
    longest = view.video_files.max_seconds if view.video_files else None
    if longest is not None and (info.duration_seconds or 0) > longest:
        raise ConstraintError(
            f"{source}: lasts {info.duration_seconds:,.1f} s, and {view.model.name} takes videos "
            f"of up to {longest:,.0f} s{longest_by_others(view)}; cut it first with `every`"
        )


def longest_by_others(view: View) -> str:
    """Say which longest videos the model's other rule sets have, in brackets; "" if the same.

    >>> from vlprep import View
    >>> longest_by_others(View.of("qwen3-vl-flash"))
    ' by guide-2025-12 (3,600 s by api-2026)'
    """
    lengths = {
        rules.name: files.max_seconds
        for rules in view.model.rule_sets
        if (files := view.by(rules.name).video_files)
    }
    own = lengths.pop(view.rules.name, None)
    others = ", ".join(
        f"{longest:,.0f} s by {name}" for name, longest in lengths.items() if longest != own
    )
    return f" by {view.rules.name} ({others})" if others else ""


def _of_file(limit: int, route: Route, mime_type: str) -> int:
    """Return the bytes that a file must stay under for its data URL to stay under the limit."""
    if route.name != "base64":
        return limit
    raw = (limit - 1 - _prefix_length(mime_type)) // 4 * 3 + 1
    return raw if route.raw_bytes is None else min(raw, route.raw_bytes)


def _prefix_length(mime_type: str) -> int:
    return len(f"data:{mime_type};base64,")
