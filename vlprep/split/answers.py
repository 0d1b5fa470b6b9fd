"""Put together what a model answered of the pieces of one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from vlprep.boxes.boxes import LocatedShapes
from vlprep.boxes.shapes import Shape
from vlprep.split.layout import Piece

_TOUCHES = 2.0
"""Pixels of the page from a cut at which a box is one that the cut went through."""

_BESIDE = 0.5
"""Part of the narrower of two boxes that the other must lie beside, to be the same thing."""

Bounds: TypeAlias = tuple[float, float, float, float]
"""x1, y1, x2, y2."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """One shape of one piece: in the answer's numbers, on the page, and on the stored page."""

    piece: Piece
    answered: Shape
    shape: Shape
    stored: Shape

    @property
    def is_cut(self) -> bool:
        """Whether it ends where the piece does, and the page goes on."""
        left, top, right, bottom = self.shape.bounds
        down, across = self.piece.down, self.piece.across
        return any(across.is_cut_at(side, _TOUCHES) for side in (left, right)) or any(
            down.is_cut_at(side, _TOUCHES) for side in (top, bottom)
        )

    def is_of(self, other: _Seen) -> bool:
        """Whether both are one thing that a cut went through."""
        if self.piece == other.piece or self.shape.kind != "box" or other.shape.kind != "box":
            return False
        if self.shape.label != other.shape.label or not (self.is_cut or other.is_cut):
            return False
        a, b = self.shape.bounds, other.shape.bounds
        across, down = _overlap(a, b)
        narrower = min(a[2] - a[0], b[2] - b[0])
        lower = min(a[3] - a[1], b[3] - b[1])
        below = across >= _BESIDE * narrower and down >= -_TOUCHES
        beside = down >= _BESIDE * lower and across >= -_TOUCHES
        return below or beside

    def with_all_of(self, other: _Seen) -> _Seen:
        """Return the box around both."""
        return replace(
            self,
            shape=_around(self.shape, other.shape),
            stored=_around(self.stored, other.stored),
        )

    @property
    def is_own(self) -> bool:
        """Whether its middle lies where no other piece is nearer."""
        left, top, right, bottom = self.shape.bounds
        return self.piece.owns((left + right) / 2, (top + bottom) / 2)


def _overlap(a: Bounds, b: Bounds) -> tuple[float, float]:
    """Return how far two boxes share columns and rows; what lies between them counts below 0."""
    return min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])


def _around(shape: Shape, other: Shape) -> Shape:
    bounds, others = shape.bounds, other.bounds
    low = min(bounds[0], others[0]), min(bounds[1], others[1])
    high = max(bounds[2], others[2]), max(bounds[3], others[3])
    return replace(shape, points=(low, high))


def joined(found: Sequence[LocatedShapes], pieces: Sequence[Piece]) -> LocatedShapes:
    """Put what was located in each piece into one: what two pieces show is there once.

    A box that a cut went through becomes one with its other half; of a thing that two pieces show
    whole, that of the piece stays in whose middle part it lies.
    """
    seen = [
        _Seen(piece, answered, shape, stored)
        for piece, one in zip(pieces, found, strict=True)
        for answered, shape, stored in zip(one.answered, one.shapes, one.stored, strict=True)
    ]
    kept: list[_Seen] = []
    for one in seen:
        place = next((k for k, other in enumerate(kept) if one.is_of(other)), None)
        if place is None:
            kept.append(one)
        else:
            kept[place] = kept[place].with_all_of(one)
    kept = [one for one in kept if one.is_own or not any(_same(one, other) for other in kept)]
    return replace(
        found[0],
        resized=None,
        answered=tuple(one.answered for one in kept),
        shapes=tuple(one.shape for one in kept),
        stored=tuple(one.stored for one in kept),
        boxes_3d=tuple(box for one in found for box in one.boxes_3d),
        warnings=tuple(dict.fromkeys(warning for one in found for warning in one.warnings)),
    )


def _same(one: _Seen, other: _Seen) -> bool:
    """Whether another piece shows the same thing, and owns it."""
    if one.piece == other.piece or one.shape.label != other.shape.label or not other.is_own:
        return False
    a, b = one.shape.bounds, other.shape.bounds
    across, down = _overlap(a, b)
    if one.shape.kind == "point":
        return max(abs(a[0] - b[0]), abs(a[1] - b[1])) <= 4 * _TOUCHES
    return across >= _BESIDE * (a[2] - a[0]) and down >= _BESIDE * (a[3] - a[1])
