"""Jobs that write: a tree like the source's, a row for each file, and nothing over anything."""

import hashlib
import io
import json
import os
import shutil
import tarfile
from pathlib import Path
from threading import Event

import pytest

import vlprep
from tests.places import FIXTURES
from vlprep.errors import ConstraintError
from vlprep.scan import run as running
from vlprep.scan.scan import scan
from vlprep.scan.writing import CompressInto, FramesInto, place_of

MODEL = "qwen3-vl-plus"
FILES = {"a.jpg": "photo.jpg", "deep/b.bmp": "photo.bmp", "deep/er/c.mp4": "street.mp4"}


@pytest.fixture
def album(tmp_path):
    folder = tmp_path / "album"
    for name, fixture in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FIXTURES / fixture, folder / name)
    (folder / "bad.jpg").write_bytes(b"damaged")
    return folder


def rows_of(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def compressed(album, folder, out, **asked):
    overwrite = asked.get("overwrite", False)
    job = CompressInto(MODEL, folder=str(folder), limit=20_000, overwrite=overwrite)
    return scan([str(album)], job, output=out, recursive=True, workers=2, **asked)


def test_smaller_files_are_in_a_tree_like_theirs_and_in_their_rows(album, tmp_path):
    before, small = tree(album), tmp_path / "small"
    found = compressed(album, small, tmp_path / "rows.jsonl")
    rows = {
        Path(row["source"]).relative_to(album).as_posix(): row
        for row in rows_of(tmp_path / "rows.jsonl")
    }
    assert sorted(tree(small)) == ["a.jpg", "deep/b.bmp.png", "deep/er/c.mp4"]
    assert found.errors == {"unsupported_format": 1}
    assert rows.pop("bad.jpg")["written"] is None
    for name, row in rows.items():
        written = Path(row["written"])
        assert written == small / (f"{name}.png" if name.endswith("bmp") else name)
        assert row["bytes_after"] == written.stat().st_size < 20_000
        assert row["tokens"] == vlprep.count_tokens(str(written), MODEL).tokens.total
    assert tree(album) == before


def test_frames_are_those_of_the_command_in_a_folder_of_each_clip(album, tmp_path):
    out, frames = tmp_path / "rows.csv", tmp_path / "frames"
    job = FramesInto(MODEL, folder=str(frames), fps=1, format="png")
    clip = album / "deep" / "er" / "c.mp4"
    found = scan([str(clip)], job, output=out, workers=1)
    wanted = tmp_path / "wanted"
    vlprep.read_frames(str(clip), MODEL, fps=1).save(wanted, format="png")
    (made,) = frames.rglob("c.mp4")
    assert tree(made) == tree(wanted)
    assert found.total_tokens == vlprep.count_tokens(str(clip), MODEL, fps=1).tokens.total


def test_what_is_there_is_kept_unless_it_is_the_same(album, tmp_path):
    small = tmp_path / "small"
    (small / "deep").mkdir(parents=True)
    (small / "a.jpg").write_text("mine")
    found = compressed(album, small, tmp_path / "1.jsonl")
    assert found.errors == {"os_error": 1, "unsupported_format": 1}
    assert (small / "a.jpg").read_text() == "mine"
    made = tree(small)
    again = compressed(album, small, tmp_path / "2.jsonl")  # the rest is there, and the same
    assert (again.errors, tree(small)) == (found.errors, made)
    assert [row["written"] for row in rows_of(tmp_path / "1.jsonl")] == [
        row["written"] for row in rows_of(tmp_path / "2.jsonl")
    ]
    assert compressed(album, small, tmp_path / "2.jsonl", overwrite=True).errors == {
        "unsupported_format": 1
    }
    assert (small / "a.jpg").read_bytes() != b"mine"


def test_frames_that_stand_there_are_kept_unless_they_are_the_same(tmp_path):
    job = FramesInto(MODEL, folder=str(tmp_path), fps=1)
    batch = {"path": [str(FIXTURES / "clip.mp4")], "place": ["clip.mp4"]}
    assert job(batch)["error_code"] == job(batch)["error_code"] == [None]
    (tmp_path / "clip.mp4" / "more.txt").write_text("mine")
    assert job(batch)["error_code"] == ["os_error"]
    assert (tmp_path / "clip.mp4" / "more.txt").exists()


def test_a_run_that_ended_early_goes_on_and_what_failed_for_a_moment_is_tried_again(
    album, tmp_path, monkeypatch
):
    small, out = tmp_path / "small", tmp_path / "rows.jsonl"
    small.mkdir()
    (small / "a.jpg").write_text("in the way")
    names = [str(album / name) for name in FILES]
    job = CompressInto(MODEL, folder=str(small), limit=20_000)
    asked = {"output": out, "workers": 1, "recursive": True}
    stopping = Event()
    monkeypatch.setattr(running, "_TELL_SECONDS", -1)
    monkeypatch.chdir(album)
    first = scan(
        list(FILES), job, stopping=stopping,
        progress=lambda rows: rows == 3 and stopping.set(), **asked,
    )  # fmt: skip
    assert (first.rows, first.finished, first.errors) == (3, False, {"os_error": 1})
    (small / "a.jpg").unlink()
    (small / "deep" / "b.bmp.png").unlink()  # a row that is finished stays so
    again = scan(list(FILES), job, resume=True, **asked)
    assert (again.rows, again.resumed, again.errors) == (3, 2, {})
    assert sorted(tree(small)) == ["a.jpg", "deep/er/c.mp4"]
    assert len(names) == len(rows_of(out))


def test_files_are_written_apart_from_those_that_are_read(album, tmp_path):
    job = CompressInto(MODEL, folder=str(album / "small"), limit=20_000)
    for _ in range(2):  # what the first run has written is not read by the second
        found = scan([str(album)], job, recursive=True, workers=1)
        assert found.rows == 4
    for name in (album, album / "a.jpg"):
        inside = CompressInto(MODEL, folder=str(album), limit=20_000)
        with pytest.raises(ConstraintError, match="into which files are written"):
            scan([str(name)], inside, recursive=True, workers=1)


@pytest.mark.parametrize("name", ["../../up.jpg", "/etc/x.jpg", "a/../../../b.jpg", "..", "a//b"])
def test_no_name_leads_out_of_the_folder(name):
    place = Path("/out", place_of(name))
    assert os.path.normpath(place) == str(place)
    assert place.is_relative_to("/out")


def test_members_of_a_tar_stay_within_the_folder(tmp_path):
    shard, out = tmp_path / "shard.tar", tmp_path / "out"
    content = (FIXTURES / "photo.jpg").read_bytes()
    with tarfile.open(shard, "w") as tar:
        for name in ("ok/1.jpg", "../../evil.jpg", "/abs.jpg"):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    found = scan([str(shard)], CompressInto(MODEL, folder=str(out)), workers=1)
    assert (found.rows, found.errors) == (3, {})
    assert sum(path.is_file() for path in out.rglob("*")) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "shard.tar"]


@pytest.mark.parametrize("job", [CompressInto, FramesInto])
def test_a_folder_is_needed_and_settings_are_tried(job):
    with pytest.raises(ConstraintError, match="folder"):
        job(MODEL)
    with pytest.raises(TypeError, match="colour"):
        job(MODEL, folder="x", colour=1)
