"""Pictures as rows of patches, in the order in which the encoders of open Qwen models read them.

A picture of h x w pixels, with patches of p x p that are merged m x m and T frames in a step, is
h/p * w/p rows of 3 * T * p * p numbers. Rows go through the squares of m x m patches from left to
right and from top to bottom, and inside of a square in the same way; the numbers of a row are
channel by channel, in each frame by frame, in each line by line. A still fills all T frames.

The numbers are those of transformers 5.24.0 in its default backend, equal in every bit: one
subtraction and one division in float32. Files are met in `arrays`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vlprep.maths.resample import Band, Resampler, Source
from vlprep.models.spec import ImageRule, Normalisation, VideoRule
from vlprep.types import ArrayType, ImageSize

Rows: TypeAlias = npt.NDArray[Any]
"""Patches x (3 * T * p * p)."""

STORED_AS: dict[ArrayType, type[np.generic]] = {
    "float32": np.float32,
    "float16": np.float16,
    "bfloat16": np.uint16,  # numpy has no such type: the upper half of a float32's bits
    "uint8": np.uint8,
}
"""Types in which patches are held."""


@dataclass(frozen=True)
class Encoding:
    """How the bytes of a picture become rows of numbers."""

    patch: int
    """Side of a patch in pixels."""
    merge: int
    """Patches along each side that become one token."""
    frames: int
    """Frames in a step of time."""
    normalise: Normalisation
    """What is done to the bytes; not to those that stay bytes."""
    dtype: ArrayType = "float32"
    """Type of the numbers."""

    @classmethod
    def of(cls, rule: ImageRule | VideoRule, how: Normalisation, dtype: ArrayType) -> Encoding:
        """Return the encoding of a rule."""
        return cls(rule.patch_size, rule.merge_size, rule.temporal_patch_size, how, dtype)

    @property
    def row(self) -> int:
        """Numbers in a row."""
        return 3 * self.frames * self.patch**2

    def patches(self, size: ImageSize) -> int:
        """Rows of one step of a picture of this size."""
        return size.pixels // self.patch**2

    @cached_property
    def table(self) -> npt.NDArray[Any]:
        """What every byte becomes: 3 x 256 numbers of the stored type.

        >>> half = Normalisation(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
        >>> Encoding(16, 2, 2, half).table[0, [0, 128, 255]].tolist()
        [-1.0, 0.003921568859368563, 1.0]
        """
        values = np.tile(np.arange(256, dtype=np.float32), (1, 3, 1))
        is_plain = self.dtype == "uint8"
        table = values if is_plain else self._normalised(values)
        return _stored(table, self.dtype)[0]  # type: ignore[no-any-return]

    def _numbers(self, band: Band) -> npt.NDArray[Any]:
        """Return a band, whole numbers from 0 to 255, as numbers of the stored type."""
        if self.dtype == "float32":
            return self._normalised(band)
        values = band.astype(np.uint8)
        if self.dtype == "uint8":
            return values
        numbers = np.empty(band.shape, self.table.dtype)  # quicker than converting each of them
        for channel in range(3):
            np.take(self.table[channel], values[:, channel], out=numbers[:, channel], mode="clip")
        return numbers

    def _normalised(self, band: Band) -> Band:
        mean, std, factor = _levels(self.normalise, band.shape[2])
        if mean is not None and std is not None:
            np.subtract(band, mean, out=band)
            return np.divide(band, std, out=band)
        return band if factor is None else np.multiply(band, factor, out=band)

    def place(
        self, picture: Source, how: Resampler, rows: Rows, frame: int | None, threads: int
    ) -> None:
        """Scale a picture and write it into the rows of its step.

        `frame` is its place in the step; `None` writes a still, into all of them.
        """
        squares = rows.reshape(-1, how.size.width // self._side, *self._square)

        def write(first: int, band: Band) -> None:
            self._write(self._numbers(band), squares[first // self._side], frame)

        how.run(picture, self._side, write, threads=threads)

    @property
    def _side(self) -> int:
        return self.patch * self.merge

    @property
    def _square(self) -> tuple[int, ...]:
        return self.merge, self.merge, 3, self.frames, self.patch, self.patch

    def _write(self, band: npt.NDArray[Any], squares: Rows, frame: int | None) -> None:
        """Write the pixels of one row of squares; lines of a patch go as one item each."""
        line = np.dtype((np.void, self.patch * band.itemsize))
        shape = self.merge, self.patch, 3, len(squares), self.merge
        lines = np.ascontiguousarray(band).view(line).reshape(shape).transpose(3, 0, 4, 2, 1)
        places = squares.view(line)[..., 0]  # squares, merge, merge, 3, frames, lines
        own = slice(None) if frame is None else slice(frame, frame + 1)
        places[..., own, :] = lines[..., None, :]

    def repeat_last(self, rows: Rows, frames: int) -> None:
        """Fill a step of which so many frames are there with the last of them."""
        square = np.dtype((np.void, self.patch**2 * rows.itemsize))  # one item: quicker to copy
        patches = rows.view(square).reshape(len(rows), 3, self.frames)
        for frame in range(frames, self.frames):
            patches[:, :, frame] = patches[:, :, frames - 1]


_Level: TypeAlias = np.float32 | npt.NDArray[np.float32] | None


@lru_cache(maxsize=16)
def _levels(how: Normalisation, columns: int) -> tuple[_Level, _Level, _Level]:
    """Return means, deviations and factor for rows of so many columns: one, or channels x columns.

    One for each number is quicker than one for each channel, and one for all the quickest.
    """

    def spread(values: tuple[float, ...] | float | None, whole: np.float32) -> _Level:
        if values is None:
            return None
        levels = np.atleast_1d(np.array(values, np.float32)) * whole
        alike = (levels == levels[0]).all()
        return levels[0] if alike else np.repeat(levels, columns).reshape(-1, columns)

    factor, one = how.rescale_factor, np.float32(1)
    # one step for both, as the reference has it
    whole = one if factor is None else np.float32(1.0 / factor)
    return spread(how.mean, whole), spread(how.std, whole), spread(factor, one)


def _stored(numbers: Band, dtype: ArrayType) -> npt.NDArray[Any]:
    """Round float32 to a stored type, to the nearest and halves to even."""
    if dtype != "bfloat16":
        return numbers.astype(STORED_AS[dtype], copy=False)
    bits = np.ascontiguousarray(numbers).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
