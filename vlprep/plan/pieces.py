"""Files in pieces: a long clip in parts, and pages of small letters by where their lines are.

Which parts of a clip there are follows from the facts of a header and the exact counter, and each
is shown as it is wanted in a request of its own; pages are cut by `vlprep.split`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from vlprep.choices import READABLE
from vlprep.clips import ClipPart
from vlprep.count.files import Media, MediaCount
from vlprep.errors import BudgetError, ConstraintError
from vlprep.maths.frame_counts import known_rate
from vlprep.maths.sampling import frame_range
from vlprep.plan.one_clip import BALANCED, LEAST_TOKENS, Prefer
from vlprep.plan.records import MediaPlan, PlannedFile
from vlprep.plan.requests import Load, Requests, request_room, split_requests
from vlprep.plan.settings import ClipChoices, Setting
from vlprep.types import FrameListInfo, ImageInfo, VideoInfo
from vlprep.view import View

OVERLAP_SECONDS = 5.0
"""What two parts have in common if nothing else is asked: an event on a cut is seen whole."""
LEAST_SECONDS = 2.0
"""No part is shorter, but for a clip that is."""

_STEP, _FINE_STEP = 0.1, 0.001  # seconds, so that commands have short numbers


Shown: TypeAlias = tuple[ClipPart, Setting]
"""A part of a clip and how it is shown."""


def cut_clip(
    info: VideoInfo, view: View, available: int, prefer: Prefer | None, overlap: float
) -> tuple[Shown, ...]:
    """Cut a clip into the fewest parts, as long as one another, that are each shown as wanted.

    A part is when it has all frames of the rate wanted, costs at most `available` tokens, is no
    longer than a video may be, and its frames are large enough: for "detail" as large as those of
    the shortest clip, for "balanced" of 64 tokens or what the clip has, for "motion" of any size.
    Two that follow each other share `overlap` seconds; with 0 no frame comes twice, and none is
    lost. Times are tenths of a second where that costs no part much of its length.

    Raises `BudgetError` where no part is so short that it fits, `ConstraintError` for a clip of
    unknown rate, and the errors of `video_count`.

    >>> from fractions import Fraction
    >>> from vlprep import ImageSize
    >>> lecture = VideoInfo(size=ImageSize(1080, 1920), frame_count=90000, fps=Fraction(25))
    >>> parts = cut_clip(lecture, View.of("qwen3-vl-plus"), 260_095, None, 5.0)
    >>> [part.start_seconds for part, _ in parts]
    [0.0, 898.8, 1797.6, 2696.4]
    """
    clip = _Clip.of(info, view, available, prefer)
    count = 1
    while (pieces := clip.in_parts(count, overlap)) is None:
        count *= 2
    low, high = count // 2, count  # so few are too few; so many are enough
    while high - low > 1:
        middle = (low + high) // 2
        fewer = clip.in_parts(middle, overlap)
        low, high, pieces = (middle, high, pieces) if fewer is None else (low, middle, fewer)
    return pieces


@dataclass(frozen=True, slots=True)
class _Clip:
    """What is to be cut, and what each part must come to."""

    info: VideoInfo
    view: View
    available: int
    rate: float
    begin: float
    end: float
    least_pixels: int

    @classmethod
    def of(cls, info: VideoInfo, view: View, available: int, prefer: Prefer | None) -> _Clip:
        asked, rate = view.options, known_rate(None if info.fps is None else float(info.fps))
        last = frame_range(info.frame_count, rate, asked.start_seconds, asked.end_seconds)[1]
        begin = asked.start_seconds or 0.0
        end = (last + 1) / rate if asked.end_seconds is None else asked.end_seconds
        end = min(end, (last + 1) / rate)
        short = ClipPart(begin, min(end, begin + LEAST_SECONDS))
        least = _least_pixels(ClipChoices(info, _shown(view, short)), prefer or BALANCED)
        return cls(info, view, available, rate, begin, end, least)

    def in_parts(self, count: int, overlap: float) -> tuple[Shown, ...] | None:
        """Return so many parts, or fewer where those are as short as can be; `None`: one is large.

        Raises `BudgetError` where there can be no shorter ones.
        """
        shown = list[Shown]()
        for part in self._parts(count, overlap):
            if (setting := self._setting(part)) is None:
                break
            shown.append((part, setting))
        else:
            return tuple(shown)
        if count > 1 and (self.end - self.begin - overlap) / count <= LEAST_SECONDS:
            raise self._too_large(part)
        return None

    def _parts(self, count: int, overlap: float) -> Iterator[ClipPart]:
        """Yield parts in their order."""
        length = self.end - self.begin
        if count == 1 or length - overlap <= LEAST_SECONDS:
            yield ClipPart(self.begin, self.end)
            return
        step = max((length - overlap) / count, LEAST_SECONDS)
        unit = _STEP if _STEP * count <= step / 2 else _FINE_STEP
        step = math.ceil(step / unit - 1e-6) * unit
        starts = [self.begin]
        while starts[-1] + step + overlap < self.end - 1e-6:
            starts.append(round(self.begin + step * len(starts), 3))
        for number, start in enumerate(starts):
            is_last = number + 1 == len(starts)
            end = self.end if is_last else self._end(starts[number + 1], overlap)
            before, after = overlap if number else 0.0, 0.0 if is_last else overlap
            yield ClipPart(start, end, before, after)

    def _end(self, following: float, overlap: float) -> float:
        if overlap:
            return round(min(following + overlap, self.end), 3)
        return (math.ceil(following * self.rate) - 0.5) / self.rate  # amid the last frame before

    def _setting(self, part: ClipPart) -> Setting | None:
        """Return how a part is shown as wanted; `None` where it is too much for one request."""
        choices = ClipChoices(self.info, _shown(self.view, part))
        wanted = choices.wanted
        longest = self.view.video_files.max_seconds if self.view.video_files else math.inf
        fits = (
            wanted.tokens <= self.available
            and int(choices.seconds * choices.rates[1]) <= _most_frames(choices)
            and wanted.count.resized.pixels >= self.least_pixels
            and part.seconds <= longest
        )
        return wanted if fits else None

    def _too_large(self, part: ClipPart) -> BudgetError:
        choices = ClipChoices(self.info, _shown(self.view, part))
        needed = choices.wanted.tokens
        return BudgetError(
            needed,
            self.available,
            f"a part of {part.seconds:.1f} s costs {needed:,} tokens as wanted, and "
            f"{self.available:,} are there; ask for a lower rate, smaller frames or less overlap",
        )


def _shown(view: View, part: ClipPart) -> View:
    return view.asking(start_seconds=part.start_seconds, end_seconds=part.end_seconds)


def _least_pixels(shortest: ClipChoices, prefer: Prefer) -> int:
    """Return the pixels that a frame of every part must have."""
    alone = shortest.wanted.count.resized.pixels
    recognised = LEAST_TOKENS * shortest.rule.factor**2
    return {"detail": alone, "balanced": min(recognised, shortest.own_pixels, alone)}.get(prefer, 0)


def _most_frames(choices: ClipChoices) -> int:
    most = choices.view.options.max_frames or choices.rule.max_frames
    return min(most, choices.rule.most_frames or most)


def clip_parts(
    given: Media, found: MediaCount, plan: MediaPlan, prefer: Prefer | None, overlap: float | None
) -> list[PlannedFile]:
    """Return the parts of a clip, each shown as wanted; raises the errors of `cut_clip`."""
    if isinstance(found.info, ImageInfo | FrameListInfo):
        raise ConstraintError("a list of images: no video, and no page, to cut into `pieces`")
    shared = OVERLAP_SECONDS if overlap is None else overlap
    return [
        PlannedFile(source=found.source, info=found.info, tokens=setting.count,
                    setting=setting, given=given, part=part)
        for part, setting in cut_clip(found.info, plan.view, plan.budget.available, prefer, shared)
    ]  # fmt: skip


def page_pieces(
    given: Media, found: MediaCount, plan: MediaPlan, readable: float | None
) -> list[PlannedFile]:
    """Return the pieces of a page, none of an image that needs none; pixels are not kept.

    Raises `BudgetError` where one piece costs more than a request may, and the errors of
    `split_image`.
    """
    from vlprep.split.split import PagePiece, split_page

    if isinstance(given, ImageInfo):
        raise ConstraintError(f"{found.source}: facts of a header are nothing to cut")
    split = split_page(given, plan.view, readable or READABLE).let_go()  # type: ignore[arg-type]  # no list
    if not split.is_needed:
        return []
    dearest, room = max(piece.tokens.total for piece in split.pieces), plan.budget.available
    if dearest > room:
        problem = f"a piece of the page costs {dearest:,} tokens, and {room:,} are there"
        raise BudgetError(dearest, room, f"{problem}; ask for a lower `max_pixels`")
    return [
        PlannedFile(source=found.source, info=found.info, tokens=piece.tokens, given=given,
                    setting=Setting(max_pixels=None, count=piece.tokens),
                    piece=PagePiece(split, number))
        for number, piece in enumerate(split.pieces)
    ]  # fmt: skip


def requests_of_parts(planned: Sequence[PlannedFile], plan: MediaPlan) -> Requests:
    """Put each part of a clip into a request of its own, and images into as few as hold them."""
    images = [k for k, file in enumerate(planned) if file.kind == "image"]
    loads = [Load(planned[k].tokens.total, images=1) for k in images]
    packed = split_requests(loads, request_room(plan.view.model, plan.budget.available))
    together = [tuple(images[k] for k in request) for request in packed]
    alone = [(k,) for k, file in enumerate(planned) if file.kind != "image"]
    return tuple(sorted([*together, *alone]))


def check_pieces(view: View, overlap: float | None, others: Mapping[str, object]) -> None:
    """Raise `ConstraintError` for what says nothing of parts, and an overlap that is no length.

    `others` are parameters that parts have no use for, with what was given for each.
    """
    named = {**others, "nframes": view.options.nframes}
    words = " and ".join(f"`{name}`" for name, value in named.items() if value is not None)
    if words:
        raise ConstraintError(f"{words}: `pieces` are shown at the rate asked; leave it out")
    if overlap is not None and not (overlap >= 0 and math.isfinite(overlap)):
        raise ConstraintError(f"`overlap` must be 0 s or more, got {overlap:g}")
