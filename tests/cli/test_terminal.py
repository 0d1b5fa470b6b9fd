from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from tests.places import REPO
from vlprep.cli.terminal import NARROWEST, line_width, open_streams, sayable


def stream(encoding: str, errors: str = "strict") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=errors)


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("ascii", "640x480 - ... -> ? ?"),
        ("cp1252", "640×480 - … -> ? ?"),
        ("latin-1", "640×480 - ... -> ? ?"),
        ("cp437", "640x480 ─ ... -> ? ?"),
        ("utf-8", "640×480 ─ … → 红 ?"),
        ("utf-16", "640×480 ─ … → 红 ?"),
    ],
)
def test_what_an_encoding_lacks_is_replaced(monkeypatch, encoding, said):
    out, err = stream(encoding), stream(encoding)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    open_streams()
    for each in (out, err):
        each.write("640×480 ─ … → 红 \udcff")
        each.flush()
        assert each.buffer.getvalue().decode(encoding) == said


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
def test_what_is_measured_is_what_is_written(monkeypatch, encoding):
    out = stream(encoding)
    monkeypatch.setattr(sys, "stdout", out)
    open_streams()
    text = "2 × 3 … 视频"
    out.write(text)
    out.flush()
    assert sayable(text, out) == out.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437"])
@pytest.mark.parametrize(
    "words",
    [
        ("tokens", "fixtures/photo.jpg", "视频.mp4", "--explain"),
        ("tokens", "--no-such-opti×n"),
        ("models",),
        ("--help",),
    ],
)
def test_a_pipe_of_any_encoding_gets_all_of_it(encoding, words):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    ran = subprocess.run(
        [sys.executable, "-m", "vlprep", *words], cwd=REPO, env=environment, capture_output=True,
        check=False,
    )  # fmt: skip
    assert b"Traceback" not in ran.stderr
    assert (ran.stdout + ran.stderr).decode(encoding).strip()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_has_no_width_and_a_terminal_at_least_some(monkeypatch):
    assert line_width(io.StringIO()) is None
    monkeypatch.setenv("COLUMNS", "12")
    assert line_width(Terminal()) == NARROWEST
    monkeypatch.setenv("COLUMNS", "120")
    assert line_width(Terminal()) == 120
    monkeypatch.setenv("COLUMNS", "many")
    assert line_width(Terminal()) == 80  # it is no file of the system, whose size could be asked
