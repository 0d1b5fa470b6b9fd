"""Which files a command takes: folders, patterns, lists, stdin, addresses; and answers as text."""

from __future__ import annotations

import base64
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.places import FIXTURES

PHOTO = (FIXTURES / "photo.jpg").read_bytes()


@pytest.fixture
def phone(tmp_path):
    folder = tmp_path / "phone"
    (folder / "sub").mkdir(parents=True)
    for name in ("photo.jpg", "exif_6.jpg"):
        shutil.copy(FIXTURES / name, folder)
    shutil.copy(FIXTURES / "alpha.png", folder / "sub")
    (folder / "photo.AAE").write_text("an edit")
    (folder / ".DS_Store").touch()
    return folder


def kinds(ran):
    """What is in the message of a body."""
    return [part["type"] for part in ran.json["messages"][-1]["content"]]


def items_of(command, ran, tmp_path):
    """How many files a command took, and what it said on stderr."""
    if command == "payload":
        return len(kinds(ran)) - 1
    if command == "arrays":
        return len(np.load(tmp_path / "a.npz")["image_grid_thw"])
    return len(ran.json["items"])


COMMANDS = {
    "tokens": ("--json",),
    "check": ("--json",),
    "plan": ("--json",),
    "fit-images": ("--json",),
    "compress": ("--dry-run", "--json"),
    "view": ("-o", "OUT/", "--json"),
    "payload": ("-t", "What?"),
    "arrays": ("-o", "OUT/a.npz", "-m", "Qwen/Qwen3-VL-8B-Instruct"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_is_its_media_in_every_command(run, tmp_path, phone, command):
    more = [word.replace("OUT", str(tmp_path)) for word in COMMANDS[command]]
    passed_over = "note: passed over 2 files that are no image or video: .DS_Store, photo.AAE"
    names = tmp_path / "names.txt"
    names.write_text(f"{phone}\n")
    for words, count in (
        ([phone], 2),
        (["-r", phone], 3),
        (["--from-file", names], 2),
        ([f"file://{phone}"], 2),
    ):
        ran = run(command, *words, *more, *(["--force"] if command in ("view", "arrays") else []))
        assert ran.code == 0, ran.err
        assert items_of(command, ran, tmp_path) == count
        assert ran.err.splitlines().count(passed_over) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_pattern_passes_strays_over_and_so_do_names_beside_media(run, tmp_path, phone, command):
    more = [word.replace("OUT", str(tmp_path)) for word in COMMANDS[command]]
    named = sorted(str(path) for path in phone.glob("*.*"))  # as a shell gives them
    for words in ([f"{phone}/*.*"], named):
        ran = run(command, *words, *more, *(["--force"] if command in ("view", "arrays") else []))
        assert ran.code == 0, ran.err
        assert items_of(command, ran, tmp_path) == 2
        assert "no image or video: " in ran.err and "photo.AAE" in ran.err


def test_what_is_named_and_is_no_medium_is_an_error(run, phone):
    for name in (phone / "photo.AAE", "text.txt"):
        ran = run("tokens", name)
        assert (ran.code, "neither an image nor a video" in ran.err) == (1, True)
    ran = run("tokens", "photo.jpg", "text.txt", "--json")
    assert (ran.code, [*ran.json["items"][1]]) == (1, ["source", "error"])


def test_frames_of_a_folder_are_its_clips_or_with_list_one_video(run, tmp_path):
    clips = tmp_path / "clips"
    clips.mkdir()
    for name in ("clip.mp4", "street.mp4"):
        shutil.copy(name, clips)
    ran = run("frames", clips, "--fps", 1, "-o", tmp_path / "out", "--json")
    assert [Path(item["source"]).name for item in ran.json["items"]] == ["clip.mp4", "street.mp4"]
    pictures = tmp_path / "out" / "clip"
    words = ("frames", pictures, "--fps", 1, "--dry-run", "--json")
    assert run(*words).json == run(*words, "--list").json
    assert run("tokens", pictures, "--list", "--fps", 1, "--json").json["items"][0]["frames"] == 4


def test_a_list_of_images_is_compressed_to_a_video(run, tmp_path):
    target = tmp_path / "a.mp4"
    ran = run("compress", *["photo.jpg"] * 4, "--list", "--fps", 1, "-o", target)
    assert ran.code == 0, ran.err
    assert run("tokens", target, "--json").json["items"][0]["kind"] == "video"


def test_a_folder_of_one_file_goes_into_a_folder(run, tmp_path, phone):
    run("compress", phone / "sub", "-o", tmp_path / "small", "--limit", "1MB")
    assert [path.name for path in (tmp_path / "small").iterdir()] == ["alpha.png"]
    run("view", phone / "sub", "-o", tmp_path / "views")
    assert [path.name for path in (tmp_path / "views").iterdir()] == ["alpha.png"]


# Several images in one view.


def test_several_images_are_viewed_into_a_folder(run, tmp_path):
    names = ("photo.jpg", "nope.jpg", "cmyk.jpg", "photo.avif")
    ran = run("view", *names, "-o", tmp_path / "v", "--json")
    assert ran.code == 1
    assert ran.err == "error: nope.jpg: no such file or directory\n"
    assert ran.json["schema"] == "vlprep.views/1"
    targets = ["photo.png", "cmyk.png", "photo-2.png"]
    outputs = [Path(item["output"]).name for item in ran.json["items"] if "output" in item]
    assert outputs == targets
    assert sorted(path.name for path in (tmp_path / "v").iterdir()) == sorted(targets)
    again = run("view", *names, "-o", tmp_path / "v")
    assert again.code == 1 and again.err.count("exists already") == 3


# Stdin and addresses.


@pytest.mark.parametrize("command", COMMANDS)
def test_a_dash_is_a_medium_on_stdin(run, tmp_path, command):
    more = [word.replace("OUT/a", f"{tmp_path}/a").replace("OUT/", f"{tmp_path}/o.png")
            for word in COMMANDS[command]]  # fmt: skip
    ran = run(command, "-", *more, stdin=PHOTO)
    assert ran.code == 0, ran.err
    told = ran.err if command == "payload" else ran.out
    assert "<stdin>" in told


def test_what_was_compressed_from_stdin_is_a_file(run, tmp_path):
    assert run("compress", "-", "-o", tmp_path / "a.jpg", stdin=PHOTO).code == 0
    assert (tmp_path / "a.jpg").read_bytes() == PHOTO


def test_stdin_is_read_once(run):
    for words in (("tokens", "-", "-"), ("payload", "-", "--text-file", "-")):
        ran = run(*words, stdin=PHOTO)
        assert (ran.code, "can be read once" in ran.err) == (2, True)
    ran = run("tokens", "-", stdin=b"")
    assert (ran.code, "<stdin>: empty file (0 bytes)" in ran.err) == (1, True)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_list_without_names_is_told(run, tmp_path, command):
    more = [word.replace("OUT", str(tmp_path)) for word in COMMANDS[command]]
    ran = run(command, "--from-file", "-", *more, stdin=b"\n")
    assert (ran.code, ran.out, "--from-file - names no file" in ran.err) == (2, "", True)


def test_samples_are_no_list_of_names(run, tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"messages": []}\n{"messages": []}\n')
    ran = run("check", "--from-file", rows)
    assert (ran.code, ran.out, "vlprep tokens takes a file of samples" in ran.err) == (2, "", True)


def test_nul_is_about_a_list(run):
    ran = run("tokens", "photo.jpg", "-0")
    assert (ran.code, "--from-file" in ran.err) == (2, True)


@pytest.mark.parametrize("scheme", ["data", "DATA", "Data"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_data_url_is_a_medium(run, tmp_path, command, scheme):
    more = [word.replace("OUT/a", f"{tmp_path}/a").replace("OUT/", f"{tmp_path}/o.png")
            for word in COMMANDS[command]]  # fmt: skip
    url = f"{scheme}:image/jpeg;base64,{base64.b64encode(PHOTO).decode()}"
    ran = run(command, url, *more)
    assert ran.code == 0, ran.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_address_is_a_file(run, tmp_path, command):
    more = [word.replace("OUT/a", f"{tmp_path}/a").replace("OUT/", f"{tmp_path}/o.png")
            for word in COMMANDS[command]]  # fmt: skip
    assert run(command, f"File://{FIXTURES}/photo.jpg", *more).code == 0


def test_printed_commands_name_stdin_by_a_dash(run):
    ran = run("plan", "-", "--budget", 200, stdin=PHOTO)
    assert "vlprep tokens - --model" in ran.out


# Answers.


def test_an_answer_may_be_given_as_text(run):
    answer = '[{"bbox_2d": [100, 200, 500, 800], "label": "car"}]'
    found = run("boxes", "photo.jpg", answer, "--json").json
    (shape,) = found["shapes"]
    assert shape["label"] == "car"
    assert run("boxes", "photo.jpg", "[[100, 200, 500, 800]]", "--json").code == 0
    found = run("events", '[{"start_time": 2, "end_time": 4}]', "street.mp4", "--json").json
    assert found["events"][0]["start_seconds"] == 2


def test_a_file_whose_name_has_brackets_is_a_file(run, tmp_path):
    answer = tmp_path / "[1].json"
    answer.write_text('{"bbox_2d": [0, 0, 500, 500]}')
    assert run("boxes", "photo.jpg", answer, "--json").code == 0
    ran = run("boxes", "photo.jpg", "no-such.json")
    assert (ran.code, "no-such.json" in ran.err) == (1, True)


# Rows and lines.


@pytest.mark.parametrize(
    "words", [("plan",), ("fit-images",), ("compress", "--dry-run"), ("tokens",)]
)
def test_a_row_or_a_line_a_file(run, words):
    command, *more = words
    files = ("photo.jpg", "empty.jpg")
    items = run(command, *files, *more, "--json").json["items"]
    lines = run(command, *files, *more, "--jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == items
    head, *rows = run(command, *files, *more, "--csv").out.splitlines()
    columns = head.split(",")
    assert len(rows) == 2 and rows[0].split(",")[columns.index("source")] == "photo.jpg"
    assert rows[1].split(",")[columns.index("error_code")] == "empty_file"


def test_folders_that_are_removed_under_us(run, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    photo = os.fspath(FIXTURES / "photo.jpg")
    monkeypatch.setenv("PWD", str(gone))
    os.chdir(gone)
    gone.rmdir()
    try:
        assert run("tokens", photo).code == 0  # no settings can be found there
    finally:
        os.chdir(FIXTURES)


def test_documents_beside_pictures_are_told_of_by_themselves(run, tmp_path):
    for name in ("photo.jpg", "document.pdf", "text.txt"):
        shutil.copy(FIXTURES / name, tmp_path)
    told = run("tokens", tmp_path).err.splitlines()
    assert told == [
        "note: passed over 1 file that is no image or video: text.txt",
        "note: passed over 1 PDF beside images and videos: document.pdf",
    ]


def test_a_file_that_begins_like_an_option_is_told_how_to_be_named(run, tmp_path, monkeypatch):
    named = run("tokens", "-dash.jpg")
    assert (named.code, "./-dash.jpg" in named.err) == (2, False)
    monkeypatch.chdir(tmp_path)
    shutil.copy(FIXTURES / "photo.jpg", "-dash.jpg")
    assert "For the file of that name write ./-dash.jpg" in run("tokens", "-dash.jpg").err
    assert run("tokens", "./-dash.jpg").code == 0


def test_json_where_a_picture_is_wanted_names_the_commands_that_take_it(run, tmp_path):
    body = tmp_path / "body.json"
    body.write_text('{"model": "qvq-max", "messages": []}')
    for words in (("check", body), ("plan", body), ("compress", body, "-o", tmp_path / "out")):
        ran = run(*words)
        told = " ".join((ran.out + ran.err).split())
        assert ran.code == 1
        assert "JSON, not an image or a video" in told
        assert "vlprep tokens" in told and "vlprep fit-request" in told


def test_folders_that_are_not_looked_into_are_told(run, tmp_path):
    for folder in ("", "a", "b", ".hidden"):
        (tmp_path / folder).mkdir(exist_ok=True)
        shutil.copy("photo.jpg", tmp_path / folder)
    note = "note: passed over 2 folders, which -r looks into: a, b"
    for command in ("tokens", "check", "scan"):
        assert note in run(command, tmp_path).err.splitlines()
        assert "passed over" not in run(command, "-r", tmp_path).err
        assert "passed over" not in run(command, tmp_path / "a").err


def test_samples_and_media_are_counted_apart(run, tmp_path):
    (tmp_path / "body.json").write_text("{}")
    ran = run("tokens", "photo.jpg", tmp_path / "body.json")
    assert (ran.code, "and media apart" in ran.err) == (2, True)
