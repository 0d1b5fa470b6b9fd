"""Tables that fit: names shortened, sentences moved below, columns left out in a stated order.

A number or a word is shown whole or not at all. Where not all fits, the folder that all names
share is said once above, names are shortened in the middle, sentences move to lines of their own
below their row, and columns go, the least important first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

from vlprep.cli.text import INDENT, cells, shortened, wrapped

LEAST_NAME, LEAST_PROSE = 16, 24
"""Widths below which names and sentences are not squeezed for the sake of other columns."""
GAP, NARROW_GAP = 3, 2
"""Blanks between columns, and where there is little room."""


Kind = Literal["number", "word", "name", "prose"]


@dataclass(frozen=True)
class Column:
    """A heading and the cells below it, and what may become of them."""

    heading: str
    cells: tuple[str, ...]
    kind: Kind = "number"
    """Numbers stand to the right. Only names are shortened, only prose is broken into lines."""

    @cached_property
    def need(self) -> int:
        """Its width when all is shown."""
        return max(map(cells, (self.heading, *self.cells)))

    @property
    def least(self) -> int:
        """The width below which other columns go first."""
        floor = {"name": LEAST_NAME, "prose": LEAST_PROSE}.get(self.kind, self.need)
        return min(self.need, max(floor, cells(self.heading)))

    @property
    def folder(self) -> str:
        """The folder in which all of its names are, with the separator; "" where there is none."""
        if self.kind != "name":
            return ""
        parents = [_parent(cell) for cell in self.cells if cell]
        return _parent(os.path.commonprefix(parents) + ".")  # noqa: RUF071

    def without_folder(self) -> Column:
        """Return the same without the folder that all names share."""
        start = len(self.folder)
        return replace(self, cells=tuple(cell[start:] for cell in self.cells)) if start else self


class Layout(NamedTuple):
    """What is shown of a table, and where."""

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    gap: int = GAP
    above: tuple[Column, ...] = ()
    """Names that stand above their row, where all else has gone and they still have no room."""
    below: tuple[Column, ...] = ()
    """Sentences that stand below their row."""
    folders: tuple[tuple[str, str], ...] = ()
    """Headings of names, and the folders that are not repeated in them."""
    dropped: tuple[str, ...] = ()
    """Headings of what is left out."""
    width: int = 0
    """Of the terminal; 0 where that does not matter."""

    @property
    def headings(self) -> Iterator[str]:
        """The lines of headings."""
        yield from (column.heading for column in self.above)
        yield self._line([column.heading for column in self.columns])

    @property
    def span(self) -> int:
        """How wide the table is."""
        return self._indent + sum(self.widths) + self.gap * (len(self.widths) - 1)

    @property
    def _indent(self) -> int:
        return INDENT if self.above else 0

    def row(self, number: int, ellipsis: str = "…") -> Iterator[str]:
        """Yield the lines of a row."""
        yield from (shortened(one.cells[number], self.width, ellipsis) for one in self.above)
        parts = [
            _pieces(column, column.cells[number], width, ellipsis)
            for column, width in zip(self.columns, self.widths, strict=True)
        ]
        for k in range(max(map(len, parts), default=0)):
            yield self._line([part[k] if k < len(part) else "" for part in parts])
        for column in self.below:
            if text := column.cells[number]:
                told = text if column is self.below[0] else f"{column.heading}: {text}"
                yield from wrapped(" " * INDENT + told, self.width, hang=INDENT)

    def _line(self, parts: Sequence[str]) -> str:
        padded = (
            " " * (width - cells(part)) + part
            if column.kind == "number"
            else part + " " * (width - cells(part))
            for column, width, part in zip(self.columns, self.widths, parts, strict=True)
        )
        return (" " * self._indent + (" " * self.gap).join(padded)).rstrip()


def _parent(name: str) -> str:
    """Return a name up to the separator before its last part; a folder has a name, too."""
    separators = f"/{os.sep}"
    return name[: max(map(name.rstrip(separators).rfind, separators)) + 1]


def _pieces(column: Column, cell: str, width: int, ellipsis: str) -> list[str]:
    if column.kind == "name":
        return [shortened(cell, width, ellipsis)]
    return list(wrapped(cell, width, hang=0)) if column.kind == "prose" else [cell]


def lay_out(columns: Sequence[Column], drop: Sequence[str], width: int | None) -> Layout:
    """Choose what of some columns fits; `drop` names those that may go, in that order.

    >>> names = Column("file", ("photos/holiday.jpg",), "name")
    >>> columns = [names, Column("kind", ("image",)), Column("tokens", ("302",))]
    >>> lay_out(columns, ["kind"], 20).dropped
    ('kind',)
    """
    if width is None or _whole(columns, NARROW_GAP) <= width:
        return _laid(columns, width)
    bare = [column.without_folder() for column in columns]
    folders = tuple((column.heading, column.folder) for column in columns if column.folder)
    prose = tuple(column for column in bare if column.kind == "prose")
    for below, dropped in (((), 0), *((prose, k) for k in range(len(drop) + 1))):
        gone = {*drop[:dropped], *(column.heading for column in below)}
        shown = [column for column in bare if column.heading not in gone]
        if _least(shown) <= width:
            break
    below = tuple(column for column in below if column.heading not in drop[:dropped])
    above = tuple(column for column in shown if column.kind == "name" and _least(shown) > width)
    laid = _laid([column for column in shown if column not in above], width)
    left_out = tuple(drop[:dropped])
    return laid._replace(above=above, below=below, folders=folders, dropped=left_out)


def _whole(columns: Sequence[Column], gap: int) -> int:
    return sum(column.need for column in columns) + gap * (len(columns) - 1)


def _least(columns: Sequence[Column]) -> int:
    return sum(column.least for column in columns) + NARROW_GAP * (len(columns) - 1)


def _laid(columns: Sequence[Column], width: int | None) -> Layout:
    """Share what room there is among the columns that can do with less."""
    wide = width is None or _whole(columns, GAP) <= width
    gap = GAP if wide else NARROW_GAP
    widths = [column.need for column in columns]
    pliant = [k for k, column in enumerate(columns) if column.kind in ("name", "prose")]
    if not wide:
        room = (width or 0) - _whole(columns, gap) + sum(widths[k] for k in pliant)
        for done, k in enumerate(sorted(pliant, key=widths.__getitem__)):
            widths[k] = min(widths[k], max(room // (len(pliant) - done), 1))
            room -= widths[k]
    return Layout(columns=tuple(columns), widths=tuple(widths), gap=gap, width=width or 0)
