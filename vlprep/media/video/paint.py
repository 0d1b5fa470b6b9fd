"""Turn decoded frames into the pixels that are delivered: scaled, upright, RGB, laid on white."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from av import VideoFrame
from av.video.reformatter import VideoReformatter

from vlprep.errors import ConstraintError
from vlprep.media.colour import tone_map
from vlprep.media.orientation import TrackHeader
from vlprep.media.picture import Pixels, lay_on_white, resize_picture
from vlprep.media.source import Item
from vlprep.media.video.container import HDR_CURVES, av_errors
from vlprep.types import ImageSize, Resample


@dataclass(frozen=True, slots=True)
class Look:
    """How delivered frames are to look."""

    size: ImageSize
    """Size of the delivered frames, upright."""
    resample: Resample = "fast"
    """"fast" scales and converts in one step, "reference" resizes the full frame."""
    tone_map: bool = False
    """Whether high dynamic range is mapped to that of ordinary screens."""

    def __post_init__(self) -> None:
        if self.resample not in get_args(Resample):
            known = ", ".join(get_args(Resample))
            raise ConstraintError(f"resample is one of {known}; got {self.resample!r}")


class Painter:
    """Paints the frames of one clip, all with the same look."""

    def __init__(self, look: Look, header: TrackHeader, item: Item) -> None:
        self._look = look
        self._item = item
        self._turns = header.rotation // 90
        self._mirrored = header.mirrored
        # One for all frames: each conversion otherwise keeps megabytes of its own.
        self._reformatter = VideoReformatter()

    def paint(self, frame: VideoFrame) -> Pixels:
        """Return the picture of a frame, height x width x 3.

        Raises `DecodeError` where FFmpeg cannot convert it.
        """
        if self._look.resample == "reference":
            upright = self._upright(self._colours(frame, ImageSize(frame.height, frame.width)))
            return resize_picture(upright, self._look.size)
        # The small picture is turned, not the large one.
        height, width = self._look.size
        turned = ImageSize(width, height) if self._turns % 2 else self._look.size
        return self._upright(self._colours(frame, turned))

    def _colours(self, frame: VideoFrame, size: ImageSize) -> Pixels:
        curve = HDR_CURVES.get(frame.color_trc) if self._look.tone_map else None
        layout = "gbrap" if any(part.is_alpha for part in frame.format.components) else "gbrp"
        if curve is None:
            image: Pixels = self._convert(frame, size, layout)
        else:
            deep = self._convert(frame, size, f"{layout}16le")
            image = np.dstack([tone_map(deep[..., :3], curve), deep[..., 3:] >> 8]).astype(np.uint8)
        return lay_on_white(image)

    def _convert(self, frame: VideoFrame, size: ImageSize, layout: str) -> Any:
        # A plane for each colour: swscale's way to interleaved RGB is slower, and makes white 253.
        with av_errors(self._item):
            return self._reformatter.reformat(
                frame,
                width=size.width,
                height=size.height,
                format=layout,
                interpolation="BICUBIC",
                threads=1,
            ).to_ndarray()

    def _upright(self, image: Pixels) -> Pixels:
        if self._mirrored:
            image = image[:, ::-1]
        return np.ascontiguousarray(np.rot90(image, -self._turns))
