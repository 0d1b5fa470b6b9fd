from __future__ import annotations

import io
import re
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.places import FIXTURES
from vlprep.cli import main, progress
from vlprep.cli.progress import Bars, progress_line, seconds_left, track
from vlprep.cli.text import cells


@given(st.integers(1, 50), st.integers(0, 50), st.floats(0.1, 1e4), st.floats(0, 1e4))
def test_the_time_left_is_the_same_before_and_after_an_item_is_done(done, more, at, waited):
    """So it never jumps: what is shown while an item takes long is what comes of it."""
    total, now = done + 1 + more, at + waited
    before = seconds_left(done, total, at, now)
    after = seconds_left(done + 1, total, now, now)
    assert before is not None and after is not None
    assert before >= after - 1e-6
    if waited >= at / done:  # the item took longer than those before it
        assert before == pytest.approx(after)


@given(st.integers(1, 50), st.integers(1, 50), st.floats(0.1, 1e4), st.floats(0, 1e4))
def test_the_time_left_does_not_stand_still(done, more, at, waited):
    """It runs down, or grows while an item takes long; but at its end there may be none left."""
    one, other = (seconds_left(done, done + more, at, at + waited + wait) for wait in (0, 5))
    assert one is not None and other is not None
    assert one != other or one == 0 or more == 1


def test_nothing_is_known_before_the_first_item_is_done():
    assert seconds_left(0, 10, 0.0, 12.0) is None


@given(
    st.integers(0, 10**6), st.integers(1, 10**6), st.none() | st.floats(0, 10**5),
    st.text(st.characters(categories=["L", "Nd", "P"]), max_size=80), st.integers(40, 200),
)  # fmt: skip
def test_a_line_of_progress_fits_and_tells_the_count(done, total, left, name, width):
    done = min(done, total)
    line = progress_line("reading frames", done, total, left, name, width)
    assert cells(line) <= width
    assert f"  {done:,}/{total:,}" in line


def test_a_path_that_is_too_long_is_its_name():
    line = progress_line("counting", 1, 2, None, "a/long/way/to/IMG_6002.MOV", 40)
    assert line == "counting  1/2  IMG_6002.MOV"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Make stderr a terminal; not in a fixture, after which pytest puts its own there."""
    stream = Terminal()
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def test_the_count_and_the_name_show_while_the_first_item_takes_long(monkeypatch):
    terminal = on_terminal(monkeypatch)
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.0)
    shown = []
    for item in track([0, 1], 2, "counting", ["big.mov", "b.jpg"]):
        until = time.monotonic() + 5
        while f"{item}/2" not in terminal.getvalue() and time.monotonic() < until:
            time.sleep(0.02)
        shown.append(item)
    assert shown == [0, 1]
    assert "  0/2  big.mov" in terminal.getvalue()
    assert "  1/2" in terminal.getvalue()


def test_work_within_work_has_a_line_of_its_own(monkeypatch):
    terminal = on_terminal(monkeypatch)
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.0)
    bars = Bars()
    for _ in bars.track([0, 1], 2, "compressing", ["a.mp4", "b.mp4"]):
        for _ in bars.track(range(3), 3, "reading frames"):
            until = time.monotonic() + 5
            while "reading frames" not in terminal.getvalue() and time.monotonic() < until:
                time.sleep(0.02)
    assert "compressing" in terminal.getvalue()


def test_what_takes_a_moment_shows_nothing(monkeypatch):
    terminal = on_terminal(monkeypatch)
    assert list(track([1, 2], 2, "counting", ["a", "b"])) == [1, 2]
    assert terminal.getvalue() == ""


def test_a_pipe_shows_nothing(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.0)
    assert list(track([1, 2], 2, "counting")) == [1, 2]
    assert stream.getvalue() == ""


def shown_lines(terminal: Terminal) -> set[str]:
    """Return the lines of progress that a terminal was shown, without what moves on it."""
    return set(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "\n", terminal.getvalue()).splitlines())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("check photo.jpg street.mp4 --decode", ["checking", "0/2", "photo.jpg"]),
        ("check exif_6.jpg photo.jpg --fix -o OUT", ["mending", "0/2", "exif_6.jpg"]),
        ("compress exif_1.jpg exif_6.jpg -o OUT", ["compressing", "0/2", "exif_1.jpg"]),
        ("compress street.mp4 --every 4 -o OUT", ["compressing", "0/3", "street-1.mp4"]),
        ("compress street.mp4 --limit 50kB -o OUT.mp4", ["encoding", "/20", "street.mp4"]),
        ("frames street.mp4 --fps 1 -o OUT", ["reading frames", "/10", "street.mp4"]),
        ("view photo.jpg tall.png -o OUT/", ["viewing", "0/2", "photo.jpg"]),
        ("tokens photo.jpg street.mp4", ["counting", "0/2", "photo.jpg"]),
        ("fit-images photo.jpg tall.png", ["measuring", "0/2", "photo.jpg"]),
    ],
)
def test_every_bar_tells_its_count_and_the_file(run, monkeypatch, tmp_path, line, expected):
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(progress.Timer, "start", lambda timer: timer.function())
    monkeypatch.chdir(FIXTURES)
    terminal = on_terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", "100")
    words = [word.replace("OUT", str(tmp_path / "out")) for word in line.split()]
    with pytest.raises(SystemExit):
        main(words, prog_name="vlprep")
    lines = shown_lines(terminal)
    assert any(all(word in line for word in expected) for line in lines), lines
    done = re.findall(r"  ([\d,]+)/([\d,]+)", "\n".join(lines))
    assert all(int(count) <= int(total) for count, total in done)
