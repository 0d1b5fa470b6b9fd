"""What a check found, as people read it: by rule, the worst few, and one command for all.

And what a fix did about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from vlprep.cli.render import COLOURS, MOST_SHOWN, few, heading, report_problems, say_error
from vlprep.cli.shell import option_words, remedy_line
from vlprep.cli.terminal import say
from vlprep.cli.text import CommandLine, flagged, safe, thousands
from vlprep.models.citing import cite
from vlprep.units import format_bytes, plural

if TYPE_CHECKING:
    from vlprep.check.report import CheckReport
    from vlprep.check.rule import Finding
    from vlprep.compress.fix import FixReport, LeftFile
    from vlprep.errors import CheckError
    from vlprep.view import View


Form = Literal["text", "json", "github", "sarif"]


@dataclass(frozen=True, slots=True)
class Told:
    """How a report is to be told."""

    view: View
    model_words: Sequence[str]
    """The options that name the model, for commands."""
    files: Sequence[str] | None
    """The words that name the files; `None` where they cannot be named again."""
    is_list: bool
    """Whether these are the frames of one video."""
    is_whole: bool
    """Whether every finding is to be shown."""
    form: Form = "text"
    statistics: bool = False
    sources: bool = False

    def document(self, report: CheckReport) -> dict[str, Any]:
        """Return the documented JSON, with remedies as they are to be typed."""
        document = report.to_dict()
        for finding, remedy in zip(document["findings"], self.remedies(report), strict=True):
            finding["remedy"] = remedy
        return document

    def remedies(self, report: CheckReport) -> list[str | None]:
        """Return what to type, or to do, about each finding."""
        words = self.model_words
        return [remedy_line(one.remedy, words) if one.remedy else None for one in report.findings]


def page(report: CheckReport, told: Told, done: Iterable[str] = ()) -> Iterator[str]:
    """Yield the lines that a person reads of a check, after those of what was `done` before it."""
    from vlprep.check.requests import ON_ITS_WAY

    way = f", files sent {ON_ITS_WAY[report.route]}" if told.view.model.kind == "api" else ""
    yield heading(told.view) + way
    yield from (said := list(done))
    told_rules = (line for found in _by_rule(report) for line in _told_rule(found, told))
    verdict = [
        *_routes(report, told.is_whole),
        _verdict(report),
        *unseen_lines(report.unseen_bytes),
    ]
    parts = [
        [_coloured(line) for line in told_rules],
        [] if said else list(_steps(report, told)),  # these are the files that came of it
        [] if said and not report.files else verdict,
    ]
    for part in filter(None, parts):
        yield ""
        yield from part


def _by_rule(report: CheckReport) -> list[list[Finding]]:
    """Return the findings of each rule, the gravest rule first, of each the largest file first."""
    from vlprep.check.report import SEVERITIES

    lengths = {file.source: file.file_bytes for file in report.files}
    of_rule: dict[str, list[Finding]] = {}
    for finding in report.findings:
        of_rule.setdefault(finding.rule, []).append(finding)
    for found in of_rule.values():
        found.sort(key=lambda one: -lengths.get(one.source or "", 0))
    return sorted(of_rule.values(), key=lambda found: SEVERITIES.index(found[0].severity))


def _told_rule(found: Sequence[Finding], told: Told) -> Iterator[str]:
    """Yield what one rule found: in how many files, the largest of them, and a step in words."""
    first = found[0]
    rule = f"{first.severity:<7} {first.rule}"
    source = f" {cite(first.sources)}" if first.sources else ""
    if len(found) == 1:
        step = _step(first, told)
        yield f"{rule}: {_sentence(first)}{source}{'; ' if step else ''}{step}"
        return
    yield f"{rule} in {len(found):,} files{source}"
    yield from (f"{_INDENT}{line}" for line in _told_files(found, told.is_whole))
    steps = (_step(one, told) for one in found)
    yield from (f"{_INDENT}{step}" for step in dict.fromkeys(steps) if step)


_INDENT = " " * 8


def _coloured(line: str) -> str:
    severity = line[: len(_INDENT)]
    colour = COLOURS.get(severity.strip())
    return line if colour is None else click.style(severity, fg=colour) + line[len(_INDENT) :]


def _told_files(found: Sequence[Finding], is_whole: bool) -> Iterator[str]:
    """Yield the whole sentence of the largest file, and in short what the next ones have."""
    if is_whole:
        yield from map(_sentence, found)
        return
    yield _sentence(found[0])
    others = (f"{safe(one.source or '')} ({one.measured})" for one in found[1:MOST_SHOWN])
    more = f"; {MOST_SHOWN} largest of {len(found):,}, -v shows all" if found[MOST_SHOWN:] else ""
    yield f"also {', '.join(others)}{more}"


def _sentence(finding: Finding) -> str:
    where = f"{finding.source}: " if finding.source else ""
    return safe(f"{where}{flagged(finding.message)}")


def _step(finding: Finding, told: Told) -> str:
    """Return a step in words; commands are named once, for all files."""
    remedy = finding.remedy
    if remedy is None or remedy.compresses:
        return ""
    return safe(remedy_line(remedy, told.model_words))


def _steps(report: CheckReport, told: Told) -> Iterator[str]:
    """Name the one command that mends what can be."""
    if mended := len(report.remedies.keys() | report.pages):
        yield f"{mended:,} of {plural(len(report.files), 'file')} can be mended, into a folder:"
        yield CommandLine(f"  {safe(_command(report, told))}")


def _command(report: CheckReport, told: Told) -> str:
    words = ["vlprep check", *(told.files or ["PATH..."]), "--fix -o fixed/"]
    words += ["--list"] if told.is_list else []
    words += [] if report.route == "base64" else ["--route", report.route]
    for name, value in {**told.view.options.asked, **told.view.bound}.items():
        words += option_words(name, value)
    return " ".join([*words, *told.model_words])


def _routes(report: CheckReport, is_whole: bool) -> Iterator[str]:
    """Yield a small table of the route that suits each file; those of the same way share a row.

    Files that fail are not in it.
    """
    failing = {finding.source for finding in report.errors}
    ways: dict[str, dict[str, str]] = {}
    for advice in report.advice:
        if advice.source not in failing:
            ways.setdefault(advice.source, {})[advice.api] = advice.recommended or "none"
    rows: dict[tuple[str, ...], list[str]] = {}
    for source, way in ways.items():
        alone = (source,) if is_whole else ()
        rows.setdefault((*way.values(), *alone), []).append(source)
    if not rows:
        return
    apis = list(dict.fromkeys(advice.api for advice in report.advice))
    yield "".join(f"{api:<12}" for api in apis) + "files"
    for routes, sources in rows.items():
        yield "".join(f"{route:<12}" for route in routes[: len(apis)]) + safe(few(sources))


def _verdict(report: CheckReport) -> str:
    """Return what it all comes to, in one line."""
    limit = report.max_input_tokens
    tokens = thousands(report.total_tokens) + ("" if limit is None else f" of {thousands(limit)}")
    nothing = f"no problems found in {plural(len(report.files), 'file')}"
    return f"{report.verdict if report.findings else nothing}; {tokens} tokens"


def unseen_lines(unseen_bytes: int) -> Iterator[str]:
    """Say how many bytes of files show the model nothing, where these are worth a line.

    >>> list(unseen_lines(4_920_000))
    ['about 4.92 MB are pixels that the model does not see; vlprep compress --always drops them']
    """
    if unseen_bytes:
        saved = format_bytes(unseen_bytes)
        told = "are pixels that the model does not see; vlprep compress --always drops them"
        yield f"about {saved} {told}"


def statistics_of(report: CheckReport) -> Iterator[tuple[str, ...]]:
    """Yield a row for each rule that found something: how often, how grave, which."""
    for found in sorted(_by_rule(report), key=len, reverse=True):
        yield found[0].rule, found[0].severity, f"{len(found):,}"


# What a fix did.


def say_left(fixed: FixReport, model_words: Sequence[str]) -> None:
    """Print on stderr which files were left out, and what went wrong."""
    for file in fixed.left:
        step = left_step(file, model_words)
        say_error(f"error: {file.source}: {file.reason}{'; ' if step else ''}{step or ''}")
    report_problems(fixed.files)


def left_step(file: LeftFile, model_words: Sequence[str]) -> str | None:
    """Return what can be done about a file that was left out, as it is typed."""
    return None if file.remedy is None else remedy_line(file.remedy, model_words)


def fixed_lines(fixed: FixReport) -> Iterator[str]:
    """Yield what was done, or in a dry run what would be, in few lines."""
    from vlprep.compress.many import CompressedFile, SkippedFile

    made = [file for file in fixed.files if isinstance(file, CompressedFile)]
    pages = {file.source: file.file_bytes for file in fixed.before.files
             if file.source in fixed.before.pages}  # fmt: skip
    actions = Counter[str](
        "in pieces" if file.source in pages else file.result.action for file in made
    )
    if skipped := sum(isinstance(file, SkippedFile) for file in fixed.files):
        actions["there already"] = skipped
    done = ", ".join(f"{number:,} {action}" for action, number in actions.items()) or "no file"
    given = len(fixed.before.files)
    if fixed.after is None:
        yield f"would write {done}; {given:,} given"
        return
    before = sum(({file.source: file.result.bytes_before for file in made} | pages).values())
    after = sum(file.result.bytes_after or 0 for file in made)
    lengths = f", {format_bytes(before)} to {format_bytes(after)}" if made else ""
    yield f"written to {safe(str(fixed.folder))}: {done}{lengths}"
    for manifest in fixed.manifests:
        yield f"a page in pieces, by {safe(manifest)}: vlprep boxes --pieces maps answers back"
    if fixed.failed:
        yield f"not written: {len(fixed.failed):,} of {given:,}, named above"
    if told := sum(bool(file.warnings) for file in made):
        yield f"{told:,} with warnings: --json has them"


def tell_refused(error: CheckError, model_words: Sequence[str], instead: str) -> None:
    """Tell on stderr why no request was built, what mends each file, and what else can be done."""
    from vlprep.check.rule import Finding
    from vlprep.payload.request import sentence

    for found in cast(tuple[Finding, ...], error.findings):
        remedy = remedy_line(found.remedy, model_words) if found.remedy else ""
        is_command = found.remedy is not None and found.remedy.command is not None
        say_error(f"error: {sentence(found, '' if is_command else remedy)}")
        if is_command:
            say(CommandLine(f"  {remedy}"), err=True)
    say_error(instead)
