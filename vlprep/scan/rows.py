"""Rows: what is read of a source, what a job makes of it, and the line that is kept of that.

This is what workers load, each as it begins, so it imports no more than the work needs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeGuard

from vlprep.batch.tables import Batch, Columns
from vlprep.media.remote import RemoteFile, Stamp, stamps_noted
from vlprep.scan.totals import Totals
from vlprep.view import View

KEY_LENGTH = 32
"""Hexadecimal digits of a key."""


def key_of(*parts: object) -> str:
    """Return a digest of parts as a key.

    >>> len(key_of("a.jpg", 1024)), key_of("a", "b") == key_of("ab")
    (32, False)
    """
    said = "\0".join(map(str, parts)).encode("utf-8", "surrogateescape")
    return blake2b(said, digest_size=KEY_LENGTH // 2).hexdigest()


PLACE = "place"
"""The column that says where a row's files go: a path within the folder."""


class SourceRow(NamedTuple):
    """One row: what it is called, what is in its cell, and what tells that it has changed."""

    name: str
    value: Any
    stamp: str | None = None
    """`None` of a file, whose length and time tell it."""
    place: str = ""
    """Its path within the folder that was named; else it is known by its name alone."""


Numbered: TypeAlias = tuple[int, str, Any, str | None, str]
"""The number of a row and its fields: a plain tuple goes through a pipe in a third of the time."""


def text_of(stamp: Stamp | None) -> str:
    """Return as text what tells one state of a remote file from another; `None`: not fetched."""
    return "absent" if stamp is None else f"{stamp.length}:{stamp.version}"


def file_stamp(path: str) -> str:
    """Return what tells that a file has changed: its length, and when it was written last."""
    found = os.stat(path)  # noqa: PTH116 (called per file)
    return f"{found.st_size}:{found.st_mtime_ns}"


def is_far(row: object) -> TypeGuard[SourceRow]:
    """Say whether something is a row of a remote file."""
    return isinstance(row, SourceRow) and isinstance(row.value, RemoteFile)


def row_key(row: SourceRow, settings: str, stamp: Stamp | None = None) -> str:
    """Return the key of a row under settings: the same as long as nothing has changed.

    A name is relative to the folder of the run, which is among the settings. The `stamp` is that of
    a remote file.
    """
    said = row.stamp
    if is_far(row):
        said = f"{said}:{text_of(stamp)}"
    elif said is None:
        try:
            said = file_stamp(row.name)
        except (OSError, ValueError):
            said = "absent"
    return key_of(settings, row.name, said)


def is_known_by_length(row: SourceRow, stamp: Stamp | None) -> bool:
    """Say whether nothing but a length tells that a remote file has changed, or one with rows."""
    if is_far(row):
        return stamp is not None and not stamp.version
    return (row.stamp or "").endswith(":")


class Job(Protocol):
    """What is done with a batch: an operator of `batch`, or what is like one."""

    @property
    def column(self) -> str:
        """The column that it reads."""

    @property
    def view(self) -> View:
        """What the model sees."""

    @property
    def types(self) -> Columns:
        """The columns that it adds."""

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with these columns."""


class Finished(NamedTuple):
    """Rows that are finished: the lines of the journal with their lengths, and what they come to.

    Whoever runs the scan writes and adds these up, and looks into no row.
    """

    lines: bytes
    lengths: list[int]
    totals: Totals


def finished(keys: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Finished:
    """Return rows as they are kept: a line each of a key, a tab, and the row as JSON."""
    lines = [f"{key}\t{_JSON(row)}\n".encode() for key, row in zip(keys, rows, strict=True)]
    totals = Totals()
    for row in rows:
        totals.add(row)
    return Finished(b"".join(lines), list(map(len, lines)), totals)


_JSON = json.JSONEncoder().encode


@dataclass(frozen=True, slots=True)
class RowWork:
    """What a worker does: a job on a batch of rows."""

    job: Job
    settings: str
    """A digest of all by which rows come about."""
    writes: bool = False
    """Whether it writes files, and asks for the place of each row."""

    def __call__(self, items: Sequence[Numbered]) -> Finished:
        """Return the rows finished."""
        rows = [SourceRow(*item[1:]) for item in items]
        # Before the work, as files change; a remote file is opened once, by the work.
        keys = ["" if is_far(row) else row_key(row, self.settings) for row in rows]
        given = {self.job.column: [row.value for row in rows]}
        if self.writes:
            given[PLACE] = [row.place or row.name for row in rows]
        with stamps_noted() as stamps:
            batch = self.job(given)
        keys = [
            key or row_key(row, self.settings, stamps.get(row.value.address))
            for key, row in zip(keys, rows, strict=True)
        ]
        names = ["source", *self.job.types]
        columns = ([row.name for row in rows], *(batch[name] for name in names[1:]))
        done = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
        return finished(keys, done)
