"""The forms of a request: OpenAI-compatible and DashScope's own, over HTTP and by their SDKs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vlprep.payload.parts import Json, MediaPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a request asks for beside its messages."""

    model: str
    """Name of the model, as the service is to hear it."""
    stream: bool
    """Whether the reply comes in pieces."""
    extras: Mapping[str, Any]
    """Fields that are the vendor's own, by name."""
    sampling: Mapping[str, float | int] = field(default_factory=dict)
    """How words are to be chosen, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one protocol writes messages and requests."""

    media: Callable[[MediaPart], Json]
    """A part of a message, from media."""
    text: Callable[[str], Json]
    """A part of a message, from text."""
    system: Callable[[str], Json]
    """A system message."""
    call: Callable[[Sequence[Json], Settings, bool], Json]
    """The body that is posted, or the keyword arguments of the vendor's function in Python."""
    stream_headers: Mapping[str, str] = field(default_factory=dict)
    """HTTP headers that ask for a stream."""

    def headers(self, settings: Settings) -> dict[str, str]:
        """Return the HTTP headers that belong to the body."""
        stream = self.stream_headers if settings.stream else {}
        return {"Content-Type": "application/json", **stream}


def _stated(part: MediaPart) -> Json:
    """Return what is stated of media: a rate is 2 rather than 2.0, as in the guides."""
    rate = part.fps if part.states_fps else None
    said = {} if rate is None else {"fps": int(rate) if rate == int(rate) else rate}
    return {**said, **part.limits}


# OpenAI-compatible: pixel limits stand beside `image_url`, not in it; the vendor's own fields are
# at the top of the body, where the Python SDK puts what is in `extra_body`.


def _openai_media(part: MediaPart) -> Json:
    if part.list_type is not None:
        content: Json = {"type": "video_url", "video_url": {"url": _joined(part)}}
    elif part.kind == "frames":
        content = {"type": "video", "video": [file.address for file in part.files]}
    else:
        kind = f"{part.kind}_url"
        content = {"type": kind, kind: {"url": part.files[0].address}}
    return content | _stated(part)


def _joined(part: MediaPart) -> str:
    """Return one data URL of all images of a list, their Base64 joined by commas."""
    contents = (file.address.partition(",")[2] for file in part.files)
    return f"data:{part.list_type};base64,{','.join(contents)}"


def _openai_call(messages: Sequence[Json], settings: Settings, sdk: bool) -> Json:
    call: Json = {"model": settings.model, "messages": list(messages)}
    if settings.stream:
        call |= {"stream": True, "stream_options": {"include_usage": True}}
    extras: Json = dict(settings.extras)
    for name, value in settings.sampling.items():
        (call if name in OPENAI_SAMPLING else extras)[name] = value
    return call | ({"extra_body": extras} if sdk and extras else extras)


OPENAI_SAMPLING = ("temperature", "seed", "presence_penalty")
"""Values of sampling that are no vendor's own."""

OPENAI = Form(
    media=_openai_media,
    text=lambda text: {"type": "text", "text": text},
    system=lambda text: {"role": "system", "content": text},
    call=_openai_call,
)


# DashScope: over HTTP the vendor's fields are in `parameters`, and a header asks for the stream;
# the SDK makes both of keyword arguments.


def _dashscope_media(part: MediaPart) -> Json:
    addresses = [file.address for file in part.files]
    kind = "image" if part.kind == "image" else "video"
    return {kind: addresses if part.kind == "frames" else addresses[0]} | _stated(part)


def _dashscope_call(messages: Sequence[Json], settings: Settings, sdk: bool) -> Json:
    said = {"messages": list(messages)}
    parameters: Json = {**settings.sampling, **settings.extras}
    if settings.stream:
        parameters["incremental_output"] = True
    if not sdk:
        return {"model": settings.model, "input": said, "parameters": parameters}
    stream = {"stream": True} if settings.stream else {}
    return {"model": settings.model, **said, **stream, **parameters}


DASHSCOPE = Form(
    media=_dashscope_media,
    text=lambda text: {"text": text},
    system=lambda text: {"role": "system", "content": [{"text": text}]},
    call=_dashscope_call,
    stream_headers={"X-DashScope-SSE": "enable"},
)

FORMS = {"openai": OPENAI, "dashscope": DASHSCOPE}
"""By the names of the catalogue's APIs."""
