"""The words of checking: what is known of the files of a request, and what was found of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from vlprep.count.tokens import TokenCount
from vlprep.models.registry import list_apis
from vlprep.models.service import ChatApi, Route
from vlprep.models.spec import ImageRule, ModelSpec, VideoRule
from vlprep.types import ImageInfo, VideoInfo
from vlprep.view import View

Severity = Literal["error", "warning", "note"]
MediaKind = Literal["image", "video", "animation", "frame list", "URL", "unreadable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check found: a limit broken, or something to know."""

    rule: str
    """Stable id of the rule, for instance "image-bytes"."""
    severity: Severity
    """"error": refused; "warning": may be refused or misunderstood; "note": good to know."""
    source: str | None
    """The file as the caller named it; `None` for the request as a whole."""
    measured: str
    """What was found, with its unit."""
    limit: str
    """What was wanted, with its unit; "" where there is nothing to want."""
    message: str
    """One sentence: found, wanted."""
    remedy: str | None
    """A command to run, or a step to take."""
    sources: tuple[str, ...]
    """Where the limit was read, as ids of the catalogue; empty where no source states it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What is known of one file of a request, or of a list of images that stands for a video."""

    source: str
    """The file as the caller named it."""
    kind: MediaKind
    """What it is; "animation" is an animated picture, which is counted as a video."""
    info: ImageInfo | VideoInfo | None = None
    """Facts of its header; `None` where there is none to read."""
    path: str | None = None
    """Where it lies, for commands; `None` for what is no file of its own."""
    frames: tuple[FileFacts, ...] = ()
    """The images of a frame list."""
    tokens: TokenCount | None = None
    """What it costs, where that could be counted."""
    problem: Exception | None = None
    """Why it could not be read or counted."""
    mislabelled: str | None = None
    """How its name contradicts its content."""
    usual_ending: str = ""
    """The usual ending of names for its content, with the dot."""

    @property
    def file_bytes(self) -> int:
        """Length of the file; of a frame list, of its largest image."""
        if self.kind == "frame list":
            return max(frame.file_bytes for frame in self.frames)
        return (self.info.file_bytes or 0) if self.info else 0

    @property
    def pictures(self) -> tuple[FileFacts, ...]:
        """Itself if it is sent as an image, else the images of a frame list."""
        return (self,) if self.kind in ("image", "animation") else self.frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What is to be sent to a model, and how."""

    view: View
    """What the model is to see: whose limits count, and how files were counted."""
    files: tuple[FileFacts, ...]
    """All that goes with it, in order."""
    route: Route
    """How the files reach the service."""
    apis: tuple[ChatApi, ...] = field(default_factory=list_apis)
    """The protocols that may be used."""
    text_tokens: int = 0
    """What the prompt costs beside the files."""
    max_input: int | None = None
    """Largest input in tokens, instead of the model's own."""
    thinking: bool | None = None
    """Whether the model is asked to think."""
    model_words: tuple[str, ...] = ()
    """Words of a command line that name the model."""

    @property
    def model(self) -> ModelSpec:
        """Whose limits count."""
        return self.view.model

    @property
    def fps(self) -> float | None:
        """Frames per second asked of videos."""
        return self.view.options.fps

    @property
    def is_served(self) -> bool:
        """Whether a service takes the files, with limits of its own."""
        return self.model.kind == "api"

    @property
    def image_rule(self) -> ImageRule | None:
        """The model's numbers for images, where a source states them."""
        return self.view.rules.image

    @property
    def video_rule(self) -> VideoRule | None:
        """The model's numbers for videos, where a source states them."""
        return self.view.rules.video

    @property
    def total_tokens(self) -> int:
        """Sum over the files that could be counted, and the text."""
        return self.text_tokens + sum(file.tokens.total for file in self.files if file.tokens)


@dataclass(frozen=True, slots=True)
class Hit:
    """A limit that a file or a request breaks."""

    measured: str
    """What was found, with its unit."""
    message: str
    """One sentence: found, wanted."""


Check: TypeAlias = Callable[[Sending], Iterator[tuple[FileFacts | None, Hit]]]
FileCheck: TypeAlias = Callable[[FileFacts, Sending], Hit | None]
Remedy: TypeAlias = Callable[[FileFacts | None, Sending], str | None]
Wanted: TypeAlias = Callable[[Sending], str]
Sources: TypeAlias = Callable[[Sending], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One documented limit, or one thing that a user should know."""

    id: str
    """Stable name."""
    severity: Severity
    """How much a breach matters."""
    title: str
    """What the rule asks for, in one line."""
    check: Check
    """Yields each breach, with the file it is about; `None` is the request as a whole."""
    wanted: Wanted
    """The limit in words; "" where there is nothing to want."""
    remedy: Remedy
    """What to do about it."""
    sources: Sources
    """Where the limit was read."""
    of_service: bool = True
    """Whether it is a service's rule, which weights that run anywhere do not know."""

    def findings(self, request: Sending) -> Iterator[Finding]:
        """Yield what the rule finds in a request."""
        if self.of_service and not request.is_served:
            return
        for file, hit in self.check(request):
            yield Finding(
                rule=self.id,
                severity=self.severity,
                source=None if file is None else file.source,
                measured=hit.measured,
                limit=self.wanted(request),
                message=hit.message,
                remedy=self.remedy(file, request),
                sources=self.sources(request),
            )


def each(check: FileCheck, *kinds: MediaKind) -> Check:
    """Return the check of all files of some kinds; no kind is all of them."""

    def run(request: Sending) -> Iterator[tuple[FileFacts | None, Hit]]:
        for file in request.files:
            if not kinds or file.kind in kinds:
                hit = check(file, request)
                if hit is not None:
                    yield file, hit

    return run


def each_picture(check: FileCheck) -> Check:
    """Return the check of all images, those of frame lists too: one finding for a whole list."""

    def run(request: Sending) -> Iterator[tuple[FileFacts | None, Hit]]:
        for file in request.files:
            found = [(one, hit) for one in file.pictures if (hit := check(one, request))]
            if not found:
                continue
            yield file, _of_list(file, found) if file.kind == "frame list" else found[0][1]

    return run


def _of_list(file: FileFacts, found: list[tuple[FileFacts, Hit]]) -> Hit:
    worst, hit = max(found, key=lambda pair: pair[0].file_bytes)
    share = f"{len(found):,} of {len(file.frames):,} images"
    return Hit(
        f"{share}, such as {worst.source}: {hit.measured}",
        f"{share}: {hit.message}",
    )


def whole(check: Callable[[Sending], Hit | None]) -> Check:
    """Return the check of a request as a whole."""

    def run(request: Sending) -> Iterator[tuple[FileFacts | None, Hit]]:
        hit = check(request)
        if hit is not None:
            yield None, hit

    return run
