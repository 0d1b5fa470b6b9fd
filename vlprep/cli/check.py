"""`vlprep check`: images and videos against every documented limit, before they are sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import click

from vlprep.check.report import RULES, CheckReport, dated
from vlprep.check.requests import ON_ITS_WAY
from vlprep.check.rule import Finding, Rule, Sending, Wanted
from vlprep.cli import EXIT_FAILED
from vlprep.cli.command import Command
from vlprep.cli.options import (
    api_option,
    bind,
    input_limit_options,
    input_options,
    json_option,
    list_option,
    route_option,
    take_inputs,
    text_tokens_option,
    view_options,
)
from vlprep.cli.progress import track
from vlprep.cli.render import heading, print_json, print_table
from vlprep.cli.shell import model_words, remedy_line
from vlprep.cli.terminal import say
from vlprep.cli.text import flagged, safe, thousands
from vlprep.count.explain import cite, named
from vlprep.models.registry import get_route
from vlprep.types import RouteName
from vlprep.view import View


@click.command(name="check", cls=Command)
@input_options
@route_option("Send the files so.")
@api_option
@list_option
@view_options
@input_limit_options
@text_tokens_option
@click.option("--decode", is_flag=True, help="Decode the files too, to find damage inside.")
@click.option("--fail-on-warnings", is_flag=True, help="Exit with 1 for warnings too.")
@click.option(
    "--list-checks",
    "list_rules",
    is_flag=True,
    help="Print all checks with their limits, and stop.",
)
@json_option
def command(
    *, fail_on_warnings: bool, list_rules: bool, as_json: bool, route: RouteName, **asked: Any
) -> int:
    """Check images and videos against every documented limit, from their headers alone.

    All files are one request to the model. A folder is the media files in it; with --list all
    images are the frames of one video. An http(s) URL is checked as far as that goes without
    fetching it. Each finding has the rule's name, what was found and wanted, where the
    limit was read, and what to do. The exit code is 1 for errors, with --fail-on-warnings for
    warnings too.

    \b
    vlprep check photo.jpg clip.mp4 --model qvq-max --route base64
    """
    model, model_file = asked["model"], asked["model_file"]
    processor = bind(asked)
    words = model_words(processor.model.name, model_file, model)
    if list_rules:
        return _list_rules(processor, route, as_json)
    files = take_inputs(asked)
    watched = track(files, len(files), "checking", files)
    report = processor.check(watched, route=route, **asked)
    lines = [
        remedy_line(finding.remedy, words) if finding.remedy else None
        for finding in report.findings
    ]
    if as_json:
        print_json(_document(report, lines))
    else:
        say(*_page(report, lines, processor))
    return 0 if report.passes(fail_on_warnings=fail_on_warnings) else EXIT_FAILED


def _document(report: CheckReport, remedies: Sequence[str | None]) -> dict[str, Any]:
    """Return the documented JSON, with remedies as they are to be typed."""
    document = report.to_dict()
    for finding, remedy in zip(document["findings"], remedies, strict=True):
        finding["remedy"] = remedy
    return document


def _page(report: CheckReport, remedies: Sequence[str | None], view: View) -> Iterator[str]:
    """Yield the lines that a person reads: the findings by file, the routes, and what it comes to.

    Commands stand on lines of their own, as they are to be typed.
    """
    way = f", files sent {ON_ITS_WAY[report.route]}" if view.model.kind == "api" else ""
    yield heading(view) + way
    found = zip(report.findings, remedies, strict=True)
    for source, findings in groupby(found, key=lambda pair: pair[0].source):
        yield ""
        yield click.style("the request" if source is None else safe(source), bold=True)
        for finding, remedy in findings:
            yield from _lines(finding, remedy)
    yield ""
    yield from _routes(report)
    yield _verdict(report)


def _lines(finding: Finding, remedy: str | None) -> Iterator[str]:
    severity = click.style(f"{finding.severity:<7}", fg=_COLOURS[finding.severity])
    source = f" {cite(finding.sources)}" if finding.sources else ""
    yield f"  {severity} {finding.rule}: {safe(flagged(finding.message))}{source}"
    if remedy is not None:
        yield f"          {safe(remedy)}"


_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


def _routes(report: CheckReport) -> Iterator[str]:
    """Yield a line a way of calling: which route suits which files."""
    files: dict[str, dict[str | None, list[str]]] = {}
    for advice in report.advice:
        by_route = files.setdefault(advice.api, {})
        by_route.setdefault(advice.recommended, []).append(advice.source)
    for api, by_route in files.items():
        parts = (f"{route or 'no route'}: {_names(some)}" for route, some in by_route.items())
        yield f"{api + ' takes':<15} {'; '.join(parts)}"


def _names(files: list[str]) -> str:
    shown = ", ".join(map(safe, files[:_MOST_NAMES]))
    more = len(files) - _MOST_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown


_MOST_NAMES = 3


def _verdict(report: CheckReport) -> str:
    counts = (("error", report.errors), ("warning", report.warnings), ("note", report.notes))
    found = ", ".join(f"{len(some):,} {word}{'s' * (len(some) != 1)}" for word, some in counts)
    files = f"{len(report.files):,} file{'s' * (len(report.files) != 1)}"
    limit = report.max_input_tokens
    tokens = thousands(report.total_tokens) + ("" if limit is None else f" of {thousands(limit)}")
    return f"{found if report.findings else 'nothing to mend'} in {files}; {tokens} tokens"


def _list_rules(view: View, route: str, as_json: bool) -> int:
    """Print the rules that hold for a model, with the limits for the route and their sources."""
    asked = Sending(view=view, files=(), route=get_route(route))
    rows = [(rule, rule.wanted(asked)) for rule in RULES if asked.is_served or not rule.of_service]
    if as_json:
        rules = [_rule_json(rule, wanted) for rule, wanted in rows]
        head = {"schema": "vlprep.check-rules/1", "model": view.model.name, "route": route}
        print_json({**head, "rules": rules})
        return 0
    cells = (
        (rule.id, rule.severity, rule.title, wanted.words, named(wanted.sources) or "–")
        for rule, wanted in rows
    )
    prose = HEADINGS[2:4]
    print_table(HEADINGS, cells, left=5, prose=prose, drop=("source",))
    return 0


HEADINGS = ("rule", "severity", "what is looked at", "limit", "source")


def _rule_json(rule: Rule, wanted: Wanted) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "severity": rule.severity,
        "title": rule.title,
        "limit": wanted.words,
        "for_weights": not rule.of_service,
        "sources": dated(wanted.sources),
    }
