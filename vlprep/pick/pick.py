"""Pick the frames of a clip where something happens, and count what they cost as a list.

The door of this room. All of the clip is read once, small and at a low rate; then the picked frames
at the size that the model sees.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from vlprep.count.frame_list import FrameList, as_frame_list
from vlprep.count.tokens import VideoCount, video_count
from vlprep.errors import BudgetError, ConstraintError, DecodeError, UnsupportedFormatError
from vlprep.frames.files import FrameRecord
from vlprep.frames.reading import PATIENCE_SECONDS, Reading, animation_clock, probe_clip
from vlprep.frames.stream import FrameStream
from vlprep.maths.sampling import ASSUMED_FPS
from vlprep.media.picture import Pixels, animation_frames
from vlprep.media.source import Item, SourceLike, open_item, source_name
from vlprep.media.video.decode import DecodePlan, decode_frames, scan_clip
from vlprep.media.video.paint import Look
from vlprep.models.spec import ModelSpec
from vlprep.pick.cells import CellWatch, Motion, probe_size
from vlprep.pick.choose import (
    Frames,
    Pick,
    busy_cells,
    every_change,
    keep,
    settled_changes,
)
from vlprep.types import (
    Frame,
    FrameListInfo,
    FramePlan,
    ImageSize,
    Resample,
    VideoInfo,
    Watch,
    unwatched,
)
from vlprep.units import plural
from vlprep.view import View, ViewKeywords

MAX_GAP = 15.0
"""Seconds of a clip without a frame at most, if nothing else is asked."""
PROBE_FPS = 2.0
"""Moments a second at which a clip is looked at, if nothing else is asked."""
LEAST_PROBES = 20
"""Moments at which the shortest clips are looked at, as far as they have frames."""

_REFUSED = ("fps", "nframes", "sampling")


class PickKeywords(ViewKeywords, total=False):
    """Keywords of `pick_frames`, and of a view."""

    max_gap: float
    budget: int | None
    every: bool
    probe_fps: float
    threads: int | None
    patience_seconds: float | None
    watch: Watch


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
        return max(np.diff(moments), default=0.0)

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
        patience_seconds: float | None = PATIENCE_SECONDS,
    ) -> PickedStream:
        """Read the picked frames at the size that the model sees; the keywords of `stream_frames`.

        Their times are the moments for which they stand. `save` writes them, with a manifest that
        says why each was kept and a sheet that shows it.

        >>> with pick_frames("fixtures/street.mp4", View.of("qwen3-vl-plus")).frames() as frames:
        ...     next(frames)
        Frame(number=0, at 0.000 s, 352x640x3)
        """
        look = Look(self.tokens.resized, resample, tone_map)
        reading = Reading(self.tokens.plan, look, threads, memory, patience_seconds)
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
    patience_seconds: float | None = PATIENCE_SECONDS,
    watch: Watch = unwatched,
) -> PickedFrames:
    """Pick the frames of a video where cells of the picture change; all of it is decoded for that.

    The first and the last frame are kept, then the changes that most cells show, within `budget`
    tokens and the view's `max_frames`; then as many between them that no gap is longer than
    `max_gap` seconds. A change is a state that has come to rest; with `every`, each is one. What
    moves all the time, or undoes itself at once, is left out. The clip is looked at `probe_fps`
    times a second, short ones more often. The frames cost what a list of images does.

    Raises the errors of `probe` and `video_count`, `UnsupportedFormatError` for images,
    `ConstraintError` for the view's `fps`, `nframes` and `sampling`, which say nothing here, and
    where gaps and frames cannot both be kept, `BudgetError` where no list costs so little,
    `DecodeError` and `TimeLimitError`.

    >>> picked = pick_frames("fixtures/street.mp4", View.of("qwen3-vl-plus"), max_gap=4)
    >>> picked.picks[0], picked.largest_gap_seconds <= 4
    (Pick(seconds=0.0, frame=0, why='first', cells=0), True)
    """
    _check(view, max_gap, probe_fps)
    with _opened(source, view, threads, patience_seconds) as clip:
        motion, numbers = _watched(clip, probe_fps, watch)
    info = clip.info
    busy = busy_cells(motion)
    changes = (every_change if every else settled_changes)(motion, busy)
    candidates = [
        Pick(clip.frames.start(numbers[change.step]), numbers[change.step], change.why,
             change.cells)
        for change in changes
    ]  # fmt: skip
    rule = view.video_rule
    most = _most_frames(info, clip.frames, view, budget)
    least = max(rule.min_list_images or 1, view.options.min_frames or 1)
    picks = keep(
        candidates, clip.frames, max_gap, most, least=least, multiple=rule.temporal_patch_size
    )
    kept = {pick.frame for pick in picks}
    wanted = {pick.frame for pick in candidates}
    return PickedFrames(
        source=clip.name,
        view=view,
        info=info,
        picks=picks,
        tokens=_count(info, picks, view),
        max_gap=max_gap,
        every=every,
        changes=len(wanted),
        dropped=len(wanted - kept),
        merged=sum(change.merged for change in changes),
        busy_share=float(busy.mean()),
        even=_even(picks, [pick.seconds for pick in candidates]),
        _source=source,
    )


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


# Looking at the clip.


@dataclass(frozen=True, slots=True)
class _Clip:
    """A clip that is open."""

    name: str
    info: VideoInfo
    frames: Frames
    """Those between the start and the end that the view asks for."""
    read: _Read
    """Gives frames by number, ascending, at a size."""


@contextmanager
def _opened(
    source: SourceLike, view: View, threads: int | None, patience: float | None
) -> Iterator[_Clip]:
    if isinstance(as_frame_list(source), FrameList):
        problem = "a list of images, all of which are shown; picking is for videos"
        raise UnsupportedFormatError("frame list", problem)
    with open_item(source) as item:
        info = probe_clip(item)
        if item.found.kind == "image":
            seconds, read = _animation(item, patience)
        else:
            seconds, read = _video(item, info, view, threads, patience)
        yield _Clip(source_name(source), info, _between(seconds, view), read)


_Read: TypeAlias = Callable[[Sequence[int], ImageSize], Iterator[tuple[int, Pixels]]]


def _animation(item: Item, patience: float | None) -> tuple[list[float], _Read]:
    starts, _ = animation_clock(item)

    def read(numbers: Sequence[int], size: ImageSize) -> Iterator[tuple[int, Pixels]]:
        images = animation_frames(item, numbers, size, patience_seconds=patience)
        return zip(numbers, images, strict=True)

    return starts, read


def _video(
    item: Item, info: VideoInfo, view: View, threads: int | None, patience: float | None
) -> tuple[list[float], _Read]:
    clip = scan_clip(item)
    timeline = clip.timeline
    if timeline.has_clock:
        ticks = np.frombuffer(timeline.pts, np.int64)
        seconds = ((ticks - ticks[0]) * float(timeline.time_base)).tolist()
    else:
        rate = float(info.fps or view.video_rule.assumed_fps or ASSUMED_FPS)
        seconds = [number / rate for number in range(timeline.packet_count)]

    def read(numbers: Sequence[int], size: ImageSize) -> Iterator[tuple[int, Pixels]]:
        look, wanted = Look(size), tuple(numbers)
        plan = DecodePlan(clip, look, wanted, threads=threads, patience_seconds=patience)
        return ((frame.number, frame.image) for frame in decode_frames(plan))

    return seconds, read


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


def _watched(clip: _Clip, probe_fps: float, watch: Watch) -> tuple[Motion, list[int]]:
    """Look at a clip so many times a second, at its last frame too.

    Returns what its cells did, and the number of the frame at each step.
    """
    frames = clip.frames
    span = frames.seconds[-1] - frames.seconds[0]
    rate = max(probe_fps, LEAST_PROBES / span) if span > 0 else probe_fps
    moments = [frames.seconds[0] + k / rate for k in range(math.ceil(span * rate - 1e-6))]
    moments.append(frames.seconds[-1])
    wanted = [frames.on_display(moment) for moment in moments]
    size, steps, numbers = probe_size(clip.info.size), iter(zip(moments, wanted, strict=True)), []
    cells, pending = CellWatch(size), next(steps, None)
    distinct = sorted(set(wanted))
    for number, picture in watch(clip.read(distinct, size), len(distinct), "looking for changes"):
        is_new = True
        while pending is not None and pending[1] <= number:
            if pending[1] == number:
                cells.see(picture, pending[0]) if is_new else cells.see_again(pending[0])
                numbers.append(number)
                is_new = False
            pending = next(steps, None)
    if not numbers:
        raise DecodeError(clip.name, "none of the frames could be decoded")
    return cells.motion(), numbers


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
