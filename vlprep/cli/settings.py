"""Defaults of options: from files and the environment, each with where it comes from.

The levels, each above the one before: the user's file, the project's file (the nearest
`vlprep.toml`, or `pyproject.toml` with a table `tool.vlprep`, upwards from here), the environment.
The command line stands above all. Only options that are safe as defaults can be set so: none that
writes, overwrites, changes what a file is named, or lets private hosts be asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from pathlib import Path

KEYS = (
    "model", "model-file", "rules", "server",
    "fps", "nframes", "min-frames", "max-frames", "min-pixels", "max-pixels", "total-pixels",
    "clip-pixels", "sampling", "high-res", "strict",
    "api", "route", "deployment", "thinking", "max-input", "max-model-len",
    "limit", "threads", "on-damage", "safety", "quiet", "fetch-limit", "fetch-seconds",
)  # fmt: skip
"""Options that may have defaults, by the word of the command line."""

PREFIX = "VLPREP_"
RIVALS = {
    "model": ("model-file",),
    "model-file": ("model",),
    "fps": ("nframes",),
    "nframes": ("fps",),
    "pick": ("fps", "nframes", "sampling"),
}
"""Options that take the place of others, which a lower level may have set."""
_OF_MODEL = ("rules", "server")


class Setting(NamedTuple):
    """One default."""

    value: str | bool
    """As it would stand on the command line; a flag is true or false."""
    origin: str
    """The file, or the variable of the environment."""
    with_model: bool = False
    """Whether the same level names the model as well; then it belongs to that model."""


def read_settings() -> dict[str, Setting]:
    """Return the defaults that hold here, by option; raises `click.UsageError`."""
    return merged([*_levels()])


def merged(levels: Iterable[Mapping[str, Setting]]) -> dict[str, Setting]:
    """Lay levels over each other, option by option; the last one wins.

    A model that a level names takes away the rules and the server of another level's model.

    >>> low = {"fps": Setting("1", "a.toml"), "model": Setting("qvq-max", "a.toml", True)}
    >>> list(merged([low, {"nframes": Setting("8", "VLPREP_NFRAMES")}]))
    ['model', 'nframes']
    """
    found: dict[str, Setting] = {}
    for level in levels:
        gone = {rival for name in level for rival in RIVALS.get(name, ())}
        if _names_model(level):
            gone |= {name for name in _OF_MODEL if name in found and found[name].with_model}
        found = {name: one for name, one in found.items() if name not in gone} | dict(level)
    return found


def _names_model(level: Iterable[str]) -> bool:
    return not {"model", "model-file"}.isdisjoint(level)


def _levels() -> Iterator[dict[str, Setting]]:
    for path in (_user_file(), _project_file()):
        if path is not None:
            yield _of_file(path)
    named = {key: os.environ.get(variable_of(key), "") for key in KEYS}
    yield {
        key: Setting(value, variable_of(key), _names_model(filter(named.get, named)))
        for key, value in named.items()
        if value
    }


def variable_of(key: str) -> str:
    """Return the variable of the environment that sets an option.

    >>> variable_of("max-pixels")
    'VLPREP_MAX_PIXELS'
    """
    return PREFIX + key.upper().replace("-", "_")


def _user_file() -> Path | None:
    from pathlib import Path

    base, home = os.environ.get("XDG_CONFIG_HOME"), os.environ.get("HOME")
    if not (base or home):
        return None
    path = Path(base or f"{home}/.config", "vlprep", "config.toml")
    return path if path.is_file() else None


def _project_file() -> Path | None:
    """Return the nearest file upwards; one that never names the table is not parsed."""
    from pathlib import Path

    try:
        here = Path.cwd()
    except OSError:  # it has been removed
        return None
    for folder in (here, *here.parents):
        own, shared = folder / "vlprep.toml", folder / _SHARED
        if own.is_file():
            return own
        if shared.is_file() and b"tool.vlprep" in _read(shared):
            return shared
    return None


_SHARED = "pyproject.toml"


def _read(path: Path) -> bytes:
    from vlprep.parsing import read_small

    try:
        return read_small(path)
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}") from error


def _of_file(path: Path) -> dict[str, Setting]:
    from vlprep.parsing import parse_toml

    try:
        table: Any = parse_toml(_read(path))
    except ValueError as error:
        raise click.UsageError(f"{path}: not valid TOML: {error}") from error
    origin = str(path)
    if path.name == _SHARED:
        table, origin = table.get("tool", {}).get("vlprep", {}), f"{path} [tool.vlprep]"
    values = {key.replace("_", "-"): value for key, value in table.items()}
    with_model = _names_model(values)
    return {
        key: Setting(_value(key, value, origin, path.parent), origin, with_model)
        for key, value in values.items()
    }


def _value(key: str, value: object, origin: str, folder: Path) -> str | bool:
    if key not in KEYS:
        import difflib

        near = difflib.get_close_matches(key, KEYS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(KEYS)}"
        raise click.UsageError(f"{origin}: {key} cannot be set; {hint}")
    if not isinstance(value, str | int | float):
        raise click.UsageError(f"{origin}: {key}: a text, a number, true or false is wanted")
    if key == "model-file":
        return str(folder / str(value))  # as the file means it, wherever one works
    return value if isinstance(value, bool) else str(value)
