"""Decode planned frames, in bounded memory and with several threads.

The wanted frames are cut at keyframes into runs that readers decode side by side, a container each;
the codecs free Python's lock. Where there are fewer runs than processors, decoders have threads of
their own. Results come in order, and no more than a few wait at a time.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import islice
from typing import TypeAlias

from av import VideoFrame

from vlprep.clips import Frame
from vlprep.errors import DecodeError
from vlprep.media.cores import usable_cores
from vlprep.media.orientation import TrackHeader, track_headers
from vlprep.media.picture import Pixels
from vlprep.media.source import Item, memory_errors
from vlprep.media.waiting import Wait
from vlprep.types import ImageSize, VideoInfo
from vlprep.video.av1 import References, Trimmer
from vlprep.video.container import demuxed, header_of, open_stream
from vlprep.video.crew import MEMORY_BYTES, Crew, Work, choose_crew
from vlprep.video.index import read_timeline
from vlprep.video.paint import Look, Painter
from vlprep.video.reader import FrameReader
from vlprep.video.timeline import Timeline
from vlprep.video.workers import Worker, in_order

UNPAINTED = 2
"""Frames of full size that may wait to be painted."""

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
    frame_pixels: int
    """Pixels of a decoded frame."""
    frame_bytes: int
    """What it takes."""
    references: References | None = None
    """Which of its pictures are made from which, where its packets say it."""


def scan_clip(item: Item) -> Clip:
    """Learn when each frame is displayed, so that frames can be told by number and by time.

    Raises the errors of `open_stream` and `scan_packets`.
    """
    headers = track_headers(item.file, item.found.reader)
    with memory_errors(item), open_stream(item, Wait(item)) as (container, stream, _):
        packets, context = demuxed(container, stream, item), stream.codec_context
        is_av1 = context.codec.canonical_name == "av1"
        references = References(context.extradata) if is_av1 else None
        noted = references.noted(packets) if references else packets
        timeline = read_timeline(noted, stream, item)
        header = header_of(stream, headers, item)
        pixels = context.width * context.height
        assert item.traits is not None  # of the first opening
        frame_bytes = pixels * item.traits.pixel_bits // 8
        return Clip(item, timeline, header, pixels, frame_bytes, references)


@dataclass(frozen=True, eq=False)
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
    """Threads to decode with; `None` is one for each processor that may be used."""
    memory: int = MEMORY_BYTES
    """Bytes that finished frames may take until their turn, and that all decoders may hold."""
    room: Mapping[int, Pixels] = field(default_factory=dict)
    """Where the pictures of frames go; those of others get memory of their own."""

    @cached_property
    def times(self) -> tuple[int, ...]:
        """When the wanted frames are displayed, in ticks; empty where they are told by place."""
        timeline = self.clip.timeline
        return tuple(timeline.pts[k] for k in self.numbers) if timeline.tells_frames else ()

    @cached_property
    def trimmer(self) -> Trimmer | None:
        """What cuts out of packets what the wanted frames can do without."""
        references = None if self.clip.timeline.stamps else self.clip.references
        return references.trimmer(self.times) if references and self.times else None


def decode_frames(plan: DecodePlan) -> Iterator[Frame]:
    """Decode the wanted frames in order.

    A frame that does not decode is replaced by the one displayed before it and flagged; where
    there is none it is left out. Closing the iterator ends all threads and closes all files.

    Raises `DecodeError` where the container cannot be read, `TimeLimitError` and
    `MemoryLimitError`; `DecodeError` for a frame as well where no damage is borne.
    """
    item, missing = plan.clip.item, set(plan.numbers)
    with memory_errors(item), closing(_frames(plan)) as frames:
        for frame in frames:
            missing.discard(frame.number)
            if frame.substituted or frame.damaged:
                _bear(item, frame.number)
            yield frame
    if missing:
        _bear(item, min(missing))


def _bear(item: Item, number: int) -> None:
    item.trust.bears(DecodeError(item.name, f"frame {number} cannot be decoded as it should"))


def _frames(plan: DecodePlan) -> Generator[Frame, None, None]:
    if not plan.clip.timeline.tells_frames:
        return _in_line(plan)
    runs, costs = _cut_at_keyframes(plan)
    _check(plan, sum(costs))
    wanted_bytes = len(plan.numbers) * plan.look.delivered.pixels * 3
    work = Work(costs, wanted_bytes, plan.clip.frame_bytes, plan.clip.timeline.packet_count)
    crew = choose_crew(work, cores=plan.threads or usable_cores(), memory=plan.memory)
    if crew.readers == 1:
        return _by_one_reader(plan, crew)
    hire = partial(_painting, plan, crew.threads)
    room = crew.room(plan.memory)
    return in_order(runs, hire, workers=crew.readers, room=room, size=_bytes)


def _check(plan: DecodePlan, frames: int) -> None:
    item = plan.clip.item
    item.trust.check("decoded_pixels", frames * plan.clip.frame_pixels, item.name)


def _bytes(frame: Frame) -> int:
    return frame.image.nbytes


def _in_line(plan: DecodePlan) -> Generator[Frame, None, None]:
    """Decode everything: without times of display a frame is known by its place in the output."""
    wanted = frozenset(plan.numbers)
    with _reader(plan, threads=1) as reader:
        numbered = islice(enumerate(reader.every_frame()), plan.numbers[-1] + 1)
        decoded = (numbered_frame for numbered_frame in numbered if numbered_frame[0] in wanted)
        yield from _painted(plan, decoded, _painter(plan))


def _by_one_reader(plan: DecodePlan, crew: Crew) -> Generator[Frame, None, None]:
    if crew.threads == 1 and not crew.has_painter:
        with _painting(plan, threads=1) as read:
            yield from read(plan.numbers)
    else:  # the decoder would stand idle while this thread paints
        hire = partial(_reading, plan, crew.threads)
        with closing(in_order([plan.numbers], hire, workers=1, room=UNPAINTED)) as decoded:
            yield from _painted(plan, decoded, _painter(plan))


_Decoded: TypeAlias = tuple[int, VideoFrame]
"""A displayed frame by its number, and what the decoder gave for it."""


@contextmanager
def _reading(plan: DecodePlan, threads: int) -> Iterator[Worker[Sequence[int], _Decoded]]:
    """Open a container of its own over the same file, for one of several threads."""
    pts = plan.clip.timeline.pts

    def read(run: Sequence[int]) -> Iterator[_Decoded]:
        for number in run:
            frame = reader.frame_at(pts[number])
            if frame is not None:
                yield number, frame

    with _reader(plan, threads) as reader:
        yield read


@contextmanager
def _painting(plan: DecodePlan, threads: int) -> Iterator[Worker[Sequence[int], Frame]]:
    """Do the same, and paint in the same thread."""
    painter = _painter(plan)
    with _reading(plan, threads) as read:
        yield lambda run: _painted(plan, read(run), painter)


def _painter(plan: DecodePlan) -> Painter:
    return Painter(plan.look, plan.clip.header, plan.clip.item)


def _reader(plan: DecodePlan, threads: int) -> FrameReader:
    return FrameReader(
        plan.clip.item,
        plan.clip.timeline,
        plan.times,
        threads=threads,
        skip_unwanted=plan.skip_unwanted,
        trimmer=plan.trimmer,
    )


def _painted(plan: DecodePlan, decoded: Iterable[_Decoded], painter: Painter) -> Iterator[Frame]:
    """Yield what the decoder gave for displayed frames, as the model sees it."""
    timeline = plan.clip.timeline
    for number, frame in decoded:
        pts = timeline.pts[number] if timeline.has_clock else None
        yield Frame(
            number=number,
            timestamp_seconds=_seconds(plan.clip, number) if pts is None else timeline.seconds(pts),
            pts=frame.pts,
            image=painter.paint(frame, plan.room.get(number)),
            substituted=timeline.tells_frames and frame.pts != pts,
            damaged=frame.is_corrupt,
            interlaced=frame.interlaced_frame,
        )


def _seconds(clip: Clip, number: int) -> float:
    """Return when a frame is displayed by the average rate, where the file tells no times."""
    info = clip.item.info
    return float(number / info.fps) if isinstance(info, VideoInfo) and info.fps else 0.0


def _cut_at_keyframes(plan: DecodePlan) -> tuple[list[list[int]], list[int]]:
    """Cut the wanted frames where their keyframe changes, into runs that are worth a thread.

    The second list is what each run costs: the frames from keyframes to the last that is wanted
    behind them.
    """
    timeline = plan.clip.timeline
    runs: list[list[int]] = []
    costs: list[int] = []
    before = 0
    last_key: int | None = None
    for number in plan.numbers:
        key = timeline.keyframe_before(timeline.pts[number])
        if key != last_key or not runs:
            if not runs or costs[-1] >= RUN_COST:
                runs.append([])
                costs.append(0)
            before, last_key = timeline.keyframe_number(key), key
        costs[-1] += number - before + 1
        before = number
        runs[-1].append(number)
    return runs, costs


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
    with memory_errors(clip.item):
        return {frame.number for frame in _frames(plan) if not (frame.substituted or frame.damaged)}
