"""Find the media and the text in messages, in the spellings of every protocol that has them.

Known are the bodies of OpenAI's chat and responses, of DashScope, Anthropic and Bedrock's Converse,
and messages as `qwen_vl_utils` and the chat templates of transformers take them. Rows of data sets
are in `rows`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from vlprep.errors import ConstraintError
from vlprep.media.addresses import local_path
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

SIZE = ("resized_height", "resized_width")
"""Fields beside a medium that state the size to which qwen-vl-utils resizes it."""

_NOT_ASKED = ("num_frames", "sample_fps", "raw_fps", "enable_rotate", "detail")
"""Fields beside a medium that some libraries and services go by, and no option of a view says."""

_FIELDS = (*ASKED, *SIZE, *_NOT_ASKED)

_SERVED = ("mm_processor_kwargs", "media_io_kwargs")
"""Fields of a request in which servers of weights look; `Server.read` knows what they say."""

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
    "image": ("url", "path", "base64", "data"),
    "video": ("url", "path", "base64", "data"),
}
"""Fields beside the type of a part, as chat templates, LangChain 1 and MCP have them."""

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
    size: tuple[Any, Any] | None = None
    """Height and width that are stated for it, which some rules go by."""
    ignored: tuple[str, ...] = ()
    """Fields beside it that ask for something which is not counted."""

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
    """What else is in it, "audio" or "file", once for each, and columns that may name media."""
    served: Mapping[str, Any] = field(default_factory=dict)
    """What it states of media to a server of weights, by the names of the fields."""
    ignored: tuple[str, ...] = ()
    """Options of a view that stand beside the messages, where no service and no server looks."""


def read_body(body: Mapping[str, Any]) -> SentBody:
    """Return the media and the text of a request.

    What a client is to add to it (`extra_body`) is read as a part of it.

    Raises `ConstraintError` for a body without messages, and a switch that is neither on nor off.

    >>> part = {"type": "image_url", "image_url": {"url": "photo.jpg"}}
    >>> read_body({"messages": [{"role": "user", "content": [part]}]}).media[0].address
    'photo.jpg'
    """
    body = {**body, **_table(body, "extra_body")}
    messages = _messages(body)
    said = read_parts(messages)
    if body.get("tools") or any(
        isinstance(one, Mapping) and one.get("tool_calls") for one in messages
    ):
        said["not_counted"] += ("tools",)
    return SentBody(
        **said,
        model=body.get("model") if isinstance(body.get("model"), str) else None,
        high_res=_switch({**body, **_table(body, "parameters")}, "vl_high_resolution_images"),
        served={name: own for name in _SERVED if (own := _table(body, name))},
        ignored=tuple(name for name in _FIELDS if body.get(name) not in _NOTHING),
    )


def _table(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = body.get(key)
    return value if isinstance(value, Mapping) else {}


def _switch(settings: Mapping[str, Any], key: str) -> bool:
    value = settings.get(key) or False
    if value not in (True, False):
        raise ConstraintError(f"{key} is {value!r}; true or false is wanted")
    return bool(value)


def read_parts(messages: Sequence[Any]) -> dict[str, Any]:
    """Return what messages hold, as the fields of a `SentBody`."""
    parts = [part for message in messages for part in _parts(_unwrapped(message))]
    media = list(map(read_medium, parts))
    texts = (part.get("text") for part in parts)
    return {
        "media": tuple(filter(None, media)),
        "unfilled": tuple(
            _TYPES[kind]
            for part, medium in zip(parts, media, strict=True)
            if medium is None and (kind := _type(part)) in _TYPES
        ),
        "text": "\n".join(text for text in texts if isinstance(text, str)),
        "not_counted": tuple(
            name
            for part, medium in zip(parts, media, strict=True)
            if medium is None and (name := _other_kind(_type(part)))
        ),
    }


def _type(part: Mapping[str, Any]) -> str:
    """Return the type that a part states; something empty where it states none."""
    type = part.get("type")
    return type if isinstance(type, str) else ""


def _other_kind(type: str) -> str | None:
    """Return what a person calls a part that is neither an image, a video nor text."""
    if type in _NOT_COUNTED or type in _TYPES:
        return _NOT_COUNTED.get(type)
    return type if "image" in type or "video" in type else None


def _messages(body: Mapping[str, Any]) -> Sequence[Any]:
    inner = body.get("input")  # DashScope has an object there, the responses of OpenAI a list
    found = inner.get("messages") if isinstance(inner, Mapping) else body.get("messages", inner)
    if isinstance(found, str):
        found = [{"content": found}]
    if not isinstance(found, Sequence):
        raise ConstraintError("a request without messages")
    system = body.get("system") or body.get("instructions")  # beside the messages, they are text
    return [{"content": system}, *found] if system else found


def _parts(message: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the parts of a message, those inside results of tools too."""
    if isinstance(message, str):
        yield {"text": message}
        return
    if not isinstance(message, Mapping):
        raise ConstraintError(f"a message is an object, not {type(message).__name__}")
    pictures = message.get("images") or ()  # as Ollama takes them
    for picture in pictures if isinstance(pictures, list | tuple) else (pictures,):
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
                    yield from _parts(_table(part, "toolResult") or part)  # the one is Bedrock's


