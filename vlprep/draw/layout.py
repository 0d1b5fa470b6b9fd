"""Where thumbnails stand on a sheet: columns, rows and sizes in pixels, nothing drawn."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass

from vlprep.types import ImageSize

MARGIN = 32
"""Pixels left free around everything on a sheet."""
_WIDEST = 2400
_MOST_PIXELS = 14_000_000  # of the grid; with a caption the sheet stays below 16 million
_MOST_COLUMNS = 31  # that many of the narrowest cells fill the widest sheet

_SCREEN_PIXELS = 2_600_000  # what is seen without scrolling
_SCREEN_WIDTH = 1900
_SCREEN_FRAMES = 12  # as many as should be seen without scrolling
_SCREEN_SHAPE = 1.7  # width over height


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
        return Grid(count, columns, size.scaled(longer / max(size)))

    sides = range(1, max(size) + 1)
    fitting = bisect_left(sides, True, key=lambda longer: not _fits(grid(longer)))
    return grid(max(fitting, 1))


def _fits(grid: Grid) -> bool:
    height, width = grid.size
    screens = max(grid.count / _SCREEN_FRAMES, 1) ** 0.4
    pixels = min(_SCREEN_PIXELS * screens, _MOST_PIXELS)
    sheet_width = width + 2 * MARGIN
    # The second width stands in for a narrow sheet's own, lest it become a tower.
    return sheet_width <= _WIDEST and max(sheet_width, _SCREEN_WIDTH) * height <= pixels


def _merit(grid: Grid) -> float:
    """Weigh large thumbnails against a full last row and the shape of a screen."""
    height, width = grid.size
    shape = width / max(height, 1) / _SCREEN_SHAPE
    fullness = grid.count / max(grid.rows * grid.columns, 1)
    return grid.thumbnail.pixels * fullness * math.pow(min(shape, 1 / shape), 0.4)
