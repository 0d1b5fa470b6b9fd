"""The clip that a video is to become: of what a model is shown, or of all for people to watch."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import TypeAlias

import numpy as np

from vlprep.clips import FramePlan
from vlprep.compress.retiming import ClipTiming, time_clip
from vlprep.compress.video_search import (
    AIM,
    LEAST_BITS_PER_PIXEL,
    NewClip,
    require_room,
)
from vlprep.compress.video_source import VideoCase, changed_anyway, shown_frames
from vlprep.count.videos import VideoCount
from vlprep.errors import ConstraintError
from vlprep.frames.reading import decode_plan
from vlprep.frames.stream import FrameStream
from vlprep.media.image import animation_starts
from vlprep.types import DisplayTimes, ImageSize, VideoInfo
from vlprep.video.decode import scan_clip
from vlprep.video.encode import TICK
from vlprep.video.paint import Look
from vlprep.video.sound import sound_seconds, write_sound
from vlprep.video.timeline import Timeline

SIZE_STEP = 0.5625  # sides of three quarters: 720, 540, 405
"""Share of the pixels that is left when the frames get smaller by a step."""

SOUND_BIT_RATES = (64_000, 32_000, 16_000)
"""Bits per second of the sound, the first that leaves two thirds of the limit to the pictures."""

LEAST_SIDE = 64
"""A watchable video's frames get no smaller than this, in pixels of the short side."""


def smaller_size(size: ImageSize) -> ImageSize:
    """Return a size one step smaller.

    >>> smaller_size(ImageSize(720, 1280))
    ImageSize(height=540, width=960)
    """
    return size.scaled(math.sqrt(SIZE_STEP))


def even_size(size: ImageSize) -> ImageSize:
    """Return the size with odd sides made even, as H.264 needs them.

    >>> even_size(ImageSize(405, 721))
    ImageSize(height=404, width=720)
    """
    return ImageSize(*(max(side - side % 2, 2) for side in size))


# Just the frames that a model is shown, at the size at which it sees them.


def view_clip(case: VideoCase) -> NewClip:
    """Plan the clip of which the model is shown the very frames that it would be of the source.

    Raises `ConstraintError` where its sampler shows no such clip frame by frame.
    """
    timing = time_clip(
        case.tokens.plan,
        lambda frames, rate: _count(case, case.info.size, frames, rate).plan,
        least_frames=case.least_frames,
        least_seconds=case.least_seconds,
    )

    require_room(timing.frame_count, case.limit, case.names[0])

    def seen(size: ImageSize) -> ImageSize:
        return even_size(_count(case, size, timing.frame_count, timing.rate).resized)

    first = seen(case.info.size)
    # Near the limits a size that is seen can be seen otherwise itself; the source's is not.
    if seen(first) != first:
        first = even_size(case.info.size)
    return NewClip(
        open_stream=lambda _: shown_frames(case.source, case.view, case.asked),
        frame_count=timing.frame_count,
        rate=timing.rate,
        sizes=(first,) if case.may_grow else smaller_and_smaller(first, seen),
        at_any_cost=not case.may_grow,
        size=first,
        tokens=_count(case, first, timing.frame_count, timing.rate),
        shown=timing.shown,
        dropped=tuple(frames_left_out(case, len(set(case.tokens.plan.indices)), "not sampled")),
        warnings=tuple(_remarks(case, timing)),
    )


def _count(case: VideoCase, size: ImageSize, frames: int, rate: Fraction) -> VideoCount:
    seconds = float(frames / rate)
    return case.count(VideoInfo(size=size, frame_count=frames, fps=rate, duration_seconds=seconds))


def smaller_and_smaller(
    size: ImageSize, seen: Callable[[ImageSize], ImageSize]
) -> Iterator[ImageSize]:
    """Yield a size and smaller ones that are seen as they are, step by step."""
    yield size
    with suppress(ConstraintError):  # so narrow that a step makes it too narrow
        while (smaller := seen(smaller_size(size))).pixels < size.pixels:
            size = smaller
            yield size


