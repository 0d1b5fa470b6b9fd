"""One axis of a picture to scale: which samples come into one of the result, with which weights.

A pass is a product with the banded matrix of these windows. It is cut into blocks: small dense
matrices, each with the samples that its windows touch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

_Ints: TypeAlias = npt.NDArray[np.int64]
_Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """The windows of one axis: sample `i` of the result has `weights[i]`, from `first[i]` on."""

    source: int
    """Samples that there are."""
    first: _Ints
    """(m,): where a window starts."""
    weights: _Ints
    """(m, widest window): whole weights, in units of 2 ** -`places`; 0 beyond a window's end."""
    places: int
    """Binary places of the weights."""
    shift: int
    """What is taken from samples, 0 to 255, before they are multiplied."""
    dtype: type[np.floating[Any]]
    """Float type in which the sums of products of any window are then exact."""

    @property
    def offsets(self) -> npt.NDArray[Any]:
        """(m,): what the shift has taken away, and half a unit for rounding."""
        half = np.array((1 << self.places) >> 1)
        exact = half + self.shift * self.weights.sum(axis=1) if self.shift else half
        offsets = (exact * 2.0**-self.places).astype(self.dtype)
        return np.broadcast_to(offsets, len(self.first))  # one for all is quicker than one for each

    def spans(self, edges: Sequence[int]) -> list[range]:
        """Return which samples come into the parts of the result between edges."""
        starts = self.first[edges[:-1]].tolist()  # windows start and end in order
        stops = (self.first[np.array(edges[1:]) - 1] + self.weights.shape[1]).tolist()
        return [range(a, min(b, self.source)) for a, b in zip(starts, stops, strict=True)]

    def matrix(self, first: int, starts: npt.ArrayLike, width: int) -> npt.NDArray[Any]:
        """Return the weights from `first` on, a row each, for `width` samples from `starts` on."""
        starts, widest = np.asarray(starts), self.weights.shape[1]
        rows = slice(first, first + len(starts))
        whole = np.zeros((len(starts), width + widest))
        places = (self.first[rows] - starts)[:, None] + np.arange(widest)
        np.put_along_axis(whole, places, self.weights[rows] * 2.0**-self.places, axis=1)
        return whole[:, :width].astype(self.dtype)


@lru_cache(maxsize=16)
def axis_of(source: int, target: int, adapts_precision: bool) -> Axis:
    """Return the windows by which `source` samples become `target`.

    In float64, in the references' order of operations: another order gives other weights.

    >>> axis_of(6, 4, True).weights[0].tolist(), axis_of(6, 4, True).places
    ([21474, 12885, -1326, -265, 0], 15)
    """
    scale = source / target
    stretch = max(scale, 1.0)
    reach, inverse = 2.0 * stretch, 1.0 / stretch
    centre = scale * (np.arange(target) + 0.5)
    first = np.maximum(np.trunc(centre - reach + 0.5), 0).astype(np.int64)
    end = np.minimum(np.trunc(centre + reach + 0.5), source).astype(np.int64)
    place = np.arange(int((end - first).max()))
    distance = ((place + first[:, None]) - centre[:, None] + 0.5) * inverse
    shares = np.where(place < (end - first)[:, None], _cubic(distance), 0.0)
    total = np.cumsum(shares, axis=1)[:, -1:]  # in order, where `sum` would add up in pairs
    shares = shares / total if adapts_precision else shares * (1.0 / total)
    places = _places(float(shares.max())) if adapts_precision else _PILLOW_PLACES
    whole = np.trunc(shares * (1 << places) + np.copysign(0.5, shares)).astype(np.int64)
    return Axis(source, first, whole, places, *_exactly(whole))


_PILLOW_PLACES = 22
"""Binary places of Pillow's weights, and the most of torch's."""


def _cubic(distance: _Floats) -> _Floats:
    """Return the bicubic filter with a = -0.5."""
    a, x = -0.5, np.abs(distance)
    near = ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    far = (((x - 5.0) * x + 8.0) * x - 4.0) * a
    return np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0))


def _places(largest: float) -> int:
    """Return the most binary places with which the largest weight stays below 2 ** 15."""
    places = range(_PILLOW_PLACES, 0, -1)
    return next(p for p in places if int(0.5 + largest * (1 << p)) < 1 << 15)


