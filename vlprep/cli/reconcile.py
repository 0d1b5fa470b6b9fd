"""`vlprep reconcile`: predicted tokens against billed ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BufferedReader, BytesIO
from typing import TYPE_CHECKING

import click

from vlprep.cli import EXIT_FAILED
from vlprep.cli.command import Command
from vlprep.cli.inputs import read_input
from vlprep.cli.options import output_options
from vlprep.cli.render import note, print_json, print_table
from vlprep.cli.terminal import say
from vlprep.cli.text import safe
from vlprep.units import plural

if TYPE_CHECKING:
    from vlprep.reconcile.fit import Fit
    from vlprep.reconcile.lines import LeftOut
    from vlprep.reconcile.logs import Period, Reconciliation

SCHEMA = "vlprep.reconcile/1"


@click.command(name="reconcile", cls=Command)
@click.argument("log", metavar="LOG.jsonl")
@click.option("-m", "--model", help="Name the model, where the lines name none that is known.")
@click.option("-o", "--output", metavar="CHART.png", help="Draw billed against predicted.")
@output_options
def command(log: str, *, model: str | None, output: str | None, force: bool, as_json: bool) -> int:
    """Set what replies say was billed against what each rule set predicts.

    LOG is a file of JSON Lines, gzipped or not, - for stdin: a line has the reply or its usage
    (OpenAI-compatible, DashScope, vLLM or SGLang), the request, or media with their sizes, and the
    time. Nothing is sent. The best rules are named, the tokens beside media, and the day since
    which other rules hold. A line that says nothing is named on stderr; the exit code is 1 if there
    is none that does.

    \b
    vlprep reconcile calls.jsonl -o billed.png
    """
    from vlprep.reconcile.lines import lines_of
    from vlprep.reconcile.logs import reconcile_log

    found, left_out = reconcile_log(
        lines_of(BufferedReader(BytesIO(read_input(log)))) if log == "-" else log, model
    )
    if output is not None:
        if len(found) != 1:
            raise click.UsageError("-o draws one model; the log has " + str(len(found)))
        found[0].save_chart(output, overwrite=force)
    if as_json:
        entries = [one.to_dict() for one in found]
        left = [{"line": one.line, "reason": one.reason} for one in left_out]
        print_json({"schema": SCHEMA, "models": entries, "left_out": left, "output": output})
    else:
        for one in found:
            _print(one)
        if output is not None:
            say(f"written to {safe(output)}")
    for reason, lines in _by_reason(left_out).items():
        note(f"warning: {lines}: {safe(reason)}")
    return 0 if found else EXIT_FAILED


MAY_GO = ("an image or clip", "beside media", "off by")
HEADINGS = ("rules", "explained", "beside media", "an image or clip", "off by")


def _print(found: Reconciliation) -> None:
    say(f"{safe(found.model)}, {plural(len(found.calls), 'request')}")
    for period in found.periods:
        say("", *_sentences(period, found))
        print_table(HEADINGS, map(_row, period.fits), drop=MAY_GO)


def _sentences(period: Period, found: Reconciliation) -> Iterator[str]:
    first, last = period.first, period.last
    when = f"lines {first.line} to {last.line}"
    if first.time and last.time:
        when = f"{first.time.date()} to {last.time.date()}"
    best = period.best
    if best is None:
        yield f"{when}: no rule set explains what was billed"
        return
    do = "does" if len(period.like_best) == 1 else "do"
    also = f", as {do} {', '.join(period.like_best)}" if period.like_best else ""
    yield f"{when}: {best.rules} explains {best.matched} of {best.requests} requests{also}"
    if found.changed is period.first:
        yield "other rules than before"


def _by_reason(left_out: Iterable[LeftOut]) -> dict[str, str]:
    """Return the lines that say nothing, by what is wrong with them; of many, the first three."""
    about: dict[str, list[str]] = {}
    for one in left_out:
        about.setdefault(one.reason, []).append(str(one.line))
    return {reason: _lines(numbers) for reason, numbers in about.items()}


def _lines(numbers: list[str]) -> str:
    more = f" and {len(numbers) - 3:,} more" if len(numbers) > 3 else ""
    return f"{'line' if len(numbers) == 1 else 'lines'} {', '.join(numbers[:3])}{more}"


def _row(fit: Fit) -> tuple[str, ...]:
    return (
        fit.rules,
        f"{fit.matched} of {fit.requests}",
        "" if fit.constant is None else f"{fit.constant:+,}",
        "" if fit.per_medium is None else f"{fit.per_medium:+,}",
        f"{fit.off:,.0f}",
    )
