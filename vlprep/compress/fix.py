"""Mend files for a request: what a check asks for is done, and what was written checked again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, TypeAlias

from vlprep.check.check import CheckKeywords, check_files
from vlprep.check.check import Item as CheckedItem
from vlprep.check.report import CheckReport
from vlprep.check.rule import FileFacts, Remedy
from vlprep.choices import READABLE
from vlprep.compress.many import CompressedFile, Job, Outcome, SkippedFile, run_jobs
from vlprep.compress.parts import Page
from vlprep.compress.result import Asked
from vlprep.count.files import MediaFailure, as_many
from vlprep.count.frame_list import FrameList, as_frame_list
from vlprep.display import brief
from vlprep.errors import ConstraintError
from vlprep.media.source import SourceLike, SourceOrFacts
from vlprep.output.target import PathLike
from vlprep.types import Watch, unwatched
from vlprep.view import View

SCHEMA = "vlprep.fix/1"


class FixKeywords(CheckKeywords, total=False):
    """Keywords of `fix_files`, and of a check."""

    roots: Iterable[PathLike]
    overwrite: bool
    skip_existing: bool
    dry_run: bool
    threads: int | None
    watch: Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftFile:
    """A file that was not written, and why."""

    source: str
    """The file as the caller named it."""
    reason: str
    """What is wrong with it that is not mended by itself, or that it is not fetched."""
    remedy: Remedy | None = None
    """What can be done about it, if anything."""

    def __repr__(self) -> str:
        return brief(self, self.source, self.reason)

    def to_dict(self) -> dict[str, Any]:
        """Return the file's entry of `vlprep.fix/1`."""
        remedy = None if self.remedy is None else str(self.remedy)
        return {"source": self.source, "reason": self.reason, "remedy": remedy}


@dataclass(frozen=True, slots=True, kw_only=True)
class FixReport:
    """What was wrong with files, what was done about it, and what remains."""

    folder: str | None
    """Where files were written; `None` in a dry run without one."""
    before: CheckReport
    """What a check found of the sources."""
    files: tuple[Outcome, ...]
    """What became of each file that was to be written, in order; videos may be in parts."""
    left: tuple[LeftFile, ...]
    """The files that were not to be written."""
    after: CheckReport | None
    """What a check finds of the files written, URLs among them; `None` in a dry run."""
    manifests: tuple[str, ...] = ()
    """Files that say where the pieces of a page come from, for `boxes` and `locate_in_pieces`."""

    @property
    def failed(self) -> tuple[str, ...]:
        """The files of which there is no result, but for URLs."""
        made = (CompressedFile, SkippedFile)
        urls = {file.source for file in self.before.files if file.kind == "URL"}
        lost = [outcome.source for outcome in self.files if not isinstance(outcome, made)]
        return (*lost, *(file.source for file in self.left if file.source not in urls))

    def passes(self, *, fail_on_warnings: bool = False) -> bool:
        """Say whether every file was written, and what was written passes its check."""
        checked = self.after is None or self.after.passes(fail_on_warnings=fail_on_warnings)
        return checked and not self.failed

    def to_dict(self) -> dict[str, Any]:
        """Return the documented JSON of `vlprep.fix/1`."""
        return {
            "schema": SCHEMA,
            "model": self.before.model,
            "rules": self.before.rules,
            "route": self.before.route,
            "folder": self.folder,
            "items": [outcome.to_dict() for outcome in self.files],
            "left": [file.to_dict() for file in self.left],
            "manifests": list(self.manifests),
            "before": self.before.to_dict(),
            "after": None if self.after is None else self.after.to_dict(),
        }

    def __repr__(self) -> str:
        written = len(self.files) + len(self.left) - len(self.failed)
        remains = "not written" if self.after is None else repr(self.after)
        return f"FixReport({written} made, {len(self.failed)} failed; {remains})"


