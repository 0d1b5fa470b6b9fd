"""Resizing rules of the Qwen-VL references, for one size or for millions.

The references share one idea (round both sides to a multiple of `factor`, then scale the picture
into a pixel range) and differ in their guards, which `RESIZE_RULES` lists. Results are part of a
token count, so the order of float64 operations is the references' own: rewriting `side / beta /
factor` as `side / (beta * factor)` changes answers. How many frames a clip gives is in `sampling`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vlprep.errors import AspectRatioError, ConstraintError, FrameCountError, ResizeError
from vlprep.types import ImageSize
from vlprep.units import plural

SizeArray = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]

MAX_SIDE = 1 << 26
"""Longest side in pixels that is computed; beyond it a product of sides is not exact in float64."""

CHUNK_ROWS = 1 << 15
"""Rows computed at a time: temporaries stay within a processor's cache, memory stays flat."""


@dataclass(frozen=True, slots=True)
class ResizeRule:
    """In what a reference's resize differs from the others."""

    rounds_half_up: bool = False
    """Half a factor is rounded up, as by Math.round, and not to the even one, as by Python."""
    lifts_rounded_side: bool = False
    """A side that rounds to 0 becomes one factor before the pixel range is looked at."""
    lifts_floored_side: bool = False
    """A side that shrinking would floor to 0 becomes one factor."""
    max_aspect_ratio: float | None = None
    """Long side over short side above which the reference refuses."""
    needs_ordered_limits: bool = False
    """The reference refuses `max_pixels` below `min_pixels`."""
    keeps_size: bool = False
    """Nothing is resized: sides that are no multiples of `factor` are refused."""


RESIZE_RULES = {
    # Model Studio guides of June and December 2025: the image samples check nothing ...
    "docs": ResizeRule(),
    # ... those in JavaScript and Java of June round otherwise ...
    "docs-half-up": ResizeRule(rounds_half_up=True),
    # ... and their video samples do.
    "docs-video": ResizeRule(lifts_rounded_side=True, max_aspect_ratio=200.0),
    # qwen-vl-utils 0.0.14
    "qwen-vl-utils": ResizeRule(
        lifts_rounded_side=True, max_aspect_ratio=200.0, needs_ordered_limits=True
    ),
    # transformers 4.57 to 5.24
    "transformers": ResizeRule(lifts_floored_side=True, max_aspect_ratio=200.0),
    # the same with do_resize off
    "as-is": ResizeRule(keeps_size=True),
}


def smart_resize(
    height: int,
    width: int,
    *,
    factor: int,
    min_pixels: float,
    max_pixels: float,
    reference: str = "docs",
) -> ImageSize:
    """Return the size in pixels at which a model sees an image of `height` x `width` pixels.

    Both sides of the answer are multiples of `factor`, and their product is meant to lie in
    [`min_pixels`, `max_pixels`]; the references' rounding may leave that range by a little when
    it is narrow. `reference` is "docs" (Model Studio guides of 2025-06-05 and 2025-12-18; their
    video samples' variant is "docs-video"), "qwen-vl-utils" (0.0.14), "transformers" (5.24.0) or
    "as-is" (transformers with do_resize off, where sides must be multiples of `factor`).

    Raises `AspectRatioError` above 200:1 where the reference does, `ResizeError` for a side below
    1 or one that the reference would shrink to 0, and `ConstraintError` for limits that the
    reference refuses or a reference that is not known.

    >>> smart_resize(1280, 1280, factor=28, min_pixels=4 * 784, max_pixels=1280 * 784)
    ImageSize(height=980, width=980)
    """
    rule = _resize_rule(reference)
    _check_limits(rule, factor, min_pixels, max_pixels)
    return _resize_one(height, width, rule, factor, min_pixels, max_pixels)


