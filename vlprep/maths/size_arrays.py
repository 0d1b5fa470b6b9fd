"""The resizing rules of `geometry` on whole arrays of sizes: millions at once, in chunks.

A row that the form for one size would refuse is (0, 0), which is no size, so that one bad row does
not cost the others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vlprep.maths.arithmetic import arrays
from vlprep.maths.geometry import (
    FIRST_RESIZES,
    RESIZE_RULES,
    ResizeRule,
    check_limits,
    is_no_size,
    is_too_long,
    resize_rule,
    resize_sides,
)
from vlprep.types import ResizeName

SizeArray = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]

CHUNK_ROWS = 1 << 15
"""Rows computed at a time: temporaries stay within a processor's cache, memory stays flat."""


def smart_resize_batch(
    sizes: npt.ArrayLike,
    *,
    factor: int,
    min_pixels: float,
    max_pixels: float,
    reference: ResizeName = "docs",
) -> SizeArray:
    """Apply `smart_resize` to many sizes: (N, 2) integers in, (N, 2) int64 out, height first.

    A row that the scalar form would refuse comes back as (0, 0), which is no size, so that one
    bad row does not cost the others. Works in chunks: beside input and output it needs a few MB.

    Raises `ValueError` when `sizes` is not an (N, 2) array of integers.

    >>> smart_resize_batch(
    ...     [[1280, 1280], [1080, 1920]], factor=28, min_pixels=4 * 784, max_pixels=1280 * 784
    ... ).tolist()
    [[980, 980], [728, 1316]]
    """
    rule = resize_rule(reference)
    check_limits(rule, factor, min_pixels, max_pixels)
    rows = _size_rows(sizes)
    return _resize_all(rows.T, rule, factor, min_pixels, max_pixels)


def first_sizes(
    name: str, sizes: npt.ArrayLike, *, min_pixels: float, max_pixels: float
) -> SizeArray:
    """Apply one of `FIRST_RESIZES` to many sizes: (N, 2) integers in and out.

    >>> first_sizes("llamafactory", [[4630, 203]], min_pixels=1024, max_pixels=768 * 768).tolist()
    [[3667, 160]]
    """
    tall, wide = _size_rows(sizes).T.astype(np.float64)
    resized = FIRST_RESIZES[name]((tall, wide), min_pixels, max_pixels, of=arrays())
    return np.stack(resized, axis=1).astype(np.int64)


def smart_resize_ranges(
    height: npt.ArrayLike,
    width: npt.ArrayLike,
    *,
    factor: int,
    min_pixels: npt.ArrayLike,
    max_pixels: npt.ArrayLike,
    reference: ResizeName = "docs",
) -> SizeArray:
    """Apply `smart_resize` to sizes under pixel ranges: (N,) limits in, (N, 2) int64 out.

    Sides and limits are numbers or (N,) each. A row that the scalar form would refuse for its size
    or its order of limits is (0, 0).

    Raises `ConstraintError` for limits or a factor that no reference takes.

    >>> smart_resize_ranges(
    ...     1280, 1280, factor=28, min_pixels=3136, max_pixels=[1003520, 2007040]
    ... ).tolist()
    [[980, 980], [1288, 1288]]
    """
    rule = resize_rule(reference)
    low, high = _limit_rows(factor, min_pixels, max_pixels)
    sides, low, high = _rows(height, width, low, high)
    resized = _resize_all(sides, rule, factor, low, high)
    if rule.needs_ordered_limits:
        resized[high < low] = 0
    return resized


