r"""Text on pictures: wrapped, shortened, and in letters that can be drawn.

Pillow's own font has those of English; others come from a font that is named or one of the machine,
and what none of them has is written as an escape, such as \u624b. Letters that are joined, or go
from right to left, are set by Raqm, where Pillow has it (`font_warnings` says where not); a text as
a whole goes from left to right.
"""

from __future__ import annotations

import string
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont, features

from vlprep.draw.fonts import Face, Font, find_fonts, load_face, own_font

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
    font: Face | None = None
    """Where letters come from first that Pillow's own font lacks."""

    @property
    def pitch(self) -> int:
        """Pixels from one line to the next."""
        return self.size * 10 // 7

    @property
    def height(self) -> int:
        """Pixels from the top of the first line to the end of the last."""
        return len(self.lines) * self.pitch


def caption(
    title: str, lines: Sequence[str], width: int, font: Face | None = None
) -> list[TextBlock]:
    """Set a title and lines into `width` pixels: the title shortened, the lines wrapped.

    >>> [block.lines for block in caption("clip.mp4", ["10 frames"], 800)]
    [('clip.mp4',), ('10 frames',)]
    """
    size = min(max(width // 95, 20), 24)
    large = size * 3 // 2
    titles = (shortened(title, large, width, font),) if title else ()
    parts = tuple(part for line in lines for part in wrapped(line, size, width, font))
    if len(parts) > _MOST_LINES:
        parts = (*parts[: _MOST_LINES - 1], "…")
    return [
        TextBlock(titles, large, BRIGHT, stroke=0.5, font=font),
        TextBlock(parts, size, DIM, font=font),
    ]


def draw_blocks(sheet: Image.Image, blocks: Sequence[TextBlock], top: int, left: int) -> None:
    """Draw blocks of text one under the other."""
    pen = ImageDraw.Draw(sheet)
    for block in blocks:
        for line in block.lines:
            style = block.size, block.colour
            write(pen, (left, top), line, *style, font=block.font, stroke=block.stroke)
            top += block.pitch


def wrapped(text: str, size: int, width: int, font: Face | None = None) -> tuple[str, ...]:
    """Break a text into lines of at most `width` pixels, in letters that can be drawn.

    >>> wrapped("a line that is too long", 20, 120)
    ('a line that is', 'too long')
    """
    lines: list[str] = []
    for word in _without_pages(text).split():
        part = shortened(word, size, width, font)
        longer = f"{lines[-1]} {part}" if lines else part
        if lines and text_width(longer, size, font) <= width:
            lines[-1] = longer
        else:
            lines.append(part)
    return tuple(lines)


def shortened(text: str, size: int, width: int, font: Face | None = None) -> str:
    """Leave out the middle of a text that is too long: the ends of file names say most.

    Letters come from Pillow's own font, from `font`, or from the machine; see `drawable`.

    >>> shortened("a-very-long-name-of-a-file.mp4", 20, 160)
    'a-very-l…file.mp4'
    """
    text = drawable(_without_pages(text), font)

    def without_middle(kept: int) -> str:
        return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"

    def too_long(kept: int) -> bool:
        return text_width(without_middle(kept), size, font) > width

    if text_width(text, size, font) <= width:
        return text
    return without_middle(bisect_left(range(1, len(text)), True, key=too_long))


_LONGEST = 2000
"""Signs of a text that are looked at: models can repeat a sign for pages."""


def _without_pages(text: str) -> str:
    """Leave out the middle of a text so long that no picture has room for it."""
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]}…{text[-half:]}"


def write(
    pen: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    size: int,
    colour: Colour,
    *,
    font: Face | None = None,
    stroke: float = 0.0,
    middle: bool = False,
) -> None:
    """Draw a text of `drawable` letters, `size` pixels high, to the right of a place.

    The place is the upper left corner of the text, or with `middle` the middle of its left side.
    """
    left, top = place
    own = own_font(size)
    ascent, descent = own.getmetrics() if isinstance(own, ImageFont.FreeTypeFont) else (0, 0)
    base = top + (ascent - descent) / 2 if middle else top + ascent
    for face, part in _runs(text, size, font):
        pen.text((left, base), part, colour, face, "ls", stroke_width=stroke)
        left += face.getlength(part)


def text_width(text: str, size: int, font: Face | None = None) -> float:
    """Return how many pixels a text of `drawable` letters is wide.

    >>> text_width("", 20)
    0
    """
    return sum(face.getlength(part) for face, part in _runs(text, size, font))


