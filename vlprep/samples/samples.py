"""Count a sample: what its media and its text cost, what exceeds which limit, what keeps it.

The door of this room. How a row is written is known in `messages`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, Unpack

from vlprep.check.check import count_facts, look_at
from vlprep.check.report import find_problems
from vlprep.check.rule import FileFacts, Finding, Sending
from vlprep.count.budget import InputLimit
from vlprep.count.files import MediaFailure
from vlprep.count.messages import asking, at_stated_size, medium_source, unread_fields
from vlprep.display import brief
from vlprep.errors import BudgetError, ConstraintError, VlprepError
from vlprep.media.overlap import overlapped
from vlprep.media.remote import Fetching
from vlprep.media.source import source_name
from vlprep.messages.bodies import MediumKind, SentBody, SentMedium
from vlprep.messages.rows import read_sample
from vlprep.models.registry import get_route, stands_for
from vlprep.plan.plan import plan_media
from vlprep.types import ImageInfo, RouteName
from vlprep.units import MOST
from vlprep.view import View, ViewKeywords

if TYPE_CHECKING:
    from vlprep.models.servers import Fields

Tokenizer: TypeAlias = Callable[[str], Any]
"""What makes tokens of a text: returns them, their number, or an object whose `ids` they are."""

Settings: TypeAlias = Mapping[str, float | int]
"""Options of a view for one medium, by name."""


class SampleOptions(TypedDict, total=False):
    """Keywords of `count_sample`."""

    folder: str | Path
    text_tokens: int | None
    tokenizer: Tokenizer | None
    max_input: int | None
    max_model_len: int | None
    thinking: bool | None
    route: RouteName
    fetch: Fetching | None


class SampleKeywords(SampleOptions, ViewKeywords, total=False):
    """Keywords of `count_messages`, and of a view."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleCount:
    """What a sample costs, and whether it can be used."""

    source: str
    """What messages call it."""
    model: str
    rules: str
    files: tuple[FileFacts, ...] = field(repr=False)
    """Its media in the order in which they are said, with what is known of each."""
    text_tokens: int | None
    """Tokens of its text, without those of a chat template; `None` where nobody counted them."""
    limit: InputLimit | None
    """What one input may hold; `None` where no source states it."""
    findings: tuple[Finding, ...]
    """What is refused and what is good to know, as `check_media` finds it."""
    keeps: tuple[Settings, ...] | None = ()
    """Settings for each medium with which it fits; empty where it does; `None`: there are none."""
    not_counted: tuple[str, ...] = ()
    """What is in it beside images, videos and text."""
    warnings: tuple[str, ...] = ()
    """What a user should know of the sample."""

    @property
    def image_tokens(self) -> int:
        """Tokens of the images that could be counted."""
        return sum(_cost(file) for file in self.files if isinstance(file.info, ImageInfo))

    @property
    def video_tokens(self) -> int:
        """Tokens of the videos that could be counted."""
        return sum(_cost(file) for file in self.files if not isinstance(file.info, ImageInfo))

    @property
    def media_tokens(self) -> int:
        """Tokens of images and videos together."""
        return self.image_tokens + self.video_tokens

    @property
    def failures(self) -> tuple[MediaFailure, ...]:
        """The media that could not be read or counted."""
        return tuple(
            MediaFailure(source=file.source, error=file.problem)
            for file in self.files
            if file.problem is not None
        )

    @property
    def total_tokens(self) -> int | None:
        """Media and text, as far as it is counted; `None` where a medium could not be."""
        return None if self.failures else self.media_tokens + (self.text_tokens or 0)

    @property
    def room(self) -> int | None:
        """Tokens left below the limit, fewer than 0 above it; `None` where that is not known."""
        total = self.total_tokens
        return None if self.limit is None or total is None else self.limit.most - total

    @property
    def fits(self) -> bool | None:
        """Whether it stays within the limit; `None` where that cannot be known."""
        return None if self.room is None else self.room >= 0

    def to_dict(self) -> dict[str, Any]:
        """Return the sample's entry of `vlprep.samples/1`."""
        return {
            "source": self.source,
            "model": self.model,
            "rules": self.rules,
            "image_tokens": self.image_tokens,
            "video_tokens": self.video_tokens,
            "text_tokens": self.text_tokens,
            "total_tokens": self.total_tokens,
            "max_input_tokens": self.limit.tokens if self.limit else None,
            "fits": self.fits,
            "keeps": None if self.keeps is None else [dict(one) for one in self.keeps],
            "media": [_entry(file) for file in self.files],
            "findings": [
                {"rule": one.rule, "severity": one.severity, "message": one.message}
                for one in self.findings
            ],
            "not_counted": list(self.not_counted),
            "warnings": list(self.warnings),
        }

    def __repr__(self) -> str:
        total = "not known" if self.total_tokens is None else f"{self.total_tokens:,}"
        return brief(self, self.source, f"media: {len(self.files)}", f"tokens: {total}")


