"""`vlprep check`: images and videos against every documented limit, before they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Any

import click

from vlprep.check.check import CheckReport, check_files
from vlprep.check.requests import ON_ITS_WAY
from vlprep.check.rule import Finding, Sending
from vlprep.check.table import RULES
from vlprep.cli import EXIT_FAILED
from vlprep.cli.options import (
    COUNT,
    bind,
    input_limit_options,
    input_options,
    take_inputs,
    view_options,
)
from vlprep.cli.progress import track
from vlprep.cli.render import heading, print_json, print_table
from vlprep.cli.text import safe, thousands
from vlprep.count.explain import cite
from vlprep.models.registry import find_source, get_route
from vlprep.view import View

SCHEMA = "vlprep.check/1"
LIST_SCHEMA = "vlprep.check-rules/1"


@click.command(name="check")
@input_options
@click.option(
    "--route",
    type=click.Choice(list(ON_ITS_WAY)),
    default="base64",
    show_default=True,
    help="How the files reach the service.",
)
@click.option("--api", type=click.Choice(["openai", "dashscope"]), help="The protocol, if decided.")
@view_options
@input_limit_options
@click.option("--text-tokens", type=COUNT, default=0, help="Tokens of the prompt's text.")
@click.option("--decode", is_flag=True, help="Decode the files too: finds damage inside.")
@click.option("--fail-on-warnings", is_flag=True, help="Exit with 1 for warnings too.")
@click.option("--list-rules", is_flag=True, help="Print all rules with their limits, and stop.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(
    *, fail_on_warnings: bool, list_rules: bool, as_json: bool, route: str, **asked: Any
) -> int:
    """Check images and videos against every documented limit, from their headers alone.

    All files are one request to the model. A folder, unless -r walks it, is a list of images that
    stands for a video; an http(s) URL is checked as far as that goes without fetching it. Each
    finding has the rule's name, what was found and wanted, where the limit was read, and what to
    do. The exit code is 1 for errors, with --fail-on-warnings for warnings too.

    \b
    vlprep check photo.jpg clip.mp4 --model qvq-max --route base64
    """
    words = _model_words(asked["model"], asked["model_file"])
    processor = bind(asked)
    if list_rules:
        return _list_rules(processor, route, as_json)
    files = take_inputs(asked)
    watched = track(files, len(files), "checking")
    report = check_files(watched, processor, route=route, model_words=words, **asked)
    if as_json:
        print_json(_document(report))
    else:
        click.echo("\n".join(_page(report, processor)))
    return 0 if report.passes(fail_on_warnings=fail_on_warnings) else EXIT_FAILED


def _model_words(model: str | None, model_file: str | None) -> tuple[str, ...] | None:
    if model_file is None:
        return None
    return ("--model-file", model_file, *(() if model is None else ("--model", model)))


def _document(report: CheckReport) -> dict[str, Any]:
    """Return the documented JSON of a report."""
    return {
        "schema": SCHEMA,
        "model": report.model,
        "rules": report.rules,
        "route": report.route,
        "errors": len(report.errors),
        "warnings": len(report.warnings),
        "notes": len(report.notes),
        "items": _items(report),
        "findings": [_finding_json(finding) for finding in report.findings],
        "total_tokens": report.total_tokens,
        "max_input_tokens": report.max_input_tokens,
    }


def _items(report: CheckReport) -> list[dict[str, Any]]:
    routes: dict[str, dict[str, list[str]]] = {}
    for advice in report.advice:
        routes.setdefault(advice.source, {})[advice.api] = list(advice.routes)
    return [
        {
            "source": file.source,
            "kind": file.kind,
            "file_bytes": file.file_bytes or None,
            "tokens": file.tokens.total if file.tokens else None,
            "routes": routes.get(file.source, {}),
        }
        for file in report.files
    ]


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "sources": _dated(finding.sources)}


def _dated(sources: Iterable[str]) -> list[dict[str, Any]]:
    found = ((key, find_source(key)) for key in sources)
    return [{"id": key, "date": source.date if source else None} for key, source in found]


def _page(report: CheckReport, view: View) -> Iterator[str]:
    """Yield the lines that a person reads: the findings by file, the routes, and what it comes to.

    Commands stand on lines of their own, as they are to be typed.
    """
    way = f", files sent {ON_ITS_WAY[report.route]}" if view.model.kind == "api" else ""
    yield heading(view) + way
    for source, findings in groupby(report.findings, key=lambda finding: finding.source):
        yield ""
        yield click.style("the request" if source is None else safe(source), bold=True)
        for finding in findings:
            yield from _lines(finding)
    yield ""
    yield from _routes(report)
    yield _verdict(report)


def _lines(finding: Finding) -> Iterator[str]:
    severity = click.style(f"{finding.severity:<7}", fg=_COLOURS[finding.severity])
    source = f" {cite(finding.sources)}" if finding.sources else ""
    yield f"  {severity} {finding.rule}: {safe(finding.message)}{source}"
    if finding.remedy is not None:
        yield f"          {safe(finding.remedy)}"


_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


def _routes(report: CheckReport) -> Iterator[str]:
    """Yield a line a way of calling: which route suits which files."""
    for api in dict.fromkeys(advice.api for advice in report.advice):
        by_route: dict[str | None, list[str]] = {}
        for advice in report.advice:
            if advice.api == api:
                by_route.setdefault(advice.recommended, []).append(advice.source)
        parts = (f"{route or 'no route'}: {_names(files)}" for route, files in by_route.items())
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
    tokens = f"{thousands(report.total_tokens)} tokens"
    if report.max_input_tokens is not None:
        tokens = f"{thousands(report.total_tokens)} of {thousands(report.max_input_tokens)} tokens"
    return f"{found if report.findings else 'nothing to mend'} in {files}; {tokens}"


def _list_rules(view: View, route: str, as_json: bool) -> int:
    """Print the rules that hold for a model, with the limits for the route and their sources."""
    asked = Sending(view=view, files=(), route=get_route(route))
    known = [rule for rule in RULES if asked.is_served or not rule.of_service]
    rows = [(rule, rule.sources(asked)) for rule in known]
    if as_json:
        items = [
            {
                "rule": rule.id,
                "severity": rule.severity,
                "title": rule.title,
                "limit": rule.wanted(asked),
                "for_weights": not rule.of_service,
                "sources": _dated(sources),
            }
            for rule, sources in rows
        ]
        print_json(
            {"schema": LIST_SCHEMA, "model": view.model.name, "route": route, "rules": items}
        )
        return 0
    cells = (
        (
            rule.id,
            rule.severity,
            rule.title,
            rule.wanted(asked),
            cite(sources)[1:-1] if sources else "–",
        )
        for rule, sources in rows
    )
    print_table(("rule", "severity", "what is looked at", "limit", "source"), cells, left=5)
    return 0
