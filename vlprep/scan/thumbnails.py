"""Small pictures of files for the page, made by workers: files may be anybody's."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import partial
from threading import Event

from vlprep.errors import VlprepError
from vlprep.frames.stream import stream_frames
from vlprep.maths.resample import Pixels
from vlprep.media.image import open_image
from vlprep.media.overlap import is_remote
from vlprep.media.picture import opened_pixels, resize_picture
from vlprep.media.source import Item
from vlprep.output.encode import encode_picture
from vlprep.scan.workers import Limits, Lost, work_through
from vlprep.types import ImageInfo, ImageSize
from vlprep.view import View

LONGEST_SIDE = 96
"""Pixels of a thumbnail's longer side."""
QUALITY = 70
MOST_BYTES = 20_000
"""Bytes of a thumbnail at most; one of noise that has more is left out."""


def thumbnails(
    names: Sequence[str], view: View, *, workers: int, limits: Limits, stopping: Event
) -> dict[str, str]:
    """Return data URLs of small pictures of files by their names, of those that can be decoded.

    Nothing is fetched for one: what addresses name has none.
    """
    here = (name for name in dict.fromkeys(names) if not is_remote(name))
    made = work_through(
        partial(_pictures, view), here,
        workers=workers, limits=limits, stopping=stopping,
    )  # fmt: skip
    return {
        name: f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
        for chunk, result in made
        if not isinstance(result, Lost)
        for name, content in zip(chunk, result, strict=True)
        if content is not None
    }


def _pictures(view: View, names: Sequence[str]) -> list[bytes | None]:
    return [thumbnail(name, view) for name in names]


def thumbnail(name: str, view: View) -> bytes | None:
    """Return a picture of a file, or the first frame that the model sees of it, as a small JPEG.

    `None` where it cannot be decoded.

    >>> len(thumbnail("fixtures/photo.jpg", View.of()) or b"") < 5_000
    True
    """
    try:
        with Item(name, view.trust) as item:
            pixels = _first(item, view)
    except (VlprepError, OSError):
        return None
    size = ImageSize(*pixels.shape[:2])
    small = size.scaled(min(LONGEST_SIDE / max(size), 1))
    content = encode_picture(resize_picture(pixels, small), "JPEG", QUALITY)
    return content if len(content) <= MOST_BYTES else None


def _first(item: Item, view: View) -> Pixels:
    if isinstance(item.info, ImageInfo):
        image = open_image(item)
        image.draft(None, (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))  # a JPEG is decoded small
        return opened_pixels(image)
    with stream_frames(item, view, threads=1) as stream:
        for frame in stream:
            return frame.image
    raise stream.none_decoded()
