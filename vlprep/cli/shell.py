"""Commands as lines of a shell, to be run as they are printed."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import click

from vlprep.cli.text import INDENT, STDIN_NAME, UNSAFE, cells, flagged

if TYPE_CHECKING:
    from vlprep.check.rule import Remedy

Shell = Literal["posix", "cmd", "powershell"]


def this_shell(environment: Mapping[str, str] = os.environ, system: str = os.name) -> Shell:
    """Return the shell that a printed command is most likely pasted into.

    On Windows, cmd.exe sets PROMPT and PowerShell does not; the shells of Git and MSYS2 are POSIX
    ones and set MSYSTEM.
    """
    if system != "nt" or "MSYSTEM" in environment:
        return "posix"
    return "cmd" if "PROMPT" in environment else "powershell"


def quote(word: str, shell: Shell | None = None) -> str:
    r"""Return a word as a shell reads it, by default as `this_shell` does.

    A file name that starts with a dash gets a folder, so that no command takes it for an option.

    >>> print(quote("a b.jpg", "posix"), quote("-x.jpg", "posix"), quote("a\n.jpg", "posix"))
    'a b.jpg' ./-x.jpg $'a\n.jpg'
    >>> print(quote("50% of.jpg", "cmd"), quote("it's $5.jpg", "powershell"))
    ^"50^% of.jpg^" 'it''s $5.jpg'
    """
    if word in ("-", STDIN_NAME):
        return "-"
    if word.startswith("-"):
        word = f"./{word}"
    return _QUOTES[shell or this_shell()](word)


def _quote_posix(word: str) -> str:
    """Quote as POSIX has it; unprintable characters as Bash's escapes."""
    if not UNSAFE.search(word):
        return shlex.quote(word)
    return "$'" + "".join(map(_escape, word)) + "'"


def _quote_cmd(word: str) -> str:
    """Quote for programs, which read backslashes before a quote, and for cmd.exe, which does not.

    Between double quotes the per cent sign keeps its meaning to cmd.exe, and a quote ends them
    whatever is before it: where there is one, carets take the meaning of every character.
    """
    if word and not _NOT_PLAIN.search(word):
        return word
    escaped = re.sub(r'(\\*)("|$)', lambda match: match[1] * 2 + match[2].replace('"', '\\"'), word)
    quoted = f'"{escaped}"'
    return re.sub(r'[()%!^"<>&|]', r"^\g<0>", quoted) if re.search('["%]', word) else quoted


def _quote_powershell(word: str) -> str:
    """Quote literally: within single quotes, of which PowerShell knows five, each is doubled."""
    if word and not _NOT_PLAIN.search(word):
        return word
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", word) + "'"


_QUOTES: dict[Shell, Callable[[str], str]] = {
    "posix": _quote_posix, "cmd": _quote_cmd, "powershell": _quote_powershell
}  # fmt: skip
_NOT_PLAIN = re.compile(r"[^\w./\\:+=-]")
"""What may have a meaning to a shell of Windows."""


def _escape(character: str) -> str:
    if character in "'\\":
        return f"\\{character}"
    if character == "\n":
        return "\\n"
    if not UNSAFE.match(character):
        return character
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))


def variable(name: str, shell: Shell | None = None) -> str:
    """Return an environment variable as a shell reads it between double quotes.

    >>> variable("KEY", "posix"), variable("KEY", "cmd"), variable("KEY", "powershell")
    ('$KEY', '%KEY%', '$env:KEY')
    """
    return {"posix": f"${name}", "cmd": f"%{name}%", "powershell": f"$env:{name}"}[
        shell or this_shell()
    ]


_WORD = re.compile(r"""(?:\$'(?:\\.|[^'\\])*'|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"])+""")
_GOES_ON: dict[Shell, str] = {"posix": "\\", "cmd": "^", "powershell": "`"}
"""What stands at the end of a line that the next one goes on with."""


def folded(command: str, width: int, shell: Shell | None = None) -> Iterator[str]:
    r"""Yield a command in lines that are at most `width` wide, and that a shell takes as one.

    It is broken between words, whatever their length; options keep their values if they can.

    >>> print(*folded("vlprep frames 'a b.mp4' -o out --fps 2", 24, "posix"), sep="\n")
    vlprep frames \
      'a b.mp4' -o out \
      --fps 2
    """
    more = " " + _GOES_ON[shell or this_shell()]
    indent = " " * (len(command) - len(command.lstrip()))
    line, *words = _units(_WORD.findall(command), width - len(indent) - INDENT - len(more)) or [""]
    line = indent + line
    for k, word in enumerate(words, 1):
        end = more if k < len(words) else ""
        if cells(f"{line} {word}{end}") <= width:
            line += f" {word}"
        else:
            yield line + more
            line = indent + " " * INDENT + word
    yield line


def _units(words: list[str], width: int) -> list[str]:
    """Return words, options with the words after them as one where they have room."""
    units = words[:1]
    for word, after in pairwise(words):
        pair = f"{word} {after}"
        if word.startswith("-") and not after.startswith("-") and cells(pair) <= width:
            units[-1] = pair
        else:
            units.append(after)
    return units


def remedy_line(remedy: Remedy, model_words: Iterable[str]) -> str:
    """Return a remedy as a command, or as a step in words; `model_words` name the model.

    >>> from vlprep import Remedy
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
