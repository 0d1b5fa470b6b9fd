"""The two streams: how wide they are, what they can say, and lines laid out for them.

Every command prints through here. In a pipe lines stay as long as they are, for programs; on a
terminal prose is wrapped at words. What the encoding of a stream lacks is replaced at its door.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

import click

from vlprep.cli.text import CommandLine, wrapped

if TYPE_CHECKING:
    from vlprep.cli.progress import Bars

NARROWEST, WIDEST_PROSE = 40, 100
"""Columns below which nothing is laid out, and above which no sentence is."""

SUBSTITUTES = {
    "×": "x", "─": "-", "━": "=", "–": "-", "—": "-", "−": "-", "…": "...", "→": "->", "·": "-",
    "≤": "<=", "≥": ">=", "’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "█": "#",
}  # fmt: skip
"""What is written in ASCII where an encoding lacks a character; others become question marks."""


def _substitute(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(SUBSTITUTES.get(character, "?") for character in lacking), error.end


def _plain_ascii(name: str) -> codecs.CodecInfo | None:
    """Find ASCII by another name: by its own, click takes it for a mistake and writes UTF-8."""
    if name != "plain_ascii":
        return None
    known = codecs.lookup("ascii")
    return codecs.CodecInfo(
        *known, incrementalencoder=known.incrementalencoder,
        incrementaldecoder=known.incrementaldecoder, name="plain-ascii",
    )  # fmt: skip


codecs.register_error("vlprep.substitute", _substitute)
codecs.register(_plain_ascii)


def open_streams() -> None:
    """Make stdout and stderr say everything, in other characters where theirs do not suffice.

    A stream that was closed gets its number back, lest a file of ours takes it and what libraries
    print goes there. Then stdin is empty, stderr goes nowhere, and writing to stdout fails.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            encoding = "plain-ascii" if is_ascii else None
            stream.reconfigure(encoding=encoding, errors="vlprep.substitute")


def silence(stream: TextIO) -> None:
    """Point a stream at nothing: its reader has gone, and Python would complain at exit."""
    with suppress(io.UnsupportedOperation):  # it is in memory
        number = stream.fileno()
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, number)
        os.close(nothing)


def sayable(text: str, stream: TextIO) -> str:
    """Return what a stream will say for `text`, to be measured."""
    encoding = stream.encoding or "utf-8"
    if text.isascii() or encoding.lower().startswith("utf"):
        return text
    return text.encode(encoding, "vlprep.substitute").decode(encoding)


def line_width(stream: TextIO) -> int | None:
    """Return how many characters a line of a terminal has; `None` of what is no terminal."""
    if not stream.isatty():
        return None
    asked = os.environ.get("COLUMNS", "")
    try:
        width = int(asked) if asked.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    except OSError:
        width = 0
    return max(width or 80, NARROWEST)


def wants_no_colour() -> bool:
    """Say whether the environment asks for plain text; see https://no-color.org."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def say(*lines: str, err: bool = False) -> None:
    """Print prose: on a terminal wrapped at words, each line hanging below its own beginning.

    A `CommandLine` is broken so that a shell takes its parts as one.
    """
    stream = sys.stderr if err else sys.stdout
    width = line_width(stream)
    fitted = lines if width is None else (part for it in lines for part in _fit(it, width, stream))
    put(fitted, err=err)


def _fit(line: str, width: int, stream: TextIO) -> Iterator[str]:
    if isinstance(line, CommandLine):
        from vlprep.cli.shell import folded  # which help does without

        return folded(line, width)
    return wrapped(sayable(line, stream), min(width, WIDEST_PROSE))


def put(lines: Iterable[str], *, err: bool = False) -> None:
    """Print lines as they are, above what stands below them meanwhile."""
    text = "".join(f"{line}\n" for line in lines)
    shown = _below if (sys.stderr if err else sys.stdout).isatty() else ()
    for display in shown:
        display.stop()
    try:
        click.echo(text, nl=False, err=err, color=False if wants_no_colour() else None)
    except OSError:
        if not err:
            raise
        silence(sys.stderr)  # nobody can be told, and the work goes on
    for display in shown:
        display.start()


_below: list[Bars] = []


@contextmanager
def below_lines(display: Bars) -> Iterator[None]:
    """Show something below all that is printed meanwhile."""
    display.start()
    _below.append(display)
    try:
        yield
    finally:
        _below.remove(display)
        display.stop()
