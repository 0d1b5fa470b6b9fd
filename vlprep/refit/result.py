"""What became of a request: each change with the limit that asked for it, and what is left."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from vlprep.check.report import finding_json
from vlprep.check.rule import FileFacts, Finding
from vlprep.display import brief
from vlprep.messages.bodies import MediumKind
from vlprep.output.target import PathLike, new_file
from vlprep.refit.body import Given
from vlprep.refit.media import FittedMedium
from vlprep.refit.places import Medium
from vlprep.types import ImageSize
from vlprep.units import format_bytes, format_size

SCHEMA = "vlprep.fit-request/1"

BodyT = TypeVar("BodyT", bound=Given)

ChangeAction: TypeAlias = Literal["compressed", "relabelled", "dropped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MediumChange:
    """What became of one medium of a request, and which limits asked for it."""

    source: str
    """Where it is in the body, such as "messages[0].content[1].image_url.url"."""
    action: ChangeAction
    """"relabelled": the declared type alone is another."""
    because: tuple[Finding, ...]
    """The limits that were broken."""
    format_before: str | None = None
    format_after: str | None = None
    size_before: ImageSize | None = None
    size_after: ImageSize | None = None
    bytes_before: int | None = None
    """Length of the file, before Base64."""
    bytes_after: int | None = None

    def __repr__(self) -> str:
        return brief(self, self.source, self.action, self.message)

    @property
    def message(self) -> str:
        """What it was, what it is, and why, in one sentence."""
        why = "; ".join(f"{one.rule}, {one.limit}" for one in self.because)
        if self.action == "dropped":
            return f"left out: {why}"
        before = _told(self.format_before, self.size_before, self.bytes_before)
        if self.action == "relabelled":
            return f"{before}: declared as what it is: {why}"
        after = _told(self.format_after, self.size_after, self.bytes_after)
        return f"{before} → {after}: {why}"

    def to_dict(self) -> dict[str, Any]:
        """Return the change as JSON has it."""
        return {
            "source": self.source,
            "action": self.action,
            "format_before": self.format_before,
            "format_after": self.format_after,
            "height_before": self.size_before and self.size_before.height,
            "width_before": self.size_before and self.size_before.width,
            "height_after": self.size_after and self.size_after.height,
            "width_after": self.size_after and self.size_after.width,
            "bytes_before": self.bytes_before,
            "bytes_after": self.bytes_after,
            "because": list(map(finding_json, self.because)),
        }


def _told(format: str | None, size: ImageSize | None, count: int | None) -> str:
    size_text = format_size(size) if size else ""
    return " ".join(filter(None, [size_text, format, format_bytes(count or 0)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedRequest(Generic[BodyT]):
    """A request with media that fit, what was changed for it, and what still does not fit."""

    body: BodyT = field(repr=False)
    """Of the kind that was given; the very same where nothing was changed."""
    model: str
    """Name of the model."""
    changes: tuple[MediumChange, ...]
    """What became of each medium that was changed, in the order of the document."""
    left: tuple[Finding, ...]
    """The limits that are still broken, and media that cannot be read."""
    kinds: tuple[MediumKind, ...] = field(repr=False)
    """What the request says of each of its media, those that are only named among them."""
    not_fetched: tuple[str, ...]
    """Where media are only named, by URL, path or id, or are a list in one data URL: nothing is
    known of these."""
    warnings: tuple[str, ...] = ()
    """What may not have been meant, such as the limits of another model than it asks for."""

    def __repr__(self) -> str:
        changed = f"{len(self.changes):,} of {self.media:,} media changed"
        return brief(self, self.model, changed, "fits" if self.fits else f"left: {len(self.left)}")

    @property
    def media(self) -> int:
        """How many media there are in it."""
        return len(self.kinds)

    @property
    def fits(self) -> bool:
        """Whether no limit is broken that is sure to be enforced."""
        return all(finding.severity != "error" for finding in self.left)

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the body to a file: text as it is, an object as `json.dumps` writes it.

        Raises the errors of `new_file`.
        """
        body: Given = self.body
        if not isinstance(body, str | bytes):
            body = json.dumps(body)
        with new_file(path, overwrite=overwrite) as file:
            file.write(body if isinstance(body, bytes) else body.encode())

    def to_dict(self) -> dict[str, Any]:
        """Return the documented JSON of `vlprep.fit-request/1`, without the body."""
        return {
            "schema": SCHEMA,
            "model": self.model,
            "fits": self.fits,
            "media": self.media,
            "changes": [change.to_dict() for change in self.changes],
            "left": list(map(finding_json, self.left)),
            "not_fetched": list(self.not_fetched),
            "warnings": list(self.warnings),
        }


def change_of(
    medium: Medium, action: ChangeAction, because: tuple[Finding, ...], was: FileFacts | None
) -> MediumChange:
    """Return what is told of a change, of a medium that may be named only."""
    info = was.info if was else None
    return MediumChange(
        source=medium.name,
        action=action,
        because=because,
        format_before=info.format if info else None,
        size_before=info.size if info else None,
        bytes_before=info.file_bytes if info else None,
    )


def changed(one: FittedMedium) -> MediumChange:
    """Return what is told of a medium that was made anew, or declared anew."""
    info = one.facts.info
    assert info is not None  # what is made is read again
    assert one.action != "unchanged"
    return replace(
        change_of(one.medium, one.action, one.because, one.was),
        format_after=info.format,
        size_after=info.size,
        bytes_after=info.file_bytes,
    )
