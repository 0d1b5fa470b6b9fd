"""`vlprep tokens`: what images and videos cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from vlprep.choices import holds_samples
from vlprep.cli.command import Command
from vlprep.cli.idle import refuse, say_idle, say_unused
from vlprep.cli.named import (
    facts_options,
    file_options,
    take_fetching,
    take_inputs,
)
from vlprep.cli.options import (
    COUNT,
    POSITIVE,
    api_option,
    bind,
    budget_option,
    deployment_option,
    form_options,
    input_limit_options,
    sample_options,
    take_share,
    text_tokens_option,
    view_options,
)
from vlprep.cli.picking import look_options, take_picking
from vlprep.cli.progress import track
from vlprep.cli.render import (
    counted_of,
    heading,
    print_csv,
    print_json,
    print_json_line,
    print_table,
    report_problems,
    rows_of,
)
from vlprep.cli.terminal import say
from vlprep.cli.text import flagged, percent, safe, thousands
from vlprep.units import format_money

if TYPE_CHECKING:
    from vlprep.count.files import Result, Tally
    from vlprep.verbs import Processor
    from vlprep.view import View


@click.command(name="tokens", cls=Command)
@facts_options
@file_options
@view_options
@look_options
@api_option
@budget_option
@input_limit_options
@deployment_option
@text_tokens_option
@click.option("--reply-tokens", type=COUNT, default=0, help="Allow for a reply of so many tokens.")
@click.option(
    "--thinking-tokens",
    type=COUNT,
    default=0,
    help="Allow for a chain of thought of so many tokens.",
)
@click.option("--rounds", type=POSITIVE, default=1, help="Bill a conversation of so many rounds.")
@click.option("--separate", is_flag=True, help="Bill each file as a request of its own.")
@click.option("--batch", is_flag=True, help="Take the price of batches.")
@click.option("--cached", is_flag=True, help="Take the price of a history that the cache holds.")
@click.option("--explain", "explained", is_flag=True, help="Tell how each count came about.")
@click.option("--times", is_flag=True, help="Add the sampled moments of videos to JSON.")
@sample_options
@form_options
def command(
    form: str | None,
    explained: bool,
    times: bool,
    media_dir: str | None,
    tokenizer: str | None,
    fetch: bool,
    **asked: Any,
) -> int:
    """Count what images and videos cost in tokens, from their headers alone.

    Per file: its size, the size the model sees, the frames, the tokens; then the total, its share
    of the model's largest input, and an estimated price of the input. A file that cannot be
    counted is named with its reason, the rest is counted, and the exit code is 1. A folder is the
    media files in it. With --list all images are the frames of one video, --fps of them a second.

    Of .jsonl, .json and .csv files, gzipped or not, the samples are counted: requests and rows of
    data sets, with paths that begin beside the file, or in --media-dir. What they name by address
    is fetched with --fetch.

    With --pick videos are decoded, and counted as lists of the frames in which something happens.

    \b
    vlprep tokens photo.jpg clip.mp4 --model qvq-max --fps 1
    vlprep tokens photos/
    vlprep tokens frames/ --list --model qvq-max --fps 2
    vlprep tokens train.jsonl --model Qwen/Qwen3-VL-8B-Instruct --max-input 4096
    """
    from vlprep.count.files import tally

    _check_form(form, explained, times)
    picking, processor = take_picking(asked), bind(asked)
    if picking is not None:
        _refuse_beside_picks(explained, asked["api"])
    processor = processor.by_api(asked.pop("api"))
    take_share(asked, processor)
    fetching = take_fetching(dict(asked)) if fetch else None
    files = take_inputs(asked)
    tally((), processor, **asked)  # what is wrong with it is told before the work
    if any(map(holds_samples, files)):
        _refuse_beside_samples(explained or times, picking is not None, asked["budget"])
        asked["fetch"] = fetching
        return _count_samples(files, processor, form, media_dir, tokenizer, asked)
    if media_dir or tokenizer or fetch:
        raise click.UsageError(
            "--media-dir, --tokenizer, --fetch are for samples: .jsonl, .json, .csv"
        )
    explaining = processor if explained else None
    entry = partial(_entry, explaining=explaining, times=times)
    counted = processor.count_many(files) if picking is None else _picked(files, processor, picking)
    results = track(counted, len(files), "counting", files)
    if form == "jsonl":
        return max((_print_line(result, entry(result)) for result in results), default=0)
    items = list(results)
    say_unused(getattr(item, "kind", None) for item in items)
    if form == "csv":
        print_csv(item.to_dict() for item in items)
        return report_problems(items)
    together = tally(items, processor, **asked)
    if form == "json":
        print_json({**together.to_dict(), "items": list(map(entry, items))})
        return report_problems(items)
    _print_table(items, explaining, processor)
    code = report_problems(items, processor)
    if not together.prices:
        say_idle(_OF_BILLS, f"no price of {processor.model.name} is known")
    say("", *_summary(items, together))
    return code


def _check_form(form: str | None, explained: bool, times: bool) -> None:
    """Raise `click.UsageError` for what a form cannot hold, and say what it leaves out."""
    if form == "csv" and explained:
        raise click.UsageError("--explain does not fit into CSV; use --json or --jsonl")
    if times and form not in ("json", "jsonl"):
        raise click.UsageError("--times needs --json or --jsonl")
    if form in ("csv", "jsonl"):
        say_idle(_OF_TOTALS, f"--{form} has a row for each file, and no total")


_OF_BILLS = frozenset({
    "deployment", "text_tokens", "reply_tokens", "thinking_tokens", "rounds", "separate", "batch",
    "cached",
})  # fmt: skip
_OF_TOTALS = _OF_BILLS | {"budget", "max_input", "max_model_len", "thinking"}


def _refuse_beside_samples(is_detailed: bool, is_picked: bool, budget: object) -> None:
    refuse(_OF_BILLS, "for the price of files, and samples have none here; vlprep scan has one")
    if is_detailed:
        raise click.UsageError("--explain and --times are for files, not for samples")
    if is_picked:
        raise click.UsageError("--pick is for files, not for samples")
    if budget is not None:
        raise click.UsageError("--budget is for files; --max-input bounds samples")


def _refuse_beside_picks(explained: bool, api: str | None) -> None:
    if api:
        raise click.UsageError("--pick counts a list of frames, by no --api; leave one out")
    if explained:
        raise click.UsageError("--explain tells of frames by rule, not of those of --pick")


def _picked(files: list[Any], view: View, how: Mapping[str, Any]) -> Iterator[Result]:
    from vlprep.pick.pick import count_picks

    return count_picks(files, view, **how)


def _count_samples(
    files: list[Any],
    processor: Processor,
    form: str | None,
    folder: str | None,
    tokenizer: str | None,
    asked: Mapping[str, Any],
) -> int:
    """Count the samples of files, which are all files of samples."""
    from vlprep.cli.samples import count_files, load_tokenizer, print_samples

    media = [str(file) for file in files if not holds_samples(file)]
    if media:
        raise click.UsageError(
            f"{media[0]}: no file of samples; count those (.jsonl, .json, .csv) and media apart"
        )
    limits = {name: asked[name] for name in ("max_input", "max_model_len", "thinking", "fetch")}
    counter = load_tokenizer(tokenizer) if tokenizer else None
    counted = count_files(files, processor, folder, tokenizer=counter, **limits)
    return print_samples(counted, processor, form)


def _entry(result: Result, explaining: View | None, times: bool = False) -> dict[str, Any]:
    """Return a file's entry in JSON, with its explanation where a view is given to explain by."""
    from vlprep.count.files import MediaFailure
    from vlprep.count.videos import VideoCount

    entry = result.to_dict()
    if isinstance(result, MediaFailure):
        return entry
    if times and isinstance(result.tokens, VideoCount):
        entry["timestamps_seconds"] = list(result.tokens.plan.timestamps_seconds)
    if explaining is not None:
        from vlprep.count.explain import explain_count

        entry["explanation"] = explain_count(result.info, result.tokens, explaining)
    return entry


