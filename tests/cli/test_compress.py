from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.films import names
from tests.places import FIXTURES, REAL_MEDIA
from vlprep import compress_image, probe


def test_one_file_and_what_became_of_it(run, tmp_path):
    target = tmp_path / "a.jpg"
    ran = run("compress", "photo.heic", "-o", target)
    grown = "24,054 bytes, more than the source's 6,069: JPEG is wanted, not HEIC; EXIF data in it"
    assert (ran.code, ran.err) == (0, f"warning: photo.heic: {grown}\n")
    assert "296 % larger" in ran.out
    assert ran.out.splitlines()[0] == (
        "qwen3-vl-plus, by the documented rules guide-2025-12 (2025-12-18)"
    )
    row = ran.out.splitlines()[3].split()
    assert row[:3] == ["photo.heic", str(target), "converted"]
    assert row[-2:] == ["240x320", "82"]
    assert "photo.heic: EXIF data dropped" in ran.out
    assert probe(target).format == "JPEG"


def test_many_files_into_a_folder_and_one_that_fails(run, tmp_path):
    ran = run("compress", "photo.jpg", "nope.jpg", "clip.mp4", "-o", tmp_path / "out")
    assert ran.code == 1
    assert ran.err == "error: nope.jpg: no such file or directory\n"
    assert ran.out.splitlines()[-1] == "2 of 3 files: 49.8 kB to 49.8 kB, 1 failed"
    assert re.search(r"^nope\.jpg +failed$", ran.out, flags=re.MULTILINE)
    assert names(tmp_path / "out") == ["clip.mp4", "photo.jpg"]


@pytest.mark.parametrize("output", ["out/", "out"])
def test_one_file_into_a_folder(run, tmp_path, output):
    (tmp_path / "out").mkdir()
    assert run("compress", "photo.jpg", "-o", f"{tmp_path}/{output}").code == 0
    assert names(tmp_path / "out") == ["photo.jpg"]


def test_json_has_documented_keys(run, tmp_path):
    words = ("photo.jpg", "street.mp4", "nope.jpg", "-o", tmp_path / "out", "--limit", "28kB")
    ran = run("compress", *words, "--json")
    assert (ran.code, ran.json["schema"], ran.json["route"]) == (1, "vlprep.compress/1", "base64")
    image, video, failure = ran.json["items"]
    both = {
        "source", "kind", "target", "action", "reason", "format", "limit_bytes", "bytes_before",
        "bytes_after", "bytes_estimate", "bytes_unseen", "height_before", "width_before",
        "height_after", "width_after", "tokens_before", "tokens_after", "dropped", "warnings",
    }  # fmt: skip
    assert set(image) == both | {"quality", "encodes"}
    assert set(video) == both | {
        "frames_before", "frames_after", "start_seconds", "duration_before", "duration_after",
        "crf", "bit_rate", "passes",
    }  # fmt: skip
    assert failure == {
        "source": "nope.jpg",
        "error": {"code": "not_found", "message": "no such file or directory"},
    }
    for item in (image, video):
        assert item["limit_bytes"] == 28_000
        assert item["bytes_after"] == Path(item["target"]).stat().st_size < 28_000
    assert (video["frames_before"], video["frames_after"]) == (300, 20)


def test_sentences_that_hold_for_several_files_are_said_once(run, tmp_path):
    ran = run("compress", "exif_3.jpg", "exif_6.jpg", "-o", tmp_path / "o", "--limit", "2kB")
    assert "2 files: turned upright, as the orientation says" in ran.out


def test_a_dry_run_writes_nothing(run, tmp_path):
    ran = run("compress", "street.mp4", "photo.heic", "--dry-run", "--limit", "20kB")
    assert ran.code == 0
    assert "154 kB → at most 20 kB" in ran.out
    ran = run("compress", "photo.heic", "-o", tmp_path / "a.jpg", "--dry-run", "--json")
    assert (ran.json["items"][0]["format"], ran.json["items"][0]["target"]) == ("JPEG", None)
    assert ran.json["items"][0]["bytes_after"] is None
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "key", "value"),
    [
        (["--limit", "20kB"], "limit_bytes", 20_000),
        (["--limit", "19KiB"], "limit_bytes", 19 * 1024),
        (["--route", "path"], "limit_bytes", 10_000_000),
        (["--route", "base64"], "limit_bytes", 7_000_000),
        (["--limit", "28kB", "--max-pixels", "50000"], "height_after", 192),
        (["--limit", "28kB", "--keep", "full", "--max-pixels", "50000"], "height_after", 480),
        (["--limit", "400kB", "--lossless", "--page", "0"], "action", "unchanged"),
    ],
)
def test_options_reach_the_work(run, options, key, value):
    ran = run("compress", "photo.jpg", "--dry-run", "--json", *options)
    assert ran.json["items"][0][key] == value


