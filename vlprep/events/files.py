"""Write the frames of each event to files, and draw a sheet of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from vlprep.clips import Frame
from vlprep.count.frame_list import FrameList, read_frame_list
from vlprep.draw.fonts import font_named
from vlprep.draw.lettering import font_warnings
from vlprep.draw.sheets import ContactSheet, Stack, shrunk, stacked
from vlprep.errors import ConstraintError, DecodeError
from vlprep.frames.files import FrameFormat, FrameRecord, check_targets
from vlprep.frames.reading import decode_plan
from vlprep.output.drawing import Drawing
from vlprep.output.encode import encode_picture, picture_format
from vlprep.output.target import PathLike, new_folder
from vlprep.units import format_time
from vlprep.video.paint import Look

if TYPE_CHECKING:  # whose methods these are
    from vlprep.events.events import LocatedEvent, LocatedEvents

MANIFEST = "events.json"
_CLOSE = 1e-6  # seconds
_MOST_SHEETS = 60  # events on one picture; smaller ones could not be seen


def event_frames(found: LocatedEvents, event: LocatedEvent) -> Iterator[Frame]:
    """Decode the frames of an event that the model was shown, at the size that it saw.

    Raises the errors of `read_frames` while iterating.

    >>> from vlprep import locate_events
    >>> found = locate_events("fixtures/street.mp4", "00:02 - 00:03 a bus passes")
    >>> [frame.number for frame in found.read(found.events[0])]
    [60, 75, 90]
    """
    if isinstance(found.media, FrameList):
        return read_frame_list(found.media, event.seen, found.tokens.resized)
    if not event.seen.indices:
        return iter(())
    return decode_plan(found.media, event.seen, Look(found.tokens.resized))


def save_events(
    found: LocatedEvents,
    folder: PathLike | None = None,
    *,
    sheet: PathLike | None = None,
    font: PathLike | None = None,
    format: FrameFormat = "jpg",
    overwrite: bool = False,
) -> list[FrameRecord]:
    """Write the frames of each event into a folder, draw a sheet of each event, or both.

    Frames are those that the model was shown, "jpg" (quality 95, full colour) or "png", named by
    their event, their place in it and their time. The folder also gets `events.json`: what
    `to_dict` returns, with the files of each event. `sheet` is one picture with the events under
    one another, the first 60 of them, and `font` that of `event_sheet`. Files appear when all
    frames are read, or not at all.

    Raises `ConstraintError` where neither is named, for an array as the format, and for a sheet
    named as no known picture format; `DecodeError` where no frame can be decoded; the errors of
    `read_frames`, `new_folder` and `new_file`.

    >>> from tempfile import TemporaryDirectory
    >>> from vlprep import locate_events
    >>> with TemporaryDirectory() as folder:
    ...     found = locate_events("fixtures/street.mp4", "00:02 - 00:03 a bus passes", fps=1)
    ...     [record.file for record in save_events(found, f"{folder}/bus")]
    ['event_01_frame_00000_2.000s.jpg', 'event_01_frame_00001_3.000s.jpg']
    """
    _check_targets(found, folder, sheet, format, overwrite)
    page = _Page(found, font)
    drawn = _MOST_SHEETS if sheet else 0
    with _target(folder, overwrite) as partial:
        records = [
            _save_event(found, number, partial, format, page if number <= drawn else None)
            for number in range(1, len(found.events) + 1)
        ]
        if not any(records) and any(event.seen.frame_count for event in found.events):
            raise DecodeError(found.source, "none of the frames could be decoded")
        if partial is not None:
            (partial / MANIFEST).write_text(json.dumps(_manifest(found, records), indent=1))
    if sheet is not None:
        page.drawing().save(sheet, overwrite=overwrite)
    return [record for of_event in records for record in of_event]


def event_sheet(found: LocatedEvents, *, font: PathLike | None = None) -> Drawing:
    """Draw the frames that the model was shown of each event, the events under one another.

    The first 60 events are drawn. Letters that Pillow's own font lacks come from `font`, the file
    or the name of one, or from a font of the machine.

    Raises `ConstraintError` for a font that there is not, and the errors of `read_frames`.

    >>> from vlprep import locate_events
    >>> locate_events("fixtures/street.mp4", "00:02 - 00:03 a bus passes").sheet()
    Drawing(1364x938)
    """
    page = _Page(found, font)
    for number in range(1, min(len(found.events), _MOST_SHEETS) + 1):
        _save_event(found, number, None, "jpg", page)
    return page.drawing()


class _Page:
    """The sheets of events, one after another, that become one picture."""

    def __init__(self, found: LocatedEvents, font: PathLike | None) -> None:
        self._found, self._stack = found, Stack()
        self._font = None if font is None else font_named(font)

    def add(self, event: LocatedEvent, number: int, drawn: ContactSheet) -> None:
        title = f"{number}  {event.text or _name(self._found)}"
        sheet = drawn.draw(title, [_caption(event)], self._font)
        self._stack.append(shrunk(sheet, min(len(self._found.events), _MOST_SHEETS)))

    def drawing(self) -> Drawing:
        found = self._found
        empty = ContactSheet(0, found.tokens.resized).draw(_name(found), ["no events"], self._font)
        texts = (event.text or _name(found) for event in found.events)
        return Drawing(stacked(self._stack or [empty]), font_warnings(texts, self._font))


def _check_targets(
    found: LocatedEvents,
    folder: PathLike | None,
    sheet: PathLike | None,
    format: FrameFormat,
    overwrite: bool,
) -> None:
    """Find out what can go wrong with writing before anything is decoded."""
    if folder is None and sheet is None:
        raise ConstraintError("nothing to save: name a folder, a `sheet`, or both")
    if format not in ("jpg", "png"):
        raise ConstraintError(f"frames of events are written as jpg or png, not as {format}")
    is_list = isinstance(found.media, FrameList)
    sources = found.media.names if isinstance(found.media, FrameList) else [found.source]
    check_targets(sources, folder, sheet, is_list=is_list, overwrite=overwrite)


def _target(folder: PathLike | None, overwrite: bool) -> AbstractContextManager[Path | None]:
    if folder is None:
        return nullcontext()
    return new_folder(folder, overwrite=overwrite, index=MANIFEST, outdated=_earlier)


def _earlier(folder: Path) -> list[str]:
    """Return what an earlier manifest lists, so that no old frame stands among the new ones."""
    try:
        events = json.loads((folder / MANIFEST).read_bytes())["events"]
        names = [name for event in events for name in event["files"]]
    except (OSError, ValueError, LookupError, TypeError):
        return []  # no manifest of ours
    return [name for name in names if isinstance(name, str) and Path(name).name == name]


def _save_event(
    found: LocatedEvents,
    number: int,
    folder: Path | None,
    ending: str,
    page: _Page | None,
) -> list[FrameRecord]:
    """Read an event once; write its frames, and put its sheet under those before it."""
    event = found.events[number - 1]
    drawn = ContactSheet(event.seen.frame_count, found.tokens.resized)
    records = []
    for position, frame in enumerate(event_frames(found, event)):
        if page is not None:
            drawn.add(frame)
        name = None
        if folder is not None:
            name = f"event_{number:02}_frame_{position:05}_{frame.timestamp_seconds:.3f}s.{ending}"
            (folder / name).write_bytes(encode_picture(frame.image, picture_format(name)))
        records.append(FrameRecord.of(frame, name))
    if page is not None:
        page.add(event, number, drawn)
    return records


def _caption(event: LocatedEvent) -> str:
    times = f"{format_time(event.start_seconds)} to {format_time(event.end_seconds)}"
    if not event.frames:
        return f"{times}: outside of what the model was shown"
    frames = f"{times}, frames {event.frames[0]} to {event.frames[-1]}"
    if min(event.seen.timestamps_seconds, default=0.0) < event.start_seconds - _CLOSE:
        return f"{frames}, none of which the model was shown; drawn is the one before"
    return f"{frames}, of which the model was shown {event.seen.frame_count}"


def _name(found: LocatedEvents) -> str:
    return Path(found.source).name


def _manifest(found: LocatedEvents, records: list[list[FrameRecord]]) -> dict[str, object]:
    entries = [
        {**event.to_dict(), "files": [record.file for record in of_event]}
        for event, of_event in zip(found.events, records, strict=True)
    ]
    return {**found.to_dict(), "events": entries}
