"""`vlprep completion`: what a shell reads once, so that Tab completes commands and names."""

from __future__ import annotations

import click

from vlprep.cli.command import Command
from vlprep.cli.offers import SHELLS
from vlprep.cli.terminal import put


@click.command(name="completion", cls=Command, takes_defaults=False)
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> int:
    """Print the lines that let a shell complete commands, options, names and files.

    Names are those of models, of the rule sets and deployments of the model that is named, of
    servers and recipes. The shell reads the lines when it starts:

    \b
    eval "$(vlprep completion bash)"  # in ~/.bashrc
    eval "$(vlprep completion zsh)"   # in ~/.zshrc, after compinit
    vlprep completion fish | source   # in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    from vlprep.cli import main

    kind = get_completion_class(shell)
    assert kind is not None  # click has all of `SHELLS`
    put([kind(main, {}, "vlprep", "_VLPREP_COMPLETE").source()])
    return 0