def _remarks(case: VideoCase, timing: ClipTiming) -> Iterator[str]:
    """Tell where number or moments of the frames are not quite the source's."""
    plan, shown, name = case.tokens.plan, timing.shown, case.view.model.name
    planned = plan.frame_count
    if shown > planned:
        yield (
            f"the last frame is shown {shown - planned + 1} times: "
            f"no clip of just {planned} frames is sampled one by one"
        )
    if shown < planned:
        yield f"the last of {planned} frames is left out: no such clip is sampled one by one"
    if timing.keeps_moments:
        return
    if timing.duration_seconds > planned / plan.sample_fps:
        yield f"slowed down to {timing.duration_seconds:.4g} s, as {name} wants it no shorter"
    else:
        yield f"frames show up to {timing.drift_seconds:.2g} s off their moments"


def frames_left_out(case: VideoCase, kept: int, why: str) -> Iterator[str]:
    """Tell what a clip of a few frames lacks of its source."""
    info = case.info
    first, end = case.part or (0, info.frame_count)
    if kept < end - first:
        yield f"{end - first - kept:,} of {end - first:,} frames dropped: {why}"
    if case.has_sound:
        yield "sound dropped: the models do not hear it"
    if info.sample_aspect_ratio != 1:
        yield f"shape of the pixels ({info.sample_aspect_ratio}) dropped: the models ignore it"
    yield from changed_anyway(case)


# All frames, with their sound.


def full_clip(case: VideoCase, folder: Path | None) -> NewClip:
    """Plan to show all frames at their own times; what the source's packets say is read for it.

    The sound is written into a private `folder`, which a dry run does without. Raises the errors of
    `scan_clip` and `write_sound`.
    """
    plan, count, seconds, ticks = _timed(case)
    require_room(count, case.limit, case.names[0])  # before the sound is written
    sound = None if folder is None else _write_sound(case, folder / "sound", seconds)
    shape = case.info.sample_aspect_ratio  # of the picture before it is turned upright
    held = ("the last frame is shown again, as a video must not be so short",)
    return NewClip(
        open_stream=partial(stream_of, case, plan),
        frame_count=count,
        rate=count / seconds,
        ticks=ticks,
        sizes=_sizes(case, count, sound.stat().st_size if sound else 0),
        pixel_aspect=1 / shape if case.info.rotation in (90, 270) else shape,
        sound=sound,
        at_any_cost=not case.may_grow,
        quality_first=case.action == "converted",
        dropped=tuple(_changed(case)),
        warnings=held if plan.frame_count < count else (),
    )


def stream_of(case: VideoCase, plan: FramePlan, size: ImageSize) -> FrameStream:
    """Read the frames of a plan from a source, at a size."""
    model, info, tone_map = case.view.model, case.info, case.asked.tone_map
    frames = decode_plan(case.item, plan, Look(size, tone_map=tone_map))
    tokens = replace(case.tokens, plan=plan)
    return FrameStream(case.names, model, info, tokens, frames, tone_mapped=tone_map)


_Timed: TypeAlias = tuple[FramePlan, int, Fraction, tuple[int, ...]]
"""Frames of the source; how many the result has, more where the last one has to be held; how long
it lasts; when each shows, and the end, in units of `TICK`, or nothing where they come evenly."""


def _timed(case: VideoCase) -> _Timed:
    """Plan to show all frames that are wanted when they show in the source."""
    if case.item.found.kind == "image":
        return _unevenly(case, animation_starts(case.item))
    timeline, fps = scan_clip(case.item).timeline, case.info.fps
    if timeline.has_clock and fps is not None and not _is_even(timeline, float(fps)):
        return _unevenly(case, [timeline.seconds(pts) for pts in timeline.pts])
    rate = (fps or Fraction(1)).limit_denominator(100_000)
    first, end = case.part or (0, timeline.packet_count)
    numbers = range(timeline.packet_count)[first:end]
    if len(numbers) < case.least_frames and fps is not None:
        return _unevenly(case, [float(k / fps) for k in range(timeline.packet_count)])
    longest = math.ceil(Fraction(case.least_seconds) * rate)
    count = max(len(numbers), case.least_frames, longest)
    return _plan(numbers, rate), count, count / rate, ()


