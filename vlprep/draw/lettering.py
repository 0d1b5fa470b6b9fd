r"""Text on pictures: wrapped, shortened, and in letters that can be drawn.

Pillow's own font has those of English; others come from the fonts of the machine, and what none of
them has is written as an escape, such as \u624b.
"""

from __future__ import annotations

import string
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

from vlprep.draw.fonts import Font, font_file, font_with, own_font

Colour: TypeAlias = tuple[int, int, int]

BACKGROUND: Colour = (24, 26, 30)
"""Colour behind everything, RGB."""
BRIGHT: Colour = (235, 237, 240)
"""Colour of what is read first, RGB."""
DIM: Colour = (154, 160, 170)
"""Colour of the rest, RGB."""

_MOST_LINES = 16  # a long caption must not burst the sheet


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Lines of text in one style."""

    lines: tuple[str, ...]
    """As they are drawn, one under the other."""
    size: int
    """Height of the letters in pixels."""
    colour: Colour
    """RGB."""
    stroke: float = 0.0
    """Pixels by which the letters are outlined, for want of bold ones."""

    @property
    def pitch(self) -> int:
        """Pixels from one line to the next."""
        return self.size * 10 // 7

    @property
    def height(self) -> int:
        """Pixels from the top of the first line to the end of the last."""
        return len(self.lines) * self.pitch


def caption(title: str, lines: Sequence[str], width: int) -> list[TextBlock]:
    """Set a title and lines into `width` pixels: the title shortened, the lines wrapped.

    >>> [block.lines for block in caption("clip.mp4", ["10 frames"], 800)]
    [('clip.mp4',), ('10 frames',)]
    """
    size = min(max(width // 95, 20), 24)
    large = size * 3 // 2
    titles = (shortened(title, large, width),) if title else ()
    parts = tuple(part for line in lines for part in wrapped(line, size, width))
    if len(parts) > _MOST_LINES:
        parts = (*parts[: _MOST_LINES - 1], "…")
    return [TextBlock(titles, large, BRIGHT, stroke=0.5), TextBlock(parts, size, DIM)]


def draw_blocks(sheet: Image.Image, blocks: Sequence[TextBlock], top: int, left: int) -> None:
    """Draw blocks of text one under the other."""
    pen = ImageDraw.Draw(sheet)
    for block in blocks:
        for line in block.lines:
            write(pen, (left, top), line, block.size, block.colour, stroke=block.stroke)
            top += block.pitch


def wrapped(text: str, size: int, width: int) -> tuple[str, ...]:
    """Break a text into lines of at most `width` pixels, in letters that can be drawn.

    >>> wrapped("a line that is too long", 20, 120)
    ('a line that is', 'too long')
    """
    lines: list[str] = []
    for word in text.split():
        part = shortened(word, size, width)
        longer = f"{lines[-1]} {part}" if lines else part
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(part)
    return tuple(lines)


def shortened(text: str, size: int, width: int, font: str | None = None) -> str:
    """Leave out the middle of a text that is too long: the ends of file names say most.

    Letters come from Pillow's own font, the file `font`, or the machine; see `drawable`.

    >>> shortened("a-very-long-name-of-a-file.mp4", 20, 160)
    'a-very-l…file.mp4'
    """
    text = drawable(text, font)

    def without_middle(kept: int) -> str:
        return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"

    def too_long(kept: int) -> bool:
        return text_width(without_middle(kept), size, font) > width

    if text_width(text, size, font) <= width:
        return text
    return without_middle(bisect_left(range(1, len(text)), True, key=too_long))


def write(
    pen: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    size: int,
    colour: Colour,
    *,
    font: str | None = None,
    stroke: float = 0.0,
    middle: bool = False,
) -> None:
    """Draw a text of `drawable` letters, `size` pixels high, to the right of a place.

    The place is the upper left corner of the text, or with `middle` the middle of its left side.
    """
    left, top = place
    runs = list(_runs(text, size, font))
    own = own_font(size)
    ascent, descent = own.getmetrics() if isinstance(own, ImageFont.FreeTypeFont) else (0, 0)
    base = top + (ascent - descent) / 2 if middle else top + ascent
    for face, part in runs:
        if len(runs) == 1:
            pen.text(place, part, colour, face, "lm" if middle else "la", stroke_width=stroke)
        else:  # of several fonts, on one line
            pen.text((left, base), part, colour, face, "ls", stroke_width=stroke)
        left += face.getlength(part)


def text_width(text: str, size: int, font: str | None = None) -> float:
    """Return how many pixels a text of `drawable` letters is wide.

    >>> text_width("", 20)
    0
    """
    return sum(face.getlength(part) for face, part in _runs(text, size, font))


def _runs(text: str, size: int, named: str | None) -> Iterator[tuple[Font, str]]:
    """Yield the parts of a text that one font has, with that font."""
    files = groupby(text, lambda letter: None if letter in _DRAWN else font_with(letter, named))
    for path, letters in files:  # without a file in Pillow's own
        yield own_font(size) if path is None else font_file(path, size), "".join(letters)


_DRAWN = frozenset(string.ascii_letters + string.digits + string.punctuation + " ©«°±·»‘’“”…‹›⁄")
"""What Pillow's own font has letters for."""
_LOOKALIKES = str.maketrans("×–—−\t\n", "x---  ")


def drawable(text: str, font: str | None = None) -> str:
    r"""Return a text in letters that can be drawn: accents left out, escapes for what no font has.

    >>> print(drawable("4×3, Müller, \U0010ffff"))
    4x3, Muller, \U0010ffff
    """
    found = ((letter, _letter(letter, font)) for letter in text.translate(_LOOKALIKES))
    return "".join(_escape(letter) if drawn is None else drawn for letter, drawn in found)


def undrawable(texts: Iterable[str], font: str | None = None) -> list[str]:
    r"""Return the texts in which a letter has to be written as an escape, once each.

    >>> undrawable(["cat", "\U0010ffff"])
    ['\U0010ffff']
    """
    return [
        text for text in dict.fromkeys(texts)
        if None in (_letter(letter, font) for letter in text.translate(_LOOKALIKES))
    ]  # fmt: skip


def _letter(letter: str, font: str | None) -> str | None:
    """Return what a letter is drawn as: itself, without its accents, or nothing of one unseen."""
    if letter in _DRAWN:
        return letter
    if unicodedata.category(letter) in ("Cf", "Mn"):
        return ""
    if unicodedata.category(letter).startswith("C"):  # a control, or no character
        return None
    parts = unicodedata.normalize("NFKD", letter)
    base = "".join(part for part in parts if not unicodedata.combining(part))
    if base and _DRAWN.issuperset(base):
        return base
    return letter if font_with(letter, font) else None


def _escape(letter: str) -> str:
    code = ord(letter)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"
