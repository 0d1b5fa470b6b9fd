"""Measure the processor time that whole commands take: help, one picture, a press of Tab.

Against `python -c "import click"`, without which no command here starts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from report import Finding, Timing, alternate, finish, milliseconds, options, ratio

from vlprep.cli import COMMANDS

FIXTURES = Path(__file__).parents[1] / "fixtures"

HELP_BAR, PICTURE_BAR, TAB_BAR = 1.6, 3, 100
"""Times `import click`, the same, and milliseconds."""

SCRIPT = "from vlprep.cli import main; main(prog_name='vlprep')"
"""What the installed command `vlprep` runs."""

BASE = "python -c 'import click'"

HELP = {f"vlprep {name} --help": ("-c", SCRIPT, name, "--help") for name in COMMANDS}

PICTURE = "vlprep tokens photo.jpg"

OTHERS = {
    "python -c pass": ("-c", "pass"),
    "import vlprep": ("-c", "import vlprep"),
    "vlprep --help": ("-c", SCRIPT, "--help"),
    PICTURE: ("-c", SCRIPT, "tokens", "photo.jpg"),
    f"{PICTURE} --json": ("-c", SCRIPT, "tokens", "photo.jpg", "--json"),
    "vlprep check photo.jpg": ("-c", SCRIPT, "check", "photo.jpg"),
    "vlprep plan photo.jpg": ("-c", SCRIPT, "plan", "photo.jpg"),
    "vlprep tokens street.mp4": ("-c", SCRIPT, "tokens", "street.mp4"),
    "vlprep models": ("-c", SCRIPT, "models"),
    "vlprep models qvq-max": ("-c", SCRIPT, "models", "qvq-max"),
}

TABS = (
    "vlprep tok",
    "vlprep tokens pho",
    "vlprep tokens --max-p",
    "vlprep tokens -m qvq-p",
    "vlprep tokens -m qvq-max --rules g",
    "vlprep tokens --deployment ch",
)
"""What is typed before Tab."""


def main() -> int:
    """Measure, print, and return 1 when a bar is missed."""
    parser = options(__doc__ or "")
    parser.add_argument("--rounds", type=int, default=21, metavar="N", help="runs of each command")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its byte code
        calls = {BASE: partial(cpu_seconds, ("-c", "import click"), environment)}
        calls |= {name: partial(cpu_seconds, words, environment) for name, words in HELP.items()}
        calls |= {name: partial(cpu_seconds, words, environment) for name, words in OTHERS.items()}
        calls |= {tab_name(line): partial(press_tab, line, environment) for line in TABS}
        timings = alternate(calls, arguments.rounds, measure=lambda call: float(call()))
    return finish("startup", timings, list(findings(timings)), arguments.json)


def findings(timings: Mapping[str, Timing]) -> list[Finding]:
    """Return what has a bar, the slowest of its kind for all, and the rest."""
    base = timings[BASE]
    slowest = max(HELP, key=lambda name: timings[name].median)
    tab = max(map(tab_name, TABS), key=lambda name: timings[name].median)
    title = f"{slowest}, the slowest of {len(HELP)} / import click"
    milliseconds_of_tab = milliseconds(f"{tab}, the slowest of {len(TABS)}", timings[tab])
    return [
        ratio(title, timings[slowest], base, bar=HELP_BAR),
        ratio(f"{PICTURE} / import click", timings[PICTURE], base, bar=PICTURE_BAR),
        Finding(
            what=milliseconds_of_tab.what,
            value=milliseconds_of_tab.value,
            unit=" ms",
            low=milliseconds_of_tab.low,
            high=milliseconds_of_tab.high,
            bar=TAB_BAR,
        ),
        *(milliseconds(name, timings[name]) for name in (BASE, *OTHERS)),
    ]


def tab_name(line: str) -> str:
    return f"{line}<Tab>"


def press_tab(line: str, environment: Mapping[str, str]) -> float:
    """Return the processor time of what a shell runs for one press of Tab."""
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    asked["_VLPREP_COMPLETE"] = "bash_complete"
    return cpu_seconds(("-c", SCRIPT), {**environment, **asked})


def cpu_seconds(words: tuple[str, ...], environment: Mapping[str, str]) -> float:
    """Run this interpreter with `words` to its end; returns its time on processors."""
    process = subprocess.Popen(
        [sys.executable, *words], env=environment, cwd=FIXTURES,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{words} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