def _unwrapped(message: Any) -> Any:
    """Return a message out of what LangChain wraps around one that it writes down."""
    if not isinstance(message, Mapping) or "content" in message:
        return message
    inner = (_table(message, key) for key in ("data", "kwargs"))
    return next((one for one in inner if "content" in one), message)


def read_medium(part: Mapping[str, Any]) -> SentMedium | None:
    """Return the image or the video that a part of a message holds, if it holds one.

    >>> read_medium({"video": "street.mp4", "fps": 2}).asked
    {'fps': 2}
    """
    asked = {ASKED[name]: part[name] for name in ASKED if part.get(name) is not None}
    kind, value = _held(part)
    if not (is_held(value) or value):
        return None
    height, width = map(part.get, SIZE)
    return SentMedium(
        address=read_address(value),
        asked=asked,
        kind=kind,
        size=None if height is None or width is None else (height, width),
        ignored=tuple(_ignored(part)),
    )


def _held(part: Mapping[str, Any]) -> tuple[MediumKind, Any]:
    """Return what a part holds, and its kind; something empty where it holds no medium."""
    if part.get("type") == "image" and isinstance(source := part.get("source"), Mapping):
        return "image", _anthropic(source)
    for key, kind in KEYS.items():
        value = part.get(key)
        if isinstance(value, Mapping):
            value = value.get("url") or value.get("bytes") or value.get("path") or _bedrock(value)
        if is_held(value) or value:
            return kind, value
    return _templated(part)


def _bedrock(medium: Mapping[str, Any]) -> Any:
    """Return what Converse has in an image or a video: its content, or where it is stored."""
    source = _table(medium, "source")
    content = source.get("bytes")
    if isinstance(content, str):
        return f"data:;base64,{content}"
    return content or _table(source, "s3Location").get("uri")


def _templated(part: Mapping[str, Any]) -> tuple[MediumKind, Any]:
    """Return the medium of a part as chat templates have it: its type, and its place beside it."""
    for kind, names in _PLACES.items():
        if part.get("type") == kind and (name := next(filter(part.get, names), None)):
            in_base64 = name in ("base64", "data")
            return kind, f"data:;base64,{part[name]}" if in_base64 else part[name]
    return "image", None


def _ignored(part: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields that ask for what is not counted, or stand where nobody reads them."""
    yield from (name for name in _NOT_ASKED if part.get(name) not in _NOTHING)
    sides = [name for name in SIZE if part.get(name) is not None]
    yield from sides if len(sides) == 1 else ()  # which count together only
    for key in KEYS:
        inside = _table(part, key)
        own = (name for name in _FIELDS if inside.get(name) not in _NOTHING)
        yield from (f"{key}.{name}" for name in own)


_NOTHING = (None, False, "auto")
"""Values of a field that ask for nothing."""


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
    if is_list_url(value):
        return tuple(f"data:image/jpeg;base64,{one}" for one in value[len(_LIST_URL) :].split(","))
    return _one_address(value)


_LIST_URL = "data:video/jpeg;base64,"


def is_list_url(value: Any) -> bool:
    """Say whether a data URL holds the frames of a list, joined by commas, as vLLM takes them."""
    return isinstance(value, str) and value[: len(_LIST_URL)].lower() == _LIST_URL


def _one_address(value: Any) -> OneAddress:
    if isinstance(value, Mapping):
        value = value.get("bytes") or value.get("path") or value.get("url")
    if isinstance(value, bytes) or is_held(value):
        return value
    if not isinstance(value, str):
        raise ConstraintError(f"neither a path nor an address nor bytes: {type(value).__name__}")
    return local_path(value)
