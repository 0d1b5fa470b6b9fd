"""Long pages drawn for a test, with the truth beside them: where each line of text is.

What is drawn depends on a page's number alone. Some have columns, pictures or dark paper; the fonts
are those that are handed in, or Pillow's own.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.maths.test_letters import drawn
from vlprep import ImageSize, PageSplit
from vlprep.split.layout import Piece

Box = tuple[float, float, float, float]

WORDS = re.findall(
    "[a-z]+",
    "the quick brown fox jumps over a lazy dog while seven wizards make toxic brew for evil queen "
    "and jack bought five zinc boxes sum of tokens never exceeds window model sees",
)
COLOURS = (
    ((0, 0, 0), (255, 255, 255)),
    ((30, 30, 30), (240, 240, 235)),
    ((220, 220, 220), (30, 30, 46)),
    ((0, 0, 160), (255, 255, 255)),
    ((90, 90, 90), (255, 255, 255)),
)
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}  # fmt: skip
"""By EXIF orientation: what stores an upright picture so."""


@dataclass(frozen=True)
class LongPage:
    """A page, and the boxes of the lines on it."""

    picture: np.ndarray
    lines: tuple[Box, ...]

    def write(self, path: Path, orientation: int) -> Path:
        """Write the page as a JPEG that is stored turned."""
        image = Image.fromarray(self.picture)
        if orientation in TURNS:
            image = image.transpose(TURNS[orientation])
        exif = Image.Exif()
        exif[0x0112] = orientation
        image.save(path, quality=92, exif=exif)
        return path


def long_page(number: int, fonts: Sequence[str] = ()) -> LongPage:
    """Draw a page of 3,000 to 16,000 rows."""
    r = random.Random(number)
    size, lead = r.choice([12, 14, 16, 18, 20]), r.choice([1.2, 1.3, 1.5, 1.8])
    font = ImageFont.truetype(r.choice(fonts), size) if fonts else ImageFont.load_default(size)
    ink, paper = r.choice(COLOURS)
    width, height = r.choice([600, 800, 1080, 1400]), r.randint(3_000, 16_000)
    image = Image.new("RGB", (width, height), paper)
    pen, lines = ImageDraw.Draw(image), list[Box]()
    columns = r.choice([1, 1, 1, 2])
    for column in range(columns):
        room = width // columns - 40
        place = 20 + column * (width // columns), room
        _draw_column(pen, r, font, place, height, ink, lead, lines)
    return LongPage(np.asarray(image), tuple(lines))


def _draw_column(pen, r, font, place, height, ink, lead, lines):
    left, room = place
    y = r.randint(5, 60)
    while y < height - 60:
        if r.random() < 0.02:  # a picture
            tall = r.randint(80, 400)
            tone = tuple(r.randint(40, 210) for _ in range(3))
            pen.rectangle((left, y, left + room // 2, min(y + tall, height - 20)), fill=tone)
            y += tall + 20
            continue
        text = _line(r, font, room if r.random() < 0.85 else r.randint(100, room))
        pen.text((left, y), text, font=font, fill=ink)
        box = pen.textbbox((left, y), text, font=font)
        if text.strip() and box[3] < height:
            lines.append(box)
        y += round(font.size * lead)
        if r.random() < 0.1:
            y += font.size


def _line(r: random.Random, font, room: int) -> str:
    text = ""
    while font.getlength(text + (word := r.choice(WORDS)) + " ") < room:
        text += word + " "
    return text


def stored_box(box: Box, size: ImageSize, orientation: int) -> Box:
    """Return where a box of an upright page of a size lies in the file."""
    width, height = size.width, size.height

    def stored(x: float, y: float) -> tuple[float, float]:
        return {
            1: (x, y), 2: (width - x, y), 3: (width - x, height - y), 4: (x, height - y),
            5: (y, x), 6: (y, width - x), 7: (height - y, width - x), 8: (height - y, x),
        }[orientation]  # fmt: skip

    (x1, y1), (x2, y2) = stored(*box[:2]), stored(*box[2:])
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def lines_cut(page: LongPage, split: PageSplit) -> int:
    """Return how many lines no piece shows whole."""
    return sum(not any(_holds(piece, box) for piece in split.pieces) for box in page.lines)


def _holds(piece: Piece, box: Box) -> bool:
    x, y, size = piece.region
    left, top, right, bottom = box
    return x <= left and right <= x + size.width and y <= top and bottom <= y + size.height


def answers(page: LongPage, split: PageSplit, *, relative: bool) -> Iterator[str]:
    """Yield what a model that sees all lines would answer of each piece."""
    for piece in split.pieces:
        x, y, size = piece.region
        seen = piece.tokens.resized
        across, down = (1000, 1000) if relative else (seen.width, seen.height)
        found = [
            f'{{"label": "{number}", "bbox_2d": [{_scaled(box, x, y, size, across, down)}]}}'
            for number, box in enumerate(page.lines)
            if _holds(piece, box)
        ]
        yield f"[{', '.join(found)}]"


def _scaled(box: Box, x: int, y: int, size: ImageSize, across: int, down: int) -> str:
    numbers = (
        (box[0] - x) * across / size.width, (box[1] - y) * down / size.height,
        (box[2] - x) * across / size.width, (box[3] - y) * down / size.height,
    )  # fmt: skip
    return ", ".join(f"{number:.6f}" for number in numbers)


def small_letters(folder: Path, height: int = 9_000) -> str:
    """Write a tall page of small letters, 800 pixels wide; returns its path."""
    picture, _ = drawn(16, shape=(height, 800))
    path = folder / "page.png"
    Image.fromarray(picture).save(path, compress_level=1)
    return str(path)
