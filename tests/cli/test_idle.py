"""Options that are typed and change nothing are told of, or refused: none drops in silence."""

from __future__ import annotations

import json

import pytest

PHOTO, STREET, BOX = "photo.jpg", "street.mp4", ("--box", "0,0,100,100")
WEIGHTS = ("-m", "Qwen/Qwen3-VL-8B-Instruct")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("tokens", PHOTO, "--fetch-limit", "5MB"), "--fetch-limit: for files that are fetched"),
        (("tokens", PHOTO, "--pick", "changes"), "--pick: for videos, and all files are images"),
        (("tokens", PHOTO, "--json", "--times", "--strict"), "--strict, --times: for videos"),
        (("tokens", STREET, "--high-res"), "--high-res: for images, and all files are videos"),
        (("tokens", PHOTO, "--csv", "--rounds", 2), "--rounds: --csv has a row for each file"),
        (("tokens", PHOTO, *WEIGHTS, "--batch"), "--batch: no price of Qwen/Qwen3-VL-8B-Instruct"),
        (("plan", PHOTO, "--force"), "--force: nothing is written"),
        (("plan", PHOTO, "--lowest-fps", 1), "--lowest-fps: for videos"),
        (("frames", STREET, "--dry-run", "--high-res"), "--high-res: for images"),
        (("view", PHOTO, "-o", "OUT", "--fps", 2), "--fps: for videos, and all files are images\n"),
        (("view", PHOTO, "-o", "OUT", "--max-side", 99), "--max-side: for --compare and --zoom"),
        (("crop", PHOTO, *BOX, "--fetch-seconds", 9), "--fetch-seconds: for files that are"),
        (("crop", PHOTO, *BOX, "--resized", "9x9"), "--resized: for --coordinates model"),
        (("split", PHOTO, "-o", "DIR", "--allow-private"), "--allow-private: for files that are"),
        (("boxes", PHOTO, "[[1,2,3,4]]", "--max-side", 99), "--max-side: for a drawing"),
        (("check", PHOTO, "--fetch"), "--fetch: for files that are fetched, and none is"),
        (("check", PHOTO, *WEIGHTS, "--route", "url"), "--route: Qwen/Qwen3-VL-8B-Instruct is"),
        (("payload", PHOTO, "--text", "x", "--preview", "--as-frames"), "--as-frames: for videos"),
        (("compress", STREET, "--dry-run", "--lossless"), "--lossless: for images"),
        (("fit-images", PHOTO, "--fps", 2), "--fps: for videos"),
    ],
)  # fmt: skip
def test_what_changes_nothing_is_told_of_once(run, tmp_path, words, told):
    outputs = {"OUT": tmp_path / "out.png", "DIR": tmp_path / "out"}
    words = [*(outputs.get(word, word) for word in words)]
    ran = run(*words)
    assert ran.code == 0 and ran.err.count(f"note: {told}") == 1
    assert "note: " not in run(*words, "-q").err  # also where it fails: there is a file now


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("tokens", "--size", "64x64", "--fetch-limit", "5MB"), "--fetch-limit: about files"),
        (("plan", "--size", "64x64", "--fetch-seconds", "5"), "--fetch-seconds: about files"),
        (("fit-images", "--size", "64x64", "--allow-private"), "--allow-private: "),
        (("tokens", "--size", "64x64", "-0"), "-0: about files"),
        (("tokens", "exif_1.jpg", "exif_2.jpg", "--list", "--pick", "changes"), "at a --list"),
        (("check", PHOTO, "--json", "--statistics"), "--statistics: of text"),
        (("check", PHOTO, "--json", "--output-format", "sarif"), "take one of both"),
    ],
)
def test_what_cannot_be_meant_is_refused(run, words, told):
    ran = run(*words)
    assert ran.code == 2 and told in ran.err and ran.out == ""


def test_samples_have_no_bill(run, tmp_path):
    photo = {"type": "image", "image": "photo.jpg"}
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"messages": [{"role": "user", "content": [photo]}]}))
    ran = run("tokens", rows, "--rounds", 2)
    assert ran.code == 2 and "--rounds: for the price of files" in ran.err


@pytest.mark.parametrize("words", [("--fetch-limit", "5MB"), ("--high-res",)])
def test_a_default_of_the_environment_is_not_told_of(run, monkeypatch, words):
    name, value = f"VLPREP_{words[0][2:].upper().replace('-', '_')}", (*words, "true")[1]
    monkeypatch.setenv(name, value)
    for more in ((PHOTO,), ("--size", "64x64"), (STREET,)):
        ran = run("tokens", *more)
        assert ran.code == 0 and "note: " not in ran.err


def test_a_file_that_failed_may_be_a_video(run):
    assert "for videos" not in run("tokens", PHOTO, "no_moov.mp4", "--fps", 1).err


def test_pictures_of_few_tokens_are_told_of_as_a_plan_does(run):
    words = (STREET, *WEIGHTS, "--max-pixels", 65536)
    told = "shown in pictures of fewer than 16 tokens, such as 64x32 pixels: little can be recog"
    assert f"warning: {STREET}: {told}" in run("tokens", *words).err
    assert told in run("tokens", *words, "--json").json["items"][0]["warnings"][-1]
    assert "fewer than 16 tokens" not in run("tokens", STREET, PHOTO).err
