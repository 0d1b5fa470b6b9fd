from __future__ import annotations

import base64
from urllib.parse import unquote_plus, urlparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep import MediaUrl
from vlprep.check.files import data_url_length
from vlprep.check.rule import FileFacts
from vlprep.errors import ConstraintError
from vlprep.media.addresses import is_web_url
from vlprep.payload.parts import MediaPart, SentFile, as_url, data_url, file_url


@given(st.binary(max_size=100))
def test_a_data_url_holds_the_content_and_is_as_long_as_the_rules_say(content):
    url = data_url(content, "image/webp")
    assert base64.b64decode(url.partition(",")[2], validate=True) == content
    assert len(url) == data_url_length(len(content), "image/webp")


def as_the_sdk_reads(url):
    """Read a file:// URL in the two steps of the DashScope SDK."""
    parts = urlparse(url)
    return parts.netloc + unquote_plus(parts.path)


NAMES = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0/"), min_size=1, max_size=20
)


@given(NAMES, NAMES)
def test_any_path_is_read_back(folder, name):
    path = f"/{folder}/{name}"
    read = as_the_sdk_reads(file_url(path))
    assert read.replace("//", "/", 1) == path
    assert not (read.startswith("/") and read[2:3] == ":")  # which the SDK takes for a drive


@given(NAMES.filter(lambda name: "\\" not in name))
def test_a_drive_of_windows_is_read_back(name):
    assert as_the_sdk_reads(file_url(f"C:\\media\\{name}", windows=True)) == f"C:/media/{name}"


def test_the_guides_own_examples():
    # S004: "file://D:/images/test.png" (Windows, Python), "file:///home/images/test.png"
    assert file_url("D:\\images\\test.png", windows=True) == "file://D:/images/test.png"
    assert file_url("/home/images/test.png") == "file:///home/images/test.png"
    assert file_url(r"\\server\share\a.png", windows=True) == "file:////server/share/a.png"


@pytest.mark.parametrize(("path", "windows"), [("a.jpg", False), ("a.jpg", True), ("C:a", True)])
def test_a_relative_path_is_refused(path, windows):
    with pytest.raises(ConstraintError, match="absolute"):
        file_url(path, windows=windows)


def test_a_name_that_is_not_unicode_is_refused_with_a_way_out():
    with pytest.raises(ConstraintError, match="route base64"):
        file_url("/tmp/\udcff.jpg")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://example.com/a.JPG", "image"),
        ("https://example.com/a.webp?x=b.mp4", "image"),
        ("http://example.com/a/b.mov#t=1", "video"),
        ("https://example.com/%E8%A1%97.mkv", "video"),
    ],
)
def test_the_ending_of_a_url_tells_its_kind(url, kind):
    assert as_url(url) == MediaUrl(url, kind)


@pytest.mark.parametrize("url", ["https://example.com/", "https://e.com/a.mp3", "https://a.mp4"])
def test_a_url_without_a_telling_ending_is_asked_about(url):
    with pytest.raises(ConstraintError, match="`MediaUrl`"):
        as_url(url)
    assert as_url(MediaUrl(url, "image")) == MediaUrl(url, "image")


def test_what_a_web_url_is():
    assert is_web_url("HTTPS://example.com/a.jpg")
    for other in ("file:///a.jpg", "data:image/png;base64,", b"http://", None):
        assert not is_web_url(other)
        assert as_url(other) is None


def test_remarks_name_their_file():
    facts = FileFacts(source="u", kind="URL")
    file = SentFile(name="u", address="https://example.com/a.jpg")
    part = MediaPart(facts=facts, kind="image", files=(file,), limits={}, warnings=("odd",))
    assert list(part.remarks) == ["u: odd"]
    assert "https" not in repr(part)  # a data URL would fill screens
