"""What `vlprep plan -o` writes and tells: the bodies of the requests of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

import click

from vlprep.cli import EXIT_FAILED
from vlprep.cli.findings import tell_refused
from vlprep.cli.progress import track
from vlprep.cli.render import note, print_table
from vlprep.cli.terminal import say
from vlprep.cli.text import safe, thousands
from vlprep.errors import CheckError

if TYPE_CHECKING:  # for annotations only: requests are slow to load
    from vlprep.check.rule import Finding
    from vlprep.payload.planned import SavedRequest
    from vlprep.plan.records import MediaPlan


def take_sending(asked: dict[str, Any]) -> dict[str, Any] | None:
    """Take the options of bodies out of `asked`; `None` where none are to be written."""
    folder, text = asked.pop("output"), asked.pop("text")
    how = {name: asked.pop(name) for name in ("as_frames", "compress", "video_fields", "sdk")}
    if folder is not None and text is not None:
        return {"target": folder, "text": text, **how}
    given = [f"--{name.replace('_', '-')}" for name, value in how.items() if value]
    if folder is not None:
        raise click.UsageError("-o: say what the requests ask: --text TEXT")
    if text is not None or given:
        raise click.UsageError(f"{' and '.join(given or ['--text'])}: say where to: -o DIR")
    return None


def save(
    plan: MediaPlan,
    sending: dict[str, Any],
    api: str | None,
    model_words: Sequence[str],
    *,
    overwrite: bool,
) -> tuple[SavedRequest, ...]:
    """Write the bodies of a plan, if anything was planned; what the check refuses is told."""
    from vlprep.payload.planned import save_requests

    if not any(plan.requests):
        return ()
    how = {**sending, "api": api} if api else sending
    try:
        return save_requests(plan, overwrite=overwrite, watch=track, **how)
    except CheckError as error:
        findings = cast("tuple[Finding, ...]", error.findings)
        mended = any(one.remedy and one.remedy.command == "compress" for one in findings)
        helps = mended and not sending["compress"]
        remedy = "; --compress brings files under the limits first" if helps else ""
        tell_refused(error, model_words, f"nothing was written{remedy}")
        raise click.exceptions.Exit(EXIT_FAILED) from error


def plan_document(plan: MediaPlan, saved: Sequence[SavedRequest], *, table: bool) -> dict[str, Any]:
    """Return the document of `vlprep.plan/1`, with the bodies that were written."""
    document = plan.to_dict(table=table)
    if saved:
        document["bodies"] = [body.to_dict() for body in saved]
    return document


def print_saved(saved: Sequence[SavedRequest], folder: str) -> None:
    """Print a line for each body, and what posting them takes."""
    say("", f"written to {safe(folder)}, to be posted as they are")
    rows = (
        (body.file, _some(body.sources), thousands(body.tokens), thousands(body.file_bytes))
        for body in saved
    )
    print_table(HEADINGS, rows, left=2, prose=("files",), drop=("bytes",))
    headers = {pair for body in saved for pair in body.headers.items()}
    needs = [f"they need the header {name}: {value}" for name, value in sorted(headers)
             if name != "Content-Type"]  # fmt: skip
    for text in (*needs, *dict.fromkeys(chain(*(body.notes for body in saved)))):
        note(text)


HEADINGS = ("body", "files", "tokens", "bytes")


def _some(sources: Sequence[str]) -> str:
    """Name one file, or the first and the last of several and their number."""
    if len(sources) < 3:
        return ", ".join(sources)
    return f"{len(sources)}: {sources[0]} to {sources[-1]}"


def body_warnings(saved: Sequence[SavedRequest]) -> Iterator[str]:
    """Yield what is to be known of bodies, with the first of which it is true."""
    said: dict[str, list[str]] = {}
    for body in saved:
        for text in body.warnings:
            said.setdefault(text, []).append(body.file)
    for text, files in said.items():
        yield f"{_some(files)}: {text}"
