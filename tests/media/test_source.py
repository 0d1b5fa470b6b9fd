import base64
import io
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.places import FIXTURES
from vlprep.errors import EmptyFileError, UnsupportedFormatError
from vlprep.media.source import open_source, source_name

CONTENT = b"GIF89a and more"


def read(source):
    with open_source(source) as opened:
        return opened.name, opened.file.read(), opened.file_bytes, opened.path is not None


def test_a_path(tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(CONTENT)
    assert read(path) == read(str(path)) == (str(path), CONTENT, len(CONTENT), True)


def test_bytes():
    assert read(CONTENT) == ("<bytes>", CONTENT, len(CONTENT), False)


def test_a_file_object_is_read_from_its_start_and_left_open_at_it(tmp_path):
    file = io.BytesIO(CONTENT)
    file.seek(3)
    assert read(file) == ("<file object>", CONTENT, len(CONTENT), False)
    assert (file.tell(), file.closed) == (0, False)


def test_a_file_object_is_called_by_its_name(tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(CONTENT)
    with path.open("rb") as file:
        assert read(file)[0] == str(path) == source_name(file)


def test_a_file_object_is_rewound_after_a_failure_too():
    file = io.BytesIO(CONTENT)
    with pytest.raises(RuntimeError), open_source(file) as opened:
        opened.file.read(5)
        raise RuntimeError
    assert file.tell() == 0


def test_what_was_opened_is_closed():
    with open_source(FIXTURES / "photo.jpg") as opened:
        file = opened.file
    assert file.closed


def test_a_data_url():
    url = "data:image/gif;base64," + base64.b64encode(CONTENT).decode()
    assert read(url) == ("<data URL>", CONTENT, len(CONTENT), False)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("photos/a.jpg", "photos/a.jpg"),
        (FIXTURES / "a.jpg", str(FIXTURES / "a.jpg")),
        (b"abc", "<bytes>"),
        (io.BytesIO(), "<file object>"),
        ("data:image/png;base64,AAAA", "<data URL>"),
        ("data:x.mp4", "data:x.mp4"),
    ],
)
def test_names(source, name):
    assert source_name(source) == name


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("http://example.org/a.mp4", "URLs are not fetched; download the file first"),
        ("https://example.org/a.mp4", "URLs are not fetched; download the file first"),
        ("a\0b.mp4", "the name contains a NUL character"),
        ("data:image/png,abc", "not of the form data:TYPE;base64,DATA"),
        ("data:image/png;base64,@@@@", "not valid Base64"),
        ("data:image/png;base64,ABC", "not valid Base64"),
        ("/dev/null", "not a regular file"),
        ("/dev/zero", "not a regular file"),
    ],
)
def test_what_is_not_opened(source, problem):
    with pytest.raises(UnsupportedFormatError, match=problem) as caught:
        read(source)
    assert "\0" not in str(caught.value)


@pytest.mark.parametrize("source", [b"", io.BytesIO(), "data:image/png;base64,"])
def test_nothing_is_an_empty_file(source):
    with pytest.raises(EmptyFileError, match="empty file"):
        read(source)


def test_an_empty_file_and_one_that_only_seems_empty(tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(EmptyFileError):
        read(tmp_path / "empty.jpg")


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(UnsupportedFormatError, match="not a regular file"):
        read(tmp_path / "pipe.mp4")


def test_a_folder_stays_what_the_system_calls_it(tmp_path):
    with pytest.raises(IsADirectoryError) as caught:
        read(tmp_path)
    assert caught.value.filename == str(tmp_path)


def test_a_missing_file_stays_what_the_system_calls_it(tmp_path):
    for source in (tmp_path / "none.jpg", "", tmp_path / ("n" * 300)):
        with pytest.raises(OSError) as caught:
            read(source)
        assert caught.value.filename == str(source)


def test_links(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "dangling").symlink_to(tmp_path / "none")
    (tmp_path / "good").symlink_to(FIXTURES / "photo.jpg")
    with pytest.raises(OSError, match="symbolic links"):
        read(tmp_path / "loop")
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "dangling")
    assert read(tmp_path / "good")[0] == str(tmp_path / "good")


@contextmanager
def without_privileges():
    """Act as nobody for a while where the tests run as root, who may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_unreadable_file_stays_what_the_system_calls_it():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # it is the file that is locked, not the way to it
        locked, open_to_all = Path(folder, "locked.gif"), Path(folder, "open.gif")
        for path, mode in ((locked, 0), (open_to_all, 0o644)):
            path.write_bytes(CONTENT)
            path.chmod(mode)
        with without_privileges():
            assert read(open_to_all)[1] == CONTENT
            with pytest.raises(PermissionError):
                read(locked)


@pytest.mark.parametrize("source", [None, 3, ["a.jpg"], bytearray(b"GIF89a")])
def test_what_is_no_source_is_a_wrong_argument(source):
    with pytest.raises(TypeError):
        read(source)
