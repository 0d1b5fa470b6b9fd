from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vlprep.cli.table import LEAST_NAME, Column, Layout, lay_out
from vlprep.cli.text import cells

WIDTHS = st.integers(40, 200)
WORDS = st.text(st.characters(categories=["L", "Nd", "P"]), min_size=1, max_size=30)
NAMES = st.lists(WORDS, min_size=1, max_size=8).map("/".join)
NUMBERS = st.integers(0, 10**12).map("{:,}".format)
HEADINGS = st.sampled_from(["tokens", "frames", "width×height", "model sees", "bytes"])
SENTENCES = st.lists(st.text("abcdefg", min_size=1, max_size=12), max_size=20).map(" ".join)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Column], list[str]]:
    """A name, a few numbers, perhaps a sentence; all numbers but the last may go."""
    rows = draw(st.integers(1, 5))

    def column(cells: st.SearchStrategy[str]) -> tuple[str, ...]:
        return tuple(draw(st.lists(cells, min_size=rows, max_size=rows)))

    several = draw(st.integers(1, 6))
    wide = draw(st.sampled_from([NUMBERS, NUMBERS.map("{0}/{0}".format)]))
    numbers = [
        Column(f"{draw(HEADINGS)} {k}", column(NUMBERS if k else wide)) for k in range(several)
    ]
    numbers.reverse()
    prose = [Column("what", column(SENTENCES), "prose")] if draw(st.booleans()) else []
    columns = [Column("file", column(NAMES), "name"), *prose, *numbers]
    return columns, [number.heading for number in numbers[:-1]]


def lines_of(laid: Layout, rows: int) -> list[str]:
    return [*laid.headings, *(line for k in range(rows) for line in laid.row(k))]


@given(tables(), WIDTHS)
def test_no_line_is_wider_and_every_number_is_whole(table, width):
    columns, drop = table
    rows = len(columns[0].cells)
    laid = lay_out(columns, drop, width)
    assert all(cells(line) <= width for line in lines_of(laid, rows))
    assert laid.span <= width
    shown = {column.heading for column in laid.columns}
    for column in columns:
        if column.kind == "number" and column.heading in shown:
            for k, cell in enumerate(column.cells):
                assert cell in " ".join(laid.row(k)).split()


@given(tables(), WIDTHS)
def test_columns_go_in_the_stated_order_and_the_name_stays(table, width):
    columns, drop = table
    laid = lay_out(columns, drop, width)
    assert laid.dropped == tuple(drop[: len(laid.dropped)])
    left = [column.heading for column in (*laid.above, *laid.columns, *laid.below)]
    assert left[0] == "file"
    assert sorted([*left, *laid.dropped]) == sorted(column.heading for column in columns)


@given(tables())
def test_nothing_is_lost_where_width_does_not_matter(table):
    columns, drop = table
    laid = lay_out(columns, drop, None)
    assert (laid.dropped, laid.below, laid.folders) == ((), (), ())
    for k in range(len(columns[0].cells)):
        line = " ".join(laid.row(k))
        assert all(column.cells[k] in line for column in columns)


@given(tables(), WIDTHS, WIDTHS)
def test_a_wider_terminal_shows_no_less(table, one, other):
    columns, drop = table
    narrow, wide = (lay_out(columns, drop, width) for width in sorted((one, other)))
    assert len(wide.dropped) <= len(narrow.dropped)


def test_a_shared_folder_is_said_once_and_only_where_that_helps():
    names = ("a/very/long/folder/one.jpg", "a/very/long/folder/two.jpg", "")
    columns = [Column("file", names, "name"), Column("tokens", ("1", "2", "failed"))]
    assert lay_out(columns, (), 80).folders == ()
    laid = lay_out(columns, (), 30)
    assert laid.folders == (("file", "a/very/long/folder/"),)
    assert next(laid.row(0)) == "one.jpg        1"


def test_a_folder_among_the_names_keeps_its_own():
    names = ("a/very/long/way/frames/", "a/very/long/way/frames/one.jpg")
    columns = [Column("file", names, "name"), Column("tokens", ("1", "2"))]
    laid = lay_out(columns, (), 24)
    assert laid.folders == (("file", "a/very/long/way/"),)
    assert next(laid.row(0)) == "frames/               1"
    alone = Column("file", ("a/very/long/way/to/frames/",), "name")
    assert next(lay_out([alone], (), 20).row(0)) == "frames/"


def test_names_keep_their_beginning_and_more_of_their_end():
    names = ("holiday-in-the-mountains-0127.jpg", "x.jpg")
    columns = [Column("file", names, "name"), Column("tokens", ("1,000", "2"))]
    laid = lay_out(columns, (), 24)
    assert next(laid.row(0)) == "holid…s-0127.jpg   1,000"
    assert laid.widths[0] >= LEAST_NAME


def test_names_stand_above_numbers_that_leave_them_no_room():
    columns = [Column("file", ("photo.jpg",), "name"), Column("bytes", ("154 kB to 100 kB",))]
    laid = lay_out(columns, (), 20)
    assert [*laid.headings, *laid.row(0)] == [
        "file",
        "             bytes",
        "photo.jpg",
        "  154 kB to 100 kB",
    ]


def test_sentences_move_below_their_row():
    what = Column("what", ("a car turns into the street and stops", ""), "prose")
    columns = [Column("#", ("1", "2"), "word"), what, Column("start", ("0:02.000", "0:03.000"))]
    laid = lay_out(columns, (), 30)
    assert list(laid.row(0)) == ["1   0:02.000", "  a car turns into the street", "  and stops"]
    assert list(laid.row(1)) == ["2   0:03.000"]
