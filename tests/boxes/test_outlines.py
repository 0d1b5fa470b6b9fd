from __future__ import annotations

import time

import numpy as np
import pytest

from vlprep.boxes.outlines import COLOURS, _ink, outlined
from vlprep.boxes.shapes import Shape

GREY = 90


def canvas(height=400, width=600):
    return np.full((height, width, 3), GREY, np.uint8)


def box(x1, y1, x2, y2, label=None):
    return Shape("box", ((x1, y1), (x2, y2)), label)


def drawn(*shapes, size=(400, 600)):
    return np.asarray(outlined(canvas(*size), shapes))


def at(picture, colour):
    """Return the rows and columns that have a colour, as first and last."""
    rows, columns = np.nonzero((picture == colour).all(axis=2))
    return rows.min(), rows.max(), columns.min(), columns.max()


def test_a_box_s_line_is_its_outermost_pixels():
    picture = drawn(box(100, 200, 300, 350))
    for row, column in ((200, 200), (349, 200), (275, 100), (275, 299)):
        assert picture[row, column].tolist() == list(COLOURS[0])
    for row, column in ((275, 99), (275, 300), (350, 250)):
        assert picture[row, column].tolist() == [0, 0, 0]
    assert picture[275, 200].tolist() == [GREY] * 3  # what is inside stays to be seen
    assert picture[380, 200].tolist() == [GREY] * 3


def test_the_picture_handed_in_stays_as_it_is():
    picture = canvas()
    outlined(picture, [box(100, 200, 300, 350)])
    assert (picture == GREY).all()


def test_a_point_and_a_polygon_are_drawn_where_they_are():
    point = Shape("point", ((100.0, 200.0),))
    roof = Shape("polygon", ((300.0, 100.0), (500.0, 100.0), (400.0, 300.0)), "roof")
    picture = drawn(point, roof)
    assert picture[200, 104].tolist() == list(COLOURS[0])
    assert picture[100, 400].tolist() == list(COLOURS[1])
    assert picture[200, 350].tolist() != [GREY] * 3  # halfway down the left side, which closes it
    assert picture[180, 400].tolist() == [GREY] * 3


def test_a_label_has_one_colour_throughout():
    picture = drawn(
        box(50, 50, 90, 90, "a"), box(150, 50, 190, 90, "b"), box(250, 50, 290, 90, "a")
    )
    colours = [picture[70, x].tolist() for x in (50, 150, 250)]
    assert colours == [list(COLOURS[0]), list(COLOURS[1]), list(COLOURS[0])]


def test_more_labels_than_colours_begin_again():
    boxes = [box(10, 20 * n + 5, 30, 20 * n + 15, str(n)) for n in range(11)]
    assert drawn(*boxes).shape == (400, 600, 3)


def test_labels_stand_in_the_picture_and_apart():
    label_rows = drawn(box(0, 0, 600, 400, "whole"))
    assert at(label_rows, COLOURS[0])[:2] == (0, 399)
    near = [box(100, 100, 200, 200, "a"), box(100, 101, 200, 201, "b")]
    both = drawn(*near)
    first = at(both[:99, :], COLOURS[0])
    second = at(both[203:, :], COLOURS[1])  # above is taken, so it stands below
    assert first[1] - first[0] > 8
    assert second[1] - second[0] > 8


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (48, 80), (2000, 40)])
@pytest.mark.parametrize(
    "shape",
    [
        box(0, 0, 1, 1, "a long label that does not fit anywhere"),
        box(-1e300, -5, 1e300, 1e9, "huge"),
        box(0.2, 0.2, 0.3, 0.3),
        box(5, 5, 5, 5, "flat"),
        Shape("point", ((-50.0, 1e30),)),
        Shape("polygon", ((-1e9, 0.0), (1e9, 1.0), (0.0, 1e300))),
    ],
    ids=lambda shape: shape.kind if isinstance(shape, Shape) else str(shape),
)
def test_any_shape_on_any_picture_is_drawn_without_an_error(size, shape):
    assert drawn(shape, size=size).shape == (*size, 3)


@pytest.mark.parametrize("outside", [box(700, 10, 900, 90, "a"), box(10, -90, 90, -20, "a")])
def test_what_lies_outside_leaves_no_trace(outside):
    assert (drawn(outside) == GREY).all()


def test_thousands_of_shapes_do_not_take_minutes():
    boxes = [box(x, y, x + 3, y + 3, "dot") for x in range(0, 600, 10) for y in range(0, 400, 10)]
    started = time.process_time()
    drawn(*boxes)
    assert time.process_time() - started < 10


def test_no_shapes_no_change():
    assert (drawn() == GREY).all()


@pytest.mark.parametrize("colour", COLOURS)
def test_a_label_is_written_in_black_or_white_whichever_is_farther(colour):
    grey = np.dot(colour, (0.299, 0.587, 0.114))
    assert _ink(colour) == ((0, 0, 0) if grey > 128 else (255, 255, 255))


def test_letters_and_lines_of_a_strip_keep_to_its_width():
    picture = drawn(box(40, 400, 120, 440, "item"), size=(2048, 230))
    _, _, left, right = at(picture, COLOURS[0])
    assert right - left < 115  # half of the width, the label with it
    assert (picture[410:430, 50:110] == GREY).all()
