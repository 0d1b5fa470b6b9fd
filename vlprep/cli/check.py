"""`vlprep check`: images and videos against every documented limit, before they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from vlprep.choices import FAINT
from vlprep.cli import EXIT_FAILED
from vlprep.cli.command import Command
from vlprep.cli.idle import refuse, say_idle, say_unused
from vlprep.cli.named import (
    fetch_words,
    file_options,
    input_roots,
    input_words,
    take_inputs,
)
from vlprep.cli.options import (
    api_option,
    bind,
    choice_option,
    force_option,
    input_limit_options,
    json_option,
    readable_option,
    route_option,
    skip_option,
    text_tokens_option,
    view_options,
)
from vlprep.cli.progress import Bars, track
from vlprep.cli.render import print_json, print_table, source_lines
from vlprep.cli.shell import model_words
from vlprep.cli.terminal import put, say
from vlprep.models.citing import named

if TYPE_CHECKING:
    from vlprep.check.report import CheckReport
    from vlprep.check.rule import Rule, Wanted
    from vlprep.cli.findings import Form, Told
    from vlprep.verbs import Processor
    from vlprep.view import View


@click.command(name="check", cls=Command)
@file_options
@route_option("Send the files so.")
@api_option
@view_options
@input_limit_options
@text_tokens_option
@readable_option(
    None, f"Warn of letters that the model sees smaller, in every image; {FAINT:g} in long ones."
)
@click.option("--fetch", is_flag=True, help="Fetch files at addresses, and check them too.")
@click.option("--decode", is_flag=True, help="Decode the files too, to find damage inside.")
@click.option("--fix", "fixes", is_flag=True, help="Write files that pass into -o, check these.")
@click.option("-o", "--output", metavar="DIR", help="With --fix: the folder to write into.")
@click.option("--dry-run", is_flag=True, help="With --fix: say what would be done.")
@skip_option
@force_option
@click.option("--fail-on-warnings", is_flag=True, help="Exit with 1 for warnings too.")
@click.option("-v", "--all", "is_whole", is_flag=True, help="Show every finding and every file.")
@click.option("--statistics", is_flag=True, help="Print only how often each rule found something.")
@click.option("--sources", is_flag=True, help="List the sources cited, with their addresses.")
@choice_option("--output-format", ("text", "json", "github", "sarif"), "What is printed.", "text")
@click.option(
    "--list-checks",
    "list_rules",
    is_flag=True,
    help="Print all checks with their limits, and stop.",
)
@json_option
def command(*, fixes: bool, fail_on_warnings: bool, list_rules: bool, **asked: Any) -> int:
    """Check images and videos against every documented limit, from their headers alone.

    All files are one request to the model. A folder is the media files in it; with --list all
    images are the frames of one video. An http(s) URL is checked as far as that goes without
    fetching it, unless --fetch is given. Findings are told by rule with the largest files, what was
    found and wanted, and where the limit was read; then one command mends what can be. With --fix
    that is done: files are compressed, turned, converted or cut into a folder, which then holds all
    that can be sent, and are checked again; the sources stay. The exit code is 1 for errors, with
    --fail-on-warnings for warnings too, and with --fix where a file could not be mended.

    \b
    vlprep check photo.jpg clip.mp4 --model qvq-max --route base64
    vlprep check -r photos --fix -o ready
    """
    fixing = _take_fixing(asked, fixes)
    words, roots = (input_words(asked), asked["as_list"]), input_roots(asked)
    told, processor = _take_printing(asked, words)
    if list_rules:
        return _list_rules(processor, asked["route"], told)
    files = take_inputs(asked, apart_from=fixing["folder"] if fixing and roots else None)
    if fixing is None:
        report = processor.check(track(files, len(files), "checking", files), **asked)
        say_unused(file.kind for file in report.files)
        _print(report, told)
        passes = report.passes(fail_on_warnings=fail_on_warnings)
    else:
        passes = _fix(files, told, processor, fail_on_warnings, roots=roots, **fixing, **asked)
    return 0 if passes else EXIT_FAILED


def _take_fixing(asked: dict[str, Any], fixes: bool) -> dict[str, Any] | None:
    """Take the options of --fix out of `asked`; `None` without it."""
    names = {"output": "folder", "dry_run": "dry_run", "force": "overwrite"}
    names["skip_existing"] = "skip_existing"
    given = {name: asked.pop(option) for option, name in names.items()}
    if fixes and not (given["folder"] or given["dry_run"]):
        raise click.UsageError("say where to: --fix -o DIR; or --dry-run")
    if not fixes and any(given.values()):
        raise click.UsageError("-o, --dry-run, --force and --skip-existing go with --fix")
    return given if fixes else None


def _fix(
    files: Sequence[Any],
    told: Told,
    processor: Processor,
    fail_on_warnings: bool,
    **asked: Any,
) -> bool:
    """Mend files, print what was done and what remains, and say whether that passes."""
    from vlprep.cli.findings import fixed_lines, left_step, say_left

    fixed, words = processor.fix(files, watch=Bars().track, **asked), told.model_words
    say_left(fixed, words)
    if told.form == "json":
        before, after = (one and told.document(one) for one in (fixed.before, fixed.after))
        left = [{**one.to_dict(), "remedy": left_step(one, words)} for one in fixed.left]
        print_json({**fixed.to_dict(), "left": left, "before": before, "after": after})
    else:
        _print(fixed.after or fixed.before, told, fixed_lines(fixed))
    return fixed.passes(fail_on_warnings=fail_on_warnings)


def _take_printing(
    asked: dict[str, Any], files: tuple[list[str] | None, bool]
) -> tuple[Told, Processor]:
    """Take the options of printing and of the view out of `asked`."""
    from vlprep.cli.findings import Told

    form: Form = asked.pop("output_format")
    if asked.pop("as_json"):
        refuse(["output_format"], "--json is a format of its own; take one of both")
        form = "json"
    if form != "text":
        refuse(["statistics", "sources", "is_whole"], f"of text, and {form} always has all")
    model, model_file = asked["model"], asked["model_file"]
    statistics, sources, is_whole = (asked.pop(n) for n in ("statistics", "sources", "is_whole"))
    processor = bind(asked)
    if processor.model.kind == "open-weights":
        say_idle(["route"], f"{processor.model.name} is open weights, and no service's")
    words = [*model_words(processor.model.name, model_file, model), *fetch_words(asked)]
    return Told(processor, words, *files, is_whole, form, statistics, sources), processor


def _print(report: CheckReport, told: Told, done: Iterable[str] = ()) -> None:
    from vlprep.cli.check_forms import github_lines, sarif
    from vlprep.cli.findings import page, statistics_of

    if told.form == "json":
        print_json(told.document(report))
    elif told.form == "sarif":
        print_json(sarif(report, told.remedies(report)))
    elif told.form == "github":
        put(github_lines(report, told.remedies(report)))
    elif told.statistics:
        print_table(("rule", "severity", "findings"), statistics_of(report), left=2)
    else:
        say(*page(report, told, done))
    if told.sources and told.form == "text":
        cited = {key for finding in report.findings for key in finding.sources}
        say("", *(source_lines(cited) if cited else ["no source is cited"]))


def _list_rules(view: View, route: str, told: Told) -> int:
    """Print the rules that hold for a model, with the limits for the route and their sources."""
    from vlprep.check.report import RULES
    from vlprep.check.rule import Sending
    from vlprep.models.registry import get_route

    asked = Sending(view=view, files=(), route=get_route(route))
    rows = [(rule, rule.wanted(asked)) for rule in RULES if asked.is_served or not rule.of_service]
    if told.form == "json":
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
    if told.sources:
        cited = {key for _, wanted in rows for key in wanted.sources}
        say("", *source_lines(cited))
    return 0


HEADINGS = ("rule", "severity", "what is looked at", "limit", "source")


def _rule_json(rule: Rule, wanted: Wanted) -> dict[str, Any]:
    from vlprep.check.report import dated

    return {
        "rule": rule.id,
        "severity": rule.severity,
        "title": rule.title,
        "limit": wanted.words,
        "for_weights": not rule.of_service,
        "sources": dated(wanted.sources),
    }
