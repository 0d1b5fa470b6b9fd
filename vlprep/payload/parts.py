"""What a message holds beside its text: images, videos and lists of frames, ready to be placed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from vlprep.count.tokens import TokenCount
from vlprep.media.source import SourceLike, open_item
from vlprep.payload.urls import data_url, file_url
from vlprep.types import Action

PartKind = Literal["image", "video", "frames"]
PartAction = Action | Literal["sampled", "given"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """One file as it is sent."""

    name: str
    """What the caller called it."""
    source: SourceLike | None
    """Where its bytes are; `None` for a URL as given."""
    url: str | None = None
    """The URL as given; `None` for a file."""
    mime_type: str | None = None
    """By its content; `None` for a URL, which is not looked at."""
    file_bytes: int | None = None
    """Length; `None` for a URL."""
    path: str | None = None
    """Absolute path, where it is sent by that."""

    @property
    def checked(self) -> SourceLike | None:
        """The source under the name by which messages call it."""
        return _Named(self.source, self.name) if isinstance(self.source, bytes) else self.source

    def address(self, *, windows: bool) -> str:
        """Return what stands for the file in a request: a URL of one kind or another."""
        if self.url is not None:
            return self.url
        if self.path is not None:
            return file_url(self.path, windows=windows)
        assert self.source is not None and self.mime_type is not None
        if isinstance(self.source, bytes):
            return data_url(self.source, self.mime_type)
        with open_item(self.source) as item:
            return data_url(item.file.read(), self.mime_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPart:
    """An image, a video, or a list of images that stands for one."""

    name: str
    """What messages call it: the file, or the first of a list, as the caller named it."""
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
    tokens: TokenCount | None = None
    """What it costs; `None` where that cannot be known, as of a URL."""
    limits: Mapping[str, int]
    """Pixel limits that the request states for it, by name."""
    notes: tuple[str, ...] = ()
    """What was changed, one sentence each."""
    warnings: tuple[str, ...] = ()
    """What a user should know, one sentence each."""

    @property
    def checked(self) -> list[SourceLike] | SourceLike | None:
        """What can be held against the limits of files: all but URLs."""
        sources = [file.checked for file in self.files if file.checked is not None]
        return sources if self.kind == "frames" and sources else next(iter(sources), None)

    @property
    def remarks(self) -> Iterator[str]:
        """Warnings, each with the name of the file."""
        yield from (f"{self.name}: {warning}" for warning in self.warnings)


class _Named(io.BytesIO):
    """Bytes with the name of the file that they were made from, for messages."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name
