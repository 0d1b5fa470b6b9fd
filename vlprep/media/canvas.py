"""The pictures of one file by their numbers: pages, and frames of animations as browsers show them.

A frame of a GIF or APNG is a picture of its own, laid on what the frames before have left. Pillow
decodes each of them here, but does not lay them: it looks colours of the background up in the
palette of another frame, and starts an APNG from the picture meant for programs that know none.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import count
from typing import BinaryIO

from PIL import Image

from vlprep.errors import DecodeError
from vlprep.media.animation import Part, parts
from vlprep.media.image import animation_seconds, open_as, open_image, plugin_errors
from vlprep.media.layers import in_rgb, layers
from vlprep.media.source import Item
from vlprep.media.waiting import Wait

_LAID_HERE = frozenset({"GIF", "PNG"})
"""Pillow's names of the formats whose frames are laid on each other here."""


def pictures_at(item: Item, numbers: Sequence[int]) -> Iterator[Image.Image]:
    """Yield pictures of a file, as stored; each holds until the next is asked for.

    Raises `DecodeError` where the file is damaged or has no such picture, and `TimeLimitError` when
    one takes longer than the file is waited for.
    """
    laid = item.found.reader in _LAID_HERE and len(animation_seconds(item)) > 1
    wait = Wait(item)
    pictures, shown, place = _restart(item, laid=laid), None, -1
    for number in numbers:
        wait.begin()
        if number < place:
            pictures, place = _restart(item, laid=laid), -1
        while place < number:
            shown, place = next(pictures, None), place + 1
            wait.check()
        if shown is None:
            raise DecodeError(item.name, f"damaged {item.found.name} file: no picture {number}")
        yield shown


def _restart(item: Item, *, laid: bool) -> Iterator[Image.Image]:
    return _laid(item) if laid else _sought(item)


def _sought(item: Item) -> Iterator[Image.Image]:
    image = open_image(item)
    for place in count():  # one by one: frames build on those before
        with plugin_errors(item.name, item.found.name):
            image.seek(place)
        yield image


def _laid(item: Item) -> Iterator[Image.Image]:
    first = open_image(item)
    canvas = Image.new("RGBA", first.size)
    with item.reader() as walked, item.reader() as read:
        for part in parts(walked, item.found.reader):
            before = canvas.copy() if part.disposal == "restore" else None
            if part.width and part.height:
                _lay(part, _decoded(part, read, item), canvas)
            shown = canvas.copy()
            shown.info = {key: first.info[key] for key in first.info.keys() - {"transparency"}}
            yield shown
            if part.disposal == "clear":
                box = (part.left, part.top, part.left + part.width, part.top + part.height)
                canvas.paste((0, 0, 0, 0), box)
            canvas = before or canvas


def _decoded(part: Part, read: BinaryIO, item: Item) -> Image.Image:
    """Decode a frame without those before, RGBA."""
    item.trust.check("frame_pixels", part.width * part.height, item.name)
    assert part.still is not None
    with plugin_errors(item.name, item.found.name):
        still = part.still(read)
        image = open_as(item.found, io.BytesIO(still))
    colours, alpha = layers(image, item.name, item.found.name)
    picture = in_rgb(colours, item.name, item.found.name)
    picture.putalpha(255 if alpha is None else alpha)
    return picture


def _lay(part: Part, picture: Image.Image, canvas: Image.Image) -> None:
    """Lay a frame on what is there; what sticks out is cut off."""
    corner = (part.left, part.top)
    if part.covers:
        canvas.paste(picture, corner)
        return
    there = canvas.crop((*corner, part.left + part.width, part.top + part.height))
    canvas.paste(Image.alpha_composite(there, picture), corner)
