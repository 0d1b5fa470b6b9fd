"""The requests of a plan, each for a group of its files, and their bodies as files of a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from vlprep.display import brief
from vlprep.events.pieces import MANIFEST
from vlprep.output.target import PathLike, check_new_folder, new_folder
from vlprep.payload.planned_parts import STARTED
from vlprep.payload.request import Request, SendKeywords, build_request
from vlprep.plan.records import MediaPlan, SplitOptions
from vlprep.types import Watch, unwatched
from vlprep.units import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRequest:
    """One request of a plan that was written to a file."""

    file: str
    """Name of the file in its folder."""
    sources: tuple[str, ...]
    """The planned files in it, as the caller named them."""
    tokens: int | None
    """What they cost as they are sent."""
    file_bytes: int
    """Length of the file, which is posted as it is."""
    headers: dict[str, str]
    """HTTP headers that go with it, without the key."""
    url: str | None
    """Where to post it; `None` where no region is known."""
    warnings: tuple[str, ...] = ()
    """What a user should know of it."""
    notes: tuple[str, ...] = ()
    """What it needs, one sentence each."""

    def __repr__(self) -> str:
        tokens = "" if self.tokens is None else plural(self.tokens, "token")
        files = plural(len(self.sources), "file")
        return brief(self, self.file, files, tokens, f"{self.file_bytes:,} bytes")

    def to_dict(self) -> dict[str, Any]:
        """Return the body's entry of `vlprep.plan/1`."""
        return asdict(self)


def build_requests(plan: MediaPlan, text: str, **how: Unpack[SendKeywords]) -> Iterator[Request]:
    """Build the requests of a plan one after the other, each file as it was planned.

    `text` is asked in each of them. The keywords are those of `build_request`, but for the view,
    which is the plan's; files go by the plan's route, where it has one. A request warns where
    it costs another number of tokens than was planned for its files, and where what is sent in
    their place has more bytes than a request was to have.

    Raises the errors of `build_request`, `ConstraintError` for facts in place of files among them.

    >>> from vlprep import SplitOptions, plan_media
    >>> plan = plan_media(["fixtures/photo.jpg"] * 3, budget=700, split=SplitOptions())
    >>> [(len(request.parts), request.tokens) for request in build_requests(plan, "What is it?")]
    [(2, 604), (1, 302)]
    """
    split = plan.split or SplitOptions()
    how.setdefault("route", split.route or "base64")
    for numbers in plan.requests:
        files = [plan.files[number] for number in numbers]
        request = build_request(files, text, plan.view, **how)
        told = _differences(request, sum(file.tokens.total for file in files), split)
        yield replace(request, warnings=(*request.warnings, *told))


def _differences(request: Request, planned: int, split: SplitOptions) -> Iterator[str]:
    """Say where a request is not what was planned, or only under a condition."""
    started = sum(STARTED in part.notes for part in request.parts)
    if started:
        yield f"{started:,} of {len(request.parts):,} files are {STARTED}"
    if request.tokens is not None:
        sent = request.tokens - (request.history.tokens or 0)
        if sent != planned:
            yield f"{sent:,} tokens as sent, where {planned:,} were planned"
    length = sum(len(file.address) for part in request.parts for file in part.files)
    if request.route == "base64" and split.max_bytes is not None and length > split.max_bytes:
        yield f"{length:,} bytes as sent, more than the {split.max_bytes:,} of `max_bytes`"


NAMED = re.compile(r"request-\d+\.json")


def save_requests(
    plan: MediaPlan,
    text: str,
    target: PathLike,
    *,
    sdk: bool = False,
    overwrite: bool = False,
    watch: Watch = unwatched,
    **how: Unpack[SendKeywords],
) -> tuple[SavedRequest, ...]:
    """Write the bodies of a plan's requests into a folder `target`: request-1.json and so on.

    They are built as `build_requests` does, one at a time. All files appear when all are written,
    or none does. With `sdk` they are the arguments of the vendor's SDK for Python. Beside bodies
    about parts of clips lies plan.json, the plan itself, by which `locate_events` maps answers
    back. A folder with files in it is refused, unless `overwrite`, which also removes bodies of an
    earlier plan.

    Raises the errors of `build_requests`, and those of `new_folder`.

    >>> from tempfile import TemporaryDirectory
    >>> from vlprep import SplitOptions, plan_media
    >>> plan = plan_media(["fixtures/photo.jpg"] * 3, budget=700, split=SplitOptions())
    >>> with TemporaryDirectory() as folder:
    ...     for saved in save_requests(plan, "What is it?", f"{folder}/bodies"):
    ...         print(saved.file, len(saved.sources), saved.tokens)
    request-1.json 2 604
    request-2.json 1 302
    """
    check_new_folder(target, overwrite=overwrite)
    total = len(plan.requests)
    names = [f"request-{number:0{len(str(total))}}.json" for number in range(1, total + 1)]
    saved: list[SavedRequest] = []
    with new_folder(target, overwrite=overwrite, outdated=_earlier) as new:
        built = watch(build_requests(plan, text, **how), total, "building requests", names)
        for name, numbers, request in zip(names, plan.requests, built, strict=True):
            request.save(new / name, sdk=sdk)
            sources = tuple(plan.files[number].source for number in numbers)
            saved.append(_saved(new / name, sources, request))
        if any(file.part for file in plan.files):
            bodies = [body.to_dict() for body in saved]
            document = json.dumps({**plan.to_dict(), "bodies": bodies}, indent=1)
            (new / MANIFEST).write_text(document, "utf-8")
    return tuple(saved)


def _saved(path: Path, sources: tuple[str, ...], request: Request) -> SavedRequest:
    return SavedRequest(
        file=path.name,
        sources=sources,
        tokens=request.tokens,
        file_bytes=path.stat().st_size,
        headers=request.headers,
        url=request.url,
        warnings=request.warnings,
        notes=request.notes,
    )


def _earlier(folder: Path) -> list[str]:
    """Return the bodies in a folder, which those of another plan would be mistaken for."""
    names = (path.name for path in folder.iterdir())
    return [name for name in names if name == MANIFEST or NAMED.fullmatch(name)]
