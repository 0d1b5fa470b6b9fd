"""Pictures for people: what a model is shown of a clip, and how much of an image it can read.

Arrays and frames come in, Pillow images go out; no file is read or written. Sizes are
(height, width) in pixels, but for calls into Pillow, which counts width first.
"""

from __future__ import annotations

import math
import string
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from vlprep.types import Frame, ImageSize

Pixels: TypeAlias = npt.NDArray[np.uint8]
Colour: TypeAlias = tuple[int, int, int]

BACKGROUND: Colour = (24, 26, 30)
"""Colour behind everything, RGB."""
SUBSTITUTE: Colour = (229, 57, 53)
"""Colour that marks a substituted frame, RGB."""
_BRIGHT: Colour = (235, 237, 240)
_DIM: Colour = (154, 160, 170)

_MARGIN = 32
_NARROWEST = 800  # a caption needs that much, however small the frames are
_WIDEST = 2400
_MOST_PIXELS = 14_000_000  # of the grid; with a caption the sheet stays below 16 million
_MOST_FRAMES = 3000  # more thumbnails would be too small to show anything
_MOST_COLUMNS = 31  # that many of the narrowest cells fill the widest sheet
_MOST_LINES = 16  # a long caption must not burst the sheet

_SCREEN_PIXELS = 2_600_000  # what is seen without scrolling
_SCREEN_WIDTH = 1900
_SCREEN_FRAMES = 12  # as many as should be seen without scrolling
_SCREEN_SHAPE = 1.7  # width over height


def time_label(seconds: float) -> str:
    """Write a time, in seconds, to the millisecond as people read it; with hours if it has any.

    >>> time_label(3), time_label(59.9996), time_label(3723.5)
    ('0:03.000', '1:00.000', '1:02:03.500')
    """
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    minutes, left = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
    return f"{clock}.{milliseconds:03}"


# Where things stand on a contact sheet: numbers only.


