"""Answers about the parts of a clip, put together: times on the whole clip, what two saw once.

A door of this room: it reads the plan that says where each part begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

from vlprep.count.frame_list import FrameList
from vlprep.count.videos import VideoCount
from vlprep.errors import AnswerError, ConstraintError
from vlprep.events.events import LocatedEvent, LocatedEvents, event_between, locate_events
from vlprep.events.frame_range import Span
from vlprep.media.source import SourceOrFacts, source_name
from vlprep.output.target import PathLike
from vlprep.parsing import parse_json, read_small
from vlprep.view import View, ViewOptions

MANIFEST = "plan.json"
"""Name of the file in a folder of requests that tells of their parts."""

Pieces: TypeAlias = PathLike | Mapping[str, Any]
"""A plan of parts: its document, the file that holds one, or the folder of that."""


_Source: TypeAlias = SourceOrFacts | Sequence[SourceOrFacts] | FrameList


def locate_answers(
    source: _Source, answer: str | Sequence[str], view: View, pieces: Pieces | None
) -> LocatedEvents:
    """Do what `locate_events` does with one answer, and `locate_in_pieces` with several."""
    if pieces is not None:
        return locate_in_pieces(source, answer, pieces, view)
    if not isinstance(answer, str):
        raise ConstraintError("several answers are about `pieces` of a clip; say which")
    return locate_events(source, answer, view)


def locate_in_pieces(
    source: _Source, answers: Sequence[str], pieces: Pieces, view: View
) -> LocatedEvents:
    """Map what a model answered of each part of a clip, in their order, to the whole clip.

    What two parts tell of in the same words, at times that meet where both saw the clip or where
    it was cut, is one event. Other words about a shared stretch stay, with a warning.

    Raises `ConstraintError` for what is no plan of parts, for another model, rule set or clip than
    it is of, for options of the view, which it has, and where answers are missing; and the errors
    of `locate_events`.
    """
    if isinstance(answers, str):
        raise ConstraintError("with `pieces` answers are a list of texts, one for each piece")
    views = _views(pieces, view, _name(source))
    if len(answers) != len(views):
        raise ConstraintError(f"{len(answers)} answers for {len(views)} pieces; give one for each")
    found = [
        _located(source, answer, seen, number)
        for number, (answer, seen) in enumerate(zip(answers, views, strict=True), 1)
    ]
    return _joined(found)


def _located(source: Any, answer: str, view: View, number: int) -> LocatedEvents:
    try:
        return locate_events(source, answer, view)
    except AnswerError as error:
        raise AnswerError(f"piece {number}: {error}") from error


def _name(source: Any) -> str:
    return source.names[0] if isinstance(source, FrameList) else source_name(source)


# The plan.


def _views(pieces: Pieces, view: View, source: str) -> list[View]:
    """Return how the model saw each part of a clip."""
    asked = view.options.asked
    if asked:
        words = " and ".join(f"`{name}`" for name in asked)
        raise ConstraintError(f"{words}: `pieces` says what the model saw; leave it out")
    name, document = ("the plan", pieces) if isinstance(pieces, Mapping) else _read(pieces)
    try:
        planned = document["model"], document["rules"]
        items = [item for item in document["items"] if "start_seconds" in item]
        sources = {item["source"] for item in items}
        views = [
            _view(view, document["options"], item)
            for item in items
            if item["source"] == source or len(sources) == 1
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise ConstraintError(f"{name}: no plan of pieces") from error
    if not items:
        raise ConstraintError(f"{name}: no plan of pieces")
    if planned != (own := (view.model.name, view.rules.name)):
        problem = f"is for {' by '.join(planned)}, not for {' by '.join(own)}; name its model"
        raise ConstraintError(f"{name}: {problem}")
    if not views or Path(source).name not in {Path(one).name for one in sources}:
        raise ConstraintError(f"{name}: is of {', '.join(sorted(sources))}, not of {source}")
    return views


def _read(path: PathLike) -> tuple[str, Any]:
    file = Path(path) / MANIFEST if Path(path).is_dir() else Path(path)
    try:
        return str(file), parse_json(read_small(file))
    except ValueError as error:
        raise ConstraintError(f"{file}: no plan of pieces: {error}") from error


_CHOSEN = ("fps", "max_pixels", "start_seconds", "end_seconds")


def _view(view: View, options: Mapping[str, Any], item: Mapping[str, Any]) -> View:
    own = {name: item[name] for name in _CHOSEN if item[name] is not None}
    return replace(view, options=ViewOptions(**{**options, **own}))


# What was found.


@dataclass(frozen=True, slots=True)
class _Told:
    """An event, and the last of the parts that tell of it."""

    piece: int
    event: LocatedEvent

    @property
    def span(self) -> Span:
        return Span(self.event.start_seconds, self.event.end_seconds)

    def goes_on_in(self, other: _Told, shared: Span, close: float) -> bool:
        """Whether another part tells of the same, where two parts meet."""
        if _words(self.event.text) != _words(other.event.text):
            return False
        return all(
            one.start <= two.end + close and two.start <= one.end + close
            for one, two in ((self.span, other.span), (self.span, shared), (other.span, shared))
        )


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", (text or "").casefold()))


def _joined(found: Sequence[LocatedEvents]) -> LocatedEvents:
    """Put together what was found in each part."""
    tokens, close = _tokens([one.tokens for one in found]), found[0].step_seconds
    shared = [Span(min(one.span[1], two.span[0]), max(one.span[1], two.span[0]))
              for one, two in pairwise(found)]  # fmt: skip
    whole = replace(found[0], tokens=tokens, span=(found[0].span[0], found[-1].span[1]))
    kept: list[_Told] = []
    for piece, one in enumerate(found):
        before = [place for place, told in enumerate(kept) if told.piece == piece - 1]
        for event in one.events:
            told = _Told(piece, replace(event, pieces=(piece + 1,)))
            places = (place for place in before
                      if kept[place].goes_on_in(told, shared[piece - 1], close))  # fmt: skip
            place = next(places, None)
            if place is None:
                kept.append(told)
            else:
                before.remove(place)
                kept[place] = _Told(piece, _around(kept[place].event, told.event, whole))
    events = sorted((told.event for told in kept), key=lambda event: event.start_seconds)
    said = (*(text for one in found for text in one.warnings), *_doubts(events, shared))
    return replace(whole, events=tuple(events), warnings=tuple(dict.fromkeys(said)))


def _around(one: LocatedEvent, other: LocatedEvent, whole: LocatedEvents) -> LocatedEvent:
    """Return the event that both are parts of; its answered times are those of the first."""
    start = min(one.start_seconds, other.start_seconds)
    end = max(one.end_seconds, other.end_seconds)
    frames, seen = event_between(Span(start, end), whole.info, whole.tokens.plan)
    return replace(
        one, start_seconds=start, end_seconds=end, frames=frames, seen=seen,
        pieces=(*one.pieces, *other.pieces),
    )  # fmt: skip


def _tokens(counts: Sequence[VideoCount]) -> VideoCount:
    """Return what all parts cost together, and all their frames, each once."""
    shown = {
        moment: number
        for count in counts
        for moment, number in zip(count.plan.timestamps_seconds, count.plan.indices, strict=True)
    }
    moments = sorted(shown)
    plan = replace(
        counts[0].plan,
        indices=tuple(shown[moment] for moment in moments),
        timestamps_seconds=tuple(moments),
        warnings=(),
    )
    return replace(
        counts[0],
        grid_thw=(sum(count.grid_thw[0] for count in counts), *counts[0].grid_thw[1:]),
        visual=sum(count.visual for count in counts),
        markers=sum(count.markers for count in counts),
        text=sum(count.text for count in counts),
        plan=plan,
    )


def _doubts(events: Sequence[LocatedEvent], shared: Sequence[Span]) -> Iterator[str]:
    alone = sum(
        any(span.start <= event.start_seconds and event.end_seconds <= span.end for span in shared)
        for event in events
        if len(event.pieces) == 1
    )
    if alone:
        yield (
            f"events in a stretch that two pieces saw, told by one alone or in other words: {alone}"
        )
