from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from tests.places import FIXTURES, REAL_MEDIA

GOOD = ("street.mp4", "hevc.mp4", "vp9.webm", "clip.ts", "vfr.mp4", "edit_list.mp4", "animated.gif")


def test_frames_are_written_and_told(run, tmp_path):
    ran = run(
        "frames", "street.mp4", "--fps", 1, "-o", tmp_path / "out", "--sheet", tmp_path / "s.jpg"
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "qwen3-vl-plus, by the documented rules guide-2025-12 (2025-12-18)",
        "10 frames of street.mp4, each seen as 640x352; together 1,102 tokens",
        f"written to {tmp_path}/out: frame_00000_0.000s.jpg to frame_00009_9.000s.jpg, "
        "manifest.json",
        f"contact sheet: {tmp_path}/s.jpg",
    ]
    assert len(list((tmp_path / "out").iterdir())) == 11
    with Image.open(tmp_path / "s.jpg") as sheet:
        assert sheet.width > 1600


def test_json_is_the_manifest(run, tmp_path):
    ran = run("frames", "street.mp4", "--fps", 1, "-o", tmp_path / "out", "--json")
    assert ran.json == json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert ran.json["schema"] == "vlprep.frames/1"


@pytest.mark.parametrize("name", GOOD)
def test_frames_and_tokens_say_the_same_with_the_same_options(run, tmp_path, name):
    options = ("--fps", 3, "--max-frames", 12, "--max-pixels", "100*32*32")
    (item,) = run("tokens", name, *options, "--json").json["items"]
    ran = run("frames", name, *options, "-o", tmp_path / "out", "--json")
    assert len(ran.json["files"]) == ran.json["frames"] == item["frames"]
    for key in ("tokens", "visual_tokens", "marker_tokens", "resized_height", "resized_width"):
        assert ran.json[key] == item[key]


@pytest.mark.skipif(not REAL_MEDIA.is_dir(), reason="needs the folder of real files")
def test_frames_and_tokens_say_the_same_of_every_real_file(run, tmp_path):
    for number, path in enumerate(sorted((REAL_MEDIA / "video").iterdir())):
        if path.suffix == ".mp3" or "long_1080p" in path.name:
            continue
        (item,) = run("tokens", path, "--fps", 0.5, "--json").json["items"]
        ran = run("frames", path, "--fps", 0.5, "-o", tmp_path / str(number), "--json")
        explained = any("cannot be decoded" in warning for warning in ran.json["warnings"])
        assert len(ran.json["files"]) == item["frames"] or explained, path.name
        assert ran.json["tokens"] == item["tokens"], path.name


def test_a_part_of_a_clip_by_other_sampling(run, tmp_path):
    ran = run(
        "frames", "street.mp4", "--nframes", 5, "--start", "0:02", "--end", "4", "--sampling",
        "linspace", "-m", "Qwen/Qwen3-VL-8B-Instruct", "-o", tmp_path / "out", "--json",
    )  # fmt: skip
    assert [file["frame"] for file in ran.json["files"]] == [60, 75, 90, 105, 120]


def test_the_names_of_the_samplings_are_those_of_the_rules():
    from vlprep.maths.sampling import INDEX_RULES
    from vlprep.view import SAMPLINGS

    assert set(SAMPLINGS) == set(INDEX_RULES)


def test_several_images_and_a_folder_are_a_video(run, tmp_path):
    assert (
        run("frames", "street.mp4", "--fps", 1, "-o", tmp_path / "a", "--format", "png").code == 0
    )
    (tmp_path / "a" / "notes.txt").write_text("no image")
    folder = run("frames", tmp_path / "a", "--fps", 1, "-o", tmp_path / "b", "--json").json
    images = sorted((tmp_path / "a").glob("*.png"))
    listed = run("frames", *images, "--fps", 1, "-o", tmp_path / "c", "--json").json
    assert folder["tokens"] == listed["tokens"] == 1102
    assert [file["timestamp_seconds"] for file in listed["files"]] == list(range(10))


def test_several_clips_are_read_side_by_side_into_a_folder_each(run, tmp_path):
    names = ("clip.mp4", "missing.mp4", "street.mp4")
    ran = run("frames", *names, "--fps", 1, "-o", tmp_path / "out", "--threads", 2)
    assert ran.code == 1
    assert ran.err == "error: missing.mp4: no such file or directory\n"
    *table, _, total = ran.out.splitlines()[1:]
    heads, _, *rows = [line.split() for line in table]
    assert heads == ["clip", "written", "to", "frames", "width×height", "tokens"]
    assert rows == [
        ["clip.mp4", f"{tmp_path}/out/clip", "4", "320x192", "122"],
        ["missing.mp4", "failed"],
        ["street.mp4", f"{tmp_path}/out/street", "10", "640x352", "1,102"],
    ]
    assert total == "14 frames of 2 of 3 clips; 1 failed"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["clip", "street"]
    ran = run("frames", *names, "--fps", 1, "-o", tmp_path / "out", "--force", "--json")
    assert ran.json["schema"] == "vlprep.clips/1"
    clip, missing, street = ran.json["items"]
    manifest = json.loads((tmp_path / "out" / "street" / "manifest.json").read_text())
    assert street == {**manifest, "folder": f"{tmp_path}/out/street"}
    assert missing["error"]["code"] == "not_found"
    assert len(clip["files"]) == 4


