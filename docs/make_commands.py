"""Write the options of every command into `commands.md`, between its markers.

`python docs/make_commands.py` rewrites the file; a test fails when it is out of date.
"""

from __future__ import annotations

import re
from pathlib import Path

import click

from vlprep.cli import COMMANDS, main

PAGE = Path(__file__).with_name("commands.md")
WIDTH = 80


def updated(page: str) -> str:
    """Return the page with the help of every command between its markers."""
    for name in COMMANDS:
        place = re.search(rf"<!-- {name} -->.*?<!-- end -->", page, flags=re.DOTALL)
        if place is None:
            raise SystemExit(f"{PAGE.name} has no place for {name!r}")
        block = f"<!-- {name} -->\n```text\n{help_of(name)}\n```\n<!-- end -->"
        page = page[: place.start()] + block + page[place.end() :]
    return page


def help_of(name: str) -> str:
    """Return what `vlprep NAME --help` prints."""
    parent = click.Context(main, info_name="vlprep")
    command = main.get_command(parent, name)
    assert command is not None
    context = command.context_class(command, info_name=name, parent=parent, terminal_width=WIDTH)
    context.help_option_names = ["-h", "--help"]
    return command.get_help(context)


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text("utf-8")), "utf-8")
