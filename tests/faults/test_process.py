"""What the system gives a process, or does not: streams, descriptors, threads, memory, a home."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress

import pytest

from tests.faults.writers import environment, program, run

COMMANDS = {
    "tokens": "tokens small.png",
    "json": "tokens small.png --json",
    "models": "models",
    "help": "tokens --help",
    "view": "view small.png -o out.png",
    "fails": "tokens nothing.png",
}


def shell(line, place, **more):
    """Run a line of a shell with `vlprep` in it."""
    line = line.replace("vlprep", " ".join(program()), 1)
    ran = subprocess.run(
        ["sh", "-c", line], cwd=place.folder, env={**environment(), **more}, capture_output=True
    )
    assert b"Traceback" not in ran.stderr and b"Exception" not in ran.stderr
    return ran.returncode, ran.stdout.decode("utf-8", "replace"), ran.stderr.decode()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_closed_stdout_is_said_and_what_was_to_be_written_is(name, place):
    code, _, err = shell(f"vlprep {COMMANDS[name]} >&-", place)
    assert code == 1
    assert "stdout is closed" in err
    assert (place.folder / "out.png").exists() == (name == "view")


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("how", ["2>&-", "2>/dev/full"])
def test_without_stderr_all_else_goes_on(name, how, place):
    code, out, _ = shell(f"vlprep {COMMANDS[name]} {how}", place)
    assert code == (1 if name == "fails" else 0)
    assert out


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_open_at_all(name, place):
    code, _, _ = shell(f"vlprep {COMMANDS[name]} <&- >&- 2>&-", place)
    assert code == 1
    assert (place.folder / "out.png").exists() == (name == "view")
    assert place.hashes().items() >= place.sources.items()


def test_a_closed_stdin_is_an_empty_one(place):
    code, _, err = shell("vlprep tokens - <&-", place)
    assert (code, "empty" in err) == (1, True)


def test_a_reader_that_goes_is_no_traceback(place):
    code, _, err = shell("vlprep models --json | head -c 10", place)
    assert (code, err) == (0, "")
    code, _, _ = shell("vlprep tokens nothing.png 2>&1 >/dev/null | true", place)
    assert code == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16", "shift_jis", "ascii:strict"])
def test_any_encoding_of_stdout_will_do(encoding, place):
    for name in ("tokens", "models", "view"):
        code, out, _ = shell(f"vlprep {COMMANDS[name]}", place, PYTHONIOENCODING=encoding)
        assert code == 0 and out


@pytest.mark.parametrize("home", ["/nonexistent", "", "/dev/null"])
def test_no_home_no_locale(home, place):
    assert shell("vlprep tokens small.png", place, HOME=home, LC_ALL="C")[0] == 0


INTERRUPTED = """
import importlib.abc, runpy, signal, sys

