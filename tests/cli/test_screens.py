"""What every command looks like in a terminal, and what no terminal may bring about."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("pty", reason="no pseudo-terminals here")

from tests.screens import SCREENS, TYPICAL, plain, screens, shown
from vlprep.cli import COMMANDS
from vlprep.cli.text import cells

EVERY = [command for commands in TYPICAL.values() for command in commands]
GOLDEN = {name: (SCREENS / f"{name}.txt").read_text("utf-8") for name in TYPICAL}
RED, YELLOW = "\x1b[31m", "\x1b[33m"


def test_every_command_has_its_screens():
    assert set(COMMANDS) - {"help"} <= set(TYPICAL)  # click lays help out
    assert {path.stem for path in SCREENS.iterdir()} == set(TYPICAL)


@pytest.mark.parametrize("name", TYPICAL)
def test_screens_are_as_they_were_looked_at(name):
    assert screens(name) == GOLDEN[name], "look at it: python -m tests.screens"


@pytest.mark.parametrize("name", TYPICAL)
def test_no_line_is_wider_than_the_terminal(name):
    """But for a word that is: a path or an address to be copied."""
    parts = re.split(r"^(\d+) columns =+$", GOLDEN[name], flags=re.M)[1:]
    for width, text in zip(map(int, parts[::2]), parts[1::2], strict=True):
        for line in text.splitlines():
            is_word = " " not in line.strip().removesuffix(" \\")
            assert cells(line) <= width or is_word or line.startswith("$ "), line


def words(text: str) -> list[str]:
    return re.sub("[─-]{4,}", "", plain(text)).split()


@pytest.mark.parametrize("command", EVERY)
def test_every_encoding_is_served(command):
    """Each says the same, in other letters."""
    whole = shown(command, 100)
    for encoding in ("cp1252", "latin-1", "cp437"):
        said = whole.encode(encoding, "vlprep.substitute").decode(encoding)
        assert words(shown(command, 100, encoding)) == words(said)


def test_errors_are_red_and_warnings_yellow():
    screen = shown("tokens fixtures/tall.png fixtures/photo.jpg fixtures/empty.jpg", 80)
    assert f"{RED}error:\x1b[0m fixtures/empty.jpg" in screen
    assert f"{RED}failed\x1b[0m" in screen
    assert f"{YELLOW}warning:\x1b[0m fixtures/tall.png" in screen
    assert f"{RED}vlprep:\x1b[0m" in shown("tokens fixtures/photo.jpg -m nope", 80)
    assert f"{RED}Error:\x1b[0m" in shown("tokens", 80)


@pytest.mark.parametrize("plainly", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_colour_gets_none(plainly):
    command = "tokens fixtures/tall.png fixtures/photo.jpg fixtures/empty.jpg"
    assert "\x1b" not in shown(command, 80, **plainly)
    assert "\x1b" not in shown("tokens", 80, **plainly)


def test_a_number_of_columns_that_is_asked_for_holds():
    wide = shown("tokens fixtures/photo.jpg", 40, COLUMNS="100")
    assert wide == shown("tokens fixtures/photo.jpg", 100)


def test_errors_come_before_the_total_and_failed_files_count_as_none():
    lines = plain(shown("tokens fixtures/photo.jpg fixtures/empty.jpg", 80)).splitlines()
    error = next(k for k, line in enumerate(lines) if line.startswith("error: "))
    assert re.fullmatch(r"fixtures/empty.jpg +failed", lines[error - 1])
    assert "302 tokens in 1 of 2 files; 1 failed" in lines[error:]
    plan = plain(shown("plan fixtures/photo.jpg no-such-file.jpg", 80)).splitlines()
    error = next(k for k, line in enumerate(plan) if line.startswith("error: "))
    assert re.fullmatch(r"no-such-file.jpg +failed", plan[error - 1])
    assert any("of 260,096 tokens" in line for line in plan[error:])
