import base64
import os

import pytest

from tests.places import FIXTURES
from vlprep import check_media, count_many, probe
from vlprep.errors import UnsupportedFormatError
from vlprep.media.addresses import can_be_path, embedded, local_path, shown_name
from vlprep.media.source import Item

PHOTO = (FIXTURES / "photo.jpg").read_bytes()
BASE64 = base64.b64encode(PHOTO).decode()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("file:///a/b.jpg", "/a/b.jpg"),
        ("FILE:///a/b.jpg", "/a/b.jpg"),
        ("file://localhost/a/b.jpg", "/a/b.jpg"),
        ("file://LocalHost/a/b.jpg", "/a/b.jpg"),
        ("file:/a/b.jpg", "/a/b.jpg"),
        ("file:///a/%E5%9B%BE%201.jpg", "/a/图 1.jpg"),
        ("file://a/b.jpg", "a/b.jpg"),  # as several libraries write a path of their own folder
        ("files/a.jpg", "files/a.jpg"),
        ("/a/file:/b.jpg", "/a/file:/b.jpg"),
    ],
)
def test_paths_of_file_addresses(text, path):
    assert local_path(text) == path


def test_a_file_address_is_its_file(tmp_path):
    path = tmp_path / "图 1 #2.jpg"
    path.write_bytes(PHOTO)
    with Item(path.as_uri()) as item:
        assert (item.name, item.path) == (str(path), str(path))
    assert probe(f"file://{path}").size == (480, 640)  # not encoded at all


def test_a_name_with_percent_signs_in_an_address_that_is_not_encoded(tmp_path):
    path = tmp_path / "100%25.jpg"
    path.write_bytes(PHOTO)
    assert local_path(f"file://{path}") == str(path)


@pytest.mark.parametrize(
    "text",
    [
        f"data:image/jpeg;base64,{BASE64}",
        f"DATA:IMAGE/JPEG;BASE64,{BASE64}",
        f"data:image/jpeg;charset=x; base64,{BASE64}",
        f"data:image/jpeg;base64,{BASE64}\n",
        f" \n\ufeffdata:image/jpeg;base64,{BASE64}",
        "data:image/jpeg;base64," + BASE64.rstrip("="),
        f"data:image/jpeg;base64,{base64.encodebytes(PHOTO).decode()}",
        "data:image/jpeg;base64," + BASE64.replace("+", "%2B").replace("=", "%3D"),
        BASE64,
        base64.encodebytes(PHOTO).decode(),
    ],
    ids=range(10),
)
def test_spellings_of_content(text):
    assert embedded(text) == PHOTO
    assert shown_name(text) in ("<data URL>", "<Base64>")
    assert probe(text).size == (480, 640)


@pytest.mark.parametrize("name", ["clip.ts", "clip.mp4", "vp9.webm", "photo.heic", "tiny.png"])
def test_every_kind_of_media_is_known_in_base64(name):
    content = (FIXTURES / name).read_bytes()
    assert embedded(base64.b64encode(content).decode()) == content


@pytest.mark.parametrize(
    "text", ["a.jpg", "A" * 64, "photos/" + "a" * 80, BASE64[:60], "", "data:x"]
)
def test_what_is_no_content(text):
    assert embedded(text) is None


@pytest.mark.parametrize(
    "text", ["x" * 5000, "A" * 300, base64.b64encode(os.urandom(600)).decode(), "/a" * 2500]
)
def test_what_no_file_can_be_called_is_refused_without_repeating_it(text):
    assert not can_be_path(text)
    with pytest.raises(UnsupportedFormatError, match="nor Base64 of an image") as caught:
        probe(text)
    (result,) = count_many([text])
    assert len(str(caught.value)) < 200
    assert len(result.source) < 80


def test_base64_that_breaks_off_is_refused_without_repeating_it():
    with pytest.raises(UnsupportedFormatError, match="<Base64>: not valid Base64"):
        probe(BASE64[:-3])


def test_a_long_path_of_letters_alone_may_be_one(tmp_path):
    folder = tmp_path.joinpath(*["a" * 100] * 3)
    folder.mkdir(parents=True)
    assert can_be_path(str(folder))


def test_a_declared_type_is_held_against_the_content():
    report = check_media([f"data:image/png;base64,{BASE64}", f"data:image/jpg;base64,{BASE64}"])
    told = [finding for finding in report.warnings if finding.rule == "mislabelled"]
    assert [finding.message.split(";")[0] for finding in told] == [
        "declared as image/png but the content is JPEG"
    ]
    assert str(told[0].remedy) == "declare it as 'image/jpeg'"
