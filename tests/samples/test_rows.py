"""Files of requests and samples: what their rows are called, and where one ends."""

from __future__ import annotations

import gzip
import json
import random

import pytest

from vlprep.errors import ConstraintError, DecodeError, UnsupportedFormatError
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


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("data.jsonl", '{"a": 1}\n{"a": 2}\n'),
        ("data.json", '[{"a": 1}, {"a": 2}]'),
        ("data.csv", "a,b\n1,\n2,3\n"),
    ],
)
def test_a_gzipped_file_has_the_rows_of_the_plain_one(tmp_path, name, text):
    rows = rows_of(tmp_path / name, text)
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert len(rows) == 2
    assert [(one.replace(f"{packed}", ""), row) for one, row in read_rows(packed)] == rows


def test_a_gzipped_file_that_is_cut_off_gives_its_rows_up_to_there(tmp_path):
    rows = b"".join(b'{"query": "%064x"}\n' % random.getrandbits(256) for _ in range(2000))
    packed = tmp_path / "data.jsonl.gz"
    packed.write_bytes(gzip.compress(rows)[:-20_000])
    found = read_rows(packed)
    assert next(found)[1] == rows.splitlines(keepends=True)[0]
    with pytest.raises(DecodeError, match="cut off or damaged"):
        list(found)


def test_a_row_that_is_too_long_to_hold_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("vlprep.samples.rows.LARGEST_ROW", 8)
    for name in ("data.jsonl", "data.json"):
        with pytest.raises(UnsupportedFormatError, match="more than 8 bytes"):
            rows_of(tmp_path / name, '{"a": 1,\n"b": 2}')


def test_cells_of_csv_are_text_lists_and_objects(tmp_path):
    text = '\ufefffile_name,images,note\nphoto.jpg,"[""a.jpg"", ""b.jpg""]","[no list"\n'
    (row,) = rows_of(tmp_path / "metadata.csv", text)
    expected = {"file_name": "photo.jpg", "images": ["a.jpg", "b.jpg"], "note": "[no list"}
    assert row == (":1", expected)


def test_a_cell_of_csv_may_be_a_picture_as_base64(tmp_path):
    url = "data:image/png;base64," + "QUJD" * 50_000
    (row,) = rows_of(tmp_path / "data.csv", f'image,text\n"{url}",What?\n')
    assert row == (":1", {"image": url, "text": "What?"})


@pytest.mark.parametrize("content", [b"a\n\xff\xfe\n", b"a\nx\ry\n"])
def test_what_is_no_csv_is_refused_by_name(tmp_path, content):
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(ConstraintError, match=r"data\.csv: not CSV in UTF-8"):
        list(read_rows(path))