def smart_resize_batch(
    sizes: npt.ArrayLike,
    *,
    factor: int,
    min_pixels: float,
    max_pixels: float,
    reference: str = "docs",
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
    rule = _resize_rule(reference)
    _check_limits(rule, factor, min_pixels, max_pixels)
    rows = _size_rows(sizes)
    return _resize_all(rows.T, rule, factor, min_pixels, max_pixels)


def llamafactory_sizes(
    sizes: npt.ArrayLike, *, min_pixels: float, max_pixels: float
) -> npt.NDArray[np.int64]:
    """Return the sizes at which LLaMA-Factory hands images to the processor: (N, 2) in and out.

    It scales a picture by one factor into [`min_pixels`, `max_pixels`] and cuts off what is behind
    the point, lifts sides below 28 to 28, and makes ratios over 200:1 180:1 (0.9.5, read in its
    code). Rows of which a side becomes 0, or is no size, are (0, 0).

    >>> llamafactory_sizes([[4630, 203]], min_pixels=1024, max_pixels=768 * 768).tolist()
    [[3667, 160]]
    """
    sides = _size_rows(sizes).astype(np.float64)
    for bound, leaves in ((max_pixels, np.greater), (min_pixels, np.less)):
        area = np.maximum(sides[:, 0] * sides[:, 1], 1)
        scaled = np.trunc(sides * np.sqrt(bound / area)[:, None])
        sides = np.where(leaves(area, bound)[:, None], scaled, sides)
    none = sides.min(axis=1, initial=np.inf) < 1
    sides = np.maximum(sides, 28)
    short = sides.min(axis=1, keepdims=True, initial=np.inf)
    sides = np.where(sides > short * 200, short * 180, sides)
    sides[none] = 0
    return sides.astype(np.int64)


FIRST_RESIZES = {"llamafactory": llamafactory_sizes}
"""What frameworks make of an image before the processor sees it, by name."""


def rounded_size(height: int, width: int, *, factor: int, reference: str = "docs") -> ImageSize:
    """Return a size in pixels rounded to multiples of `factor`, before any limit is looked at.

    A side may be 0 where the reference does not lift it.

    >>> rounded_size(10, 2000, factor=28), rounded_size(10, 2000, factor=28, reference="docs-video")
    (ImageSize(height=0, width=1988), ImageSize(height=28, width=1988))
    """
    rule = _resize_rule(reference)
    least = factor if rule.lifts_rounded_side else 0
    sides = _rounded(np.array([height, width], dtype=np.float64), rule, factor)
    return ImageSize(*(max(int(side), least) for side in sides))


def smart_resize_clip(
    frame_count: int,
    height: int,
    width: int,
    *,
    factor: int,
    min_pixels: float,
    max_pixels: float,
    temporal_factor: int = 2,
) -> ImageSize:
    """Return the frame size for a clip whose pixel range is a total over its frames.

    This is the video rule of transformers 5.24.0 for Qwen3-VL and later: `frame_count` frames of
    `height` x `width` pixels share [`min_pixels`, `max_pixels`].

    Raises `FrameCountError` below `temporal_factor` frames, otherwise as `smart_resize` does.

    >>> smart_resize_clip(20, 720, 1280, factor=32, min_pixels=4096, max_pixels=25165824)
    ImageSize(height=704, width=1280)
    """
    rule = RESIZE_RULES["transformers"]
    _check_limits(rule, factor, min_pixels, max_pixels)
    if frame_count < temporal_factor:
        raise FrameCountError(
            temporal_factor,
            frame_count,
            f"{plural(frame_count, 'frame')}, at least {temporal_factor} needed",
        )
    # The count is rounded (half to even) for the comparison only; the scale uses it as it is.
    rounded_count = round(frame_count / temporal_factor) * temporal_factor
    source = clip_source_size(height, width, factor)
    return _resize_one(*source, rule, factor, min_pixels, max_pixels, frame_count, rounded_count)


def clip_source_size(height: int, width: int, factor: int) -> ImageSize:
    """Return the size in pixels that `smart_resize_clip` starts from: no side below one factor.

    >>> clip_source_size(16, 100, 32)
    ImageSize(height=32, width=200)
    """
    if 1 <= min(height, width) < factor:
        scale = max(factor / height, factor / width)
        height, width = int(height * scale), int(width * scale)
    return ImageSize(height, width)


def _clip_source_sides(sides: _Floats, factor: int) -> _Floats:
    """Do the same for (2, N) sides."""
    short = sides.min(axis=0)
    small = (short >= 1) & (short < factor)
    scale = np.where(small, (factor / np.maximum(sides, 1)).max(axis=0), 1.0)
    return np.where(small, np.trunc(sides * scale), sides)


def smart_resize_ranges(
    height: npt.ArrayLike,
    width: npt.ArrayLike,
    *,
    factor: int,
    min_pixels: npt.ArrayLike,
    max_pixels: npt.ArrayLike,
    reference: str = "docs",
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
    rule = _resize_rule(reference)
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
        _check_limits(RESIZE_RULES["transformers"], factor, float(low.min()), float(high.min()))
    return low, high


def _rows(height: npt.ArrayLike, width: npt.ArrayLike, *others: npt.NDArray[Any]) -> list[Any]:
    """Return (2, N) sides and the others as rows of one length."""
    sides = (np.asarray(side, dtype=np.float64) for side in (height, width))
    tall, wide, *rows = np.broadcast_arrays(*sides, *others)
    return [np.stack([np.atleast_1d(tall), np.atleast_1d(wide)]), *map(np.atleast_1d, rows)]


def _no_size(short: Any, long: Any) -> Any:
    """Say of sides, numbers or rows, which are none that any rule takes."""
    return (short < 1) | (long > MAX_SIDE)


def _too_long(short: Any, long: Any, rule: ResizeRule) -> Any:
    return rule.max_aspect_ratio is not None and long / short > rule.max_aspect_ratio


def _resize_one(
    height: int, width: int, rule: ResizeRule, factor: int, *ranges: float
) -> ImageSize:
    """Resize one size, or say why the reference does not; `ranges` are the last ones of `_resize`.

    The guards are asked first, of whole numbers: Python's have no bounds, which arrays have.
    """
    size = (height, width)
    if _no_size(min(size), max(size)):
        raise ResizeError(size, f"a side must be 1 to {MAX_SIDE:,} pixels")
    if rule.max_aspect_ratio is not None and _too_long(min(size), max(size), rule):
        raise AspectRatioError(size, rule.max_aspect_ratio)
    sides = np.array([[height], [width]], dtype=np.float64)
    answer = ImageSize(*map(int, _resize(sides, rule, factor, *ranges)[:, 0]))
    if answer.pixels == 0:
        kept = f"taken as it is, and a side is no multiple of {factor}"
        narrow = "so narrow that the reference shrinks a side to 0"
        raise ResizeError(size, kept if rule.keeps_size else narrow)
    return answer


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
    refused = _no_size(short, long)
    for side in (sides, short):
        np.copyto(side, 1, where=refused)
    refused |= _too_long(short, long, rule)
    resized = _resize(sides, rule, factor, *ranges)
    refused |= resized.min(axis=0) < 1
    np.copyto(resized, 0, where=refused)
    return resized


def _resize(
    sides: _Floats,
    rule: ResizeRule,
    factor: int,
    min_pixels: float | _Floats,
    max_pixels: float | _Floats,
    frame_count: float | npt.NDArray[Any] = 1,
    rounded_count: float | npt.NDArray[Any] = 1,
) -> _Floats:
    """Resize (2, N) sides from 1 to MAX_SIDE; where a side is not, the answer has no meaning.

    Limits and counts are numbers, or rows of N.
    """
    if rule.keeps_size:
        return np.where((sides % factor == 0).all(axis=0), sides, 0)
    resized = _rounded(sides, rule, factor)
    if rule.lifts_rounded_side:
        np.maximum(resized, factor, out=resized)
    pixels = rounded_count * resized[0] * resized[1]
    over = pixels > max_pixels
    under = (pixels < min_pixels) & ~over
    area = frame_count * sides[0] * sides[1]
    if over.any():
        np.copyto(resized, _shrink(sides, np.sqrt(area / max_pixels), rule, factor), where=over)
    if under.any():
        beta = np.sqrt(min_pixels / area)
        np.copyto(resized, np.ceil(sides * beta / factor) * factor, where=under)
    return resized


def _rounded(sides: _Floats, rule: ResizeRule, factor: int) -> _Floats:
    rounded = sides / factor
    if rule.rounds_half_up:
        rounded += 0.5
        np.floor(rounded, out=rounded)
    else:
        np.rint(rounded, out=rounded)  # half to even, like Python's round
    rounded *= factor
    return rounded


def _shrink(sides: _Floats, beta: _Floats, rule: ResizeRule, factor: int) -> _Floats:
    shrunk = sides / beta
    shrunk /= factor
    np.floor(shrunk, out=shrunk)
    shrunk *= factor
    return np.maximum(shrunk, factor) if rule.lifts_floored_side else shrunk


def _size_rows(sizes: npt.ArrayLike) -> npt.NDArray[Any]:
    rows = np.asarray(sizes)
    if rows.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    if rows.ndim != 2 or rows.shape[1] != 2 or not np.issubdtype(rows.dtype, np.integer):
        raise ValueError(f"sizes must be an (N, 2) integer array, got {rows.dtype} {rows.shape}")
    return rows


def _resize_rule(reference: str) -> ResizeRule:
    try:
        return RESIZE_RULES[reference]
    except KeyError:
        known = ", ".join(RESIZE_RULES)
        raise ConstraintError(f"unknown rule {reference!r}; known: {known}") from None


def _check_limits(rule: ResizeRule, factor: int, min_pixels: float, max_pixels: float) -> None:
    if factor < 1 or max_pixels <= 0 or min_pixels < 0:
        raise ConstraintError(
            f"factor {factor}, min_pixels {min_pixels:g}, max_pixels {max_pixels:g}: "
            "factor and max_pixels must be above 0 and min_pixels not below it"
        )
    if rule.needs_ordered_limits and max_pixels < min_pixels:
        raise ConstraintError(f"max_pixels {max_pixels:,.0f} is below min_pixels {min_pixels:,.0f}")
