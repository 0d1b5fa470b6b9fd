"""Decode the frames of a plan from one clip, whether a video or an animation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np

from vlprep.clips import Frame, FramePlan
from vlprep.errors import UnsupportedFormatError
from vlprep.media.image import animation_starts
from vlprep.media.picture import Pixels, animation_frames
from vlprep.media.probe import probe
from vlprep.media.source import Item, SourceOrFacts, open_item, source_name
from vlprep.trust import TRUST, Trust
from vlprep.types import ImageInfo, ImageSize, VideoInfo
from vlprep.video.crew import MEMORY_BYTES
from vlprep.video.decode import Clip, DecodePlan, decode_frames, scan_clip
from vlprep.video.paint import Look


def decode_plan(
    source: SourceOrFacts,
    plan: FramePlan,
    look: Look,
    *,
    threads: int | None = None,
    trust: Trust = TRUST,
) -> Iterator[Frame]:
    """Decode the frames of a plan made for a clip, one by one, in order.

    Raises the errors of `stream_frames` while iterating.

    >>> plan = FramePlan((0, 59), (0.0, 59 / 30), 1.0)
    >>> from vlprep.types import ImageSize
    >>> next(decode_plan("fixtures/clip.mp4", plan, Look(ImageSize(180, 320))))
    Frame(number=0, at 0.000 s, 180x320x3)
    """
    return Reading(plan, look, threads, None, trust).frames(source)


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


class Gathering:
    """Has the pictures of a clip decoded into one array, if that is asked for before the first."""

    def __init__(self) -> None:
        self.wanted = False
        self.array: Pixels | None = None

    def room(self, numbers: Sequence[int], size: ImageSize) -> dict[int, Pixels]:
        """Return where each frame has its first place among those shown; nowhere if unasked."""
        if not self.wanted:
            return {}
        self.array = np.empty((len(numbers), *size, 3), np.uint8)
        return dict(zip(reversed(numbers), reversed(self.array), strict=True))


@dataclass(frozen=True, slots=True)
class Reading:
    """How one clip is read."""

    plan: FramePlan
    look: Look
    threads: int | None
    memory: int | None
    trust: Trust = TRUST
    gathering: Gathering = field(default_factory=Gathering)

    def frames(self, source: SourceOrFacts) -> Iterator[Frame]:
        """Decode them one by one; raises the errors of `stream_frames` while iterating."""
        with open_item(source, self.trust) as item:
            if item.found.kind == "image":
                yield from self._animated(item)
            else:
                yield from self._decoded(scan_clip(item))

    def _decoded(self, clip: Clip) -> Iterator[Frame]:
        numbers = _numbers(self.plan, clip.timeline.packet_count)
        wanted = DecodePlan(
            clip,
            self.look,
            tuple(sorted(set(numbers))),
            threads=self.threads,
            memory=MEMORY_BYTES if self.memory is None else self.memory,
            room=self.gathering.room(numbers, self.look.size),
        )
        times_shown = Counter(numbers)
        for frame in decode_frames(wanted):
            yield from repeat(frame, times_shown[frame.number])

    def _animated(self, item: Item) -> Iterator[Frame]:
        starts = animation_starts(item)
        numbers = _numbers(self.plan, len(starts))
        images = animation_frames(item, numbers, self.look.size)
        before = None
        for place, image in enumerate(images):
            number, is_new = numbers[place], image is not before
            yield Frame(number, starts[number], None, image, substituted=not is_new)
            before = image


def _numbers(plan: FramePlan, available: int) -> list[int]:
    """Return the displayed frames of a plan; a header may promise more than there are."""
    return [min(number, available - 1) for number in plan.indices]
