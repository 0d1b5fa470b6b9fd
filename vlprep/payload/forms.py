"""The forms of a request: OpenAI-compatible and DashScope's own, over HTTP and by their SDKs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vlprep.payload.parts import Json, MediaPart

_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a request asks for beside its messages."""

    model: str
    """Name of the model, as the service is to hear it."""
    stream: bool
    """Whether the reply comes in pieces."""
    extras: Mapping[str, bool | int]
    """Fields that are the vendor's own, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one protocol writes messages and requests."""

    media: Callable[[MediaPart], Json]
    """A part of a message, from media."""
    text: Callable[[str], Json]
    """A part of a message, from text."""
    system: Callable[[str], Json]
    """A system message."""
    body: Callable[[Sequence[Json], Settings], Json]
    """The body that is posted."""
    arguments: Callable[[Sequence[Json], Settings], Json]
    """Keyword arguments of the vendor's function in Python."""
    headers: Callable[[Settings], dict[str, str]]
    """HTTP headers that belong to the body."""


def _rate(part: MediaPart) -> Json:
    """Return the field of the frame rate, if it is stated: 2 rather than 2.0, as the guides do."""
    rate = part.fps
    if rate is None or not part.states_fps:
        return {}
    return {"fps": int(rate) if rate == int(rate) else rate}


# OpenAI-compatible: pixel limits stand beside `image_url`, not in it; the vendor's own fields are
# at the top of the body, where the Python SDK puts what is in `extra_body`.


def _openai_media(part: MediaPart) -> Json:
    if part.kind == "frames":
        content: Json = {"type": "video", "video": [file.address for file in part.files]}
    else:
        field = f"{part.kind}_url"
        content = {"type": field, field: {"url": part.files[0].address}}
    return content | _rate(part) | dict(part.limits)


def _openai_body(messages: Sequence[Json], settings: Settings) -> Json:
    return _openai_call(messages, settings) | dict(settings.extras)


def _openai_arguments(messages: Sequence[Json], settings: Settings) -> Json:
    extra = {"extra_body": dict(settings.extras)} if settings.extras else {}
    return _openai_call(messages, settings) | extra


def _openai_call(messages: Sequence[Json], settings: Settings) -> Json:
    call: Json = {"model": settings.model, "messages": list(messages)}
    if settings.stream:
        call |= {"stream": True, "stream_options": {"include_usage": True}}
    return call


OPENAI = Form(
    media=_openai_media,
    text=lambda text: {"type": "text", "text": text},
    system=lambda text: {"role": "system", "content": text},
    body=_openai_body,
    arguments=_openai_arguments,
    headers=lambda settings: dict(_JSON),
)


# DashScope: over HTTP the vendor's fields are in `parameters`, and a header asks for the stream;
# the SDK makes both of keyword arguments.


def _dashscope_media(part: MediaPart) -> Json:
    addresses = [file.address for file in part.files]
    if part.kind == "image":
        content: Json = {"image": addresses[0]}
    else:
        content = {"video": addresses if part.kind == "frames" else addresses[0]}
    return content | _rate(part) | dict(part.limits)


def _dashscope_body(messages: Sequence[Json], settings: Settings) -> Json:
    parameters = _dashscope_parameters(settings)
    return {
        "model": settings.model,
        "input": {"messages": list(messages)},
        "parameters": parameters,
    }


def _dashscope_arguments(messages: Sequence[Json], settings: Settings) -> Json:
    call: Json = {"model": settings.model, "messages": list(messages)}
    if settings.stream:
        call["stream"] = True
    return call | _dashscope_parameters(settings)


def _dashscope_parameters(settings: Settings) -> Json:
    parameters: Json = dict(settings.extras)
    if settings.stream:
        parameters["incremental_output"] = True
    return parameters


def _dashscope_headers(settings: Settings) -> dict[str, str]:
    return _JSON | ({"X-DashScope-SSE": "enable"} if settings.stream else {})


DASHSCOPE = Form(
    media=_dashscope_media,
    text=lambda text: {"text": text},
    system=lambda text: {"role": "system", "content": [{"text": text}]},
    body=_dashscope_body,
    arguments=_dashscope_arguments,
    headers=_dashscope_headers,
)

FORMS = {"openai": OPENAI, "dashscope": DASHSCOPE}
"""By the names of the catalogue's APIs."""
