"""Header facts of any image or video."""

from __future__ import annotations

from vlprep.media.source import SourceOrFacts, is_held, open_item
from vlprep.trust import TRUST, Trust
from vlprep.types import Facts, ImageInfo, VideoInfo


def probe(source: SourceOrFacts, trust: Trust = TRUST) -> Facts:
    """Return the facts of an image or a video without decoding a pixel.

    `source` is a path, the content as bytes, a seekable binary file object, a data URL, an image of
    Pillow's, or an array of height x width x 3. The content decides what it is, never the name. An
    animated GIF, PNG or WebP is a video. Facts pass through. `trust` has the limits of what is
    read, and what damage comes to.

    Raises `FileNotFoundError` and its siblings, `UnsupportedFormatError` and `DecodeError` with
    their subclasses, `MissingMetadataError`, and `SafetyLimitError`; the message names the source.

    >>> probe("fixtures/exif_6.jpg").size
    ImageSize(height=48, width=80)
    >>> probe("fixtures/street.mp4").frame_count
    300
    """
    if isinstance(source, ImageInfo | VideoInfo):
        return source
    if is_held(source):
        from vlprep.media.held import held_info  # needs numpy, which a header does not

        return held_info(source)
    with open_item(source, trust) as item:
        return item.info
