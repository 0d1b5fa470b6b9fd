"""Scans: a row for each row, whatever happens; what is finished is never done again."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

import vlprep
from tests.places import FIXTURES, REPO
from tests.scan.jobs import Codec
from vlprep.batch import CheckMedia, CountTokens
from vlprep.errors import ConstraintError, MissingPackageError
from vlprep.scan import run as running
from vlprep.scan.journal import Journal
from vlprep.scan.output import journal_path
from vlprep.scan.rows import finished
from vlprep.scan.scan import scan
from vlprep.scan.sources import count_ahead

COUNT = CountTokens("qwen3-vl-plus")
PHOTO, CLIP = str(FIXTURES / "photo.jpg"), str(FIXTURES / "clip.mp4")


def rows_of(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


@pytest.fixture
def album(tmp_path):
    """2,000 files: images of three sizes, damaged ones, and what is no medium."""
    folder = tmp_path / "album"
    folder.mkdir()
    contents = []
    for size in ((64, 48), (300, 200), (1000, 800)):
        with io.BytesIO() as file:
            Image.new("RGB", size).save(file, "JPEG")
            contents.append(file.getvalue())
    contents.append(b"damaged")
    for number in range(2000):
        (folder / f"{number}.jpg").write_bytes(contents[number % 4])
    (folder / "notes.txt").write_text("no medium")
    return folder


def test_a_folder_of_thousands_is_a_row_each_in_order(album, tmp_path):
    out = tmp_path / "out.jsonl"
    found = scan([str(album)], COUNT, output=out, workers=2)
    rows = rows_of(out)
    assert [Path(row["source"]).name for row in rows] == [f"{n}.jpg" for n in range(2000)]
    want = [count.to_dict() for count in vlprep.count_many(str(album), "qwen3-vl-plus")]
    assert [row["tokens"] for row in rows] == [one.get("tokens") for one in want]
    assert [row["error_code"] for row in rows] == [
        one["error"]["code"] if "error" in one else None for one in want
    ]
    assert (found.rows, found.strays, found.errors) == (2000, 1, {"unsupported_format": 500})
    assert found.total_tokens == sum(row["tokens"] or 0 for row in rows)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["album", "out.jsonl"]


BAD = {"segfault": "crashed", "hang": "timeout", "eat": "memory"}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is held to a limit on Linux")
def test_a_codec_that_crashes_hangs_or_eats_memory_is_named_and_the_rest_is_done(tmp_path):
    names = [f"file {number}" for number in range(200)]
    for place, bad in zip((50, 100, 150), BAD, strict=True):
        names.insert(place, bad)
    out = tmp_path / "out.jsonl"
    found = scan(names, Codec(), output=out, workers=2, time_limit=3, memory=100_000_000)
    rows = rows_of(out)
    assert [row["source"] for row in rows] == names
    assert {row["source"]: row["error_code"] for row in rows if row["error_code"]} == BAD
    assert [row["tokens"] for row in rows if not row["error_code"]] == [
        len(name) for name in names if name not in BAD
    ]
    assert found.errors == dict.fromkeys(BAD.values(), 1)


RUN = """
import sys
from tests.scan.jobs import Codec
from vlprep.scan.scan import scan
from vlprep.scan.sources import count_ahead
if __name__ == "__main__":
    names = [f"slow {number}" for number in range(100)]
    found = scan(names, Codec(log=sys.argv[2]), output=sys.argv[1], workers=2,
                 resume="resume" in sys.argv)
    print(found.rows, found.resumed)
