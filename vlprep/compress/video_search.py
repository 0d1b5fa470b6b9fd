"""Encode frames into fewer bytes than a limit: first at a quality, then by two passes to a size.

What an encoder is asked for is not what it delivers, so every file is measured, and the one that
is handed out is under the limit. One-pass targets went over it by up to a quarter.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, repeat
from pathlib import Path

from vlprep.count.videos import VideoCount
from vlprep.errors import ByteLimitError
from vlprep.frames.stream import FrameStream
from vlprep.media.picture import Pixels, resize_picture
from vlprep.types import ImageSize, Watch, unwatched
from vlprep.units import format_size
from vlprep.video.encode import (
    FILE_BYTES,
    FRAME_BYTES,
    LEAST_FILE_BYTES,
    LEAST_FRAME_BYTES,
    BitRateTooLow,
    ClipShape,
    Pass,
    Quality,
    encode_video,
)

FIRST_CRF = 20
"""Quality that is tried first; a model can hardly tell it from the source."""

WORST_CRF = 51
"""The least that x264 can do."""

AIM = 0.97
"""Share of the limit that two passes aim at; they end up within a few per cent of it."""

LEAST_FILL = 0.88
"""Share of the limit below which another rate is tried."""

MAX_REPEATS = 3
"""How often the second pass is repeated at another rate."""

TIGHT = 4
"""How many times the fewest bytes that there can be a limit must be to be tried size by size."""

LEAST_BITS_PER_PIXEL = 0.03
"""Below this, fewer pixels look better than worse ones; for videos that are to be watched."""

KEPT_BYTES = 200_000_000
"""Frames that are kept for the next pass take up to this many bytes; others are read again."""

_KILOBIT = 1000  # x264 knows no finer rates


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClip:
    """The clip that a video is to become, and once it is one, how that came about."""

    open_stream: Callable[[ImageSize], FrameStream]
    """Reads the frames from the beginning, at a size or near it."""
    frame_count: int
    """Frames; the last one that can be read stands for the rest, and any more are left out."""
    rate: Fraction
    """Frames per second, on average."""
    ticks: tuple[int, ...] = ()
    """When each frame shows, and when the last one ends, as `ClipShape` has it."""
    sizes: Iterable[ImageSize]
    """Sizes of the frames to try, the largest first."""
    pixel_aspect: Fraction = Fraction(1)
    """Width of a pixel over its height."""
    sound: Path | None = None
    """A file whose sound goes in."""
    at_any_cost: bool = True
    """Whether to try the worst quality there is before giving up."""
    quality_first: bool = True
    """Whether to try a quality before a size; pointless where that is known to be too large."""
    size: ImageSize | None = None
    """Size of the frames, unless only an encode can tell."""
    tokens: VideoCount | None = None
    """What it costs, unless only an encode can tell."""
    shown: int | None = None
    """Frames that the model's sampler must pick: the first ones, each once."""
    dropped: tuple[str, ...] = ()
    """What is lost on purpose; one sentence each."""
    warnings: tuple[str, ...] = ()
    passes: int = 0
    """How often the frames went through the encoder in all."""
    crf: float | None = None
    """Quality, where that was enough."""
    bit_rate: int | None = None
    """Bits per second asked for, where two passes were needed."""

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return float(self.frame_count / self.rate)


def encode_under(
    clip: NewClip, path: Path, *, source: str, limit: int, watch: Watch = unwatched
) -> NewClip:
    """Write a file under `limit` bytes to `path`, at the largest size at which one is found.

    Returns the clip with that size and how it came about. Other files lie beside it meanwhile. The
    frames pass through `watch` on their way. Raises `ByteLimitError`, which names the `source`,
    where none is found, `DecodeError` where not a single frame can be decoded, and the errors of
    `encode_video` and of reading the frames.
    """
    least = require_room(clip.frame_count, limit, source)
    search, sizes = _Search(clip, path, limit, watch), list(clip.sizes)
    # Where hardly anything can fit, one pass tells so, and not the many of a search.
    is_hopeless = (
        clip.at_any_cost
        and limit < TIGHT * least
        and search.at_quality(sizes[-1], WORST_CRF) is None
    )
    for size in () if is_hopeless else sizes:
        if found := search.at(size, quality_first=clip.quality_first and size == sizes[0]):
            return found
    if clip.at_any_cost and not is_hopeless:  # if only to know how small a file can be
        found = search.at_quality(sizes[-1], WORST_CRF)
        if found is not None:
            return found
    raise ByteLimitError(source, limit, search.smallest, search.smallest_what)


