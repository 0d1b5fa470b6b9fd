"""`vlprep plan`: the settings with which files fit a number of tokens."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import click

from vlprep.cli import EXIT_FAILED
from vlprep.cli.options import (
    BUDGET,
    BYTES,
    POSITIVE,
    RATE,
    bind,
    budget_options,
    input_options,
    take_inputs,
    view_options,
)
from vlprep.cli.plan_report import print_plan
from vlprep.cli.progress import track
from vlprep.cli.render import note, print_json, report_problems
from vlprep.cli.shell import model_words
from vlprep.count.budget import share_of_input
from vlprep.plan.records import SplitOptions


@click.command(name="plan")
@input_options
@view_options
@click.option("--lowest-fps", type=RATE, help="Lowest rate that may be chosen; highest is --fps.")
@click.option("--lowest-max-pixels", type=POSITIVE, help="Lowest --max-pixels that may be chosen.")
@click.option(
    "--prefer",
    type=click.Choice(["balanced", "detail", "motion"]),
    help="What is kept when not all fits: pixels (detail), frames (motion), or some of both, as "
    "if none is named.",
)
@click.option(
    "--budget", type=BUDGET, help="Tokens of text and media, or a share of the largest input: 50%."
)
@budget_options
@click.option("--price-cap", type=float, metavar="X", help="Most that the input may cost.")
@click.option("--currency", metavar="CODE", help="Currency of X where prices are in several.")
@click.option("--deployment", metavar="NAME", help="Where the price is looked up.")
@click.option("--split", "is_split", is_flag=True, help="Use several requests, shrink nothing.")
@click.option("--reorder", is_flag=True, help="With --split: need not keep the order.")
@click.option(
    "--route",
    type=click.Choice(["base64", "path", "url"]),
    help="With --split: how files are sent, which limits their number.",
)
@click.option("--max-bytes", type=BYTES, help="With --split: bytes of all files of a request.")
@click.option("--explain", "explained", is_flag=True, help="Tell what binds, and what lifts it.")
@click.option("--table", is_flag=True, help="Show alternatives, and tokens by rate and size.")
@click.option("--chart", metavar="FILE", help="Draw tokens against the rate: .png, .jpg or .webp.")
@click.option("--force", is_flag=True, help="Overwrite the chart.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(
    explained: bool, table: bool, chart: str | None, force: bool, as_json: bool, **asked: Any
) -> int:
    """Choose the rate and the size with which files fit a model's input, or a budget.

    Every distinct setting is counted exactly, and the best that fits is named, with the commands
    that use it; what fits as asked is left so. Several files get one --max-pixels, and videos
    among them one --fps; with --split they are shown as asked, in as many requests as that takes.

    \b
    vlprep plan lecture.mp4 --model qwen3-vl-plus --budget 50%
    vlprep plan *.jpg --split --reorder --route base64
    """
    files, split = take_inputs(asked), _take_split(asked)
    model, model_file = asked["model"], asked["model_file"]
    processor = bind(asked)
    if isinstance(asked["budget"], Fraction):
        share = float(asked["budget"])
        asked["budget"] = share_of_input(processor.model, share, asked["thinking"])
    plan = processor.plan(track(files, len(files), "measuring"), split=split, **asked)
    if chart is not None:
        plan.save_chart(chart, overwrite=force)
    if as_json:
        print_json(plan.to_dict(table=table))
    else:
        words = model_words(processor.name, model_file, model)
        print_plan(plan, words, table=table, explained=explained)
    for text in plan.budget.notes:
        note(f"note: {text}")
    if not as_json:
        report_problems(plan.files, processor)
    return EXIT_FAILED if report_problems(plan.failures) else 0


def _take_split(asked: dict[str, Any]) -> SplitOptions | None:
    is_split = asked.pop("is_split")
    parts = {name: asked.pop(name) for name in ("reorder", "route", "max_bytes")}
    if is_split:
        return SplitOptions(**parts)
    if any(parts.values()):
        raise click.UsageError("--reorder, --route and --max-bytes go with --split")
    return None
