"""What is said of pages in pieces, and beside it of the same pages uncut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from vlprep.cli.text import safe, thousands
from vlprep.units import plural

if TYPE_CHECKING:
    from vlprep.maths.legible import Letters
    from vlprep.plan.records import MediaPlan
    from vlprep.split.split import PageSplit

MOST_PAGES = 3
"""Pages that have a line of their own; of more, one tells of all."""


def page_lines(plan: MediaPlan) -> Iterator[str]:
    """Yield what the pages of a plan cost and show, and how many images a request takes."""
    from vlprep.plan.requests import images_by_route, images_in_words

    pages = [file.piece.split for file in plan.files if file.piece and file.piece.number == 0]
    if len(pages) <= MOST_PAGES:
        yield from (f"{safe(page.source)}: {_in_pieces([page])}; {uncut([page])}" for page in pages)
    else:
        yield f"{len(pages):,} pages: {_in_pieces(pages)}; {uncut(pages)}"
    if pages and (most := images_by_route(plan.view.model)):
        images = sum(file.kind == "image" for file in plan.files)
        yield f"{plural(images, 'image')}; one request takes {images_in_words(most)}"


def _in_pieces(pages: Sequence[PageSplit]) -> str:
    pieces = plural(sum(len(page.pieces) for page in pages), "piece")
    cost = thousands(sum(page.total_tokens for page in pages))
    return f"{pieces}, {cost} tokens{_letters(page.letters for page in pages)}"


def uncut(pages: Sequence[PageSplit]) -> str:
    """Return what the same pages cost and show where they are not cut."""
    taken = [page.whole.total for page in pages if page.whole]
    cost = f"{thousands(sum(taken))} tokens" if len(taken) == len(pages) else "refused"
    return f"uncut {cost}{_letters(page.letters_of_whole for page in pages)}"


def _letters(found: Iterable[Letters | None]) -> str:
    heights = [letters.smallest for letters in found if letters]
    return f", letters about {min(heights):.1f} px high" if heights else ""
