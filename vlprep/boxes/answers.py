"""Read boxes, points and polygons out of a model's answer: text in, plain values out.

What the numbers are counted in is not known here; `vlprep.boxes.grids` maps them to pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from vlprep.boxes.json_shapes import read_json, read_tables
from vlprep.boxes.markup import numbers_of_tokens, read_html, read_markdown, read_tokens, read_xml
from vlprep.boxes.plain_text import read_text
from vlprep.boxes.shapes import Box3D, Notes, Shape, in_order
from vlprep.errors import AnswerError
from vlprep.replies.none_found import says_none
from vlprep.replies.spelling import excerpt
from vlprep.replies.unwrap import unwrap

AnswerForm = Literal["json", "tokens", "xml", "html", "markdown", "table", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an answer says about places, in the numbers that it says it in."""

    shapes: tuple[Shape, ...]
    """In the order of the answer; empty where it says that nothing was found."""
    form: AnswerForm
    """How it is written."""
    boxes_3d: tuple[Box3D, ...] = ()
    """Boxes in three dimensions, as they are said."""
    warnings: tuple[str, ...] = ()
    """What had to be mended or left out."""


def parse_answer(text: str) -> Answer:
    """Find boxes, points and polygons in a model's answer, or in a whole reply that holds one.

    Understood are JSON (fenced or not, among other text, in other quotes, cut off), the special
    tokens of Qwen2-VL, points as XML, QwenVL HTML with `data-bbox` or `data-polygon`, QwenVL
    Markdown with coordinates in comments, the words of the OCR models, tables with a column for
    each side, and plain text such as `cat: (10, 20), (30, 40)`; replies as `unwrap` knows them.
    Where an answer mixes forms, one of them counts. Of an answer that says that nothing was found,
    the shapes are empty.

    Raises `AnswerError` where there is something else.

    >>> parse_answer('[{"bbox_2d": [1, 2, 30, 40], "label": "cat"}]').shapes
    (Shape(box, cat, (1, 2), (30, 40)),)
    >>> parse_answer("No cat was found.").shapes
    ()
    """
    reply, notes = unwrap(text), Notes()
    answer = numbers_of_tokens(reply.text)
    for form, read in _READERS.items():
        shapes = [in_order(shape, notes) for shape in read(answer, notes)]
        if shapes or notes.boxes_3d:
            said = reply.warnings + notes.sentences()
            return Answer(
                shapes=tuple(shapes), form=form, boxes_3d=tuple(notes.boxes_3d), warnings=said
            )
    if says_none(reply.text):
        form = "json" if reply.text.strip()[-1:] in "]}`" else "text"
        return Answer(shapes=(), form=form, warnings=reply.warnings)
    left_out = "; ".join(("", *notes.sentences()))
    raise AnswerError(
        f"no box, point or polygon in the answer ({excerpt(reply.text)}){left_out}; wanted are "
        "JSON with bbox_2d, HTML with data-bbox, or numbers such as [x1, y1, x2, y2]"
    )


_READERS: dict[AnswerForm, Callable[[str, Notes], Iterator[Shape]]] = {
    "tokens": read_tokens,
    "xml": read_xml,
    "html": read_html,
    "markdown": read_markdown,
    "json": read_json,
    "table": read_tables,
    "text": read_text,
}
