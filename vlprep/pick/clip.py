"""Look at a clip, small and at a low rate, for what its cells do; a door of this room."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from vlprep.count.frame_list import FrameList, as_frame_list
from vlprep.count.videos import video_count
from vlprep.errors import ConstraintError, DecodeError, UnsupportedFormatError
from vlprep.frames.reading import probe_clip
from vlprep.maths.sampling import ASSUMED_FPS
from vlprep.media.image import animation_starts
from vlprep.media.picture import Pixels, animation_frames
from vlprep.media.source import Item, SourceLike, open_item, source_name
from vlprep.pick.cells import ROW_STEP, CellWatch, Motion, cut, probe_size, unlike_cells
from vlprep.pick.choose import Frames, Pick
from vlprep.types import ImageSize, VideoInfo, Watch
from vlprep.video.decode import DecodePlan, decode_frames, scan_clip
from vlprep.video.paint import Look
from vlprep.view import View

LEAST_PROBES = 20
"""Moments at which the shortest clips are looked at, as far as they have frames."""

_Read: TypeAlias = Callable[[Sequence[int], ImageSize], Iterator[tuple[int, Pixels]]]


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that is open."""

    name: str
    info: VideoInfo
    frames: Frames
    """Those between the start and the end that the view asks for."""
    read: _Read
    """Gives frames by number, ascending, at a size: of each every second row."""
    keyframes: tuple[int, ...] | None = None
    """The frames with which the encoder began anew; `None` of an animation, which has none."""


@contextmanager
def open_clip(source: SourceLike, view: View, threads: int | None) -> Iterator[Clip]:
    """Open a video or an animation, and learn when its frames are displayed.

    Raises the errors of `probe_clip` and `scan_clip`, `UnsupportedFormatError` for lists of images,
    and `ConstraintError` where no frame lies between the view's start and end.
    """
    if isinstance(as_frame_list(source), FrameList):
        problem = "a list of images, all of which are shown; picking is for videos"
        raise UnsupportedFormatError("frame list", problem)
    with open_item(source, view.trust) as item:
        info = probe_clip(item)
        if item.found.kind == "image":
            seconds, read = _animation(item)
            keyframes = None
        else:
            seconds, read, keyframes = _video(item, info, view, threads)
        yield Clip(source_name(source), info, _between(seconds, view), read, keyframes)


def _animation(item: Item) -> tuple[list[float], _Read]:
    starts = animation_starts(item)

    def read(numbers: Sequence[int], size: ImageSize) -> Iterator[tuple[int, Pixels]]:
        images = (image[::ROW_STEP] for image in animation_frames(item, numbers, size))
        return zip(numbers, images, strict=True)

    return starts, read


def _video(
    item: Item, info: VideoInfo, view: View, threads: int | None
) -> tuple[list[float], _Read, tuple[int, ...]]:
    clip = scan_clip(item)
    timeline = clip.timeline
    if timeline.has_clock:
        ticks = np.frombuffer(timeline.pts, np.int64)
        seconds = ((ticks - ticks[0]) * float(timeline.time_base)).tolist()
    else:
        rate = float(info.fps or view.video_rule.assumed_fps or ASSUMED_FPS)
        seconds = [number / rate for number in range(timeline.packet_count)]

    def read(numbers: Sequence[int], size: ImageSize) -> Iterator[tuple[int, Pixels]]:
        look, wanted = Look(size, by_colour=True, row_step=ROW_STEP), tuple(numbers)
        plan = DecodePlan(clip, look, wanted, threads=threads)
        return ((frame.number, frame.image) for frame in decode_frames(plan))

    keys = {timeline.keyframe_number(place) for place in range(len(timeline.keyframes))}
    return seconds, read, tuple(sorted(key for key in keys if key < len(seconds)))


def _between(seconds: Sequence[float], view: View) -> Frames:
    start, end = view.options.start_seconds or 0.0, view.options.end_seconds
    first = int(np.searchsorted(seconds, start - 1e-6))
    stop = len(seconds) if end is None else int(np.searchsorted(seconds, end + 1e-6, "right"))
    if first >= stop:
        raise ConstraintError(
            f"no frame between {start:g} s and {seconds[-1] if end is None else end:g} s of a clip "
            f"whose last frame is at {seconds[-1]:.2f} s"
        )
    return Frames(first, tuple(seconds[first:stop]))


