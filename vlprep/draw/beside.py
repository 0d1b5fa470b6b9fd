"""An image beside what a model sees of it, as a whole and in a detail.

Arrays come in, Pillow images go out; no file is read or written. Sizes are (height, width) in
pixels, but for calls into Pillow, which counts width first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageChops

from vlprep.choices import PANEL_SIDE
from vlprep.draw.fonts import Face
from vlprep.draw.layout import MARGIN
from vlprep.draw.lettering import BACKGROUND, BRIGHT, TextBlock, draw_blocks, wrapped
from vlprep.draw.sheets import NARROWEST, Pixels, resized
from vlprep.types import ImageSize

_CELLS = 4  # of a detail, along each side: steps in which a detail is looked for


def side_by_side(
    left: Pixels,
    right: Pixels,
    captions: tuple[str, str],
    *,
    max_side: int = PANEL_SIDE,
    place: tuple[int, int] | None = None,
    font: Face | None = None,
) -> Image.Image:
    """Draw an image at the left and a model's view of it at the right, at the image's own size.

    Both are RGB uint8 of height x width x 3. The view is enlarged or shrunk to the size of the
    image, so it is seen which details survive. Where the image's longer side is over `max_side`
    pixels, both are drawn smaller, and the captions say so; under them stands a detail of both at
    the image's own size, around `place`, (x, y) in pixels, where one is given. Images more than
    twice as wide as high stand above their view.

    Raises `ValueError` for a `max_side` below 1.

    >>> original = np.zeros((1080, 1920, 3), np.uint8)
    >>> view = np.zeros((352, 640, 3), np.uint8)
    >>> side_by_side(original, view, ("1920x1080", "640x352 as the model sees it")).size
    (2656, 829)
    """
    if max_side < 1:
        raise ValueError(f"max_side must be at least 1, got {max_side}")
    pictures, original = (Image.fromarray(left), Image.fromarray(right)), ImageSize(*left.shape[:2])
    scale = min(max_side / max(original), 1.0)
    size = original.scaled(scale)
    note = f" (shown at {100 * scale:.3g} %)" if scale < 1 else ""
    panels = [resized(picture, size, Image.Resampling.BICUBIC) for picture in pictures]
    titles = [caption + note for caption in captions]
    if place is not None and scale < 1:
        area = _around(place, size, original)
        panels += [_cut(picture, area, original, size) for picture in pictures]
        titles += [f"detail at {area[0]}, {area[1]} (100 %)", "the same as the model sees it"]
    across = size.width <= 2 * size.height
    return _mounted(panels, titles, 2 if across else 1, font)


def worst_place(left: Pixels, right: Pixels, max_side: int = PANEL_SIDE) -> tuple[int, int]:
    """Return where the model's view loses most, (x, y) in pixels: the middle of such a detail.

    It is found in steps of a quarter of the detail that `side_by_side` draws.

    >>> original = np.zeros((400, 400, 3), np.uint8)
    >>> original[300:400:2, 0:100] = 255
    >>> worst_place(original, original[::4, ::4], max_side=100)
    (50, 350)
    """
    original, view = (Image.fromarray(pixels).convert("L") for pixels in (left, right))
    enlarged = view.resize(original.size, Image.Resampling.BICUBIC)
    size = ImageSize(original.height, original.width).scaled(min(max_side / max(original.size), 1))
    step = ImageSize(max(size.height // _CELLS, 1), max(size.width // _CELLS, 1))
    rows, columns = -(-original.height // step.height), -(-original.width // step.width)
    lost = ImageChops.difference(original, enlarged)
    cells = np.zeros((rows + 1, columns + 1))
    cells[1:, 1:] = np.asarray(lost.resize((columns, rows), Image.Resampling.BOX), np.float64)
    sums = cells.cumsum(axis=0).cumsum(axis=1)
    high, wide = min(_CELLS, rows), min(_CELLS, columns)
    within = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
    if np.ptp(within) < 1e-6:  # all of it alike
        return original.width // 2, original.height // 2
    row, column = divmod(int(within.argmax()), within.shape[1])
    return column * step.width + size.width // 2, row * step.height + size.height // 2


def _around(
    place: tuple[int, int], size: ImageSize, original: ImageSize
) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of an area of a size around a place, all of it inside."""
    left = min(max(place[0] - size.width // 2, 0), original.width - size.width)
    top = min(max(place[1] - size.height // 2, 0), original.height - size.height)
    return left, top, left + size.width, top + size.height


def _cut(
    picture: Image.Image, area: tuple[int, int, int, int], original: ImageSize, size: ImageSize
) -> Image.Image:
    """Return an area of the original as a picture of it has it, which may be a smaller one."""
    across, down = picture.width / original.width, picture.height / original.height
    box = (area[0] * across, area[1] * down, area[2] * across, area[3] * down)
    return picture.resize((size.width, size.height), Image.Resampling.BICUBIC, box)


def _mounted(
    panels: Sequence[Image.Image], captions: Sequence[str], columns: int, font: Face | None
) -> Image.Image:
    """Lay panels of one size out in columns, each under its caption."""
    width, height = panels[0].size
    column, rows = max(width, NARROWEST // 2), len(panels) // columns
    size = min(max(column * columns // 100, 18), 64)  # large sheets are looked at from afar
    blocks = [
        TextBlock(wrapped(caption, size, column, font), size, BRIGHT, font=font)
        for caption in captions
    ]
    top = MARGIN + max(block.height for block in blocks) + MARGIN // 3
    step = ImageSize(top + height, column + MARGIN)
    shape = (MARGIN + columns * step.width, rows * step.height + MARGIN)
    sheet = Image.new("RGB", shape, BACKGROUND)
    for k, (panel, block) in enumerate(zip(panels, blocks, strict=True)):
        x, y = MARGIN + k % columns * step.width, k // columns * step.height
        draw_blocks(sheet, [block], y + top - MARGIN // 3 - block.height, x)
        sheet.paste(panel, (x, y + top))
    return sheet
