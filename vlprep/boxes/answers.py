"""Read boxes, points and polygons out of a model's answer: text in, plain values out.

What the numbers are counted in is not known here; `vlprep.boxes.grids` maps them to pixels.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any, Literal

from vlprep.errors import AnswerError

ShapeKind = Literal["box", "point", "polygon"]
AnswerForm = Literal["json", "tokens", "html", "markdown", "text"]
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

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The smallest box around it: x1, y1, x2, y2."""
        across, down = zip(*self.points, strict=True)
        return min(across), min(down), max(across), max(down)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an answer says about places, in the numbers that it says it in."""

    shapes: tuple[Shape, ...]
    """In the order of the answer."""
    form: AnswerForm
    """How it is written."""
    warnings: tuple[str, ...] = ()
    """What had to be mended or left out."""


def parse_answer(text: str) -> Answer:
    """Find boxes, points and polygons in a model's answer.

    Understood are JSON (fenced or not, among other text, cut off), the special tokens of Qwen2-VL,
    QwenVL HTML with `data-bbox` or `data-polygon`, QwenVL Markdown with coordinates in comments,
    and plain text such as `cat: (10, 20), (30, 40)`. Where an answer mixes forms, one of them
    counts. What a model thinks, up to `</think>`, is left aside.

    Raises `AnswerError` where none is found, and for boxes in three dimensions.

    >>> parse_answer('[{"bbox_2d": [1, 2, 30, 40], "label": "cat"}]').shapes
    (Shape(kind='box', points=((1.0, 2.0), (30.0, 40.0)), label='cat', text=None),)
    """
    text = text.rpartition("</think>")[2].partition("<think>")[0]
    notes = _Notes()
    for form, read in _READERS.items():
        shapes = [_in_order(shape, notes) for shape in read(text, notes)]
        if shapes:
            return Answer(shapes=tuple(shapes), form=form, warnings=notes.sentences())
    left_out = "; ".join(("", *notes.sentences()))
    raise AnswerError(
        f"no box, point or polygon in the answer ({_excerpt(text)}){left_out}; wanted are JSON "
        "with bbox_2d, HTML with data-bbox, or numbers such as [x1, y1, x2, y2]"
    )


@dataclass(slots=True)
class _Notes:
    """What happened while reading, counted."""

    cut_off: bool = False
    swapped: int = 0
    odd: list[str] = field(default_factory=list)

    def sentences(self) -> tuple[str, ...]:
        """Return what a user should know."""
        said = []
        if self.cut_off:
            said.append("the answer is cut off; what is complete was taken")
        if self.swapped:
            said.append(f"boxes with exchanged corners, put in order: {self.swapped}")
        if self.odd:
            said.append(f"left out, not coordinates: {len(self.odd)}, for instance {self.odd[0]}")
        return tuple(said)


def _in_order(shape: Shape, notes: _Notes) -> Shape:
    if shape.kind != "box":
        return shape
    x1, y1, x2, y2 = shape.bounds
    ordered = ((x1, y1), (x2, y2))
    notes.swapped += ordered != shape.points
    return replace(shape, points=ordered)


def _excerpt(text: str) -> str:
    words = " ".join(text.split())
    return "it is empty" if not words else repr(words if len(words) <= 40 else words[:39] + "…")


def _shapes(
    numbers: list[float], label: str | None, text: str | None, said: str, notes: _Notes
) -> Iterator[Shape]:
    """Yield what so many numbers are, a point, a box, or a polygon; else note what was said."""
    if len(numbers) < 2 or len(numbers) % 2:
        notes.odd.append(said)
        return
    points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    kind: ShapeKind = "point" if len(points) == 1 else "box" if len(points) == 2 else "polygon"
    yield Shape(kind, points, label or None, text or None)


_NUMBER = r"-?\d+(?:\.\d+)?"


def _numbers_in(text: str) -> list[float]:
    return [float(number) for number in re.findall(_NUMBER, text)]


# Special tokens, as of Qwen2-VL and before it of Qwen-VL.

_TOKENS = re.compile(
    r"(?:(?:<\|object_ref_start\|>|<ref>)(?P<label>[^<]*)(?:<\|object_ref_end\|>|</ref>)\s*)?"
    r"(?:<\|(?:box|quad|point)_start\|>|<(?:box|quad|point)>)(?P<numbers>[^<]*)(?P<end><)?"
)


def _read_tokens(text: str, notes: _Notes) -> Iterator[Shape]:
    label = None
    for match in _TOKENS.finditer(text):
        if match["label"] is not None:
            label = match["label"].strip()
        elif text[: match.start()].rstrip()[-1:] != ">":
            label = None  # several boxes in a row share the name before them
        if match["end"] is None:
            notes.cut_off = True  # a number may have lost its last digits
        else:
            yield from _shapes(_numbers_in(match["numbers"]), label, None, match[0], notes)


# QwenVL HTML: elements with their place as an attribute.


class _Places(HTMLParser):
    """Collects the elements that have a place, each with the text inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _IMPLIED and self._open and self._open[-1][0] == tag:
            self._open.pop()  # the next one ends it, as in any HTML
        words: list[str] = []
        given = {name: value or "" for name, value in attrs}
        label = " ".join(filter(None, (tag, given.get("class"))))
        for name in ("data-bbox", "data-polygon"):
            if name in given:
                self.found.append((label, given[name], words))
        if tag not in _VOID:
            self._open.append((tag, words))

    def handle_data(self, data: str) -> None:
        for _, words in self._open[-_DEEPEST:]:
            words.append(data)

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, max(len(self._open) - _DEEPEST, 0) - 1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                return


_VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr"})
_IMPLIED = frozenset({"p", "li", "td", "th", "tr"})
_DEEPEST = 64  # elements that a text counts for; only hostile answers nest deeper


def _read_html(text: str, notes: _Notes) -> Iterator[Shape]:
    if "data-bbox" not in text and "data-polygon" not in text:
        return
    places = _Places()
    places.feed(text)
    notes.cut_off |= bool(places.rawdata.strip().startswith("<"))  # a tag that never ended
    for label, value, words in places.found:
        inside = " ".join("".join(words).split())
        yield from _shapes(_numbers_in(value), label, inside, repr(value), notes)


# QwenVL Markdown: places of images and tables as comments.

_COMMENT = re.compile(r"<!--\s*(?P<label>\w[\w ]*?)\s*\((?P<numbers>[-\d.,\s]+)\)\s*-->")


def _read_markdown(text: str, notes: _Notes) -> Iterator[Shape]:
    for match in _COMMENT.finditer(text):
        numbers = _numbers_in(match["numbers"])
        yield from _shapes(numbers, match["label"], None, match[0], notes)


# JSON.

_POINTS = ("point_2d", "point", "coordinate")
_PLACES = (*_POINTS, "bbox_2d", "bbox", "box", "polygon", "polygon_2d", "poly")
_LABELS = ("label", "name", "category", "class", "desc", "description")
_TEXTS = ("text_content", "text", "content")


def _read_json(text: str, notes: _Notes) -> Iterator[Shape]:
    for start, value in _json_values(text, notes):
        if isinstance(value, list) and len(value) in (2, 4) and _is_numbers(value):
            name = _name_before(text[text.rfind("\n", 0, start) + 1 : start])
            yield from _place_shapes(value, name, None, notes)
        else:
            yield from _json_shapes(value, notes)


def _json_values(text: str, notes: _Notes) -> Iterator[tuple[int, Any]]:
    """Yield every JSON list and object with its start; of a broken one the whole ones inside it."""
    decoder, end, place = json.JSONDecoder(), len(text.rstrip()), 0
    while match := _BRACKET.search(text, place):
        place = match.start() + 1
        try:
            value, place = decoder.raw_decode(text, match.start())
        except json.JSONDecodeError as error:
            notes.cut_off |= error.pos >= end or error.msg.startswith("Unterminated")
        except RecursionError:  # nested deeper than any answer about places
            notes.odd.append("brackets nested without end")
            return
        except ValueError:  # a number of thousands of digits
            continue
        else:
            yield match.start(), value


