"""What would become of an image, told from its header: nothing is decoded and nothing encoded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vlprep.check.savings import estimated_bytes, unseen_of
from vlprep.compress.image_source import (
    ImageCase,
    examine_image,
    reasons_to_write,
    unseen,
    wanted_sizes,
    within_limits,
)
from vlprep.compress.result import Asked, Compressed, beside
from vlprep.count.tokens import image_count
from vlprep.media.source import Item
from vlprep.types import Action
from vlprep.view import View


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PlannedImage(Compressed):
    """What would become of an image; only an encode tells the number of bytes, and the format."""

    kind = "image"
    of_kind = ("quality", "encodes")

    quality: None = None
    """Known of what has been encoded."""
    encodes: int = 0
    """None."""


def plan_image(item: Item, view: View, asked: Asked) -> PlannedImage:
    """Say what `compress_image` would make of an image, from its header alone.

    Raises the errors of `compress_image` that a header shows.

    >>> from vlprep.media.source import open_item
    >>> with open_item("fixtures/exif_6.jpg") as item:
    ...     plan_image(item, View.of(), Asked()).reason
    'stored turned (EXIF orientation 6)'
    """
    case = examine_image(item, view, asked)
    reasons = "; ".join(reasons_to_write(case))
    if reasons:
        return _written(case, reasons, "converted" if case.fits else "compressed")
    if more := unseen(case) if asked.always else "":
        return _written(case, more, "compressed")
    kinds = case.info.metadata
    stays = _planned(case, beside(kinds) if kinds else within_limits(case))
    return replace(stays, action="converted", bytes_after=None) if kinds else stays


def _planned(case: ImageCase, reason: str) -> PlannedImage:
    """Return the plan of a source that stays as it is."""
    info, length = case.info, case.item.file_bytes
    tokens = image_count(info.size, case.view)
    return PlannedImage(
        source=case.item.name,
        model=case.view.model.name,
        action="unchanged",
        reason=reason,
        format=info.format,
        limit=case.byte_limit(info.format),
        bytes_before=length,
        bytes_after=length,
        bytes_estimate=length,
        bytes_unseen=unseen_of(info, tokens.resized),
        size_before=info.size,
        size_after=info.size,
        tokens_before=tokens,
        tokens_after=tokens,
        warnings=(*info.warnings, *filter(None, [case.item.mislabelled]), *tokens.warnings),
    )


def _written(case: ImageCase, reason: str, action: Action) -> PlannedImage:
    size, format = wanted_sizes(case, case.info.size)[0], case.asked.format
    limit = case.byte_limit(format or "JPEG")
    estimate = estimated_bytes(case.info, size)
    return replace(
        _planned(case, reason),
        action=action,
        format=format or "PNG or JPEG",
        limit=limit,
        bytes_after=None,
        bytes_unseen=0,
        bytes_estimate=estimate if estimate and estimate < limit else None,
        size_after=size,
        tokens_after=image_count(size, case.view),
    )
