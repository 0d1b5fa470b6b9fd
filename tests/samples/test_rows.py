"""Files of requests and samples: what their rows are called, and where one ends."""

from __future__ import annotations

import json

import pytest

from vlprep.errors import ConstraintError
from vlprep.samples.rows import read_rows

ROWS = [{"images": ["a.jpg"]}, {"images": ["b.jpg"]}]
MESSAGES = [{"role": "user", "content": "What?"}, {"role": "assistant", "content": "That."}]


def rows_of(path, text):
    path.write_text(text)
    return [(name.removeprefix(str(path)), row) for name, row in read_rows(path)]


@pytest.mark.parametrize("name", ["data.jsonl", "data.ndjson", "data.txt", "data"])
def test_lines_are_called_by_their_numbers_and_not_read(tmp_path, name):
    found = rows_of(tmp_path / name, '{"a": 1}\n\n{broken\n')
    assert found == [(":1", b'{"a": 1}\n'), (":3", b"{broken\n")]


@pytest.mark.parametrize("name", ["data.json", "data.JSON"])
def test_entries_of_a_document_are_called_by_their_places(tmp_path, name):
    assert rows_of(tmp_path / name, json.dumps(ROWS)) == [(":1", ROWS[0]), (":2", ROWS[1])]


def test_a_list_of_messages_is_one_sample(tmp_path):
    path = tmp_path / "data.json"
    assert rows_of(path, json.dumps(MESSAGES)) == [("", MESSAGES)]
    assert rows_of(path, json.dumps(ROWS[0])) == [("", ROWS[0])]


@pytest.mark.parametrize("entry", [{"role": "user"}, {"content": "What?"}, "text"])
def test_entries_with_half_of_what_a_message_has_are_rows(tmp_path, entry):
    found = rows_of(tmp_path / "data.json", json.dumps([*MESSAGES, entry]))
    assert [name for name, _ in found] == [":1", ":2", ":3"]


def test_a_document_that_is_not_json_is_refused_by_name(tmp_path):
    with pytest.raises(ConstraintError, match=r"data\.json: not JSON"):
        rows_of(tmp_path / "data.json", "{broken")
