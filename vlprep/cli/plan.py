"""`vlprep plan`: the settings with which files fit a number of tokens."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import click

from vlprep.cli import EXIT_FAILED
from vlprep.cli.options import (
    BUDGET,
    BYTES,
    COUNT,
    POSITIVE,
    RATE,
    Inputs,
    input_options,
    model_options,
)
from vlprep.cli.plan_report import plan_json, print_plan
from vlprep.cli.progress import track
from vlprep.cli.render import note, print_json, report_problems
from vlprep.count.spending import Spending, share_of_input, spending
from vlprep.models.registry import resolve_model
from vlprep.models.spec import ModelSpec
from vlprep.plan.plan import plan_files
from vlprep.plan.records import PlanOptions, SplitOptions


@click.command(name="plan")
@input_options
@model_options
@click.option(
    "--budget", type=BUDGET, help="Tokens of text and media, or a share of the largest input: 50%."
)
@click.option("--reserve", type=COUNT, default=0, help="Tokens of the budget kept for text.")
@click.option(
    "--prefer",
    type=click.Choice(["balanced", "detail", "motion"]),
    default="balanced",
    show_default=True,
    help="What is kept when not all fits: pixels (detail), frames (motion), or some of both.",
)
@click.option("--min-fps", type=RATE, help="Lowest rate that may be chosen.")
@click.option("--max-fps", type=RATE, help="Highest, which is the wanted one.")
@click.option("--min-pixels", type=POSITIVE, help="Lowest --max-pixels that may be chosen.")
@click.option("--max-pixels", type=POSITIVE, help="Highest; 1280*28*28 works.")
@click.option("--thinking/--no-thinking", default=None, help="Whether the model thinks.")
@click.option("--thinking-tokens", type=COUNT, help="Room for chain of thought, if not the most.")
@click.option("--reply-tokens", type=COUNT, help="Room for the reply, if not for the longest.")
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
    *,
    paths: tuple[str, ...],
    recursive: bool,
    from_file: str | None,
    null_separated: bool,
    model: str | None,
    model_file: str | None,
    explained: bool,
    table: bool,
    chart: str | None,
    force: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """Choose the rate and the size with which files fit a model's input, or a budget.

    Every distinct setting is counted exactly, and the best that fits is named, with the commands
    that use it. Several files get one --max-pixels, and videos among them one --fps; with --split
    they are shown as wanted, in as many requests as that takes.

    \b
    vlprep plan lecture.mp4 --model qwen3-vl-plus --budget 50%
    vlprep plan *.jpg --split --reorder --route base64
    """
    spec = resolve_model(model, model_file)
    allowed, options, split = _allowed(spec, asked), _options(spec, asked), _split(asked)
    files = Inputs(paths, recursive, from_file, null_separated).files()
    plan = plan_files(track(files, len(files), "measuring"), spec, allowed, options, split)
    if chart is not None:
        from vlprep.plan.chart import save_chart

        save_chart(plan, chart, overwrite=force)
    if as_json:
        print_json(plan_json(plan, table=table))
    else:
        flags = ("--model-file", model_file) if model_file else ("--model", spec.name)
        print_plan(plan, (*flags, *_rule_flags(asked)), table=table, explained=explained)
    for warning in () if as_json else spec.warnings:
        note(f"warning: {spec.name}: {warning}")
    return EXIT_FAILED if report_problems(plan.failures, warnings=False) else 0


def _allowed(spec: ModelSpec, asked: dict[str, Any]) -> Spending:
    budget = asked["budget"]
    if isinstance(budget, Fraction):
        budget = share_of_input(spec, float(budget), asked["thinking"])
    names = ("reserve", "thinking", "thinking_tokens", "reply_tokens")
    prices = ("price_cap", "currency", "deployment")
    return spending(spec, budget=budget, **{name: asked[name] for name in names + prices})


def _options(spec: ModelSpec, asked: dict[str, Any]) -> PlanOptions:
    low, high = asked["min_fps"], asked["max_fps"]
    rates = None
    if low is not None or high is not None:
        rule = spec.rules(asked["rules"]).video_rule(spec.name)
        high = max(rule.fps, low) if high is None else high
        rates = (low or min(rule.min_fps or _SLOWEST, high), high)
    names = ("prefer", "min_pixels", "max_pixels", "rules")
    return PlanOptions(fps_range=rates, **{name: asked[name] for name in names})


_SLOWEST = 1e-4  # a frame in three hours; no rule goes below its own least number of frames


def _split(asked: dict[str, Any]) -> SplitOptions | None:
    if asked["is_split"]:
        return SplitOptions(**{name: asked[name] for name in ("reorder", "route", "max_bytes")})
    if asked["reorder"] or asked["route"] or asked["max_bytes"]:
        raise click.UsageError("--reorder, --route and --max-bytes go with --split")
    return None


def _rule_flags(asked: dict[str, Any]) -> tuple[str, ...]:
    return ("--rules", asked["rules"]) if asked["rules"] else ()
