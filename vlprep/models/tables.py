"""The catalogue's files as tables, each parsed once and when something in it is asked for.

The files at the top of `catalog/` hold what models share: sources, how large and of what kind files
may be, how requests are made and boxes measured. `catalog/rules/` has a file per rule set with its
limits by class of model, `catalog/families/` a file per family of models. What is made of them is
in `registry`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from vlprep.errors import ModelFileError
from vlprep.parsing import parse_toml

Table = Mapping[str, Any]

PARTS = ("image", "video", "prompt")
"""Parts of a rule set, which a model names by its class, or writes out."""


class _Shared(Mapping[str, Table]):
    """The tables that models share, by what they hold.

    What holds them is parsed when they are asked for: only a file that names them can.
    """

    def __getitem__(self, kind: str) -> Table:
        for file in names(""):
            if f"[{kind}" in text_of("", file) and kind in table_of("", file):
                return cast(Table, table_of("", file)[kind])
        raise KeyError(kind)

    def __iter__(self) -> Iterator[str]:
        return (kind for file in names("") for kind in table_of("", file))

    def __len__(self) -> int:
        return len(list(iter(self)))


SHARED = _Shared()
"""The one of them that there is."""


def model_names() -> tuple[str, ...]:
    """Return every name and alias of the catalogue, family by family.

    >>> model_names()[:3]
    ('qvq-max', 'qvq-max-latest', 'qvq-max-2025-05-15')
    """
    return tuple(
        alias
        for file in names("families")
        for name, row in table_of("families", file)["models"].items()
        for alias in (name, *row.get("aliases", ()))
    )


@cache
def rule_file(name: str) -> Table:
    """Return the file of a rule set, empty where there is none; models refer to its rules.

    Its classes lie over those of the file it extends, number by number.
    """
    if name not in names("rules"):
        return {}
    file = table_of("rules", name)
    if "extends" not in file:
        return file
    base, merged = rule_file(file["extends"]), dict(file)
    for key in PARTS:
        own, inherited = file.get(key, {}), base.get(key, {})
        merged[key] = {
            name: {**inherited.get(name, {}), **own.get(name, {})} for name in {**inherited, **own}
        }
    return merged


@cache
def names(folder: str) -> tuple[str, ...]:
    """Return the names of the files in a folder of the catalogue, in order."""
    files = sorted(file.name for file in _CATALOG.joinpath(folder).iterdir())
    return tuple(file.removesuffix(".toml") for file in files if file.endswith(".toml"))


@cache
def text_of(folder: str, name: str) -> str:
    """Return a file of the catalogue as it is written."""
    return _CATALOG.joinpath(folder, f"{name}.toml").read_text("utf-8")


_CATALOG = Path(__file__).with_name("catalog")


@cache
def table_of(folder: str, name: str) -> Table:
    """Return a file of the catalogue, parsed."""
    return parse(text_of(folder, name).encode(), f"{name}.toml")


def parse(content: bytes, where: str) -> Table:
    """Return TOML as a table; raises `ModelFileError`, naming `where`, for what is none."""
    try:
        return parse_toml(content)
    except ValueError as error:
        raise ModelFileError(where, f"not valid TOML: {error}") from error
