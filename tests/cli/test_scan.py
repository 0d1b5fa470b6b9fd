"""`vlprep scan`: tables, summaries, interrupts."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fileserver import file_server
from tests.places import FIXTURES, REPO


def test_a_folder_is_a_table_and_a_summary(run, tmp_path):
    out = tmp_path / "rows.jsonl"
    ran = run("scan", FIXTURES, "--workers", "2", "-o", out, "--max-input", "200", "--pack", "999")
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert ran.code == 1
    assert f"{len(rows)} rows" in ran.out
    assert "not_found" not in ran.out
    assert "empty_file 2" in ran.out
    assert "packed first-fit" in ran.out
    assert "as input of a request a row (list price" in ran.out
    assert "rows above 200 tokens: 2 images, with --max-pixels 221184 no more than 1 %" in ran.out
    assert "videos, and no --fps keeps 99 %" in ran.out
    assert f"written to {out}" in ran.err


def test_the_summary_is_one_document(run):
    ran = run("scan", FIXTURES / "photo.jpg", FIXTURES / "clip.mp4", "--json", "--workers", "1")
    assert ran.code == 0
    assert ran.json["schema"] == "vlprep.scan/1"
    assert ran.json["kinds"] == {"image": 1, "video": 1}
    assert ran.json["largest"][0]["tokens"] == ran.json["percentiles"]["100"]
    assert ran.json["estimated_prices"]


def test_names_come_from_a_list_and_from_stdin(run, tmp_path):
    names = [str(FIXTURES / "photo.jpg"), str(FIXTURES / "photo.heic")]
    listed = tmp_path / "list"
    listed.write_text("\r\n".join(names))
    first = run("scan", "--from-file", listed, "--json", "--workers", "1").json
    again = run("scan", "--from-file", "-", "-0", "--json", stdin="\0".join(names).encode()).json
    assert first == again
    assert first["rows"] == 2


def test_samples_are_counted_from_beside_their_file(run, tmp_path):
    (tmp_path / "a.jpg").write_bytes((FIXTURES / "photo.jpg").read_bytes())
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps({"query": "<image>?", "images": ["a.jpg"]}))
    ran = run("scan", data, "--json", "--workers", "1")
    assert (ran.code, ran.json["total_tokens"]) == (0, 302)
    other = tmp_path / "other"
    other.mkdir()
    (other / "data.jsonl").write_text(data.read_text())
    ran = run("scan", data, other / "data.jsonl", "--workers", "1")
    assert ran.code == 2
    assert "--media-dir" in ran.err


def test_wrong_usage_is_said(run, tmp_path):
    photo = FIXTURES / "photo.jpg"
    for words, said in (
        ([], "PATH"),
        ([photo, "-0"], "-0"),
        ([photo, "--route", "path"], "--job check or compress"),
        ([photo, "--job", "check", "--limit", "7MB"], "--job compress"),
        ([photo, "--job", "tokens", "--into", tmp_path], "--job frames or compress"),
        ([photo, "--job", "frames"], "--into DIR"),
        ([photo, "--job", "compress", "--into", tmp_path, "--limit", "0B"], "limit"),
        ([photo, "--address", "auto"], "--engine"),
        ([photo, "--tokenizer", "t.json"], "samples"),
        (["a.jsonl", "--job", "check"], "samples"),
        ([photo, "-o", tmp_path / "rows.txt"], ".jsonl, .csv, .parquet"),
        ([photo, "--resume"], "output"),
    ):
        ran = run("scan", *words)
        assert ran.code in (1, 2)
        assert said in ran.err


def test_a_check_counts_what_it_finds(run):
    ran = run("scan", FIXTURES / "tiny.png", "--job", "check", "--workers", "1")
    assert ran.code == 0
    assert "found: image-side 1" in ran.out


def test_smaller_files_and_frames_are_written_where_asked(run, tmp_path):
    rows, small, frames = (tmp_path / name for name in ("rows.jsonl", "small", "frames"))
    photo, clip = FIXTURES / "photo.jpg", FIXTURES / "clip.mp4"
    words = ("--job", "compress", "--into", small, "--limit", "20KB", "-o", rows, "--workers", "1")
    ran = run("scan", photo, *words)
    assert ran.code == 0, ran.err
    row = json.loads(rows.read_text())
    assert Path(row["written"]).stat().st_size == row["bytes_after"] < 20_000
    ran = run("scan", photo, *words, "--force", "--format", "png")
    assert (ran.code, "--job frames" in ran.err) == (2, True)
    words = ("--job", "frames", "--into", frames, "--fps", "1", "--format", "png", "--workers", "1")
    assert run("scan", clip, *words, "-o", tmp_path / "f.csv").code == 0
    assert len(list(frames.rglob("frame_*.png"))) == 4


def test_an_interrupt_keeps_what_is_done_and_resume_goes_on(tmp_path):
    out = tmp_path / "rows.jsonl"
    journal = tmp_path / "rows.jsonl.journal"
    listed = tmp_path / "list"
    listed.write_text(f"{FIXTURES / 'clip.mp4'}\n" * 20_000)
    command = [sys.executable, "-m", "vlprep", "scan", "--from-file", listed, "-o", out]
    command += ["--workers", "1"]
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (journal.exists() and journal.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume goes on" in said
    assert not out.exists()
    done = len(journal.read_text().splitlines())
    assert 0 < done < 20_000


def test_nothing_is_imported_from_the_folder_one_stands_in(tmp_path):
    here, bin = tmp_path / "here", tmp_path / "bin"
    here.mkdir()
    bin.mkdir()
    for name in ("vlprep", "numpy", "multiprocessing", "selectors", "PIL"):
        (here / f"{name}.py").write_text("open('ran', 'w').close(); raise SystemExit(9)")
    script = bin / "run.py"  # as an installed command is: its own folder comes first, not this one
    start = f"import sys; sys.path.append({str(REPO)!r}); from vlprep.cli import main"
    script.write_text(f"{start}\nif __name__ == '__main__':\n    main()\n")
    ran = subprocess.run(
        [sys.executable, script, "scan", FIXTURES / "photo.jpg", "--workers", "1", "--json"],
        cwd=here, capture_output=True, text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["kinds"] == {"image": 1}
    assert not (here / "ran").exists()


def test_samples_may_be_at_an_address(run, tmp_path, monkeypatch):
    pytest.importorskip("aiohttp")
    monkeypatch.chdir(tmp_path)
    sample = {"query": "<image>", "images": [str(FIXTURES / "photo.jpg")]}
    with file_server() as server:
        server.files["data.jsonl"] = json.dumps(sample).encode()
        address = f"{server.url}/files/data.jsonl?signature=1"
        done = run("scan", address, "--allow-private", "-o", "out.jsonl")
    assert done.code == 0, done.err
    assert json.loads(Path("out.jsonl").read_text())["tokens"] == 302


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("messages", [{"role": "user", "content": "<image>What is this?"}]),
        ("messages", '[{"role": "user", "content": "<image>What is this?"}]'),
        ("prompt", [{"role": "user", "content": "<image>What is this?"}]),
        ("conversations", [{"from": "human", "value": "<image>What is this?"}]),
        ("question", "<image>What is this?"),
    ],
    ids=["messages", "messages in JSON", "verl", "LLaVA", "a question"],
)
def test_columns_of_talk_in_parquet_are_samples(tmp_path, run, column, cell):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = {column: [cell], "image_path": [str(FIXTURES / "photo.jpg")], "answer": ["A street."]}
    pq.write_table(pa.table(rows), tmp_path / "data.parquet")
    result = run("scan", str(tmp_path / "data.parquet"), "--column", column, "--json")
    assert (result.code, result.json["total_tokens"]) == (0, 302)


def test_a_deployment_without_a_price_is_told(run):
    word = "note: --deployment: no price of Qwen/Qwen3-VL-8B-Instruct is known"
    asked = ("scan", "photo.jpg", "--deployment", "china", "--model")
    assert word in run(*asked, "Qwen/Qwen3-VL-8B-Instruct").err
    assert "--deployment" not in run(*asked, "qvq-max").err


def test_options_of_videos_are_told_of_where_there_are_none(run):
    photo, clip = FIXTURES / "photo.jpg", FIXTURES / "clip.mp4"
    for files, is_idle in (([photo], True), ([photo, clip], False), (["none.jpg"], False)):
        ran = run("scan", *files, "--fps", 1, "--workers", 1)
        assert ("--fps: for videos, and all files are images" in ran.err) == is_idle


def test_a_column_is_told_of_where_there_is_no_parquet(run, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    photo, table = FIXTURES / "photo.jpg", tmp_path / "a.PARQUET"
    pq.write_table(pytest.importorskip("pyarrow").table({"path": [str(photo)]}), table)
    for files, is_idle in (([photo], True), ([photo, table], False), ([tmp_path / "a.*"], False)):
        ran = run("scan", *files, "--column", "path", "--workers", 1)
        assert ran.code == 0, ran.err
        assert ("--column: for Parquet, and none is named" in ran.err) == is_idle


def test_one_row_of_each_failure_is_named(run, tmp_path):
    (tmp_path / "a\x1b.jpg").touch()
    (tmp_path / "b.jpg").touch()
    ran = run("scan", tmp_path, tmp_path / "no.jpg")
    first = rf"such as {tmp_path}/a\x1b.jpg: empty file (0 bytes)"
    assert f"failed: empty_file 2, {first}" in ran.out.splitlines()
    gone = f"{tmp_path}/no.jpg: no such file or directory"
    assert f"failed: not_found 1, {gone}" in ran.out.splitlines()
    failures = run("scan", tmp_path, tmp_path / "no.jpg", "--json").json["failures"]
    assert [one["error_code"] for one in failures] == ["empty_file", "not_found"]
