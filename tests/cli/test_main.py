from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from vlprep.cli import COMMANDS, main

ROOT = Path(__file__).parents[2]
PYTHON = [sys.executable, "-m", "vlprep"]


def command_of(name: str) -> click.Command:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    return command


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_an_example_and_described_options(name):
    command = command_of(name)
    assert command.help and f"vlprep {name}" in command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_is_the_commands_own_first_sentence_in_spirit(name):
    assert COMMANDS[name][1].endswith(".")
    assert importlib.import_module(f"vlprep.cli.{COMMANDS[name][0]}").command.name == name


def test_help_lists_the_commands_and_exit_codes(run):
    out = run("--help").out
    for name, (_, summary) in COMMANDS.items():
        assert f" {name} {summary}" in " ".join(out.split())
    assert "130 interrupted" in out


def test_the_reference_page_is_fresh(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    pages = importlib.import_module("make_commands")
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert pages.updated(page) == page, "run python docs/make_commands.py"


def test_python_m_is_the_same_command():
    ran = subprocess.run([*PYTHON, "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("vlprep, version")
    ran = subprocess.run([*PYTHON, "tokens"], capture_output=True, text=True, check=False)
    assert ran.stderr.startswith(
        "Usage: vlprep tokens [OPTIONS] PATH...\nTry 'vlprep tokens --help'"
    )


def test_an_interrupt_is_exit_130_without_a_traceback():
    program = (
        "import signal, sys, vlprep.cli.tokens\n"  # all that takes time, before it says so
        # A job in the background inherits deafness to interrupts.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "print('ready', file=sys.stderr, flush=True)\n"
        "vlprep.cli.main(['tokens', '--from-file', '-'])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stderr.readline() == b"ready\n"
    time.sleep(0.5)  # by now it waits for names
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip() == b"interrupted"


def test_a_closed_pipe_ends_quietly():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as gone:
        ran = subprocess.run(
            [*PYTHON, "models"], stdout=gone, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ran.returncode == 1
    assert ran.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",)])
def test_a_full_disk_is_one_line(form):
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [*PYTHON, "tokens", "photo.jpg", *form], cwd=ROOT / "fixtures", stdout=full,
            stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert ran.returncode == 1
    assert ran.stderr == "vlprep: cannot write the output: No space left on device\n"


def test_a_narrow_ascii_locale_breaks_nothing():
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    ran = subprocess.run(
        [*PYTHON, "tokens", "photo.jpg"], cwd=ROOT / "fixtures", env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "302" in ran.stdout


def test_bugs_keep_their_traceback(monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(click.Group, "main", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        main(["models"])


def test_the_nearest_command_is_told(run):
    assert "No such command 'token'. Did you mean tokens?" in run("token", "photo.jpg").err
    assert "Did you mean" not in run("zebra").err


def test_no_command_says_what_there_is(run):
    assert "There are tokens, plan, frames" in run("count").err
    ran = run("photo.jpg")
    assert (ran.code, "write vlprep tokens photo.jpg" in ran.err) == (2, True)
