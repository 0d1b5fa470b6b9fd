"""The clip that a video is to become of just its picked frames, each at its own moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from functools import partial

from vlprep.compress.keep import even_size, frames_left_out, smaller_and_smaller, stream_of
from vlprep.compress.video_search import NewClip, require_room
from vlprep.compress.video_source import VideoCase
from vlprep.count.videos import VideoCount
from vlprep.pick.pick import PickOptions, pick_frames
from vlprep.pick.picked import PickedFrames
from vlprep.types import ImageSize, VideoInfo
from vlprep.units import plural
from vlprep.video.encode import TICK


def picked_clip(case: VideoCase) -> NewClip:
    """Plan a clip of the frames in which something happens; all of the source is decoded for it.

    Each is on display from its moment until the next one's, and the clip lasts as long as what is
    wanted of the source. Raises the errors of `pick_frames`.
    """
    assert case.asked.pick is not None
    view = case.view
    if case.asked.pick.get("by") != "distinct":  # whose rate is of what is picked from
        view = view.asking(fps=None, nframes=None, sampling=None)
    how: PickOptions = {"watch": case.asked.watch, **case.asked.pick}
    picked = pick_frames(case.item, view, **how)
    ticks = _ticks(picked, case)
    count, seconds = len(picked.picks), ticks[-1] * TICK
    require_room(count, case.limit, case.names[0])

    def counted(size: ImageSize) -> VideoCount:
        rate, length = count / seconds, float(seconds)
        return case.count(
            VideoInfo(size=size, frame_count=count, fps=rate, duration_seconds=length)
        )

    def seen(size: ImageSize) -> ImageSize:
        return even_size(counted(size).resized)

    first = seen(case.info.size)
    tokens = counted(first)
    return NewClip(
        open_stream=partial(stream_of, case, picked.tokens.plan),
        frame_count=count,
        rate=count / seconds,
        ticks=ticks,
        sizes=(first,) if case.may_grow else smaller_and_smaller(first, seen),
        at_any_cost=not case.may_grow,
        size=first,
        tokens=tokens,
        dropped=tuple(frames_left_out(case, count, "not picked")),
        warnings=(*picked.warnings, *_sampled(tokens, ticks)),
    )


def _ticks(picked: PickedFrames, case: VideoCase) -> tuple[int, ...]:
    """Return when each picked frame shows, from the first, and when the last one ends."""
    first = picked.picks[0].seconds
    ticks = [round((pick.seconds - first) / TICK) for pick in picked.picks]
    length = max(case.seconds or 0.0, case.least_seconds)
    return (*ticks, max(round(length / TICK), ticks[-1] + 1))


def _sampled(tokens: VideoCount, ticks: tuple[int, ...]) -> Iterator[str]:
    """Say what the sampler of the model's service takes of the clip."""
    plan, count = tokens.plan, len(ticks) - 1
    shown: list[int] = list(plan.indices)
    starts = [float(tick * TICK) for tick in ticks[:-1]]
    if plan.by_time:
        moments = plan.timestamps_seconds
        shown = [max(bisect_right(starts, moment + 1e-6) - 1, 0) for moment in moments]
    yield (
        f"sampled at {plan.sample_fps:.4g} fps it comes to {plural(plan.frame_count, 'frame')}, "
        f"which are {len(set(shown))} of the {count} picked; `as_frames` with `pick` sends each "
        "of them once"
    )
    off = max(
        abs(moment - starts[min(number, count - 1)])
        for moment, number in zip(plan.timestamps_seconds, shown, strict=True)
    )
    if not plan.by_time and off > float(Fraction(1, 2)):
        yield f"its frames are taken for evenly spread: told moments are up to {off:.1f} s off"
