"""What `vlprep plan` prints: the settings, the commands that use them, and why not more."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import click

from vlprep.cli.render import Item, heading, item_json, note, print_table
from vlprep.cli.text import percent, safe, thousands
from vlprep.count.files import MediaCount
from vlprep.plan.one_clip import alternatives, thinned, what_if
from vlprep.plan.records import MediaPlan, PlannedFile
from vlprep.plan.settings import ClipSetting
from vlprep.types import VideoInfo
from vlprep.units import format_rate, format_size

SCHEMA = "vlprep.plan/1"

MOST_NAMES = 3
"""Files that a command is written out for; of more, PATH... stands for them."""
MOST_ALTERNATIVES = 12
"""Lines of the table of alternatives."""


def plan_json(plan: MediaPlan, *, table: bool) -> dict[str, Any]:
    """Return the documented JSON of a plan, with its alternatives if they are asked for."""
    clip, choices = plan.clip, plan.choices
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "model": plan.model.name,
        "rules": plan.rules,
        "prefer": plan.prefer,
        "available_tokens": plan.spending.available,
        "reserved_tokens": plan.spending.reserved,
        "limits": [asdict(limit) for limit in plan.spending.limits],
        "items": [_file_json(file) for file in plan.files] + list(map(item_json, plan.failures)),
        "requests": [[plan.files[k].source for k in request] for request in plan.requests],
        "total_tokens": plan.total_tokens,
        "wanted_tokens": plan.wanted_tokens,
        "motion": clip and clip.motion,
        "detail": clip and clip.detail,
        "bounds": [asdict(bound) for bound in plan.bounds],
    }
    if table and clip and choices:
        document["alternatives"] = list(map(_setting_json, alternatives(choices, clip.available)))
        document["what_if"] = asdict(what_if(choices, [clip.chosen.fps or choices.rates[1]],
                                             [clip.chosen.max_pixels]))  # fmt: skip
    return document


def _file_json(file: PlannedFile) -> Item:
    count = MediaCount(source=file.source, info=file.info, tokens=file.tokens)
    item = item_json(count)
    return {"source": file.source, "fps": file.fps, "max_pixels": file.max_pixels, **item}


def _setting_json(setting: ClipSetting) -> Item:
    return {
        "fps": setting.fps,
        "max_pixels": setting.max_pixels,
        "frames": setting.frames,
        "resized_height": setting.count.resized.height,
        "resized_width": setting.count.resized.width,
        "tokens": setting.tokens,
    }


def print_plan(plan: MediaPlan, model: Sequence[str], *, table: bool, explained: bool) -> None:
    """Print a plan for a person; `model` are the words that name the model on a command line."""
    click.echo(heading(plan.model, plan.rules))
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
    for file in plan.files:
        for warning in (*file.info.warnings, *file.tokens.warnings):
            note(f"warning: {file.source}: {warning}")


HEADINGS = ("file", "width×height", "fps", "max-pixels", "frames", "model sees", "tokens")


def _row(file: PlannedFile) -> tuple[str, ...]:
    return (
        file.source,
        format_size(file.info.size),
        "" if file.fps is None else format_rate(file.fps),
        str(file.max_pixels),
        "" if file.frames is None else thousands(file.frames),
        format_size(file.tokens.resized),
        thousands(file.tokens.total),
    )


def _summary(plan: MediaPlan) -> Iterator[str]:
    total, available = plan.total_tokens, plan.spending.available
    if len(plan.requests) > 1:
        yield f"{thousands(total)} tokens in {len(plan.requests)} requests of at most " + (
            f"{thousands(available)}"
        )
    else:
        yield f"{thousands(total)} of {thousands(available)} tokens, {percent(total, available)}"
    yield f"the tightest limit is {plan.spending.binding.reason}"
    if plan.clip is not None:
        frames, pixels = plan.clip.motion, plan.clip.detail
        yield (
            f"{percent(round(frames * 1000), 1000)} of the {thousands(plan.clip.wanted.frames)} "
            f"frames wanted, {percent(round(pixels * 1000), 1000)} of the pixels of "
            f"{format_size(plan.clip.wanted_size)}"
        )


def _explanation(plan: MediaPlan) -> Iterator[str]:
    for bound in plan.bounds:
        yield f"{bound.name}: {bound.reason}"
        yield f"  lifted by: {bound.remedy}"
    if not plan.bounds:
        yield "nothing binds: all is shown as wanted"


def _print_alternatives(plan: MediaPlan) -> None:
    clip, choices = plan.clip, plan.choices
    if clip is None or choices is None:
        note("note: --table is of one video")
        return
    click.echo("\nwhat fits, and nothing beats in both frames and pixels")
    print_table(
        ("fps", "max-pixels", "frames", "model sees", "tokens"),
        map(_setting_row, thinned(alternatives(choices, clip.available), MOST_ALTERNATIVES)),
        left=0,
    )
    chosen = clip.chosen
    grid = what_if(choices, [chosen.fps or choices.rates[1]], [chosen.max_pixels])
    click.echo("\ntokens by fps and max-pixels (* is over the budget)")
    print_table(
        ("fps", *map(str, grid.caps)),
        (
            (format_rate(rate), *(_cell(tokens, clip.available) for tokens in row))
            for rate, row in zip(grid.rates, grid.tokens, strict=True)
        ),
        left=0,
    )


def _setting_row(setting: ClipSetting) -> tuple[str, ...]:
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
    for files in _alike(plan.files):
        clips = [file for file in files if isinstance(file.info, VideoInfo)]
        first = clips[0] if clips else files[0]
        names = " ".join(shlex.quote(file.source) for file in files)
        if len(files) > MOST_NAMES:
            names = "PATH..."
        flags = shlex.join([*model, *_flags(first)])
        names, flags = safe(names), safe(flags)
        yield f"vlprep tokens {names} {flags}"
        if len(files) == 1 and clips:
            yield f"vlprep frames {names} -o DIR {flags}"
        yield f"vlprep compress {names} -o DIR {flags}"
        if plan.model.kind == "api":  # a server of weights takes its limits when it starts
            frames = " --api dashscope --as-frames" if clips else ""  # the form that says the rate
            yield f"vlprep payload {names} --text TEXT {flags}{frames}"
        yield "Python: " + ", ".join(f"{name}={value}" for name, value in first.keywords.items())


def _flags(file: PlannedFile) -> list[str]:
    rate = [] if file.fps is None else ["--fps", format_rate(file.fps)]
    return [*rate, "--max-pixels", str(file.max_pixels)]


def _alike(files: Sequence[PlannedFile]) -> list[list[PlannedFile]]:
    """Group files that one command line can be about: images have no rate, and mind none."""
    groups: dict[int, list[list[PlannedFile]]] = {}
    for file in files:
        for group in groups.setdefault(file.max_pixels, []):
            rates = {member.fps for member in (*group, file)} - {None}
            if len(rates) <= 1:
                group.append(file)
                break
        else:
            groups[file.max_pixels].append([file])
    return [group for same in groups.values() for group in same]
