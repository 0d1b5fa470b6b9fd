"""Read events and their times out of a model's answer: text in, seconds out.

The clip is not known here; `vlprep.events.events` maps the times to its frames.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from vlprep.errors import AnswerError
from vlprep.events.times import CLOCK, UNITS, seconds_of
from vlprep.replies.loose_json import CutOff, Trouble, Unfinished, json_inside, json_values
from vlprep.replies.none_found import says_none
from vlprep.replies.spelling import bare_key, excerpt, plain
from vlprep.replies.tables import table_rows
from vlprep.replies.unwrap import unwrap

EventForm = Literal["json", "table", "text"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens, and when, as the model says it."""

    start_seconds: float
    """When it begins."""
    end_seconds: float
    """When it ends; of a moment the same."""
    text: str | None = None
    """What happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAnswer:
    """What an answer says about times, in the seconds that it says it in."""

    events: tuple[Event, ...]
    """In the order of the answer; empty where it says that nothing was found."""
    form: EventForm
    """How it is written."""
    warnings: tuple[str, ...] = ()
    """What had to be left out."""


def parse_events(text: str) -> EventAnswer:
    """Find events with their times in a model's answer, or in a whole reply that holds one.

    Understood are JSON with `start_time`, `end_time` and `event`, or with a range or a list of
    times instead (fenced or not, among other text, cut off), tables, and lines of text such as
    `00:02 - 00:07 pours water` or `<12.5 seconds> a bell rings`. Times are seconds, mm:ss or
    hh:mm:ss with a fraction or none. Of an answer that says that nothing was found, the events are
    empty.

    Raises `AnswerError` where no times can be read.

    >>> parse_events('[{"start_time": "00:04", "end_time": "00:00:09.5", "event": "nods"}]').events
    (Event(start_seconds=4.0, end_seconds=9.5, text='nods'),)
    """
    reply, trouble = unwrap(text), Trouble()
    for form, read in _READERS.items():
        if events := tuple(read(reply.text, trouble)):
            return EventAnswer(
                events=events, form=form, warnings=(*reply.warnings, *_sentences(trouble))
            )
    if says_none(reply.text):
        return EventAnswer(events=(), form="text", warnings=reply.warnings)
    left_out = "; ".join(("", *_sentences(trouble)))
    raise AnswerError(
        f"no times in the answer ({excerpt(reply.text)}){left_out}; wanted are JSON with "
        "start_time and end_time, or lines such as 00:02 - 00:07 pours water"
    )


def _sentences(trouble: Trouble) -> Iterator[str]:
    if trouble.cut_off:
        yield "the answer is cut off; what is complete was taken"
    if trouble.odd:
        yield f"left out, no times: {len(trouble.odd)}, for instance {trouble.odd[0]}"


# JSON.

_STARTS = ("starttime", "start", "startseconds", "starttimestamp", "begin", "begintime", "from",
           "startsecond", "startsec", "starts", "starttimes", "tstart", "timestart",
           "eventstart", "eventstarttime",
           "开始时间", "起始时间", "开始")  # fmt: skip
_ENDS = ("endtime", "end", "endseconds", "endtimestamp", "stop", "stoptime", "finish", "to",
         "finishtime", "eventend", "eventendtime",
         "endsecond", "endsec", "ends", "endtimes", "tend", "timeend",
         "结束时间", "结束")  # fmt: skip
_LENGTHS = ("duration", "durationseconds", "durations", "length", "持续时间", "时长")
_RANGES = ("timestamp", "timestamps", "time", "times", "timerange", "timespan", "timeinterval",
           "interval", "intervals", "range", "segment", "segments", "span",
           "时间", "时间戳", "时间段")  # fmt: skip
_TEXTS = ("event", "eventdescription", "description", "caption", "action", "activity", "label",
          "text", "content", "sentence", "title", "name", "summary", "query",
          "事件", "描述", "内容")  # fmt: skip


def _read_json(text: str, trouble: Trouble) -> Iterator[Event]:
    for start, value in json_values(text, trouble):
        beside = _words_beside(text, start) if isinstance(value, list) else None
        try:
            yield from list(_events(value, trouble, beside))
        except RecursionError:
            trouble.odd.append("brackets nested without end")


_MOST_BESIDE = 300


def _words_beside(text: str, start: int) -> str | None:
    """Return what happens at the times of a list, where words stand on its line."""
    before = text[max(start - _MOST_BESIDE, 0) : start].rpartition("\n")[2]
    after = text[start : start + _MOST_BESIDE].partition("\n")[0].rpartition("]")[2]
    quoted = set(before + after) & set("\"'{}[]:") - {":"}
    return None if quoted else _trimmed(after) or _trimmed(before) or None


def _events(value: Any, trouble: Trouble, called: str | None = None) -> Iterator[Event]:
    """Yield the events in a value; `called` is what its key says of those without words."""
    if isinstance(value, dict):
        yield from _table_events(value, trouble, called)
    elif isinstance(value, list) and (spans := _list_spans(value, called)):
        yield from spans
    elif isinstance(value, list):
        for item in value:
            yield from _events(item, trouble, called)


def _table_events(
    table: dict[str, Any], trouble: Trouble, called: str | None = None
) -> Iterator[Event]:
    """Yield the event that an object is, else those inside of it."""
    members = {bare_key(key): value for key, value in table.items()}
    text = next((text for key in _TEXTS if (text := _word(members.get(key)))), called)
    start = next((members[key] for key in _STARTS if key in members), None)
    end = next((members[key] for key in _ENDS if key in members), None)
    if start is not None and end is None:
        end = _end_after(start, members)
    if start is not None or end is not None:
        if isinstance(table, CutOff) and (end is None or isinstance(end, Unfinished)):
            return  # its end is what was cut off
        yield from _span(start, end, text, trouble)
    else:
        only_ranges = all(map(_is_range, table.values()))  # else they may be a size, or a place
        for key, value in table.items():
            if only_ranges and bare_key(key) not in _RANGES:
                yield from _list_spans(value, _name_of_key(key) or text)
            else:
                yield from _member_events(key, value, text, trouble)


def _end_after(start: Any, members: dict[str, Any]) -> float | None:
    """Return the end of what has a length instead."""
    length = next((members[key] for key in _LENGTHS if key in members), None)
    seconds = _all_seconds((start, length))
    return sum(seconds) if seconds else None


def _member_events(key: str, value: Any, text: str | None, trouble: Trouble) -> Iterator[Event]:
    """Yield the events of one member of an object without times of its own."""
    if bare_key(key) in _RANGES:
        yield from _ranges(value, text, trouble)
    elif isinstance(value, str):
        if inner := json_inside(value, trouble):
            yield from _events(inner, trouble, text)
        else:
            yield from _text_spans(key, value) or _text_spans(value, text or key)
    elif isinstance(value, dict) or (isinstance(value, list) and not _all_seconds(value)):
        yield from _events(value, trouble, text or _name_of_key(key))


def _name_of_key(key: str) -> str | None:
    """Return a key as words of what happens, unless it names a list of events."""
    return None if _GATHERING.fullmatch(bare_key(key)) else key


_GATHERING = re.compile(
    r"(?:(?:video|temporal|key|all)?(?:events?|segments?|moments?|clips?|scenes?|actions?)(?:list)?"
    r"|results?|answers?|outputs?|data|items|response|relevantwindows|windows|timeline|captions?"
    r"|highlights?|timestamps?|事件(?:列表)?|结果)\d*"
)


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value and not isinstance(value, Unfinished) else None


def _span(start: Any, end: Any, text: str | None, trouble: Trouble) -> Iterator[Event]:
    if seconds := _all_seconds(time for time in (start, end) if time is not None):
        yield Event(seconds[0], seconds[-1], text)
    else:
        trouble.odd.append(excerpt(f"{start} to {end}"))


def _ranges(value: Any, text: str | None, trouble: Trouble) -> Iterator[Event]:
    """Yield what stands under a key for ranges: a range, a moment, or several."""
    if isinstance(value, list) and (spans := _list_spans(value, text)):
        yield from spans
    elif isinstance(value, list | dict):
        items = value if isinstance(value, list) else [value]
        for item in items:
            if item is value:
                yield from _events(item, trouble, text)
            else:
                yield from _ranges(item, text, trouble)
    elif isinstance(value, str) and (spans := _text_spans(value, text)):
        yield from spans
    elif (moment := seconds_of(value)) is not None:
        yield Event(moment, moment, text)
    else:
        trouble.odd.append(excerpt(str(value)))


def _list_spans(value: list[Any], text: str | None) -> list[Event]:
    """Return what a list of times means: two are a range, with a text an event; more, moments."""
    *times, last = value or [None]
    if len(value) == 3 and isinstance(last, str) and seconds_of(last) is None:
        return _list_spans(times, last)
    seconds = _all_seconds(value)
    if len(seconds) == 2:
        return [Event(seconds[0], seconds[1], text)]
    return [Event(moment, moment, text) for moment in seconds]


def _is_range(value: Any) -> bool:
    seconds = _all_seconds(value) if isinstance(value, list) else []
    return len(seconds) == 2 and seconds[0] <= seconds[1]


def _all_seconds(times: Iterable[Any]) -> list[float]:
    """Return times in seconds; nothing where one of them is no time."""
    seconds = list(map(seconds_of, times))
    known = [moment for moment in seconds if moment is not None]
    return known if len(known) == len(seconds) else []


# Text.

_TIME = rf"(?<![\d.])(?<!\d:)(?:{CLOCK}|{UNITS})(?!\d|:\d)"
# Bounded throughout: models can repeat a sign for pages.
_OPEN, _CLOSED = r"[<\[(\"']{0,4}", r"[>\])\"']{0,4}"
_UNTIL = (
    rf"{_CLOSED}\s{{0,9}}(?:-{{1,3}}>?|~|→|\||to|until|till|through|and|bis|à|a|hasta|до|至|到"
    rf"|[,;]?\s{{0,9}}[\"']?(?:end[\w ]{{0,20}}|结束(?:时间)?)[\"'*]{{0,3}}\s{{0,9}}[:=]"
    r"|[,.]?\s{0,9}(?:and\s{1,9})?(?:it\s{1,9})?(?:ends|finishes|stops)\s{1,9}(?:at|on|around)"
    rf"|[,;]?\s{{0,9}}(?:并|且)?(?:在|于)?结束(?:于|在))\s{{0,9}}(?:the |第|t\s?=\s?)?{_OPEN}"
)
_SPAN = re.compile(
    rf"{_OPEN}(?:(?P<a>{_TIME}){_UNTIL}(?P<b>{_TIME})"
    rf"|(?<![\d.])(?<!\d:)(?P<c>\d{{1,9}}(?:\.\d+)?){_UNTIL}(?P<d>(?:{UNITS})(?!\d|:\d)))"
    rf"{_CLOSED}",
    re.IGNORECASE,
)
_BARE_SPAN = re.compile(
    rf"(?<![\d.])(?<!\d:)(?P<a>\d{{1,9}}\.\d+){_UNTIL}(?P<b>\d{{1,9}}\.\d+)(?!\d|:\d)",
    re.IGNORECASE,
)
_PAIR = re.compile(rf"[(\[]\s*(?P<a>{_TIME})\s*,\s*(?P<b>{_TIME})\s*[)\]]", re.IGNORECASE)
_MOMENT = re.compile(rf"{_OPEN}(?P<a>{_TIME}){_CLOSED}", re.IGNORECASE)


def _read_tables(text: str, trouble: Trouble) -> Iterator[Event]:
    """Yield the events in tables with a column for the start."""
    for row in table_rows(text):
        members = {bare_key(key): cell for key, cell in row.items()}
        if any(seconds_of(members[key]) is not None for key in _STARTS if key in members):
            words = (_trimmed(cell) for cell in row.values() if seconds_of(cell) is None)
            yield from _table_events(dict(row), trouble, next(filter(None, words), None))


def _read_text(text: str, trouble: Trouble) -> Iterator[Event]:
    """Yield the ranges in lines of text; where there is none, the moments."""
    if trouble.cut_off or trouble.odd:  # JSON, of which nothing was complete, or no time
        return
    lines = _END_BELOW.sub(", ", text).splitlines()
    for pattern in (_SPAN, _BARE_SPAN, _PAIR, _MOMENT):
        events = [event for place in range(len(lines)) for event in _line(lines, place, pattern)]
        if events:
            yield from events
            return


_END_BELOW = re.compile(
    r"[ \t\r]{0,9}\n[^\w\n]{0,8}(?=(?:end(?:ing|s)?|结束)[^\d\n]{0,20}[:：=])", re.IGNORECASE
)


def _line(lines: list[str], place: int, pattern: re.Pattern[str]) -> Iterator[Event]:
    """Yield the events of a line; what happens stands after the times, before them, or below."""
    line = lines[place]
    matches = list(pattern.finditer(plain(line)))
    if not matches:
        return
    ends = [match.start() for match in matches[1:]] + [len(line)]
    before = line[: matches[0].start()]
    below = lines[place + 1] if place + 1 < len(lines) else ""
    below = "" if _MOMENT.search(plain(below)) else below
    for match, end in zip(matches, ends, strict=True):
        words = _trimmed(line[match.end() : end]) or _trimmed(before) or _trimmed(below)
        yield from _matched(match, words or None)


def _matched(match: re.Match[str], text: str | None) -> Iterator[Event]:
    if seconds := _all_seconds(time for time in match.groupdict().values() if time):
        yield Event(seconds[0], seconds[-1], text)


def _text_spans(said: str, text: str | None) -> list[Event]:
    """Return the ranges that a short text consists of."""
    shadow = plain(said[:500])
    for pattern in (_SPAN, _BARE_SPAN):
        matches = list(pattern.finditer(shadow))
        if matches and not _trimmed(pattern.sub("", shadow)):
            return [event for match in matches for event in _matched(match, text)]
    return []


def _trimmed(text: str) -> str:
    """Return the words of a text without the marks around them, and without what names them."""
    words = _LEAD.sub("", _TAG.sub("", text).strip(_MARKS))
    words = _VERB.sub("", words).strip(_MARKS)
    return words if re.search(r"[^\W\d_]", words) and not _FILLER.fullmatch(words) else ""


_MARKS = " \t-–—*•:：,，;；.。|<>[]()（）\"'`{}="
_VERB = re.compile(
    r"(?:\b(?:starts?|begins?|happens|occurs)\s+|[.,;]\s*)(?:at|on|in|from|between)(?: the)?$",
    re.IGNORECASE,
)
_TAG = re.compile(r"</\w{1,20}>|<\w{1,20}(?:>|$)")
_LEAD = re.compile(r"^(?:event|description|caption)[\"']?\s*[:：=]\s*[\"']?", re.IGNORECASE)
_FILLER = re.compile(
    r"(?:start[\w ]*|begin[\w ]*|it|from|at|between|in|time[\w ]*|(?:开始|起始|时间)\w*)",
    re.IGNORECASE,
)

_READERS: dict[EventForm, Callable[[str, Trouble], Iterator[Event]]] = {
    "json": _read_json,
    "table": _read_tables,
    "text": _read_text,
}
