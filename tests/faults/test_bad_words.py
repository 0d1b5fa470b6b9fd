"""Words that no option means, for every option of every command: refused, or taken, and no more."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from tests.faults.runs import RECIPES
from tests.places import FIXTURES
from vlprep.cli import COMMANDS, main

WORDS = ("9" * 30, "1000000000000000", "9" * 5000, "9" * 25 + "x9", "-1", "nan", "\x1b[31m")
STANDING = {
    # What a command needs before an option of it is looked at.
    "scan": ("scan", "FILE"),
    "models": ("models", "qvq-max"),
    "completion": ("completion", "bash"),
    "help": ("help",),
    "boxes": ("boxes", "FILE", '[{"bbox_2d": [1, 2, 30, 40]}]'),
    "crop": ("crop", "FILE", "--box", "0,0,9,9", "-o", "OUT.png"),
    "arrays": ("arrays", "FILE", "-m", "Qwen/Qwen3-VL-8B-Instruct", "-o", "OUT.npz"),
}
WRITES_OR_WAITS = {"output", "html", "folder", "sheet", "from_file", "workers", "resume"}
"""Options whose words name what is written or read; `runs` asks them."""


def options():
    """Yield every option that takes a word, with its command."""
    for command in COMMANDS:
        found = main.get_command(click.Context(main), command)
        for option in found.params:
            takes_word = isinstance(option, click.Option) and not option.is_flag
            if takes_word and option.name not in WRITES_OR_WAITS:
                yield command, max(option.opts, key=len)


@pytest.mark.parametrize(("command", "option"), list(options()))
def test_a_word_that_no_option_means_is_no_traceback(command, option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    file = {"events": "clip.mp4", "frames": "clip.mp4"}.get(command, "photo.jpg")
    standing = STANDING.get(command) or RECIPES[command]
    if command in ("fit-request", "reconcile"):
        (tmp_path / "body.json").write_text('{"messages": []}')
    for word in WORDS[: 1 if command == "scan" else None]:
        words = [
            str(tmp_path / "body.json") if one in ("BODY", "FILE") and len(standing) < 5 and
            command in ("fit-request", "reconcile") else
            one.replace("FILE", str(FIXTURES / file)).replace("OUT", str(tmp_path / "new"))
            for one in standing
        ]  # fmt: skip
        ran = CliRunner().invoke(main, [*words, option, word])
        if not isinstance(ran.exception, SystemExit | None):
            raise AssertionError(f"{option} {word[:40]!r}: {ran.exception!r}") from ran.exception
        assert ran.exit_code in (0, 1, 2), (option, word[:40])
        assert "\x1b" not in ran.stdout + ran.stderr, (option, word[:40])
