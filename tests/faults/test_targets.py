"""Two writers to one target, sources by other names, what is no file, and what others left."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time

import pytest

from tests.faults.injected import watching
from tests.faults.writers import SEVERAL, WRITERS, environment, program, run


def beside(words, place):
    """Return what runs a command once, at the first `fsync` or rename of another one."""
    ran = []

    def at(call, what, name):
        if what in ("fsync", "rename") and not ran:
            ran.append(None)
            ran[0] = run(words)

    return ran, watching(place.folder, at)


@pytest.mark.parametrize("force", [[], ["--force"]], ids=["", "force"])
@pytest.mark.parametrize("name", sorted(set(WRITERS) - set(SEVERAL)))
def test_of_two_writers_one_is_refused_or_the_last_one_wins(name, force, place):
    words = [*WRITERS[name].split(), *force]
    assert run(words).code == 0
    done = place.written()
    place.clear()
    ran, watched = beside(words, place)
    with watched:
        late = run(words)
    assert ran[0].code == 0, ran[0].err
    assert place.written() == done
    assert place.hashes().items() >= place.sources.items()
    assert late.code == (0 if force else 1), late.err
    if not force:
        assert "exists already" in late.err or "not empty" in late.err


def test_writers_at_the_same_time_leave_one_whole_folder(place):
    words = program(*["frames", "clip.mp4", "-o", "out", "--force", "--fps"])
    for _ in range(3):
        writers = [
            subprocess.Popen([*words, fps], cwd=place.folder, env=environment(), stdout=-3)
            for fps in ("0.5", "2", "1")
        ]
        assert {writer.wait() for writer in writers} == {0}
        found = {path.name for path in (place.folder / "out").iterdir()}
        listed = json.loads((place.folder / "out" / "manifest.json").read_text())["files"]
        assert found == {"manifest.json", *(entry["file"] for entry in listed)}


READ = {
    # an input that a command may be asked to write over, besides a source of its own
    "payload small.png --text hi -o small.png": "small.png",
    "payload small.png --text-file times.txt -o times.txt": "times.txt",
    "payload --from-file list.txt --text hi -o list.txt": "list.txt",
    "payload --from-file list.txt --text hi -o small.png": "small.png",
    "payload small.png --text hi --history body.json -o body.json": "body.json",
    "fit-request body.json --max-pixels 20000 -o body.json": "body.json",
    "boxes small.png answer.png -o answer.png": "answer.png",
    "events times.jpg clip.mp4 --sheet times.jpg": "times.jpg",
    "view small.png -o small.png": "small.png",
    "crop small.png --box 10,10,60,60 -o small.png": "small.png",
    "compress small.png --always -o small.png": "small.png",
    "compress clip.mp4 -o clip.mp4": "clip.mp4",
    "frames clip.mp4 --sheet small.png --model-file small.png": "small.png",
}


@pytest.mark.parametrize("alias", ["same", "hard link", "link", "way round"])
@pytest.mark.parametrize("line", READ)
def test_no_input_is_written_over_by_any_name(line, alias, place):
    (place.folder / "list.txt").write_text("small.png\n")
    (place.folder / "answer.png").write_bytes((place.folder / "answer.json").read_bytes())
    (place.folder / "times.jpg").write_bytes((place.folder / "times.txt").read_bytes())
    source = READ[line]
    target = {"way round": f"sub/../{source}", "same": source}.get(alias, f"alias-{source}")
    (place.folder / "sub").mkdir()
    if alias == "hard link":
        os.link(source, target)
    if alias == "link":
        os.symlink(source, target)  # noqa: PTH211
    before = place.hashes()
    words = line.split()
    at = max(place for place, word in enumerate(words) if word in ("-o", "--sheet")) + 1
    ran = run([*words[:at], target, *words[at + 1 :], "--force"])
    assert ran.code == 1
    assert place.hashes() == before
    if "--model-file" not in words:
        assert "is the source itself" in ran.err


@pytest.mark.parametrize("kind", ["link", "link to nothing", "pipe", "socket", "device"])
def test_what_is_no_regular_file_stays(kind, place):
    target = place.folder / "out.png"
    if kind.startswith("link"):
        (place.folder / "other.png").write_bytes(b"")
        target.symlink_to("other.png" if kind == "link" else "nothing")
    elif kind == "pipe":
        os.mkfifo(target)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("out.png")
    else:
        try:
            os.mknod(target, 0o020666, os.makedev(1, 3))
        except PermissionError:
            pytest.skip("devices are for root to make")
    before = target.lstat()
    for force in ([], ["--force"]):
        ran = run(["view", "small.png", "-o", "out.png", *force])
        assert ran.code == 1
        assert "never written over" in ran.err and "--force" not in ran.err
    assert (target.lstat().st_mode, target.lstat().st_ino) == (before.st_mode, before.st_ino)


def test_a_pipe_among_the_files_of_a_folder_is_in_the_way(place):
    words = WRITERS["split"].split()
    assert run(words).code == 0
    picture = next((place.folder / "out").glob("*.png"))
    picture.unlink()
    os.mkfifo(picture)
    ran = run([*words, "--force"])
    assert ran.code == 1 and "never written over" in ran.err
    assert picture.is_fifo()


def test_a_source_that_an_earlier_list_names_is_not_outdated(place):
    out = place.folder / "out"
    assert run(["frames", "clip.mp4", "--fps", "1", "-o", "out"]).code == 0
    listed = json.loads((out / "manifest.json").read_text())
    listed["files"][0]["file"] = "film.mp4"
    (out / "manifest.json").write_text(json.dumps(listed))
    (out / "film.mp4").write_bytes((place.folder / "clip.mp4").read_bytes())
    ran = run(["frames", "out/film.mp4", "--fps", "1", "-o", "out", "--force"])
    assert ran.code == 1 and "is the source itself" in ran.err
    assert (out / "film.mp4").exists()


def killed(place):
    """Leave the folder of a process that was killed a while ago."""
    left = place.folder / f".{'0' * 16}.part"
    (left / "new").mkdir(parents=True)
    (left / "new" / "whole").write_bytes(b"half")
    os.utime(left, (time.time() - 3600, time.time() - 3600))
    return left


def test_what_a_killed_process_left_goes_with_the_next_one(place):
    left = killed(place)
    words = program(*WRITERS["view"].split())
    assert subprocess.run(words, env=environment(), stdout=-3, check=True)
    assert not left.exists()


def test_earlier_files_that_a_killed_process_moved_stay(place):
    left = killed(place)
    (left / "old").mkdir()
    (left / "old" / "frame.jpg").write_bytes(b"earlier")
    os.utime(left, (time.time() - 3600, time.time() - 3600))
    assert subprocess.run(program(*WRITERS["view"].split()), env=environment(), stdout=-3)
    assert (left / "old" / "frame.jpg").read_bytes() == b"earlier"
    assert not (left / "new").exists()


def test_what_a_process_is_at_stays(place):
    fcntl = pytest.importorskip("fcntl")
    left = killed(place)
    owner = os.open(left, os.O_RDONLY)
    fcntl.flock(owner, fcntl.LOCK_EX)
    try:
        subprocess.run(program(*WRITERS["view"].split()), env=environment(), stdout=-3, check=True)
        assert (left / "new" / "whole").exists()
    finally:
        os.close(owner)
