"""`vlprep plan`: the settings with which files fit a number of tokens."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from vlprep.cli import EXIT_FAILED
from vlprep.cli.command import Command
from vlprep.cli.findings import unseen_lines
from vlprep.cli.idle import say_unused
from vlprep.cli.named import (
    facts_options,
    fetch_words,
    file_options,
    input_words,
    take_inputs,
)
from vlprep.cli.options import (
    BYTES,
    POSITIVE,
    RATE,
    SECONDS,
    api_option,
    bind,
    budget_options,
    choice_option,
    deployment_option,
    font_option,
    force_option,
    form_options,
    readable_pieces_option,
    route_option,
    sdk_option,
    sending_options,
    take_share,
    view_options,
)
from vlprep.cli.picking import look_options, picked_lines, take_picking
from vlprep.cli.plan_bodies import (
    body_warnings,
    plan_document,
    print_saved,
    save,
    take_sending,
)
from vlprep.cli.plan_commands import BY_RATE, printed_commands, word_of
from vlprep.cli.plan_pages import page_lines
from vlprep.cli.progress import track
from vlprep.cli.render import (
    heading,
    note,
    print_document,
    print_table,
    report_problems,
    rows_of,
    say_notes,
    say_warnings,
)
from vlprep.cli.shell import model_words, quote, repeated
from vlprep.cli.terminal import say
from vlprep.cli.text import CommandLine, flagged, percent, safe, thousands
from vlprep.units import format_rate, format_size, format_time

if TYPE_CHECKING:
    from vlprep.count.files import MediaFailure
    from vlprep.plan.bounds import Bound
    from vlprep.plan.records import MediaPlan, PlannedFile, SplitOptions
    from vlprep.plan.settings import Setting


@click.command(name="plan", cls=Command)
@facts_options
@file_options
@view_options
@api_option
@click.option("--lowest-fps", type=RATE, help="Choose no lower rate; --fps is the highest.")
@click.option(
    "--lowest-max-pixels",
    type=POSITIVE,
    help="Choose no lower --max-pixels; what it is set to is the highest.",
)
@choice_option(
    "--prefer",
    ("balanced", "detail", "motion"),
    "Keep pixels (detail), frames (motion), or some of both, when not all fits.",
)
@look_options
@budget_options
@click.option("--price-cap", type=float, metavar="X", help="Spend no more than X on the input.")
@click.option(
    "--currency", metavar="CODE", help="Take X in this currency, where prices are in several."
)
@deployment_option
@click.option(
    "--split", "is_split", is_flag=True, help="Shrink nothing; use as many requests as it takes."
)
@click.option(
    "--reorder", is_flag=True, help="Change the order of files, with --split, for fewer requests."
)
@click.option(
    "--pieces",
    is_flag=True,
    help="Cut videos into parts that are shown as asked, a request each, and images of small "
    "letters into pieces that can be read.",
)
@click.option(
    "--overlap", type=SECONDS, help="Let parts share so much, with --pieces; 5 seconds by default."
)
@readable_pieces_option
@route_option("Send files so, with --split; it limits their number.", None)
@click.option(
    "--request-limit",
    "max_bytes",
    type=BYTES,
    help="Keep the files of each request under so many bytes as they are sent, with --split: of "
    "their Base64, unless --route says otherwise.",
)
@click.option("--explain", "explained", is_flag=True, help="Tell what binds, and what lifts it.")
@click.option("--table", is_flag=True, help="Show alternatives, and tokens by rate and size.")
@click.option("--chart", metavar="FILE", help="Draw the plan: .png, .jpg or .webp.")
@font_option
@click.option("-o", "--output", metavar="DIR", help="Write the bodies of the requests into it.")
@click.option("-t", "--text", help="Ask this in each of them, with -o.")
@sending_options
@sdk_option
@force_option
@form_options
@click.pass_context
def command(
    context: click.Context,
    /,
    explained: bool,
    table: bool,
    chart: str | None,
    font: str | None,
    force: bool,
    form: str | None,
    **asked: Any,
) -> int:
    """Choose the rate and the size with which files fit a model's input, or a budget.

    Every distinct setting is counted exactly, and the best that fits is named, with the commands
    that use it; what fits as asked is left so. Several files get one --max-pixels, and videos
    among them one --fps; with --split they are shown as asked, in as many requests as that takes.
    With --pick clips are decoded, and the frames chosen in which something happens; what as many
    tokens show at a rate is told beside it. With --pieces a long video is cut into parts that are
    shown as asked, in a request each, and an image of small letters into pieces that can be read,
    beside what the model sees of it uncut.
    -o writes the requests as they were planned: request-1.json and so on, all of them or none.
    A folder is the media files in it. With --list all images are the frames of one video.

    \b
    vlprep plan lecture.mp4 --model qwen3-vl-plus --budget 50%
    vlprep plan lecture.mp4 --pieces --overlap 10 --as-frames --text "What happens?" -o bodies
    vlprep plan *.jpg --split --text "What is this?" -o bodies
    """
    _check_pairs(asked, chart, font)
    inputs, fetching, sending = input_words(asked), fetch_words(asked), take_sending(asked)
    split, api = _take_split(asked), asked["api"]
    if (picking := take_picking(asked)) is not None:
        asked["pick"] = {**picking, "watch": track}
    files = take_inputs(asked)
    model, model_file = asked["model"], asked["model_file"]
    processor = bind(asked)
    take_share(asked, processor)
    watched = track(files, len(files), "measuring", files)
    plan = processor.plan(watched, split=split, **asked)
    say_unused([*(file.kind for file in plan.files), *(None for _ in plan.failures)])
    if chart is not None:
        _draw(plan, chart, font, overwrite=force)
    words = model_words(processor.name, model_file, model)
    saved = save(plan, sending, api, words, overwrite=force) if sending else ()
    if form:
        print_document(plan_document(plan, saved, table=table), form)
    else:
        _print_plan(plan, table=table, explained=explained)
        if sending and saved:
            print_saved(saved, sending["target"])
        else:
            listed = _listed(files)
            names = inputs or map(quote, listed or map(word_of, files))
            again = [*names, *repeated(context, OUTPUTS)]
            lines = printed_commands(plan, [*fetching, *words], api, listed, inputs, again)
            say("", *(it if it.startswith("Python: ") else CommandLine(it) for it in lines))
            _say_api(plan, api)
        _say_start(plan, _served(model_file, processor.model.name))
        for text in (*plan.warnings, *body_warnings(saved)):
            note(f"warning: {text}")
    say_notes(plan.budget)
    # What is of a body tells of its files; of a file in pieces the first tells.
    told = {} if form or saved else {file.source: file for file in reversed(plan.files)}
    for file in reversed(told.values()):
        say_warnings(file.source, _own_warnings(file, plan), processor)
    return report_problems(plan.failures) if form else EXIT_FAILED * bool(plan.failures)


def _check_pairs(asked: dict[str, Any], chart: str | None, font: str | None) -> None:
    """Raise `click.UsageError` for an option without the one that it goes with."""
    if asked["currency"] is not None and asked["price_cap"] is None:
        raise click.UsageError("--currency goes with --price-cap")
    if font is not None and chart is None:
        raise click.UsageError("--font goes with --chart")


def _draw(plan: MediaPlan, chart: str, font: str | None, *, overwrite: bool) -> None:
    drawing = plan.chart(font=font)
    drawing.save(chart, overwrite=overwrite)
    for text in drawing.warnings:
        note(f"warning: {text}")


def _own_warnings(file: PlannedFile, plan: MediaPlan) -> list[str]:
    """Return the warnings of a file, but for the one that the plan has for all of them."""
    from vlprep.plan.cautions import cap_reading

    said, cut = cap_reading(plan.view), file.piece.split.warnings if file.piece else ()
    own = dict.fromkeys((*file.warnings, *cut))
    return [text for text in own if said is None or not text.startswith(said.says)]


OUTPUTS = (
    *("paths", "recursive", "from_file", "null_separated"),  # which `input_words` repeats
    *("sizes", "duration", "source_fps"),
    *("explained", "table", "chart", "force", "form"),
)
"""What a command line that writes bodies does not repeat."""


def _listed(files: list[Any]) -> Sequence[str] | None:
    """Return the names by which a list of images is given again; `None` of other files."""
    from vlprep.count.frame_list import FrameList

    if not isinstance(files[0], FrameList):
        return None
    return [files[0].folder] if files[0].folder else files[0].names


def _take_split(asked: dict[str, Any]) -> SplitOptions | None:
    from vlprep.plan.records import SplitOptions

    is_split = asked.pop("is_split")
    for name in ("overlap", "readable"):
        if asked[name] is not None and not asked["pieces"]:
            raise click.UsageError(f"--{name} goes with --pieces")
    if is_split and asked["pieces"]:
        raise click.UsageError("--split keeps clips whole; leave it out, or --pieces")
    parts = {name: asked.pop(name) for name in ("reorder", "route", "max_bytes")}
    if is_split:
        return SplitOptions(**parts)
    if any(parts.values()):
        raise click.UsageError("--reorder, --route and --request-limit go with --split")
    return None


MOST_ALTERNATIVES = 12
"""Lines of the table of alternatives."""


def _print_plan(plan: MediaPlan, *, table: bool, explained: bool) -> None:
    say(heading(plan.view))
    if plan.files:
        _print_files(plan)
    report_problems(plan.failures)
    if not plan.files:
        return
    defaults = [bound for bound in plan.bounds if bound.name.startswith("default ")]
    say("", *_summary(plan), *map(_line, [] if explained else defaults))
    if explained:
        say("", *_explanation(plan))
    if table:
        _print_alternatives(plan)


def _print_files(plan: MediaPlan) -> None:
    headings, rows = HEADINGS, [_row(file) for file in plan.files]
    if any(file.part for file in plan.files):
        headings, rows = PARTS, [_part_row(file) for file in plan.files]
    elif any(file.piece for file in plan.files):
        headings, rows = PIECES, [_piece_row(file) for file in plan.files]
    if len(plan.requests) > 1 and headings != PARTS:
        number_of = {k: str(n) for n, request in enumerate(plan.requests, 1) for k in request}
        headings = (*headings, "request")
        rows = [(*row, number_of.get(k, "none")) for k, row in enumerate(rows)]
    items: list[tuple[str, ...] | MediaFailure] = [*rows, *plan.failures]
    print_table(headings, rows_of(items, headings, tuple), names=HEADINGS[:1], drop=MAY_GO)


def _part_row(file: PlannedFile) -> tuple[str, ...]:
    return (file.source, *_ends(file), *_setting_row(file.setting))


def _ends(file: PlannedFile) -> tuple[str, str]:
    """Return the times between which a part lies, and of a piece its corners."""
    if file.part is not None:
        return format_time(file.part.start_seconds), format_time(file.part.end_seconds)
    if file.piece is None:
        return "", ""
    x, y, size = file.piece.piece.region
    return f"{x},{y}", f"{x + size.width},{y + size.height}"


def _piece_row(file: PlannedFile) -> tuple[str, ...]:
    region = "" if file.piece is None else str(file.piece.piece.region)
    return (file.piece.name if file.piece else file.source, region, *_setting_row(file.setting)[3:])


def _say_api(plan: MediaPlan, api: str | None) -> None:
    """Say by which protocol the commands send clips, where that was left to them."""
    from vlprep.models.registry import get_api

    other = get_api("openai")
    if api or plan.view.model.kind != "api" or all(file.kind == "image" for file in plan.files):
        return
    note(
        f"note: these commands send clips by the {BY_RATE} API, as the {other.name} one samples "
        f"{other.fixed_fps:g} frames per second whatever is asked; --api {other.name} plans for it"
    )


def _served(model_file: str | None, name: str) -> str:
    """Return what a server is told to serve: a name, or a folder of weights."""
    if model_file is None:
        return quote(name)
    return quote(model_file) if os.path.isdir(model_file) else "MODEL"  # noqa: PTH112


def _say_start(plan: MediaPlan, model: str) -> None:
    """Print how the server is started, as a line of a shell."""
    if (flags := plan.server_flags) is None:
        return
    start = flags.server.start
    named = model if start.model is None else f"--{start.model} {model}"
    command = f"{start.command} {named} {shlex.join(flags.words)}"
    say("", "start the server with", CommandLine(command))
    for text in flags.notes:
        note(f"note: {text}")


CHOSEN = ("fps", "max-pixels", "frames", "model sees", "tokens")
HEADINGS: tuple[str, ...] = ("file", "width×height", *CHOSEN)
PARTS = ("file", "from", "to", *CHOSEN)
"""The same of clips that were cut."""
PIECES = ("file", "region", *CHOSEN[3:])
"""The same of pages that were."""
MAY_GO = ("width×height", "frames", "model sees", "max-pixels", "fps")


def _row(file: PlannedFile) -> tuple[str, ...]:
    return (file.source, format_size(file.info.size), *_setting_row(file.setting))


def _summary(plan: MediaPlan) -> Iterator[str]:
    from vlprep.check.savings import unseen_of
    from vlprep.plan.picking import PickedSetting
    from vlprep.types import ImageInfo

    total, available = plan.total_tokens, plan.budget.available
    if len(plan.requests) > 1:
        several = f"{len(plan.requests)} requests of at most {thousands(available)}"
        yield f"{thousands(total)} tokens in {several}"
    else:
        yield f"{thousands(total)} of {thousands(available)} tokens, {percent(total, available)}"
    yield f"the tightest limit is {plan.budget.binding.reason}"
    if shared := max((file.part.after for file in plan.files if file.part), default=0.0):
        yield f"parts that follow each other share {shared:g} s"
    yield from page_lines(plan)
    for file in plan.files:
        if isinstance(file.setting, PickedSetting):
            yield from _picked_lines(file, several=len(plan.files) > 1)
    if plan.clip is not None:
        frames, pixels = plan.clip.motion, plan.clip.detail
        yield (
            f"{percent(round(frames * 1000), 1000)} of the {thousands(plan.clip.wanted.frames)} "
            f"frames wanted, {percent(round(pixels * 1000), 1000)} of the pixels of "
            f"{format_size(plan.clip.wanted_size)}"
        )
    images = ((one.info, one.tokens) for one in plan.files if isinstance(one.info, ImageInfo))
    yield from unseen_lines(sum(unseen_of(info, tokens.resized) for info, tokens in images))


def _picked_lines(file: PlannedFile, *, several: bool) -> Iterator[str]:
    """Yield what is said of picks, and of what the same tokens show at a rate."""
    picks: Any = file.setting
    name = f"{safe(file.source)}: " if several else ""
    yield from (f"{name}{line}" for line in picked_lines(picks.picked))
    if picks.even is not None:
        frames, size = thousands(picks.even.frames), format_size(picks.even.count.resized)
        shown = f"show {picks.even_shown} of {picks.picked.changes}"
        yield (
            f"{name}as many tokens at a rate: {frames} frames of {size}, "
            f"{picks.even_seconds:.1f} s apart, for {thousands(picks.even.tokens)} tokens, {shown}"
        )


def _line(bound: Bound) -> str:
    return f"{flagged(bound.reason)}; lifted by {flagged(bound.remedy)}"


def _explanation(plan: MediaPlan) -> Iterator[str]:
    for bound in plan.bounds:
        yield f"{bound.name}: {flagged(bound.reason)}"
        yield f"  lifted by: {flagged(bound.remedy)}"
    if not plan.bounds:
        yield "nothing binds: all is shown as wanted"


def _print_alternatives(plan: MediaPlan) -> None:
    from vlprep.plan.one_clip import thinned

    clip = plan.clip
    if clip is None:
        note("note: --table is of one video")
        return
    say("", "what fits, and nothing beats in both frames and pixels")
    few = thinned(clip.alternatives(), MOST_ALTERNATIVES)
    print_table(CHOSEN, map(_setting_row, few), left=0, drop=MAY_GO[1:])
    grid = clip.what_if()
    say("", "tokens by fps and max-pixels (* is over the budget)")
    rows = (
        (format_rate(rate), *(_cell(tokens, clip.available) for tokens in row))
        for rate, row in zip(grid.rates, grid.tokens, strict=True)
    )
    caps = [str(cap) for cap in grid.caps]
    may_go = [cap for cap in caps if cap != str(clip.chosen.max_pixels)]
    print_table(("fps", *caps), rows, left=0, drop=may_go)


def _setting_row(setting: Setting) -> tuple[str, ...]:
    return (
        "" if setting.fps is None else format_rate(setting.fps),
        "" if setting.max_pixels is None else str(setting.max_pixels),
        "" if setting.count.frames is None else thousands(setting.frames),
        format_size(setting.count.resized),
        thousands(setting.tokens),
    )


def _cell(tokens: int, available: int) -> str:
    if tokens == 0:
        return "refused"
    return thousands(tokens) + ("*" if tokens > available else " ")