@dataclass(frozen=True, slots=True)
class Grid:
    """Columns and rows of equal thumbnails with a label under each, in pixels."""

    count: int
    """Thumbnails."""
    columns: int
    """Thumbnails in a row."""
    thumbnail: ImageSize
    """Size of each."""

    @property
    def rows(self) -> int:
        """Rows that the thumbnails need, the last of them perhaps not full."""
        return math.ceil(self.count / self.columns)

    @property
    def cell_width(self) -> int:
        """Width of a thumbnail with its label, whichever is wider."""
        label = 160 if self.count <= 100 else 64
        return max(self.thumbnail.width, label)

    @property
    def font_size(self) -> int:
        """Size of the labels' letters, and of the gap between columns."""
        return min(max(self.cell_width // 12, 10), 20)

    @property
    def label_lines(self) -> int:
        """Lines of a label: time and number share one where there is room for both."""
        return 1 if self.cell_width >= 11 * self.font_size else 2

    @property
    def pitch(self) -> ImageSize:
        """Distance from one thumbnail to the next, downwards and to the right."""
        label_and_gap = (5 * self.label_lines + 5) * self.font_size // 4
        return ImageSize(self.thumbnail.height + label_and_gap, self.cell_width + self.font_size)

    @property
    def size(self) -> ImageSize:
        """Size of all, labels and the gap under the last of them included."""
        height, width = self.pitch
        return ImageSize(self.rows * height, self.columns * width - self.font_size)

    def place(self, position: int) -> tuple[int, int]:
        """Return top and left of a thumbnail, counted by rows from 0, from the grid's corner.

        >>> Grid(count=5, columns=2, thumbnail=ImageSize(180, 320)).place(3)
        (230, 340)
        """
        row, column = divmod(position, self.columns)
        return row * self.pitch.height, column * self.pitch.width


def choose_grid(count: int, size: ImageSize) -> Grid:
    """Choose columns and thumbnails that look well on a screen, for `count` frames of one size.

    A few frames fill a screen, many make a taller sheet of smaller thumbnails: at most 2,336
    pixels wide, and 14 million in all. No thumbnail is larger than `size`, that of the frames.

    >>> choose_grid(10, ImageSize(352, 640))
    Grid(count=10, columns=4, thumbnail=ImageSize(height=312, width=567))
    """
    columns = range(1, min(max(count, 1), _MOST_COLUMNS) + 1)
    grids = (_largest_thumbnails(count, number, size) for number in columns)
    return max((grid for grid in grids if _fits(grid)), key=_merit)


def _largest_thumbnails(count: int, columns: int, size: ImageSize) -> Grid:
    def grid(longer: int) -> Grid:
        scale = longer / max(size)
        height, width = (max(round(side * scale), 1) for side in size)
        return Grid(count, columns, ImageSize(height, width))

    sides = range(1, max(size) + 1)
    fitting = bisect_left(sides, True, key=lambda longer: not _fits(grid(longer)))
    return grid(max(fitting, 1))


def _fits(grid: Grid) -> bool:
    height, width = grid.size
    screens = max(grid.count / _SCREEN_FRAMES, 1) ** 0.4
    pixels = min(_SCREEN_PIXELS * screens, _MOST_PIXELS)
    sheet_width = width + 2 * _MARGIN
    # The second width stands in for a narrow sheet's own, lest it become a tower.
    return sheet_width <= _WIDEST and max(sheet_width, _SCREEN_WIDTH) * height <= pixels


def _merit(grid: Grid) -> float:
    """Weigh large thumbnails against a full last row and the shape of a screen."""
    height, width = grid.size
    shape = width / max(height, 1) / _SCREEN_SHAPE
    fullness = grid.count / max(grid.rows * grid.columns, 1)
    return grid.thumbnail.pixels * fullness * math.pow(min(shape, 1 / shape), 0.4)


# The contact sheet.


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What is kept of a frame."""

    thumbnail: Image.Image
    time: str
    number: int
    substituted: bool


class ContactSheet:
    """The frames of a clip in one picture, each with its time and its number.

    `expected` is how many frames will come and `size` their (height, width) in pixels. Frames are
    added one by one, and only thumbnails of them are kept. Of more than 3,000 frames only every
    second is drawn, of more than 6,000 every third, and so on, and the caption says so.

    Raises `ValueError` for a negative number of frames, and a size without pixels.

    >>> from vlprep import read_frames
    >>> with read_frames("fixtures/street.mp4", "qwen3-vl-plus", fps=1) as frames:
    ...     sheet = ContactSheet(frames.tokens.plan.frame_count, frames.tokens.resized)
    ...     for frame in frames:
    ...         sheet.add(frame)
    >>> sheet.draw("street.mp4", ["10 frames of 640x352 at 1 fps"]).size
    (2392, 1235)
    """

    def __init__(self, expected: int, size: ImageSize) -> None:
        if expected < 0 or min(size) < 1:
            raise ValueError(f"there is no sheet of {expected} frames of {size}")
        self._expected = expected
        self._size = ImageSize(*size)
        self._every = max(math.ceil(expected / _MOST_FRAMES), 1)
        self._grid = choose_grid(math.ceil(expected / self._every), self._size)
        self._added = 0
        self._unseen_substitutes = 0
        self._kept: list[_Kept] = []

    def add(self, frame: Frame) -> None:
        """Keep a thumbnail of the next frame.

        Raises `ValueError` for a frame of another size, and for more frames than expected.
        """
        if frame.image.shape != (*self._size, 3):
            raise ValueError(f"expected a frame of {(*self._size, 3)}, got {frame.image.shape}")
        if self._added == self._expected:
            raise ValueError(f"more frames than the {self._expected} expected")
        if self._added % self._every == 0:
            self._kept.append(_keep(frame, self._grid.thumbnail))
        else:
            self._unseen_substitutes += frame.substituted
        self._added += 1

    def draw(self, title: str, lines: Sequence[str]) -> Image.Image:
        """Draw the frames added so far under a caption, as RGB of at most 16 megapixels.

        A title that is too long for the sheet is shortened in the middle, and so are long words of
        `lines`, which are wrapped. Characters that the font lacks become boxes.
        """
        width = max(self._grid.size.width + 2 * _MARGIN, _NARROWEST)
        caption = _caption(title, [*lines, *self._omission()], width - 2 * _MARGIN)
        top = _MARGIN + _height(caption) + 3 * _MARGIN // 4
        rows = math.ceil(len(self._kept) / self._grid.columns)
        height = top + rows * self._grid.pitch.height + _MARGIN // 4
        sheet = Image.new("RGB", (width, height), BACKGROUND)
        _draw_blocks(sheet, caption, _MARGIN, _MARGIN)
        for position, kept in enumerate(self._kept):
            down, right = self._grid.place(position)
            _draw_cell(sheet, self._grid, kept, top + down, _MARGIN + right)
        return sheet

    def _omission(self) -> list[str]:
        if self._every == 1:
            return []
        drawn = f"One in {self._every} of the {self._added:,} frames is drawn here"
        unseen = self._unseen_substitutes
        return [f"{drawn}; substitutes among the others: {unseen:,}" if unseen else drawn]


def _keep(frame: Frame, size: ImageSize) -> _Kept:
    thumbnail = _resized(Image.fromarray(frame.image), size, Image.Resampling.LANCZOS)
    time = time_label(frame.timestamp_seconds)
    return _Kept(thumbnail, time, frame.number, frame.substituted)


def _resized(picture: Image.Image, size: ImageSize, way: Image.Resampling) -> Image.Image:
    # Averaging whole blocks first, down to three times the size, is not seen but much faster.
    return picture.resize((size.width, size.height), way, reducing_gap=3.0)


def _draw_cell(sheet: Image.Image, grid: Grid, kept: _Kept, top: int, left: int) -> None:
    if kept.substituted:
        _draw_border(sheet, grid.thumbnail, top, left)
    sheet.paste(kept.thumbnail, (left, top))
    bottom = top + grid.thumbnail.height
    if kept.substituted:
        _draw_badge(sheet, "substitute", grid.font_size, bottom, left)
    _draw_label(sheet, grid, kept, bottom, left)


def _draw_border(sheet: Image.Image, size: ImageSize, top: int, left: int) -> None:
    """Draw a frame around a thumbnail, in the gaps, so that it hides nothing."""
    corners = (left - 4, top - 4, left + size.width + 3, top + size.height + 3)
    ImageDraw.Draw(sheet).rectangle(corners, fill=SUBSTITUTE)


def _draw_badge(sheet: Image.Image, word: str, size: int, bottom: int, left: int) -> None:
    """Write a word over the thumbnail's lower left corner: it repeats another one anyway."""
    pen, font, inset = ImageDraw.Draw(sheet), _font(size), size // 3
    right = left + math.ceil(font.getlength(word)) + 2 * inset
    top = bottom - size - inset
    pen.rectangle((left, top, right, bottom - 1), fill=SUBSTITUTE)
    pen.text((left + inset, top), word, fill="white", font=font)


def _draw_label(sheet: Image.Image, grid: Grid, kept: _Kept, top: int, left: int) -> None:
    pen, size = ImageDraw.Draw(sheet), grid.font_size
    font, top = _font(size), top + size // 3
    pen.text((left, top), kept.time, fill=_BRIGHT, font=font)
    sign = "frame " if grid.cell_width >= 14 * size else "#"
    if grid.label_lines == 1:
        left += math.ceil(font.getlength(kept.time)) + 3 * size // 4
    else:
        top += 5 * size // 4
    pen.text((left, top), f"{sign}{kept.number}", fill=_DIM, font=font)


# An image beside what is left of it.


def side_by_side(
    left: Pixels, right: Pixels, captions: tuple[str, str], max_side: int = 4096
) -> Image.Image:
    """Draw an image at the left and a model's view of it at the right, at the image's own size.

    Both are RGB uint8 of height x width x 3. The view is enlarged or shrunk to the size of the
    image, so it is seen which details survive. Where the image's longer side is over `max_side`
    pixels, both are drawn smaller, and the captions say so. Images more than twice as wide as high
    stand above their view.

    Raises `ValueError` for arrays of another kind, and a `max_side` below 1.

    >>> original = np.zeros((1080, 1920, 3), np.uint8)
    >>> view = np.zeros((352, 640, 3), np.uint8)
    >>> side_by_side(original, view, ("1920x1080", "640x352 as the model sees it")).size
    (3936, 1208)
    """
    if max_side < 1:
        raise ValueError(f"max_side must be at least 1, got {max_side}")
    pictures = _picture(left), _picture(right)
    size, scale = _panel_size(ImageSize(*left.shape[:2]), max_side)
    note = f" (shown at {100 * scale:.3g} %)" if scale < 1 else ""
    panels = [_resized(picture, size, Image.Resampling.BICUBIC) for picture in pictures]
    across = size.width <= 2 * size.height
    return _mounted(panels, [caption + note for caption in captions], across)


def _picture(pixels: Pixels) -> Image.Image:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise ValueError(f"expected RGB uint8 HWC, got {pixels.dtype} of {pixels.shape}")
    return Image.fromarray(pixels)


def _panel_size(size: ImageSize, max_side: int) -> tuple[ImageSize, float]:
    scale = min(max_side / max(size), 1.0)
    height, width = (max(round(side * scale), 1) for side in size)
    return ImageSize(height, width), scale


def _mounted(panels: Sequence[Image.Image], captions: Sequence[str], across: bool) -> Image.Image:
    """Lay two panels of one size side by side, or one above the other, each under its caption."""
    width, height = panels[0].size
    column = max(width, _NARROWEST // 2)
    blocks = _panel_captions(captions, column, column * 2 if across else column)
    top = _MARGIN + max(_height([block]) for block in blocks) + _MARGIN // 3
    step = ImageSize(0, column + _MARGIN) if across else ImageSize(top + height, 0)
    shape = (column + step.width + 2 * _MARGIN, top + height + step.height + _MARGIN)
    sheet = Image.new("RGB", shape, BACKGROUND)
    for k, (panel, block) in enumerate(zip(panels, blocks, strict=True)):
        x, y = _MARGIN + k * step.width, k * step.height
        _draw_blocks(sheet, [block], y + top - _MARGIN // 3 - block.height, x)
        sheet.paste(panel, (x, y + top))
    return sheet


def _panel_captions(captions: Sequence[str], column: int, sheet: int) -> list[_Block]:
    size = min(max(sheet // 100, 18), 64)  # large sheets are looked at from afar
    return [_Block(_wrapped(caption, size, column), size, _BRIGHT) for caption in captions]


# Text.


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines of text in one style."""

    lines: tuple[str, ...]
    size: int
    colour: Colour
    stroke: float = 0.0

    @property
    def pitch(self) -> int:
        return self.size * 10 // 7

    @property
    def height(self) -> int:
        return len(self.lines) * self.pitch


def _caption(title: str, lines: Sequence[str], width: int) -> list[_Block]:
    size = min(max(width // 95, 20), 24)
    large = size * 3 // 2
    titles = (_shortened(_drawable(title), large, width),) if title else ()
    wrapped = tuple(part for line in lines for part in _wrapped(line, size, width))
    if len(wrapped) > _MOST_LINES:
        wrapped = (*wrapped[: _MOST_LINES - 1], "…")
    # The font has no bold letters; outlining them by half a pixel makes some.
    return [_Block(titles, large, _BRIGHT, stroke=0.5), _Block(wrapped, size, _DIM)]


def _height(blocks: Sequence[_Block]) -> int:
    return sum(block.height for block in blocks)


def _draw_blocks(sheet: Image.Image, blocks: Sequence[_Block], top: int, left: int) -> None:
    pen = ImageDraw.Draw(sheet)
    for block in blocks:
        font = _font(block.size)
        for line in block.lines:
            pen.text((left, top), line, fill=block.colour, font=font, stroke_width=block.stroke)
            top += block.pitch


def _wrapped(text: str, size: int, width: int) -> tuple[str, ...]:
    lines: list[str] = []
    for word in _drawable(text).split():
        part = _shortened(word, size, width)
        longer = f"{lines[-1]} {part}" if lines else part
        if lines and _font(size).getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(part)
    return tuple(lines)


def _shortened(text: str, size: int, width: int) -> str:
    """Leave out the middle of a text that is too long: the ends of file names say most."""

    def without_middle(kept: int) -> str:
        return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"

    def too_long(kept: int) -> bool:
        return _font(size).getlength(without_middle(kept)) > width

    if _font(size).getlength(text) <= width:
        return text
    return without_middle(bisect_left(range(1, len(text)), True, key=too_long))


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


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
