"""Decode the frames of a plan from one clip, whether a video or an animation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import repeat

from vlprep.clips import Frame, FramePlan
from vlprep.errors import UnsupportedFormatError
from vlprep.media.image import animation_starts
from vlprep.media.picture import Pixels, animation_frames
from vlprep.media.probe import probe
from vlprep.media.source import Item, SourceOrFacts, open_item, source_name
from vlprep.trust import TRUST, Trust
from vlprep.types import ImageInfo, ImageSize, VideoInfo
from vlprep.video.crew import MEMORY_BYTES
from vlprep.video.decode import DecodePlan, decode_frames, scan_clip
from vlprep.video.paint import Look


def probe_clip(source: SourceOrFacts, trust: Trust = TRUST) -> VideoInfo:
    """Return the facts of a video; raises `UnsupportedFormatError` for an image.

    Other errors are those of `probe`.

    >>> probe_clip("fixtures/clip.mp4").frame_count
    60
    """
    info = probe(source, trust)
    if isinstance(info, ImageInfo):
        problem = "an image, not a video; a list of images can stand for one"
        raise UnsupportedFormatError(source_name(source), problem, format=info.format)
    return info


def decode_plan(
    source: SourceOrFacts,
    plan: FramePlan,
    look: Look,
    *,
    threads: int | None = None,
    memory: int | None = None,
    trust: Trust = TRUST,
    into: Sequence[Pixels] = (),
) -> Iterator[Frame]:
    """Decode the frames of a plan made for a clip, one by one, in order.

    `into` may hold an array for all pictures, frames x height x width x 3, when the first is asked
    for; pictures of a video are decoded into it then, each where it is first shown.

    Raises the errors of `stream_frames` while iterating.

    >>> plan = FramePlan((0, 59), (0.0, 59 / 30), 1.0)
    >>> from vlprep.types import ImageSize
    >>> next(decode_plan("fixtures/clip.mp4", plan, Look(ImageSize(180, 320))))
    Frame(number=0, at 0.000 s, 180x320x3)
    """
    with open_item(source, trust) as item:
        if item.found.kind == "image":
            yield from _animated(item, plan, look.size)
            return
        clip = scan_clip(item)
        numbers = _numbers(plan, clip.timeline.packet_count)
        wanted = DecodePlan(
            clip,
            look,
            tuple(sorted(set(numbers))),
            threads=threads,
            memory=MEMORY_BYTES if memory is None else memory,
            room=dict(zip(reversed(numbers), reversed(into[0]), strict=True)) if into else {},
        )
        times_shown = Counter(numbers)
        for frame in decode_frames(wanted):
            yield from repeat(frame, times_shown[frame.number])


def _animated(item: Item, plan: FramePlan, size: ImageSize) -> Iterator[Frame]:
    starts = animation_starts(item)
    numbers = _numbers(plan, len(starts))
    before = None
    for number, image in zip(numbers, animation_frames(item, numbers, size), strict=True):
        yield Frame(number, starts[number], None, image, substituted=image is before)
        before = image


def _numbers(plan: FramePlan, available: int) -> list[int]:
    """Return the displayed frames of a plan; a header may promise more than there are."""
    return [min(number, available - 1) for number in plan.indices]
