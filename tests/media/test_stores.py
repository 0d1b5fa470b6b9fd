"""Files in object stores: by a file system in memory, and by s3fs against a server where both are.

The second part runs where `s3fs` and `moto[server]` are installed; continuous integration has the
first alone.
"""

from __future__ import annotations

import sys
import types

import pytest

import vlprep
from tests.places import FIXTURES
from vlprep import Fetching, RemoteFile
from vlprep.errors import FetchError, MissingPackageError
from vlprep.media.remote import stamps_noted
from vlprep.media.source import Item

fsspec = pytest.importorskip("fsspec")

from fsspec.implementations.memory import MemoryFileSystem  # noqa: E402

PHOTO = (FIXTURES / "photo.jpg").read_bytes()
SCHEMES = {"s3": "s3fs", "gs": "gcsfs", "oss": "ossfs"}


class Store(MemoryFileSystem):
    """A store in memory that counts what is asked of it."""

    protocol = tuple(SCHEMES)
    store = {"/bucket/photo.jpg": None}  # noqa: RUF012  # of all instances, as the base has it
    asked: list = []  # noqa: RUF012
    problem = None

    @classmethod
    def _strip_protocol(cls, path):
        return "/" + path.partition("://")[2] if "://" in path else path

    def cat_file(self, path, start=None, end=None, **extra):
        self.asked.append((start, end))
        return super().cat_file(path, start, end)[: self.cut]

    cut = None

    def info(self, path, **extra):
        if self.problem is not None:
            raise self.problem
        return super().info(path)


@pytest.fixture
def store(monkeypatch):
    known = sys.modules["fsspec.registry"]._registry
    before = dict(known)
    for scheme, package in SCHEMES.items():
        monkeypatch.setitem(sys.modules, package, types.ModuleType(package))
        fsspec.register_implementation(scheme, Store, clobber=True)
    Store.clear_instance_cache()
    monkeypatch.setattr(Store, "asked", [])
    monkeypatch.setattr(Store, "store", {})
    monkeypatch.setattr(Store, "pseudo_dirs", [""])
    put("photo.jpg", PHOTO)
    yield Store
    known.clear()
    known.update(before)


def put(name, content):
    Store().pipe_file(f"/bucket/{name}", content)


@pytest.mark.parametrize("scheme", ["s3", "gs", "oss", "S3"])
def test_an_object_is_opened_like_any_file(store, scheme):
    count = vlprep.count_tokens(f"{scheme}://bucket/photo.jpg")
    assert (count.source, count.tokens.total) == (f"{scheme}://bucket/photo.jpg", 302)
    assert count.info == vlprep.probe(FIXTURES / "photo.jpg")


@pytest.mark.parametrize("name", ["ETag", "generation", "LastModified"])
def test_what_a_store_says_of_its_state_is_the_stamp(store, name, monkeypatch):
    plain = Store.info
    monkeypatch.setattr(Store, "info", lambda *a, **b: {"size": plain(*a, **b)["size"], name: 7})
    with stamps_noted() as stamps, stamps_noted() as again:
        vlprep.probe("s3://bucket/photo.jpg")
    assert stamps == {"s3://bucket/photo.jpg": (len(PHOTO), "7")}
    assert again == stamps


def test_little_is_read_of_a_large_object(store):
    put("large.jpg", PHOTO[:-2] + bytes(3_000_000) + b"\xff\xd9")
    assert vlprep.probe("s3://bucket/large.jpg").size == (480, 640)
    assert sum(end - start for start, end in store.asked) < 70_000


def test_all_of_it_is_what_it_is(store):
    with Item("s3://bucket/photo.jpg") as item:
        assert item.bytes() == PHOTO


def said(address="s3://bucket/photo.jpg", terms=None):
    with pytest.raises(FetchError) as caught:
        vlprep.probe(RemoteFile(address, terms or Fetching()))
    return caught.value.problem


def test_what_stores_say_is_named_without_their_words(store, monkeypatch):
    assert said("s3://bucket/none.jpg") == "the store has no such object (FileNotFoundError)"
    for problem, told in [
        (PermissionError("signed: geheim"), "the store refuses it; look at the settings by which"),
        (TimeoutError("geheim"), "the store is too slow; `fetch_seconds` allows more"),
        (RuntimeError("geheim"), "the store cannot be asked; look at its settings"),
    ]:
        monkeypatch.setattr(store, "problem", problem)
        assert said().startswith(told)
        assert "geheim" not in said()


@pytest.mark.parametrize("path", ["a::file:///etc/passwd", "bucket/photo.jpg::file://x", "::"])
def test_an_address_is_not_taken_for_a_chain(store, path):
    assert said(f"s3://{path}") == "the store has no such object (FileNotFoundError)"


def test_a_store_that_sends_less_is_named(store, monkeypatch):
    monkeypatch.setattr(store, "cut", 100)
    assert said() == "the store sent 100 bytes of 29,881"


def test_a_folder_is_called_one(store):
    with pytest.raises(IsADirectoryError, match="is a folder"):
        vlprep.probe("s3://bucket")


def test_the_limit_holds(store):
    one = RemoteFile("s3://bucket/photo.jpg", Fetching(fetch_limit=10_000))
    with Item(one) as item, pytest.raises(FetchError, match="more than 10 kB would have to be"):
        item.bytes()


# What is not installed.


@pytest.mark.parametrize(
    ("address", "package", "extra"),
    [
        ("s3://bucket/a.jpg", "s3fs", "s3"),
        ("gs://bucket/a.jpg", "gcsfs", "gs"),
        ("oss://bucket/a.jpg", "ossfs", "oss"),
        ("https://example.com/a.jpg", "aiohttp", "remote"),
        ("https://example.com/a.jpg", "fsspec", "remote"),
        ("s3://bucket/a.jpg", "fsspec", "s3"),
    ],
)
def test_a_package_that_is_missing_is_named_with_the_line_that_brings_it(
    monkeypatch, address, package, extra
):
    for name in [*sys.modules]:
        if name in ("vlprep.media.web", "vlprep.media.stores") or name.split(".")[0] == package:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError) as caught:
        vlprep.probe(address)
    assert (caught.value.package, caught.value.extra) == (package, extra)
    assert f"{package} is not installed; pip install 'vlprep[{extra}]'" in str(caught.value)


# s3fs itself.


@pytest.fixture(scope="module")
def bucket():
    s3fs = pytest.importorskip("s3fs")
    servers = pytest.importorskip("moto.server")
    server = servers.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        s3fs.S3FileSystem.clear_instance_cache()
        files = fsspec.filesystem("s3")
        files.mkdir("album")
        for name in ("photo.jpg", "street.mp4", "photo.heic"):
            files.pipe_file(f"album/{name}", (FIXTURES / name).read_bytes())
        yield files
        s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.mark.parametrize("name", ["photo.jpg", "street.mp4", "photo.heic"])
def test_s3fs_reads_what_is_in_a_bucket(bucket, name):
    count = vlprep.count_tokens(f"s3://album/{name}")
    assert count.info == vlprep.probe(FIXTURES / name)


def test_what_s3fs_says_is_named(bucket):
    assert said("s3://album/none.jpg") == "the store has no such object (FileNotFoundError)"
    assert "no such object" in said("s3://no-such-bucket/a.jpg")


def test_many_objects_are_read_at_once(bucket):
    results = list(vlprep.count_many(["s3://album/photo.jpg", "s3://album/none.jpg"] * 20))
    assert [getattr(one, "code", None) for one in results] == [None, "fetch"] * 20
