"""Whole requests for the services' chat APIs, with media in them. Nothing is sent from here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypedDict

from vlprep.check.report import check_sending
from vlprep.check.rule import FileFacts, Finding, Sending
from vlprep.count.files import as_many
from vlprep.display import brief
from vlprep.errors import CheckError, ConstraintError, MediaError, PixelLimitError
from vlprep.models.asking import Region
from vlprep.models.registry import get_recipe, get_route
from vlprep.models.routes import ChatApi
from vlprep.output.target import PathLike, check_not_source, new_file
from vlprep.payload.advice import notes_of, warnings_of
from vlprep.payload.forms import FORMS, Form, Settings
from vlprep.payload.history import History, read_history, told
from vlprep.payload.page_parts import in_pieces
from vlprep.payload.parts import Json, MediaPart
from vlprep.payload.planned_parts import Item as Item
from vlprep.payload.preparing import prepare_all
from vlprep.payload.serving import served_fields, served_warnings
from vlprep.payload.terms import (
    How,
    extras,
    refuse,
    refuse_history,
    refuse_parts,
    region_of,
    streams,
)
from vlprep.pick.pick import PickOptions
from vlprep.types import ApiName, RecipeName, RegionName, RouteName
from vlprep.units import plural
from vlprep.view import View, ViewKeywords


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
    history: History = field(default_factory=History)
    """The messages before it."""
    warnings: tuple[str, ...] = ()
    """What a user should know, with the name of the file or the model where it is about one."""
    notes: tuple[str, ...] = ()
    """What it needs, one sentence each."""
    region: Region | None = None
    """Where it goes; `None` where that was not said, and the model is served in several places."""

    def __repr__(self) -> str:
        kinds = Counter(part.kind for part in self.parts)
        what = (plural(count, _PARTS[kind]) for kind, count in kinds.items())
        tokens = "" if self.tokens is None else plural(self.tokens, "token")
        media = ", ".join(what) or "text only"
        return brief(self, self.api.name, self.settings.model, media, tokens)

    @property
    def body(self) -> Json:
        """The JSON to post to `api.path`, with `headers`.

        Raises `ConstraintError` for files by path: the SDK uploads them, HTTP alone does not.
        """
        if any(file.path is not None for part in self.parts for file in part.files):
            problem = "files by their path are for the DashScope SDK, which uploads them"
            raise ConstraintError(f"{problem}; use `arguments`, or the route base64")
        return self._form.call(self.messages, self.settings, False)

    @property
    def url(self) -> str | None:
        """Where to post `body`; `None` where no region is known.

        >>> asked = {"region": "china", "api": "dashscope"}
        >>> request = build_request(["https://example.com/a.jpg"], "hi", View.of(), **asked)
        >>> request.url
        'https://dashscope.aliyuncs.com/api/v1/services/aigc/multimodal-generation/generation'
        """
        return f"{self.base_url}/{self.api.path}" if self.base_url else None

    @property
    def base_url(self) -> str | None:
        """The base URL to give to the SDK; `None` where no region is known."""
        return self.region.bases[self.api.name] if self.region else None

    @property
    def arguments(self) -> Json:
        """Keyword arguments of the official SDK for Python, which has `base_url` of its own.

        Those of `client.chat.completions.create` for the OpenAI-compatible API, and of
        `dashscope.MultiModalConversation.call` for DashScope.
        """
        return self._form.call(self.messages, self.settings, True)

    @property
    def headers(self) -> dict[str, str]:
        """HTTP headers that go with `body`, without the key."""
        return self._form.headers(self.settings)

    @property
    def tokens(self) -> int | None:
        """What all media cost together; `None` where one cannot be counted."""
        counts = [part.tokens.total for part in self.parts if part.tokens]
        earlier = self.history.tokens
        unknown = earlier is None or len(counts) < len(self.parts)
        return None if unknown else sum(counts) + (earlier or 0)

    @property
    def _form(self) -> Form:
        return FORMS[self.api.name]

    def to_dict(self, *, sdk: bool = False) -> Json:
        """Return `body`, or with `sdk` the `arguments`; both are JSON, in the services' schema."""
        return self.arguments if sdk else self.body

    def save(self, path: PathLike, *, sdk: bool = False, overwrite: bool = False) -> None:
        """Write what `to_dict` returns to a file, as JSON in ASCII.

        Raises the errors of `body` and `new_file`, and `FileExistsError` for one of its own media.
        """
        check_not_source(path, (file.name for part in self.parts for file in part.files))
        write_json(self.to_dict(sdk=sdk), path, overwrite=overwrite)


