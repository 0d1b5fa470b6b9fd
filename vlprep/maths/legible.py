"""How high letters are. Finding them is in `letters`."""

from __future__ import annotations

from dataclasses import dataclass

STRIP = 320
"""Columns that are looked at together: wide enough for words, narrow enough for a column."""


@dataclass(frozen=True, slots=True)
class Letters:
    """How high the small letters of a picture are, in its own pixels: about, not exactly."""

    smallest: float
    """Of the smallest text that there is a good deal of."""
    usual: float
    """Of most of the text."""
    lines: int
    """Lines found, each in columns of `STRIP` pixels."""
    turned: bool
    """Whether the lines run from top to bottom."""

    def scaled(self, scale: float) -> Letters:
        """Return the same text in a picture so many times as large."""
        return Letters(self.smallest * scale, self.usual * scale, self.lines, self.turned)
