"""The words of a check: facts of files, what is to be sent, rules, remedies and findings.

A rule is one function, entered by a decorator with its severity and title; its name is the rule's
id. `rule` decorates what looks at a `Sending` and those of its files that the rule is about: it
yields what is `Wanted`, then a `Hit` for each breach, and nothing at all where nothing is asked of
this model and route. `remark` decorates the test of one file, where the same is said of every
request and no source says anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Literal, TypeAlias

from vlprep.choices import FAINT
from vlprep.count.budget import InputLimit, largest_input
from vlprep.count.tokens import TokenCount
from vlprep.display import brief
from vlprep.errors import VlprepError
from vlprep.maths.legible import Letters
from vlprep.models.registry import list_apis
from vlprep.models.routes import ChatApi, Route
from vlprep.models.spec import ModelSpec, RuleSet
from vlprep.types import ImageInfo, ImageSize, VideoInfo
from vlprep.units import format_size, plural
from vlprep.view import View

Severity = Literal["error", "warning", "note"]
Command = Literal["check", "compress", "split"]
MediaKind = Literal["image", "video", "animation", "frame list", "URL", "unreadable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What to do about a finding: a verb of this library with files and options, or a step.

    As text it is the step, or the call of Python that does it.

    >>> print(Remedy(command="compress", files=("a.jpg",), output="small/"))
    list(compress_many('a.jpg', 'small/'))
    """

    step: str = ""
    """What to do in words; "" of a verb."""
    command: Command | None = None
    """The verb, which the command line has a command of; `None` of a step in words."""
    files: tuple[str, ...] = ()
    """The files that the verb is for."""
    output: str | None = None
    """The file or the folder that is written, or what a file is to be called."""
    options: tuple[tuple[str, object], ...] = ()
    """Keywords of the verb with their values."""

    def __repr__(self) -> str:
        return brief(self, str(self))

    @property
    def compresses(self) -> bool:
        """Whether compressing mends it, with the options; content without a file has no command."""
        return self.command == "compress" or (self.command is None and bool(self.options))

    @property
    def call(self) -> str | None:
        """The call of a function of this library, as text; `None` of a step in words."""
        if self.command is None:
            return None
        files = repr(self.files[0] if len(self.files) == 1 else list(self.files))
        options = "".join(f", {name}={value!r}" for name, value in self.options)
        return _CALLS[self.command].format(files=files, output=repr(self.output), options=options)

    def __str__(self) -> str:
        return self.call or (self.step if self.output is None else f"{self.step} {self.output!r}")


_CALLS = {
    "check": "check_media({files}{options})",
    "compress": "list(compress_many({files}, {output}{options}))",
    "split": "split_image({files}{options}).save({output})",
}


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
    remedy: Remedy | None
    """What to do about it."""
    sources: tuple[str, ...]
    """Where the limit was read, as ids of the catalogue; empty where no source states it."""

    def __repr__(self) -> str:
        wanted = f"{self.measured}, wanted {self.limit}" if self.limit else self.measured
        return brief(self, f"{self.severity} {self.rule}", self.source or "the request", wanted)


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
    """Where it lies; `None` for what is no file of its own."""
    frames: tuple[FileFacts, ...] = ()
    """The images of a frame list."""
    tokens: TokenCount | None = None
    """What it costs, where that could be counted."""
    letters: Letters | None = None
    """Its text, in its own pixels, where that was looked for."""
    problem: VlprepError | OSError | None = None
    """Why it could not be read or counted."""
    mislabelled: str | None = None
    """How its name contradicts its content."""

    def __repr__(self) -> str:
        size = f" {format_size(self.info.size)}" if self.info else ""
        tokens = plural(self.tokens.total, "token") if self.tokens else ""
        return brief(self, self.source, f"{self.kind}{size}", tokens, str(self.problem or ""))

    @property
    def file_bytes(self) -> int:
        """Length of the file; of a frame list, of its largest image; 0 where unknown."""
        if self.kind == "frame list":
            return max((frame.file_bytes for frame in self.frames), default=0)
        return (self.info.file_bytes or 0) if self.info else 0

    @property
    def size(self) -> ImageSize:
        """Size of the picture, which has been read."""
        assert self.info is not None
        return self.info.size

    @property
    def seen_letters(self) -> float | None:
        """How high its small letters are as the model sees them, in pixels; `None` if unknown."""
        if self.letters is None or self.tokens is None:
            return None
        seen = self.tokens.resized
        scale = min(seen.height / self.size.height, seen.width / self.size.width)
        return self.letters.scaled(scale).smallest

    @property
    def format(self) -> str:
        """Name of the format of the content, for sentences."""
        return (self.info.format if self.info else None) or "an unknown format"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What is to be sent to a model, and how."""

    view: View
    files: tuple[FileFacts, ...]
    route: Route
    apis: tuple[ChatApi, ...] = field(default_factory=list_apis)
    """The protocols that may be used."""
    text_tokens: int = 0
    max_input: int | None = None
    """Largest input in tokens, instead of the model's own."""
    max_model_len: int | None = None
    """Prompt and reply together in tokens, instead of the model's own context."""
    thinking: bool | None = None
    readable: float = FAINT
    """Least height of small letters, in pixels that the model sees."""

    @property
    def model(self) -> ModelSpec:
        """Whose limits count."""
        return self.view.model

    @property
    def rules(self) -> RuleSet:
        """The model's numbers that are in force."""
        return self.view.rules

    @property
    def is_served(self) -> bool:
        """Whether a service takes the files, with limits of its own."""
        return self.model.kind == "api"

    @property
    def is_encoded(self) -> bool:
        """Whether files are sent as data URLs."""
        return self.route.name == "base64"

    @property
    def total_tokens(self) -> int:
        """Sum over the files that could be counted, and the text."""
        return self.text_tokens + sum(file.tokens.total for file in self.files if file.tokens)

    @property
    def largest_input(self) -> InputLimit | None:
        """What the input may hold; `None` where no source states it."""
        return largest_input(
            self.model,
            max_input=self.max_input,
            max_model_len=self.max_model_len,
            thinking=self.thinking,
        )

    @property
    def input_limit(self) -> int | None:
        """The same as a number of tokens."""
        return self.largest_input.tokens if self.largest_input else None

    @property
    def context_tokens(self) -> int | None:
        """Prompt and reply together; `None` where no source states it."""
        own = self.model.context_tokens
        return own if self.max_model_len is None else self.max_model_len

    @property
    def lists(self) -> list[FileFacts]:
        """The lists of images that stand for videos."""
        return [file for file in self.files if file.kind == "frame list"]

    def of_kind(self, *kinds: MediaKind) -> int:
        """Return how many files are of some kinds."""
        return sum(file.kind in kinds for file in self.files)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a rule wants of a request."""

    words: str = ""
    """The limit, with its unit; "" where there is nothing to want."""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule finds in a request."""

    measured: str
    """What was found, with its unit."""
    message: str
    """One sentence of what was found and wanted."""
    file: FileFacts | None = None
    """Where; `None`: in the request as a whole."""


