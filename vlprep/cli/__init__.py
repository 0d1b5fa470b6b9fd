"""The command line: parse, one task, render. Commands load when they are run."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
import warnings
from functools import partial
from importlib import import_module
from io import StringIO
from typing import TYPE_CHECKING, Any

import click

from vlprep.cli.pages import Context
from vlprep.cli.signals import run_to_end
from vlprep.cli.terminal import open_streams, say, silence
from vlprep.cli.text import flagged, safe
from vlprep.errors import VlprepError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "tokens": ("tokens", "Count what images and videos cost in tokens."),
    "plan": ("plan", "Choose rate and size so that files fit a number of tokens."),
    "frames": ("frames", "Write the frames that a model sees of a video."),
    "view": ("view", "Write an image as a model sees it."),
    "split": ("split", "Split a page into pieces in which the model can read."),
    "crop": ("crop", "Cut a region out of an image, to be seen as large as can be."),
    "arrays": ("arrays", "Write the numbers that the encoder of open weights takes."),
    "compress": ("compress", "Bring images and videos under a byte limit."),
    "check": ("check", "Check images and videos against every documented limit."),
    "payload": ("payload", "Build a request body with images and videos in it."),
    "fit-request": ("fit_request", "Make the media inside a request body fit."),
    "fit-images": ("fit_images", "Say how many images fit a model's input."),
    "boxes": ("boxes", "Map the boxes in a model's answer to an image, and draw them."),
    "events": ("events", "Map times in a model's answer to a video, and show its frames."),
    "reconcile": ("reconcile", "Set billed tokens against predicted ones, from a log of replies."),
    "scan": ("scan", "Count or check any number of files, as a table."),
    "models": ("models", "List the models, or show one with all its numbers."),
    "config": ("config", "Show the defaults of options, and where each comes from."),
    "completion": ("completion", "Print what lets a shell complete commands and names."),
    "help": ("help", "Show what a command does and takes."),
}
"""Module and summary of each command; the summaries are here so that help imports no command."""

EXIT_FAILED, EXIT_INTERRUPTED = 1, 130  # wrong usage is 2, as click has it


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, and whose errors end here."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"vlprep.cli.{COMMANDS[cmd_name][0]}").command
        if ctx.resilient_parsing:  # a word is completed, nothing is run
            import_module("vlprep.cli.offers").offer(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command by its name; of another name the nearest are told."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import shlex
            from difflib import get_close_matches

            name = args[0]
            near = " or ".join(get_close_matches(name, COMMANDS))
            remedy = f"Did you mean {near}?" if near else f"There are {', '.join(COMMANDS)}."
            if os.path.lexists(name):
                remedy = f"To count the file of that name, write vlprep tokens {shlex.quote(name)}"
            elif name.startswith("-"):
                raise
            raise click.UsageError(f"{error.message} {remedy}", ctx) from error

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the commands from the table, without importing them, and the group's options."""
        from click.shell_completion import CompletionItem

        return [
            *(
                CompletionItem(name, help=summary)
                for name, (_, summary) in COMMANDS.items()
                if name.startswith(incomplete)
            ),
            *click.Command.shell_complete(self, ctx, incomplete),
        ]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command and end the process with a documented exit code."""
        # Pillow tells of damaged EXIF by Python warnings; here the process is ours to keep quiet.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        # Modules are no garbage; looking for some as they load takes 5 % of a short command.
        gc.set_threshold(50_000, *gc.get_threshold()[1:])
        if "_VLPREP_COMPLETE" in os.environ:
            import_module("vlprep.cli.offers").mend_shells()
        atexit.register(gc.freeze)  # or Python looks once more through all that was loaded
        extra["standalone_mode"] = False
        open_streams()
        call = partial(super().main, *args, **extra)
        code = run_to_end(partial(_run, call), partial(say, err=True))
        sys.exit(code)


def _run(call: Any) -> int:
    """Turn what ends a command into one line on stderr and an exit code."""
    try:
        return int(call() or 0)
    except click.Abort:  # what click makes of Ctrl-C
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    except BrokenPipeError:
        silence(sys.stdout)
        return EXIT_FAILED
    except VlprepError as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(_of_the_system(error))
    except MemoryError:
        return _failed("memory ran out; allow more, end other programs, or give it less to do")


def _of_the_system(error: OSError) -> str:
    """Return what the system says of a file, or of stdout, which has no name."""
    problem = str(error.strerror or error)
    if error.filename is None and error.errno in _UNWRITABLE:
        silence(sys.stdout)
        problem = "stdout is closed" if error.errno == errno.EBADF else problem
        return f"cannot write the output: {problem}"
    problem = f"{problem[:1].lower()}{problem[1:]}"  # the system's own begin with a capital
    return problem if error.filename is None else f"{error.filename}: {problem}"


_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def _failed(message: str) -> int:
    say(f"{click.style('vlprep:', fg='red')} {safe(flagged(message))}", err=True)
    return EXIT_FAILED


def _show(error: click.ClickException) -> None:
    """Print what click has to say of an error."""
    text = StringIO()
    error.show(text)
    say(*text.getvalue().replace("Error:", click.style("Error:", fg="red")).splitlines(), err=True)


@click.group("vlprep", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vlprep")
def main() -> None:
    """See what a vision-language model sees of your images and videos, and what it costs.

    \b
    vlprep tokens photo.jpg clip.mp4 --fps 1
    vlprep frames clip.mp4 --fps 1 -o frames --sheet sheet.jpg
    vlprep compress photo.heic clip.mov -o small --limit 7MB
    vlprep fit-images *.jpg --model qvq-max
    vlprep models qwen3-vl-plus

    Options may have defaults: see vlprep help config. Data goes to stdout, everything else to
    stderr. Exit codes: 0 all good, 1 a file or the request failed, 2 wrong usage, 130 interrupted,
    143 terminated.
    """
