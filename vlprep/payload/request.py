"""Whole requests for the services' chat APIs, with media in them. Nothing is sent from here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vlprep.check.check import check_media
from vlprep.check.rule import Finding
from vlprep.errors import CheckError, ConstraintError
from vlprep.media.source import SourceLike
from vlprep.models.registry import get_api, get_model, get_route
from vlprep.models.service import ChatApi
from vlprep.models.spec import ModelSpec
from vlprep.payload.forms import FORMS, Form, Json, Settings
from vlprep.payload.items import Item, prepare
from vlprep.payload.parts import MediaPart
from vlprep.payload.terms import (
    extras,
    refuse,
    refuse_parts,
    streams,
    text_warnings,
)
from vlprep.payload.urls import MediaUrl, is_web_url
from vlprep.payload.wish import Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as a service takes it: as the body to post, or as arguments for its SDK."""

    api: ChatApi
    """The protocol."""
    route: str
    """Name of the route by which files go."""
    settings: Settings
    """Model, streaming and the vendor's own fields."""
    messages: tuple[Json, ...]
    """The messages, in the protocol's form."""
    parts: tuple[MediaPart, ...]
    """The media of the last message, in order."""
    warnings: tuple[str, ...] = ()
    """What a user should know, with the name of the file where it is about one."""

    def __repr__(self) -> str:
        kinds = ", ".join(part.kind for part in self.parts)
        return f"Request({self.api.name}, {self.settings.model}, {kinds or 'text only'})"

    @property
    def body(self) -> Json:
        """The JSON to post to `api.path`, with `headers`.

        Raises `ConstraintError` for files by path: the SDK uploads them, HTTP alone does not.
        """
        if any(file.path is not None for part in self.parts for file in part.files):
            problem = "files by their path are for the DashScope SDK, which uploads them"
            raise ConstraintError(f"{problem}; use `arguments` (--sdk), or the route base64")
        return self._form.body(self.messages, self.settings)

    @property
    def arguments(self) -> Json:
        """Keyword arguments of the official SDK for Python.

        Those of `client.chat.completions.create` for the OpenAI-compatible API, and of
        `dashscope.MultiModalConversation.call` for DashScope.
        """
        return self._form.arguments(self.messages, self.settings)

    @property
    def headers(self) -> dict[str, str]:
        """HTTP headers that go with `body`, without the key."""
        return self._form.headers(self.settings)

    @property
    def tokens(self) -> int | None:
        """What the media cost together; `None` where one cannot be counted."""
        counts = [part.tokens for part in self.parts]
        return None if None in counts else sum(count.total for count in counts if count)

    @property
    def _form(self) -> Form:
        return FORMS[self.api.name]