def _runs(text: str, size: int, named: Face | None) -> Iterator[tuple[Font, str]]:
    """Yield the parts of a text that one font draws, with that font."""
    pairs = zip(_faces(text, named), text, strict=True)
    for face, run in groupby(pairs, key=itemgetter(0)):
        font = own_font(size) if face is None else load_face(face, size)
        yield font, "".join(letter for _, letter in run)


def _faces(text: str, named: Face | None) -> list[Face | None]:
    """Return the face of each letter; `None` is Pillow's own font."""
    found = find_fonts((letter for letter in text if letter not in _DRAWN), named)
    faces = [
        face
        for _, word in groupby(text, str.isspace)
        for face in _faces_of_word("".join(word), found)
    ]
    for k in range(1, len(text) - 1):  # lest words that go from right to left change places
        if text[k].isspace() and faces[k - 1] == faces[k + 1]:
            faces[k] = faces[k - 1]
    return faces


def _faces_of_word(word: str, found: dict[str, Face | None]) -> list[Face | None]:
    """Return one face for all letters of a word, where one has them all, else each its own."""
    own = [found.get(letter) for letter in word]
    face = next(filter(None, own), None)
    whole = face and all(has == face for has in find_fonts(word, face).values())
    return [face] * len(word) if whole else own


_DRAWN = frozenset(string.ascii_letters + string.digits + string.punctuation + " ©«°±·»‘’“”…‹›⁄")
"""What Pillow's own font has letters for."""
_LOOKALIKES = str.maketrans("×–—−\t\n", "x---  ")


def drawable(text: str, font: Face | None = None) -> str:
    r"""Return a text in letters that can be drawn, escapes for what no font has.

    Accents that no font has are left out.

    >>> print(drawable("4×3, \U0010ffff"))
    4x3, \U0010ffff
    """
    letters = _letters(text, font)
    return "".join(_escape(letter) if drawn is None else drawn for letter, drawn in letters)


def font_warnings(texts: Iterable[str], font: Face | None = None) -> tuple[str, ...]:
    r"""Return what a user should know of texts that are drawn: which letters no font has.

    >>> font_warnings(["cat", "4×3"])
    ()
    """
    pairs = [pair for text in texts for pair in _letters(text, font)]
    missing = list(dict.fromkeys(letter for letter, drawn in pairs if drawn is None))
    said = []
    if missing:
        first, left = missing[:_MOST_TOLD], len(missing) - _MOST_TOLD
        shown = "".join(letter if letter.isprintable() else _escape(letter) for letter in first)
        more = f" and {left:,} more" if left > 0 else ""
        said.append(
            f"no font here has the letters {shown}{more}, which are drawn as escapes such as "
            f"{_escape(first[0])}; name one that has them with `font`, or install vlprep[fonts] "
            "for Chinese, Japanese and Korean"
        )
    if not _joins() and any(_is_joined(letter, font) for letter, _ in pairs):
        said.append(
            "Pillow has no Raqm here, so letters that are joined, or go from right to left, are "
            "drawn one by one, from left to right, without their marks"
        )
    return tuple(said)


_MOST_TOLD = 20  # letters


@cache
def _joins() -> bool:
    """Say whether Pillow knows the rules of scripts whose letters are joined or turned round."""
    return bool(features.check("raqm"))


def _is_joined(letter: str, font: Face | None) -> bool:
    joined = unicodedata.bidirectional(letter) in ("R", "AL") or _is_mark(letter)
    return joined and find_fonts(letter, font)[letter] is not None


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) in ("Mn", "Mc")


def _letters(text: str, font: Face | None) -> list[tuple[str, str | None]]:
    """Return each letter with what it is drawn as; `None`: no font has it."""
    text = unicodedata.normalize("NFC", text).translate(_LOOKALIKES)
    find_fonts((letter for letter in text if _is_sought(letter)), font)  # of all letters at once
    return [(letter, _letter(letter, font)) for letter in text]


def _is_sought(letter: str) -> bool:
    """Say whether a letter is looked for in fonts: no control, and none that nobody sees."""
    return letter not in _DRAWN and not unicodedata.category(letter).startswith("C")


def _letter(letter: str, font: Face | None) -> str | None:
    """Return what a letter is drawn as: itself, without its accents, or nothing of one unseen."""
    if letter in _DRAWN:
        return letter
    if _is_sought(letter):
        if find_fonts(letter, font)[letter] and (_joins() or not _is_mark(letter)):
            return letter
        if _is_mark(letter):
            return ""
        parts = unicodedata.normalize("NFKD", letter)
        base = "".join(part for part in parts if not unicodedata.combining(part))
        return base if base and _DRAWN.issuperset(base) else None
    return "" if unicodedata.category(letter) == "Cf" else None


def _escape(letter: str) -> str:
    code = ord(letter)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"
