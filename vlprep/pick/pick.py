"""Pick the frames of a clip where something happens, and count what they cost as a list.

The door of this room. All of the clip is read once, small and at a low rate; then the picked frames
at the size that the model sees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypedDict, Unpack

import numpy as np

from vlprep.count.files import MediaCount, MediaFailure, Result, count_file, probe_media
from vlprep.count.tokens import VideoCount, video_count
from vlprep.errors import BudgetError, ConstraintError, VlprepError
from vlprep.frames.files import FrameRecord
from vlprep.frames.reading import Reading
from vlprep.frames.stream import FrameStream
from vlprep.media.source import SourceLike, source_name
from vlprep.models.spec import ModelSpec
from vlprep.pick.choose import (
    Change,
    Frames,
    Pick,
    busy_cells,
    every_change,
    keep,
    settled_changes,
)
from vlprep.pick.clip import Clip, open_clip, watch_clip
from vlprep.types import (
    Frame,
    FrameListInfo,
    FramePlan,
    ImageInfo,
    Resample,
    VideoInfo,
    Watch,
    unwatched,
)
from vlprep.units import plural
from vlprep.video.paint import Look
from vlprep.view import View, ViewKeywords

MAX_GAP = 15.0
"""Seconds of a clip without a frame at most, if nothing else is asked."""
PROBE_FPS = 2.0
"""Moments a second at which a clip is looked at, if nothing else is asked."""

_REFUSED = ("fps", "nframes", "sampling")


class PickOptions(TypedDict, total=False):
    """Keywords of `pick_frames` itself."""

    max_gap: float
    budget: int | None
    every: bool
    probe_fps: float
    threads: int | None
    patience_seconds: float | None
    watch: Watch


class PickKeywords(PickOptions, ViewKeywords, total=False):
    """Keywords of `pick_frames`, and of a view."""


@dataclass(frozen=True, slots=True)
class EvenFrames:
    """As many frames as were picked, spread evenly over the clip: what picking is measured by."""

    frames: int
    """How many they are."""
    seconds_apart: float
    """From one to the next."""
    changes_shown: int
    """Of the changes that were found, those of which a frame lies before the next change."""


@dataclass(frozen=True, slots=True, eq=False)
class PickedFrames:
    """Frames of a clip where something happens, why each was kept, and what they cost."""

    source: str
    """The file as the caller named it."""
    view: View = field(repr=False)
    info: VideoInfo = field(repr=False)
    """Facts of its header."""
    picks: tuple[Pick, ...] = field(repr=False)
    """The frames by their moments, ascending, and why each was kept."""
    tokens: VideoCount = field(repr=False)
    """What they cost as a list of images; its plan has their true moments."""
    max_gap: float
    """Seconds without a frame that were allowed."""
    every: bool
    """Whether every change was wanted, and not settled states alone."""
    changes: int
    """Changes found; each of them was a candidate."""
    dropped: int
    """Those among them for which there was no room."""
    merged: int
    """Smaller changes that a later one shows as well."""
    busy_share: float
    """Of picture and time, 0 to 1: what never rests, and was left out of account."""
    even: EvenFrames
    """The alternative: the same number of frames, spread evenly."""
    _source: SourceLike = field(repr=False, default="")

    def __repr__(self) -> str:
        return (
            f"PickedFrames({self.source}, {len(self.picks)} frames, {self.changes} changes, "
            f"{self.tokens.total:,} tokens)"
        )

    @property
    def largest_gap_seconds(self) -> float:
        """The longest time between two picks that follow each other."""
        moments = [pick.seconds for pick in self.picks]
        return max((after - before for before, after in pairwise(moments)), default=0.0)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know of the picks."""
        return tuple(self._remarks())

    def _remarks(self) -> Iterator[str]:
        if self.busy_share >= 0.005:
            yield (
                f"{self.busy_share:.0%} of the picture never rests and is left out of account; "
                "what appears inside it is not looked for"
            )
        if self.dropped:
            yield f"{self.dropped} of {self.changes} changes have no frame: there is no room"

    def frames(
        self,
        *,
        resample: Resample = "fast",
        tone_map: bool = False,
        threads: int | None = None,
        memory: int | None = None,
        patience_seconds: float | None = None,
    ) -> PickedStream:
        """Read the picked frames at the size that the model sees; the keywords of `stream_frames`.

        Their times are the moments for which they stand. `save` writes them, with a manifest that
        says why each was kept and a sheet that shows it.

        >>> with pick_frames("fixtures/street.mp4", View.of("qwen3-vl-plus")).frames() as frames:
        ...     next(frames)
        Frame(number=0, at 0.000 s, 352x640x3)
        """
        look = Look(self.tokens.resized, resample, tone_map)
        reading = Reading(
            self.tokens.plan, look, threads, memory, self.view.trust.waiting(patience_seconds)
        )
        frames = _told(reading.frames(self._source), self.picks)
        names, model = (self.source,), self.view.model
        return PickedStream(names, model, self.info, self.tokens, frames, self, tone_map)

    def to_dict(self) -> dict[str, Any]:
        """Return what was picked and why, as manifests and `json` outputs have it."""
        return {
            "changes": self.changes,
            "merged_changes": self.merged,
            "dropped_changes": self.dropped,
            "every_change": self.every,
            "max_gap_seconds": self.max_gap,
            "largest_gap_seconds": self.largest_gap_seconds,
            "busy_share": self.busy_share,
            "even": asdict(self.even),
            "frames": [asdict(pick) for pick in self.picks],
        }


