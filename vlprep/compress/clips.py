"""The frames that a compressed video is made of, to be read as often as its encoder asks.

Either the ones that a model is shown, or all of a video at an even rate.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate

import numpy as np

from vlprep.compress.video_source import VideoCase
from vlprep.errors import DecodeError
from vlprep.frames.stream import FrameStream
from vlprep.media.image import animation_seconds
from vlprep.media.picture import Pixels, resize_picture
from vlprep.media.video.decode import scan_clip
from vlprep.media.video.scan import Timeline
from vlprep.types import FramePlan, ImageSize

MAX_FULL_RATE = 30
"""Frames per second at most that a video of variable rate becomes."""

SIZE_STEP = 0.5625  # sides of three quarters: 720, 540, 405
"""Share of the pixels that is left when the frames get smaller by a step."""

KEPT_BYTES = 200_000_000
"""Frames that are kept for the next pass take up to this many bytes; others are read again."""


@dataclass
class ClipFrames:
    """The frames of a stream that is opened anew for each reading.

    Where more are asked for than it delivers, its last one stands for the rest; where fewer are,
    the rest is left out.
    """

    open_stream: Callable[[ImageSize], FrameStream]
    count: int
    warnings: tuple[str, ...] = ()
    """What a user should know of the frames, once they have been read."""
    _kept: list[Pixels] = field(default_factory=list)

    def read(self, size: ImageSize) -> Generator[Pixels, None, None]:
        """Read all frames, RGB of height x width x 3, from memory where they are few.

        Raises `DecodeError` when not a single one can be decoded.
        """
        if not self._kept:
            yield from self._read(size)
        else:
            yield from (resize_picture(picture, size) for picture in self._kept)

    def _read(self, size: ImageSize) -> Iterator[Pixels]:
        keeps = self.count * size.pixels * 3 <= KEPT_BYTES
        read: list[Pixels] = []
        count, picture = 0, None
        for picture in self._decode(size):
            count += 1
            if keeps:
                read.append(picture)
            yield picture
        assert picture is not None  # a stream without frames is an error
        for _ in range(self.count - count):
            read.append(picture)
            yield picture
        self._kept = read if keeps else []

    def _decode(self, size: ImageSize) -> Iterator[Pixels]:
        with self.open_stream(size) as stream:
            count = 0
            for count, frame in enumerate(stream, 1):
                yield resize_picture(frame.image, size)
                if count == self.count:
                    break
            self.warnings = stream.warnings
            if not count:
                raise DecodeError(stream.source, "none of the frames could be decoded")


@dataclass(frozen=True, slots=True)
class EvenPlan:
    """All displayed frames of a video that are wanted, at an even rate."""

    numbers: tuple[int, ...]
    """Displayed frames, counted from 0, in order; where resampled, not each just once."""
    rate: Fraction
    """Frames per second."""
    resampled: bool = False
    """Whether the source's rate is variable."""

    @property
    def frame_plan(self) -> FramePlan:
        """The same as a plan of sampled frames."""
        moments = tuple(float(k / self.rate) for k in range(len(self.numbers)))
        return FramePlan(self.numbers, moments, float(self.rate))


def even_plan(case: VideoCase) -> EvenPlan:
    """Plan to show all frames that are wanted; of a variable rate, as many at an even one.

    The even rate is the average one, up to `MAX_FULL_RATE`. Raises the errors of `scan_clip`.
    """
    if case.item.found.kind == "image":
        starts = [0.0, *accumulate(animation_seconds(case.item))][:-1]
        return _resampled(case, lambda moment: max(bisect_right(starts, moment + 1e-4) - 1, 0))
    timeline, fps = scan_clip(case.item).timeline, case.info.fps
    if timeline.has_clock and fps is not None and not _is_even(timeline, float(fps)):
        return _resampled(case, timeline.shown_at)
    rate = (fps or Fraction(1)).limit_denominator(100_000)
    first, end = case.part or (0, timeline.packet_count)
    return EvenPlan(tuple(range(timeline.packet_count)[first:end]), rate)


def _is_even(timeline: Timeline, rate: float) -> bool:
    """Whether every frame shows within a quarter of an interval of its place at an even rate."""
    times = np.frombuffer(timeline.pts, np.int64) * float(timeline.time_base)
    places = (times - times[0]) * rate
    return bool(np.abs(places - np.arange(len(places))).max() < 0.25)


def _resampled(case: VideoCase, shown_at: Callable[[float], int]) -> EvenPlan:
    rate = min(case.info.fps or Fraction(1), Fraction(MAX_FULL_RATE)).limit_denominator(1000)
    count, start = max(round((case.seconds or 0) * rate), 1), case.first_seconds
    numbers = tuple(shown_at(start + float(k / rate)) for k in range(count))
    return EvenPlan(numbers, rate, resampled=True)


def smaller_size(size: ImageSize) -> ImageSize:
    """Return a size one step smaller.

    >>> smaller_size(ImageSize(720, 1280))
    ImageSize(height=540, width=960)
    """
    share = math.sqrt(SIZE_STEP)
    return ImageSize(*(max(round(side * share), 1) for side in size))


def even_size(size: ImageSize) -> ImageSize:
    """Return the size with odd sides made even, as H.264 needs them.

    >>> even_size(ImageSize(405, 721))
    ImageSize(height=404, width=720)
    """
    return ImageSize(*(max(side - side % 2, 2) for side in size))
