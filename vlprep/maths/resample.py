"""Scale pictures of 8 bits by the bicubic filter, equal to the references in every bit.

The references, which `KERNELS` names, compute in whole numbers: weights are rounded to so many
binary places, and what stands between the two passes is rounded and cut to 8 bits. Here a pass is a
product with a banded matrix (`windows`), in a float type that holds every sum of products exactly,
in whatever order a library adds it up. Neither the installed Pillow, nor the processor, nor the
number of threads changes a bit.

Filter, windows and rounding are those of Pillow's resize and of torch's CPU kernel of the same
origin (torch 2.14.1, Pillow 11.3.0, 12.3.0 and 13.0.0, measured).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from vlprep.errors import ConstraintError
from vlprep.maths.windows import DOWN, Axis, Block, axis_of, block_size, blocks_of, runs_of
from vlprep.types import ImageSize

Pixels: TypeAlias = npt.NDArray[np.uint8]
Numbers: TypeAlias = npt.NDArray[Any]
Band: TypeAlias = npt.NDArray[np.float32]
"""Rows of a result: rows x channels x columns in float32, whole numbers from 0 to 255."""

KernelName = Literal["torch", "pillow-11", "pillow-12", "pillow-13"]


@dataclass(frozen=True, slots=True)
class Kernel:
    """In what a reference's resize differs from the others."""

    adapts_precision: bool
    """Weights have as many binary places as 16 bits allow (torch); otherwise always 22."""
    vertical_first: Callable[[ImageSize, ImageSize], bool]
    """Whether a picture of one size on its way to another is first scaled from top to bottom."""


KERNELS: dict[KernelName, Kernel] = {
    # of torch on a CPU, which the processors of transformers use
    "torch": Kernel(True, lambda size, to: False),
    # Pillow up to 11.3
    "pillow-11": Kernel(False, lambda size, to: False),
    # Pillow 12.3
    "pillow-12": Kernel(
        False, lambda size, to: size.height > 100 * size.width and to.height < size.height
    ),
    # Pillow 13.0
    "pillow-13": Kernel(
        False,
        lambda size, to: 0 < size.height - to.height > 2 * (size.width - to.width),
    ),
}


def resample(
    picture: Pixels, size: ImageSize, kernel: KernelName = "torch", *, threads: int = 1
) -> Pixels:
    """Scale a picture, height x width x channels of uint8, to `size`, (height, width) in pixels.

    Raises `ConstraintError` for an unknown kernel, and `ValueError` for a size without pixels.

    >>> row = np.array([10, 20, 200, 250, 0, 30], np.uint8).reshape(1, 6, 1)
    >>> resample(row, ImageSize(1, 4)).ravel().tolist()
    [4, 153, 171, 8]
    """
    size, source = ImageSize(*size), ImageSize(*picture.shape[:2])
    if source == size:
        return picture
    turned = _kernel(kernel).vertical_first(source, size)
    if turned:  # then columns and rows change places
        picture, source, size = picture.swapaxes(0, 1), _turned(source), _turned(size)
    scaled = Resampler.of(source, size, kernel).picture(Held(picture), threads=threads)
    return np.ascontiguousarray(scaled.swapaxes(0, 1)) if turned else scaled


def _turned(size: ImageSize) -> ImageSize:
    return ImageSize(size.width, size.height)


# Where pixels come from, and where they go.