def _print_line(result: Result, entry: dict[str, Any]) -> int:
    print_json_line(entry)
    return report_problems([result])


def _print_table(items: list[Result], explaining: View | None, view: View) -> None:
    from vlprep.count.files import COUNTED, MediaCount

    say(heading(view))
    if any(isinstance(item, MediaCount) for item in items):
        rows = rows_of(items, COUNTED, MediaCount.cells)
        print_table(COUNTED, rows, names=COUNTED[:1], drop=COUNTED[1:5])
    for item in items if explaining else ():
        if isinstance(item, MediaCount):
            say("", safe(item.source))
            say(*(f"  {flagged(line)}" for line in _entry(item, explaining)["explanation"]))


def _summary(items: list[Result], together: Tally) -> Iterator[str]:
    from vlprep.count.files import MediaCount

    done = sum(isinstance(item, MediaCount) for item in items)
    total, limit = together.total_tokens, together.limit
    yield f"{thousands(total)} tokens in {counted_of(done, len(items))}"
    if not done:
        return
    if limit is None:
        yield "largest input: not stated by any source; --max-input sets it"
    else:
        fits = "" if total <= limit.most else ": does not fit one request"
        share = percent(total, limit.tokens)
        yield f"{share} of the {limit.name}, {thousands(limit.tokens)} tokens{fits}"
    yield from _prices(together)


def _prices(together: Tally) -> Iterator[str]:
    many, output = len(together.requests), together.requests[0].output_tokens
    of = "one request" if many == 1 else f"{thousands(many)} requests"
    what = f"input and output of {of}" if output else f"input of {of}"
    for price in together.prices:
        tier = f", up to {price.tier} tokens" if price.tier else ""
        share = f", {format_money(price.output_amount)} of it output" if output else ""
        yield (
            f"about {format_money(price.amount)} {price.currency} as {what}{share} "
            f"(list price, {price.deployment}{tier}, as of {price.as_of})"
        )
