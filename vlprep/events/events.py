"""Find when in a video a model's answer is, and which frames that is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vlprep.clips import FramePlan
from vlprep.count.frame_list import FrameList, as_frame_list, probe_frame_list
from vlprep.count.videos import VideoCount, video_count
from vlprep.display import brief
from vlprep.draw.fonts import font_named
from vlprep.draw.lettering import font_warnings
from vlprep.events.answers import Event, EventForm, parse_events
from vlprep.events.files import event_frames, event_sheet, save_events
from vlprep.events.frame_range import Span, frames_within, moments_within
from vlprep.frames.reading import probe_clip
from vlprep.maths.sampling import ASSUMED_FPS
from vlprep.media.source import SourceOrFacts, source_name
from vlprep.output.target import PathLike
from vlprep.types import VideoInfo
from vlprep.units import plural
from vlprep.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedEvent:
    """Something that happens in a clip, and the frames that show it."""

    text: str | None
    """What happens, in the model's words."""
    answered: tuple[float, float]
    """Start and end in seconds, as the model says them."""
    start_seconds: float
    """When it begins, from the first displayed frame of the clip, within the part that was seen."""
    end_seconds: float
    """When it ends."""
    frames: range
    """Displayed frames whose moments lie within it; empty where it lies outside of what was seen.

    Of an event between two frames it is the one on display.
    """
    seen: FramePlan
    """Those that the model was shown of it; of an event between two of them, the one before."""
    pieces: tuple[int, ...] = ()
    """Numbers of the parts of the clip, from 1, whose answers tell of it, where it was cut."""

    def __repr__(self) -> str:
        span = f"{self.start_seconds:.3f} to {self.end_seconds:.3f} s"
        return brief(self, self.text or "", span, plural(len(self.frames), "frame"))

    def to_dict(self) -> dict[str, Any]:
        """Return the event's entry of `vlprep.events/1`."""
        return {
            "event": self.text,
            "answered_start_seconds": self.answered[0],
            "answered_end_seconds": self.answered[1],
            "start_seconds": self.start_seconds,
            "end_seconds": self.end_seconds,
            "first_frame": self.frames[0] if self.frames else None,
            "last_frame": self.frames[-1] if self.frames else None,
            "seen_frames": list(self.seen.indices),
            "seen_seconds": list(self.seen.timestamps_seconds),
            **({"pieces": list(self.pieces)} if self.pieces else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedEvents:
    """What an answer says of a clip, event by event."""

    source: str
    """The video as the caller named it."""
    model: str
    """Name of the model that answered."""
    info: VideoInfo
    """Facts of the video's header."""
    tokens: VideoCount
    """What the model was shown, and what that cost."""
    form: EventForm
    """How the answer is written."""
    span: tuple[float, float]
    """The part that the model was shown, in seconds of the clip: its answer counts from there."""
    events: tuple[LocatedEvent, ...]
    """In the order of the answer; empty where it says that nothing was found."""
    warnings: tuple[str, ...] = ()
    """What a user should know."""
    media: SourceOrFacts | FrameList = field(repr=False, compare=False)
    """What the frames are read from."""

    def __repr__(self) -> str:
        texts = ", ".join(event.text for event in self.events if event.text)
        return brief(self, self.source, plural(len(self.events), "event"), texts)

    @property
    def step_seconds(self) -> float:
        """Seconds from one frame that the model saw to the next: its times are no finer."""
        return 1 / self.tokens.plan.sample_fps

    read = event_frames
    save = save_events
    sheet = event_sheet

    def drawing_warnings(self, *, font: PathLike | None = None) -> tuple[str, ...]:
        """Return what a user should know of a sheet: words that no font has the letters for.

        Raises `ConstraintError` for a font that there is not.
        """
        face = None if font is None else font_named(font)
        return font_warnings((event.text or Path(self.source).name for event in self.events), face)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `vlprep.events/1`: facts of the clip, and every event."""
        info, plan = self.info, self.tokens.plan
        return {
            "schema": "vlprep.events/1",
            "source": self.source,
            "model": self.model,
            "rules": self.tokens.rules,
            "form": self.form,
            "duration_seconds": info.duration_seconds,
            "fps": None if info.fps is None else float(info.fps),
            "frames": info.frame_count,
            "seen_start_seconds": self.span[0],
            "seen_end_seconds": self.span[1],
            "seen_frames": plan.frame_count,
            "step_seconds": self.step_seconds,
            "events": [event.to_dict() for event in self.events],
            "warnings": list(self.warnings),
        }


def locate_events(
    source: SourceOrFacts | Sequence[SourceOrFacts] | FrameList, answer: str, view: View
) -> LocatedEvents:
    """Map the times in a model's `answer` about a video to frames of it, from its header alone.

    `answer` is text in one of the forms of `parse_events`. Its times are seconds of what the model
    was shown: where the view begins at `start_seconds`, they count from there. Frames are numbered
    by the clip's average rate; their moments lie within the event, both ends included. What reaches
    beyond the part that was shown is cut there, with a warning; an event that ends before it begins
    is taken the other way round, and one that lies outside has no frames. The model saw a frame
    every `step_seconds`, so its times are no finer than that.

    Raises `AnswerError`, the errors of `probe` and `video_count`, and `UnsupportedFormatError` for
    an image.

    >>> found = locate_events("fixtures/street.mp4", "00:02 - 00:04 a bus passes", View.of())
    >>> found.events[0].frames, found.step_seconds
    (range(60, 121), 0.5)
    """
    media = as_frame_list(source)
    name, info = _probe(media, view)
    tokens, read = video_count(info, view), parse_events(answer)
    span = _shown(info, view)
    notes: Counter[str] = Counter()
    events = tuple(_located(event, span, info, tokens.plan, notes) for event in read.events)
    said = tuple(f"{what}: {count}" for what, count in notes.items())
    return LocatedEvents(
        source=name,
        model=view.model.name,
        info=info,
        tokens=tokens,
        form=read.form,
        span=(span.start, span.end),
        events=events,
        warnings=(*info.warnings, *tokens.warnings, *read.warnings, *said),
        media=media,
    )


def _probe(media: SourceOrFacts | FrameList, view: View) -> tuple[str, VideoInfo]:
    if isinstance(media, FrameList):
        return media.names[0], probe_frame_list(media, view)
    return source_name(media), probe_clip(media, view.trust)


def _rate(info: VideoInfo) -> float:
    return float(info.fps) if info.fps else ASSUMED_FPS


def _shown(info: VideoInfo, view: View) -> Span:
    """Return the part of a clip that the model is shown, in seconds of the clip."""
    length = info.duration_seconds or info.frame_count / _rate(info)
    start, end = view.options.start_seconds, view.options.end_seconds
    return Span(min(start or 0.0, length), length if end is None else min(end, length))


def _located(
    event: Event, shown: Span, info: VideoInfo, plan: FramePlan, notes: Counter[str]
) -> LocatedEvent:
    answered = Span(event.start_seconds, event.end_seconds)
    asked = Span(min(answered) + shown.start, max(answered) + shown.start)
    span = shown.cut(asked)
    notes.update(_remarks(answered, asked, shown))
    frames, seen = event_between(span, info, plan)
    if not _is_seen(asked, shown):
        frames, seen = range(0), replace(plan, indices=(), timestamps_seconds=())
    return LocatedEvent(
        text=event.text,
        answered=answered,
        start_seconds=span.start,
        end_seconds=span.end,
        frames=frames,
        seen=seen,
    )


def event_between(span: Span, info: VideoInfo, plan: FramePlan) -> tuple[range, FramePlan]:
    """Return the frames of a clip in a stretch of it, and those of a plan that are."""
    seen = moments_within(span, plan.timestamps_seconds)
    return frames_within(span, _rate(info), info.frame_count), replace(
        plan,
        indices=plan.indices[seen.start : seen.stop],
        timestamps_seconds=plan.timestamps_seconds[seen.start : seen.stop],
    )


def _is_seen(asked: Span, shown: Span) -> bool:
    return asked.start <= shown.end + _ROUNDING and asked.end >= shown.start


def _remarks(answered: Span, asked: Span, shown: Span) -> Iterator[str]:
    """Yield what is odd about the times of an event."""
    part = f"the {shown.end - shown.start:.3f} s that were shown"
    if answered.end < answered.start:
        yield "events that end before they begin, taken the other way round"
    if answered.end == answered.start:
        yield "events without length, taken as moments"
    if not _is_seen(asked, shown):
        yield f"events wholly outside of {part}, which have no frames"
    elif asked.end > shown.end + _ROUNDING or asked.start < shown.start:
        yield f"events that reach beyond {part}, cut there"


_ROUNDING = 0.05  # seconds: models say tenths, and the end of a clip is what they say most