def require_room(frames: int, limit: int, source: str) -> int:
    """Return the bytes that so many frames take at least, whatever is to be seen on them.

    Raises `ByteLimitError` where these are not under the limit, before anything is decoded.
    """
    least = LEAST_FILE_BYTES + LEAST_FRAME_BYTES * frames
    if least >= limit:
        what = f"{frames:,} frame{'s' * (frames > 1)} of the smallest size and worst quality"
        raise ByteLimitError(source, limit, least, what, tried=False)
    return least


class _Search:
    """Tries sizes out until one fits; frames that are few are read once."""

    def __init__(self, clip: NewClip, path: Path, limit: int, watch: Watch) -> None:
        self._clip = clip
        self._path = path
        self._limit = limit
        self._watch = watch
        self._passes = 0
        self._kept: list[Pixels] = []
        self._sound_bytes = clip.sound.stat().st_size if clip.sound else 0
        self._warnings: tuple[str, ...] = ()  # of the frames, once they have been read
        self.smallest, self.smallest_what = 0, ""

    def at(self, size: ImageSize, *, quality_first: bool) -> NewClip | None:
        """Try one size of frames."""
        if quality_first and (found := self.at_quality(size, FIRST_CRF)):
            return found
        bit_rate = self._two_passes(size)
        if bit_rate is None:
            return None
        return self._found(size, bit_rate=bit_rate)

    def at_quality(self, size: ImageSize, crf: float) -> NewClip | None:
        """Try one size of frames at a quality."""
        if self._encode(size, Quality(crf), self._path) >= self._limit:
            return None
        return self._found(size, crf=crf)

    def _found(
        self, size: ImageSize, *, crf: float | None = None, bit_rate: int | None = None
    ) -> NewClip:
        warnings = (*self._warnings, *self._clip.warnings)
        made = replace(self._clip, size=size, warnings=warnings, passes=self._passes)
        return replace(made, crf=crf, bit_rate=bit_rate)

    def _two_passes(self, size: ImageSize) -> int | None:
        """Encode to the limit; returns the bit rate of the best file under it, if there is one."""
        limit, stats = self._limit, self._path.with_name("stats")
        overhead = FILE_BYTES + FRAME_BYTES * self._clip.frame_count + self._sound_bytes
        if limit <= overhead:
            return None
        rate = _whole((limit - overhead) * AIM * 8 / self._clip.seconds)
        self._encode(size, Pass(1, rate, stats), self._path)
        attempt, best, fullest, tried = self._path.with_name("attempt"), None, 0, set[int]()
        while rate not in tried and len(tried) <= MAX_REPEATS:
            tried.add(rate)
            try:
                length = self._encode(size, Pass(2, rate, stats), attempt)
            except BitRateTooLow:
                break
            if length < limit:
                # Where more bits make it hardly larger, the encoder has no use for them.
                full = length >= LEAST_FILL * limit or length < 1.05 * fullest
                if length > fullest:
                    attempt.replace(self._path)
                    best, fullest = rate, length
                if full:
                    break
            rate = _whole(rate * AIM * limit / length)
        return best

    def _encode(self, size: ImageSize, control: Quality | Pass, path: Path) -> int:
        """Run one pass and return the length of the file."""
        clip, self._passes = self._clip, self._passes + 1
        what = "encoding" if isinstance(control, Quality) else f"pass {control.number} of 2"
        shape = ClipShape(size, clip.rate, clip.pixel_aspect, clip.ticks)
        with closing(self._read(size)) as frames:
            watched = self._watch(frames, clip.frame_count, what)
            encode_video(path, watched, shape, control, clip.sound)
        if isinstance(control, Pass) and control.number == 1:
            return 0
        length = path.stat().st_size
        if not self.smallest or length < self.smallest:
            sound = f", {self._sound_bytes:,} of them sound" if self._sound_bytes else ""
            self.smallest, self.smallest_what = length, f"at {format_size(size)}{sound}"
        return length

    def _read(self, size: ImageSize) -> Generator[Pixels, None, None]:
        """Read all frames, RGB of height x width x 3, from memory where they are few."""
        if self._kept:
            yield from (resize_picture(picture, size) for picture in self._kept)
            return
        keeps, read = self._clip.frame_count * size.pixels * 3 <= KEPT_BYTES, list[Pixels]()
        for picture in self._decode(size):
            if keeps:
                read.append(picture)
            yield picture
        self._kept = read

    def _decode(self, size: ImageSize) -> Iterator[Pixels]:
        left, picture = self._clip.frame_count, None
        with self._clip.open_stream(size) as stream:
            for frame in islice(stream, left):
                left, picture = left - 1, resize_picture(frame.image, size)
                yield picture
            self._warnings = stream.warnings
        if picture is None:
            raise stream.none_decoded()
        yield from repeat(picture, left)


def _whole(bit_rate: float) -> int:
    """Round a bit rate down to what x264 can be told."""
    return max(int(bit_rate) // _KILOBIT, 1) * _KILOBIT
