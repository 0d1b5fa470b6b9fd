"""What a fix did, as people read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from vlprep.cli.render import report_problems, say_error
from vlprep.cli.shell import remedy_line
from vlprep.cli.text import safe
from vlprep.units import format_bytes

if TYPE_CHECKING:
    from vlprep.compress.fix import FixReport, LeftFile


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