def _exactly(weights: _Ints) -> tuple[int, type[np.floating[Any]]]:
    """Return the shift of samples by which, and the float type in which, sums are exact.

    Products are whole numbers, and those up to 2 ** 24 are exact in float32. However they are added
    up, no sum on the way lies beyond that of all products above 0, or of all below.
    """
    above, below = (int(np.maximum(w, 0).sum(axis=1).max()) for w in (weights, -weights))
    for shift in (0, 128):  # samples are from -shift to 255 - shift
        least, most = (shift * above + (255 - shift) * below, (255 - shift) * above + shift * below)
        if max(least, most) < 1 << 24:
            return shift, np.float32
    return 0, np.float64


ACROSS, DOWN = 16, 8
"""Samples of the result in a block, at most; larger ones hold more zeros than they save calls."""

_SPAN = 512
"""Samples that a block should span at most; where one window is wider, it stands alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Samples `first` to `end` of the result."""

    first: int
    end: int
    span: range
    """Which samples of the source."""
    matrix: npt.NDArray[Any]
    """(end - first, those of the source), in units of the result."""


def block_size(axis: Axis, most: int) -> int:
    """Return how many samples of the result a block has."""
    return max(1, min(most, _SPAN * len(axis.first) // axis.source))


@lru_cache(maxsize=16)
def blocks_of(axis: Axis, rows: int) -> tuple[Block, ...]:
    """Cut an axis into blocks, none of which reaches over a multiple of `rows`."""
    m, size = len(axis.first), block_size(axis, DOWN)
    edges = [edge for band in range(0, m, rows) for edge in range(band, min(band + rows, m), size)]

    def block(first: int, end: int, span: range) -> Block:
        starts = [span.start] * (end - first)
        return Block(first, end, span, axis.matrix(first, starts, len(span)))

    edges.append(m)
    return tuple(map(block, edges, edges[1:], axis.spans(edges)))


# Blocks side by side whose samples start equal steps apart are one product of stacks.

_RUN = 32
"""Blocks in a run, at most."""

_DRIFT = 2
"""Samples by which steps of a run may miss the blocks, which makes every matrix as much larger."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Blocks of equal size, one beside the other, the first of them at `first`."""

    first: int
    span: range
    """Which samples of the source the first block has."""
    step: int
    """How much later those of the next start."""
    matrices: npt.NDArray[Any]
    """(blocks, samples of the source, samples of the result), in units of the result."""

    @property
    def end(self) -> int:
        """One past its last sample of the result."""
        return self.first + len(self.matrices) * int(self.matrices.shape[2])

    def windows(self, samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return lines of samples as its blocks see them: blocks x lines x samples, a view."""
        lines, item = samples.strides
        shape = len(self.matrices), len(samples), len(self.span)
        start = samples[:, self.span.start :]
        return as_strided(start, shape, (self.step * item, lines, item), writeable=False)

    def pieces(self, result: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return lines of the result likewise."""
        own = result[:, self.first : self.end]
        return own.reshape(len(result), len(self.matrices), -1).swapaxes(0, 1)


@lru_cache(maxsize=16)
def runs_of(axis: Axis) -> tuple[Run, ...]:
    """Cut an axis into runs, each as long as its steps keep to the blocks."""
    m, size = len(axis.first), block_size(axis, ACROSS)
    step = round(size * axis.source / m)
    spans = axis.spans([*range(0, m, size), m])
    last = spans.pop() if m % size else None
    runs, first = list[Run](), 0
    while spans:
        count, span = _alike(spans, step, axis.source)
        runs.append(_run(axis, first, (count, size), span, step))
        first, spans = runs[-1].end, spans[count:]
    if last is not None:
        runs.append(_run(axis, first, (1, m - first), last, step))
    return tuple(runs)


def _alike(spans: Sequence[range], step: int, source: int) -> tuple[int, range]:
    """Return how many blocks make a run, and which samples of the first serve all of it."""
    found, widest = spans[0], len(spans[0]) + _DRIFT
    for count, span in enumerate(spans[1:_RUN], start=1):
        back = count * step
        both = range(min(found.start, span.start - back), max(found.stop, span.stop - back))
        if len(both) > widest or both.start < 0 or both.stop + back > source:
            return count, found
        found = both
    return min(len(spans), _RUN), found


def _run(axis: Axis, first: int, shape: tuple[int, int], span: range, step: int) -> Run:
    blocks, size = shape
    starts = np.repeat(span.start + step * np.arange(blocks), size)
    matrix = axis.matrix(first, starts, len(span)).reshape(blocks, size, len(span))
    return Run(first, span, step, np.ascontiguousarray(matrix.swapaxes(1, 2)))