_PARTS = {"image": "image", "video": "video", "frames": "frame list"}


def write_json(document: Json, path: PathLike, *, overwrite: bool) -> None:
    """Write a document to a file as `json_chunks` has it; raises the errors of `new_file`."""
    with new_file(path, overwrite=overwrite) as file:
        for chunk in json_chunks(document):
            file.write(chunk.encode("ascii"))


def json_chunks(document: Json, *, indent: int | None = None) -> Iterator[str]:
    r"""Yield a document as JSON in ASCII, piece by piece, so that no second copy of it is made.

    >>> "".join(json_chunks({"model": "é"}))
    '{"model": "\\u00e9"}'
    """
    return json.JSONEncoder(allow_nan=False, indent=indent).iterencode(document)


class SendKeywords(TypedDict, total=False):
    """Keywords of `build_request` beside its view."""

    api: ApiName
    route: RouteName
    system: str | None
    thinking: bool | None
    thinking_budget: int | None
    stream: bool | None
    region: RegionName | None
    recipe: RecipeName | None
    history: Sequence[Json] | None
    compress: bool
    as_frames: bool
    pick: PickOptions | None
    pieces: bool
    readable: float | None
    video_fields: bool
    check: bool
    folder: PathLike | None


class RequestKeywords(SendKeywords, ViewKeywords, total=False):
    """Keywords of `build_request`, and of a view."""


def build_request(
    items: Item | Sequence[Item],
    text: str,
    view: View,
    *,
    history: Sequence[Json] | None = None,
    **how: Any,
) -> Request:
    """Build a whole request that asks a model about images and videos; nothing is sent.

    An item is a path, the content as bytes, a seekable binary file object or a data URL; a URL,
    which is passed on and never fetched (`MediaUrl` says what one without an ending holds); or a
    list of images that stands for a video, as a `frame_list` does; or a file of a plan, which is
    sent as planned. A folder is its media files. Each is opened once: what is counted and checked
    is what is sent. `api` is "openai" (by default) or "dashscope". `route` is how files go:
    "base64" inside the request, by default, or "path", which the DashScope SDK uploads. What is in
    a file is told by its content, and its bytes are sent untouched, unless `compress` brings it
    under the limit of the route (new files for the route "path" go into `folder`) or `as_frames`
    sends the frames that the model's sampler picks of a video, in a list with their true rate, or
    those where something happens: `pick` has the keywords of `pick_frames`.

    With `pieces` an image whose letters the model would see less than `readable` pixels high, 8 if
    nothing is said, or that is too narrow for it, goes in pieces, in reading order, each after a
    line that says which it is; `split_image` maps answers about them back.

    What the view asks of a video and a request cannot say of it, such as a range of time, is
    refused, unless nothing would be seen otherwise: `as_frames` sends the very frames, and
    `video_fields` states `fps` and pixel limits of videos and lists in fields that the API
    reference of 2026 has and the guides do not. `system` is a system message, `thinking` whether
    the model thinks, `thinking_budget` how long, in tokens. `stream` is whether the reply comes in
    pieces, by default only where the model's service wants it so. `region` is a deployment of the
    model, such as "international" or "china", whose address is then known. `recipe` is the name of
    one of `list_recipes`: its words follow the text, which may then be empty, and its system
    message and values of sampling are sent. `history` are the messages before this one, in the
    protocol's own form: they go along without chains of thought, and their media are counted.
    `check=False` goes on where a documented limit is broken.

    Raises `CheckError` where a limit is broken, `ConstraintError` for what the protocol or the
    model does not take, `UnknownFactError` where no source states it, and the errors of `probe`,
    `compress_image`, `compress_video` and `stream_frames`.

    >>> request = build_request(["fixtures/photo.jpg"], "What is this?", View.of("qvq-max"))
    >>> request.body["stream"], [part["type"] for part in request.messages[0]["content"]]
    (True, ['image_url', 'text'])
    >>> request.tokens
    393
    """
    asked, text = _by_recipe(text, view, **how)
    refuse(asked, text)
    earlier = read_history(history or (), view)
    refuse_history(asked, earlier)
    stream, own, region = streams(asked), extras(asked), region_of(asked)
    parts, warnings = _checked(items, asked)
    refuse_parts(asked, parts)
    served = served_fields(view.server, parts) if view.server else {}
    settings = Settings(
        model=view.name or view.model.name,
        stream=stream,
        extras={**own, **served},
        sampling=asked.sampling,
    )
    warnings += served_warnings(view.server, served) if view.server else []
    warnings += [remark for part in parts for remark in part.remarks]
    warnings += [*earlier.warnings, *warnings_of(asked, text)]
    return Request(
        api=asked.protocol,
        route=asked.route,
        settings=settings,
        messages=tuple(_messages(asked, earlier, parts, text)),
        parts=tuple(parts),
        history=earlier,
        warnings=tuple(_unrepeated(warnings)),
        notes=(*told(earlier), *notes_of(asked, parts)),
        region=region,
    )


