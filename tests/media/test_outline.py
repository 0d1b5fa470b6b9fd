"""The outline of a file: what a header says of it is what it says of the whole."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.places import FIXTURES
from vlprep.media.image import describe_image, open_as, probe_image
from vlprep.media.outline import outline
from vlprep.media.source import Item

READERS = {"HEIF", "AVIF", "WEBP"}


def kinds():
    for path in sorted(FIXTURES.iterdir()):
        if path.suffix in (".heic", ".avif", ".webp") and path.stem != "truncated":
            with Item(path) as item:
                if item.found.reader in READERS:
                    yield path


FILES = list(kinds())


def test_there_is_one_of_each():
    assert {path.suffix for path in FILES} == {".heic", ".avif", ".webp"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_outline_says_what_the_file_says(path):
    with Item(path) as item:
        made = outline(item.file, item.found.reader)
        assert describe_image(open_as(item.found, made), item) == probe_image(item)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@given(data=st.data())
def test_damage_is_one_of_three_errors_and_ends(path, data):
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, min(len(content), 900) - 1))
        content[place] = data.draw(st.sampled_from([0, 1, 4, 0x44, 0x7F, 0x80, 0xFF]))
    with Item(path) as item:
        reader = item.found.reader
    try:
        made = outline(io.BytesIO(bytes(content)), reader)
    except (EOFError, ValueError, struct.error):
        return
    assert len(made.read()) == len(content)


def test_other_formats_and_long_files_have_none():
    assert outline(io.BytesIO(b"BM"), "BMP") is None

    class Long(io.BytesIO):
        def seek(self, *place):
            return 10**12

    assert outline(Long(), "WEBP") is None


def box(kind, content):
    return struct.pack(">I4s", len(content) + 8, kind) + content


@pytest.mark.parametrize("wide", [0x00, 0x44])
def test_places_without_end_are_refused(wide):
    places = b"\0\0\0\0" + bytes([wide, 0]) + b"\xff\xff" + b"\0\1\0\0\xff\xff" * 1000
    file = box(b"ftyp", b"heic") + box(b"meta", b"\0\0\0\0" + box(b"iloc", places))
    with pytest.raises((ValueError, EOFError)):
        outline(io.BytesIO(file), "HEIF")
