"""Find the media and the text in messages, in the spellings of every protocol that has them.

Known are the bodies of OpenAI's chat and responses, of DashScope and of Anthropic, and messages as
`qwen_vl_utils` and the chat templates of transformers take them. Rows of data sets are in `rows`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from urllib.parse import unquote, urlsplit

from vlprep.errors import ConstraintError
from vlprep.media.source import Held, is_held

OneAddress: TypeAlias = str | bytes | Held
"""A path, a data URL, a web address, the content, or a picture in memory."""

Address: TypeAlias = OneAddress | tuple[OneAddress, ...]
"""What a message or a row says of one medium; several are the frames of a list."""

MediumKind: TypeAlias = Literal["image", "video"]

_WEB = ("http", "https", "s3", "gs", "oss")

ASKED = {
    **{name: name for name in ("min_pixels", "max_pixels", "total_pixels", "fps")},
    **{name: name for name in ("nframes", "min_frames", "max_frames")},
    "video_start": "start_seconds",
    "video_end": "end_seconds",
}
"""Fields beside a medium that change what it costs, and the options of a view that say the same."""

KEYS: dict[str, MediumKind] = {
    "image_url": "image",
    "image": "image",
    "video_url": "video",
    "video": "video",
}
"""Fields of a part that hold an address."""

_TYPES: dict[str, MediumKind] = {
    **KEYS,
    "input_image": "image",
    "input_video": "video",
}
"""Types of parts that stand for an image or a video, whether they hold it or only name it."""

_PLACES: dict[MediumKind, tuple[str, ...]] = {
    "image": ("url", "path", "base64"),
    "video": ("url", "path"),
}
"""Fields in which the chat templates of transformers 5.24 look, by the type of the part."""

_NOT_COUNTED = {
    "input_audio": "audio",
    "audio_url": "audio",
    "audio": "audio",
    "input_file": "file",
    "file": "file",
    "document": "file",
}
"""Types of parts that are neither images, videos nor text, and what a person calls them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMedium:
    """An image or a video of a message, and what the message asks of it."""

    address: Address = field(repr=False)
    asked: Mapping[str, Any] = field(default_factory=dict)
    """Options of a view, by name."""
    kind: MediumKind = "image"
    """What the message says that it is."""

    @property
    def on_the_web(self) -> str | None:
        """The first web address of it; `None` where all of it is at hand."""
        all_of_it = self.address if isinstance(self.address, tuple) else (self.address,)
        texts = (one for one in all_of_it if isinstance(one, str))
        return next((one for one in texts if urlsplit(one[:256]).scheme.lower() in _WEB), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBody:
    """What a request, or a sample of a data set, holds."""

    media: tuple[SentMedium, ...] = ()
    text: str = ""
    """All text, message by message."""
    model: str | None = None
    high_res: bool = False
    unfilled: tuple[MediumKind, ...] = ()
    """The kinds of the media that a part names and does not hold: uploaded before, or in a column
    of the data set."""
    not_counted: tuple[str, ...] = ()
    """What else is in it, "audio" or "file", once for each."""


def read_body(body: Mapping[str, Any]) -> SentBody:
    """Return the media and the text of a request.

    Raises `ConstraintError` for a body without messages.

    >>> part = {"type": "image_url", "image_url": {"url": "photo.jpg"}}
    >>> read_body({"messages": [{"role": "user", "content": [part]}]}).media[0].address
    'photo.jpg'
    """
    settings = body.get("parameters") if isinstance(body.get("parameters"), Mapping) else body
    return SentBody(
        **read_parts(_messages(body)),
        model=body.get("model") if isinstance(body.get("model"), str) else None,
        high_res=bool(settings and settings.get("vl_high_resolution_images")),
    )


def read_parts(messages: Sequence[Any]) -> dict[str, Any]:
    """Return what messages hold, as the fields of a `SentBody`."""
    parts = [part for message in messages for part in _parts(message)]
    media = list(map(read_medium, parts))
    texts = (part.get("text") for part in parts)
    return {
        "media": tuple(filter(None, media)),
        "unfilled": tuple(
            _TYPES[kind]
            for part, medium in zip(parts, media, strict=True)
            if medium is None and (kind := part.get("type")) in _TYPES
        ),
        "text": "\n".join(text for text in texts if isinstance(text, str)),
        "not_counted": tuple(
            _NOT_COUNTED[kind] for part in parts if (kind := part.get("type")) in _NOT_COUNTED
        ),
    }


def _messages(body: Mapping[str, Any]) -> Sequence[Any]:
    inner = body.get("input")  # DashScope has an object there, the responses of OpenAI a list
    found = inner.get("messages") if isinstance(inner, Mapping) else body.get("messages", inner)
    if isinstance(found, str):
        found = [{"content": found}]
    if not isinstance(found, Sequence):
        raise ConstraintError("a request without messages")
    system = body.get("system")  # Anthropic's, beside the messages
    return [{"content": system}, *found] if system else found


def _parts(message: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the parts of a message, those inside results of tools too."""
    if not isinstance(message, Mapping):
        return
    for picture in message.get("images") or ():  # as Ollama takes them
        yield {"image": picture}
    for key in ("content", "output"):
        content = message.get(key)
        if isinstance(content, str):
            yield {"text": content}
        elif isinstance(content, Mapping):
            yield content
        elif isinstance(content, Sequence):
            for part in content:
                if isinstance(part, str):
                    yield {"text": part}
                elif isinstance(part, Mapping):
                    yield part
                    yield from _parts(part)


def read_medium(part: Mapping[str, Any]) -> SentMedium | None:
    """Return the image or the video that a part of a message holds, if it holds one.

    >>> read_medium({"video": "street.mp4", "fps": 2}).asked
    {'fps': 2}
    """
    asked = {ASKED[name]: part[name] for name in ASKED if part.get(name) is not None}
    if part.get("type") == "image" and isinstance(source := part.get("source"), Mapping):
        address = _anthropic(source)
        return SentMedium(address=address, asked=asked) if address else None
    for key, kind in KEYS.items():
        value = part.get(key)
        if isinstance(value, Mapping):
            value = value.get("url") or value.get("bytes") or value.get("path")
        if is_held(value) or value:
            return SentMedium(address=read_address(value), asked=asked, kind=kind)
    return _templated(part, asked)


def _templated(part: Mapping[str, Any], asked: Mapping[str, Any]) -> SentMedium | None:
    """Return the medium of a part as chat templates have it: its type, and its place beside it."""
    for kind, names in _PLACES.items():
        if part.get("type") == kind and (name := next(filter(part.get, names), None)):
            value = f"data:;base64,{part[name]}" if name == "base64" else part[name]
            return SentMedium(address=read_address(value), asked=asked, kind=kind)
    return None


def _anthropic(source: Mapping[str, Any]) -> str | None:
    if source.get("type") == "base64":
        return f"data:{source.get('media_type')};base64,{source.get('data')}"
    return source.get("url")


def read_address(value: Any) -> Address:
    """Return what a message or a row says of one medium: its address, or those of its frames.

    A mapping of `bytes` and `path`, as data sets have it, is its content where that is there.
    Raises `ConstraintError` for what is no address.

    >>> read_address("file:///a%20b.jpg"), read_address({"bytes": None, "path": "c.png"})
    ('/a b.jpg', 'c.png')
    """
    if isinstance(value, list | tuple):
        return tuple(_one_address(one) for one in value)
    return _one_address(value)


def _one_address(value: Any) -> OneAddress:
    if isinstance(value, Mapping):
        value = value.get("bytes") or value.get("path") or value.get("url")
    if isinstance(value, bytes) or is_held(value):
        return value
    if not isinstance(value, str):
        raise ConstraintError(f"neither a path nor an address nor bytes: {type(value).__name__}")
    is_file = value[:5].lower() == "file:"
    return unquote(urlsplit(value).path) if is_file else value
