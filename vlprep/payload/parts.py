"""What a message holds beside its text, and how it names it: data URLs, `file://` paths, URLs."""

from __future__ import annotations

import base64
import ntpath
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, urlsplit

from vlprep.check.rule import FileFacts
from vlprep.count.tokens import TokenCount
from vlprep.display import brief
from vlprep.errors import ConstraintError
from vlprep.media.addresses import is_web_url, shown_name
from vlprep.media.sniff import FORMATS
from vlprep.types import Action
from vlprep.units import plural
from vlprep.view import ViewOptions

Json: TypeAlias = dict[str, Any]
"""A JSON object."""

UrlKind = Literal["image", "video"]
PartKind = Literal["image", "video", "frames"]
PartAction = Action | Literal["sampled", "given"]


@dataclass(frozen=True, slots=True)
class MediaUrl:
    """A URL whose name does not tell what it holds."""

    url: str
    """As it is to be sent; it is not fetched here."""
    kind: UrlKind
    """What it holds."""

    def __repr__(self) -> str:
        return brief(self, self.kind, self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """One file as it is sent."""

    name: str
    """What the caller called it."""
    address: str = field(default="", repr=False)
    """What a request says for it: a data URL, a `file://` path, or a URL as given."""
    mime_type: str | None = None
    """By its content; `None` for a URL, which is not looked at."""
    file_bytes: int | None = None
    """Length; `None` for a URL."""
    path: str | None = None
    """Absolute path, where it is sent by that."""

    def __repr__(self) -> str:
        length = "" if self.file_bytes is None else f"{self.file_bytes:,} bytes"
        return brief(self, self.name, self.mime_type or "", length)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPart:
    """An image, a video, or a list of images that stands for one."""

    facts: FileFacts = field(repr=False)
    """What is known of the very content that is sent; nothing of a URL."""
    kind: PartKind
    """What it is; "frames" is a list of images."""
    files: tuple[SentFile, ...]
    """One, or the images of a list in order."""
    action: PartAction = "unchanged"
    """What was done to it; "sampled": frames were taken of a video, "given": a URL."""
    fps: float | None = None
    """Frames per second of a list, or to be sampled of a video; `None`: as the service does."""
    states_fps: bool = True
    """Whether the request states that rate; where it cannot, the protocol takes it for granted."""
    limits: Mapping[str, int]
    """Pixel limits that the request states for it, by name."""
    list_type: str | None = None
    """MIME type of one data URL that holds all images of a list; `None`: each has its own."""
    options: ViewOptions = field(default_factory=ViewOptions, repr=False)
    """What it is to be seen with; servers are told of it beside the messages."""
    notes: tuple[str, ...] = ()
    """What was changed, one sentence each."""
    warnings: tuple[str, ...] = ()
    """What a user should know, one sentence each."""

    def __repr__(self) -> str:
        files = "" if self.kind != "frames" else plural(len(self.files), "image")
        tokens = "" if self.tokens is None else plural(self.tokens.total, "token")
        return brief(self, self.name, self.kind, files, self.action, tokens)

    @property
    def name(self) -> str:
        """What messages call it: the file, or the first of a list, as the caller named it."""
        return self.facts.source

    @property
    def tokens(self) -> TokenCount | None:
        """What it costs as it is sent; `None` where that cannot be known, as of a URL."""
        return self.facts.tokens

    @property
    def remarks(self) -> list[str]:
        """Warnings, each with the name of the file."""
        return [f"{self.name}: {warning}" for warning in self.warnings]


def as_url(source: object) -> MediaUrl | None:
    """Return a source as the URL that it is, by its ending if need be; `None` for a file.

    The content is not looked at. Raises `ConstraintError` for an ending that tells nothing.

    >>> as_url("https://example.com/clip.MP4?signature=x").kind
    'video'
    """
    if isinstance(source, MediaUrl):
        return source
    if not is_web_url(source):
        return None
    url = str(source)
    ending = PurePosixPath(urlsplit(url).path).suffix.lower().removeprefix(".")
    for row in FORMATS:
        if ending in row.extensions and (row.kind == "image" or row.kind == "video"):
            return MediaUrl(url, row.kind)
    problem = "its ending does not tell an image from a video; say which with `MediaUrl`"
    raise ConstraintError(f"{shown_name(url)}: {problem}")


def data_url(content: bytes, mime_type: str) -> str:
    """Return content as a data URL.

    >>> data_url(b"GIF89a", "image/gif")
    'data:image/gif;base64,R0lGODlh'
    """
    return f"data:{mime_type};base64,{base64.b64encode(content).decode('ascii')}"


def file_url(path: str, *, windows: bool = False) -> str:
    r"""Return the `file://` form of an absolute path that the DashScope SDK for Python reads.

    It takes the rest of the URL for a form field: `%41` is a letter and a plus is a space, so
    everything but letters, digits, `/` and `_.-~` is escaped. On Windows the drive follows two
    slashes, as the Model Studio guide of 2025-12-18 has it.

    Raises `ConstraintError` for a path that is not absolute, or not Unicode, which no URL of the
    SDK can say.

    >>> file_url("/home/ada/a+b 1.jpg")
    'file:///home/ada/a%2Bb%201.jpg'
    >>> file_url("D:\\images\\test.png", windows=True)
    'file://D:/images/test.png'
    """
    if not (ntpath if windows else posixpath).isabs(path):
        raise ConstraintError(f"{path}: a file:// path is absolute")
    try:
        path.encode()
    except UnicodeEncodeError:
        problem = "its name is not Unicode, which file:// cannot say here; rename it"
        raise ConstraintError(f"{path}: {problem}, or send it by the route base64") from None
    if windows:
        drive, rest = ntpath.splitdrive(path.replace("\\", "/"))
        return f"file://{drive}{quote(rest)}"
    if path[2:3] == ":":  # the SDK takes /d:/ for a drive of Windows
        path = f"//{path.lstrip('/')}"
    return f"file://{quote(path)}"
