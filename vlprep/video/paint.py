"""Turn decoded frames into the pixels that are delivered: scaled, upright, RGB, laid on white."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from av import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import VideoReformatter

from vlprep.errors import ConstraintError
from vlprep.maths.resample import Planes, Resampler
from vlprep.media.colour import tone_map
from vlprep.media.orientation import TrackHeader
from vlprep.media.picture import Pixels, lay_on_white
from vlprep.media.source import Item
from vlprep.types import ImageSize, Resample
from vlprep.video.container import HDR_CURVES, av_errors


@dataclass(frozen=True, slots=True)
class Look:
    """How delivered frames are to look."""

    size: ImageSize
    """Size of the delivered frames, upright."""
    resample: Resample = "fast"
    """"fast" scales and converts in one step, "reference" resizes the full frame."""
    tone_map: bool = False
    """Whether high dynamic range is mapped to that of ordinary screens."""
    by_colour: bool = False
    """Whether memory holds each row of a picture colour by colour, for what reads it so."""
    row_step: int = 1
    """Every so many rows are delivered, from the first, for what looks at no others."""

    def __post_init__(self) -> None:
        if self.resample not in get_args(Resample):
            known = ", ".join(get_args(Resample))
            raise ConstraintError(f"resample is one of {known}; got {self.resample!r}")
        if self.row_step != 1 and self.resample != "fast":
            raise ConstraintError("rows are left out of what is scaled fast only")

    @property
    def delivered(self) -> ImageSize:
        """Size of the array that is delivered."""
        return ImageSize(len(range(0, self.size.height, self.row_step)), self.size.width)


class Painter:
    """Paints the frames of one clip, all with the same look."""

    def __init__(self, look: Look, header: TrackHeader, item: Item) -> None:
        self._look = look
        self._item = item
        self._turns = header.rotation // 90
        self._mirrored = header.mirrored
        # One for all frames: each conversion otherwise keeps megabytes of its own.
        self._reformatter = VideoReformatter()
        self._last: VideoFrame | None = None

    def paint(self, frame: VideoFrame, out: Pixels | None = None) -> Pixels:
        """Return the picture of a frame, height x width x 3, in `out` where it is given.

        Raises `DecodeError` where FFmpeg cannot convert it.
        """
        look, size = self._look, self._look.size
        if look.resample == "reference":
            taken = ImageSize(frame.height, frame.width)
        else:  # the small picture is turned, not the large one
            taken = ImageSize(size.width, size.height) if self._turns % 2 else size
        planes = map(self._upright, self._colours(frame, taken))
        upright = Planes(tuple(plane[:: look.row_step] for plane in planes))
        how = Resampler.of(ImageSize(*upright.shape[:2]), look.delivered)
        return how.picture(upright, by_colour=look.by_colour, out=out)

    def _colours(self, frame: VideoFrame, size: ImageSize) -> Sequence[Pixels]:
        """Return red, green and blue, each height x width."""
        curve = HDR_CURVES.get(frame.color_trc) if self._look.tone_map else None
        layout = "gbrap" if any(part.is_alpha for part in frame.format.components) else "gbrp"
        if curve is not None:
            deep: Any = self._convert(frame, size, f"{layout}16le").to_ndarray()
            image = np.dstack([tone_map(deep[..., :3], curve), deep[..., 3:] >> 8]).astype(np.uint8)
        else:
            if layout == "gbrp" and _loses_columns(frame, size):
                layout = "rgb24"  # which here gives the same
            converted = self._convert(frame, size, layout)
            if layout == "gbrp":
                green, blue, red = map(_plane, converted.planes)
                return red, green, blue
            image = np.asarray(converted.to_ndarray(), np.uint8)
        return tuple(np.moveaxis(lay_on_white(image), 2, 0))

    def _convert(self, frame: VideoFrame, size: ImageSize, layout: str) -> VideoFrame:
        # A plane for each colour: swscale's way to interleaved RGB is slower, and makes white 253.
        with av_errors(self._item):
            converted = self._reformatter.reformat(
                frame,
                width=size.width,
                height=size.height,
                format=layout,
                interpolation="BICUBIC",
                threads=1,
            )
        # Memory freed at once is given back to the system, and costs a tenth of it all to get anew;
        # frames of full size would take too much of it.
        self._last = converted if self._look.resample == "fast" else None
        return converted

    def _upright(self, plane: Pixels) -> Pixels:
        return np.rot90(plane[:, ::-1] if self._mirrored else plane, -self._turns)


def _plane(plane: VideoPlane) -> Pixels:
    """Return a plane of bytes as they lie in FFmpeg's memory, height x width."""
    held: Any = plane  # a buffer, which its stub does not say
    rows = np.frombuffer(held, np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def _loses_columns(frame: VideoFrame, size: ImageSize) -> bool:
    """Whether swscale leaves the last columns of planes as they were in memory.

    So does its fast way, without scaling, of FFmpeg 8: it paints 16 columns at a time, and of the
    rest only what is more than 8.
    """
    is_fast = frame.format.name in _FAST and size == (frame.height, frame.width)
    return is_fast and 0 < frame.width % 16 <= 8


_FAST = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p")
