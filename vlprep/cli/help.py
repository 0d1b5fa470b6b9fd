"""`vlprep help NAME`: the same as `vlprep NAME --help`."""

from __future__ import annotations

import click

from vlprep.cli.command import Command


@click.command(name="help", cls=Command, takes_defaults=False)
@click.argument("name", required=False, metavar="[COMMAND]")
@click.pass_context
def command(context: click.Context, name: str | None) -> None:
    """Show what a command does and takes, as `vlprep COMMAND --help` does.

    \b
    vlprep help tokens
    """
    group = context.parent
    assert group is not None and isinstance(group.command, click.Group)
    if name is None:
        click.echo(group.get_help())
        return
    found = group.command.get_command(group, name)
    if found is None:
        raise click.UsageError(
            f"no command {name!r}; there are {', '.join(group.command.list_commands(group))}"
        )
    with found.context_class(found, info_name=name, parent=group) as asked:
        click.echo(found.get_help(asked))
