"""Where values stand in JSON text, held against Python's own reader."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from vlprep.refit.body import Body, find_spans
from vlprep.refit.places import value_at

TEXTS = st.text(max_size=6) | st.sampled_from(['"', "\\", '{"', "],", ":"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)
BODIES = st.dictionaries(TEXTS, VALUES, max_size=4)


def paths(value, path=()):
    """Yield the paths of all strings, objects and lists, but for the whole."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in inner:
        if isinstance(one, str | dict | list):
            yield (*path, key)
        if isinstance(one, dict | list):
            yield from paths(one, (*path, key))


@given(BODIES, st.booleans(), st.sampled_from((None, 2)))
def test_the_span_of_a_path_holds_its_value(body, ascii, indent):
    text = json.dumps(body, ensure_ascii=ascii, indent=indent)
    spans = find_spans(text, list(paths(body)))
    assert spans.keys() == set(paths(body))
    for path, (start, end) in spans.items():
        assert json.loads(text[start:end]) == value_at(body, path)


@given(BODIES, st.data())
def test_what_is_replaced_is_all_that_differs(given_body, data):
    text = json.dumps(given_body, ensure_ascii=False)
    strings = [path for path in paths(given_body) if isinstance(value_at(given_body, path), str)]
    chosen = data.draw(st.sets(st.sampled_from(strings))) if strings else set()
    changes = {path: f"new {path}" for path in chosen}
    for spelling in (text, text.encode(), given_body):
        body = Body(spelling)
        replaced = body.replaced(changes)
        as_text = json.dumps(replaced) if isinstance(spelling, dict) else replaced
        as_bytes = as_text if isinstance(as_text, bytes) else as_text.encode()
        assert len(as_bytes) == body.length(changes)
        now = json.loads(as_bytes)
        assert json.loads(text) == given_body
        assert list(paths(now)) == list(paths(given_body))
        for path in strings:
            assert value_at(now, path) == changes.get(path, value_at(given_body, path))
