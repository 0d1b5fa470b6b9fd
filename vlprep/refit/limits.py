"""What a medium of a request has to keep to: what services document, and what a caller says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from vlprep.check import images, requests, videos
from vlprep.check.files import images_per_request
from vlprep.check.report import find_problems
from vlprep.check.rule import FileFacts, Finding, Remedy, Sending
from vlprep.errors import ConstraintError
from vlprep.models.registry import get_route
from vlprep.units import format_size, plural
from vlprep.view import View

MENDED = (
    *(images.image_format, images.reference_format, images.large_image_format, images.image_8k),
    *(images.base64_length, images.raw_bytes, images.mislabelled),
    *(videos.video_container, videos.video_duration),
    *(videos.video_base64_length, videos.video_raw_bytes),
)
"""The rules that a medium made anew can keep; others ask for another picture."""

_TOLD = {*(rule.id for rule in MENDED), requests.request_data_urls.id}
_TOLD_HERE = requests.request_images.id
"""Which counts what is inside a body alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLimits:
    """Limits of the caller's, beside those of the model; `None` is none."""

    max_body: int | None = None
    """Most bytes of the whole body."""
    max_images: int | None = None
    """Most images, those by URL too."""
    max_side: int | None = None
    """Longest side of an image in pixels."""
    limit: int | None = None
    """What a file must stay under, in bytes before Base64."""

    def __post_init__(self) -> None:
        for name, least in (("max_body", 1), ("max_images", 0), ("max_side", 1), ("limit", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ConstraintError(f"`{name}` must be {least} or more, got {value:,}")


def breaches(file: FileFacts, view: View, own: OwnLimits) -> tuple[Finding, ...]:
    """Return the limits that one medium is over, as far as making it anew can mend that."""
    if file.info is None:
        return ()
    sending = Sending(view=view, files=(file,), route=get_route("base64"))
    documented = (finding for rule in MENDED for finding in rule.findings(sending))
    return (*documented, *_own_breaches(file, own))


def _own_breaches(file: FileFacts, own: OwnLimits) -> Iterator[Finding]:
    longest, is_picture = max(file.size), file.kind in ("image", "animation")
    if own.max_side is not None and is_picture and longest > own.max_side:
        found, wanted = f"{longest:,} px", f"at most {own.max_side:,} px"
        message = f"{format_size(file.size)}: the longer side is to have {wanted}"
        yield own_finding("max-side", found, wanted, message, file.source)
    if own.limit is not None and file.file_bytes >= own.limit:
        found, wanted = f"{file.file_bytes:,} bytes", f"under {own.limit:,} bytes"
        yield own_finding("limit", found, wanted, f"{found}, and {wanted} are wanted", file.source)


def own_finding(
    rule: str, found: str, wanted: str, message: str, source: str | None = None, step: str = ""
) -> Finding:
    """Return what is told of a limit of the caller's."""
    return Finding(
        rule=rule, severity="error", source=source, measured=found, limit=wanted, message=message,
        remedy=Remedy(step=step) if step else None, sources=(),
    )  # fmt: skip


def too_long(length: int, most: int) -> Finding:
    """Return what is told of a body with too many bytes."""
    found, wanted = f"{length:,} bytes", f"at most {most:,} bytes"
    message = f"the body has {found}, and {wanted} are wanted"
    step = "split the request, or leave out media"
    return own_finding("max-body", found, wanted, message, step=step)


def remaining(files: Sequence[FileFacts], view: View, own: OwnLimits) -> Iterator[Finding]:
    """Yield what a service would still refuse or may refuse of the media inside a body."""
    sending = Sending(view=view, files=tuple(files), route=get_route("base64"))
    for finding in find_problems(sending):
        if finding.rule != _TOLD_HERE and (finding.severity == "error" or finding.rule in _TOLD):
            yield finding
    for file in files:
        for one in file.frames or (file,):
            if one.info is not None:
                yield from _own_breaches(one, own)


def too_many(count: int, view: View, own: OwnLimits, *, inside: bool) -> Finding | None:
    """Return what is told of so many images by the tighter limit on them; `None` where they fit.

    `inside`, where some are Base64 in the body.
    """
    known: list[tuple[int, str, tuple[str, ...]]] = []
    if view.model.kind == "api":
        stated = images_per_request(view.model, get_route("base64" if inside else "url"))
        known += [(stated[0], _TOLD_HERE, stated[1])] if stated else []
    if own.max_images is not None:
        known.append((own.max_images, "max-images", ()))
    most, rule, sources = min(known, key=itemgetter(0), default=(count, "", ()))
    if count <= most:
        return None
    found, wanted = plural(count, "image"), f"at most {plural(most, 'image')}"
    message = f"{found} in the request, {wanted} taken"
    step = "split the request, or have the oldest left out"
    finding = own_finding(rule, found, wanted, message, step=step)
    return replace(finding, sources=sources)
