"""How a page is laid out in pieces: the scale that keeps letters legible, then the rectangles."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vlprep.count.tokens import TokenCount, image_count
from vlprep.display import brief
from vlprep.errors import ConstraintError
from vlprep.maths.legible import Letters
from vlprep.maths.letters import SPECK, Pixels, find_letters, steps_in_rows
from vlprep.split.cuts import Span, cut
from vlprep.types import ImageSize, Region
from vlprep.units import format_size, plural
from vlprep.view import View

_NARROW = 3
"""A piece of full width is at most so many times as wide as high, or the page is cut across too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A rectangle of a page, and what the model sees of it."""

    down: Span
    """Its rows."""
    across: Span
    """Its columns."""
    tokens: TokenCount
    """What it costs; `tokens.resized` is what it is scaled to, and what the model sees."""

    def __repr__(self) -> str:
        seen = f"seen as {format_size(self.tokens.resized)}"
        return brief(self, str(self.region), seen, plural(self.tokens.total, "token"))

    @property
    def region(self) -> Region:
        """The rectangle, in pixels of the page."""
        size = ImageSize(self.down.length, self.across.length)
        return Region(self.across.start, self.down.start, size)

    def owns(self, x: float, y: float) -> bool:
        """Say whether a place of the page lies in it, beyond the middle of what pieces share."""
        return self.across.owns(x) and self.down.owns(y)

    def cut_from(self, page: Pixels) -> Pixels:
        """Return the rectangle of a page."""
        x, y, size = self.region
        return page[y : y + size.height, x : x + size.width]


@dataclass(frozen=True, slots=True)
class Layout:
    """The pieces of a page in reading order."""

    pieces: tuple[Piece, ...]
    letters: Letters | None
    """Its text in its own pixels; `None` where there is none."""
    scale: float
    """How large a piece is shown, 1 at most."""
    whole: TokenCount | None
    """What the page costs uncut; `None` where the model takes no page of its sides."""
    lines_cut: int = 0
    """Cuts that go through text, where pieces overlap."""


def lay_out(page: Pixels, view: View, readable: float) -> Layout:
    """Lay out a page, RGB of height x width x 3, so that its letters stay legible.

    Where the model sees the page as a whole large enough, that is the one piece. Text that runs
    downwards is read from the left.

    Raises the errors of `image_count` for pieces.
    """
    letters = find_letters(page)
    size = ImageSize(*page.shape[:2])
    wanted = min(1.0, readable / letters.smallest) if letters else 1.0
    whole = _whole(size, view)
    if whole is not None and scale_seen(size, whole.resized) >= wanted:
        piece = Piece(down=Span(0, size.height), across=Span(0, size.width), tokens=whole)
        return Layout((piece,), letters, scale_seen(size, whole.resized), whole)
    pitch = round(2.5 * letters.usual) if letters else max(1, min(size) // 50)
    if letters and letters.turned:
        columns, rows = _cuts(page.transpose(1, 0, 2), view, wanted, pitch)
    else:
        rows, columns = _cuts(page, view, wanted, pitch)
    pieces = tuple(_piece(down, across, view, wanted) for down in rows for across in columns)
    shared = sum(span.after > 0 for span in (*rows, *columns))
    return Layout(pieces, letters, wanted, whole, shared)


def _whole(size: ImageSize, view: View) -> TokenCount | None:
    most = view.image_rule.most_ratio
    if most is not None and max(size) > most * min(size):
        return None
    try:
        return image_count(size, view)
    except ConstraintError:
        return None


def scale_seen(size: ImageSize, seen: ImageSize) -> float:
    """Return how large a picture is seen along the side that shrinks most, 1 as it is."""
    return min(seen.height / size.height, seen.width / size.width)


def _cuts(
    page: Pixels, view: View, scale: float, pitch: int
) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Cut a page whose lines run across: returns the spans of its rows and of its columns."""
    cap, factor, ratio = _cap(view), view.image_rule.factor, view.image_rule.most_ratio or math.inf
    widest = math.sqrt(_NARROW * cap)
    lowest = _multiple(len(page) * scale, factor)
    if widest > _NARROW * lowest:  # too low for that: it is cut into columns alone
        widest = min(cap / lowest, ratio * min(lowest, len(page) * scale))
    columns = _spans(page.transpose(1, 0, 2), max(factor, int(widest / scale)), pitch)
    widths = [span.length * scale for span in columns]
    broadest = _multiple(max(widths), factor)
    highest = min(cap / broadest, ratio * min(widths)) // factor * factor / scale
    return _spans(page, max(factor, int(highest)), pitch), columns


def _spans(page: Pixels, most: int, pitch: int) -> tuple[Span, ...]:
    if len(page) <= most:
        return (Span(0, len(page)),)
    steps = steps_in_rows(page)
    clear, near = cut(steps > 0, most, pitch), cut(steps > SPECK, most, pitch)
    # A row of one step or two is a speck, or the tail of a letter: best cut where there is none.
    is_clear = all(not span.after for span in clear)
    return clear if is_clear and len(clear) <= len(near) + 1 else near


def _piece(down: Span, across: Span, view: View, scale: float) -> Piece:
    size, factor = ImageSize(down.length, across.length), view.image_rule.factor
    seen_width = _multiple(size.width * scale, factor)
    most = int(_cap(view) / seen_width) // factor * factor
    seen = ImageSize(min(most, _multiple(size.height * scale, factor)), seen_width)
    return Piece(down=down, across=across, tokens=image_count(seen, view))


def _cap(view: View) -> float:
    """Return the most pixels that the model sees of one image."""
    side = view.image_rule.factor
    return image_count(ImageSize(8 * side, 8 * side), view).limits.max_pixels


def _multiple(side: float, factor: int) -> int:
    return max(1, round(side / factor)) * factor
