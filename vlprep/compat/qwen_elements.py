"""What an element of a chat message names and asks: the picture or clip, and the options beside it.

The keys are those of qwen-vl-utils 0.0.14. What is made of them is in `qwen_plans` and `qwen`.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from vlprep.errors import ConstraintError, UnsupportedFormatError
from vlprep.media.picture import Pixels, opened_pixels, read_picture
from vlprep.media.source import SourceLike, open_item
from vlprep.types import ImageSize

Element = Mapping[str, Any]
"""One part of a message's content, such as `{"type": "image", "image": "photo.jpg"}`."""

Fetch = Callable[[str], SourceLike]
"""A caller's function from a URL to the content behind it, or to a file that holds it."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of an element, which `fetch_video` documents; `None` is not given."""

    min_pixels: float | None = None
    max_pixels: float | None = None
    total_pixels: float | None = None
    resized: ImageSize | None = None  # takes the place of the picture's own size
    fps: float | None = None
    nframes: float | None = None
    min_frames: float | None = None
    max_frames: float | None = None
    video_start: float | None = None  # in seconds
    video_end: float | None = None
    sample_fps: float | None = None  # of a list of frames: how many pass in a second
    raw_fps: float | None = None  # of a list: that of the video that they were taken from


def asked_of(element: Element) -> Asked:
    """Read the options of an element; numbers may be written as text, as some recipes do.

    Raises `ConstraintError` for what is no number.

    >>> asked = asked_of({"video": "a.mp4", "fps": "2", "resized_height": 28, "resized_width": 56})
    >>> asked.fps, asked.resized
    (2, ImageSize(height=28, width=56))
    """
    names = (name for name in Asked.__slots__ if name != "resized")
    options: dict[str, Any] = {name: _number(element, name) for name in names}
    height, width = (_number(element, key) for key in ("resized_height", "resized_width"))
    if height is not None and width is not None:
        options["resized"] = ImageSize(_whole(height), _whole(width))
    elif height is not None or width is not None:
        logger.warning("resized_height and resized_width count only together; one was ignored")
    return Asked(**options)


def read_pixels(value: object, fetch: Fetch | None = None) -> Pixels:
    """Decode an image that an element names, height x width x 3, upright, laid on white.

    `value` is anything that `as_source` takes, or an image of Pillow's.

    Raises the errors of `as_source`, `open_item`, `Item.found` and `read_picture`, and
    `UnsupportedFormatError` for a video.

    >>> read_pixels("file://fixtures/exif_6.jpg").shape
    (48, 80, 3)
    """
    if isinstance(value, Image.Image):
        return opened_pixels(value)
    with open_item(as_source(value, fetch)) as item:
        found = item.found
        if found.kind != "image":
            problem = f"{found.name}, a video; what was asked for is an image"
            raise UnsupportedFormatError(item.name, problem, format=found.name)
        return read_picture(item)


def as_source(value: Any, fetch: Fetch | None = None) -> SourceLike:
    """Return what an element names as something that can be opened.

    `value` is a path, with or without `file://` before it, a data URL, the content as bytes or a
    seekable binary file object. What `fetch` returns for an `http://` or `https://` URL is taken.

    Raises `UnsupportedFormatError` for such a URL when there is no `fetch`.

    >>> as_source("file:///data/clip.mp4")
    '/data/clip.mp4'
    """
    if not isinstance(value, str):
        source: SourceLike = value
        return source
    if value.startswith(("http://", "https://")):
        if fetch is None:
            problem = "URLs are not fetched; download the file first, or pass `fetch`"
            raise UnsupportedFormatError(value, problem)
        return fetch(value)
    if value.startswith("data:") and ";base64," in value:
        return "".join(value.split())  # encoders break Base64 into lines
    return value.removeprefix("file://")


def _number(element: Element, key: str) -> float | None:
    value = element.get(key)
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ConstraintError(f"{key} must be a number, got {value!r}") from None
    if not math.isfinite(number):
        raise ConstraintError(f"{key} must be a finite number, got {value!r}")
    return int(number) if number.is_integer() else number


def _whole(side: float) -> int:
    if side != int(side):
        raise ConstraintError(f"resized_height and resized_width are whole pixels, got {side:g}")
    return int(side)