class Source(Protocol):
    """A picture that can be read row by row, wherever it is held."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width and number of colours."""

    def lay_out(self, rows: range, out: Numbers) -> None:
        """Write some rows to `out`, rows x colours x columns of any type of numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A picture in an array, height x width x colours."""

    pixels: Pixels

    @property
    def shape(self) -> tuple[int, ...]:
        """Those of the array."""
        return self.pixels.shape

    def lay_out(self, rows: range, out: Numbers) -> None:
        """Write some rows to `out`, rows x colours x columns of any type of numbers."""
        np.copyto(out, self.pixels[rows.start : rows.stop].transpose(0, 2, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """A picture in an array of its own for each colour, height x width."""

    planes: tuple[Pixels, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Those that the picture would have as one array."""
        return *self.planes[0].shape, len(self.planes)

    def lay_out(self, rows: range, out: Numbers) -> None:
        """Write some rows to `out`, rows x colours x columns of any type of numbers."""
        for colour, plane in enumerate(self.planes):
            np.copyto(out[:, colour], plane[rows.start : rows.stop])


# A whole picture, band by band.

_BAND_ROWS = 32
"""Rows of a result that are made at a time where nothing asks for another number."""

_SOURCE_ROWS = 64
"""Rows of the source that are scaled across at a time."""

_PRODUCTS = 1 << 18
"""Multiplications in one matrix product up to which OpenBLAS starts no threads of its own."""

Place: TypeAlias = Callable[[int, Band], None]
"""Takes the number of a band's first row and the band, whose memory is used again for the next."""


@dataclass(frozen=True, slots=True)
class Resampler:
    """How pictures of one size become pictures of another, across first."""

    source: ImageSize
    """Size of the pictures."""
    size: ImageSize
    """Size of the results."""
    across: Axis | None
    """Columns; `None` where their number stays."""
    down: Axis | None
    """Rows; `None` where their number stays."""
    _idle: deque[_Descent] = field(
        default_factory=lambda: deque(maxlen=8), init=False, repr=False, compare=False
    )
    """Room of earlier pictures: what the system gives anew costs as much time as the sums."""

    @staticmethod
    @lru_cache(maxsize=2)  # one for the frames of a video, one for what they become
    def of(source: ImageSize, size: ImageSize, kernel: KernelName = "torch") -> Resampler:
        """Return what makes pictures of `size` of those of `source`, (height, width) in pixels.

        Raises `ConstraintError` for an unknown kernel, and `ValueError` for a size without pixels.
        """
        if min(*source, *size) < 1:
            raise ValueError(f"sides must be 1 or more, got {tuple(source)} and {tuple(size)}")
        adapts = _kernel(kernel).adapts_precision
        down, across = (
            None if old == new else axis_of(old, new, adapts)
            for old, new in zip(source, size, strict=True)
        )
        return Resampler(source, size, across, down)

    def picture(
        self,
        source: Source,
        *,
        threads: int = 1,
        by_colour: bool = False,
        out: Pixels | None = None,
    ) -> Pixels:
        """Return the result, height x width x colours, in `out` where it is given.

        `by_colour` lays each row out so in memory, which is quicker where it is read row by row and
        colour by colour again.
        """
        height, width, colours = *self.size, source.shape[2]
        shape = (height, colours, width) if by_colour else (height, width, colours)
        made = np.empty(shape, np.uint8) if out is None else out
        rows = made if by_colour else made.transpose(0, 2, 1)

        def place(first: int, band: Band) -> None:
            # bytes first: numbers are slow to convert one here, one there
            np.copyto(rows[first : first + len(band)], band.astype(np.uint8))

        if self.source == self.size:
            source.lay_out(range(height), rows)
        else:
            self.run(source, _BAND_ROWS, place, threads=threads)
        return made.transpose(0, 2, 1) if by_colour else made

    def run(self, source: Source, rows: int, place: Place, *, threads: int = 1) -> None:
        """Make a picture's bands of `rows` rows and give each to `place`.

        Several `threads` do so at a time, each from top to bottom of its own part.
        """
        bands = range(0, self.size.height, rows)
        count = max(1, min(threads, len(bands)))
        parts = [
            bands[k * len(bands) // count : (k + 1) * len(bands) // count] for k in range(count)
        ]

        def make(part: range) -> None:
            descent = self._descent(rows, source.shape[2])
            for first, band in descent.bands(source, part):
                place(first, band)
            self._idle.append(descent)

        if count == 1:
            return make(bands)
        try:
            with ThreadPoolExecutor(count) as pool:
                for _ in pool.map(make, parts):
                    pass  # what a thread raised is raised here
        except RuntimeError:  # no more threads are to be had
            make(bands)

    def _descent(self, rows: int, colours: int) -> _Descent:
        """Return what is not in use, if it fits, or else a new one."""
        try:
            idle = self._idle.pop()
        except IndexError:
            idle = None
        return idle if idle and idle.fits(rows, colours) else _Descent(self, rows, colours)


class _Descent:
    """A way down a part of a picture. Neighbouring bands share rows, scaled across once."""

    def __init__(self, how: Resampler, rows: int, colours: int) -> None:
        self._rows, (self._height, width) = rows, how.size
        self._down = blocks_of(how.down, rows) if how.down else ()
        self._per_band = -(-rows // block_size(how.down, DOWN)) if how.down else 0
        self._shift = how.down.shift if how.down else 0
        runs = runs_of(how.across) if how.across else ()
        largest = max((run.matrices[0].size for run in runs), default=1)
        at_once = max(1, min(_SOURCE_ROWS, _PRODUCTS // (largest * colours)))
        tall = max((len(block.span) for block in self._down), default=rows) + at_once
        self._window = np.empty((tall, colours, width), _type_of(how.down))
        """Rows of the source, scaled across: whole numbers from -`_shift` on."""
        self._band = np.empty((min(rows, self._height), colours, width), np.float32)
        self._offsets = how.down.offsets[:, None, None] if how.down else None
        self._samples = np.empty((at_once, colours, how.source.width), _type_of(how.across))
        self._across = [(run, run.windows(_as_matrix(self._samples))) for run in runs]
        self._across_shift = how.across.shift if how.across else 0
        self._across_offsets = how.across.offsets - self._shift if how.across else None

    def fits(self, rows: int, colours: int) -> bool:
        """Whether it makes bands of so many rows of pictures of so many colours."""
        return (self._rows, self._window.shape[1]) == (rows, colours)

    def bands(self, source: Source, part: range) -> Iterator[tuple[int, Band]]:
        """Yield the bands of a picture whose first rows are those of `part`."""
        self._source = source
        self._end = self._blocks_of(part[-1])[-1].span.stop if self._down else source.shape[0]
        self._held = range(0)  # which rows of the source are scaled across
        for first in part:
            yield first, self._make(first)
        del self._source  # which may be large

    def _blocks_of(self, first: int) -> tuple[Block, ...]:
        number = first // self._rows * self._per_band
        return self._down[number : number + self._per_band]

    def _make(self, first: int) -> Band:
        """Return the band whose first row is `first`, a multiple of its number of rows."""
        band = self._band[: self._height - first]
        if self._offsets is None:
            return self._scaled(range(first, first + len(band)))
        exact = _room_for(band, self._window)
        for block in self._blocks_of(first):
            part = exact[block.first - first : block.end - first]
            _multiply(block.matrix, self._scaled(block.span), part)
        _round(exact, self._offsets[first : first + len(band)], 0, band)
        return band

    def _scaled(self, wanted: range) -> Numbers:
        """Return some rows of the source, scaled across; later calls want later rows."""
        if wanted.stop > self._held.stop:
            kept = max(self._held.stop - wanted.start, 0)
            self._window[:kept] = self._window[len(self._held) - kept : len(self._held)]
            end = wanted.start + kept
            while end < wanted.stop:  # whole stretches: short ones are slow
                rows = range(end, min(end + len(self._samples), self._end))
                self._scale_across(rows, self._window[end - wanted.start :][: len(rows)])
                end = rows.stop
            self._held = range(wanted.start, end)
        return self._window[wanted.start - self._held.start : wanted.stop - self._held.start]

    def _scale_across(self, rows: range, out: Numbers) -> None:
        if not self._across:
            return self._take(rows, self._shift, out)
        samples, exact = self._samples[: len(rows)], _room_for(out, self._samples)
        self._take(rows, self._across_shift, samples)
        lines = _as_matrix(exact)
        for run, windows in self._across:
            np.matmul(windows[:, : len(lines)], run.matrices, out=run.pieces(lines))
        _round(exact, self._across_offsets, -self._shift, out)

    def _take(self, rows: range, shift: int, out: Numbers) -> None:
        """Take rows of the source as numbers less `shift`, 0 or 128."""
        self._source.lay_out(rows, out)
        if shift:
            out -= shift


def _type_of(axis: Axis | None) -> type[np.floating[Any]]:
    return np.float32 if axis is None else axis.dtype


def _room_for(out: Numbers, factor: Numbers) -> Numbers:
    """Return where products of the factor's type can stand that are rounded into `out`."""
    return out if out.dtype == factor.dtype else np.empty(out.shape, factor.dtype)


def _as_matrix(array: Numbers) -> Numbers:
    return array.reshape(-1, array.shape[2])


def _multiply(matrix: Numbers, rows: Numbers, out: Numbers) -> None:
    """Multiply rows from the left, in pieces for which BLAS starts no threads."""
    rows, out = rows.reshape(len(rows), -1), out.reshape(len(out), -1)
    columns = rows.shape[1]
    step = -(-columns // -(-columns * matrix.size // _PRODUCTS))
    for first in range(0, columns, step):
        piece = slice(first, first + step)
        np.matmul(matrix, rows[:, piece], out=out[:, piece])


def _round(exact: Numbers, offset: Any, lowest: int, out: Numbers) -> None:
    """Round sums of products as the references do, and cut them to 256 values from `lowest` on."""
    exact += offset
    np.clip(exact, lowest, lowest + 255, out=exact)
    np.floor(exact, out=exact)
    if exact is not out:
        np.copyto(out, exact, casting="same_kind")


def _kernel(name: str) -> Kernel:
    if name not in KERNELS:
        raise ConstraintError(f"unknown kernel {name!r}; known: {', '.join(KERNELS)}")
    return KERNELS[name]
