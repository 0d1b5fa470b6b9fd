"""What pieces of a page show of its things, put together: each thing once, and whole."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vlprep
from vlprep import ImageInfo, ImageSize, Shape
from vlprep.split.answers import joined
from vlprep.split.cuts import Span
from vlprep.split.layout import Piece

PAGE = ImageSize(200, 300)
ROWS = (Span(0, 110, 0, 20, is_last=False), Span(90, 200, 20, 0))
COLUMNS = (Span(0, 160, 0, 20, is_last=False), Span(140, 300, 20, 0))
SHARP = (Span(0, 100, is_last=False), Span(100, 200)), (Span(0, 150, is_last=False), Span(150, 300))
LAYOUTS = {"overlapping": (ROWS, COLUMNS), "side by side": SHARP}


def pieces_of(layout):
    tokens = vlprep.image_tokens(ImageSize(160, 160), "qwen3-vl-plus")
    return [Piece(down=d, across=a, tokens=tokens) for d, a in product(*LAYOUTS[layout])]


NOTHING = vlprep.locate_boxes(ImageInfo(size=PAGE, format="PNG"), "[]")


def seen_in(piece, shapes):
    """Return what a piece shows of shapes of the page, cut at its edges."""
    x, y, size = piece.region
    found = []
    for shape in shapes:
        left, top, right, bottom = shape.bounds
        ends = max(left, x), max(top, y), min(right, x + size.width), min(bottom, y + size.height)
        if ends[0] <= ends[2] and ends[1] <= ends[3] and (shape.kind == "point" or is_seen(ends)):
            points = (ends[:2], ends[2:])[: len(shape.points)]
            found.append(replace(shape, points=points))
    shown = tuple(found)
    return replace(NOTHING, answered=shown, shapes=shown, stored=shown)


def is_seen(ends):
    return ends[2] - ends[0] >= 3 and ends[3] - ends[1] >= 3


def put_together(layout, shapes):
    pieces = pieces_of(layout)
    return joined([seen_in(piece, shapes) for piece in pieces], pieces)


def apart(one, other):
    a, b = one.bounds, other.bounds
    return max(a[0] - b[2], b[0] - a[2], a[1] - b[3], b[1] - a[3]) >= 4


boxes = st.builds(
    lambda x, y, width, height: Shape("box", ((x, y), (x + width, y + height)), "thing"),
    *(st.integers(0, 280), st.integers(0, 180), st.integers(8, 200), st.integers(8, 150)),
).filter(lambda box: box.bounds[2] <= PAGE.width and box.bounds[3] <= PAGE.height)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(drawn=st.lists(boxes, max_size=6))
def test_each_box_comes_back_once_and_whole(layout, drawn):
    kept = []
    for box in drawn:
        cut = [piece for piece in pieces_of(layout) if 0 < least_of(piece, box) < 3]
        if not cut and all(apart(box, other) for other in kept):
            kept.append(box)
    found = put_together(layout, kept)
    assert sorted(shape.bounds for shape in found.shapes) == sorted(box.bounds for box in kept)
    assert found.stored == found.shapes


def least_of(piece, box):
    """Return the narrower side of what a piece shows of a box; slivers are not answered."""
    x, y, size = piece.region
    left, top, right, bottom = box.bounds
    across = min(right, x + size.width) - max(left, x)
    down = min(bottom, y + size.height) - max(top, y)
    return min(across, down)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(x=st.integers(0, 299), y=st.integers(0, 199))
def test_a_point_is_there_once(layout, x, y):
    found = put_together(layout, [Shape("point", ((x, y),), "thing")])
    assert [shape.points for shape in found.shapes] == [((x, y),)]


def test_points_a_little_apart_in_two_pieces_are_one_and_others_are_two():
    pieces = pieces_of("overlapping")
    for distance, count in ((0, 1), (8, 1), (9, 2)):
        found = [seen_in(piece, ()) for piece in pieces]
        for number, x in ((0, 140), (1, 140 + distance)):
            shown = (Shape("point", ((x, 50),), "thing"),)
            found[number] = replace(NOTHING, answered=shown, shapes=shown, stored=shown)
        together = joined(found, pieces)
        assert len(together.shapes) == count, distance


@pytest.mark.parametrize("name", ["another", "zebra"])
def test_a_thing_seen_under_two_names_by_two_pieces_stays_two(name):
    pieces = pieces_of("overlapping")
    found = [seen_in(piece, [Shape("box", ((10, 92), (60, 108)), "thing")]) for piece in pieces]
    (below,) = found[2].shapes
    other = (replace(below, label=name),)
    found[2] = replace(found[2], answered=other, shapes=other, stored=other)
    assert [shape.label for shape in joined(found, pieces).shapes] == ["thing", name]


def test_halves_of_other_names_stay_two():
    pieces = pieces_of("side by side")
    found = [seen_in(piece, [Shape("box", ((10, 80), (60, 120)), "thing")]) for piece in pieces]
    (below,) = found[2].shapes
    other = (replace(below, label="another"),)
    found[2] = replace(found[2], answered=other, shapes=other, stored=other)
    together = joined(found, pieces)
    assert [shape.label for shape in together.shapes] == ["thing", "another"]


def test_what_each_piece_warns_of_is_said_once():
    pieces = pieces_of("side by side")
    found = [replace(NOTHING, warnings=("odd", f"odd {k % 2}")) for k in range(4)]
    assert joined(found, pieces).warnings == ("odd", "odd 0", "odd 1")
