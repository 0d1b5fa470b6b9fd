"""The frames that a compressed video is made of, to be read as often as its encoder asks.

Either the ones that a model is shown, or all of a video at an even rate.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, repeat
from typing import Protocol

import numpy as np

from vlprep.errors import DecodeError
from vlprep.frames.stream import PATIENCE_SECONDS, FrameStream
from vlprep.media.image import animation_seconds
from vlprep.media.picture import Pixels, animation_frames, resize_picture
from vlprep.media.source import Item, SourceLike, open_item
from vlprep.media.video.decode import DecodePlan, decode_frames, scan_clip
from vlprep.media.video.paint import Look
from vlprep.media.video.scan import Timeline
from vlprep.types import Frame, FramePlan, ImageSize, VideoInfo

MAX_FULL_RATE = 30
"""Frames per second at most that a video of variable rate becomes."""

SIZE_STEP = 0.5625  # sides of three quarters: 720, 540, 405
"""Share of the pixels that is left when the frames get smaller by a step."""

KEPT_BYTES = 200_000_000
"""Frames that are kept for the next pass take up to this many bytes; others are read again."""


class Clip(Protocol):
    """Frames that can be read again and again."""

    @property
    def frame_count(self) -> int:
        """Number of frames that each reading gives."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know of the frames, once they have been read."""

    def frames(self, size: ImageSize) -> Generator[Pixels, None, None]:
        """Read all frames, RGB of height x width x 3."""


@dataclass
class StreamClip:
    """The frames of a stream that is opened anew for each reading.

    Where more are asked for than it delivers, its last one stands for the rest; where fewer are,
    the rest is left out.
    """

    open_stream: Callable[[ImageSize], FrameStream]
    frame_count: int
    warnings: tuple[str, ...] = ()
    _kept: list[Pixels] = field(default_factory=list)

    def frames(self, size: ImageSize) -> Generator[Pixels, None, None]:
        """Read all frames, from memory where they are few.

        Raises `DecodeError` when not a single one can be decoded.
        """
        if not self._kept:
            yield from self._read(size)
        else:
            yield from (_scaled(picture, size) for picture in self._kept)

    def _read(self, size: ImageSize) -> Iterator[Pixels]:
        keeps = self.frame_count * size.pixels * 3 <= KEPT_BYTES
        read: list[Pixels] = []
        count, picture = 0, None
        for picture in self._decode(size):
            count += 1
            if keeps:
                read.append(picture)
            yield picture
        assert picture is not None  # a stream without frames is an error
        for _ in range(self.frame_count - count):
            read.append(picture)
            yield picture
        self._kept = read if keeps else []

    def _decode(self, size: ImageSize) -> Iterator[Pixels]:
        with self.open_stream(size) as stream:
            count = 0
            for count, frame in enumerate(stream, 1):
                yield _scaled(frame.image, size)
                if count == self.frame_count:
                    break
            self.warnings = stream.warnings
            if not count:
                raise DecodeError(stream.source, "none of the frames could be decoded")


def _scaled(picture: Pixels, size: ImageSize) -> Pixels:
    return picture if picture.shape[:2] == size else resize_picture(picture, size)


@dataclass(frozen=True, slots=True)
class EvenPlan:
    """All displayed frames of a video, at an even rate."""

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


def even_plan(source: SourceLike, info: VideoInfo) -> EvenPlan:
    """Plan to show all displayed frames of a video; of a variable rate, as many at an even one.

    The even rate is the average one, up to `MAX_FULL_RATE`. Raises the errors of `scan_clip`.
    """
    with open_item(source) as item:
        if item.found.kind == "image":
            starts = _starts(item)
            return _resampled(info, lambda moment: max(bisect_right(starts, moment + 1e-4) - 1, 0))
        timeline = scan_clip(item).timeline
    if timeline.has_clock and info.fps is not None and not _is_even(timeline, float(info.fps)):
        return _resampled(info, timeline.shown_at)
    rate = (info.fps or Fraction(1)).limit_denominator(100_000)
    return EvenPlan(tuple(range(timeline.packet_count)), rate)


def _is_even(timeline: Timeline, rate: float) -> bool:
    """Whether every frame shows within a quarter of an interval of its place at an even rate."""
    times = np.frombuffer(timeline.pts, np.int64) * float(timeline.time_base)
    places = (times - times[0]) * rate
    return bool(np.abs(places - np.arange(len(places))).max() < 0.25)


def _resampled(info: VideoInfo, shown_at: Callable[[float], int]) -> EvenPlan:
    rate = min(info.fps or Fraction(1), Fraction(MAX_FULL_RATE)).limit_denominator(1000)
    count = max(round((info.duration_seconds or 0) * rate), 1)
    return EvenPlan(tuple(shown_at(float(k / rate)) for k in range(count)), rate, resampled=True)


def planned_frames(
    source: SourceLike, plan: EvenPlan, size: ImageSize, *, tone_map: bool
) -> Iterator[Frame]:
    """Decode the frames of a plan, upright and scaled to `size`.

    Raises the errors of `decode_frames`.
    """
    times_shown = Counter(plan.numbers)
    numbers = sorted(times_shown)
    with open_item(source) as item:
        decoded = _animated if item.found.kind == "image" else _decoded
        for frame in decoded(item, numbers, Look(size, tone_map=tone_map)):
            yield from repeat(frame, times_shown[frame.number])


def _decoded(item: Item, numbers: Sequence[int], look: Look) -> Iterator[Frame]:
    clip = scan_clip(item)
    wanted = DecodePlan(clip, look, tuple(numbers), patience_seconds=PATIENCE_SECONDS)
    for shown in decode_frames(wanted):
        yield Frame(
            shown.number,
            0.0,
            shown.pts,
            shown.image,
            substituted=shown.substituted,
            damaged=shown.damaged,
            interlaced=shown.interlaced,
        )


def _animated(item: Item, numbers: Sequence[int], look: Look) -> Iterator[Frame]:
    images = animation_frames(item, numbers, look.size, patience_seconds=PATIENCE_SECONDS)
    for number, image in zip(numbers, images, strict=True):
        yield Frame(number, 0.0, None, image)


def _starts(item: Item) -> list[float]:
    return [0.0, *accumulate(animation_seconds(item))][:-1]


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
