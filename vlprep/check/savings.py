"""What the model does not see of files: bytes that need not be sent."""

from __future__ import annotations

from vlprep.check.rule import Sending
from vlprep.maths.jpeg import likely_bytes
from vlprep.types import ImageInfo, ImageSize

_WORTH_BYTES, _WORTH_SHARE = 100_000, 0.2
"""Fewer bytes, or a smaller part of a file, are not worth a word."""


def estimated_bytes(info: ImageInfo, size: ImageSize) -> int | None:
    """Return about how many bytes an image has as a JPEG of the best quality and another size.

    `None` where its header does not tell: it is not a JPEG itself.

    >>> info = ImageInfo(size=ImageSize(1000, 2000), format="JPEG", quality=95, file_bytes=900_000)
    >>> estimated_bytes(info, ImageSize(500, 1000))
    277007
    """
    if info.quality is None or not info.file_bytes:
        return None
    return likely_bytes(info.file_bytes, info.quality, size.pixels / info.size.pixels)


def unseen_bytes(sending: Sending) -> int:
    """Return about how many bytes of all images show nothing to the model, which sees fewer pixels.

    Counted are those of which that can be told.
    """
    return sum(
        unseen_of(file.info, file.tokens.resized)
        for file in sending.files
        if isinstance(file.info, ImageInfo) and file.tokens
    )


def unseen_of(info: ImageInfo, seen: ImageSize) -> int:
    """Return about how many bytes of an image are not seen at the size that the model sees.

    >>> info = ImageInfo(size=ImageSize(1000, 2000), format="JPEG", quality=95, file_bytes=900_000)
    >>> unseen_of(info, ImageSize(500, 1000)), unseen_of(info, ImageSize(990, 1980))
    (622993, 0)
    """
    left = None if info.cut_off else estimated_bytes(info, seen)
    length = info.file_bytes or 0
    saved = 0 if left is None else length - left
    return saved if saved >= max(_WORTH_BYTES, _WORTH_SHARE * length) else 0