def _cost(file: FileFacts) -> int:
    return file.tokens.total if file.tokens else 0


def _entry(file: FileFacts) -> dict[str, Any]:
    if file.problem is not None:
        return MediaFailure(source=file.source, error=file.problem).to_dict()
    return {
        "source": file.source,
        "kind": file.kind,
        "tokens": _cost(file),
        "frames": file.tokens.frames if file.tokens else None,
    }


def count_messages(
    messages: Mapping[str, Any] | Sequence[Any] | str,
    view: View,
    *,
    source: str = "messages",
    **how: Unpack[SampleOptions],
) -> SampleCount:
    """Count a request, a list of messages or a row of a data set, from the headers of its media.

    Read are bodies of OpenAI, DashScope, Anthropic, Bedrock and Ollama, messages as `qwen_vl_utils`
    and the chat templates of transformers take them, and rows of ms-swift, LLaMA-Factory, ShareGPT,
    TRL, verl and EasyR1, also of preferences, with `images` and `videos` beside the text, as paths,
    as content or as pictures in memory, and the `metadata` of a folder of images. What stands
    beside a medium (`fps`, `max_pixels`, `video_start`) counts for it, and what a request states to
    the view's server for all of it (`mm_processor_kwargs`). Media on the web are fetched only with
    `fetch`. `how` is what `count_sample` takes.

    Raises `ConstraintError` where there is no conversation in it, and where the text names more or
    fewer media than there are.

    >>> row = {"query": "<image>What is this?", "images": ["fixtures/photo.jpg"]}
    >>> count_messages(row, View.of("qwen3-vl-plus"), text_tokens=5).total_tokens
    307
    """
    return count_sample(read_sample(messages), view, source=source, **how)


def count_sample(
    said: SentBody,
    view: View,
    *,
    source: str = "messages",
    folder: str | Path = "",
    text_tokens: int | None = None,
    tokenizer: Tokenizer | None = None,
    max_input: int | None = None,
    max_model_len: int | None = None,
    thinking: bool | None = None,
    route: RouteName = "base64",
    fetch: Fetching | None = None,
) -> SampleCount:
    """Count what a sample holds; paths in it begin in `folder`.

    `text_tokens` is what the text costs, or `tokenizer` counts it: a function of the text that
    returns tokens or their number. The tokens of a chat template are in neither. `max_input` is the
    largest input in place of the model's own, such as the `max_length` of a training,
    `max_model_len` its context, and `thinking` chooses between its two inputs. `route` is how
    the files will reach a service. Media on the web are fetched where `fetch` says how far.

    Raises `ConstraintError` for a route or a way of thinking that there is not, and where both
    `text_tokens` and `tokenizer` are given.
    """
    if text_tokens is None:
        text_tokens = _length(tokenizer(said.text)) if tokenizer else None
    elif tokenizer:
        raise ConstraintError("`text_tokens` and `tokenizer` exclude each other; give one of them")
    own = view.asking(high_res=True) if said.high_res else view

    def far(medium: SentMedium) -> bool:
        return fetch is not None and medium.on_the_web is not None

    sending = Sending(
        view=own,
        files=tuple(
            overlapped(
                partial(_facts, view=own, served=said.served, folder=Path(folder), fetch=fetch),
                said.media,
                far,
            )
        )
        + tuple(map(_unfilled, said.unfilled)),
        route=get_route(route),
        text_tokens=text_tokens or 0,
        max_input=max_input,
        max_model_len=max_model_len,
        thinking=thinking,
    )
    limit = sending.largest_input
    return SampleCount(
        source=source,
        model=view.model.name,
        rules=view.rules.name,
        files=sending.files,
        text_tokens=text_tokens,
        limit=limit,
        findings=find_problems(sending),
        keeps=_keeping(sending) if limit and sending.total_tokens > limit.most else (),
        not_counted=tuple(dict.fromkeys(said.not_counted)),
        warnings=tuple(_warnings(said, sending)),
    )


