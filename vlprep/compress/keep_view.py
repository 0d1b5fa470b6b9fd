"""The video of just the frames that a model is shown, at the size at which it sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from vlprep.compress.clips import ClipFrames, even_size, smaller_size
from vlprep.compress.retiming import ClipTiming, time_clip
from vlprep.compress.video_search import NewClip
from vlprep.compress.video_source import VideoCase, changed_anyway
from vlprep.count.tokens import VideoCount
from vlprep.errors import ConstraintError
from vlprep.types import FramePlan, ImageSize, VideoInfo


def view_clip(case: VideoCase) -> NewClip:
    """Plan the clip of which the model is shown the very frames that it would be of the source.

    Raises `ConstraintError` where its sampler shows no such clip frame by frame.
    """
    timing = _time_view(case)

    def count(size: ImageSize) -> VideoCount:
        return _count(case, size, timing.frame_count, timing.rate)

    def seen(size: ImageSize) -> ImageSize:
        return even_size(count(size).resized)

    first = seen(case.info.size)
    # Near the limits a size that is seen can be seen otherwise itself; the source's is not.
    if seen(first) != first:
        first = even_size(case.info.size)
    return NewClip(
        frames=ClipFrames(lambda size: case.stream(), timing.frame_count),
        rate=timing.rate,
        sizes=(first,) if case.may_grow else _smaller_and_smaller(first, seen),
        at_any_cost=not case.may_grow,
        size=first,
        tokens=count(first),
        shown=timing.shown,
        dropped=tuple(_left_out(case)),
        warnings=tuple(_remarks(case, timing)),
    )


def _time_view(case: VideoCase) -> ClipTiming:
    def planner(frames: int, rate: Fraction) -> FramePlan:
        return _count(case, case.info.size, frames, rate).plan

    return time_clip(
        case.tokens.plan,
        planner,
        least_frames=case.least_frames,
        least_seconds=case.least_seconds,
    )


def _count(case: VideoCase, size: ImageSize, frames: int, rate: Fraction) -> VideoCount:
    seconds = float(frames / rate)
    return case.count(VideoInfo(size=size, frame_count=frames, fps=rate, duration_seconds=seconds))


def _smaller_and_smaller(
    size: ImageSize, seen: Callable[[ImageSize], ImageSize]
) -> Iterator[ImageSize]:
    """Yield a size and smaller ones that are seen as they are, step by step."""
    yield size
    while (smaller := _step(size, seen)).pixels < size.pixels:
        size = smaller
        yield size


def _step(size: ImageSize, seen: Callable[[ImageSize], ImageSize]) -> ImageSize:
    try:
        return seen(smaller_size(size))
    except ConstraintError:  # so narrow that a step makes it too narrow
        return size


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


def _left_out(case: VideoCase) -> Iterator[str]:
    info, kept = case.info, len(set(case.tokens.plan.indices))
    first, end = case.part or (0, info.frame_count)
    if kept < end - first:
        yield f"{end - first - kept:,} of {end - first:,} frames dropped: not sampled"
    if case.has_sound:
        yield "sound dropped: the models do not hear it"
    if info.sample_aspect_ratio != 1:
        yield f"shape of the pixels ({info.sample_aspect_ratio}) dropped: the models ignore it"
    yield from changed_anyway(case)
