"""Find the media inside a request body, wherever they stand, and what it only names.

A medium is any data URL of an image or a video, any object of Base64 beside its type, as Anthropic
and tools have it, or its format, as Bedrock has it, and Base64 alone where parts of messages, and
Ollama, have their media. So results of tools are covered, and shapes that are not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, TypeAlias

from vlprep.media.addresses import is_base64, is_data_url
from vlprep.messages.bodies import ASKED, KEYS, MediumKind, is_list_url

JsonPath: TypeAlias = tuple[str | int, ...]
"""Keys and places that lead to a value of a document."""

_TYPES = ("media_type", "mimeType", "mime_type", "mediaType")
"""Keys beside Base64 that say what it is."""

_DATA = ("data", "base64")
"""Keys of Base64 beside its type."""

FORMAT = "format"
"""Key of a type without its kind, as Bedrock has it."""

_PARTS = frozenset({"content", "output"})
"""Keys under which parts of a message stand, or one alone."""

_NO_MEDIA = _PARTS | {"text", "system", "instructions", "input", "prompt", "arguments", "thinking"}
"""Keys of what is text whatever it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A medium of a request: inside the body, or named only."""

    path: JsonPath
    """Of the string that holds it, or names it."""
    part: JsonPath
    """Of the part of a message that it belongs to."""
    kind: MediumKind
    """What the body says that it is."""
    url: str | None = field(default=None, repr=False)
    """Its data URL, or bare Base64; `None` for what is not inside the body."""
    type_path: JsonPath | None = None
    """Of the string that says its type, where `path` is bare Base64."""
    bare: bool = False
    """Whether `url` is bare Base64, of a type that nothing says."""
    list_path: JsonPath | None = None
    """Of the list that stands for a video, where it is a frame."""
    fills_part: bool = False
    """Whether the part is there for it alone."""
    asked: Mapping[str, Any] = field(default_factory=dict)
    """Options of a view that stand beside it."""

    @property
    def is_frame(self) -> bool:
        """Whether it is one of a list that stands for a video."""
        return self.list_path is not None

    @property
    def name(self) -> str:
        """Where it is, as one writes it.

        >>> Medium(path=("a", 0, "b"), part=(), kind="image").name
        'a[0].b'
        """
        keys = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path)
        return "".join(keys).removeprefix(".")


def find_media(body: Any) -> Iterator[Medium]:
    """Yield the media of a body in the order of the document.

    >>> body = {"messages": [{"content": [{"image": "data:image/gif;base64,R0lG", "fps": 2}]}]}
    >>> [medium.name for medium in find_media(body)]
    ['messages[0].content[0].image']
    """
    waiting: list[tuple[JsonPath, Any, JsonPath]] = [((), body, ())]
    while waiting:  # no recursion: bodies of strangers may be nested as deep as they like
        path, value, part = waiting.pop()
        if isinstance(value, str):
            if medium := _of_text(path, value, part, body):
                yield medium
        elif isinstance(value, Mapping):
            part = path if _is_part(path) else part
            if found := _of_object(path, value, part, body):
                yield found
            waiting += reversed([((*path, key), one, part) for key, one in value.items()])
        elif isinstance(value, list | tuple):
            waiting += reversed([((*path, place), one, part) for place, one in enumerate(value)])


def value_at(body: Any, path: JsonPath) -> Any:
    """Return the value that a path leads to."""
    for key in path:
        body = body[key]
    return body


def _is_part(path: JsonPath) -> bool:
    """Say whether an object there is a part of a message."""
    in_list = bool(path) and isinstance(path[-1], int)
    return not _PARTS.isdisjoint(path[-2:-1] if in_list else path[-1:])


def _of_text(path: JsonPath, text: str, part: JsonPath, body: Any) -> Medium | None:
    around = value_at(body, part) if part else {}
    inside = path[len(part) :]
    kind = _named(inside, around.get("type")) if part else None
    is_data, is_bare, start = is_data_url(text), False, text[:11].lower()
    if start in ("data:image/", "data:video/") and path[-1:] and path[-1] not in _NO_MEDIA:
        shown: MediumKind = "video" if start == "data:video/" else "image"
    elif is_bare := _is_bare(path, kind) and is_base64(text):
        shown = kind or "image"
    elif kind and text:
        shown = kind
    else:
        return None
    is_frame = inside[:1] == ("video",) and len(inside) > 1 and isinstance(inside[1], int)
    return Medium(
        path=path,
        part=part,
        kind=shown,
        url=text if is_bare or (is_data and not is_list_url(text)) else None,
        bare=is_bare,
        list_path=(*part, "video") if is_frame else None,
        fills_part=kind is not None,
        asked=_asked(around),
    )


def _is_bare(path: JsonPath, kind: MediumKind | None) -> bool:
    """Say whether Base64 alone may stand in a place: where media are named, and Ollama's lists."""
    return kind is not None or path[-2:-1] == ("images",)


def _named(inside: JsonPath, type: Any) -> MediumKind | None:
    """Return what a text inside a part names, by its place and the part's type; `None`: nothing."""
    match inside:
        case (str(key),) | (str(key), "url") if key in KEYS:
            return KEYS[key]
        case (str(key), "source", "s3Location", "uri") if key in KEYS:
            return KEYS[key]
        case ("video", int()) | ("video", int(), "url"):
            return "image"
        case ("file_id",) if type == "input_image":
            return "image"
        case ("source", "url" | "file_id") if type == "image":
            return "image"
    return None


def _of_object(
    path: JsonPath, value: Mapping[str, Any], part: JsonPath, body: Any
) -> Medium | None:
    """Return the medium of an object that is Base64 beside its type."""
    for key, type, place, data in _beside_type(path, value):
        if isinstance(type, str) and isinstance(data, str) and _is_shown(type):
            return Medium(
                path=(*path, *place),
                part=part,
                kind="video" if type.lower().startswith("video/") else "image",
                url=f"data:{type};base64,{data}",
                type_path=(*path, key),
                fills_part=bool(part) and _fills(path[len(part) :]),
                asked=_asked(value_at(body, part) if part else {}),
            )
    return None


def _fills(inside: JsonPath) -> bool:
    """Say whether an object at a place of a part is all of its medium."""
    return inside in ((), ("source",), ("image",), ("video",))


def _beside_type(
    path: JsonPath, value: Mapping[str, Any]
) -> Iterator[tuple[str, Any, JsonPath, Any]]:
    """Yield where a type may stand, and what it is; where its Base64 may stand, and that."""
    for key, place in product(_TYPES, _DATA):
        yield key, value.get(key), (place,), value.get(place)
    source = value.get("source")
    if path[-1:] in (("image",), ("video",)) and isinstance(source, Mapping):
        yield FORMAT, f"{path[-1]}/{value.get(FORMAT)}", ("source", "bytes"), source.get("bytes")


def _is_shown(type: str) -> bool:
    return type.lower().startswith(("image/", "video/"))


def _asked(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options beside a medium, those that are numbers."""
    return {ASKED[key]: part[key] for key in ASKED if type(part.get(key)) in (int, float)}