def fix_files(
    items: CheckedItem | Iterable[CheckedItem],
    folder: PathLike | None,
    view: View,
    *,
    roots: Iterable[PathLike] = (),
    overwrite: bool = False,
    skip_existing: bool = False,
    dry_run: bool = False,
    threads: int | None = None,
    watch: Watch = unwatched,
    **asked: Any,
) -> FixReport:
    """Write files so that they pass a check of one request, into a folder, and check these.

    Each file is compressed, turned upright, converted or cut as the rules want it; a page whose
    letters are too small, or that is too narrow, is split into pieces, with a manifest beside them;
    one that needs none of it is copied, so that the folder holds all that can be sent. No source is
    touched, and a file that cannot be mended is left out and named. A list of images stays one. A
    `dry_run`, or no folder, says what would be done. `roots`, `overwrite`, `skip_existing`,
    `threads` and `watch` are those of `compress_many`, the other keywords those of `check_files`.

    Raises the errors of `check_files`; what goes wrong with one file is in the report.

    >>> from tempfile import TemporaryDirectory
    >>> files = ["fixtures/exif_6.jpg", "fixtures/truncated.jpg"]
    >>> with TemporaryDirectory() as folder:
    ...     report = fix_files(files, folder, View.of("qwen3-vl-plus"))
    >>> [finding.rule for finding in report.before.findings], report.after.findings, report.failed
    (['image-orientation', 'cut-off'], (), ('fixtures/truncated.jpg',))
    """
    if folder is None and not dry_run:
        raise ConstraintError("a folder is needed, except for a dry run")
    files = list(as_many(items))
    before = check_files(files, view, **asked)
    how = Asked(
        route=asked.get("route", "base64"),
        overwrite=overwrite,
        watch=watch,
        dry_run=dry_run or folder is None,
    )
    left = _left(before)
    tasks = [task for task in zip(files, before.files, strict=True) if task[1].source not in left]
    readable = max(asked.get("readable") or READABLE, READABLE)
    jobs, places = _jobs(tasks, before, how, readable)
    folders = [item.folder for item, _ in tasks if isinstance(item, FrameList) and item.folder]
    roots = [*roots, *(PurePath(folder).parent for folder in folders)]
    work = run_jobs(
        jobs, folder, view, roots=roots, skip_existing=skip_existing, threads=threads,
        watch=watch, what="mending",
    )  # fmt: skip
    done = list(work)
    sent = _sent(tasks, [(places[place], outcome) for place, outcome in done])
    sent += [facts.source for facts in before.files if facts.kind == "URL"]
    whole = view.asking(start_seconds=None, end_seconds=None)  # a result is the part between them
    return FixReport(
        folder=None if folder is None else str(folder),
        before=before,
        files=tuple(outcome for _, outcome in done),
        left=tuple(left.values()),
        after=None if how.dry_run else check_files(sent, whole, **asked),
        manifests=() if how.dry_run else tuple(_manifests(jobs, done, overwrite)),
    )


_Task: TypeAlias = tuple[CheckedItem, FileFacts]
"""What the caller gave, and what is known of it."""


def _left(report: CheckReport) -> dict[str, LeftFile]:
    """Say which files are not to be written, by name, and why."""
    urls = [facts.source for facts in report.files if facts.kind == "URL"]
    left = {url: LeftFile(source=url, reason="a URL, which is not fetched") for url in urls}
    lost = report.lost.difference(urls)
    for error in report.errors:
        if error.source in lost:  # of verbs, none mends it alone: they are not named
            step = error.remedy if error.remedy and error.remedy.step else None
            before = left.get(error.source, LeftFile(source=error.source, reason=""))
            reason = "; ".join(filter(None, (before.reason, error.message)))
            left[error.source] = replace(before, reason=reason, remedy=before.remedy or step)
    return left


def _manifests(
    jobs: Sequence[Job], done: Sequence[tuple[int, Outcome]], overwrite: bool
) -> Iterator[str]:
    """Write which piece of a page each file is, and yield where."""
    for place, job in enumerate(jobs):
        made = [one.target for at, one in done if at == place and isinstance(one, CompressedFile)]
        if job.page is not None and len(made) > 1:
            yield job.page.save_manifest([str(target) for target in made], overwrite=overwrite)


def _jobs(
    tasks: Sequence[_Task], report: CheckReport, how: Asked, readable: float
) -> tuple[list[Job], list[int]]:
    """Return what is to be done, a job for each file, and the place of its task."""
    jobs, places, remedies = list[Job](), list[int](), report.remedies
    for place, (item, facts) in enumerate(tasks):
        remedy = remedies.get(facts.source)
        sources = _images(item) if facts.kind == "frame list" else [item]
        if facts.kind == "image" and facts.source in report.pages:
            jobs.append(replace(_job(item, remedy, how), page=Page(readable)))
        else:
            jobs += [_job(source, remedy, how) for source in sources]
        places += [place] * len(sources)
    return jobs, places


def _images(item: CheckedItem) -> list[SourceOrFacts]:
    found = as_frame_list(item)
    assert isinstance(found, FrameList)
    return list(found.images)


def _job(source: Any, remedy: Remedy | None, how: Asked) -> Job:
    wanted: dict[str, Any] = dict(remedy.options) if remedy else {}
    asked = replace(how, page=wanted.get("page"), always=wanted.get("always", False))
    return Job(source, asked, wanted.get("every"))


def _sent(tasks: Sequence[_Task], done: Sequence[tuple[int, Outcome]]) -> list[CheckedItem]:
    """Return what of it goes into the request: files, and lists of files."""
    targets: dict[int, list[SourceLike]] = {place: [] for place in range(len(tasks))}
    for place, outcome in done:
        if not isinstance(outcome, MediaFailure) and outcome.target is not None:
            targets[place].append(outcome.target)
    sent = list[CheckedItem]()
    for place, (_, facts) in enumerate(tasks):
        sent += [targets[place]] if facts.kind == "frame list" else targets[place]
    return sent
