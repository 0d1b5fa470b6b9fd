"""Shapes in JSON: under the keys that models use for places, with what they call them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, TypeAlias

from vlprep.boxes.plain_text import name_before
from vlprep.boxes.shapes import Box3D, Notes, Shape, shapes_of
from vlprep.replies.loose_json import Unfinished, json_values
from vlprep.replies.spelling import bare_key, excerpt, numbers_in, plain

# Keys, as `bare_key` has them.
_POINTS = frozenset({"point2d", "point", "points", "points2d", "coordinate", "keypoints"})
_BOXES = frozenset({
    "bbox2d", "bbox", "box", "box2d", "bboxes", "boxes", "boundingbox", "boundingboxes", "bndbox",
    "polygon", "polygon2d", "polygons", "poly", "quad", "xyxy", "bboxxyxy",
})  # fmt: skip
_PERHAPS = frozenset({  # which may also hold words
    "location", "position", "region", "rect", "coordinates", "coords", "corners", "vertices",
    "segmentation", "坐标", "边界框", "位置",
})  # fmt: skip
_LABELS = (
    "label", "name", "category", "class", "alt", "desc", "description", "object", "labelname",
    "categoryname", "classname", "objectname", "标签", "名称", "类别", "物体", "对象",
)  # fmt: skip
_TEXTS = ("textcontent", "text", "content", "transcription", "word", "words", "文字", "文本")
_LISTED_LABELS = ("labels", "names", "categories", "classes", "phrases", "texts", "标签")
"""Keys of as many labels as there are places beside them, in their order."""
_GATHERING = frozenset({
    "objects", "results", "detections", "instances", "annotations", "predictions", "items", "data",
    "answer", "output", "result",
})  # fmt: skip
"""Keys that gather places and name none of them."""
_SIDES = (("x1", "y1", "x2", "y2"), ("xmin", "ymin", "xmax", "ymax"),
          ("left", "top", "right", "bottom"))  # fmt: skip
_SIZES = (("x", "y", "width", "height"), ("x", "y", "w", "h"), ("left", "top", "width", "height"))
_TURNED = "rotaterect"


_Name: TypeAlias = tuple[str | None, str | None]
"""What a shape is called, and what is written there."""
_NAMELESS: _Name = (None, None)


def read_json(text: str, notes: Notes) -> Iterator[Shape]:
    """Yield the shapes in every list and object of a text."""
    for start, value in json_values(text, notes):
        if isinstance(value, list) and len(value) in (2, 4) and _is_numbers(value):
            name = name_before(text[text.rfind("\n", 0, start) + 1 : start])
            before = _KEY_BEFORE.search(plain(text[max(start - 40, 0) : start]))
            if before and bare_key(before[1]) in _POINTS | _BOXES:  # of an object that is broken
                name = None
                notes.lost_labels += 1
            yield from _place_shapes(value, (name, None), notes)
        else:
            yield from _whole(value, notes)


_KEY_BEFORE = re.compile(r"(\w+)[\"']?\s*[:=]\s*$")


def _whole(value: Any, notes: Notes) -> list[Shape]:
    try:
        return list(_json_shapes(value, notes))
    except RecursionError:
        notes.odd.append("brackets nested without end")
        return []


def _json_shapes(value: Any, notes: Notes) -> Iterator[Shape]:
    if isinstance(value, dict):
        yield from _object_shapes(value, notes)
    elif isinstance(value, list) and _is_numbers(value):
        if len(value) in (2, 4):  # other lists of numbers are about something else
            yield from _place_shapes(value, _NAMELESS, notes)
    elif isinstance(value, list):
        for item in value:
            yield from _json_shapes(item, notes)


def _object_shapes(table: dict[str, Any], notes: Notes) -> Iterator[Shape]:
    members = {bare_key(key): value for key, value in table.items()}
    name = _name(members)
    if "bbox3d" in members:
        _note_3d(members["bbox3d"], name, notes)
    elif (numbers := _numbers_of_sides(members)) is not None:
        yield from shapes_of(numbers, *name, "sides", notes)
    elif members.keys() & (_POINTS | _BOXES) or _places_perhaps(members):
        yield from _placed(members, name, notes)
    elif _TURNED in members:
        yield from _turned(members[_TURNED], name, notes)
    else:
        yield from _unplaced(table, name, notes)


def _placed(members: dict[str, Any], name: _Name, notes: Notes) -> Iterator[Shape]:
    """Yield the shapes of an object that has a key for places, and of what else is in it."""
    perhaps = _places_perhaps(members)
    notes.lost_labels += not name[0] and any(members.get(key) for key in _LABELS)
    listed = _listed_labels(members)
    for key, value in members.items():
        if listed and key in _POINTS | _BOXES and _is_rows(value):
            notes.lost_labels += max(len(listed) - len(value), 0)
            for place, label in zip_longest(value, listed[: len(value)]):
                yield from _place_shapes(place, (label or name[0], name[1]), notes)
        elif key in _POINTS and isinstance(value, list) and value and all(map(_is_pair, value)):
            for point in value:
                yield from _place_shapes(point, name, notes)
        elif key in _POINTS or key in _BOXES or key in perhaps:
            yield from _place_shapes(value, name, notes)
        elif isinstance(value, dict) or (isinstance(value, list) and not _is_numbers(value)):
            yield from _json_shapes(value, notes)


def _listed_labels(members: dict[str, Any]) -> list[str]:
    """Return labels that stand in a list of their own, one for each place."""
    for key in _LISTED_LABELS:
        if isinstance(value := members.get(key), list) and all(isinstance(v, str) for v in value):
            return value
    return []


def _places_perhaps(members: dict[str, Any]) -> list[str]:
    """Return the keys for places that may also hold words, and do not."""
    return [
        key for key in members.keys() & _PERHAPS
        if not isinstance(members[key], str) and (_numbers(members[key]) or _is_rows(members[key]))
    ]  # fmt: skip


def _unplaced(table: dict[str, Any], name: _Name, notes: Notes) -> Iterator[Shape]:
    """Yield the shapes inside of an object; four numbers under another key are named by it."""
    label, text = name
    for key, value in table.items():
        own = label or (None if bare_key(key) in _GATHERING else name_before(key))
        if isinstance(value, list) and _is_numbers(value):
            if len(value) == 4:
                yield from _place_shapes(value, (own, text), notes)
        elif _is_rows(value) and all(isinstance(v, list) and _is_numbers(v) for v in value):
            for place in (v for v in value if len(v) in (2, 4)):
                yield from _place_shapes(place, (own, text), notes)
        elif isinstance(value, dict | list):
            yield from _json_shapes(value, notes)


def _place_shapes(value: Any, name: _Name, notes: Notes) -> Iterator[Shape]:
    """Yield what stands under a key for places: numbers, a text of numbers, pairs, or several."""
    if value and isinstance(value, dict):
        words = dict(zip(("label", "text"), name, strict=True))
        yield from _object_shapes({**words, **value}, notes)
        return
    if _is_rows(value):
        if all(map(_is_pair, value)):  # a polygon's corners, or the two of a box
            value = [number for pair in value for number in pair]
        else:
            for item in value:
                yield from _place_shapes(item, name, notes)
            return
    said = excerpt(json.dumps(value, ensure_ascii=False))
    yield from shapes_of(_numbers(value), *name, said, notes)


def _turned(value: Any, name: _Name, notes: Notes) -> Iterator[Shape]:
    """Yield the corners of a rectangle said by centre, sides and a turn clockwise in degrees."""
    numbers = _numbers(value)
    if len(numbers) != 5:
        notes.odd.append(excerpt(json.dumps(value, ensure_ascii=False)))
        return
    x, y, width, height, degrees = numbers
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    corners = [
        (x + a * width * cosine - b * height * sine, y + a * width * sine + b * height * cosine)
        for a, b in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
    ]
    first = min(range(4), key=lambda place: sum(corners[place]))  # the upper left one
    flat = [side for corner in (*corners[first:], *corners[:first]) for side in corner]
    yield from shapes_of(flat, *name, excerpt(str(value)), notes)


def _note_3d(value: Any, name: _Name, notes: Notes) -> None:
    rows = value if _is_rows(value) else [value]
    for row in rows:
        numbers = _numbers(row)
        if len(numbers) == 9:
            notes.boxes_3d.append(Box3D(tuple(numbers), name[0]))
        else:
            notes.odd.append(excerpt(json.dumps(row, ensure_ascii=False)))


def _numbers_of_sides(members: dict[str, Any]) -> list[float] | None:
    """Return the numbers of an object that names each side, or each coordinate of a point."""
    for names in (*_SIDES, *_SIZES, ("x", "y")):
        if all(name in members for name in names):
            numbers = _numbers([members[name] for name in names])
            if len(numbers) == len(names):
                if names in _SIZES:
                    numbers[2:] = [numbers[0] + numbers[2], numbers[1] + numbers[3]]
                return numbers
    return None


def _name(members: dict[str, Any]) -> _Name:
    """Return what an object is called, and what is written there; the text stands in for a name."""
    label, text = (
        next(filter(None, (_word(members.get(key)) for key in keys)), None)
        for keys in (_LABELS, _TEXTS)
    )
    return label or text, text


def _word(value: Any) -> str | None:
    """Return a label; several are joined, and half of one is none."""
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    if isinstance(value, bool | Unfinished) or not isinstance(value, str | int | float):
        return None
    return value if isinstance(value, str) else f"{value:g}"


def _numbers(value: Any) -> list[float]:
    """Return a list of numbers, or a text of them, as numbers; empty for anything else."""
    if isinstance(value, str):
        return numbers_in(value)
    if not isinstance(value, list):
        return []
    numbers = [numbers_in(v) if isinstance(v, str) else [v] * _is_number(v) for v in value]
    return [float(number) for some in numbers for number in some] if all(numbers) else []


def _is_rows(value: Any) -> bool:
    return (
        bool(value) and isinstance(value, list) and all(isinstance(v, list | dict) for v in value)
    )


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and _is_numbers(value)


def _is_numbers(value: list[Any]) -> bool:
    return bool(value) and all(map(_is_number, value))


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False
