"""Options that were typed and change nothing here: each is told of, and none dropped in silence.

Defaults from files and the environment are for many commands, so nothing is said of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import click
from click.core import ParameterSource

from vlprep.cli.render import note

OF_VIDEOS = frozenset({
    "fps", "nframes", "min_frames", "max_frames", "total_pixels", "clip_pixels", "start_seconds",
    "end_seconds", "sampling", "strict", "pick", "drop_duplicates", "max_gap", "probe_fps", "times",
    "lowest_fps", "every", "as_frames", "video_fields",
})  # fmt: skip
"""Parameters that do nothing to images."""
_OF_IMAGES = frozenset({"high_res", "lossless", "page"})


def typed(names: Collection[str]) -> str:
    """Return which of these parameters the command line names, as they are typed there."""
    context = click.get_current_context()
    return ", ".join(
        max(param.opts, key=len)
        for param in context.command.params
        if param.name in names
        and context.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
    )


def refuse(names: Collection[str], why: str) -> None:
    """Raise a usage error for those of these parameters that were typed."""
    if words := typed(names):
        raise click.UsageError(f"{words}: {why}")


def say_idle(names: Collection[str], why: str) -> None:
    """Tell of those of these parameters that were typed, and why they change nothing."""
    if words := typed(names):
        note(f"note: {words}: {why}")


def say_unused(kinds: Iterable[str | None]) -> None:
    """Tell of options for videos where all files are images, and the other way round.

    A file that failed may be of any kind.
    """
    found = {*kinds}
    if found == {"image"}:
        options = {param.name for param in click.get_current_context().command.params}
        remedy = "; --list takes them as the frames of one video" if "as_list" in options else ""
        say_idle(OF_VIDEOS, f"for videos, and all files are images{remedy}")
    elif found == {"video"}:
        say_idle(_OF_IMAGES, "for images, and all files are videos")
