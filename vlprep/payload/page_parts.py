"""Pages whose letters would be too small, in pieces: each is a part of a message of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from vlprep.choices import READABLE
from vlprep.count.frame_list import FrameList, as_frame_list
from vlprep.media.source import open_item
from vlprep.output.encode import encode_picture
from vlprep.payload.parts import MediaPart, as_url
from vlprep.payload.sending import make_file, make_part
from vlprep.payload.terms import How
from vlprep.plan.records import PlannedFile
from vlprep.split.split import PagePiece, PageSplit, split_image
from vlprep.types import ImageInfo
from vlprep.units import format_size


def in_pieces(items: Sequence[Any], how: How) -> Iterator[Any]:
    """Yield items, and in place of an image that wants it, its pieces; those of plans as planned.

    Raises the errors of `split_image`, among them `BudgetError` where they are too much.
    """
    held: PageSplit | None = None
    for item in items:
        if isinstance(item, PlannedFile) and item.piece is not None:
            planned = item.piece
            if held is None or planned.number == 0 or held.source != planned.split.source:
                held = planned.split.held()  # once for all pieces of a page
            yield PagePiece(held, planned.number)
        elif how.pieces and _is_image(item, how):
            split = split_image(item, how.view, readable=how.readable or READABLE)
            numbers = range(len(split.pieces))
            yield from (PagePiece(split, n) for n in numbers) if split.is_needed else (item,)
        else:
            yield item


def _is_image(item: Any, how: How) -> bool:
    if isinstance(item, PlannedFile) or as_url(item) is not None:
        return False
    found = as_frame_list(item)
    if isinstance(found, FrameList):
        return False
    with open_item(found, how.view.trust) as opened:
        return isinstance(opened.info, ImageInfo)


def piece_part(piece: PagePiece, how: How, number: int) -> MediaPart:
    """Return the part of a message that a piece becomes: a PNG at the size that the model sees."""
    split = piece.split
    content = encode_picture(split.picture(piece.number), "PNG")
    file, facts = make_file(content, split.source, f"{number:03}-{piece.name}", how)
    notes = (f"{piece.piece.region} of {format_size(split.info.size)}, as PNG",)
    warnings = split.warnings if piece.number == 0 else ()
    part = make_part(facts, [file], how, action="split", notes=notes, warnings=warnings)
    return replace(part, caption=piece.caption)