def test_a_dry_run_tells_the_moments_and_decodes_nothing(run, tmp_path, monkeypatch):
    monkeypatch.setattr("vlprep.frames.reading.decode_frames", None)
    ran = run("frames", "street.mp4", "--fps", 1, "--end", 4, "--dry-run", "-o", tmp_path / "out")
    assert ran.out.splitlines()[1:] == [
        "4 frames of street.mp4, each seen as 640x352; together 442 tokens",
        "at 0.000, 1.000, 2.000, 3.000 s",
    ]
    assert list(tmp_path.iterdir()) == []
    told = run("frames", "street.mp4", "--fps", 1, "--dry-run", "--json").json
    assert told["timestamps_seconds"] == list(range(10))
    assert told["tokens"] == 1102
    assert "files" not in told


def test_memory_is_asked_for_in_bytes(run, tmp_path):
    words = ("frames", "street.mp4", "--fps", 1, "--threads", 2, "-o", tmp_path / "out")
    assert run(*words, "--memory", "1MB").code == 0
    assert run(*words, "--memory", "much").code == 2


def test_an_array(run, tmp_path):
    run("frames", "street.mp4", "--fps", 1, "-o", tmp_path / "out", "--format", "npy")
    assert np.load(tmp_path / "out" / "frames.npy").shape == (10, 352, 640, 3)


def test_substitutions_are_said_and_are_no_failure(run, tmp_path):
    ran = run("frames", "corrupted.mp4", "-m", "Qwen/Qwen3-VL-8B-Instruct", "--fps", 10,
              "-o", tmp_path / "out")  # fmt: skip
    assert ran.code == 0
    assert "warning: corrupted.mp4: 2 of 20 frames are broken in the file" in ran.err


def test_hdr_is_flagged_and_mapped_on_request(run, tmp_path):
    plain = run("frames", "hdr_pq.mp4", "-o", tmp_path / "a")
    assert "warning: hdr_pq.mp4: high dynamic range (PQ)" in plain.err
    mapped = run("frames", "hdr_pq.mp4", "-o", tmp_path / "b", "--tone-map")
    assert "dynamic range" not in mapped.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("street.mp4",), 2, "say where to"),
        ((), 2, "Missing argument"),
        (("street.mp4", "--fps", "0", "-o", "x"), 2, "not a rate above zero"),
        (("street.mp4", "--start", "soon", "-o", "x"), 2, "not a time"),
        (("street.mp4", "--sheet", "sheet.bmp"), 1, "the name of a picture ends in"),
        (("photo.jpg", "-o", "x"), 1, "an image, not a video"),
        (("missing.mp4", "-o", "x"), 1, "no such file"),
        (("truncated.mp4", "-o", "x"), 1, "cut off"),
        (("street.mp4", "-o", "no/such/x"), 1, "no such folder to write into"),
        (("street.mp4", "-o", "x", "-m", "qvq"), 1, "unknown model"),
        (("street.mp4", "-o", "x", "--patience", "1e-9"), 2, "not a time"),
        (("street.mp4", "-o", "x", "--patience", "0.0000001"), 1, "no frame for"),
        (("photo.jpg", "photo.avif", "-o", "x"), 1, "one size"),
        (("clip.mp4", "clip.mov", "--sheet", "x"), 2, "several clips go to -o DIR"),
        (
            ("clip.mp4", "clip.mov", "-o", "x", "--sheet", "y.jpg"),
            2,
            "--sheet and --dry-run are for one",
        ),
        (("clip.mp4", "clip.mov", "-o", "x", "--dry-run"), 2, "are for one"),
        (("missing.mp4", "truncated.mp4", "-o", "x"), 1, "cut off"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_and_nothing_is_left(
    run, tmp_path, words, code, message
):
    words = [tmp_path / word if word == "x" else word for word in words]
    ran = run("frames", *words)
    assert ran.code == code
    assert message in ran.err
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_no_half_file(tmp_path):
    program = (
        "import runpy, signal\n"  # a job in the background inherits deafness to interrupts
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "runpy.run_module('vlprep', run_name='__main__')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, "frames", str(FIXTURES / "street.mp4"), "--fps", "30",
         "--format", "png", "-o", str(tmp_path / "out")],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    while process.poll() is None and not list(tmp_path.glob(".*/*/frame_00001*")):
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.strip() == "interrupted"
    assert list(tmp_path.iterdir()) == []
