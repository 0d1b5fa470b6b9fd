"""Count the tokens of files: read the header, then ask the rules."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import chain, groupby, islice
from typing import Any, Literal, NamedTuple, TypeAlias, Unpack

from vlprep.count.budget import InputLimit, largest_input
from vlprep.count.frame_list import FrameList, as_frame_list, probe_frame_list
from vlprep.count.prices import (
    Billed,
    ConversationKeywords,
    PriceEstimate,
    conversation,
    prices_of,
)
from vlprep.count.tokens import TokenCount, count_dict, image_counts, seen_size
from vlprep.display import brief, page
from vlprep.errors import VlprepError
from vlprep.media.addresses import local_path
from vlprep.media.folders import as_folder, media_files
from vlprep.media.overlap import overlapped
from vlprep.media.pages import pages_in
from vlprep.media.probe import probe
from vlprep.media.source import SourceOrFacts, is_held, open_item, source_name
from vlprep.types import Facts, ImageInfo, VideoInfo
from vlprep.units import format_size, plural
from vlprep.view import View

Media: TypeAlias = SourceOrFacts | Sequence[SourceOrFacts] | FrameList
"""A file; a list of images, or a folder of them, that stands for a video; or facts of a header.

Where several may be given, a folder means the files in it instead.
"""


COUNTED = ("file", "kind", "width×height", "model sees", "frames", "tokens")
"""Headings of a table of counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaCount:
    """What one file is and costs."""

    source: str
    """The file as the caller named it."""
    info: ImageInfo | VideoInfo
    """Facts of its header."""
    tokens: TokenCount
    """What it costs, and what the model sees."""

    def __repr__(self) -> str:
        frames = "" if self.frames is None else plural(self.frames, "frame")
        sizes = (
            f"{self.kind} {format_size(self.info.size)} seen as {format_size(self.tokens.resized)}"
        )
        return brief(self, self.source, sizes, frames, plural(self.tokens.total, "token"))

    def _repr_html_(self) -> str:
        title = f"{plural(self.tokens.total, 'token')} by {self.tokens.rules}"
        return page(title, COUNTED, [self.cells()], self.warnings)

    def cells(self) -> tuple[str, ...]:
        """Return the count as a row of a table under the headings `COUNTED`."""
        return (
            self.source,
            self.kind,
            format_size(self.info.size),
            format_size(self.tokens.resized),
            "" if self.frames is None else f"{self.frames:,}",
            f"{self.tokens.total:,}",
        )

    @property
    def kind(self) -> Literal["image", "video"]:
        """Whether it is an image or a video."""
        return "image" if isinstance(self.info, ImageInfo) else "video"

    @property
    def frames(self) -> int | None:
        """Frames the model is shown of a video; `None` for an image."""
        return self.tokens.frames

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know of the file or of its count."""
        return self.info.warnings + self.tokens.warnings

    def to_dict(self) -> dict[str, Any]:
        """Return the file's entry of `vlprep.tokens/1`."""
        return {
            "source": self.source,
            "kind": self.kind,
            **count_dict(self.info.size, self.tokens),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFailure:
    """Why one file could not be counted."""

    source: str
    """The file as the caller named it."""
    error: VlprepError | OSError
    """What was raised."""

    def __repr__(self) -> str:
        return brief(self, self.source, f"{self.code}: {self.message}")

    @property
    def code(self) -> str:
        """Stable word for the kind of error."""
        if isinstance(self.error, VlprepError):
            return self.error.code
        return _OS_CODES.get(type(self.error), "os_error")

    @property
    def message(self) -> str:
        """What is wrong, without the name of the file."""
        if isinstance(self.error, OSError) and self.error.strerror:
            other = self.error.filename  # also of what was to be written
            is_other = other and str(other) != local_path(self.source)
            where = f"{other}: " if is_other else ""
            problem = self.error.strerror
            return f"{where}{problem[:1].lower()}{problem[1:]}"
        return str(self.error).removeprefix(f"{self.source}: ")

    def to_dict(self) -> dict[str, Any]:
        """Return the file's entry of `vlprep.tokens/1` and of the others with an error in it."""
        error = {"code": self.code, "message": self.message}
        return {"source": self.source, "error": error}


Result: TypeAlias = MediaCount | MediaFailure
"""What becomes of one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What counted files come to together, as one request."""

    view: View
    """By what they were counted."""
    items: tuple[Result, ...]
    """The files, in order, those that could not be counted in their place."""
    total_tokens: int
    """Sum over the files that could be counted."""
    limit: InputLimit | None
    """What one input may hold; `None` where no source states it."""
    requests: tuple[Billed, ...]
    """The requests that are billed: one with all files, or as was asked."""
    prices: tuple[PriceEstimate, ...]
    """Estimated list prices of those requests; empty where no source states one."""

    def __repr__(self) -> str:
        limit = f" of {self.limit.tokens:,}" if self.limit else ""
        requests = plural(len(self.requests), "request")
        return brief(self, f"{self.total_tokens:,}{limit} tokens", requests)

    def _repr_html_(self) -> str:
        counted = [item.cells() for item in self.items if isinstance(item, MediaCount)]
        failed = [item for item in self.items if isinstance(item, MediaFailure)]
        limit = f" of {self.limit.tokens:,}" if self.limit else ""
        title = (
            f"{self.view.model.name}, {self.view.rules.name}: {self.total_tokens:,}{limit} tokens"
        )
        lines = (f"{item.source}: {item.message}" for item in failed)
        return page(title, COUNTED, counted, lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `vlprep.tokens/1`."""
        return {
            "schema": "vlprep.tokens/1",
            "model": self.view.model.name,
            "rules": self.view.rules.name,
            "items": [item.to_dict() for item in self.items],
            "total_tokens": self.total_tokens,
            "max_input_tokens": self.max_input_tokens,
            "requests": [asdict(request) for request in self.requests],
            "estimated_prices": [asdict(price) for price in self.prices],
        }

    @property
    def max_input_tokens(self) -> int | None:
        """The limit as a number, which the input may not reach where it `is_excluded`."""
        return self.limit.tokens if self.limit else None


def as_many(items: object) -> Iterable[Any]:
    """Return the files that are meant by one of them or by several: one alone is a row of one.

    A folder is the media files in it; without one it stands for itself, and fails where it is read.
    A PDF is its pages.

    >>> list(as_many("a.jpg")), list(as_many(["a.jpg", "b.jpg"]))
    (['a.jpg'], ['a.jpg', 'b.jpg'])
    >>> len(list(as_many("fixtures"))) > 50
    True
    """
    return chain.from_iterable(map(_files_in, one_or_many(items)))


def one_or_many(items: object) -> Iterable[Any]:
    """Return the same, but a folder as it is: where only frames of a video can be meant."""
    is_one = isinstance(items, str | bytes | bytearray | memoryview | os.PathLike)
    is_one = is_one or hasattr(items, "read") or is_held(items)
    return [items] if is_one or not isinstance(items, Iterable) else items


def _files_in(item: object) -> Iterable[Any]:
    folder = as_folder(item)
    files: Sequence[Any] = [item] if folder is None else media_files(folder) or [item]
    return chain.from_iterable(map(pages_in, files))


class Probed(NamedTuple):
    """A file whose header has been read."""

    source: str
    info: Facts


def probe_media(source: Media, view: View) -> Probed:
    """Read the header of a file, or the headers of a list of images; facts pass through.

    Raises the errors of `probe` and `probe_frame_list`.
    """
    found = as_frame_list(source)
    if isinstance(found, FrameList):
        return Probed(found.name, probe_frame_list(found, view))
    return Probed(source_name(found), probe(found, view.trust))


def count_file(source: Media, view: View) -> MediaCount:
    """Count the tokens that an image or a video costs a model, from its header alone.

    Raises the errors of `probe_media`, `image_count` and `video_count`.
    """
    return _counted(probe_media(source, view), view)


def _counted(probed: Probed, view: View) -> MediaCount:
    from vlprep.count.videos import media_count  # which many images in a row do without

    return MediaCount(source=probed.source, info=probed.info, tokens=media_count(probed.info, view))


BATCH = 64
"""Images whose tokens are counted together; small, so that results keep coming."""


def count_files(sources: Media | Iterable[Media], view: View) -> Iterator[Result]:
    """Count many files one by one, in order; a file that fails is reported in its place.

    A folder is the media files in it; `frame_list` makes one the frames of a video.
    """
    return count_probed(overlapped(partial(probe_file, view=view), as_many(sources)), view)


def count_probed(probed: Iterable[Probed | MediaFailure], view: View) -> Iterator[Result]:
    """Count files whose headers have been read, in order; a failure is passed on in its place."""
    for are_images, run in groupby(probed, _is_image):
        if are_images:
            # Images that follow each other share one run of the arithmetic.
            while batch := list(islice(run, BATCH)):
                yield from _count_images(batch, view)
        else:
            yield from (_count_one(one, view) for one in run)


def probe_file(source: Media, view: View) -> Probed | MediaFailure:
    """Read a header, or tell why it cannot be read; a folder is told by the failure to open it."""
    try:
        if isinstance(source, str | os.PathLike):
            with suppress(IsADirectoryError), open_item(source, view.trust) as item:
                return Probed(item.name, item.info)
        return probe_media(source, view)
    except (VlprepError, OSError) as error:
        return MediaFailure(source=media_name(source), error=error)


def media_name(source: Media) -> str:
    """Return what messages and reports call a file, or the first of a list."""
    if isinstance(source, FrameList):
        return source.name
    if isinstance(source, list | tuple):
        return source_name(source[0]) if source else "frame list"
    return source_name(source)  # type: ignore[arg-type]  # no other sequence is a source


def _is_image(probed: Probed | MediaFailure) -> bool:
    return isinstance(probed, Probed) and isinstance(probed.info, ImageInfo)


def _count_images(images: Sequence[Probed | MediaFailure], view: View) -> Iterator[Result]:
    probed = [image for image in images if isinstance(image, Probed)]
    counts: Sequence[TokenCount | VlprepError]
    try:
        infos = [image.info for image in probed if isinstance(image.info, ImageInfo)]
        counts = image_counts([seen_size(info, view) for info in infos], view)
    except VlprepError as error:  # nothing can be counted so: every image has the same reason
        counts = [error] * len(probed)
    for image, count in zip(probed, counts, strict=True):
        if isinstance(count, VlprepError):
            yield MediaFailure(source=image.source, error=count)
        else:
            yield MediaCount(source=image.source, info=image.info, tokens=count)


def _count_one(probed: Probed | MediaFailure, view: View) -> Result:
    if isinstance(probed, MediaFailure):
        return probed
    try:
        counted = _counted(probed, view)
    except VlprepError as error:
        return MediaFailure(source=probed.source, error=error)
    info = counted.info
    if isinstance(info, VideoInfo) and info.display_times:  # of thousands they would fill memory
        return replace(counted, info=replace(info, display_times=None))
    return counted


class TallyKeywords(ConversationKeywords, total=False):
    """Keywords of `tally`."""

    max_input: int | None
    max_model_len: int | None
    thinking: bool | None
    deployment: str | None
    separate: bool
    batch: bool
    cached: bool


def tally(
    results: Iterable[Result],
    view: View,
    *,
    budget: int | None = None,
    max_input: int | None = None,
    max_model_len: int | None = None,
    thinking: bool | None = None,
    deployment: str | None = None,
    separate: bool = False,
    batch: bool = False,
    cached: bool = False,
    **spoken: Unpack[ConversationKeywords],
) -> Tally:
    """Add counts up and set them against the model's largest input and its list price.

    `max_input`, in tokens, replaces the model's own, `max_model_len` its context, and a `budget`
    that is less is the limit; `thinking`
    chooses between its two inputs; `deployment` is where the price is looked up, `batch` and
    `cached` ask for those prices. `separate` bills each file as a request, or a conversation, of
    its own; the rest is what `conversation` takes.

    Raises `ConstraintError` for thinking that the model cannot do, or a deployment without price,
    and `UnknownFactError` for a discount that no source states.
    """
    items = tuple(results)
    tokens = [item.tokens.total for item in items if isinstance(item, MediaCount)]
    limit = largest_input(
        view.model,
        budget=budget,
        max_input=max_input,
        max_model_len=max_model_len,
        thinking=thinking,
    )
    media = tokens if separate else [sum(tokens)]
    requests = tuple(request for each in media for request in conversation(each, **spoken))
    prices = prices_of(view.model, requests, deployment, batch=batch, cached=cached)
    return Tally(
        view=view, items=items, total_tokens=sum(tokens), limit=limit, requests=requests,
        prices=prices,
    )  # fmt: skip


_OS_CODES: dict[type[OSError], str] = {
    FileNotFoundError: "not_found",
    PermissionError: "permission_denied",
    IsADirectoryError: "is_a_folder",
}
