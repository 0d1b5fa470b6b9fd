"""JSON, TOML and small files of strangers: whatever is wrong is one `ValueError`."""

from __future__ import annotations

import pytest

from vlprep.parsing import MOST_BYTES, parse_json, parse_toml, read_small


@pytest.mark.parametrize("parse", [parse_json, parse_toml])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[" * 100_000, "nested without end"),
        (b"9" * 5000, "thousands of digits"),
        (b"\xff", "utf-8"),
        (b"[", "Expecting|Unclosed|Invalid"),
    ],
)
def test_what_cannot_be_read_is_one_error(parse, content, words):
    content = b"a = " + content if parse is parse_toml else content
    with pytest.raises(ValueError, match=words):
        parse(content)


def test_what_can_be_read_is_what_it_was():
    assert parse_json(b'{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}
    assert parse_toml(b"a = [1, 2]") == {"a": [1, 2]}


def test_a_file_may_be_as_long_as_that_and_no_longer(tmp_path):
    path = tmp_path / "names.txt"
    path.write_bytes(b"0123456789")
    assert read_small(path, 10) == read_small(str(path)) == b"0123456789"
    with pytest.raises(ValueError, match="longer than 9 bytes"):
        read_small(path, 9)


def test_a_file_without_an_end_is_not_read_to_its_end():
    with pytest.raises(ValueError, match=f"longer than {MOST_BYTES:,} bytes"):
        read_small("/dev/zero")
