"""Picked frames: why each was kept, what they cost, and how they are read and written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal, Unpack

from vlprep.clips import Frame
from vlprep.count.videos import VideoCount
from vlprep.frames.files import FrameRecord
from vlprep.frames.reading import decode_plan
from vlprep.frames.stream import FrameStream
from vlprep.media.cores import check_threads
from vlprep.media.source import SourceLike
from vlprep.pick.choose import Pick
from vlprep.pick.costs import EvenFrames, Looked, count_picks_of, even_frames
from vlprep.types import Resample, VideoInfo
from vlprep.units import plural
from vlprep.video.paint import Look
from vlprep.view import View, ViewKeywords

By = Literal["changes", "every", "keyframes", "distinct"]
"""What frames are picked by: changes that have settled, every change, where the encoder has begun
anew, or even sampling without what equals the last frame kept."""


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
    by: By
    """What they were picked by."""
    looked: Looked = field(repr=False)
    """What the clip was found to do; to pick anew takes no other look."""
    _source: SourceLike = field(repr=False, default="")

    @property
    def changes(self) -> int:
        """Changes found; each of them was a candidate, as keyframes and distinct samples are."""
        return len({pick.frame for pick in self.looked.candidates})

    @property
    def dropped(self) -> int:
        """Those among them for which there was no room."""
        kept = {pick.frame for pick in self.picks}
        return len({pick.frame for pick in self.looked.candidates} - kept)

    @property
    def merged(self) -> int:
        """Smaller changes that a later one shows as well; or samples that equal one kept."""
        return self.looked.merged

    @property
    def busy_share(self) -> float:
        """Of picture and time, 0 to 1: what never rests, and was left out of account."""
        return self.looked.busy_share

    @property
    def even(self) -> EvenFrames:
        """The alternative: the same number of frames, spread evenly."""
        return even_frames(self.picks, self.looked)

    def within(
        self,
        budget: int | None = None,
        *,
        max_gap: float | None = None,
        **view: Unpack[ViewKeywords],
    ) -> PickedFrames:
        """Pick anew under another budget, longest gap or view, of what was found by one look.

        Raises `BudgetError` and `ConstraintError` as `pick_frames` does.

        >>> from vlprep import pick_frames
        >>> picked = pick_frames("fixtures/street.mp4", "qwen3-vl-plus", max_gap=4)
        >>> picked.within(1500).tokens.total <= 1500
        True
        """
        gap = self.max_gap if max_gap is None else max_gap
        seen = self.view.asking(**view)
        return picked_of(self.source, self._source, seen, self.by, self.looked, gap, budget)

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

    def without_changes(self) -> PickedFrames:
        """Return the first and the last frame, and those that leave no gap too long."""
        still = replace(self.looked, candidates=())
        return picked_of(self.source, self._source, self.view, self.by, still, self.max_gap, None)

    def _remarks(self) -> Iterator[str]:
        if self.by == "keyframes":
            yield "keyframes are where the encoder put them, which need not be where things happen"
        if self.busy_share >= 0.005:
            yield (
                f"{100 * self.busy_share:.0f} % of the picture never rests and is left out of "
                "account; what appears inside it is not looked for"
            )
        if self.dropped:
            what = _NAMES.get(self.by, "changes")
            yield f"{self.dropped} of {self.changes} {what} have no frame: there is no room"

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

        >>> from vlprep import pick_frames
        >>> with pick_frames("fixtures/street.mp4", "qwen3-vl-plus").frames() as frames:
        ...     next(frames)
        Frame(number=0, at 0.000 s, 352x640x3)
        """
        check_threads(threads)
        look = Look(self.tokens.resized, resample, tone_map)
        trust = self.view.trust.waiting(patience_seconds)
        frames = decode_plan(
            self._source, self.tokens.plan, look, threads=threads, memory=memory, trust=trust
        )
        return PickedStream(
            (self.source,),
            self.view.model,
            self.info,
            self.tokens,
            _told(frames, self.picks),
            tone_mapped=tone_map,
            picked=self,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what was picked and why, as manifests and `json` outputs have it."""
        return {
            "changes": self.changes,
            "merged_changes": self.merged,
            "dropped_changes": self.dropped,
            "by": self.by,
            "max_gap_seconds": self.max_gap,
            "largest_gap_seconds": self.largest_gap_seconds,
            "busy_share": self.busy_share,
            "even": asdict(self.even),
            "frames": [asdict(pick) for pick in self.picks],
        }


_NAMES = {"keyframes": "keyframes", "distinct": "distinct frames"}


def picked_of(
    name: str,
    source: SourceLike,
    view: View,
    by: By,
    looked: Looked,
    max_gap: float,
    budget: int | None,
) -> PickedFrames:
    """Pick of what was found in a clip; raises `BudgetError` and `ConstraintError`."""
    picks = looked.kept(view, max_gap, budget)
    return PickedFrames(
        source=name,
        view=view,
        info=looked.info,
        picks=picks,
        tokens=count_picks_of(looked.info, picks, view, by),
        max_gap=max_gap,
        by=by,
        looked=looked,
        _source=source,
    )


@dataclass(eq=False, repr=False)
class PickedStream(FrameStream):
    """Picked frames, whose manifest and sheet say why each was kept."""

    picked: PickedFrames = field(kw_only=True)
    """What was picked, and by what."""

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
