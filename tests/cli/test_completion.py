"""Tab in real shells, and what it offers."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from vlprep.cli import COMMANDS, main
from vlprep.cli.offers import FREE, NAMES
from vlprep.models.registry import list_models, list_recipes

ROOT = Path(__file__).parents[2]

LINES = {
    # what is typed before Tab: what stands there after it
    "vlprep tok": "vlprep tokens",
    "vlprep tokens photo.hei": "vlprep tokens photo.heic",
    "vlprep frames street.mp": "vlprep frames street.mp4",
    "vlprep compress x.png -o ../fixtu": "vlprep compress x.png -o ../fixtures",
    "vlprep tokens -m qvq-plus-l": "vlprep tokens -m qvq-plus-latest",
    "vlprep tokens --model=qvq-plus-l": "vlprep tokens --model=qvq-plus-latest",
    "vlprep models Qwen/QVQ": "vlprep models Qwen/QVQ-72B-Preview",
    "vlprep view -m qvq-max --rules guide-2025-0": "vlprep view -m qvq-max --rules guide-2025-06",
    "vlprep tokens --deployment chi": "vlprep tokens --deployment china",
    "vlprep tokens --server vl": "vlprep tokens --server vllm",
    "vlprep plan --prefer mo": "vlprep plan --prefer motion",
    "vlprep tokens --max-pi": "vlprep tokens --max-pixels",
}

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(vlprep completion bash)"'),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -U compinit; compinit -u -D; eval "$(vlprep completion zsh)"',
    ),
    "fish": (["fish", "--no-config", "-i"], "vlprep completion fish | source"),
}

# The shell gets a terminal of its own, as a window would give it one.
IN_A_TERMINAL = (
    "import fcntl, os, sys, termios\n"
    "os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """A shell in a pseudo-terminal: types, and waits for what is printed."""

    def __init__(self, words: list[str], environment: dict[str, str]) -> None:
        import pty

        self._mine, its = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", IN_A_TERMINAL, *words],
            stdin=its, stdout=its, stderr=its, env=environment, cwd=ROOT / "fixtures",
        )  # fmt: skip
        os.close(its)
        self._seen = ""

    def type(self, text: str) -> None:
        os.write(self._mine, text.encode())

    def wait_for(self, pattern: str) -> str:
        until = time.monotonic() + 60
        while not (found := re.search(pattern, self._seen)):
            assert time.monotonic() < until, f"{pattern!r} did not come in {self._seen!r}"
            if select.select([self._mine], [], [], 1)[0]:
                self._seen += os.read(self._mine, 65_536).decode(errors="replace")
        self._seen = self._seen[found.end() :]
        return found[1]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._mine)


@pytest.fixture(params=SHELLS)
def shell(request, tmp_path):
    words, setup = SHELLS[request.param]
    if os.name == "nt" or shutil.which(words[0]) is None:
        pytest.skip(f"no {words[0]} here")
    program = tmp_path / "vlprep"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from vlprep.cli import main\nmain()\n"
    )
    program.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    terminal = Terminal(words, {"PATH": path, "TERM": "xterm", "LC_ALL": "C.UTF-8", **home})
    terminal.type(f"{setup}\recho REA''DY x\r")
    terminal.wait_for("(READY x)")
    yield terminal
    terminal.close()


def test_tab_completes_in_a_real_shell(shell):
    for typed, expected in LINES.items():
        # Tab, then to the start of the line: what was completed is printed instead of run.
        shell.type(f"{typed}\t\x01echo DO''NE \r")
        found = shell.wait_for(r"DONE ([^\r\n]*?) *[\r\n]")
        assert found.removesuffix("/") == expected  # zsh takes it away again


def offered(monkeypatch, capfd, line: str) -> list[str]:
    """Return what click's own protocol says to Bash."""
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
    monkeypatch.setenv("_VLPREP_COMPLETE", "bash_complete")
    with pytest.raises(SystemExit):
        main(prog_name="vlprep")
    return capfd.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("vlprep models qwen3-VL-8B-T", ["qwen3-vl-8b-thinking", "Qwen/Qwen3-VL-8B-Thinking"]),
        ("vlprep tokens -m no-such-model --rules g", []),
        ("vlprep tokens --model-file nowhere.toml --rules g", []),
        ("vlprep tokens -m qwen3-vl-plus --rules guide-2025-0", []),
        ("vlprep payload --text wha", []),
        ("vlprep payload --deployment ch", ["china"]),
        ("vlprep boxes photo.jpg answer.txt --region 1", []),
        ("vlprep help fit-i", ["fit-images"]),
        ("vlprep plan --reserve 5 --fp", ["--fps"]),
    ],
)
def test_what_is_offered(monkeypatch, capfd, line, expected):
    found = offered(monkeypatch, capfd, line)
    names = [line.removeprefix("plain,") for line in found if line]
    assert names[: len(expected) + 1] == expected or names[:2] == expected


def test_names_are_those_of_the_model_that_is_the_default(monkeypatch, capfd, tmp_path):
    monkeypatch.chdir(tmp_path)
    line = "vlprep tokens --rules guide-2025-0"
    assert offered(monkeypatch, capfd, line) == [""]
    (tmp_path / "vlprep.toml").write_text('model = "qvq-max"')
    assert offered(monkeypatch, capfd, line) == ["plain,guide-2025-06"]
    assert offered(monkeypatch, capfd, line.replace("--rules", "-m qwen3-vl-plus --rules")) == [""]
    (tmp_path / "vlprep.toml").write_text("model = [")  # a run says what is wrong with it
    assert offered(monkeypatch, capfd, line) == [""]


def test_a_file_is_left_to_the_shell(monkeypatch, capfd):
    assert offered(monkeypatch, capfd, "vlprep check --model-file dir/f") == ["file,dir/f"]
    assert offered(monkeypatch, capfd, "vlprep boxes photo.jpg ans") == ["file,ans"]


def test_all_names_are_offered(monkeypatch, capfd):
    names = {name for model in list_models() for name in (model.name, *model.aliases)}
    found = offered(monkeypatch, capfd, "vlprep tokens -m ")
    assert {line.removeprefix("plain,") for line in found} == names
    found = offered(monkeypatch, capfd, "vlprep payload --recipe ")
    assert found == [f"plain,{recipe.name}" for recipe in list_recipes()]


def test_what_is_named_here_is_a_parameter_of_some_command():
    commands = [main.get_command(click.Context(main), name) for name in COMMANDS]
    parameters = {parameter.name for command in commands for parameter in command.params}
    assert FREE | set(NAMES) <= parameters
