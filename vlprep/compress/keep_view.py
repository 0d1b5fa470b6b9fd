"""The video of just the frames that a model is shown, at the size at which it sees them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from vlprep.compress.clips import StreamClip, even_size, smaller_size
from vlprep.compress.retiming import ClipTiming, time_clip
from vlprep.compress.video_search import ClipOrder
from vlprep.compress.video_source import Outline, VideoCase, changed_anyway
from vlprep.count.tokens import TokenCount
from vlprep.errors import ConstraintError
from vlprep.types import FramePlan, ImageSize, VideoInfo


def outline_view(case: VideoCase) -> Outline:
    """Plan the clip of which the model is shown the very frames that it would be of the source.

    Raises `ConstraintError` where its sampler shows no such clip frame by frame.
    """
    timing = _time_view(case)
    sizes = _ViewSizes(case, timing)
    clip = StreamClip(lambda size: case.task.stream(), timing.frame_count)
    order = ClipOrder(
        case.names[0],
        clip,
        (sizes.first,) if case.may_grow else sizes,
        timing.rate,
        case.limit,
        case.task.watch,
        at_any_cost=not case.may_grow,
    )
    return Outline(
        frame_count=timing.frame_count,
        duration_seconds=timing.duration_seconds,
        dropped=tuple(_left_out(case)),
        warnings=tuple(_remarks(case, timing)),
        order=lambda folder: order,
        size=sizes.first,
        tokens=sizes.count(sizes.first),
        shown=timing.shown,
    )


def _time_view(case: VideoCase) -> ClipTiming:
    def planner(frames: int, rate: Fraction) -> FramePlan:
        return case.task.count(_facts(case.info.size, frames, rate)).plan

    return time_clip(
        case.tokens.plan,
        planner,
        least_frames=case.task.least_frames,
        least_seconds=case.task.least_seconds,
    )


def _facts(size: ImageSize, frames: int, rate: Fraction) -> VideoInfo:
    return VideoInfo(size=size, frame_count=frames, fps=rate, duration_seconds=float(frames / rate))


class _ViewSizes:
    """The size at which a model sees a clip, and smaller ones at which it would, step by step."""

    def __init__(self, case: VideoCase, timing: ClipTiming) -> None:
        self._case = case
        self._timing = timing
        self.first = self._seen(case.info.size)
        # Near the limits a size that is seen can be seen otherwise itself; the source's is not.
        if self._seen(self.first) != self.first:
            self.first = even_size(case.info.size)

    def count(self, size: ImageSize) -> TokenCount:
        """Count the clip at a size of its frames."""
        timing = self._timing
        return self._case.task.count(_facts(size, timing.frame_count, timing.rate))

    def __iter__(self) -> Iterator[ImageSize]:
        size = self.first
        yield size
        while (smaller := self._step(size)).pixels < size.pixels:
            size = smaller
            yield size

    def _step(self, size: ImageSize) -> ImageSize:
        try:
            return self._seen(smaller_size(size))
        except ConstraintError:  # so narrow that a step makes it too narrow
            return size

    def _seen(self, size: ImageSize) -> ImageSize:
        return even_size(self.count(size).resized)


def _remarks(case: VideoCase, timing: ClipTiming) -> Iterator[str]:
    """Tell where number or moments of the frames are not quite the source's."""
    planned, shown, name = case.tokens.plan.frame_count, timing.shown, case.task.view.model.name
    if shown > planned:
        yield (
            f"the last frame is shown {shown - planned + 1} times: "
            f"no clip of just {planned} frames is sampled one by one"
        )
    if shown < planned:
        yield f"the last of {planned} frames is left out: no such clip is sampled one by one"
    if timing.keeps_moments:
        return
    if timing.duration_seconds > planned / case.tokens.plan.sample_fps:
        yield f"slowed down to {timing.duration_seconds:.4g} s, as {name} wants it no shorter"
    else:
        yield f"frames show up to {timing.drift_seconds:.2g} s off their moments"


def _left_out(case: VideoCase) -> Iterator[str]:
    info, kept = case.info, len(set(case.tokens.plan.indices))
    if kept < info.frame_count:
        yield f"{info.frame_count - kept:,} of {info.frame_count:,} frames dropped: not sampled"
    if case.has_sound:
        yield "sound dropped: the models do not hear it"
    if info.sample_aspect_ratio != 1:
        yield f"shape of the pixels ({info.sample_aspect_ratio}) dropped: the models ignore it"
    yield from changed_anyway(case)
