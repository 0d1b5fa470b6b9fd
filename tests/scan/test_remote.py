"""Rows of what addresses name: media, and files that hold rows, from a server on this machine."""

import io
import json
import tarfile
from threading import Event

import pytest

import vlprep
from tests.fileserver import file_server
from tests.places import FIXTURES
from vlprep import Fetching, RemoteFile
from vlprep.batch import CheckMedia, CountTokens
from vlprep.scan import run as running
from vlprep.scan.scan import scan
from vlprep.scan.words import sentences

pytest.importorskip("aiohttp")
pytest.importorskip("fsspec")

COUNT = CountTokens("qwen3-vl-plus")
PHOTO, CLIP = FIXTURES / "photo.jpg", FIXTURES / "clip.mp4"


@pytest.fixture
def server():
    with file_server() as state:
        yield state


@pytest.fixture
def told_at_once(monkeypatch):
    monkeypatch.setattr(running, "_TELL_SECONDS", -1)


def remote(server, path, **terms):
    return RemoteFile(f"{server.url}/{path}", Fetching(allow_private=True, **terms))


def rows_of(names, tmp_path, job=COUNT, **asked):
    out = tmp_path / "out.jsonl"
    found = scan(names, job, output=out, workers=1, overwrite=True, **asked)
    return found, [json.loads(line) for line in out.read_text().splitlines()]


def tar_of(*paths):
    with io.BytesIO() as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            for path in paths:
                tar.add(path, f"0/{path.name}")
        return file.getvalue()


# Files that hold rows.


def test_samples_at_an_address_are_rows(server, tmp_path):
    good = {"query": "<image>?", "images": [str(PHOTO)]}
    server.files["data.jsonl"] = f"{json.dumps(good)}\nnot JSON\n".encode()
    server.files["one.json"] = json.dumps([good, good]).encode()
    job = CountTokens("qwen3-vl-plus", column="messages")
    names = [remote(server, f"files/{name}?key=s3cret") for name in ("data.jsonl", "one.json")]
    found, rows = rows_of(names, tmp_path, job, samples=True)
    assert [row["tokens"] for row in rows] == [302, None, 302, 302]
    assert [row["source"].rpartition("/")[2] for row in rows] == [
        "data.jsonl?…:1", "data.jsonl?…:2", "one.json?…:1", "one.json?…:2"
    ]  # fmt: skip
    assert found.errors == {"constraint": 1}


@pytest.mark.parametrize("way", ["files", "whole", "chunked"])
def test_a_tar_at_an_address_is_read_as_a_stream(server, tmp_path, way):
    server.files["shard.tar"] = tar_of(PHOTO, CLIP)
    _, rows = rows_of([remote(server, f"{way}/shard.tar")], tmp_path)
    assert [row["source"].rpartition(":")[2] for row in rows] == ["0/photo.jpg", "0/clip.mp4"]
    want = [vlprep.count_tokens(path, "qwen3-vl-plus").tokens.total for path in (PHOTO, CLIP)]
    assert [row["tokens"] for row in rows] == want


def test_of_parquet_at_an_address_the_column_is_fetched(server, tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    cells = [{"bytes": PHOTO.read_bytes(), "path": None}] * 2
    ballast = [bytes(range(256)) * 4000 + bytes([number]) for number in range(2)]
    table = pa.table({"image": cells, "ballast": ballast})
    pq.write_table(table, tmp_path / "a.parquet", compression="none", use_dictionary=False)
    server.files["a.parquet"] = content = (tmp_path / "a.parquet").read_bytes()
    server.files["b.parquet"] = content[:-100]
    names = [remote(server, f"files/{name}.parquet") for name in "ab"]
    _, rows = rows_of(names[:1], tmp_path)
    assert [row["tokens"] for row in rows] == [302, 302]
    assert server.sent < len(content) / 2
    assert rows_of(names[1:], tmp_path)[1][0]["error_code"] == "damaged"


def test_no_more_is_fetched_than_is_allowed(server, tmp_path):
    server.files["shard.tar"] = tar_of(*[CLIP] * 4)
    names = [remote(server, "files/shard.tar", fetch_limit=len(server.files["shard.tar"]) // 2)]
    _, rows = rows_of([*names, str(PHOTO)], tmp_path)
    assert [row["error_code"] for row in rows][-2:] == ["fetch", None]  # and the rest goes on
    assert "fetch_limit" in rows[-2]["error"]
    assert server.sent <= len(server.files["shard.tar"]) // 2
    hosts = [f"{server.url}/files/data.tar", f"{server.url}/files/a.parquet"]
    pytest.importorskip("pyarrow")
    _, rows = rows_of(hosts, tmp_path)
    assert [row["error_code"] for row in rows] == ["address_refused"] * 2
    job = CountTokens(column="messages")
    _, rows = rows_of([f"{server.url}/files/data.jsonl"], tmp_path, job, samples=True)
    assert [row["error_code"] for row in rows] == ["address_refused"]


# Going on.


def stopped_and_resumed(server, way, tmp_path, between=lambda: None, job=COUNT):
    """Scan two files, which is stopped once both are done, and go on with it."""
    server.files["a.jpg"] = server.files["b.jpg"] = PHOTO.read_bytes()
    names = [remote(server, f"{way}/{name}") for name in ("a.jpg", "b.jpg")]
    stopping, out = Event(), tmp_path / "out.jsonl"
    first = scan(
        names, job, output=out, workers=1, stopping=stopping,
        progress=lambda done: stopping.set() if done == 2 else None,
    )  # fmt: skip
    assert (first.rows, first.finished) == (2, False)
    between()
    return scan(names, job, output=out, workers=1, resume=True)


@pytest.mark.parametrize("job", [COUNT, CheckMedia("qwen3-vl-plus")])
@pytest.mark.parametrize(("way", "vague"), [("versioned", 0), ("dated", 0), ("bare", 2)])
def test_files_that_have_not_changed_are_not_done_again(
    server, tmp_path, told_at_once, way, vague, job
):
    again = stopped_and_resumed(server, way, tmp_path, job=job)
    assert (again.rows, again.resumed, again.known_by_length) == (2, 2, vague)
    said = "2 rows of them known by address and length alone, as servers say no more"
    assert (said in list(sentences(again))) == bool(vague)


@pytest.mark.parametrize(
    ("way", "content"),
    [
        ("versioned", PHOTO.read_bytes()[:-1] + b"\0"),  # as long as before
        ("bare", PHOTO.read_bytes() + b"\0"),
    ],
)
def test_a_file_that_has_changed_is_done_again(server, tmp_path, told_at_once, way, content):
    def change():
        server.files["b.jpg"] = content

    again = stopped_and_resumed(server, way, tmp_path, change)
    assert (again.rows, again.resumed) == (2, 1)


def test_a_file_that_could_not_be_fetched_is_asked_for_again(server, tmp_path, told_at_once):
    stopping, names = Event(), [remote(server, "status/500")]
    how = {"output": tmp_path / "out.jsonl", "workers": 1}
    first = scan(names, COUNT, **how, stopping=stopping, progress=lambda _: stopping.set())
    assert first.errors == {"fetch": 1}
    again = scan(names, COUNT, **how, resume=True)
    assert (again.resumed, again.errors) == (0, {"fetch": 1})


def test_remote_rows_of_a_chunk_are_fetched_side_by_side(server):
    rows = COUNT({"path": [remote(server, "lagging/photo.jpg") for _ in range(8)]})
    assert rows["tokens"] == [302] * 8
    assert server.most_at_once > 1
