"""`vlprep config`: the defaults that hold here, and where each comes from."""

from __future__ import annotations

import os
from importlib import import_module

import click

from vlprep.cli import COMMANDS
from vlprep.cli.command import Command, converted, key_of
from vlprep.cli.options import json_option
from vlprep.cli.render import note, print_json, print_table
from vlprep.cli.settings import KEYS, PREFIX, read_settings, variable_of


@click.command(name="config", cls=Command, takes_defaults=False)
@json_option
def command(*, as_json: bool) -> int:
    """Show the defaults of options that hold here, and where each comes from.

    They are read from config.toml in the folder vlprep of $XDG_CONFIG_HOME or ~/.config; above it
    from the nearest vlprep.toml, or pyproject.toml with [tool.vlprep], upwards from here; above
    that from the environment. The command line stands above all. Keys are the options' own words:

    \b
    [tool.vlprep]
    model = "qwen3-vl-plus"
    max-pixels = "1280*32*32"

    In the environment that is VLPREP_MODEL and VLPREP_MAX_PIXELS.

    \b
    vlprep config
    VLPREP_MODEL=qvq-max vlprep config --json
    """
    from vlprep.models.registry import DEFAULT_MODEL

    settings = read_settings()
    rows = [(key, one.value, one.origin) for key, one in settings.items()]
    for key, one in settings.items():
        for param in _params(key):
            converted(param, one)
    if not {"model", "model-file"} & {key for key, *_ in rows}:
        rows.insert(0, ("model", DEFAULT_MODEL, "built in"))
    if as_json:
        entries = [dict(zip(("option", "value", "origin"), row, strict=True)) for row in rows]
        print_json({"schema": "vlprep.config/1", "settings": entries, "known": list(KEYS)})
    else:
        rows.sort(key=lambda row: KEYS.index(row[0]))
        print_table(
            ("option", "value", "from"), ((key, _shown(v), o) for key, v, o in rows), left=3
        )
    for name in sorted(set(os.environ) - set(map(variable_of, KEYS))):
        if name.startswith(PREFIX):
            note(f"warning: {name}: no option can be set so")
    return 0


def _shown(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def _params(key: str) -> list[click.Parameter]:
    """Return the parameters that a key sets, of all commands."""
    commands = [import_module(f"vlprep.cli.{module}").command for module, _ in COMMANDS.values()]
    return [
        param
        for command in commands
        for param in command.params
        if isinstance(param, click.Option) and key_of(param) == key
    ]
