"""Check files against the documented limits: read the headers, then ask the rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypedDict

from vlprep.check.routes import RouteAdvice, advise_routes, advise_url
from vlprep.check.rule import FileFacts, Finding, MediaKind, Sending, Severity
from vlprep.check.table import find_problems
from vlprep.count.files import as_many
from vlprep.count.frame_list import FrameList, as_frame_list, probe_frame_list
from vlprep.count.tokens import media_count
from vlprep.errors import ConstraintError, DecodeError, VlprepError
from vlprep.media.sniff import endings, mislabelled
from vlprep.media.source import Item as OpenItem
from vlprep.media.source import SourceLike, open_item, source_name
from vlprep.models.registry import get_api, get_route, list_apis
from vlprep.models.service import ChatApi
from vlprep.models.spec import ModelSpec
from vlprep.types import ImageInfo, VideoInfo
from vlprep.view import View

Item: TypeAlias = SourceLike | Sequence[SourceLike]
"""A file, or a list of images that stands for a video."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What a check found of the files of one request."""

    model: str
    """Name of the model."""
    rules: str
    """Name of the rule set by which tokens were counted."""
    route: str
    """The route that was checked for."""
    files: tuple[FileFacts, ...]
    """Every file in order, with what is known of it."""
    findings: tuple[Finding, ...]
    """What was found, file by file, the gravest first; of the request as a whole last."""
    advice: tuple[RouteAdvice, ...]
    """Which routes suit each file; empty for weights, which run anywhere."""
    total_tokens: int
    """Tokens of the files that could be counted and of the text."""
    max_input_tokens: int | None
    """Largest input; `None` where no source states it."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What will be refused."""
        return self._of("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What may be refused or misunderstood."""
        return self._of("warning")

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What is good to know."""
        return self._of("note")

    def passes(self, *, fail_on_warnings: bool = False) -> bool:
        """Say whether there is no error and, if `fail_on_warnings`, no warning either."""
        return not (self.errors or (fail_on_warnings and self.warnings))

    def _of(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == severity)


class CheckKeywords(TypedDict, total=False):
    """Keywords of `check_files`."""

    route: str
    api: str | None
    text_tokens: int
    max_input: int | None
    thinking: bool | None
    decode: bool


def check_files(
    items: Item | Iterable[Item],
    view: View,
    *,
    route: str = "base64",
    api: str | None = None,
    text_tokens: int = 0,
    max_input: int | None = None,
    thinking: bool | None = None,
    decode: bool = False,
    model_words: Sequence[str] | None = None,
) -> CheckReport:
    """Check the files of one request against every documented limit, from their headers alone.

    `decode` looks further: it decodes every image, and the first and the last frame of a video,
    and so finds damage that no header shows.

    `items` are sources as `count_files` takes them, or http(s) URLs, which are not fetched; an
    inner list, or a folder, is a list of images that stands for a video. `route` is how they reach
    the service: "base64", "path" or "url"; `api` is the protocol, "openai" or "dashscope", and
    without it both are looked at. `text_tokens` are what the prompt costs beside them;
    `max_input` replaces the model's largest input, and `thinking` chooses between its two.

    A file that cannot be read is a finding, not an error that stops the rest. For weights, which
    run anywhere, only what holds there is checked.

    Raises `ConstraintError` for a route, an API or a way of thinking that there is not.

    >>> report = check_files(["fixtures/photo.jpg", "fixtures/tiny.png"], View.of("qwen3-vl-plus"))
    >>> [(finding.source, finding.rule, finding.measured) for finding in report.errors]
    [('fixtures/tiny.png', 'image-side', '8 px')]
    >>> report.passes()
    False
    """
    spec = view.model
    sending = Sending(
        view=view,
        files=tuple(_look_at(item, view, decode=decode) for item in as_many(items)),
        route=get_route(route),
        apis=list_apis() if api is None else (_api_of(api, route),),
        text_tokens=text_tokens,
        max_input=max_input,
        thinking=thinking,
        model_words=("--model", spec.name) if model_words is None else tuple(model_words),
    )
    return CheckReport(
        model=spec.name,
        rules=view.rules.name,
        route=route,
        files=sending.files,
        findings=find_problems(sending),
        advice=tuple(
            advice
            for file in sending.files
            for advice in _advise(file, spec)
            if api in (None, advice.api)
        ),
        total_tokens=sending.total_tokens,
        max_input_tokens=spec.input_limit(thinking) if max_input is None else max_input,
    )


def _api_of(name: str, route: str) -> ChatApi:
    api = get_api(name)
    if route not in api.routes:
        raise ConstraintError(f"the {name} API takes {', '.join(api.routes)}; not {route}")
    return api


def _look_at(item: Item, view: View, *, decode: bool) -> FileFacts:
    """Return what is known of one item; whatever is wrong with it is part of that."""
    if isinstance(item, str) and item.startswith(("http://", "https://")):
        return FileFacts(source=item, kind="URL")
    try:
        found = as_frame_list(item)
    except (VlprepError, OSError) as error:
        return FileFacts(source=_name(item), kind="unreadable", problem=error)
    if isinstance(found, FrameList):
        return _look_at_list(found, _name(item), view, decode=decode)
    file = _read(found, decode=decode)
    if file.info is None:
        return file
    return _counted(file, file.info, view)


def _read(source: SourceLike, *, decode: bool) -> FileFacts:
    """Read the header of one file, and with `decode` its content."""
    name = source_name(source)
    try:
        with open_item(source) as item:
            info, found, path = item.info, item.found, item.path
            if decode:
                _decode(item)
    except (VlprepError, OSError) as error:
        return FileFacts(source=name, kind="unreadable", problem=error)
    return FileFacts(
        source=name,
        kind=_kind(info, found.kind),
        info=info,
        path=path,
        mislabelled=None if path is None else mislabelled(path, found),
        usual_ending=endings(found.name)[0],
    )


def _decode(item: OpenItem) -> None:
    """Decode an image, or the ends of a video; raises `DecodeError` where that fails."""
    if item.found.kind == "image":
        from vlprep.media.picture import read_picture  # a check of headers needs no codec

        read_picture(item)
        return
    from vlprep.media.video.decode import damaged_ends

    damaged = damaged_ends(item)
    if damaged:
        raise DecodeError(item.name, f"the {' and the '.join(damaged)} frame cannot be decoded")


def _kind(info: ImageInfo | VideoInfo, kind: str) -> MediaKind:
    if isinstance(info, ImageInfo):
        return "image"
    return "animation" if kind == "image" else "video"


def _look_at_list(images: FrameList, name: str, view: View, *, decode: bool) -> FileFacts:
    frames = tuple(_read(image, decode=decode) for image in images.images)
    for frame in frames:
        if frame.kind == "unreadable":  # one bad frame spoils the list, and is what to tell of
            problem = frame.problem
            return FileFacts(source=frame.source, kind="unreadable", problem=problem)
    facts = FileFacts(source=name, kind="frame list", frames=frames)
    try:
        info = probe_frame_list(images, view)
    except (VlprepError, OSError) as error:
        return replace(facts, problem=error)
    return _counted(facts, info, view)


def _counted(file: FileFacts, info: ImageInfo | VideoInfo, view: View) -> FileFacts:
    try:
        tokens = media_count(info, view)
    except VlprepError as error:
        return replace(file, info=info, problem=error)
    return replace(file, info=info, tokens=tokens)


def _advise(file: FileFacts, spec: ModelSpec) -> tuple[RouteAdvice, ...]:
    if file.kind == "URL":
        return advise_url(file.source, spec)
    if file.kind == "unreadable":
        return ()
    is_video = file.kind == "video"  # the images of a list go as images do
    format = (file.frames[0] if file.frames else file).info
    return advise_routes(
        file.source,
        file.file_bytes,
        spec,
        is_video=is_video,
        format=format.format if format else None,
    )


def _name(item: Item) -> str:
    if isinstance(item, list | tuple):
        return source_name(item[0]) if item else "frame list"
    return source_name(item)  # type: ignore[arg-type]  # no other sequence is a source