class Interrupt(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            signal.raise_signal({number})

sys.meta_path.insert(0, Interrupt())
sys.argv[0] = "vlprep"
runpy.run_module("vlprep", run_name="__main__")
"""


@pytest.mark.parametrize("module", ["click", "vlprep.cli.terminal", "vlprep.cli.frames", "av"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_modules_load_is_no_traceback(number, module, place):
    code = INTERRUPTED.format(module=module, number=int(number))
    ran = subprocess.run(
        [sys.executable, "-c", code, *["frames", "clip.mp4", "-o", "out"]],
        cwd=place.folder, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    is_early = module in ("click", "vlprep.cli.terminal")  # as the system ends any process
    assert ran.returncode == (-number if is_early else 128 + number), ran.stderr
    assert "Traceback" not in ran.stderr
    assert place.written() == {}


def limited(line, place, **limits):
    """Run a command within limits of the system."""

    def lower():
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, name), (value, value))

    ran = subprocess.run(
        program(*line.split()), cwd=place.folder, env=environment(), capture_output=True,
        text=True, preexec_fn=lower,
    )  # fmt: skip
    assert "Traceback" not in ran.stderr
    assert not [name for name in place.written() if ".part" in name]
    assert place.hashes().items() >= place.sources.items()
    return ran


@pytest.mark.parametrize("descriptors", range(6, 16))
def test_few_descriptors_leave_nothing(descriptors, place):
    ran = limited("frames clip.mp4 --fps 1 -o out", place, RLIMIT_NOFILE=descriptors)
    if ran.returncode:
        assert place.written() == {}


@pytest.mark.parametrize("most", [0, 1, 100, 1000, 5000, 15_000])
@pytest.mark.parametrize(
    "line",
    [
        "compress clip.mp4 --limit 19kB --always -o out.mp4",
        "frames clip.mp4 -o out",
        "view small.png -o out.png",
    ],
)
def test_a_disk_that_is_full_after_some_bytes_leaves_nothing(line, most, place):
    ran = limited(line, place, RLIMIT_FSIZE=most)
    if ran.returncode:
        assert "out" in ran.stderr
        assert place.written() == {}


@pytest.mark.parametrize(
    "line",
    [
        "tokens --from-file /dev/zero",
        "payload small.png --text-file /dev/zero",
        "boxes small.png /dev/zero",
    ],
)
def test_memory_that_runs_out_is_said(line, place):
    ran = limited(line, place, RLIMIT_AS=1_000_000_000)
    assert ran.returncode == 1
    assert "memory" in ran.stderr


def test_a_list_without_an_end_is_no_list(place):
    ran = limited("scan --from-file /dev/zero", place, RLIMIT_AS=1_000_000_000)
    assert ran.returncode == 1 and "no name" in ran.stderr


@pytest.mark.parametrize(
    "line",
    [
        "frames clip.mp4 --fps 1 -o out",
        "frames clip.mp4 clip.mp4 --fps 1 -o out",
        "view small.png -o out.png",
        "compress small.png clip.mp4 --limit 15kB -o out/",
    ],
)
def test_without_threads_one_does_it_all(line, place, monkeypatch):
    import threading

    def none_left(*_):
        raise RuntimeError("can't start new thread")

    assert run(line.split()).code == 0
    done = sorted(place.written())
    place.clear()
    monkeypatch.setattr(threading.Thread, "start", none_left)
    ran = run(line.split())
    assert ran.code == 0, ran.err
    assert sorted(place.written()) == done


def test_folders_nested_a_thousand_deep_are_walked(place):
    try:
        for _ in range(1200):
            os.mkdir("d")  # noqa: PTH102 (a path in full would be too long)
            os.chdir("d")
        shutil.copy(place.folder / "small.png", "deep.png")
        os.chdir(place.folder)
        ran = run(["tokens", "-r", "d", "--json"])
        assert ran.code == 0, ran.err
        assert "deep.png" in ran.out
    finally:  # pytest's own way to remove them is by recursion
        os.chdir(place.folder)
        subprocess.run(["rm", "-rf", "d"], check=True)


@contextmanager
def no_more_rights_than_others():
    """Take from root, for a while, the rights to read what its mode forbids (capset(2))."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this thread
    held = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, each in two parts
    assert libc.capget(header, held) == 0
    fewer = type(held)(*held)
    fewer[0] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    assert libc.capset(header, fewer) == 0
    try:
        yield
    finally:
        assert libc.capset(header, held) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="root loses its rights by a call of Linux")
def test_a_folder_that_may_not_be_read_is_told_of(place):
    locked = place.folder / "all" / "locked"
    locked.mkdir(parents=True)
    shutil.copy("small.png", "all")
    locked.chmod(0)
    try:
        with no_more_rights_than_others():
            ran = run(["tokens", "-r", "all"])
        assert ran.code == 1
        assert "all/locked" in ran.err
    finally:
        locked.chmod(0o700)


def test_a_folder_that_cannot_be_read_is_told_of(place, monkeypatch):
    (place.folder / "all" / "locked").mkdir(parents=True)
    shutil.copy("small.png", "all")
    scandir = os.scandir

    def refuse(path="."):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    with suppress(AttributeError):
        monkeypatch.setattr(os, "scandir", refuse)
    ran = run(["tokens", "-r", "all"])
    assert ran.code == 1
    assert "all/locked" in ran.err and "1 failed" in ran.out


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("tokens empty", "without an image"),
        ("tokens -r empty", "without an image"),
        ("tokens --from-file empty.txt", "names no file"),
        ("compress empty -o out", "without an image"),
    ],
)
def test_nothing_to_do_is_said(line, told, place):
    (place.folder / "empty").mkdir()
    (place.folder / "empty.txt").write_text("")
    ran = run(line.split())
    assert ran.code in (1, 2)
    assert told in ran.err


@pytest.mark.parametrize(
    "line",
    [
        "fit-images --size 99999999999999999999x9",
        "fit-images --size 9x9 --max-input 99999999999999999999999999",
        "tokens clip.mp4 --nframes 99999999999999999999 -m Qwen/Qwen3-VL-8B-Instruct",
        "tokens small.png --max-pixels 9999999999*9999999999*9999999999",
        "tokens clip.mp4 --fps 1e400",
        "frames clip.mp4 -o out --memory 999999999999999999999TB",
    ],
)
def test_numbers_beyond_all_measure_are_wrong_usage(line, place):
    assert run(line.split()).code == 2


def test_no_escape_reaches_a_terminal_by_csv(place):
    shutil.copy("small.png", "a\x1b[31mb.png")
    ran = run(["tokens", "a\x1b[31mb.png", "--csv"])
    assert ran.code == 0
    assert "\x1b" not in ran.out and "a\\x1b[31mb.png" in ran.out


def test_what_cannot_be_written_is_named_by_the_target(place):
    (place.folder / "out").mkdir()
    (place.folder / "out" / "small.png").mkdir()
    ran = run(["compress", "small.png", "clip.mp4", "--limit", "20kB", "-o", "out"])
    assert ran.code == 1
    assert "out/small.png: is a folder" in ran.err
