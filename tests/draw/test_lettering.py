from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep.draw.lettering import caption, font_of, shortened, wrapped


@given(st.text(max_size=200), st.integers(12, 40), st.integers(60, 900))
def test_no_line_is_wider_than_it_may_be(text, size, width):
    for line in (*wrapped(text, size, width), shortened(text, size, width)):
        assert font_of(size).getlength(line) <= width or len(line) <= 3


@given(st.lists(st.text("abcxyz", min_size=1, max_size=6), max_size=30))
def test_wrapping_keeps_every_word_in_order(words):
    assert " ".join(wrapped(" ".join(words), 16, 300)).split() == words


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("640×352 – 1", "640x352 - 1"),
        ("Müller", "Muller"),
        ("東京.mp4", "\ufffd\ufffd.mp4"),
        ("a\tb", "a b"),
    ],
)
def test_letters_that_the_font_lacks_are_replaced(text, drawn):
    assert shortened(text, 20, 900) == drawn


def test_a_long_name_keeps_both_its_ends():
    short = shortened("holiday-" * 20 + "last.mp4", 20, 300)
    assert short.startswith("holiday") and short.endswith("last.mp4") and "…" in short


def test_a_caption_is_a_title_and_lines():
    title, lines = caption("clip.mp4", ["one", "two"], 800)
    assert (title.lines, lines.lines) == (("clip.mp4",), ("one", "two"))
    assert title.size > lines.size
    assert len(caption("", ["line"] * 40, 800)[1].lines) == 16
