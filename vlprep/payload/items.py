"""Turn what a caller names into parts of a message, compressed or sampled if that is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from vlprep.count.frame_list import FrameList, as_frame_list
from vlprep.errors import ConstraintError
from vlprep.media.probe import probe
from vlprep.media.source import SourceLike
from vlprep.payload.media import as_it_is, frame_list
from vlprep.payload.parts import MediaPart, SentFile
from vlprep.payload.remake import compressed, sampled
from vlprep.payload.urls import MediaUrl, UrlKind, is_web_url, url_kind
from vlprep.payload.wish import Wish, sampling_rate, unsaid
from vlprep.types import VideoInfo

Item: TypeAlias = SourceLike | MediaUrl | Sequence[SourceLike | MediaUrl]
"""A file, a URL, or a list of images that stands for a video."""


def prepare(item: Item, wish: Wish, number: int) -> MediaPart:
    """Return the part of a message that an item becomes; `number` is its place among them, from 1.

    Raises the errors of `probe`, and where they are asked for, of `compress_image`,
    `compress_video` and `read_frames`; `ConstraintError` for what the protocol cannot say.
    """
    if isinstance(item, MediaUrl):
        return _given(item.url, item.kind, wish)
    if is_web_url(item):
        return _given(str(item), url_kind(str(item)), wish)
    found = as_frame_list(item)  # type: ignore[arg-type]  # a list may hold URLs: it is not read
    if isinstance(found, FrameList):
        fetched = any(isinstance(image, MediaUrl) or is_web_url(image) for image in found.images)
        remade = wish.compress and not fetched
        return compressed(found, wish, number) if remade else frame_list(found, wish)
    if wish.as_frames and isinstance(probe(found), VideoInfo):
        return sampled(found, wish, number)
    return compressed(found, wish, number) if wish.compress else as_it_is(found, wish)


def _given(url: str, kind: UrlKind, wish: Wish) -> MediaPart:
    if kind == "video" and wish.as_frames:
        raise ConstraintError(f"{url}: is not fetched; frames can be taken of a file only")
    file = SentFile(name=url, source=None, url=url)
    limits = wish.pixel_limits if kind == "image" or wish.video_fields else {}
    return MediaPart(
        name=url,
        kind=kind,
        files=(file,),
        action="given",
        fps=sampling_rate(wish) if kind == "video" else None,
        limits=limits,
        warnings=tuple(unsaid(wish)) if kind == "video" else (),
    )
