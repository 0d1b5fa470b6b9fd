"""Text on pictures: wrapped, shortened, and in the letters that Pillow's own font has."""

from __future__ import annotations

import string
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

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
        font = font_of(block.size)
        for line in block.lines:
            pen.text((left, top), line, fill=block.colour, font=font, stroke_width=block.stroke)
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
        if lines and font_of(size).getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(part)
    return tuple(lines)


def shortened(text: str, size: int, width: int) -> str:
    """Leave out the middle of a text that is too long: the ends of file names say most.

    >>> shortened("a-very-long-name-of-a-file.mp4", 20, 160)
    'a-very-l…file.mp4'
    """
    text = _drawable(text)

    def without_middle(kept: int) -> str:
        return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"

    def too_long(kept: int) -> bool:
        return font_of(size).getlength(without_middle(kept)) > width

    if font_of(size).getlength(text) <= width:
        return text
    return without_middle(bisect_left(range(1, len(text)), True, key=too_long))


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font at a height in pixels."""
    return ImageFont.load_default(size)


_DRAWN = frozenset(string.ascii_letters + string.digits + string.punctuation + " ©«°±·»‘’“”…‹›⁄")
"""What the font has letters for."""
_LOOKALIKES = str.maketrans("×–—−\t\n", "x---  ")
_BOX = "\ufffd"
"""Drawn as a box, because the font lacks it."""


def _drawable(text: str) -> str:
    """Return `text` in characters that the font has: accents left out, boxes for what is left."""
    return "".join(map(_letter, text.translate(_LOOKALIKES)))


def _letter(character: str) -> str:
    if character in _DRAWN:
        return character
    parts = unicodedata.normalize("NFKD", character)
    base = "".join(part for part in parts if not unicodedata.combining(part))
    return base if _DRAWN.issuperset(base) else _BOX
