"""Read the very frames that a count is about: plan, then decode."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import accumulate, repeat
from types import TracebackType

import numpy as np

from vlprep.errors import DecodeError, UnsupportedFormatError
from vlprep.media.image import animation_frames, animation_seconds
from vlprep.media.probe import probe, recognise
from vlprep.media.sniff import Format
from vlprep.media.source import OpenSource, SourceLike, open_source, source_name
from vlprep.media.video.decode import Clip, DecodePlan, decode_frames, scan_clip
from vlprep.media.video.scan import Timeline
from vlprep.models.registry import get_model
from vlprep.models.spec import ModelSpec
from vlprep.rules.tokens import TokenCount, video_tokens
from vlprep.types import Frame, FramePlan, Frames, ImageInfo, ImageSize, VideoInfo


class FrameStream:
    """The frames of a plan, decoded as they are asked for, in order and in bounded memory.

    Iterate over it once; close it, or use it in a `with` statement, to stop early.
    """

    def __init__(self, info: VideoInfo, tokens: TokenCount, frames: Iterator[Frame]) -> None:
        self.info = info
        """Facts of the header."""
        self.tokens = tokens
        """What these frames cost; `tokens.plan` is the plan they follow."""
        self._frames = frames

    def __iter__(self) -> Iterator[Frame]:
        return self._frames

    def __next__(self) -> Frame:
        return next(self._frames)

    def __enter__(self) -> FrameStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop decoding and close the file."""
        close = getattr(self._frames, "close", None)
        if close is not None:
            close()

    def collect(self) -> Frames:
        """Decode all that is left into one array.

        Raises `DecodeError` when no frame could be decoded.
        """
        frames = list(self._frames)
        if not frames:
            raise DecodeError(self.info.format or "video", "none of the frames could be decoded")
        return Frames(
            data=np.stack([frame.image for frame in frames]),
            timestamps_seconds=tuple(frame.timestamp_seconds for frame in frames),
        )


def read_frames(
    source: SourceLike,
    model: ModelSpec | str | None = None,
    *,
    fps: float | None = None,
    nframes: int | None = None,
    min_frames: int | None = None,
    max_frames: int | None = None,
    min_pixels: int | None = None,
    max_pixels: int | None = None,
    total_pixels: int | None = None,
    start_seconds: float | None = None,
    end_seconds: float | None = None,
    rules: str | None = None,
    strict: bool = False,
    threads: int | None = None,
) -> FrameStream:
    """Read the frames of a video that `count_tokens` counts, at the size that the model sees.

    The parameters mean the same as for `video_tokens`, whose rules choose the frames: API models
    are shown what is on display every 1/fps seconds, open weights the frame numbers of their
    reference's reader, counted over the displayed frames. `threads` is how many decode side by
    side, by default one per processor, up to four.

    Frames are RGB uint8 of height x width x 3, upright, with transparency laid on white. A frame
    that is broken in the file is replaced by the one displayed before it, and says so.

    Raises the errors of `probe` and `video_tokens`, `UnsupportedFormatError` for an image, and
    while iterating `DecodeError`.

    >>> with read_frames("fixtures/street.mp4", "qwen3-vl-plus", fps=1) as frames:
    ...     first = next(frames)
    >>> first
    Frame(number=0, at 0.000 s, 352x640x3)
    """
    info = probe(source)
    if isinstance(info, ImageInfo):
        raise UnsupportedFormatError(
            source_name(source), "an image, not a video", format=info.format
        )
    tokens = video_tokens(
        info,
        get_model(model),
        fps=fps,
        nframes=nframes,
        min_frames=min_frames,
        max_frames=max_frames,
        min_pixels=min_pixels,
        max_pixels=max_pixels,
        total_pixels=total_pixels,
        start_seconds=start_seconds,
        end_seconds=end_seconds,
        rules=rules,
        strict=strict,
    )
    return FrameStream(info, tokens, _frames(source, info, tokens, threads))


def _frames(
    source: SourceLike, info: VideoInfo, tokens: TokenCount, threads: int | None
) -> Iterator[Frame]:
    assert tokens.plan is not None  # a video's count always has one
    with open_source(source) as opened:
        found = recognise(opened)
        if found.kind == "image":
            yield from _animated(opened, found, tokens.plan, tokens.resized)
        else:
            clip = scan_clip(opened, found)
            yield from _decoded(clip, info, tokens.plan, tokens.resized, threads)


def _decoded(
    clip: Clip, info: VideoInfo, plan: FramePlan, size: ImageSize, threads: int | None
) -> Iterator[Frame]:
    timeline = clip.timeline
    if timeline.has_clock:
        numbers = _numbers(plan, timeline.packet_count, timeline.shown_at)
    else:
        numbers = _numbers(plan, timeline.packet_count)
    wanted = DecodePlan(clip, size, tuple(sorted(set(numbers))), threads=threads)
    times_shown = Counter(numbers)
    for shown in decode_frames(wanted):
        frame = Frame(
            number=shown.number,
            timestamp_seconds=_seconds(timeline, info, shown.number),
            pts=shown.pts,
            image=shown.image,
            substituted=shown.substituted,
        )
        yield from repeat(frame, times_shown[shown.number])


def _seconds(timeline: Timeline, info: VideoInfo, number: int) -> float:
    if timeline.has_clock:
        return timeline.seconds(timeline.pts[number])
    return float(number / info.fps) if info.fps else 0.0


def _animated(
    opened: OpenSource, found: Format, plan: FramePlan, size: ImageSize
) -> Iterator[Frame]:
    starts = [0.0, *accumulate(animation_seconds(opened, found))][:-1]
    numbers = _numbers(
        plan, len(starts), lambda moment: max(bisect_right(starts, moment + 1e-4) - 1, 0)
    )
    images = animation_frames(opened, found, numbers, size)
    for number, image in zip(numbers, images, strict=True):
        yield Frame(number, starts[number], None, image)


def _numbers(
    plan: FramePlan, available: int, shown_at: Callable[[float], int] | None = None
) -> list[int]:
    """Return the displayed frames that a plan means; by time where the file tells times."""
    if plan.by_time and shown_at is not None:
        return [shown_at(moment) for moment in plan.timestamps_seconds]
    return [min(number, available - 1) for number in plan.indices]
