from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep.replies.loose_json import CutOff, Trouble, Unfinished, json_values, unescaped

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9999, 9999) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
).filter(lambda value: isinstance(value, dict | list))


def read(text):
    trouble = Trouble()
    return [value for _, value in json_values(text, trouble)], trouble


@given(VALUES)
def test_valid_json_is_read_as_json(value):
    values, trouble = read(f"So: {json.dumps(value)}\nand more")
    assert (values, trouble.cut_off, trouble.odd) == ([value], False, [])


WORDS = st.integers(0, 99) | st.text("xyzé，", max_size=5) | st.none()


@given(st.lists(st.dictionaries(st.text("abc", min_size=1, max_size=3), WORDS), min_size=1))
def test_what_python_prints_is_read_as_it_was(value):
    assert read(repr(value))[0] == [value]


@given(VALUES, st.data())
def test_json_cut_off_anywhere_is_no_crash(value, data):
    text = json.dumps(value)
    cut = data.draw(st.integers(1, len(text) - 1))
    values, trouble = read(text[:cut])
    assert trouble.cut_off or values == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': 1, 'b': None, 'c': True,}", {"a": 1, "b": None, "c": True}),
        ("{a: 1, b: 'x'}", {"a": 1, "b": "x"}),
        ('[{"a": 1} {"b": 2}]', [{"a": 1}, {"b": 2}]),
        ('{"a": 1 "b": 2}', {"a": 1, "b": 2}),
        ('{"a": "he said "no" twice"}', {"a": 'he said "no" twice'}),
        ("{'a': 'cat's'}", {"a": "cat's"}),
        ("{“a”：“你好，世界”，“b”：（１，２）}", {"a": "你好，世界", "b": [1, 2]}),
        ('{"a": 00:04, "b": 1e3}', {"a": "00:04", "b": 1000}),
        ('[1, // one\n 2,]', [1, 2]),
        ("{'a': 'new\nline\\n'}", {"a": "new\nline\n"}),
        ('{"a": 1, "b": 2, "a": 3}', [{"a": 1, "b": 2}, {"a": 3}]),
        ("{a: 1, b: 2, a: 3}", [{"a": 1, "b": 2}, {"a": 3}]),
    ],
)  # fmt: skip
def test_what_is_not_quite_json_is_read_as_it_is_meant(text, value):
    assert read(text) == ([value], Trouble())


def test_of_what_is_cut_off_the_whole_members_are_left():
    (table,), trouble = read('{"a": 1, "b": [[1, 2, 3, 4], [5, 6')
    assert (trouble.cut_off, table) == (True, {"a": 1, "b": [[1, 2, 3, 4]]})
    assert isinstance(table, CutOff)
    (table,), _ = read('{"a": "whole", "b": "hal')
    assert isinstance(table["b"], Unfinished) and not isinstance(table["a"], Unfinished)


def test_brackets_that_are_no_json_are_passed_over_while_patience_lasts():
    assert read('see [x, (y] then {"a": 1}') == ([{"a": 1}], Trouble())
    values, trouble = read(("[" * 90 + ")") * 200 + '{"a": 1}')
    assert values == [] and trouble.odd == ["brackets that do not match, without end"]


def test_escapes_are_undone_once():
    assert unescaped(r"\"a\" \\n \n \u732b\ud83d\ude3a") == '"a" \\n \n 猫😺'
