"""Shapes in JSON: under the keys that models use for places, with what they call them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, TypeAlias

from vlprep.boxes.keys import (
    BOXES,
    CENTRED,
    CORNERS,
    GATHERING,
    LABELS,
    LISTED_LABELS,
    NO_PLACES,
    PERHAPS,
    PICTURES,
    POINTS,
    QUAD,
    SIDES,
    SIZES,
    SPELLED,
    TEXTS,
    TURNED,
)
from vlprep.boxes.plain_text import name_before, name_of
from vlprep.boxes.shapes import Box3D, Notes, Shape, shapes_of, without_score
from vlprep.replies.loose_json import Unfinished, json_inside, json_values
from vlprep.replies.spelling import NUMBER, bare_key, excerpt, numbers_in
from vlprep.replies.tables import table_rows

_Name: TypeAlias = tuple[str | None, str | None]
"""What a shape is called, and what is written there."""
_FOUR = rf"{NUMBER}(?:\s*,\s*{NUMBER}){{3}}"


def read_json(text: str, notes: Notes) -> Iterator[Shape]:
    """Yield the shapes in every object of a text; where there are none, those in its lists."""
    text = _SEVERAL.sub(lambda match: match[0].replace(";", "],["), text)
    under_keys, bare = list[Shape](), list[Shape]()
    for start, value in json_values(text, notes):
        rows = value if _is_rows(value) else [value]
        if not all(map(_is_place, rows)):
            under_keys += _whole(value, notes)
            continue
        before = _KEY_BEFORE.search(text[max(start - 40, 0) : start])
        is_broken = before is not None and bare_key(before[1]) in POINTS | BOXES
        notes.lost_labels += is_broken
        closing = _CLOSING.search(text, start)
        end = closing.end() if closing else len(text)
        name = None if is_broken else name_of(text, start, end)
        for row in rows:
            shapes = _place_shapes(row, (name, None), notes)
            (under_keys if is_broken else bare).extend(shapes)
    if under_keys:  # what the text beside it considers is no answer
        notes.drafts += len(bare)
    yield from under_keys or bare


_SEVERAL = re.compile(rf"\[\s*{_FOUR}(?:\s*;\s*{_FOUR})+\s*\]")  # as of CogVLM
_CLOSING = re.compile(r"[\]］】〕]+")
_KEY_BEFORE = re.compile(r"(\w+)[\"'”’]\s*[:=：]\s*$")


def read_tables(text: str, notes: Notes) -> Iterator[Shape]:
    """Yield the places in tables with a column for each side."""
    for row in table_rows(text):
        members = _bare(row)
        if numbers := _numbers_of_sides(members):
            yield from shapes_of(numbers, *_name(members), "a row of a table", notes)


def _whole(value: Any, notes: Notes) -> list[Shape]:
    try:
        return list(_json_shapes(value, notes))
    except RecursionError:
        notes.odd.append("brackets nested without end")
        return []


def _json_shapes(value: Any, notes: Notes, called: str | None = None) -> Iterator[Shape]:
    """Yield the shapes in a value; `called` is what its key says of those without a name."""
    if isinstance(value, dict):
        yield from _object_shapes(value, notes, called)
    elif isinstance(value, list) and _is_numbers(value):
        if _is_place(value):  # other lists of numbers are about something else
            yield from _place_shapes(value, (called, None), notes)
    elif isinstance(value, list) and (row := _named_row(value)):
        yield from _place_shapes(row[1], (row[0], None), notes)
    elif isinstance(value, list):
        for item in value:
            yield from _json_shapes(item, notes, called)


def _named_row(value: list[Any]) -> tuple[str, list[Any]] | None:
    """Return the name and the place of a list such as ["cat", [1, 2, 3, 4]], or the same flat."""
    words = [item for item in value if isinstance(item, str) and not numbers_in(item)]
    places = [item for item in value if isinstance(item, list)]
    place = places[0] if len(places) == 1 else [v for v in value if not isinstance(v, str)]
    is_row = len(words) == 1 and len(value) - len(words) in (1, 2, 4, 5)
    return (words[0], place) if is_row and _is_place(place) and len(place) >= 4 else None


def _object_shapes(
    table: dict[str, Any], notes: Notes, called: str | None = None
) -> Iterator[Shape]:
    members = _bare(table)
    name = _name(members)
    notes.pictures |= {
        str(members[key]) for key in members.keys() & PICTURES if _word(members[key])
    }
    if "bbox3d" in members:
        _note_3d(members["bbox3d"], name, notes)
    elif (numbers := _numbers_of_sides(members)) is not None:
        yield from shapes_of(numbers, name[0] or called, name[1], "sides", notes)
    elif members.keys() & (POINTS | BOXES) or _places_perhaps(members):
        notes.lost_labels += not name[0] and any(members.get(key) for key in LABELS)
        yield from _placed(members, (name[0] or called, name[1]), notes)
    elif TURNED in members:
        yield from _turned(members[TURNED], name, notes)
    else:
        yield from _unplaced(table, name, called, notes)


def _placed(members: dict[str, Any], name: _Name, notes: Notes) -> Iterator[Shape]:
    """Yield the shapes of an object that has a key for places, and of what else is in it."""
    perhaps = _places_perhaps(members)
    listed = _listed_labels(members)
    for key, said in members.items():
        value = _as_pairs(said)
        if listed and key in POINTS | BOXES and _is_rows(value):
            notes.lost_labels += max(len(listed) - len(value), 0)
            for place, label in zip_longest(value, listed[: len(value)]):
                yield from _place_shapes(place, (label or name[0], name[1]), notes)
        elif key in POINTS and isinstance(value, list) and value and all(map(_is_pair, value)):
            for point in value:
                yield from _place_shapes(point, name, notes)
        elif key in POINTS or key in BOXES or key in perhaps:
            yield from _place_shapes(value, name, notes)
        elif isinstance(value, dict) or (isinstance(value, list) and not _is_numbers(value)):
            yield from _json_shapes(value, notes)


def _listed_labels(members: dict[str, Any]) -> list[str]:
    """Return labels that stand in a list of their own, one for each place.

    Under a key for a single label they are such if they are as many as the places.
    """
    places = [members[key] for key in members.keys() & (POINTS | BOXES)]
    counts = {len(value) for value in places if isinstance(value, list)}
    for key in (*LISTED_LABELS, *LABELS):
        value: Any = members.get(key)
        are_labels = isinstance(value, list) and all(isinstance(label, str) for label in value)
        if are_labels and (key in LISTED_LABELS or len(value) in counts):
            return list(value)
    return []


def _places_perhaps(members: dict[str, Any]) -> list[str]:
    """Return the keys for places that may also hold words, and do not."""
    return [
        key for key in members.keys() & PERHAPS
        if not isinstance(members[key], str) and (_numbers(members[key]) or _is_rows(members[key]))
    ]  # fmt: skip


def _unplaced(
    table: dict[str, Any], name: _Name, called: str | None, notes: Notes
) -> Iterator[Shape]:
    """Yield the shapes inside of an object; those under another key are named by it."""
    label, text = name
    for key, value in table.items():
        bare = bare_key(key)
        key_name = called if bare in GATHERING else name_before(key) or called
        own = label or key_name
        notes.pictures |= {key} if _PICTURE.fullmatch(bare) else set()
        if bare in NO_PLACES:
            continue
        if isinstance(value, list) and _is_numbers(value):
            if len(without_score(value)) == 4:
                yield from _place_shapes(value, (own, text), notes)
        elif _is_rows(value) and all(isinstance(v, list) and _is_numbers(v) for v in value):
            for place in filter(_is_place, value):
                yield from _place_shapes(place, (own, text), notes)
        elif isinstance(value, dict):
            has_text = own and any(bare_key(inner) in TEXTS for inner in value)
            yield from _json_shapes({"label": own, **value} if has_text else value, notes, own)
        elif isinstance(value, list):
            yield from _json_shapes(value, notes, key_name)
        elif isinstance(value, str) and _PLACE.fullmatch(value):
            yield from _place_shapes(value, (own, text), notes)
        elif isinstance(value, str) and bare in GATHERING:
            for inner in json_inside(value, notes):
                yield from _json_shapes(inner, notes, own)


_PLACE = re.compile(rf"[\[(\s]*{_FOUR}[\])\s]*")
_PICTURE = re.compile(r"(?:image|page|frame|图片?)\d+|第\d+[张页](?:图片?)?")


def _bare(table: Mapping[str, Any]) -> dict[str, Any]:
    return {bare_key(key): value for key, value in table.items()}


def _place_shapes(value: Any, name: _Name, notes: Notes) -> Iterator[Shape]:
    """Yield what stands under a key for places: numbers, a text of numbers, pairs, or several."""
    if value and isinstance(value, dict):
        if all(map(_is_pair, value.values())) and _numbers_of_sides(_bare(value)) is None:
            for key, place in value.items():  # points that have names, as of a body
                yield from _place_shapes(place, (key, None), notes)
            return
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
    for key in members.keys() & SPELLED.keys():
        if len(numbers := _numbers(members[key])) == 4:
            members = dict(zip(SPELLED[key], numbers, strict=True))
    for names in (QUAD, *SIDES, *SIZES, *CENTRED, *CORNERS, ("x", "y")):
        if all(name in members for name in names):
            numbers = [number for name in names for number in _coordinates(members[name])]
            if len(numbers) == (2 if names == ("x", "y") else max(4, len(names))):
                if names in SIZES:
                    numbers[2:] = [numbers[0] + numbers[2], numbers[1] + numbers[3]]
                elif names in CENTRED:
                    x, y, width, height = numbers
                    numbers = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
                return numbers
    return None


def _coordinates(value: Any) -> list[float]:
    """Return what is said of one side, or of one corner as x and y."""
    if isinstance(value, dict):
        return _numbers([value.get("x"), value.get("y")])
    return _numbers(value if isinstance(value, list) else [value])


def _name(members: dict[str, Any]) -> _Name:
    """Return what an object is called, and what is written there; the text stands in for a name."""
    label, text = (
        next(filter(None, (_word(members.get(key)) for key in keys)), None)
        for keys in (LABELS, TEXTS)
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
        return [] if "%" in value else numbers_in(value)
    if not isinstance(value, list):
        return []
    numbers = [_numbers(v) if isinstance(v, str) else [v] * _is_number(v) for v in value]
    return [float(number) for some in numbers for number in some] if all(numbers) else []


def _is_rows(value: Any) -> bool:
    return (
        bool(value) and isinstance(value, list) and all(isinstance(v, list | dict) for v in value)
    )


def _as_pairs(value: Any) -> Any:
    """Return corners of which each is said as x and y as pairs; anything else as it is."""
    if _is_rows(value) and all(isinstance(v, dict) and v.keys() == {"x", "y"} for v in value):
        return [[corner["x"], corner["y"]] for corner in value]
    return value


def _is_place(value: Any) -> bool:
    """Say whether a value is as many numbers as a point or a box has."""
    return isinstance(value, list) and _is_numbers(value) and len(without_score(value)) in (2, 4)


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
