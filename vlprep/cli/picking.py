"""Options by which frames are picked where something happens, and what is said of the picks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from vlprep.cli.options import RATE, SECONDS, choice_option, together

if TYPE_CHECKING:
    from vlprep.pick.picked import PickedFrames

look_options = together(
    choice_option(
        "--pick",
        ("changes", "every", "keyframes"),
        "Decode all, and pick frames where a change has settled, or at every change; or take the "
        "encoder's keyframes, wherever those are.",
    ),
    click.option(
        "--drop-duplicates",
        is_flag=True,
        help="Decode all that is sampled, and leave out what equals the last frame kept.",
    ),
    click.option(
        "--max-gap",
        type=SECONDS,
        help="Leave no longer stretch without a frame; 15 seconds by default.",
    ),
    click.option(
        "--probe-fps", type=RATE, help="Look for changes so often per second; 2 by default."
    ),
)
_NAMES = {"max_gap": "--max-gap", "budget": "--budget", "probe_fps": "--probe-fps"}


def take_picking(asked: dict[str, Any], *, budget: bool = False) -> dict[str, Any] | None:
    """Take `look_options` out of `asked`, as keywords of `pick_frames`; `None` without --pick.

    With `budget` that is one of them too: where there is nothing else to spend tokens on.

    Raises a usage error for the others where --pick is not said.
    """
    how = {name: asked.pop(name) for name in _NAMES if budget or name != "budget"}
    given = {name: value for name, value in how.items() if value is not None}
    by, distinct = asked.pop("pick"), asked.pop("drop_duplicates")
    if by is not None and distinct:
        raise click.UsageError("--drop-duplicates is of frames spread evenly, not of --pick")
    if by is None and not distinct:
        if given:
            words = ", ".join(_NAMES[name] for name in given)
            raise click.UsageError(f"{words}: say --pick changes too")
        return None
    if asked.get("as_list"):
        raise click.UsageError("--pick and --drop-duplicates look into clips, not at a --list")
    if "probe_fps" in given and (distinct or by == "keyframes"):
        raise click.UsageError("--probe-fps is for --pick changes")
    return {"by": by or "distinct", **given}


def picked_lines(picked: PickedFrames) -> Iterator[str]:
    """Yield what is said of picks: the changes, the longest gap, and the even alternative."""
    from vlprep.units import plural

    shown = picked.changes - picked.dropped
    gap = f"no stretch without a frame over {picked.largest_gap_seconds:.1f} s"
    if picked.by == "distinct":
        sampled = plural(picked.changes + picked.merged, "frame")
        yield f"{picked.merged} of {sampled} sampled equal the last one kept; {gap}"
    elif picked.by == "keyframes":
        yield f"{plural(picked.changes, 'keyframe')} found, {shown} kept; {gap}"
    else:
        smaller = f", and {plural(picked.merged, 'smaller one')} in them" if picked.merged else ""
        yield f"{plural(picked.changes, 'change')} found{smaller}; {shown} shown, {gap}"
        yield from _even_lines(picked)


def _even_lines(picked: PickedFrames) -> Iterator[str]:
    if (even := picked.even).frames > 1:
        yield (
            f"evenly spread, as many frames are {even.seconds_apart:.1f} s apart and show "
            f"{even.changes_shown} of {picked.changes}"
        )


def pick_of(source: Any, processor: Any, how: Mapping[str, Any], asked: Mapping[str, Any]) -> Any:
    """Pick frames of one clip, and return the picks and the stream that reads them."""
    from vlprep.cli.progress import tracking

    looked = {name: asked[name] for name in ("threads", "patience_seconds")}
    picked = processor.pick(source, watch=tracking(source), **looked, **how)
    return picked, picked.frames(**asked)
