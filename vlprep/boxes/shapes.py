"""Boxes, points and polygons as plain values, and notes of what happened while reading them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from vlprep.display import brief
from vlprep.replies.loose_json import Trouble

ShapeKind = Literal["box", "point", "polygon"]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """A box, a point or a polygon."""

    kind: ShapeKind
    """What it is."""
    points: tuple[Point, ...]
    """Corners as (x, y); of a box the upper left and the lower right one."""
    label: str | None = None
    """What the model calls it."""
    text: str | None = None
    """What is written there, where the model reads text."""

    def __repr__(self) -> str:
        corners = ", ".join(f"({x:g}, {y:g})" for x, y in self.points)
        return brief(self, self.kind, self.label or "", self.text or "", corners)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The smallest box around it: x1, y1, x2, y2."""
        across, down = zip(*self.points, strict=True)
        return min(across), min(down), max(across), max(down)


@dataclass(frozen=True, slots=True)
class Box3D:
    """A box in three dimensions, as the model says it: without the camera it has no pixels."""

    numbers: tuple[float, ...]
    """Nine: the centre, the sides and the angles, each as x, y, z."""
    label: str | None = None
    """What the model calls it."""

    def __repr__(self) -> str:
        return brief(self, self.label or "", " ".join(f"{number:g}" for number in self.numbers))


@dataclass(slots=True)
class Notes(Trouble):
    """What happened while reading, counted, and what was read beside shapes."""

    swapped: int = 0
    lost_labels: int = 0
    drafts: int = 0
    pictures: set[str] = field(default_factory=set)
    boxes_3d: list[Box3D] = field(default_factory=list)

    def sentences(self) -> tuple[str, ...]:
        """Return what a user should know."""
        said = []
        if self.cut_off:
            said.append("the answer is cut off; what is complete was taken")
        if self.swapped:
            said.append(f"boxes with exchanged corners, put in order: {self.swapped}")
        if self.lost_labels:
            said.append(f"labels that could not be read: {self.lost_labels}")
        if self.drafts:
            said.append(f"left out, numbers in the text beside the JSON: {self.drafts}")
        if len(self.pictures) > 1:
            numbers = ", ".join(sorted(self.pictures)[:10])
            said.append(f"places in several pictures, all put on this one: {numbers}")
        if self.odd:
            said.append(f"left out, not coordinates: {len(self.odd)}, for instance {self.odd[0]}")
        if self.boxes_3d:
            count = len(self.boxes_3d)
            said.append(f"boxes in three dimensions, which need the camera to be drawn: {count}")
        return tuple(said)


def shapes_of(
    numbers: Sequence[float], label: str | None, text: str | None, said: str, notes: Notes
) -> Iterator[Shape]:
    """Yield what so many numbers are, a point, a box, or a polygon; else note what was said."""
    numbers = without_score(numbers)
    if len(numbers) < 2 or len(numbers) % 2 or not all(map(math.isfinite, numbers)):
        notes.odd.append(said)
        return
    points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    kind: ShapeKind = "point" if len(points) == 1 else "box" if len(points) == 2 else "polygon"
    yield Shape(kind, points, label or None, text or None)


def without_score(numbers: Sequence[float]) -> Sequence[float]:
    """Return the first four of five numbers whose last says how sure the model is, 0 to 1.

    >>> without_score([10, 20, 30, 40, 0.9]), without_score([3, 10, 20, 30, 40])
    ([10, 20, 30, 40], [3, 10, 20, 30, 40])
    """
    return numbers[:4] if len(numbers) == 5 and 0 <= numbers[4] <= 1 else numbers


def in_order(shape: Shape, notes: Notes) -> Shape:
    """Return a box with its upper left corner first; other shapes as they are."""
    if shape.kind != "box":
        return shape
    x1, y1, x2, y2 = shape.bounds
    ordered = ((x1, y1), (x2, y2))
    notes.swapped += ordered != shape.points
    return replace(shape, points=ordered)