"""


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def lines_in(path):
    return path.read_text().splitlines() if path.exists() else []


def test_a_killed_run_goes_on_where_it_was(tmp_path):
    out, log, script = (tmp_path / name for name in ("out.jsonl", "log", "run.py"))
    script.write_text(RUN)
    journal = tmp_path / "out.jsonl.journal"
    command = [sys.executable, str(script), str(out), str(log)]
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    process = subprocess.Popen(command, env=env, start_new_session=True)
    wait_for(lambda: len(lines_in(journal)) > 20)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = [line.partition("\t")[2] for line in lines_in(journal) if line.endswith("}")]
    done = [json.loads(line)["source"] for line in kept]
    assert not out.exists()
    with journal.open("ab") as file:  # torn
        file.write(b'0123456789abcdef\t{"sou')
    log.unlink()
    ran = subprocess.run([*command, "resume"], env=env, capture_output=True, text=True)
    assert ran.stdout == f"100 {len(done)}\n", ran.stderr
    assert not set(done) & set(lines_in(log))  # nothing twice
    assert [row["source"] for row in rows_of(out)] == [f"slow {n}" for n in range(100)]
    assert all(row["tokens"] == len(row["source"]) for row in rows_of(out))
    assert not journal.exists()


@pytest.mark.skipif(os.name == "nt", reason="there are no such locks")
@pytest.mark.parametrize("asked", [{}, {"resume": True}, {"overwrite": True}])
def test_an_output_that_another_run_writes_is_left_to_it(tmp_path, asked):
    out = tmp_path / "out.jsonl"
    with Journal(journal_path(out), resume=False, overwrite=False) as journal:
        list(journal.add(finished(["0" * 32], [{"source": "a"}])))
        journal.flush()
        with pytest.raises(FileExistsError, match="another run is writing it; wait"):
            scan([PHOTO], COUNT, output=out, workers=1, **asked)
        assert list(journal.rows([0])) == [b'{"source": "a"}']
    assert scan([PHOTO], COUNT, output=out, workers=1, overwrite=True).rows == 1  # none holds it


def stopped_after(rows):
    stopping = Event()
    return {
        "stopping": stopping,
        "progress": lambda done: stopping.set() if done >= rows else None,
    }


def test_a_run_that_is_stopped_keeps_what_is_finished(tmp_path):
    out, log = tmp_path / "out.jsonl", tmp_path / "log"
    names, job = [f"slow {number}" for number in range(60)], Codec(log=str(log))
    found = scan(names, job, output=out, workers=2, **stopped_after(1))
    assert not found.finished
    assert not out.exists()
    assert 0 < found.rows == len(lines_in(log)) < 60
    with pytest.raises(FileExistsError, match="resume"):
        scan(names, job, output=out)
    again = scan(names, job, output=out, workers=2, resume=True)
    assert (again.rows, again.resumed, again.finished) == (60, found.rows, True)
    assert sorted(lines_in(log)) == sorted(names)  # each once


@pytest.fixture
def told_at_once(monkeypatch):
    monkeypatch.setattr(running, "_TELL_SECONDS", -1)


def test_what_has_changed_is_done_again(tmp_path, told_at_once):
    paths = [tmp_path / f"{number}.jpg" for number in range(3)]
    for path in paths:
        path.write_bytes((FIXTURES / "photo.jpg").read_bytes())
    out, names = tmp_path / "out.jsonl", [str(path) for path in paths]
    first = scan(names, COUNT, output=out, workers=1, **stopped_after(3))
    assert (first.rows, first.finished) == (3, False)
    paths[1].write_bytes((FIXTURES / "alpha.png").read_bytes())
    again = scan(names, COUNT, output=out, workers=1, resume=True)
    assert (again.rows, again.resumed) == (3, 2)


def test_other_settings_are_another_row(tmp_path, told_at_once):
    out = tmp_path / "out.jsonl"
    scan([PHOTO], COUNT, output=out, workers=1, **stopped_after(1))
    found = scan([PHOTO], CountTokens("qvq-max"), output=out, workers=1, resume=True)
    assert (found.resumed, found.total_tokens) == (0, 393)


def test_nothing_is_overwritten_unasked(tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("mine")
    with pytest.raises(FileExistsError, match="overwrite"):
        scan([PHOTO], COUNT, output=out, workers=1)
    assert out.read_text() == "mine"
    scan([PHOTO], COUNT, output=out, workers=1, overwrite=True)
    assert rows_of(out)[0]["tokens"] == 302


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"output": "out.txt"}, "name of a table ends in"),
        ({"resume": True}, "output"),
        ({"time_limit": 0}, "time_limit"),
        ({"samples": True}, "no file of samples"),
        ({"workers": -1}, "workers"),
    ],
)
def test_what_cannot_be_is_refused(asked, match, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConstraintError, match=match):
        scan([PHOTO], COUNT, **asked)
    assert list(tmp_path.glob("*.txt")) == []


# Sources and tables.


def test_a_relative_path_is_relative_to_where_the_run_is(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes((FIXTURES / "photo.jpg").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert scan(["a.jpg"], COUNT, workers=1).total_tokens == 302


def test_a_tar_is_read_as_a_stream(tmp_path):
    shard, out = tmp_path / "shard.tar", tmp_path / "out.jsonl"
    with tarfile.open(shard, "w") as tar:
        for name in ("photo.jpg", "clip.mp4", "alpha.png"):
            tar.add(FIXTURES / name, f"0/{name}")
        info = tarfile.TarInfo("0.json")
        tar.addfile(info, io.BytesIO(b""))
    cut = tmp_path / "cut.tar"
    cut.write_bytes(shard.read_bytes()[: (FIXTURES / "photo.jpg").stat().st_size + 2000])
    found = scan([str(shard), str(cut), str(tmp_path / "no.tar")], COUNT, output=out, workers=1)
    rows = rows_of(out)
    names = [row["source"].removeprefix(f"{tmp_path}/") for row in rows]
    assert names == [
        "shard.tar:0/photo.jpg",
        "shard.tar:0/clip.mp4",
        "shard.tar:0/alpha.png",
        "cut.tar:0/photo.jpg",
        "cut.tar",
        "no.tar",
    ]
    assert [row["error_code"] for row in rows] == [None] * 4 + ["damaged", "not_found"]
    assert rows[1]["tokens"] == vlprep.count_tokens(CLIP, "qwen3-vl-plus").tokens.total
    assert found.errors == {"damaged": 1, "not_found": 1}


def test_patterns_are_the_files_that_they_name():
    found = scan([str(FIXTURES / "exif_*.jpg"), "no-*.jpg"], COUNT, workers=1)
    assert found.rows == len(list(FIXTURES.glob("exif_*.jpg"))) + 1
    assert found.errors == {"not_found": 1}


@pytest.mark.parametrize("recursive", [False, True])
def test_how_many_rows_there_will_be_is_told_by_names(tmp_path, recursive):
    (tmp_path / "below").mkdir()
    (tmp_path / "empty").mkdir()
    for name in ("a.jpg", "b.mp4", "notes.txt", "below/c.png"):
        (tmp_path / name).write_bytes(b"no medium")
    names = [str(tmp_path), str(tmp_path / "empty"), str(tmp_path / "*.jpg"), "no.jpg", PHOTO]
    found = scan(names, COUNT, workers=1, recursive=recursive)
    assert count_ahead(names, recursive=recursive) == found.rows == 6 + recursive
    assert count_ahead([*names, "train.jsonl"]) is None


def test_samples_are_rows_of_their_files(tmp_path):
    good = {"query": "<image>?", "images": [PHOTO]}
    data = tmp_path / "data.jsonl"
    data.write_text(f"{json.dumps(good)}\nnot JSON\n\n{json.dumps({'query': 'no media'})}\n")
    (tmp_path / "one.json").write_text(json.dumps([good, good]))
    (tmp_path / "bad.json").write_text("{")
    out, job = tmp_path / "out.jsonl", CountTokens(column="messages", max_input=300)
    names = [str(tmp_path / name) for name in ("data.jsonl", "one.json", "bad.json")]
    found = scan(names, job, samples=True, output=out, workers=1, max_input=300)
    rows = rows_of(out)
    assert [row["source"].rpartition("/")[2] for row in rows] == [
        *("data.jsonl:1", "data.jsonl:2", "data.jsonl:4", "one.json:1", "one.json:2", "bad.json")
    ]
    assert [row["tokens"] for row in rows] == [302, None, 0, 302, 302, None]
    assert rows[0]["fits"] is False
    assert found.errors == {"constraint": 2}
    assert found.kept.over == {"sample": 3}


def test_checks_are_rows_with_the_rules_that_are_broken(tmp_path):
    out, job = tmp_path / "out.csv", CheckMedia("qwen3-vl-plus")
    found = scan([PHOTO, str(FIXTURES / "tiny.png"), "no.jpg"], job, output=out, workers=1)
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["passes"] for row in rows] == ["True", "False", "False"]
    assert rows[1]["rules"] == "image-side"
    assert found.errors == {"not_found": 1}
    assert found.findings["image-side"] == 1


def test_a_name_that_is_no_unicode_goes_through(tmp_path):
    name = os.fsdecode(bytes(tmp_path) + b"/\xff.jpg")
    Path(name).write_bytes((FIXTURES / "photo.jpg").read_bytes())
    for ending in (".csv", ".jsonl"):
        found = scan([name], COUNT, output=tmp_path / f"out{ending}", workers=1)
        assert found.total_tokens == 302
    assert b"/\xff.jpg,image" in (tmp_path / "out.csv").read_bytes()
    assert json.loads((tmp_path / "out.jsonl").read_bytes())["source"] == name


def test_parquet_in_and_out(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    content = (FIXTURES / "photo.jpg").read_bytes()
    cells = [{"bytes": content, "path": None}, {"bytes": None, "path": CLIP}, None]
    data, out = tmp_path / "data.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table({"label": [1, 2, 3], "image": cells}), data)
    scan([str(data), "no.jpg"], COUNT, output=out, workers=2)
    table = pq.read_table(out)
    assert table.column_names == ["source", *COUNT.types]
    assert table["tokens"].to_pylist()[0] == 302
    assert table["error_code"].to_pylist() == [None, None, "constraint", "not_found"]
    with pytest.raises(ConstraintError, match="no column picture in label, image"):
        scan([str(data)], COUNT, column="picture", workers=1)
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(data.read_bytes()[:-100])
    assert scan([str(damaged)], COUNT, workers=1).errors == {"damaged": 1}


def test_parquet_without_pyarrow_says_what_brings_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for asked in ({"names": ["a.parquet"]}, {"names": [PHOTO], "output": tmp_path / "o.parquet"}):
        with pytest.raises(MissingPackageError, match=r"vlprep\[arrow\]"):
            scan(job=COUNT, workers=1, **asked)
    assert list(tmp_path.iterdir()) == []


def test_samples_of_parquet_have_their_media_beside_them(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    asked = [{"role": "user", "content": "<image>What is this?"}]
    rows = pa.table({"id": [1], "messages": [asked], "images": [[{"bytes": None, "path": PHOTO}]]})
    pq.write_table(rows, tmp_path / "data.parquet")
    job = CountTokens("qwen3-vl-plus", column="messages")
    found = scan([str(tmp_path / "data.parquet")], job, samples=True, workers=1)
    assert (found.total_tokens, found.errors) == (302, {})


def test_a_column_of_talk_is_named_where_there_is_none_of_media(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"prompt": ["What?"], "images": [[PHOTO]]}), tmp_path / "data.parquet")
    with pytest.raises(ConstraintError, match="'prompt' for samples"):
        scan([str(tmp_path / "data.parquet")], COUNT, workers=1)
