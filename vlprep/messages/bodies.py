"""Find the media and the text in a request body, in the spellings of both protocols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

from vlprep.errors import ConstraintError

Address: TypeAlias = str | tuple[str, ...]
"""A path, a data URL or a web address; several are the frames of a list."""

_WEB = ("http", "https", "oss")

LIMITS = ("min_pixels", "max_pixels", "total_pixels", "fps")
"""Fields beside a medium that change what it costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMedium:
    """An image or a video of a request, and what the request asks of it."""

    address: Address
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def on_the_web(self) -> str | None:
        """The first web address of it; `None` where all of it is at hand."""
        all_of_it = [self.address] if isinstance(self.address, str) else self.address
        return next((one for one in all_of_it if urlsplit(one).scheme.lower() in _WEB), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBody:
    """What a request holds."""

    media: tuple[SentMedium, ...]
    text: str
    """All text, message by message."""
    model: str | None
    high_res: bool


def read_body(body: Mapping[str, Any]) -> SentBody:
    """Return the media and the text of a request of the OpenAI or the DashScope protocol.

    Raises `ConstraintError` for a body without messages.

    >>> part = {"type": "image_url", "image_url": {"url": "photo.jpg"}}
    >>> read_body({"messages": [{"role": "user", "content": [part]}]}).media[0].address
    'photo.jpg'
    """
    inner = body.get("input")
    messages = inner.get("messages") if isinstance(inner, Mapping) else body.get("messages")
    if not isinstance(messages, Sequence) or isinstance(messages, str):
        raise ConstraintError("a request without messages")
    parts = [part for message in messages for part in _parts(message)]
    settings = body.get("parameters") if isinstance(body.get("parameters"), Mapping) else body
    return SentBody(
        media=tuple(filter(None, map(_medium, parts))),
        text="\n".join(part["text"] for part in parts if isinstance(part.get("text"), str)),
        model=body.get("model") if isinstance(body.get("model"), str) else None,
        high_res=bool(settings and settings.get("vl_high_resolution_images")),
    )


def _parts(message: Any) -> Iterator[Mapping[str, Any]]:
    content = message.get("content") if isinstance(message, Mapping) else None
    if isinstance(content, str):
        yield {"text": content}
    elif isinstance(content, Sequence):
        yield from (part for part in content if isinstance(part, Mapping))


def _medium(part: Mapping[str, Any]) -> SentMedium | None:
    for key in ("image_url", "video_url", "image", "video"):
        value = part.get(key)
        if isinstance(value, Mapping):
            value = value.get("url")
        if value:
            asked = {name: part[name] for name in LIMITS if name in part}
            return SentMedium(address=_address(value), asked=asked)
    return None


def _address(value: Any) -> Address:
    if isinstance(value, str):
        return _local(value)
    return tuple(_local(str(one)) for one in value)


def _local(address: str) -> str:
    is_file = address[:5].lower() == "file:"
    return unquote(urlsplit(address).path) if is_file else address