def _by_recipe(
    text: str, view: View, *, recipe: RecipeName | None = None, **how: Any
) -> tuple[How, str]:
    """Return how media are to be sent, and the text, both with what a recipe adds to them."""
    if recipe is None:
        return How(view=view, **how), text
    found = get_recipe(recipe)
    if found.system is not None and how.get("system") is not None:
        raise ConstraintError(
            f"the recipe {recipe} has a `system` message of its own; leave one out"
        )
    system = how.pop("system", None) or found.system
    return How(view=view, recipe=found, system=system, **how), "\n".join(
        filter(None, [text, found.text])
    )


_UNREADABLE = (MediaError, PixelLimitError, OSError)
"""What a check tells of a file, together with all else that it finds."""


def _checked(items: Item | Sequence[Item], how: How) -> tuple[list[MediaPart], list[str]]:
    """Prepare all items, and compare what is known of them with the documented limits.

    Returns warnings as well.
    """
    parts, facts, failures = list[MediaPart](), list[FileFacts](), list[Exception]()
    given = list(as_many(items))
    with closing(prepare_all(list(in_pieces(given, how)), how)) as ready:
        for item, prepared in ready:
            try:
                part = prepared()
            except _UNREADABLE as error:
                if how.remakes or not how.check:
                    raise
                failures.append(error)
                name = getattr(error, "source", None) or getattr(error, "filename", None)
                facts.append(FileFacts(source=str(name or item), kind="unreadable", problem=error))
            else:
                parts.append(part)
                facts += [part.facts] if part.facts.kind != "URL" else []
    warnings = [f"{how.model.name}: {warning}" for warning in how.model.warnings]
    if how.check and facts:
        warnings += _findings(facts, how)
    if failures:
        raise failures[0]
    return parts, warnings


def _findings(facts: Sequence[FileFacts], how: How) -> list[str]:
    """Return the warnings of a check; raises `CheckError` for its errors."""
    report = check_sending(
        Sending(
            view=how.view, files=tuple(facts), route=get_route(how.route), apis=(how.protocol,),
            thinking=how.thinking,
        )
    )  # fmt: skip
    if report.errors:
        problems = [sentence(found, str(found.remedy or "")) for found in report.errors]
        raise CheckError(problems, report.errors)
    # Of a list longer than one reading takes, the count says the same.
    return [sentence(found) for found in report.warnings if found.rule != "list-readings"]


def _unrepeated(warnings: Sequence[str]) -> Iterator[str]:
    """Yield each warning once, and none with which another begins that says more."""
    repeated = {said for said, after in pairwise(sorted({*warnings})) if after.startswith(said)}
    yield from (said for said in dict.fromkeys(warnings) if said not in repeated)


def sentence(found: Finding, remedy: str = "") -> str:
    """Return a finding in one line, with the name of its file, and with what to do about it."""
    where = f"{found.source}: " if found.source else ""
    return f"{where}{found.message}" + (f"; {remedy}" if remedy else "")


def _messages(how: How, history: History, parts: Sequence[MediaPart], text: str) -> Iterator[Json]:
    form = FORMS[how.api]
    if how.system is not None:
        yield form.system(how.system)
    yield from history.messages
    media = [
        said
        for part in parts
        for said in (*([form.text(part.caption)] if part.caption else []), form.media(part))
    ]
    yield {"role": "user", "content": [*media, form.text(text)]}
