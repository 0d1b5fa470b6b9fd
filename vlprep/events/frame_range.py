"""Which frames lie within a stretch of time: plain numbers, no clip and no model."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

_CLOSE = 1e-6  # seconds: a frame whose moment is meant to be the end belongs to it


class Span(NamedTuple):
    """A stretch of time in seconds, both ends included."""

    start: float
    """Where it begins."""
    end: float
    """Where it ends."""

    def cut(self, other: Span) -> Span:
        """Return what of another stretch lies within this one; its nearer end of one outside.

        >>> Span(0.0, 10.0).cut(Span(9.0, 12.0))
        Span(start=9.0, end=10.0)
        """
        start, end = (min(max(moment, self.start), self.end) for moment in other)
        return Span(start, end)


def frames_within(span: Span, rate: float, count: int) -> range:
    """Return the frames whose moments lie within a stretch, of `count` at `rate` per second.

    Where none does it is the one on display.

    >>> frames_within(Span(2.0, 2.1), 30.0, 300), frames_within(Span(2.01, 2.02), 30.0, 300)
    (range(60, 64), range(60, 61))
    """
    first = math.ceil((span.start - _CLOSE) * rate)
    last = math.floor((span.end + _CLOSE) * rate)
    if first > min(last, count - 1):
        first = last = math.floor((span.start + _CLOSE) * rate)
    first, last = (min(max(frame, 0), count - 1) for frame in (first, last))
    return range(first, last + 1)


def moments_within(span: Span, moments: Sequence[float]) -> range:
    """Return the places of the moments within a stretch, of moments in order.

    Where none lies there it is the last one before, or the first of all.

    >>> moments_within(Span(0.9, 2.0), [0.0, 0.5, 1.0, 1.5, 2.0, 2.5])
    range(2, 5)
    """
    first = bisect_left(moments, span.start - _CLOSE)
    end = bisect_right(moments, span.end + _CLOSE)
    if first < end:
        return range(first, end)
    nearest = max(first - 1, 0)
    return range(nearest, min(nearest + 1, len(moments)))