_BRACKET = re.compile(r"[\[{]")


def _json_shapes(value: Any, notes: _Notes) -> Iterator[Shape]:
    if isinstance(value, dict):
        yield from _object_shapes(value, notes)
    elif isinstance(value, list) and _is_numbers(value):
        if len(value) in (2, 4):  # other lists of numbers are about something else
            yield from _place_shapes(value, None, None, notes)
    elif isinstance(value, list):
        for item in value:
            yield from _json_shapes(item, notes)


def _object_shapes(table: dict[str, Any], notes: _Notes) -> Iterator[Shape]:
    if "bbox_3d" in table:
        raise AnswerError(
            "the answer has boxes in three dimensions (bbox_3d), which need the camera to be "
            "drawn; ask the model for bbox_2d"
        )
    label, text = _first_text(table, _LABELS), _first_text(table, _TEXTS)
    for key, value in table.items():
        if key in _POINTS and isinstance(value, list) and value and all(map(_is_pair, value)):
            for point in value:
                yield from _place_shapes(point, label, text, notes)
        elif key in _PLACES:
            yield from _place_shapes(value, label, text, notes)
        elif isinstance(value, dict | list) and not (
            isinstance(value, list) and _is_numbers(value)
        ):
            yield from _json_shapes(value, notes)


def _place_shapes(
    value: Any, label: str | None, text: str | None, notes: _Notes
) -> Iterator[Shape]:
    """Yield what stands under a key for places: numbers, a text of numbers, pairs, or several."""
    if isinstance(value, str):
        value = _numbers_in(value)
    if isinstance(value, list) and value and all(map(_is_pair, value)):
        # A polygon's corners, or the two of a box.
        value = [number for pair in value for number in pair]
    elif isinstance(value, list) and value and all(isinstance(item, list) for item in value):
        for item in value:
            yield from _place_shapes(item, label, text, notes)
        return
    numbers = value if isinstance(value, list) and _is_numbers(value) else []
    said = _excerpt(json.dumps(value, ensure_ascii=False))
    yield from _shapes(list(map(float, numbers)), label, text, said, notes)


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


def _first_text(table: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((table[key] for key in keys if isinstance(table.get(key), str)), None)


# Plain text: numbers in brackets, or at the end of a line with nothing else than a name.

_COMMA = r"(?:\s*,\s*|\s+)"
_FEW = rf"{_NUMBER}(?:{_COMMA}{_NUMBER}){{1,3}}"  # bounded: models can repeat a number for pages
_PAIR = rf"\(\s*{_NUMBER}\s*,\s*{_NUMBER}\s*\)"
_BRACKETED = re.compile(rf"{_PAIR}\s*,?\s*{_PAIR}|[(\[]\s*{_FEW}\s*[)\]]")
_ENDING = re.compile(rf"(?P<name>(?:[^:=]*[:=])?)\s*{_FEW}\s*")


def _read_text(text: str, notes: _Notes) -> Iterator[Shape]:
    for line in text.splitlines():
        places = [(match.start(), match[0]) for match in _BRACKETED.finditer(line)]
        if not places and (ending := _ENDING.fullmatch(line)):
            places = [(ending.end("name"), line[ending.end("name") :])]
        for start, place in places:
            numbers = _numbers_in(place)
            if len(numbers) in (2, 4):
                yield from _shapes(numbers, _name_before(line[:start]), None, place, notes)


def _name_before(text: str) -> str | None:
    """Return what stands before the numbers on their line, if it looks like a name."""
    name = text.strip().rstrip(":=").strip(" -*•`\"'")
    return name if _NAME.fullmatch(name) and name not in _PLACES else None


_NAME = re.compile(r"[^\d\W][^{}()\[\]\"':=]{0,39}")


_READERS: dict[AnswerForm, Callable[[str, _Notes], Iterator[Shape]]] = {
    "tokens": _read_tokens,
    "html": _read_html,
    "markdown": _read_markdown,
    "json": _read_json,
    "text": _read_text,
}
