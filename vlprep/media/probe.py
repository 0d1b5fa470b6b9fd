"""Header facts of any image or video: recognise the content, then ask the reader of its kind.

Only what the content calls for is imported: a JPEG loads neither PyAV nor pillow-heif. What Pillow
refuses is never tried as a video.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from vlprep.errors import AudioOnlyError, PixelLimitError, UnsupportedFormatError
from vlprep.media.sniff import HEAD_BYTES, Format, mislabelled, sniff
from vlprep.media.source import OpenSource, SourceLike, open_source
from vlprep.types import MAX_FRAME_PIXELS, ImageInfo, VideoInfo


def probe(source: SourceLike) -> ImageInfo | VideoInfo:
    """Return the facts of an image or a video without decoding a pixel.

    `source` is a path, the content as bytes, a seekable binary file object, or a data URL. The
    content decides what it is, never the name. An animated GIF, PNG or WebP is a video.

    Raises `FileNotFoundError` and its siblings, `UnsupportedFormatError` and `DecodeError` with
    their subclasses, `MissingMetadataError`, and `PixelLimitError`; the message names the source.

    >>> probe("fixtures/exif_6.jpg").size
    ImageSize(height=48, width=80)
    >>> probe("fixtures/street.mp4").frame_count
    300
    """
    with open_source(source) as opened:
        found = recognise(opened)
        info = _probe(opened, found)
    if opened.path is None:
        return info
    warning = mislabelled(opened.name, found)
    return info if warning is None else _with_warning(info, warning)


def recognise(opened: OpenSource) -> Format:
    """Return what the content of a source is.

    Raises `UnsupportedFormatError` for what is neither image nor video, and `AudioOnlyError`.
    """
    head = opened.file.read(HEAD_BYTES)
    found = sniff(head)
    if found is None:
        raise UnsupportedFormatError(opened.name, "neither an image nor a video that is known here")
    if found.kind == "other":
        problem = f"{found.name}, not an image or a video; {found.advice}"
        raise UnsupportedFormatError(opened.name, problem, format=found.name)
    if found.kind == "audio":
        raise AudioOnlyError(opened.name, format=found.name, has_cover=b"APIC" in head)
    return found


def _probe(opened: OpenSource, found: Format) -> ImageInfo | VideoInfo:
    if found.kind == "video":
        from vlprep.media.video.probe import probe_video

        return probe_video(opened, found)
    from vlprep.media.image import animation_seconds, probe_image

    image = probe_image(opened, found)
    if found.reader not in ("GIF", "PNG", "WEBP"):
        return image
    seconds = animation_seconds(opened, found)
    if len(seconds) < 2:
        return image
    if image.size.pixels > MAX_FRAME_PIXELS:
        raise PixelLimitError(opened.name, image.size.pixels, MAX_FRAME_PIXELS)
    return _as_video(image, seconds)


def _as_video(image: ImageInfo, seconds: list[float]) -> VideoInfo:
    duration = math.fsum(seconds)
    shown = Fraction(duration).limit_denominator(1000)  # formats count in milliseconds at best
    fps = len(seconds) / shown if shown > 0 else None
    return VideoInfo(
        size=image.size,
        frame_count=len(seconds),
        fps=fps,
        frame_count_from="scan",
        duration_seconds=duration,
        codec=image.format.lower(),
        format=image.format,
        file_bytes=image.file_bytes,
        warnings=(*image.warnings, f"an animated {image.format} is counted as a video"),
    )


def _with_warning(info: ImageInfo | VideoInfo, warning: str) -> ImageInfo | VideoInfo:
    return replace(info, warnings=(*info.warnings, warning))
