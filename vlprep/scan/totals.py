"""Rows added up: by workers those of a chunk, and the chunks where the run is."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from heapq import nlargest
from typing import Any

SAMPLE = "sample"
"""The kind of rows that are no single medium."""

MOST_NAMED = 10
"""The rows with the most tokens that are named."""


class Totals:
    """What rows come to, in memory that grows by a few bytes for each of them.

    Totals of parts may be added in any order: they come to the same.

    >>> one, other = Totals(), Totals()
    >>> one.add({"source": "a.jpg", "kind": "image", "tokens": 302})
    >>> other.add({"source": "b.jpg", "error_code": "damaged"})
    >>> one.merge(other)
    >>> one.rows, one.tokens, dict(one.errors)
    (2, 302, {'damaged': 1})
    """

    def __init__(self) -> None:
        self.rows = 0
        self.lengths = defaultdict[str, Counter[int]](Counter)
        """How many rows cost so many tokens, by kind."""
        self.kinds = Counter[str]()
        self.errors = Counter[str]()
        self.failures = dict[str, tuple[str, str]]()
        """By code, the row that failed so and comes first by its name, and why."""
        self.findings = Counter[str]()
        self.largest: list[tuple[int, str]] = []
        """Tokens and names of rows, those with the most among them."""
        self.images = array("i")
        """Height and width of each image, one after the other."""
        self.clips = array("d")
        """Frames, rate, height and width of each video, one after the other."""

    @property
    def tokens(self) -> int:
        """The tokens of all rows."""
        return sum(length * rows for of in self.lengths.values() for length, rows in of.items())

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row, by the names of its columns; what is no column is not known of it."""
        self.rows += 1
        known = row.get
        if (code := known("error_code")) is not None:
            self.errors[code] += 1
            self._fail(code, (row["source"], known("error") or ""))
            return
        self.findings.update(known("rules") or ())
        kind, tokens = known("kind"), known("tokens")
        if kind is not None:
            self.kinds[kind] += 1
        if tokens is None:
            return
        self.lengths[kind or SAMPLE][tokens] += 1
        self.largest.append((tokens, row["source"]))
        if len(self.largest) > 2 * MOST_NAMED:
            self._drop_small()
        height, width, frames = known("height"), known("width"), known("file_frames")
        if height is None or width is None:
            return
        if kind == "image":
            self.images.extend((height, width))
        elif kind == "video" and frames is not None:
            self.clips.extend((frames, known("file_fps") or 0, height, width))

    def merge(self, other: Totals) -> None:
        """Add what other rows come to."""
        self.rows += other.rows
        for kind, lengths in other.lengths.items():
            self.lengths[kind].update(lengths)
        self.kinds.update(other.kinds)
        self.errors.update(other.errors)
        for code, failure in other.failures.items():
            self._fail(code, failure)
        self.findings.update(other.findings)
        self.largest += other.largest
        self._drop_small()
        self.images.extend(other.images)
        self.clips.extend(other.clips)

    def _fail(self, code: str, failure: tuple[str, str]) -> None:
        self.failures[code] = min(failure, self.failures.get(code, failure))

    def _drop_small(self) -> None:
        self.largest = nlargest(MOST_NAMED, self.largest)  # by name too: in whatever order
