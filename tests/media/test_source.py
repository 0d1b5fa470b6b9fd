import base64
import gc
import io
import os
import socket
import tempfile
import threading
import warnings
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.leftovers import no_descriptor_left
from tests.places import FIXTURES
from vlprep import count_many, probe
from vlprep.errors import EmptyFileError, UnsupportedFormatError
from vlprep.media import readers
from vlprep.media.source import Item, open_item, source_name

CONTENT = b"GIF89a and more"


def read(source):
    with open_item(source) as item:
        return item.name, item.file.read(), item.file_bytes, item.path is not None


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
    with pytest.raises(RuntimeError), open_item(file) as item:
        item.file.read(5)
        raise RuntimeError
    assert file.tell() == 0


def test_what_was_opened_is_closed():
    with open_item(FIXTURES / "photo.jpg") as item:
        file = item.file
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
        ("ftp://example.org/a.mp4", "ftp: is not fetched; http, https, s3, gs and oss are"),
        ("a\0b.mp4", "the name contains a NUL character"),
        ("data:image/png,abc", "not of the form data:TYPE;base64,DATA"),
        ("data:image/png;base64,@@@@", "not valid Base64"),
        ("data:image/png;base64,ABCDE", "not valid Base64"),
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


@pytest.mark.parametrize("source", [None, 3, ["a.jpg"], object()])
def test_what_is_no_source_is_a_wrong_argument(source):
    with pytest.raises(TypeError):
        read(source)


# One opening, many readers.


@pytest.fixture(params=["path", "bytes", "file object", "data URL", "path without pread"])
def item(request, tmp_path, monkeypatch):
    path = tmp_path / "a.gif"
    path.write_bytes(CONTENT)
    if request.param == "path without pread":
        monkeypatch.setattr(readers, "_pread", readers._seek_and_read)
    sources = {
        "bytes": CONTENT,
        "file object": io.BytesIO(CONTENT),
        "data URL": "data:image/gif;base64," + base64.b64encode(CONTENT).decode(),
    }
    with Item(sources.get(request.param, path)) as opened:
        yield opened


def test_readers_keep_their_own_places(item):
    one, other = item.reader(), item.reader()
    assert (one.read(6), item.file.read(3), other.read(2)) == (b"GIF89a", b"GIF", b"GI")
    assert (one.read(), item.file.read(3), other.read()) == (b" and more", b"89a", CONTENT[2:])
    assert one.seek(-4, io.SEEK_END) == len(CONTENT) - 4
    assert (one.tell(), one.read(), one.read()) == (len(CONTENT) - 4, b"more", b"")
    assert (one.seek(100), one.read(1), one.seek(0), one.seek(2, io.SEEK_CUR)) == (100, b"", 0, 2)
    with pytest.raises(ValueError, match=r"negative|before the start"):
        one.seek(-1)
    assert all(reader.readable() and reader.seekable() for reader in (one, item.file))


def test_readers_of_many_threads_do_not_disturb_each_other(item):
    wrong = []

    def read_often():
        with item.reader() as reader:
            for turn in range(300):
                start = turn % len(CONTENT)
                reader.seek(start)
                if reader.read() != CONTENT[start:]:
                    wrong.append(turn)

    threads = [threading.Thread(target=read_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_content_is_read_once_and_then_what_everyone_sees(item):
    before = item.reader()
    content = item.bytes()
    assert content == CONTENT
    assert item.bytes() is content
    assert (item.file.read(), item.reader().read(), before.read()) == (CONTENT,) * 3


def test_a_reader_outlives_its_item_but_none_is_made_after_it(item):
    reader = item.reader()
    item.close()
    item.close()
    assert reader.read() == CONTENT
    with pytest.raises(ValueError, match="is closed"):
        item.reader()
    with pytest.raises(ValueError, match="closed"):
        item.found  # noqa: B018


def test_what_it_is_is_found_whatever_was_read_before(item):
    item.file.read(3)
    assert item.found is item.found
    assert (item.found.name, item.file.read(3)) == ("GIF", b"89a")


def test_content_of_many_reads(tmp_path):
    content = os.urandom((3 << 20) + 17)
    (tmp_path / "large").write_bytes(content)
    with Item(tmp_path / "large") as item:
        assert item.reader().read() == item.bytes() == content


def test_the_facts_are_those_of_probe_and_read_once():
    with open_item(FIXTURES / "mp4_named.jpg") as item:
        assert item.info == probe(FIXTURES / "mp4_named.jpg")
        assert item.info is item.info
        assert item.info.warnings == ("named .jpg but the content is MP4",)


def test_an_open_item_passes_through_and_stays_open():
    with open_item(FIXTURES / "photo.jpg") as item:
        item.file.read(10)
        with open_item(item) as same:
            assert (same is item, item.file.tell()) == (True, 0)
        assert source_name(item) == str(FIXTURES / "photo.jpg")
        assert probe(item) is item.info
        assert not item.file.closed


def test_what_is_open_is_read_whatever_becomes_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.gif").write_bytes(CONTENT)
    with open_item("a.gif") as item:
        monkeypatch.chdir("/")
        (tmp_path / "b.gif").write_bytes(b"GIF87a, another")
        (tmp_path / "b.gif").replace(tmp_path / "a.gif")
        assert item.reader().read() == item.bytes() == CONTENT


def test_a_file_that_grows_is_as_long_as_it_was(tmp_path):
    (tmp_path / "a.gif").write_bytes(CONTENT)
    with Item(tmp_path / "a.gif") as item:
        with (tmp_path / "a.gif").open("ab") as file:
            file.write(b"more")
        assert item.reader().read() == item.bytes() == CONTENT


def test_a_forgotten_item_is_closed_without_a_word():
    with no_descriptor_left(), warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            item = Item(FIXTURES / "photo.jpg")
            item.reader().read(3)
            del item
        gc.collect()


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_takes_the_place_of_a_file_after_the_first_look_is_not_waited_for(
    kind, tmp_path, monkeypatch
):
    path, stat = tmp_path / "a.gif", os.stat
    path.write_bytes(CONTENT)

    def look_and_swap(name, **options):
        looked = stat(name, **options)
        if str(name) == str(path):
            monkeypatch.undo()
            path.unlink()
            os.mkfifo(path) if kind == "pipe" else path.mkdir()
        return looked

    monkeypatch.setattr(readers.os, "stat", look_and_swap)
    with pytest.raises((UnsupportedFormatError, IsADirectoryError)) as caught:
        Item(path)
    assert str(path) in str(caught.value)


def test_a_socket_is_refused(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s.mp4"))
        with pytest.raises(UnsupportedFormatError, match="not a regular file"):
            Item(tmp_path / "s.mp4")


def test_a_name_that_no_file_can_have_is_one_failure_among_the_results():
    good = str(FIXTURES / "photo.jpg")
    first, second = count_many(["bad\ud800.jpg", good])
    assert str(first.error) == "bad\\ud800.jpg: no file can have such a name"
    assert second.tokens.total > 0


def test_a_data_url_with_letters_that_base64_has_not():
    with pytest.raises(UnsupportedFormatError, match="not valid Base64"):
        Item("data:image/png;base64,ä")