def test_options_of_videos_reach_the_work(run):
    words = ("compress", "street.mp4", "--dry-run", "--json", "--limit", "100kB")
    frames = [
        run(*words, *more).json["items"][0]["frames_after"]
        for more in ([], ["--fps", 1], ["--max-frames", 6], ["--keep", "full"])
    ]
    assert frames == [20, 10, 6, 300]


def test_one_page_of_several(run, tmp_path):
    for page in (0, 1):
        target = tmp_path / f"{page}.png"
        assert run("compress", "pages.tif", "-o", target, "--page", page, "--lossless").code == 0
    assert (tmp_path / "0.png").read_bytes() != (tmp_path / "1.png").read_bytes()
    ran = run("compress", "pages.tif", "-o", tmp_path / "9.png", "--page", 9)
    assert (ran.code, "no picture 9" in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["photo.jpg"], 2, "say where to"),
        (["-o", "out"], 2, "name a file"),
        (["photo.jpg", "-o", "a.jpg", "--limit", "ten"], 2, "--limit"),
        (["photo.jpg", "-o", "photo.jpg", "--force"], 1, "is the source itself"),
        (["photo.jpg", "-o", "a.jpg", "--limit", "100"], 1, "100"),
        (["photo.jpg", "-o", "no/such/a.jpg"], 1, "there is no such folder"),
        (["photo.jpg", "clip.mp4", "-o", "photo.jpg"], 2, "several files go into a folder"),
    ],
)
def test_what_goes_wrong_is_one_line(run, words, code, message):
    ran = run("compress", *words)
    assert (ran.code, ran.out.count("\n") <= 4) == (code, True)
    assert message in ran.err
    assert "Traceback" not in ran.err
    assert not (FIXTURES / "a.jpg").exists()


def test_a_terminal_shows_a_bar_for_what_takes_longer(tmp_path):
    script = (
        "import time\n"
        "from vlprep.cli import progress\n"
        "progress.PATIENCE_SECONDS = 0.0\n"
        "bars = progress.Bars()\n"
        "def work():\n"
        "    for name in 'ab':\n"
        "        for _ in bars.track(range(3), 3, 'pass 1 of 2'): time.sleep(0.15)\n"
        "        yield name\n"
        "print(list(bars.track(work(), 2, 'compressing')))\n"
    )
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=slave, text=True
    )
    os.close(slave)
    shown = bytearray()
    while True:
        try:
            read = os.read(master, 4096)
        except OSError:
            break
        shown += read
    out, _ = process.communicate()
    os.close(master)
    assert out == "['a', 'b']\n"
    assert b"pass 1 of 2" in shown
    assert b"compressing" in shown


@pytest.mark.parametrize("name", ["there", "new.mp4"])
def test_parts_do_not_go_into_a_file(run, tmp_path, name):
    (tmp_path / "there").write_text("mine")
    ran = run("compress", "street.mp4", "-o", tmp_path / name, "--every", "4")
    assert (ran.code, "is no folder" in ran.err) == (2, True)
    assert names(tmp_path) == ["there"]


def test_a_long_video_in_parts(run, tmp_path):
    words = ("compress", "street.mp4", "photo.jpg", "-o", tmp_path / "parts", "--every", "0:04")
    ran = run(*words, "--json")
    assert [item.get("start_seconds") for item in ran.json["items"]] == [0, 4, 8, None]
    assert names(tmp_path / "parts") == [
        "photo.jpg", "street-1.mp4", "street-2.mp4", "street-3.mp4",
    ]  # fmt: skip
    assert run("compress", "street.mp4", "--dry-run", "--every", "4").out.splitlines()[-1] == (
        "3 files: 154 kB"
    )


# Folders, second runs, and what is within the limits.