def _is_even(timeline: Timeline, rate: float) -> bool:
    """Whether every frame shows within a quarter of an interval of its place at an even rate."""
    times = np.frombuffer(timeline.pts, np.int64) * float(timeline.time_base)
    places = (times - times[0]) * rate
    return bool(np.abs(places - np.arange(len(places))).max() < 0.25)


def _unevenly(case: VideoCase, starts: Sequence[float]) -> _Timed:
    """Take the frames on display in the part that is wanted, from where they begin in it."""
    begin, length = case.first_seconds, case.seconds or 0.0
    first = DisplayTimes(starts, _BLUR).shown_at(begin)
    end = len(starts) if case.part is None else bisect_left(starts, begin + length - _BLUR)
    numbers = range(first, max(end, first + 1))
    ticks = [max(round((starts[number] - begin) / TICK), 0) for number in numbers]
    ticks.append(round(length / TICK))
    interval = max(round(1 / (case.info.fps or 1) / TICK), 1)
    while ticks[-1] * TICK < case.least_seconds:
        ticks.append(ticks[-1] + interval)
    *ticks, end_tick = ticks
    last, more = ticks[-1], case.least_frames - len(ticks)
    ticks += [last + (end_tick - last) * k // (more + 1) for k in range(1, more + 1)]
    ticks.append(end_tick)
    ascending = tuple(accumulate(ticks, lambda before, tick: max(tick, before + 1)))
    rate = case.info.fps or Fraction(1)
    return _plan(numbers, rate), len(ticks) - 1, ascending[-1] * TICK, ascending


_BLUR = 1e-4  # seconds by which times of formats that round them may differ


def _plan(numbers: range, rate: Fraction) -> FramePlan:
    moments = tuple(float(k / rate) for k in range(len(numbers)))
    return FramePlan(tuple(numbers), moments, float(rate))


def _write_sound(case: VideoCase, path: Path, seconds: Fraction) -> Path | None:
    """Write the source's sound to a file, if there is any."""
    if not case.has_sound:
        return None
    if case.part is None:  # the sound may go on where the pictures have ended
        seconds = max(seconds, Fraction(sound_seconds(case.item)))
    allowed = [rate for rate in SOUND_BIT_RATES if rate / 8 * seconds <= case.limit / 3]
    for bit_rate in allowed or SOUND_BIT_RATES[-1:]:
        length = write_sound(
            path,
            case.item,
            bit_rate=bit_rate,
            start_seconds=case.info.start_seconds + case.first_seconds,
            seconds=None if case.part is None else case.seconds,
        )
        if length <= case.limit / 3:  # which a header may have hidden
            break
    return path if length else None


def _sizes(case: VideoCase, frames: int, sound_bytes: int) -> list[ImageSize]:
    """Return sizes of the frames, from the largest one to which enough bits fall."""
    sizes = [even_size(case.info.size)]
    if case.may_grow:
        return sizes
    while min(smaller := even_size(smaller_size(sizes[-1]))) >= LEAST_SIDE:
        sizes.append(smaller)
    bits = (case.limit - sound_bytes) * 8 * AIM
    enough = [size for size in sizes if bits / (frames * size.pixels) >= LEAST_BITS_PER_PIXEL]
    return enough or sizes[-1:]


def _changed(case: VideoCase) -> Iterator[str]:
    if case.has_sound:
        yield "sound encoded anew as AAC, mono"
    yield from changed_anyway(case)
