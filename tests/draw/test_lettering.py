from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tests.draw.tiny_font import tiny_font
from vlprep.draw import fonts
from vlprep.draw.fonts import font_with
from vlprep.draw.lettering import (
    caption,
    drawable,
    shortened,
    text_width,
    undrawable,
    wrapped,
    write,
)


@given(st.text(max_size=200), st.integers(12, 40), st.integers(60, 900))
def test_no_line_is_wider_than_it_may_be(text, size, width):
    for line in (*wrapped(text, size, width), shortened(text, size, width)):
        assert text_width(line, size) <= width or len(line) <= 3


@given(st.lists(st.text("abcxyz", min_size=1, max_size=6), max_size=30))
def test_wrapping_keeps_every_word_in_order(words):
    assert " ".join(wrapped(" ".join(words), 16, 300)).split() == words


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("640×352 – 1", "640x352 - 1"),
        ("Müller", "Muller"),
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


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Stand in for the fonts of a machine: none but what a test puts there."""
    monkeypatch.setattr(fonts, "font_folders", lambda: [tmp_path])
    for remembered in (fonts.font_files, fonts.font_with):
        remembered.cache_clear()
    yield tmp_path
    for remembered in (fonts.font_files, fonts.font_with):
        remembered.cache_clear()


def drawn(text, font=None):
    picture = Image.new("L", (300, 40))
    write(ImageDraw.Draw(picture), (10, 5), text, 20, 255, font=font)
    return np.asarray(picture)


def test_letters_that_no_font_has_are_escapes(machine):
    assert shortened("東京.mp4", 20, 900) == "\\u6771\\u4eac.mp4"
    assert shortened("a😺", 20, 900) == "a\\U0001f63a"
    assert undrawable(["東京", "Müller", "東京"]) == ["東京"]


def test_letters_come_from_a_font_of_the_machine(machine):
    (machine / "deep").mkdir()
    (machine / "deep" / "some.ttf").write_bytes(tiny_font("東京"))
    (machine / "broken.ttf").write_bytes(b"no font")
    assert shortened("東京 and 大阪", 20, 900) == "東京 and \\u5927\\u962a"
    assert undrawable(["東京"]) == []
    assert text_width("東京", 20) == 40
    assert text_width("a東京b", 20) == 40 + text_width("a", 20) + text_width("b", 20)
    squares = drawn("東京")[:, 10:50] > 200
    assert squares.any(axis=0).sum() == 34  # two of 17 pixels
    assert (drawn("a東b") > 0).sum() > (drawn("ab") > 0).sum() + 100


def test_a_font_that_is_named_comes_first(machine, tmp_path):
    (machine / "some.ttf").write_bytes(tiny_font("東"))
    named = tmp_path / "named.font"
    named.write_bytes(tiny_font("京"))
    assert drawable("東京", str(named)) == "東京"
    assert drawable("東京") == "東\\u4eac"
    with pytest.raises(OSError, match="cannot open"):
        font_with("東", str(machine / "some.txt"))


def test_what_is_not_seen_is_left_out(machine):
    assert drawable("a\u200bb\u0301\ufe0f") == "ab"


def test_a_machine_without_font_folders_has_no_fonts(monkeypatch):
    for system in ("linux", "darwin", "win32"):
        monkeypatch.setattr(fonts.sys, "platform", system)
        assert all(isinstance(folder, Path) for folder in fonts.font_folders())
