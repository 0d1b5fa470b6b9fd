"""`--on-damage` and `--safety`: the same words, and the same meaning, in every command of files."""

from __future__ import annotations

import json

import pytest

from vlprep.cli import COMMANDS, main

OF_FILES = {
    # command: what stands around the file
    "tokens": ([], []),
    "frames": ([], ["-o", "OUT"]),
    "view": ([], ["-o", "OUT.png"]),
    "arrays": ([], ["-m", "Qwen/Qwen3-VL-8B-Instruct", "-o", "OUT.npz"]),
    "plan": ([], ["--budget", "5000"]),
    "split": ([], ["-o", "OUT"]),
    "crop": ([], ["--box", "0,0,99,99", "-o", "OUT.png"]),
    "compress": ([], ["-o", "OUT/"]),
    "check": ([], ["--decode"]),
    "payload": ([], ["--text", "What?", "--compress"]),
    "boxes": ([], ["[[1,2,30,40]]"]),
    "events": (["-"], []),
    "scan": ([], []),
}
"""Commands that open files that the line names."""


def line(command, file, folder, *more):
    before, after = OF_FILES[command]
    words = [word.replace("OUT", str(folder / "OUT")) for word in after]
    return [command, *before, file, *words, *more]


def file_of(command):
    return "street.mp4" if command in ("frames", "events") else "photo.jpg"


def test_every_command_that_sees_as_a_model_does_is_here():
    context = main.make_context("vlprep", ["tokens", "--help"], resilient_parsing=True)
    with_view = {
        name
        for name in COMMANDS
        if "limits" in {option.name for option in main.get_command(context, name).params}
    }
    assert with_view - {"fit-images", "fit-request", "models", "reconcile"} == OF_FILES.keys()


@pytest.mark.parametrize("command", OF_FILES)
def test_a_limit_is_kept_and_named(run, tmp_path, command):
    ran = run(
        *line(command, file_of(command), tmp_path, "--safety", "bytes=1kB"), stdin="00:01-00:02 a"
    )
    assert ran.code == 1
    told = " ".join((ran.out + ran.err).replace("\n", " ").split())
    assert "over the safety limit of 1,000" in told or "over_limit" in told, told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", sorted(OF_FILES.keys() - {"events", "boxes", "scan"}))
def test_damage_is_refused_where_that_is_asked(run, tmp_path, command):
    file = "corrupted.mp4" if command == "frames" else "truncated.jpg"
    more = ["--fps", "30"] if command == "frames" else []
    ran = run(*line(command, file, tmp_path, "--on-damage", "error", *more))
    assert ran.code == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["view", "split", "crop", "compress", "payload"])
def test_damage_is_borne_and_told_where_that_is_asked(run, tmp_path, command):
    told = run(*line(command, "truncated.jpg", tmp_path, "--on-damage", "warn", "--force"))
    assert told.code == 0, told.err
    assert "cut off" in told.err
    quiet = run(*line(command, "truncated.jpg", tmp_path, "--on-damage", "accept", "--force"))
    assert (quiet.code, "cut off" in quiet.err) == (0, False)


@pytest.mark.parametrize("words", ["frames", "frame=1", "frames=0", "frames=-1", "wait_seconds=x"])
def test_limits_that_are_none_are_wrong_usage(run, words):
    ran = run("tokens", "photo.jpg", "--safety", words)
    assert ran.code == 2
    assert "--safety" in ran.err


def test_limits_may_stand_in_the_environment(run, monkeypatch):
    monkeypatch.setenv("VLPREP_SAFETY", "pixels=1000,frames=9")
    ran = run("tokens", "photo.jpg", "clip.mp4", "--json")
    errors = [item["error"]["code"] for item in json.loads(ran.out)["items"]]
    assert errors == ["too_many_pixels", "too_many_frames"]
