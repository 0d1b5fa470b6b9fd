"""Decode planned frames, in bounded memory and with several threads.

The wanted frames are cut at keyframes into runs that threads decode side by side, a container each;
the codecs free Python's lock. Results come in order, and no more than a few wait at a time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from av import VideoFrame

from vlprep.media.orientation import TrackHeader, track_headers
from vlprep.media.source import Item, memory_errors
from vlprep.media.video.container import choose_stream, demuxed, header_of, open_video
from vlprep.media.video.index import read_timeline
from vlprep.media.video.paint import Look, Painter
from vlprep.media.video.reader import FrameReader
from vlprep.media.video.timeline import Timeline
from vlprep.media.video.workers import Worker, in_order
from vlprep.types import Frame, ImageSize, VideoInfo

WAITING_BYTES = 48_000_000
"""Finished frames that wait for their turn; memory grows with it, idleness shrinks."""

RUN_COST = 60
"""Frames that a run should take to decode at least, so that handing it to a thread pays."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A video that has been scanned, and what decoding needs to know of it."""

    item: Item
    """The file; threads that share the work read it side by side."""
    timeline: Timeline
    """Its displayed frames."""
    header: TrackHeader
    """How display turns it."""


def scan_clip(item: Item) -> Clip:
    """Learn when each frame is displayed, so that frames can be told by number and by time.

    Raises the errors of `open_video`, `choose_stream` and `scan_packets`.
    """
    headers = track_headers(item.file, item.found.reader)
    with memory_errors(item), open_video(item) as container:
        stream, _ = choose_stream(container, item)
        timeline = read_timeline(demuxed(container, stream, item), stream, item)
        return Clip(item, timeline, header_of(stream, headers, item))


@dataclass(frozen=True, slots=True)
class DecodePlan:
    """What is wanted of a clip."""

    clip: Clip
    """The scanned video."""
    look: Look
    """Size and treatment of the delivered frames."""
    numbers: tuple[int, ...]
    """Displayed frames wanted, ascending, each once."""
    skip_unwanted: bool = True
    """Leave unreferenced frames that are not wanted undecoded."""
    threads: int | None = None
    """Threads to decode with; `None` is one per processor, up to four."""
    patience_seconds: float | None = None
    """Longest time that one frame may take; `None` is no limit."""


def decode_frames(plan: DecodePlan) -> Iterator[Frame]:
    """Decode the wanted frames in order.

    A frame that does not decode is replaced by the one displayed before it and flagged; where
    there is none it is left out. Closing the iterator ends all threads and closes all files.

    Raises `DecodeError` where the container cannot be read, `TimeLimitError` and
    `MemoryLimitError`.
    """
    with memory_errors(plan.clip.item):
        yield from _frames(plan)


