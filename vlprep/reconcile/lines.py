"""Read the lines of a log of requests and replies, in the forms in which people keep them.

Nothing is sent and nothing fetched: media are facts in the log, files beside it, or data URLs.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from vlprep.count.files import probe_media
from vlprep.count.messages import asking, medium_source
from vlprep.errors import ConstraintError, UnknownModelError, VlprepError
from vlprep.gzipped import DAMAGED_GZIP, unzipped
from vlprep.messages.bodies import SentBody, SentMedium, read_body
from vlprep.models.registry import get_model
from vlprep.models.spec import ModelSpec
from vlprep.parsing import parse_json
from vlprep.reconcile.usage import Usage, read_usage
from vlprep.types import Facts, ImageInfo, ImageSize, VideoInfo
from vlprep.units import is_number, parse_rate
from vlprep.view import View


@dataclass(frozen=True, slots=True)
class Medium:
    """An image or a clip of a request."""

    info: Facts
    asked: Mapping[str, Any]
    """What is asked of it, as options of a view."""
    beside: bool = False
    """Whether that stands beside it in a message, where no server looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request and what its reply says that it was billed for."""

    line: int
    """Where it stands in the log, from 1."""
    time: datetime | None
    """When it was made; `None` where the log does not say."""
    model: str
    media: tuple[Medium, ...]
    text: str
    """What identifies the text: equal texts cost the same."""
    text_tokens: int
    """Tokens of text that the log states; 0 where it does not."""
    high_res: bool
    usage: Usage
    served: Mapping[str, Any] = field(default_factory=dict)
    """What the request states to a server of weights, by the names of the fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A line of the log that says nothing here, and why."""

    line: int
    reason: str


def lines_of(file: io.BufferedReader) -> Iterator[str]:
    """Yield the lines of a log, which may be gzipped."""
    with io.TextIOWrapper(unzipped(file), "utf-8-sig", errors="replace", newline="\n") as text:
        yield from text


def read_lines(lines: Iterable[str], model: str | None, folder: Path) -> Iterator[Call | LeftOut]:
    """Yield what each line says, or why it says nothing; `model` holds where a line names none."""
    batch, number = _Batch(), 0
    try:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield from _read_line(line, number, model, folder, batch)
    except DAMAGED_GZIP as error:
        yield LeftOut(line=number + 1, reason=f"the compressed log is cut off or damaged: {error}")
    for name, (waiting, _) in batch.waiting.items():
        yield LeftOut(line=waiting, reason=f"no request in it, and none of {name!r} in the log")


@dataclass(frozen=True, slots=True)
class _Batch:
    """Lines of a batch that wait for their other half, by `custom_id`: either may come first."""

    asked: dict[str, Any] = field(default_factory=dict)
    """Requests without a result yet."""
    waiting: dict[str, tuple[int, Mapping[str, Any]]] = field(default_factory=dict)
    """Results without a request yet, and their lines."""


def _read_line(
    line: str, number: int, model: str | None, folder: Path, batch: _Batch
) -> Iterator[Call | LeftOut]:
    """Yield what a line says: nothing, where it is half of what a batch says."""
    try:
        row = parse_json(line.removeprefix("data:"))
        if (found := _paired(row, number, batch)) is not None:
            yield _call(*found, model, folder)
    except OSError as error:
        yield LeftOut(line=number, reason=f"{error.filename}: {error.strerror}")
    except VlprepError as error:
        yield LeftOut(line=number, reason=str(error))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        yield LeftOut(line=number, reason=f"not a line of a log: {error}")


def _paired(row: Any, number: int, batch: _Batch) -> tuple[int, Mapping[str, Any], Any] | None:
    """Return the line of a reply, the reply's row and its request; `None` for half of these."""
    if not isinstance(row, Mapping):
        raise TypeError("an object is wanted")
    body, name = _body(row), str(row.get("custom_id"))
    if (asked := _asked_by(row)) is not None:
        if name not in batch.waiting:
            batch.asked[name] = asked
            return None
        number, row = batch.waiting.pop(name)
        return number, row, asked
    if body is None and row.get("custom_id") is not None:
        body = batch.asked.pop(name, None)
        if body is None and "media" not in row and name not in batch.waiting and _usage(row):
            batch.waiting[name] = number, row
            return None
    return number, row, body


def _asked_by(row: Mapping[str, Any]) -> Any:
    """Return the request of a line of a batch, whose result is another line; `None` for others."""
    if row.get("custom_id") is None or "response" in row:
        return None
    return row.get("body", row.get("params"))


def _usage(row: Mapping[str, Any]) -> Usage | None:
    return read_usage(_reply(row)) or read_usage(row)


def _call(number: int, row: Mapping[str, Any], body: Any, model: str | None, folder: Path) -> Call:
    reply, usage = _reply(row), _usage(row)
    if usage is None:
        raise ConstraintError("no usage in it")
    sent = read_body(body) if body is not None else SentBody()
    view = View.of(_model_of(row.get("model") or sent.model, model, reply.get("model")))
    if body is None and "media" not in row and usage.media_tokens != 0:
        raise ConstraintError(
            "no request in it, and no media: what was counted is not known; put the request body "
            "beside the usage as 'request', or files or sizes as 'media'"
        )
    media = _media(row, sent, view)
    text = hashlib.sha256(sent.text.encode("utf-8", "surrogatepass")).hexdigest()
    return Call(
        line=number,
        time=_time(row, reply),
        model=view.model.name,
        media=tuple(_probed(medium, view, folder) for medium in media),
        text="" if "text_tokens" in row else text,
        text_tokens=_whole(row, "text_tokens", 0),
        high_res=sent.high_res,
        served=sent.served,
        usage=usage,
    )


