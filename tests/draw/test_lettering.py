from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, features

from tests.draw.tiny_font import tiny_font
from vlprep.draw import fonts, lettering
from vlprep.draw.fonts import Face, find_fonts, font_named
from vlprep.draw.lettering import (
    caption,
    drawable,
    font_warnings,
    shortened,
    text_width,
    wrapped,
    write,
)
from vlprep.errors import ConstraintError


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
        ("Mu\u0308ller", "Muller"),
        ("a\tb", "a b"),
        ("ﬁle\u3000①", "file 1"),
    ],
)
def test_letters_that_no_font_has_are_replaced(machine, text, drawn):
    assert shortened(text, 20, 900) == drawn


def test_a_long_name_keeps_both_its_ends():
    short = shortened("holiday-" * 20 + "last.mp4", 20, 300)
    assert short.startswith("holiday") and short.endswith("last.mp4") and "…" in short


def test_a_caption_is_a_title_and_lines():
    title, lines = caption("clip.mp4", ["one", "two"], 800)
    assert (title.lines, lines.lines) == (("clip.mp4",), ("one", "two"))
    assert title.size > lines.size
    assert len(caption("", ["line"] * 40, 800)[1].lines) == 16


def drawn(text, font=None):
    picture = Image.new("L", (300, 40))
    write(ImageDraw.Draw(picture), (10, 5), text, 20, 255, font=font)
    return np.asarray(picture)


def test_letters_that_no_font_has_are_escapes(machine):
    assert shortened("東京.mp4", 20, 900) == "\\u6771\\u4eac.mp4"
    assert shortened("a😺", 20, 900) == "a\\U0001f63a"
    (warning,) = font_warnings(["東京", "Müller", "東京"])
    assert warning.startswith(
        "no font here has the letters 東京, which are drawn as escapes such as \\u6771; name one"
    )
    (warning,) = font_warnings(["\x07" + "".join(map(chr, range(0x4E00, 0x4E40)))])
    assert "\\u0007一" in warning and "and 45 more" in warning


def test_letters_come_from_a_font_of_the_machine(machine):
    (machine / "deep").mkdir()
    (machine / "deep" / "some.ttf").write_bytes(tiny_font("東京"))
    (machine / "broken.ttf").write_bytes(b"no font")
    assert shortened("東京 and 大阪", 20, 900) == "東京 and \\u5927\\u962a"
    assert font_warnings(["東京"]) == ()
    assert text_width("東京", 20) == 40
    assert text_width("a東京b", 20) == 40 + text_width("a", 20) + text_width("b", 20)
    squares = drawn("東京")[:, 10:50] > 200
    assert squares.any(axis=0).sum() == 34  # two of 17 pixels
    assert (drawn("a東b") > 0).sum() > (drawn("ab") > 0).sum() + 100


def test_a_font_that_is_named_comes_first(machine, tmp_path):
    (machine / "some.ttf").write_bytes(tiny_font("東"))
    named = tmp_path / "named.font"
    named.write_bytes(tiny_font("京"))
    face = font_named(named)
    assert drawable("東京", face) == "東京"
    assert drawable("東京") == "東\\u4eac"
    assert find_fonts("東京", face) == {"東": Face(str(machine / "some.ttf")), "京": face}
    (machine / "text.ttf").write_bytes(b"no font")
    with pytest.raises(ConstraintError, match=r"text\.ttf: not a font that can be read"):
        font_named(machine / "text.ttf")


def test_a_font_is_named_by_its_family_and_style(machine):
    (machine / "a.ttf").write_bytes(tiny_font("東", "Tiny Sans", "Bold"))
    (machine / "b.ttf").write_bytes(tiny_font("京", "Tiny Sans", "Regular"))
    (machine / "c.ttf").write_bytes(b"no font")
    assert font_named("tiny sans") == font_named("Tiny Sans Regular")
    assert font_named("tiny sans") == Face(str(machine / "b.ttf"))
    assert font_named("TINY SANS BOLD") == Face(str(machine / "a.ttf"))
    with pytest.raises(ConstraintError, match=r"neither a font file nor.*there are tiny sans"):
        font_named("Tinny Sans")
    with pytest.raises(ConstraintError, match=r"nor the name of a font here$"):
        font_named("Helvetica")


def test_a_word_is_drawn_by_one_font_where_that_has_all_of_it(machine):
    (machine / "some.ttf").write_bytes(tiny_font("Mülr"))
    assert drawable("Müller") == "Müller"
    squares = drawn("ülM")[:, 10:70] > 200
    assert squares.any(axis=0).sum() == 51  # three of 17 pixels
    assert text_width("ab ü", 20) == text_width("ab ", 20) + 20
    assert text_width("aü", 20) == text_width("a", 20) + 20  # no "a" in it


@pytest.mark.parametrize(
    ("low", "high", "taken"), [(100, 900, 400), (500, 900, 500), (100, 300, 300)]
)
def test_a_font_of_several_weights_has_that_of_ordinary_text(
    machine, monkeypatch, low, high, taken
):
    class Variable:
        def get_variation_axes(self):
            weight = {"name": b"Weight", "minimum": low, "default": low, "maximum": high}
            return [weight, {"name": b"Width", "minimum": 50, "default": 100, "maximum": 150}]

        def set_variation_by_axes(self, axes):
            self.axes = axes

    monkeypatch.setattr(fonts.ImageFont, "truetype", lambda *_: Variable())
    assert fonts.load_face(Face("variable.ttf"), 20).axes == [taken, 100]


def test_a_font_file_is_opened_once_for_all_letters(machine, monkeypatch):
    for number in range(5):
        (machine / f"{number}.ttf").write_bytes(tiny_font("東"))
    opened = []
    truetype = fonts.ImageFont.truetype

    def counted(path, *arguments, **more):
        opened.append(path)
        return truetype(path, *arguments, **more)

    monkeypatch.setattr(fonts.ImageFont, "truetype", counted)
    assert font_warnings(["".join(map(chr, range(0x4E00, 0x4F00)))] * 2)
    assert len(opened) == 5


def test_what_is_not_seen_is_left_out(machine):
    assert drawable("a\u200bb\u0301\ufe0f") == "ab"


def test_marks_are_drawn_where_a_font_has_them_and_pillow_can_set_them(machine, monkeypatch):
    (machine / "some.ttf").write_bytes(tiny_font("क\u093f"))
    lettering._joins.cache_clear()
    monkeypatch.setattr(lettering.features, "check", lambda name: False)
    assert drawable("क\u093f") == "क"
    (warning,) = font_warnings(["क\u093f"])
    assert "Pillow has no Raqm here" in warning
    assert font_warnings(["क"]) == ()
    lettering._joins.cache_clear()
    monkeypatch.setattr(lettering.features, "check", lambda name: True)
    assert drawable("क\u093f") == "क\u093f"
    assert font_warnings(["क\u093f"]) == ()
    lettering._joins.cache_clear()


@pytest.mark.skipif(not features.check("raqm"), reason="Pillow has no Raqm here")
def test_words_from_right_to_left_stand_in_their_order(machine):
    (machine / "some.ttf").write_bytes(tiny_font("אבגד"))
    assert drawable("אב גד") == "אב גד"
    runs = list(lettering._runs("אב גד end", 20, None))
    assert [part for _, part in runs] == ["אב גד", " end"]


def test_a_machine_without_font_folders_has_no_fonts(monkeypatch):
    for system in ("linux", "darwin", "win32"):
        monkeypatch.setattr(fonts.sys, "platform", system)
        assert all(isinstance(folder, Path) for folder in fonts.font_folders())