class PickedStream(FrameStream):
    """Picked frames, whose manifest and sheet say why each was kept."""

    def __init__(
        self,
        sources: tuple[str, ...],
        model: ModelSpec,
        info: VideoInfo,
        tokens: VideoCount,
        frames: Iterator[Frame],
        picked: PickedFrames,
        tone_mapped: bool,
    ) -> None:
        super().__init__(sources, model, info, tokens, frames, tone_mapped=tone_mapped)
        self.picked = picked

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know of the file, of the picks and of the frames handed out so far."""
        return (*super().warnings, *self.picked.warnings)

    def to_dict(self, records: Sequence[FrameRecord] = ()) -> dict[str, Any]:
        """Return the document of `vlprep.frames/1`, with what was picked and why."""
        return super().to_dict(records) | {"picked": self.picked.to_dict()}


def _told(frames: Iterator[Frame], picks: Sequence[Pick]) -> Iterator[Frame]:
    """Yield frames with the moments for which they stand, and what they show."""
    waiting = iter(picks)
    for frame in frames:
        pick = next(pick for pick in waiting if pick.frame == frame.number)
        yield replace(frame, timestamp_seconds=pick.seconds, mark=mark_of(pick))


def mark_of(pick: Pick) -> str:
    """Return what a frame shows, for a sheet; nothing of those between.

    >>> mark_of(Pick(3.5, 35, "change", 12)), mark_of(Pick(0.0, 0, "first"))
    ('change of 12 cells', '')
    """
    return f"{pick.why} of {plural(pick.cells, 'cell')}" if pick.cells else ""


def pick_frames(
    source: SourceLike,
    view: View,
    *,
    max_gap: float = MAX_GAP,
    budget: int | None = None,
    every: bool = False,
    probe_fps: float = PROBE_FPS,
    threads: int | None = None,
    patience_seconds: float | None = None,
    watch: Watch = unwatched,
) -> PickedFrames:
    """Pick the frames of a video where cells of the picture change; all of it is decoded for that.

    The first and the last frame are kept, then the changes that most cells show, within `budget`
    tokens and the view's `max_frames`; then as many between them that no gap is longer than
    `max_gap` seconds, and that the model's service takes the list, whose rate has a lowest value. A
    change is a state that has come to rest; with `every`, each is one. What moves all the time, or
    undoes itself at once, is left out. The clip is looked at `probe_fps` times a second, short ones
    more often. The frames cost what a list of images does.

    Raises the errors of `probe` and `video_count`, `UnsupportedFormatError` for images,
    `ConstraintError` for the view's `fps`, `nframes` and `sampling`, which say nothing here, and
    where gaps and frames cannot both be kept, `BudgetError` where no list costs so little,
    `DecodeError` and `TimeLimitError`.

    >>> picked = pick_frames("fixtures/street.mp4", View.of("qwen3-vl-plus"), max_gap=4)
    >>> picked.picks[0], picked.largest_gap_seconds <= 4
    (Pick(seconds=0.0, frame=0, why='first', cells=0), True)
    """
    _check(view, max_gap, probe_fps)
    with open_clip(source, view.waiting(patience_seconds), threads) as clip:
        motion, numbers = watch_clip(clip, probe_fps, watch)
    busy = busy_cells(motion)
    changes = (every_change if every else settled_changes)(motion, busy)
    candidates = [_candidate(change, numbers, clip.frames) for change in changes]
    picks = _kept(candidates, clip, view, max_gap, budget)
    kept, found = ({pick.frame for pick in some} for some in (picks, candidates))
    return PickedFrames(
        source=clip.name,
        view=view,
        info=clip.info,
        picks=picks,
        tokens=_count(clip.info, picks, view),
        max_gap=max_gap,
        every=every,
        changes=len(found),
        dropped=len(found - kept),
        merged=sum(change.merged for change in changes),
        busy_share=float(busy.mean()),
        even=_even(picks, [pick.seconds for pick in candidates]),
        _source=source,
    )


def _candidate(change: Change, numbers: Sequence[int], frames: Frames) -> Pick:
    number = numbers[change.step]
    return Pick(frames.start(number), number, change.why, change.cells)


def _kept(
    candidates: Sequence[Pick], clip: Clip, view: View, max_gap: float, budget: int | None
) -> tuple[Pick, ...]:
    rule, seconds = view.video_rule, clip.frames.seconds
    of_rate = math.ceil((seconds[-1] - seconds[0]) * (rule.min_fps or 0)) + 1
    return keep(
        candidates,
        clip.frames,
        max_gap,
        _most_frames(clip.info, clip.frames, view, budget),
        least=max(rule.min_list_images or 1, view.options.min_frames or 1, of_rate),
        multiple=rule.temporal_patch_size,
    )


def count_picks(
    sources: Iterable[SourceLike], view: View, **how: Unpack[PickOptions]
) -> Iterator[Result]:
    """Count the picked frames of videos, and images as they are; a file that fails is reported so.

    >>> [found.tokens.total for found in count_picks(["fixtures/photo.jpg"], View.of())]
    [302]
    """
    for source in sources:
        try:
            if isinstance(probe_media(source, view).info, ImageInfo | FrameListInfo):
                yield count_file(source, view)
                continue
            picked = pick_frames(source, view, **how)
        except (VlprepError, OSError) as error:
            yield MediaFailure(source=source_name(source), error=error)
        else:
            warnings = picked.tokens.warnings + picked.warnings
            tokens = replace(picked.tokens, warnings=warnings)
            yield MediaCount(source=picked.source, info=picked.info, tokens=tokens)


def _check(view: View, max_gap: float, probe_fps: float) -> None:
    asked = [f"`{name}`" for name in _REFUSED if name in view.options.asked]
    if asked:
        raise ConstraintError(
            f"{', '.join(asked)}: the frames follow what changes; leave it out, and say `max_gap`, "
            "`max_frames` or `budget`"
        )
    for name, value in {"max_gap": max_gap, "probe_fps": probe_fps}.items():
        if not (value > 0 and math.isfinite(value)):
            raise ConstraintError(f"`{name}` must be above 0, got {value:g}")


# What may be kept, and what it costs.


def _list_view(view: View) -> View:
    """Return the view of the list that picked frames become: which they are is settled."""
    return view.asking(min_frames=None, max_frames=None, start_seconds=None, end_seconds=None)


def _list_count(info: VideoInfo, frames: int, span: float, view: View) -> VideoCount:
    rate = (frames - 1) / span if span > 0 and frames > 1 else view.video_rule.fps
    listed = FrameListInfo(
        size=info.size,
        frame_count=frames,
        fps=Fraction(rate),
        duration_seconds=frames / rate,
    )
    return video_count(listed, _list_view(view))


def _count(info: VideoInfo, picks: Sequence[Pick], view: View) -> VideoCount:
    """Count picks as a list of images, whose plan has their true moments."""
    span = picks[-1].seconds - picks[0].seconds
    count = _list_count(info, len(picks), span, view)
    plan = FramePlan(
        indices=tuple(pick.frame for pick in picks),
        timestamps_seconds=tuple(pick.seconds for pick in picks),
        sample_fps=count.plan.sample_fps,
        sampling="changes",
        warnings=count.plan.warnings,
    )
    return replace(count, plan=plan)


def _most_frames(info: VideoInfo, frames: Frames, view: View, budget: int | None) -> int:
    """Return how many frames may be kept: by the view, by the model, and by a budget of tokens."""
    rule, asked = view.video_rule, view.options.max_frames
    most = rule.max_list_images or rule.max_frames or len(frames.seconds)
    most = most if asked is None else min(most, asked)
    if budget is None:
        return most
    least, span = rule.min_list_images or 1, frames.seconds[-1] - frames.seconds[0]
    low, high = least - 1, max(most, least)
    while low < high:
        middle = (low + high + 1) // 2
        fits = _list_count(info, middle, span, view).total <= budget
        low, high = (middle, high) if fits else (low, middle - 1)
    if low < least:
        total = _list_count(info, least, span, view).total
        raise BudgetError(
            total,
            budget,
            f"{least} frames, the fewest, cost {total:,} tokens, and the `budget` is {budget:,}; "
            "allow more, or a smaller `max_pixels`",
        )
    return low


def _even(picks: Sequence[Pick], changes: Sequence[float]) -> EvenFrames:
    """Return what as many frames show that are spread evenly."""
    count = len(picks)
    moments = np.linspace(picks[0].seconds, picks[-1].seconds, count)
    borders = np.array([*changes, math.inf])
    starts = np.searchsorted(moments, borders - 1e-6)
    shown = int(np.count_nonzero(starts[1:] > starts[:-1]))
    apart = float(moments[1] - moments[0]) if count > 1 else 0.0
    return EvenFrames(count, apart, shown)
