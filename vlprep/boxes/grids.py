"""Carry boxes, points and polygons from a model's answer to the image it was shown, and back.

Three grids are spoken of: the answer's own, the upright original (the image as displayed) and the
stored one (the file's pixels before its EXIF orientation is applied). Coordinates are continuous: 0
is the near edge of the first pixel and the width the far edge of the last.

Coordinates stand as x, y and boxes as x1, y1, x2, y2, because that is how models answer. It is the
one exception to (height, width): sizes keep that order here as well.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vlprep.count.tokens import image_count
from vlprep.errors import ConstraintError
from vlprep.models.registry import get_model
from vlprep.models.spec import BOX_CONVENTIONS, ModelSpec
from vlprep.types import BoxConvention, ImageSize, SizeLike
from vlprep.view import View

Coordinates: TypeAlias = npt.NDArray[np.float64]
"""Boxes (..., 4) or points (..., 2)."""

RELATIVE_EXTENTS: dict[str, int] = {"relative-1000": 1000, "relative-999": 999}
"""What the far end of a side is called where coordinates are relative.

The notebooks of the vendor divide by 1,000, though answers are said to lie within [0, 999]; taken
the other way, a coordinate moves by at most 0.1 % of the side.
"""


def map_boxes(
    boxes: npt.ArrayLike,
    *,
    model: ModelSpec | str | None = None,
    original: SizeLike,
    resized: SizeLike | None = None,
    orientation: int = 1,
    convention: BoxConvention | None = None,
    inverse: bool = False,
    clip: bool = False,
) -> Coordinates:
    """Map a model's boxes (..., 4) or points (..., 2) to pixels of the original image.

    Boxes are x1, y1, x2, y2, points x, y; a polygon is an array of points. `original` is (height,
    width), or "WIDTHxHEIGHT", in pixels as displayed. `resized` is the size that the model saw,
    needed where the convention is absolute; by default what `image_tokens` gives for `original`.
    With the file's EXIF `orientation`, 1 to 8, the result is in pixels of the stored, unturned
    image. `convention` replaces the model's own: "absolute", "relative-1000" or "relative-999".

    `inverse` goes the other way, from pixels of the original to what the model would answer;
    nothing is rounded. Each axis has a scale of its own. `clip` moves what lies outside onto the
    edge. A box comes back with its upper left corner first.

    Raises `UnknownModelError`, `UnknownFactError` where no source says how the model measures
    boxes, `ConstraintError` for a convention that is none, the errors of `image_tokens` where it is
    asked, and `ValueError` for arrays of another shape, numbers that are not finite, sizes without
    pixels, and an orientation that is none.

    >>> model = "Qwen/Qwen2.5-VL-7B-Instruct"
    >>> map_boxes([[320, 240, 640, 470]], model=model, resized=(476, 644), original=(952, 644))
    array([[320., 480., 640., 940.]])
    >>> map_boxes([500, 250], model="qwen3-vl-plus", original=(480, 640))
    array([320., 120.])
    """
    points, boxed = _as_points(boxes)
    size = _checked_size(original)
    convention = box_convention(model, convention)
    seen = None if resized is None else _checked_size(resized)
    if seen is None and convention not in RELATIVE_EXTENTS:
        seen = image_count(size, View.of(model)).resized
    extent = answer_extent(convention, seen)
    if inverse:
        mapped = _scaled(turn_points(points, size, orientation, upright=True), size, extent)
        limits = extent
    else:
        mapped = turn_points(_scaled(points, extent, size), size, orientation)
        limits = stored_size(size, orientation)
    if clip:
        mapped = np.clip(mapped, 0, limits[::-1])
    return np.sort(mapped, axis=-2).reshape(*mapped.shape[:-2], 4) if boxed else mapped


def box_convention(
    model: ModelSpec | str | None = None, convention: str | None = None
) -> BoxConvention:
    """Return the convention in force: the one that is asked for, or the model's.

    Raises `UnknownModelError`, `UnknownFactError` where no source states it, and `ConstraintError`
    for a convention that is none.

    >>> box_convention("Qwen/Qwen2-VL-7B-Instruct"), box_convention("qvq-max", "absolute")
    ('relative-1000', 'absolute')
    """
    if convention is None:
        return get_model(model).box_rule().convention
    for known in BOX_CONVENTIONS:
        if convention == known:
            return known
    names = ", ".join(BOX_CONVENTIONS)
    raise ConstraintError(f"unknown convention {convention!r}; there are {names}")


def answer_extent(convention: str, resized: ImageSize | None) -> ImageSize:
    """Return (height, width) of the grid that answers are written in.

    Raises `ValueError` where the convention is absolute and `resized` is missing.

    >>> answer_extent("relative-999", None)
    ImageSize(height=999, width=999)
    """
    if convention in RELATIVE_EXTENTS:
        side = RELATIVE_EXTENTS[convention]
        return ImageSize(side, side)
    if resized is None:
        raise ValueError("absolute coordinates need the size of the resized image")
    return resized


def stored_size(size: ImageSize, orientation: int) -> ImageSize:
    """Return the size in which a file stores a picture that is displayed in `size`.

    >>> stored_size(ImageSize(48, 80), 6)
    ImageSize(height=80, width=48)
    """
    exchanged, _, _ = _turn(orientation)
    return ImageSize(size.width, size.height) if exchanged else size


def turn_points(
    points: Coordinates, size: ImageSize, orientation: int, *, upright: bool = False
) -> Coordinates:
    """Turn points (..., 2) from the displayed picture to the stored one, or back with `upright`.

    `size` is (height, width) as displayed.

    >>> turn_points(np.array([0.0, 0.0]), ImageSize(48, 80), 6)
    array([ 0., 80.])
    """
    exchanged, mirrored, flipped = _turn(orientation)
    turned = points[..., ::-1] if exchanged and upright else points
    sides = np.array([mirrored * size.width, flipped * size.height], np.float64)
    signs = np.where([mirrored, flipped], -1.0, 1.0)
    turned = sides + signs * turned
    return turned[..., ::-1] if exchanged and not upright else turned


def outside(points: Coordinates, extent: ImageSize) -> npt.NDArray[np.bool_]:
    """Say of each point (..., 2) whether it lies outside a grid of `extent`, (height, width).

    >>> outside(np.array([[10.0, 20.0], [10.0, 1001.0]]), ImageSize(1000, 1000))
    array([False,  True])
    """
    beyond = (points < 0) | (points > np.array(extent[::-1]))
    return np.asarray(beyond.any(axis=-1))


def _scaled(points: Coordinates, from_: ImageSize, to: ImageSize) -> Coordinates:
    # Multiplied first: whole numbers that come out whole stay so.
    return points * np.array(to[::-1], np.float64) / np.array(from_[::-1], np.float64)


def _as_points(boxes: npt.ArrayLike) -> tuple[Coordinates, bool]:
    """Return the corners as points, and whether they are corners of boxes."""
    values = np.asarray(boxes, np.float64)
    if values.size == 0 and values.ndim < 2:
        values = values.reshape(0, 4)
    if values.ndim == 0 or values.shape[-1] not in (2, 4):
        raise ValueError(f"expected boxes (..., 4) or points (..., 2), got {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("coordinates must be finite numbers")
    boxed = values.shape[-1] == 4
    return (values.reshape(*values.shape[:-1], 2, 2) if boxed else values), boxed


def _checked_size(size: SizeLike) -> ImageSize:
    checked = ImageSize.of(size)
    if min(checked) < 1:
        raise ValueError(f"a size has sides above 0, got {tuple(checked)}")
    return checked


def _turn(orientation: int) -> tuple[bool, bool, bool]:
    """Return whether the stored picture's axes are exchanged to display it.

    And whether it is then mirrored left to right, and top to bottom.
    """
    if orientation not in range(1, 9):
        raise ValueError(f"EXIF orientations are 1 to 8, got {orientation}")
    return orientation > 4, orientation in (2, 3, 6, 7), orientation in (3, 4, 7, 8)
