"""What is asked of a file, and what became of it, for images and videos alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from vlprep.count.tokens import TokenCount
from vlprep.display import brief
from vlprep.errors import ConstraintError
from vlprep.media.sniff import endings
from vlprep.output.target import PathLike
from vlprep.pick.pick import PickOptions
from vlprep.types import Action, ImageFormat, ImageSize, Keep, RouteName, Watch, unwatched
from vlprep.units import format_size
from vlprep.view import ViewKeywords


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The keywords of `compress_image` and `compress_video`, which say what they mean."""

    limit: int | None = None
    route: RouteName = "base64"
    keep: Keep = "model-view"
    format: ImageFormat | None = None
    lossless: bool = False
    page: int | None = None
    tone_map: bool = True
    overwrite: bool = False
    dry_run: bool = False
    always: bool = False
    pick: PickOptions | None = None
    watch: Watch = unwatched

    @classmethod
    def at(cls, door: type[ViewKeywords], how: Mapping[str, Any]) -> Asked:
        """Return what is asked at a door; raises `TypeError` for a keyword that is not its own."""
        if foreign := how.keys() - door.__annotations__.keys():
            raise TypeError(f"unexpected keyword argument {min(foreign)!r}")
        return cls(**how)

    def check(self) -> None:
        """Raise `ConstraintError` for a limit in bytes, or a thing to keep, that cannot be."""
        if self.limit is not None and self.limit < 1:
            raise ConstraintError(f"limit must be above 0 bytes, got {self.limit:,}")
        if self.keep not in ("model-view", "full"):
            raise ConstraintError(f"keep must be model-view or full, got {self.keep!r}")
        if self.always and self.keep == "full":
            raise ConstraintError("`always` makes what the model sees; `keep` full keeps all of it")
        if self.pick is not None and self.keep == "full":
            raise ConstraintError("`pick` keeps a few frames; `keep` full keeps all of them")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressed:
    """A file brought under a limit; of a dry run, what only an encode can tell is `None`."""

    kind: ClassVar[Literal["image", "video"]]
    of_kind: ClassVar[tuple[str, ...]]
    """Names of the fields that entries of this kind alone have."""

    source: str
    """The file as the caller named it."""
    model: str
    """Name of the model."""
    action: Action
    """"unchanged": the source's own bytes; "compressed": for their number; "converted": for another
    reason."""
    reason: str
    """Why."""
    format: str
    """Format of the result, for instance "JPEG" or "MP4"."""
    limit: int
    """Number of bytes that the file had to stay under."""
    bytes_before: int
    """Length of the source's file; 0 of a page of a PDF, which is none."""
    bytes_after: int | None = None
    """Length of the result."""
    bytes_estimate: int | None = None
    """About that, in a dry run; `None` where there is no saying but that it is under `limit`."""
    bytes_unseen: int = 0
    """About how many of its bytes are of pixels that the model does not see, which `always` drops;
    0 where that cannot be told."""
    size_before: ImageSize
    """Of the source, or of its frames, as displayed."""
    size_after: ImageSize | None = None
    """Of the result, or of its frames."""
    tokens_before: TokenCount
    """What the source costs."""
    tokens_after: TokenCount | None = None
    """What the result costs."""
    dropped: tuple[str, ...] = ()
    """What the result lacks of the source, and how it was changed; one sentence each."""
    warnings: tuple[str, ...] = ()
    """What a user should know."""

    def __repr__(self) -> str:
        size = "" if self.size_after is None else f"{format_size(self.size_after)} "
        after = "?" if self.bytes_after is None else f"{self.bytes_after:,}"
        return brief(self, self.source, self.action, f"{size}{self.format}", self.lengths(after))

    def lengths(self, after: str) -> str:
        """Say how many bytes there were, if it was a file, and how many there are."""
        return f"{self.bytes_before:,} to {after} bytes" if self.bytes_before else f"{after} bytes"

    @property
    def ratio(self) -> float | None:
        """Bytes of the source over those of the result; `None` where one is not known."""
        known = self.bytes_before and self.bytes_after
        return self.bytes_before / self.bytes_after if known and self.bytes_after else None

    def to_dict(self) -> dict[str, Any]:
        """Return the file's entry of `vlprep.compress/1`, less where it was written."""
        after, tokens = self.size_after, self.tokens_after
        return {
            "source": self.source,
            "kind": self.kind,
            "action": self.action,
            "reason": self.reason,
            "format": self.format,
            "limit_bytes": self.limit,
            "bytes_before": self.bytes_before,
            "bytes_after": self.bytes_after,
            "bytes_estimate": self.bytes_estimate,
            "bytes_unseen": self.bytes_unseen,
            "height_before": self.size_before.height,
            "width_before": self.size_before.width,
            "height_after": None if after is None else after.height,
            "width_after": None if after is None else after.width,
            "tokens_before": self.tokens_before.total,
            "tokens_after": None if tokens is None else tokens.total,
            **{name: getattr(self, name) for name in self.of_kind},
            "dropped": list(self.dropped),
            "warnings": list(self.warnings),
        }


def beside(kinds: tuple[str, ...]) -> str:
    """Say which kinds of metadata there are.

    >>> beside(("location", "EXIF", "XMP"))
    'location, EXIF and XMP data in it'
    """
    return f"{' and '.join(filter(None, [', '.join(kinds[:-1]), kinds[-1]]))} data in it"


def grown(done: Compressed) -> Iterator[str]:
    """Say it where a result has more bytes than its source, and why it was made all the same."""
    before, after = done.bytes_before, done.bytes_after or 0
    if after > before > 0:
        yield f"{after:,} bytes, more than the source's {before:,}: {done.reason}"


def check_ending(path: PathLike, format: str) -> None:
    """Raise `ConstraintError` where the ending of a name is not one of a format's."""
    allowed = endings(format)
    if Path(path).suffix.lower() not in allowed:
        raise ConstraintError(f"{path}: the content is {format}; use the ending {allowed[0]}")
