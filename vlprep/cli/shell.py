"""Commands as lines of a shell, to be run as they are printed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

import click

from vlprep.check.rule import Remedy
from vlprep.cli.text import UNSAFE, flagged

STDIN_NAME = "<stdin>"
"""What messages call a medium that came from stdin; in a command it is a dash."""


def quote(word: str) -> str:
    r"""Return a word as a POSIX shell reads it; unprintable characters as Bash's escapes.

    A file name that starts with a dash gets a folder, so that no command takes it for an option.

    >>> print(quote("a b.jpg"), quote("-x.jpg"), quote("a\n.jpg"))
    'a b.jpg' ./-x.jpg $'a\n.jpg'
    """
    if word in ("-", STDIN_NAME):
        return "-"
    if word.startswith("-"):
        word = f"./{word}"
    if not UNSAFE.search(word):
        return shlex.quote(word)
    return "$'" + "".join(map(_escape, word)) + "'"


def _escape(character: str) -> str:
    if character in "'\\":
        return f"\\{character}"
    if character == "\n":
        return "\\n"
    if not UNSAFE.match(character):
        return character
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))


def remedy_line(remedy: Remedy, model_words: Iterable[str]) -> str:
    """Return a remedy as a command, or as a step in words; `model_words` name the model.

    >>> options = (("max_pixels", 90000), ("model", "qvq-max"))
    >>> small = Remedy(command="compress", files=("a b.jpg",), output="small/", options=options)
    >>> print(remedy_line(small, ["--model", "qvq-max"]))
    vlprep compress 'a b.jpg' -o small/ --max-pixels 90000 --model qvq-max
    """
    if remedy.command is None:
        name = "" if remedy.output is None else f" {quote(remedy.output)}"
        return flagged(remedy.step) + name
    words = ["vlprep", remedy.command, *map(quote, remedy.files)]
    if remedy.output is not None:
        words += ["-o", quote(remedy.output)]
    for name, value in remedy.options:
        words += model_words if name == "model" else option_words(name, value)
    return " ".join(words)


def repeated(context: click.Context, leave: Collection[str]) -> list[str]:
    """Return the options of a command line as they were given, quoted, but for some by name."""
    given = click.core.ParameterSource.COMMANDLINE
    words = []
    for option in context.command.params:
        name = str(option.name)
        is_kept = name in context.params and name not in leave
        if not is_kept or context.get_parameter_source(name) != given:
            continue
        value = context.params[name]
        if value is False:
            words.append(option.secondary_opts[0])
        else:
            words += [max(option.opts, key=len), *_value_words(value)]
    return words


def _value_words(value: object) -> Iterator[str]:
    if isinstance(value, Fraction):
        yield f"{_decimal(float(100 * value))}%"
    elif isinstance(value, float):
        yield _decimal(value)
    elif value is not True:
        yield quote(str(value))


def _decimal(value: float) -> str:
    return f"{Decimal(repr(value)).normalize():f}"


def model_words(name: str, model_file: str | None, asked: str | None) -> list[str]:
    """Return the options that name a model, quoted: by `name`, or by its file and what was asked.

    >>> model_words("qvq-max", None, "qvq"), model_words("own", "own.toml", None)
    (['--model', 'qvq-max'], ['--model-file', 'own.toml'])
    """
    if model_file is None:
        return ["--model", quote(name)]
    return ["--model-file", quote(model_file), *(["--model", quote(asked)] if asked else [])]


def option_words(name: str, value: object) -> Iterator[str]:
    """Yield a parameter and its value as an option, quoted; a float to its last digit.

    >>> list(option_words("start_seconds", 1e-05)), list(option_words("strict", True))
    (['--start', '0.00001'], ['--strict'])
    """
    yield flagged(f"`{name}`")
    yield from _value_words(value)
