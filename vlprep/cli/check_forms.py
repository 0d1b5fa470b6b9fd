"""What a check found, in the forms of other programs: workflow commands of GitHub, SARIF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vlprep import __version__
from vlprep.cli.text import flagged

if TYPE_CHECKING:
    from vlprep.check.report import CheckReport
    from vlprep.check.rule import Finding

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}
"""GitHub's names of severities; SARIF has ours."""


def github_lines(report: CheckReport, remedies: Sequence[str | None]) -> Iterator[str]:
    """Yield a workflow command for each finding, which GitHub shows beside the file.

    By "Workflow commands for GitHub Actions": values are escaped, with `:` and `,` in properties.
    """
    for finding, remedy in zip(report.findings, remedies, strict=True):
        where = {"file": finding.source, "title": f"vlprep {finding.rule}"}
        named = ",".join(f"{name}={_property(value)}" for name, value in where.items() if value)
        message = _text(finding, remedy, "\n")
        yield f"::{_LEVELS[finding.severity]} {named}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _text(finding: Finding, remedy: str | None, between: str = ". ") -> str:
    return flagged(finding.message) + (f"{between}{remedy}" if remedy else "")


def sarif(report: CheckReport, remedies: Sequence[str | None]) -> dict[str, Any]:
    """Return the findings as a log of SARIF 2.1.0 (OASIS), with the rules that found something."""
    from vlprep.check.report import RULES

    found = {finding.rule for finding in report.findings}
    rules = [rule for rule in RULES if rule.id in found]
    places = {rule.id: place for place, rule in enumerate(rules)}
    driver = {
        "name": "vlprep",
        "semanticVersion": __version__,
        "rules": [
            {
                "id": rule.id,
                "shortDescription": {"text": rule.title},
                "defaultConfiguration": {"level": rule.severity},
            }
            for rule in rules
        ],
    }
    pairs = zip(report.findings, remedies, strict=True)
    results = [_result(finding, remedy, places) for finding, remedy in pairs]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return {"$schema": schema, "version": "2.1.0", "runs": [run]}


def _result(finding: Finding, remedy: str | None, places: Mapping[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": places[finding.rule],
        "level": finding.severity,
        "message": {"text": _text(finding, remedy)},
    }
    if finding.source is not None:
        artifact = {"artifactLocation": {"uri": _uri(finding.source)}}
        result["locations"] = [{"physicalLocation": artifact}]
    return result


def _uri(source: str) -> str:
    """Return a file as a URI: relative to the folder of the run, or absolute."""
    from pathlib import Path, PurePath
    from urllib.parse import quote

    from vlprep.media.addresses import is_web_url, local_path

    if is_web_url(source):
        return source
    path = PurePath(local_path(source))
    if path.is_absolute():
        return Path(path).as_uri()
    return quote(path.as_posix().encode("utf-8", "surrogateescape"))