@pytest.fixture
def tree(tmp_path):
    for place in ("a/x.jpg", "b/x.jpg"):
        target = tmp_path / "src" / place
        target.parent.mkdir(parents=True)
        target.write_bytes(Path("photo.jpg").read_bytes())
    return tmp_path / "src"


def test_a_walked_folder_keeps_its_tree(run, tree, tmp_path):
    assert run("compress", "-r", tree, "-o", tmp_path / "out").code == 0
    assert sorted((tmp_path / "out").glob("*/*")) == [
        tmp_path / "out/a/x.jpg", tmp_path / "out/b/x.jpg",
    ]  # fmt: skip


def test_a_second_run_names_what_is_there_and_can_pass_over_it(run, tree, tmp_path):
    words = ("compress", "-r", tree, "-o", tmp_path / "out")
    run(*words)
    again = run(*words)
    assert again.code == 1
    target = tmp_path / "out/a/x.jpg"
    assert f"a/x.jpg: {target}: exists already; --force overwrites it" in again.err
    resumed = run(*words, "--skip-existing")
    assert (resumed.code, resumed.err) == (0, "")
    assert resumed.out.splitlines()[-1] == "2 files, 2 there already"
    one = run("compress", "photo.jpg", "-o", target, "--skip-existing", "--json")
    assert one.json["items"] == [
        {"source": "photo.jpg", "target": str(target), "action": "skipped"}
    ]


def test_a_dry_run_costs_neither_a_decode_nor_an_encode(run, monkeypatch):
    def never(*_, **__):
        raise AssertionError("in a dry run")

    for name in (
        "vlprep.compress.image.decode_picture", "vlprep.compress.image.encode_within",
        "vlprep.compress.video.encode_under",
    ):  # fmt: skip
        monkeypatch.setattr(name, never)
    files = ("photo.jpg", "photo.heic", "exif_6.jpg", "cmyk.jpg", "street.mp4")
    words = ("compress", *files, "--dry-run", "--limit", "100kB", "--json")
    for more, written in (((), 3), (("--always", "--max-pixels", 50_000), 5)):
        ran = run(*words, *more)
        assert ran.code == 0
        assert [item["bytes_after"] for item in ran.json["items"]].count(None) == written
    assert run("compress", "truncated.jpg", "--dry-run").code == 1


def test_a_dry_run_is_about_right(run):
    photos = sorted(map(str, (REAL_MEDIA / "image").glob("jpg*")))
    if not photos:
        pytest.skip("the larger media are not here")
    words = ("compress", *photos, "--always", "--json")
    told = run(*words, "--dry-run").json["items"]
    for item, path in zip(told, photos, strict=True):
        done = compress_image(path, always=True)
        assert item["action"] == done.action or "unchanged" in (item["action"], done.action)
        assert item["bytes_estimate"] == pytest.approx(done.bytes_after, rel=0.3)


def test_always_and_what_it_would_save(run, tmp_path):
    Image.effect_noise((1200, 900), 60).convert("RGB").save(tmp_path / "a.jpg", quality=95)
    words = ("compress", tmp_path / "a.jpg", "--max-pixels", 200_000)
    left = run(*words, "-o", tmp_path / "b.jpg")
    assert " unchanged " in left.out
    assert left.out.splitlines()[-1].endswith("does not see; vlprep compress --always drops them")
    small = run(*words, "-o", tmp_path / "c.jpg", "--always")
    assert " compressed " in small.out
    assert "does not see" not in small.out
    assert (tmp_path / "c.jpg").stat().st_size < (tmp_path / "b.jpg").stat().st_size / 2
    both = run(*words, "-o", tmp_path / "d.jpg", "--always", "--keep", "full")
    assert (both.code, "--always makes what the model sees" in both.err) == (1, True)


def test_a_name_without_an_ending_is_a_folder(run, tmp_path):
    assert run("compress", "photo.jpg", "-o", tmp_path / "small").code == 0
    assert (tmp_path / "small" / "photo.jpg").is_file()


@pytest.mark.parametrize("name", ["there", "new.jpg", "new.mp4"])
def test_several_files_do_not_go_into_one(run, tmp_path, name):
    (tmp_path / "there").touch()
    ran = run("compress", "photo.jpg", "tiny.png", "-o", tmp_path / name)
    assert (ran.code, "several files go into a folder" in ran.err) == (2, True)
    assert names(tmp_path) == ["there"]
