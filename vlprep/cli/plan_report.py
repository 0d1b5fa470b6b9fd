"""What `vlprep plan` prints: the settings, the commands that use them, and why not more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from vlprep.cli.render import heading, note, print_table
from vlprep.cli.shell import option_words, quote
from vlprep.cli.text import flagged, percent, thousands
from vlprep.plan.one_clip import thinned
from vlprep.plan.records import MediaPlan, PlannedFile
from vlprep.plan.settings import Setting
from vlprep.types import FrameListInfo
from vlprep.units import format_rate, format_size
from vlprep.view import View

MOST_NAMES = 3
"""Files that a command is written out for; of more, PATH... stands for them."""
MOST_ALTERNATIVES = 12
"""Lines of the table of alternatives."""


def print_plan(plan: MediaPlan, model: Sequence[str], *, table: bool, explained: bool) -> None:
    """Print a plan for a person; `model` are the words of a command line that name the model."""
    click.echo(heading(plan.view))
    if not plan.files:
        return
    requests = {k: str(n) for n, request in enumerate(plan.requests, 1) for k in request}
    several = len(plan.requests) > 1
    print_table(
        HEADINGS + ("request",) * several,
        (
            (*_row(file), *((requests.get(number, "none"),) * several))
            for number, file in enumerate(plan.files)
        ),
    )
    click.echo("\n" + "\n".join(_summary(plan)))
    if explained:
        click.echo("\n" + "\n".join(_explanation(plan)))
    if table:
        _print_alternatives(plan)
    click.echo("\n" + "\n".join(_commands(plan, model)))


HEADINGS = ("file", "width×height", "fps", "max-pixels", "frames", "model sees", "tokens")


def _row(file: PlannedFile) -> tuple[str, ...]:
    fps, max_pixels = file.setting.fps, file.setting.max_pixels
    return (
        file.source,
        format_size(file.info.size),
        "" if fps is None else format_rate(fps),
        "" if max_pixels is None else str(max_pixels),
        "" if file.frames is None else thousands(file.frames),
        format_size(file.tokens.resized),
        thousands(file.tokens.total),
    )


def _summary(plan: MediaPlan) -> Iterator[str]:
    total, available = plan.total_tokens, plan.budget.available
    if len(plan.requests) > 1:
        yield f"{thousands(total)} tokens in {len(plan.requests)} requests of at most " + (
            f"{thousands(available)}"
        )
    else:
        yield f"{thousands(total)} of {thousands(available)} tokens, {percent(total, available)}"
    yield f"the tightest limit is {plan.budget.binding.reason}"
    if plan.clip is not None:
        frames, pixels = plan.clip.motion, plan.clip.detail
        yield (
            f"{percent(round(frames * 1000), 1000)} of the {thousands(plan.clip.wanted.frames)} "
            f"frames wanted, {percent(round(pixels * 1000), 1000)} of the pixels of "
            f"{format_size(plan.clip.wanted_size)}"
        )


def _explanation(plan: MediaPlan) -> Iterator[str]:
    for bound in plan.bounds:
        yield f"{bound.name}: {flagged(bound.reason)}"
        yield f"  lifted by: {flagged(bound.remedy)}"
    if not plan.bounds:
        yield "nothing binds: all is shown as wanted"


def _print_alternatives(plan: MediaPlan) -> None:
    clip = plan.clip
    if clip is None:
        note("note: --table is of one video")
        return
    click.echo("\nwhat fits, and nothing beats in both frames and pixels")
    print_table(
        ("fps", "max-pixels", "frames", "model sees", "tokens"),
        map(_setting_row, thinned(clip.alternatives(), MOST_ALTERNATIVES)),
        left=0,
    )
    grid = clip.what_if()
    click.echo("\ntokens by fps and max-pixels (* is over the budget)")
    print_table(
        ("fps", *map(str, grid.caps)),
        (
            (format_rate(rate), *(_cell(tokens, clip.available) for tokens in row))
            for rate, row in zip(grid.rates, grid.tokens, strict=True)
        ),
        left=0,
    )


def _setting_row(setting: Setting) -> tuple[str, ...]:
    return (
        "" if setting.fps is None else format_rate(setting.fps),
        str(setting.max_pixels),
        thousands(setting.frames),
        format_size(setting.count.resized),
        thousands(setting.tokens),
    )


def _cell(tokens: int, available: int) -> str:
    if tokens == 0:
        return "refused"
    return thousands(tokens) + ("*" if tokens > available else " ")


def _commands(plan: MediaPlan, model: Sequence[str]) -> Iterator[str]:
    """Yield the commands and arguments that use the settings, for each group that shares them."""
    for files in _alike(plan):
        videos = [file for file in files if file.kind == "video"]
        asked = _asked(plan.view, (videos or files)[0])
        names = " ".join(quote(file.source) for file in files)
        if len(files) > MOST_NAMES:
            names = "PATH..."
        options = (word for pair in asked.items() for word in option_words(*pair))
        flags = " ".join((*model, *options))
        is_list = isinstance(files[0].info, FrameListInfo)
        if not is_list:
            yield f"vlprep tokens {names} {flags}"
        if len(files) == 1 and videos:
            yield f"vlprep frames {names} -o DIR {flags}"
        if not is_list:
            yield from _more_commands(plan, names, flags, has_videos=bool(videos))
        yield "Python: " + ", ".join(f"{name}={value!r}" for name, value in asked.items())


def _more_commands(plan: MediaPlan, names: str, flags: str, *, has_videos: bool) -> Iterator[str]:
    yield f"vlprep compress {names} -o DIR {flags}"
    if plan.view.model.kind == "api":  # a server of weights takes its limits when it starts
        frames = " --api dashscope --as-frames" if has_videos else ""  # the form with the rate
        yield f"vlprep payload {names} --text TEXT {flags}{frames}"


def _asked(view: View, file: PlannedFile) -> dict[str, object]:
    """Return all that is asked of the view of a file: what the caller asked and what was chosen."""
    rules = {} if view.rules.name == view.model.default_rules else {"rules": view.rules.name}
    return {**rules, **view.asking(**file.keywords).options.asked}  # type: ignore[arg-type]


def _alike(plan: MediaPlan) -> list[list[PlannedFile]]:
    """Group files that one command line can be about: images have no rate, and mind none.

    A list of images is a command of its own.
    """
    groups: dict[int | None, list[list[PlannedFile]]] = {}
    for number, file in enumerate(plan.files):
        is_list = isinstance(file.info, FrameListInfo)
        same = groups.setdefault(-number if is_list else file.setting.max_pixels, [])
        for group in same:
            if len({member.setting.fps for member in (*group, file)} - {None}) <= 1:
                group.append(file)
                break
        else:
            same.append([file])
    return [group for same in groups.values() for group in same]
