"""Pages whose letters would be too small, in pieces: each is a part of a message of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from vlprep.count.frame_list import FrameList, as_frame_list
from vlprep.display import brief
from vlprep.media.source import open_item
from vlprep.output.encode import encode_picture
from vlprep.payload.parts import MediaPart, as_url
from vlprep.payload.sending import make_file, make_part
from vlprep.payload.terms import How
from vlprep.plan.records import PlannedFile
from vlprep.split.split import PageSplit, split_image
from vlprep.types import ImageInfo
from vlprep.units import format_size


@dataclass(frozen=True, slots=True, eq=False)
class PagePiece:
    """One piece of a page that is sent in several."""

    split: PageSplit = field(repr=False)
    number: int
    """Its place in reading order, from 0."""

    def __repr__(self) -> str:
        return brief(self, self.split.source, self.caption)

    @property
    def caption(self) -> str:
        """Which piece it is, for the model."""
        return f"Part {self.number + 1} of {len(self.split.pieces)} of one page, in reading order:"


def in_pieces(items: Sequence[Any], how: How) -> Iterator[Any]:
    """Yield items, and in place of an image of small letters its pieces.

    Raises the errors of `split_image`, among them `BudgetError` where they are too much.
    """
    for item in items:
        if not _is_image(item, how):
            yield item
            continue
        split = split_image(item, how.view)
        if len(split.pieces) == 1:
            yield item
        else:
            yield from (PagePiece(split, number) for number in range(len(split.pieces)))


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
    split, place = piece.split, piece.split.pieces[piece.number]
    content = encode_picture(split.picture(piece.number), "PNG")
    file, facts = make_file(
        content, split.source, f"{number:03}-{split.names()[piece.number]}", how
    )
    notes = (f"{place.region} of {format_size(split.info.size)}, as PNG",)
    warnings = split.warnings if piece.number == 0 else ()
    part = make_part(facts, [file], how, action="split", notes=notes, warnings=warnings)
    return replace(part, caption=piece.caption)