Files: TypeAlias = Sequence[FileFacts]
Found: TypeAlias = Iterator[Wanted | Hit]
Mend: TypeAlias = str | Callable[[FileFacts, Sending], Remedy | None] | None
"""What to do about a breach: a step, or what says it of a file."""

Said: TypeAlias = tuple[str, str]
"""What `Hit` has of one file: what was found, and one sentence of it."""

_Ask: TypeAlias = Callable[[Sending, Files], Found]
_Test: TypeAlias = Callable[[FileFacts], Said | None]

_Subject: TypeAlias = MediaKind | Literal["file", "picture"]
"""What files a rule is about: those of a kind, all, or what is sent as images.

The images of a list are pictures too: there is one finding for the whole list.
"""

_PICTURES: tuple[MediaKind, ...] = ("image", "animation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One documented limit, or one thing that a user should know."""

    id: str
    severity: Severity
    title: str
    """What it asks for, in one line."""
    of: _Subject
    remedy: Mend
    of_service: bool
    """Whether it is a service's rule, which weights that run anywhere do not know."""
    ask: _Ask

    def wanted(self, sending: Sending) -> Wanted:
        """Return what is wanted of a request, which may be nothing."""
        first = next(self.ask(sending, ()), None)
        return first if isinstance(first, Wanted) else Wanted()

    def findings(self, sending: Sending) -> Iterator[Finding]:
        """Yield what the rule finds in a request."""
        if self.of_service and not sending.is_served:
            return
        kinds = _PICTURES if self.of == "picture" else (self.of,)
        files = [file for file in sending.files if self.of == "file" or file.kind in kinds]
        wanted, hits = self._hits(sending, files)
        if self.of == "picture":
            lists = [(file, self._hits(sending, file.frames)[1]) for file in sending.lists]
            hits += [_of_list(file, found) for file, found in lists if found]
        for hit in hits:
            yield Finding(
                rule=self.id,
                severity=self.severity,
                source=hit.file.source if hit.file else None,
                measured=hit.measured,
                limit=wanted.words,
                message=hit.message,
                remedy=self._mend(hit.file, sending),
                sources=wanted.sources,
            )

    def _hits(self, sending: Sending, files: Files) -> tuple[Wanted, list[Hit]]:
        wanted, hits = Wanted(), list[Hit]()
        for found in self.ask(sending, files):
            if isinstance(found, Hit):
                hits.append(found)
            else:
                wanted = found
        return wanted, hits

    def _mend(self, file: FileFacts | None, sending: Sending) -> Remedy | None:
        if isinstance(self.remedy, str):
            return Remedy(step=self.remedy)
        return self.remedy(file, sending) if self.remedy and file else None


def _of_list(file: FileFacts, hits: Sequence[Hit]) -> Hit:
    """Tell of the images of a list as one."""
    worst = max(hits, key=lambda hit: hit.file.file_bytes if hit.file else 0)
    share = f"{len(hits):,} of {len(file.frames):,} images"
    example = worst.file.source if worst.file else ""
    return Hit(f"{share}, such as {example}: {worst.measured}", f"{share}: {worst.message}", file)


def rule(
    severity: Severity,
    title: str,
    *,
    of: _Subject = "file",
    remedy: Mend = None,
    weights: bool = False,
) -> Callable[[_Ask], Rule]:
    """Enter a rule: what yields what it wants, then what it finds; `weights` know it as well."""
    return lambda ask: Rule(
        id=ask.__name__.replace("_", "-"), severity=severity, title=title, of=of, remedy=remedy,
        of_service=not weights, ask=ask,
    )  # fmt: skip


def remark(
    severity: Severity, title: str, words: str, *, of: _Subject = "file", remedy: Mend = None
) -> Callable[[_Test], Rule]:
    """Enter a test of one file, by which the same is said of every request, of weights too."""

    def enter(test: _Test) -> Rule:
        @wraps(test)
        def ask(sending: Sending, files: Files) -> Found:
            yield Wanted(words)
            for file in files:
                if said := test(file):
                    yield Hit(*said, file)

        return rule(severity, title, of=of, remedy=remedy, weights=True)(ask)

    return enter