def probed(frames: Frames, fps: float) -> list[tuple[float, int]]:
    """Return the moments at which a clip is looked at, its last frame too, and what is on display.

    >>> probed(Frames(0, tuple(k / 10 for k in range(600))), 2)[-2:]
    [(59.5, 595), (59.9, 599)]
    """
    first, last = frames.seconds[0], frames.seconds[-1]
    span = last - first
    rate = max(fps, LEAST_PROBES / span) if span > 0 else fps
    moments = [first + k / rate for k in range(math.ceil(span * rate - 1e-6))]
    return [(moment, frames.on_display(moment)) for moment in (*moments, last)]


def watch_clip(clip: Clip, probe_fps: float, watch: Watch) -> tuple[Motion, list[int]]:
    """Look at a clip so many times a second.

    Returns what its cells did, and the number of the frame at each step. Raises `DecodeError` where
    no frame can be decoded, and the errors of `decode_frames`.
    """
    steps = deque(probed(clip.frames, probe_fps))
    wanted = sorted({number for _, number in steps})
    size = probe_size(clip.info.size)
    cells, numbers = CellWatch(size), list[int]()
    for number, picture in watch(clip.read(wanted, size), len(wanted), "looking for changes"):
        see: Callable[[float], None] = partial(cells.see, picture)
        while steps and steps[0][1] <= number:
            moment, expected = steps.popleft()
            if expected == number:  # else it could not be decoded
                see(moment)
                see = cells.see_again
                numbers.append(number)
    if not numbers:
        raise DecodeError(clip.name, "none of the frames could be decoded")
    return cells.motion(), numbers


def distinct_samples(clip: Clip, view: View, watch: Watch) -> tuple[Frames, list[Pick], int]:
    """Look at the frames that the view's sampler spreads, for those unlike the last one kept.

    Returns the frames from the first sample to the last, those that differ, and how many do not.
    Raises `DecodeError` where no frame can be decoded, and the errors of `decode_frames`.
    """
    plan, size = video_count(clip.info, view).plan, probe_size(clip.info.size)
    frames = clip.frames
    last = frames.first + len(frames.seconds) - 1
    wanted = sorted({min(max(number, frames.first), last) for number in plan.indices})
    kept, picks, seen = None, list[Pick](), 0
    for number, picture in watch(clip.read(wanted, size), len(wanted), "comparing frames"):
        sample, seen = cut(picture), seen + 1
        cells = 0 if kept is None else unlike_cells(sample, kept)
        if kept is None or cells:
            kept = sample.copy()
            picks.append(Pick(frames.start(number), number, "sample", cells))
    if kept is None:
        raise DecodeError(clip.name, "none of the frames could be decoded")
    part = slice(wanted[0] - frames.first, wanted[-1] - frames.first + 1)
    return Frames(wanted[0], frames.seconds[part]), picks, seen - len(picks)


def keyframe_picks(clip: Clip) -> Iterator[Pick]:
    """Yield the keyframes of a clip; any number of the first of them is spread over all of it.

    Raises `ConstraintError` for an animation.
    """
    if clip.keyframes is None:
        raise ConstraintError(f"{clip.name}: an animation has no keyframes")
    first, last = clip.frames.first, clip.frames.first + len(clip.frames.seconds) - 1
    inside = [number for number in clip.keyframes if first <= number <= last]
    for place in _halving(len(inside)):
        yield Pick(clip.frames.start(inside[place]), inside[place], "keyframe")


def _halving(count: int) -> list[int]:
    """Return places in an order in which each lies amid those before it.

    >>> _halving(6)
    [0, 4, 2, 1, 5, 3]
    """
    bits = max(count - 1, 1).bit_length()
    order = (int(f"{place:0{bits}b}"[::-1], 2) for place in range(1 << bits))
    return [place for place in order if place < count]
