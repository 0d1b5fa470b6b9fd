from __future__ import annotations

import io

from tests.places import FIXTURES
from vlprep import probe
from vlprep.media.source import source_name
from vlprep.payload.parts import MediaPart, SentFile
from vlprep.payload.urls import data_url

PHOTO = FIXTURES / "photo.jpg"


def sent(source, **fields):
    return SentFile(name="a.jpg", source=source, mime_type="image/jpeg", **fields)


def test_every_kind_of_source_has_the_same_address():
    content = PHOTO.read_bytes()
    url = data_url(content, "image/jpeg")
    with PHOTO.open("rb") as file:
        for source in (PHOTO, str(PHOTO), content, io.BytesIO(content), file, url):
            assert sent(source).address(windows=False) == url
        assert file.tell() == 0  # a caller's file is left as it was


def test_paths_and_urls_are_addresses_themselves():
    assert sent(PHOTO, path="/a b.jpg").address(windows=False) == "file:///a%20b.jpg"
    assert sent(PHOTO, path="C:\\a.jpg").address(windows=True) == "file://C:/a.jpg"
    given = SentFile(name="u", source=None, url="https://example.com/a.jpg")
    assert given.address(windows=False) == given.url


def test_what_was_made_here_is_checked_under_the_name_of_its_source():
    made = sent(PHOTO.read_bytes()).checked
    assert source_name(made) == "a.jpg"
    assert probe(made).size == (480, 640)
    assert sent(PHOTO).checked == PHOTO


def test_urls_are_not_checked():
    given = SentFile(name="u", source=None, url="https://example.com/a.jpg")
    one = MediaPart(name="u", kind="image", files=(given,), limits={})
    assert one.checked is None
    frames = MediaPart(name="u", kind="frames", files=(given, sent(PHOTO)), limits={})
    assert frames.checked == [PHOTO]
    assert list(MediaPart(name="u", kind="image", files=(given,), limits={},
                          warnings=("odd",)).remarks) == ["u: odd"]  # fmt: skip
