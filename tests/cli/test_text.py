from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import vlprep
from vlprep.cli import COMMANDS
from vlprep.cli.text import NARROW, cells, flagged, shortened, wrapped

WORDS = st.text(st.characters(categories=["L", "Nd", "P"]), min_size=1, max_size=16)
SENTENCES = st.lists(WORDS, min_size=1, max_size=30).map(" ".join)
LABELS = st.sampled_from(["", "  ", "    ", "  note      ", "  max_pixels           "])


@given(LABELS, SENTENCES, st.integers(40, 200))
def test_wrapped_lines_fit_and_lose_nothing(label, sentence, width):
    lines = list(wrapped(label + sentence, width))
    assert all(cells(line) <= width for line in lines)
    assert " ".join(lines).split() == (label + sentence).split()


@given(SENTENCES, st.integers(60, 200))
def test_what_goes_on_hangs_below_the_text(sentence, width):
    first, *more = wrapped(f"  note      {sentence}", width)
    assert first.startswith("  note      ")
    assert all(line.startswith(" " * 12) and line[12] != " " for line in more)


def test_a_word_that_is_longer_than_the_line_stays_whole():
    assert list(wrapped("see https://example.com/a/b/c/d for it", 20)) == [
        "see",
        "  https://example.com/a/b/c/d",
        "  for it",
    ]


def test_a_source_and_its_date_stay_together():
    line = "one token is 32x32 pixels [S004 2025-12-18, P1 2026-01]"
    assert list(wrapped(line, 36)) == [
        "one token is 32x32 pixels",
        "  [S004 2025-12-18, P1 2026-01]",
    ]


def test_colours_take_no_room():
    assert cells("\x1b[31merror:\x1b[0m x") == cells("error: x") == 8


@given(st.text(st.characters(categories=["L", "Nd", "P"])), st.integers(4, 60))
def test_shortened_names_fit_and_short_ones_stay(name, width):
    short = shortened(name, width)
    assert cells(short) <= width
    assert short == name or "…" in short
    assert (short == name) == (cells(name) <= width)
    if name.isascii() and short != name:
        assert cells(short) == width


def test_a_shortened_name_tells_files_of_a_folder_apart():
    assert shortened("IMG_20240103_120000.jpg", 16) == "IMG_2…120000.jpg"
    assert shortened("IMG_20240103_120000.jpg", 16, "...") == "IMG_...20000.jpg"
    assert shortened("视频测试视频测试.mp4", 12) == "视…测试.mp4"


def test_only_characters_of_one_column_are_taken_for_narrow():
    narrow = [
        character for character in map(chr, range(0xA0, 0x10000)) if NARROW.match(character)[0]
    ]
    assert {"×", "─", "…", "–", "é"} <= set(narrow)
    assert {cell_len(character) for character in narrow} == {1}


FUNCTIONS = [name for name in vlprep.__all__ if inspect.isfunction(getattr(vlprep, name))]
NAMED_AS_OPTIONS = {"frame_list": "--list", "load_model_file": "--model-file"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_told_of_as_a_command_or_by_its_name(name):
    told = flagged(f"use `{name}`").removeprefix("use ")
    if name in NAMED_AS_OPTIONS:
        assert told == NAMED_AS_OPTIONS[name]
    elif told != name:
        verb, command = told.split()[:2]
        assert verb == "vlprep" and command in COMMANDS