def build_request(
    items: Sequence[Item],
    text: str,
    model: ModelSpec | str | None = None,
    *,
    api: str = "openai",
    route: str = "base64",
    system: str | None = None,
    fps: float | None = None,
    max_frames: int | None = None,
    min_pixels: int | None = None,
    max_pixels: int | None = None,
    high_res: bool = False,
    thinking: bool | None = None,
    thinking_budget: int | None = None,
    stream: bool | None = None,
    rules: str | None = None,
    compress: bool = False,
    as_frames: bool = False,
    video_fields: bool = False,
    check: bool = True,
    folder: str | os.PathLike[str] | None = None,
) -> Request:
    """Build a whole request that asks a model about images and videos; nothing is sent.

    An item is a path, the content as bytes, a seekable binary file object or a data URL; a URL,
    which is passed on and never fetched (`MediaUrl` says what one without an ending holds); or a
    list of images, or a folder of them, that stands for a video. `api` is "openai" or "dashscope".
    `route` is how files go: "base64" inside the request, or "path", which the DashScope SDK
    uploads. What is in a file is told by its content, and its bytes are sent untouched, unless
    `compress` brings it under the limit of the route (new files for the route "path" go into
    `folder`) or `as_frames` sends the frames that the model's sampler picks of a video, in a list
    with their true rate.

    `fps` is in frames per second and `thinking_budget` in tokens; `max_frames` is for `as_frames`.
    `video_fields` sends `fps` and pixel limits of videos and lists in fields that the API reference
    of 2026 has and the guides do not. `stream` is whether the reply comes in pieces, by default
    only where the model's service wants it so. `check` compares everything with the documented
    limits first.

    Raises `CheckError` where a limit is broken, `ConstraintError` for what the protocol or the
    model does not take, `UnknownFactError` where no source states it, and the errors of `probe`,
    `compress_image`, `compress_video` and `read_frames`.

    >>> request = build_request(["fixtures/photo.jpg"], "What is this?", "qvq-max")
    >>> request.body["stream"], [part["type"] for part in request.messages[0]["content"]]
    (True, ['image_url', 'text'])
    >>> request.tokens
    393
    """
    if isinstance(items, str | bytes | os.PathLike):
        raise TypeError("items is a list of files; write [...] around one of them")
    spec = get_model(model)
    wish = Wish(
        spec=spec,
        api=get_api(api),
        route=get_route(route).name,
        fps=fps,
        max_frames=max_frames,
        min_pixels=min_pixels,
        max_pixels=max_pixels,
        high_res=high_res,
        rules=rules,
        compress=compress,
        as_frames=as_frames,
        video_fields=video_fields,
        folder=folder,
    )
    refuse(wish, system, text)
    settings = Settings(
        model=model if isinstance(model, str) else spec.name,
        stream=streams(spec, stream),
        extras=extras(wish, thinking, thinking_budget),
    )
    remakes = compress or as_frames
    warnings = _checked(wish, list(map(_readable, items))) if check and not remakes else []
    parts = tuple(prepare(item, wish, number) for number, item in enumerate(items, 1))
    refuse_parts(wish, parts)
    if check and remakes:
        warnings += _checked(wish, [part.checked for part in parts])
    warnings += [remark for part in parts for remark in part.remarks]
    warnings += text_warnings(wish, system, text)
    return Request(
        api=wish.api,
        route=route,
        settings=settings,
        messages=tuple(_messages(FORMS[api], parts, text, system)),
        parts=parts,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def build_messages(
    items: Sequence[Item], text: str, model: ModelSpec | str | None = None, **options: Any
) -> list[Json]:
    """Build the messages of a request, with `options` as for `build_request`.

    Raises the errors of `build_request`.

    >>> url = "https://example.com/photo.jpg"
    >>> build_messages([url], "What is this?", "qwen-vl-max", system="Be brief.", api="dashscope")
    [{'role': 'system', 'content': [{'text': 'Be brief.'}]},
     {'role': 'user', 'content': [{'image': 'https://example.com/photo.jpg'},
                                  {'text': 'What is this?'}]}]
    """
    return list(build_request(items, text, model, **options).messages)


def build_message(
    items: Sequence[Item], text: str, model: ModelSpec | str | None = None, **options: Any
) -> Json:
    """Build the user's message of a request, with `options` as for `build_request`.

    Raises the errors of `build_request`.

    >>> message = build_message(["fixtures/png_named.jpg"], "What is this?")
    >>> message["content"][0]["image_url"]["url"][:22]
    'data:image/png;base64,'
    """
    return build_messages(items, text, model, **options)[-1]


def _readable(item: Item) -> list[SourceLike] | SourceLike | None:
    """Return what can be checked of an item: all but URLs, which are not fetched."""
    if isinstance(item, MediaUrl) or is_web_url(item):
        return None
    if isinstance(item, list | tuple):
        images = [image for image in item if _readable(image) is not None]
        return images or None
    return item  # type: ignore[return-value]  # no other sequence is a source


def _checked(wish: Wish, sources: Sequence[list[SourceLike] | SourceLike | None]) -> list[str]:
    """Compare files with the documented limits; returns warnings."""
    local = [source for source in sources if source is not None]
    if not local:
        return []
    report = check_media(
        local,
        wish.spec,
        route=wish.route,
        api=wish.api.name,
        fps=wish.fps,
        min_pixels=wish.min_pixels,
        max_pixels=wish.max_pixels,
        high_res=wish.high_res,
        rules=wish.rules,
    )
    if report.errors:
        raise CheckError([_said(found, remedy=found.remedy) for found in report.errors])
    return [_said(found) for found in report.warnings]


def _said(found: Finding, *, remedy: str | None = None) -> str:
    where = f"{found.source}: " if found.source else ""
    return f"{where}{found.message}" + (f"; {remedy}" if remedy else "")


def _messages(
    form: Form, parts: Sequence[MediaPart], text: str, system: str | None
) -> Iterator[Json]:
    if system is not None:
        yield form.system(system)
    windows = os.name == "nt"
    content = [
        form.media(part, [file.address(windows=windows) for file in part.files]) for part in parts
    ]
    yield {"role": "user", "content": [*content, form.text(text)]}