def _frames(plan: DecodePlan) -> Iterator[Frame]:
    if not plan.clip.timeline.tells_frames:
        return _in_line(plan)
    runs = _cut_at_keyframes(plan)
    workers = min(plan.threads or min(os.cpu_count() or 1, 4), len(runs))
    if workers < 2:
        return _one_after_the_other(plan, runs)
    room = max(WAITING_BYTES // (plan.look.size.pixels * 3), workers)
    return in_order(runs, partial(_run_reader, plan), workers=workers, room=room)


def _in_line(plan: DecodePlan) -> Iterator[Frame]:
    """Decode everything: without times of display a frame is known by its place in the output."""
    wanted = frozenset(plan.numbers)
    with _reader(plan) as reader:
        painter = Painter(plan.look, plan.clip.header, plan.clip.item)
        for number, frame in enumerate(reader.every_frame()):
            if number in wanted:
                yield _painted(plan.clip, number, frame, painter)
            if number == plan.numbers[-1]:
                return


def _one_after_the_other(plan: DecodePlan, runs: Sequence[Sequence[int]]) -> Iterator[Frame]:
    with _reader(plan) as reader:
        painter = Painter(plan.look, plan.clip.header, plan.clip.item)
        for run in runs:
            yield from _read_run(plan, run, reader, painter)


@contextmanager
def _run_reader(plan: DecodePlan) -> Iterator[Worker[Sequence[int], Frame]]:
    """Open a container of its own over the same file, for one of several threads."""
    with _reader(plan) as reader:
        painter = Painter(plan.look, plan.clip.header, plan.clip.item)
        yield lambda run: _read_run(plan, run, reader, painter)


def _read_run(
    plan: DecodePlan, run: Sequence[int], reader: FrameReader, painter: Painter
) -> Iterator[Frame]:
    for number in run:
        frame = reader.frame_at(plan.clip.timeline.pts[number])
        if frame is not None:
            yield _painted(plan.clip, number, frame, painter)


def _painted(clip: Clip, number: int, frame: VideoFrame, painter: Painter) -> Frame:
    """Return what the decoder gave for a displayed frame, as the model sees it."""
    timeline = clip.timeline
    pts = timeline.pts[number] if timeline.has_clock else None
    is_other = timeline.tells_frames and frame.pts != pts
    return Frame(
        number=number,
        timestamp_seconds=_seconds(clip, number) if pts is None else timeline.seconds(pts),
        pts=frame.pts,
        image=painter.paint(frame),
        substituted=is_other,
        damaged=frame.is_corrupt,
        interlaced=frame.interlaced_frame,
    )


def _seconds(clip: Clip, number: int) -> float:
    """Return when a frame is displayed by the average rate, where the file tells no times."""
    info = clip.item.info
    return float(number / info.fps) if isinstance(info, VideoInfo) and info.fps else 0.0


def _cut_at_keyframes(plan: DecodePlan) -> list[list[int]]:
    """Cut the wanted frames where their keyframe changes, into runs that are worth a thread."""
    timeline = plan.clip.timeline
    runs: list[list[int]] = []
    cost, before = RUN_COST, 0
    last_key: int | None = -1
    for number in plan.numbers:
        key = timeline.keyframe_before(timeline.pts[number])
        if key != last_key:
            if cost >= RUN_COST:
                runs.append([])
                cost = 0
            before, last_key = timeline.keyframe_number(key), key
        cost += number - before + 1
        before = number
        runs[-1].append(number)
    return runs


def _reader(plan: DecodePlan) -> FrameReader:
    item, timeline = plan.clip.item, plan.clip.timeline
    wanted = [timeline.pts[k] for k in plan.numbers] if timeline.tells_frames else []
    return FrameReader(
        item,
        timeline,
        wanted,
        skip_unwanted=plan.skip_unwanted,
        patience_seconds=plan.patience_seconds,
    )


def damaged_ends(item: Item) -> tuple[str, ...]:
    """Return which of the first and the last frame of a video cannot be decoded as they should.

    Raises the errors of `scan_clip` and `decode_frames`.

    >>> from vlprep.media.source import open_item
    >>> with open_item("fixtures/clip.mp4") as item:
    ...     damaged_ends(item)
    ()
    """
    clip = scan_clip(item)
    ends = {0: "first", clip.timeline.packet_count - 1: "last"}
    whole = _whole(clip, tuple(ends), threads=1)
    return tuple(name for number, name in ends.items() if number not in whole)


def damaged_frames(item: Item) -> tuple[int, ...]:
    """Return the numbers of the frames of a video that cannot be decoded as they should.

    All of it is decoded for that. Raises the errors of `scan_clip` and `decode_frames`.

    >>> from vlprep.media.source import open_item
    >>> with open_item("fixtures/corrupted.mp4") as item:
    ...     damaged_frames(item)[-1] < 30
    True
    """
    clip = scan_clip(item)
    numbers = tuple(range(clip.timeline.packet_count))
    whole = _whole(clip, numbers)
    return tuple(number for number in numbers if number not in whole)


def _whole(clip: Clip, numbers: tuple[int, ...], threads: int | None = None) -> set[int]:
    """Decode frames, and return those that come out whole."""
    plan = DecodePlan(clip, Look(ImageSize(16, 16)), numbers, threads=threads)
    # A first frame that does not decode has none before it in its place: it does not come at all.
    frames = decode_frames(plan)
    return {frame.number for frame in frames if not (frame.substituted or frame.damaged)}