def _media(row: Mapping[str, Any], sent: SentBody, view: View) -> list[Medium | SentMedium]:
    """Return the media of a line; what is asked of each must be something that can be asked."""
    if not isinstance(row.get("media", []), list):
        raise ConstraintError("its media are no list")
    media = [_from_facts(one) for one in row.get("media", ())] or list(sent.media)
    for medium in media:
        if isinstance(medium, SentMedium):
            asking(medium, view)
        else:
            view.asking(**medium.asked)
    return media


_REQUESTS = ("request", "body", "request_body", "kwargs")
_REPLIES = ("response", "reply", "response_body", "result")
"""Keys of a line for what was sent and what came back."""


def _reply(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the reply of a line: its own, that of a batch, or the chunk with the usage."""
    reply: Any = next((row[key] for key in _REPLIES if row.get(key)), row)
    if isinstance(reply, str):
        events = [line for line in reply.splitlines() if line.startswith("data:")]
        chunks = [line[5:] for line in events if line[5:].strip() != "[DONE]"]
        reply = list(map(parse_json, chunks)) if events else parse_json(reply)
    if isinstance(reply, list):
        return next((chunk for chunk in reversed(reply) if read_usage(chunk)), {})
    inner = reply.get("body", reply.get("message"))
    return inner if reply is not row and isinstance(inner, Mapping) else reply


def _body(row: Mapping[str, Any]) -> Any:
    """Return the request of a line; `None` where it has none."""
    body = next((row[key] for key in _REQUESTS if row.get(key)), None)
    body = parse_json(body) if isinstance(body, str) else body
    if isinstance(body, Mapping) and isinstance(body.get("body"), Mapping):
        return body["body"]
    has_messages = row.get("messages") or isinstance(row.get("input"), list | Mapping)
    return row if body is None and has_messages else body


def _model_of(stated: Any, given: str | None, replied: Any) -> ModelSpec:
    """Return the model of a line; what is given holds where the line names none that is known.

    A server of weights calls them as its owner likes.
    """
    name = stated or given or replied
    if not isinstance(name, str):
        raise ConstraintError("no model in it, and none is given")
    try:
        return _model_named(name)
    except UnknownModelError as error:
        if given is None:
            near = f" Did you mean {' or '.join(error.suggestions)}?" if error.suggestions else ""
            problem = f"unknown model {name!r}.{near} `model` says which one it stands for."
            raise ConstraintError(problem) from error
    return _model_named(given)


def _model_named(name: str) -> ModelSpec:
    """Return a model by its name, before which a gateway may have put that of the provider."""
    try:
        return get_model(name)
    except UnknownModelError:
        _, _, own = name.partition("/")
        if not own:
            raise
    return get_model(own)


def _whole(row: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = row.get(key, default)
    if not isinstance(value, int) or not is_number(value):
        raise ConstraintError(f"{key} is no whole number")
    return value


def _from_facts(row: Any) -> Medium | SentMedium:
    if isinstance(row, str):
        return SentMedium(address=row)
    size = ImageSize(_whole(row, "height"), _whole(row, "width"))
    asked = {key: row[key] for key in ("min_pixels", "max_pixels") if key in row}
    if "frames" not in row:
        return Medium(ImageInfo(size=size, format=row.get("format", "JPEG")), asked)
    rate = parse_rate(str(row["fps"])) if row.get("fps") else None
    asked |= {"fps": row["asked_fps"]} if "asked_fps" in row else {}
    return Medium(VideoInfo(size=size, frame_count=_whole(row, "frames"), fps=rate), asked)


def _probed(medium: Medium | SentMedium, view: View, folder: Path) -> Medium:
    if not isinstance(medium, SentMedium):
        return medium
    if medium.on_the_web:
        problem = "a medium by web address, which is not fetched; give its facts as `media`"
        raise ConstraintError(f"{problem}: {medium.on_the_web[:60]}")
    info = probe_media(medium_source(medium, folder), view).info
    return Medium(info, medium.asked, beside=True)


def _time(row: Mapping[str, Any], reply: Mapping[str, Any]) -> datetime | None:
    own = ((row, key) for key in ("time", "timestamp", "startTime"))
    for table, key in (*own, (reply, "created"), (reply, "created_at")):
        value = table.get(key)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS else value, UTC)
        if isinstance(value, str):
            read = _written_time(value)
            return read if read.tzinfo else read.replace(tzinfo=UTC)
    return None


def _written_time(text: str) -> datetime:
    """Return a time as people write it: of ISO 8601, of mail and HTTP, or seconds as text."""
    if text.replace(".", "", 1).isdecimal() and len(text) > _YEAR_MONTH_DAY:
        return datetime.fromtimestamp(float(text), UTC)
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(text)
        except ValueError:
            continue
    raise ConstraintError(f"{text!r} is no time: ISO 8601 is wanted, or seconds since 1970")


_YEAR_MONTH_DAY = 8
"""Digits of a day in ISO 8601; seconds since 1970 have more."""

_MILLISECONDS = 1e11
"""A time above it is not in seconds, which would be in the year 5138."""
