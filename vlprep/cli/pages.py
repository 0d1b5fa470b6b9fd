"""Help laid out for the terminal it is read in, from 40 columns on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import click
from click.formatting import wrap_text

from vlprep.cli.terminal import line_width

_USUAL, _MARGIN = 80, 2
"""Columns of a page that is not narrower, and what stays free of them on the right."""

_NARROW = 56
"""Columns below which an option's help stands under its words, not beside them."""

_HANGING = 4
"""Columns by which it is indented there."""

_HYPHEN = "\ue000"
"""What stands for a hyphen while lines are broken, so that no option's word is."""


class Formatter(click.HelpFormatter):
    """A page whose lines fit and never break at a hyphen, and whose examples can be run."""

    def __init__(self, indent_increment: int = 2, width: int | None = None, **_: object) -> None:
        here = min(line_width(sys.stdout) or _USUAL, _USUAL) - _MARGIN
        super().__init__(indent_increment, width or here)

    def write_text(self, text: str) -> None:
        """Write paragraphs; a line of an example is broken as a shell takes it."""
        fitted = "\n".join(_fitted(text.splitlines(), self.width - self.current_indent))
        super().write_text(fitted.replace("-", _HYPHEN))

    def write_dl(self, rows: Iterable[tuple[str, str]], *args: int, **extra: int) -> None:
        """Write words and what they mean: beside them, or under them where there is no room."""
        rows = [(word, text.replace("-", _HYPHEN)) for word, text in rows]
        if self.width >= _NARROW:
            super().write_dl(rows, *args, **extra)
            return
        for row in rows:
            for text, depth in zip(row, (0, _HANGING), strict=True):
                indent = " " * (self.current_indent + depth)
                self.write(f"{wrap_text(text, self.width, indent, indent)}\n")

    def getvalue(self) -> str:
        """Return the page."""
        return super().getvalue().replace(_HYPHEN, "-")


def _fitted(lines: Iterable[str], width: int) -> Iterator[str]:
    is_example = False
    for line in lines:
        is_example = bool(line) and (is_example or line == "\b")
        if is_example and len(line) > width:
            from vlprep.cli.shell import folded  # which wide terminals do without

            yield from folded(line, width)
        else:
            yield line


class Context(click.Context):
    """What a command runs in, with help as above."""

    formatter_class = Formatter
