"""Pictures for people: what a model is shown of a clip. An image alone is in `beside`.

Arrays and frames come in, Pillow images go out; no file is read or written. Sizes are
(height, width) in pixels, but for calls into Pillow, which counts width first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from vlprep.clips import Frame
from vlprep.draw.fonts import Face, own_font
from vlprep.draw.layout import MARGIN, Grid, choose_grid
from vlprep.draw.lettering import (
    BACKGROUND,
    BRIGHT,
    DIM,
    Colour,
    caption,
    draw_blocks,
)
from vlprep.types import ImageSize
from vlprep.units import format_time

Pixels: TypeAlias = npt.NDArray[np.uint8]
SUBSTITUTE: Colour = (229, 57, 53)
"""Colour that marks a substituted frame, RGB."""
PICKED: Colour = (67, 160, 71)
"""Colour that marks a frame in which something changed."""

NARROWEST = 800
"""Width in pixels of the narrowest sheet: a caption needs that much, however small frames are."""
_MOST_STACKED = 12_000_000  # pixels; of the narrowest sheets a column that WebP still takes
_MOST_FRAMES = 3000  # more thumbnails would be too small to show anything


# The contact sheet.


class ContactSheet:
    """The frames of a clip in one picture, each with its time and its number.

    `expected` is how many frames will come and `size` their (height, width) in pixels. Frames are
    added one by one, and only thumbnails of them are kept. Of more than 3,000 frames only every
    second is drawn, of more than 6,000 every third, and so on, and the caption says so.

    >>> from vlprep import read_frames
    >>> with read_frames("fixtures/street.mp4", "qwen3-vl-plus", fps=1) as frames:
    ...     sheet = ContactSheet(frames.tokens.plan.frame_count, frames.tokens.resized)
    ...     for frame in frames:
    ...         sheet.add(frame)
    >>> sheet.draw("street.mp4", ["10 frames of 640x352 at 1 fps"]).size
    (2392, 1235)
    """

    def __init__(self, expected: int, size: ImageSize) -> None:
        self._every = max(math.ceil(expected / _MOST_FRAMES), 1)
        self._grid = choose_grid(math.ceil(expected / self._every), size)
        self._added = 0
        self._unseen_substitutes = 0
        self._kept: list[Frame] = []  # with thumbnails for images

    def add(self, frame: Frame) -> None:
        """Keep a thumbnail of the next frame."""
        if self._added % self._every == 0:
            size = self._grid.thumbnail
            thumbnail = resized(Image.fromarray(frame.image), size, Image.Resampling.LANCZOS)
            self._kept.append(replace(frame, image=np.asarray(thumbnail)))
        else:
            self._unseen_substitutes += frame.substituted
        self._added += 1

    def draw(self, title: str, lines: Sequence[str], font: Face | None = None) -> Image.Image:
        """Draw the frames added so far under a caption, as RGB of at most 16 megapixels.

        A title that is too long for the sheet is shortened in the middle, and so are long words of
        `lines`, which are wrapped. Letters that neither `font` nor one of the machine has become
        escapes.
        """
        width = max(self._grid.size.width + 2 * MARGIN, NARROWEST)
        blocks = caption(title, [*lines, *self._omission()], width - 2 * MARGIN, font)
        top = MARGIN + sum(block.height for block in blocks) + 3 * MARGIN // 4
        rows = math.ceil(len(self._kept) / self._grid.columns)
        height = top + rows * self._grid.pitch.height + MARGIN // 4
        sheet = Image.new("RGB", (width, height), BACKGROUND)
        draw_blocks(sheet, blocks, MARGIN, MARGIN)
        for position, kept in enumerate(self._kept):
            down, right = self._grid.place(position)
            _draw_cell(sheet, self._grid, kept, top + down, MARGIN + right)
        return sheet

    def _omission(self) -> list[str]:
        if self._every == 1:
            return []
        drawn = f"One in {self._every} of the {self._added:,} frames is drawn here"
        unseen = self._unseen_substitutes
        return [f"{drawn}; substitutes among the others: {unseen:,}" if unseen else drawn]


Stack: TypeAlias = list[Image.Image]
"""Sheets that are to stand under one another."""


def shrunk(sheet: Image.Image, expected: int) -> Image.Image:
    """Shrink a sheet to its share of the 12 megapixels of a stack of `expected` sheets."""
    scale = min(math.sqrt(_MOST_STACKED // expected / (sheet.width * sheet.height)), 1.0)
    size = ImageSize(sheet.height, sheet.width).scaled(scale)
    return resized(sheet, size, Image.Resampling.LANCZOS)


def stacked(sheets: Stack) -> Image.Image:
    """Draw sheets, at least one, under one another, each at the left.

    >>> stacked([Image.new("RGB", (width, 300)) for width in (900, 800)]).size
    (900, 600)
    """
    width = max(sheet.width for sheet in sheets)
    height = sum(sheet.height for sheet in sheets)
    picture, top = Image.new("RGB", (width, height), BACKGROUND), 0
    for sheet in sheets:
        picture.paste(sheet, (0, top))
        top += sheet.height
    return picture


def resized(picture: Image.Image, size: ImageSize, way: Image.Resampling) -> Image.Image:
    """Return a picture of another size, as well as it is to be looked at."""
    # Averaging whole blocks first, down to three times the size, is not seen but much faster.
    return picture.resize((size.width, size.height), way, reducing_gap=3.0)


def _draw_cell(sheet: Image.Image, grid: Grid, kept: Frame, top: int, left: int) -> None:
    height, width = grid.thumbnail
    bottom = top + height
    if kept.substituted or kept.mark:  # a frame around it, in the gaps, so that it hides nothing
        corners = (left - 4, top - 4, left + width + 3, bottom + 3)
        ImageDraw.Draw(sheet).rectangle(corners, fill=SUBSTITUTE if kept.substituted else PICKED)
    sheet.paste(Image.fromarray(kept.image), (left, top))
    if kept.substituted:
        _draw_badge(sheet, "substitute", grid.font_size, bottom, left)
    _draw_label(sheet, grid, kept, bottom, left)


def _draw_badge(sheet: Image.Image, word: str, size: int, bottom: int, left: int) -> None:
    """Write a word over the thumbnail's lower left corner: it repeats another one anyway."""
    pen, font, inset = ImageDraw.Draw(sheet), own_font(size), size // 3
    right = left + math.ceil(font.getlength(word)) + 2 * inset
    top = bottom - size - inset
    pen.rectangle((left, top, right, bottom - 1), fill=SUBSTITUTE)
    pen.text((left + inset, top), word, fill="white", font=font)


def _draw_label(sheet: Image.Image, grid: Grid, kept: Frame, top: int, left: int) -> None:
    pen, size = ImageDraw.Draw(sheet), grid.font_size
    font, top, time = own_font(size), top + size // 3, format_time(kept.timestamp_seconds)
    start = left
    pen.text((left, top), time, fill=BRIGHT, font=font)
    sign = "frame " if grid.cell_width >= 14 * size else "#"
    if grid.label_lines == 1:
        left += math.ceil(font.getlength(time)) + 3 * size // 4
    else:
        top += 5 * size // 4
    said = f"{sign}{kept.number}"
    words = (f"{said}, {kept.mark}", f"#{kept.number} {kept.mark}") if kept.mark else ()
    room = grid.cell_width - (left - start)
    fitting = (text for text in words if font.getlength(text) <= room)
    pen.text((left, top), next(fitting, said), fill=DIM, font=font)