def _warnings(said: SentBody, sending: Sending) -> Iterator[str]:
    own = sending.model
    if said.model and not stands_for(said.model, own):
        yield f"it asks for {said.model}, and is counted for {own.name}; `model` names another"
    yield from _ignored(said, sending.view)
    for medium, file in zip(said.media, sending.files, strict=False):
        if {medium.kind, file.kind} == {"image", "video"}:
            yield f"{file.source}: sent as {medium.kind}, and counted as the {file.kind} that it is"
    for file in sending.files:
        told = (
            *(file.info.warnings if file.info else ()),
            *(file.tokens.warnings if file.tokens else ()),
        )
        yield from (f"{file.source}: {warning}" for warning in told if warning not in own.warnings)


def _ignored(said: SentBody, view: View) -> Iterator[str]:
    """Tell which settings of a request change nothing of the count."""
    names = dict.fromkeys(said.ignored)
    names |= dict.fromkeys(name for one in said.media for name in unread_fields(one, view))
    if view.server:
        for medium in said.media:
            listed = isinstance(medium.address, tuple)
            names |= dict.fromkeys(view.server.read(said.served, medium.kind, listed=listed)[1])
            most = view.server.list_limit(said.served)
            if isinstance(medium.address, tuple) and len(medium.address) > (most or MOST):
                yield f"{view.server.title} keeps the first {most} images of a list"
    if names:
        yield f"not counted: {', '.join(names)}"
    if said.served and not view.server:
        is_open = view.model.kind == "open-weights"
        why = (
            "give the server that reads it as `server`"
            if is_open
            else "only servers of open weights read that"
        )
        yield f"not counted: {' and '.join(said.served)}; {why}"


def _length(tokens: Any) -> int:
    """Return how many tokens a tokenizer made: a number, a list, or an object with `ids`."""
    if isinstance(tokens, int):
        return tokens
    if isinstance(tokens, Mapping):  # of transformers
        return len(tokens["input_ids"])
    return len(getattr(tokens, "ids", tokens))


def _facts(
    medium: SentMedium, view: View, served: Fields, folder: Path, fetch: Fetching | None
) -> FileFacts:
    """Return what is known of a medium, counted as its message and its request ask."""
    try:
        source, own = medium_source(medium, folder, fetch), asking(medium, view, served)
        if isinstance(source, list) and view.server:
            source = source[: view.server.list_limit(served)]
        facts = look_at(source, own)
        if facts.info is not None:
            info, own = at_stated_size(medium, facts.info, own)
            facts = replace(facts, info=info)
    except VlprepError as error:
        return FileFacts(source=_name(medium), kind="unreadable", problem=error)
    return count_facts([facts], own)[0]


def _unfilled(kind: MediumKind) -> FileFacts:
    """Return what is known of a medium that a message names and does not hold: nothing."""
    article = "an" if kind == "image" else "a"
    error = ConstraintError(
        f"the messages name {article} {kind} that is not in them; give its content, path or address"
    )
    return FileFacts(source=f"{kind} by name", kind="unreadable", problem=error)


def _name(medium: SentMedium) -> str:
    first = medium.address[0] if isinstance(medium.address, tuple) else medium.address
    return source_name(first)


def _keeping(sending: Sending) -> tuple[Settings, ...] | None:
    """Return the settings with which all media fit beside the text; `None` where there are none."""
    infos = [file.info for file in sending.files if file.info is not None and file.tokens]
    if not infos:
        return None
    try:
        plan = plan_media(
            infos,
            sending.view,
            max_input=sending.max_input,
            max_model_len=sending.max_model_len,
            thinking=sending.thinking,
            text_tokens=sending.text_tokens,
        )
    except (BudgetError, ConstraintError):
        return None
    return tuple(file.keywords for file in plan.files)


def count_rows(
    rows: Iterable[tuple[str, Any]], view: View, **how: Unpack[SampleOptions]
) -> Iterator[SampleCount | MediaFailure]:
    """Count named rows one by one; one that is no sample is reported in its place.

    >>> rows = [("a.jsonl:1", {"query": "Hello"}), ("a.jsonl:2", {"answer": 42})]
    >>> [type(count).__name__ for count in count_rows(rows, View.of())]
    ['SampleCount', 'MediaFailure']
    """

    def count(named: tuple[str, Any]) -> SampleCount | MediaFailure:
        source, row = named
        try:
            return count_messages(row, view, source=source, **how)
        except VlprepError as error:
            return MediaFailure(source=source, error=error)

    return overlapped(count, rows, lambda _: how.get("fetch") is not None)
