from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep.payload.writing import body_chunks, body_length, preview

DOCUMENTS = st.dictionaries(
    st.text(max_size=5), st.text(max_size=20) | st.lists(st.floats(0, 10) | st.booleans())
)


@given(DOCUMENTS)
def test_the_pieces_are_the_document_in_ascii(document):
    written = "".join(body_chunks(document))
    assert written.isascii()
    assert json.loads(written) == document
    assert json.loads("".join(body_chunks(document, indent=2))) == document
    assert body_length(document) == len(json.dumps(document, separators=(",", ":")))


def test_what_is_no_json_is_an_error():
    with pytest.raises(ValueError, match="not JSON compliant"):
        "".join(body_chunks({"fps": float("nan")}))


def test_a_preview_cuts_data_urls_only_and_changes_nothing():
    url = "data:image/jpeg;base64," + "/" * 3000
    body = {"a": [{"url": url}, "x" * 3000, "data:,short"], "b": 1}
    shown = preview(body)
    assert shown["a"][0]["url"] == "data:image/jpeg;base64,////////... (3,023 characters)"
    assert shown["a"][1:] == body["a"][1:] and shown["b"] == 1
    assert body["a"][0]["url"] == url