def smart_resize_clip_ranges(
    frame_counts: npt.ArrayLike,
    height: npt.ArrayLike,
    width: npt.ArrayLike,
    *,
    factor: int,
    min_pixels: npt.ArrayLike,
    max_pixels: npt.ArrayLike,
    temporal_factor: int = 2,
) -> SizeArray:
    """Apply `smart_resize_clip` to sizes, counts and totals: (N,) in, (N, 2) int64 out.

    Sides, counts and totals are numbers or (N,) each. A row that the scalar form would refuse is
    (0, 0).

    Raises `ConstraintError` for limits or a factor that no reference takes.

    >>> smart_resize_clip_ranges(
    ...     [20, 200], 720, 1280, factor=32, min_pixels=4096, max_pixels=25165824
    ... ).tolist()
    [[704, 1280], [256, 448]]
    """
    rule = RESIZE_RULES["transformers"]
    low, high = _limit_rows(factor, min_pixels, max_pixels)
    sides, low, high, counts = _rows(height, width, low, high, np.asarray(frame_counts, np.int64))
    rounded = np.rint(counts / temporal_factor) * temporal_factor
    sides = _clip_source_sides(sides, factor)
    resized = _resize_all(sides, rule, factor, low, high, counts, rounded)
    resized[counts < temporal_factor] = 0
    return resized


def _limit_rows(
    factor: int, min_pixels: npt.ArrayLike, max_pixels: npt.ArrayLike
) -> tuple[_Floats, _Floats]:
    """Return both limits as float64 rows of one length."""
    low, high = np.broadcast_arrays(
        np.atleast_1d(np.asarray(min_pixels, dtype=np.float64)),
        np.atleast_1d(np.asarray(max_pixels, dtype=np.float64)),
    )
    if low.size:
        check_limits(RESIZE_RULES["transformers"], factor, float(low.min()), float(high.min()))
    return low, high


def _rows(height: npt.ArrayLike, width: npt.ArrayLike, *others: npt.NDArray[Any]) -> list[Any]:
    """Return (2, N) sides and the others as rows of one length."""
    sides = (np.asarray(side, dtype=np.float64) for side in (height, width))
    tall, wide, *rows = np.broadcast_arrays(*sides, *others)
    return [np.stack([np.atleast_1d(tall), np.atleast_1d(wide)]), *map(np.atleast_1d, rows)]


def _clip_source_sides(sides: _Floats, factor: int) -> _Floats:
    """Do the same for (2, N) sides."""
    short = np.minimum(*sides)
    small = (short >= 1) & (short < factor)
    if not small.any():
        return sides
    scale = np.where(small, (factor / np.maximum(sides, 1)).max(axis=0), 1.0)
    return np.where(small, np.trunc(sides * scale), sides)


def _resize_all(
    sides: npt.NDArray[Any], rule: ResizeRule, factor: int, *ranges: float | npt.NDArray[Any]
) -> SizeArray:
    """Resize (2, N) sides, in chunks, to (N, 2) sizes; refused ones are (0, 0)."""
    resized = np.empty(sides.shape[::-1], dtype=np.int64)
    for start in range(0, len(resized), CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        own = (one[part] if isinstance(one, np.ndarray) else one for one in ranges)
        resized[part] = _resize_part(sides[:, part], rule, factor, *own).T
    return resized


def _resize_part(
    sides: npt.NDArray[Any], rule: ResizeRule, factor: int, *ranges: float | npt.NDArray[Any]
) -> _Floats:
    sides = np.array(sides, dtype=np.float64, order="C")
    short, long = sides.min(axis=0), sides.max(axis=0)
    refused = is_no_size(short, long)
    for side in (sides, short):
        np.copyto(side, 1, where=refused)
    refused |= is_too_long(short, long, rule)
    resized = np.stack(resize_sides((sides[0], sides[1]), rule, factor, *ranges, of=arrays()))
    refused |= resized.min(axis=0) < 1
    np.copyto(resized, 0, where=refused)
    return resized


def _size_rows(sizes: npt.ArrayLike) -> npt.NDArray[Any]:
    rows = np.asarray(sizes)
    if rows.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    if rows.ndim != 2 or rows.shape[1] != 2 or not np.issubdtype(rows.dtype, np.integer):
        raise ValueError(f"sizes must be an (N, 2) integer array, got {rows.dtype} {rows.shape}")
    return rows
