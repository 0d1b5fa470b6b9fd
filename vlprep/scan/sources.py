"""Rows from what a user names: files, folders, patterns, samples, Parquet, tar; all as streams.

The door to files of this room. A source that cannot be read is a row with its reason.
"""

from __future__ import annotations

import glob
import json
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from itertools import chain
from pathlib import Path, PurePath
from tarfile import InvalidHeaderError, TarError, TruncatedHeaderError  # type: ignore[attr-defined]
from typing import Any, Self, TypeAlias

from vlprep.choices import holds_samples
from vlprep.count.files import MediaFailure
from vlprep.errors import (
    ConstraintError,
    DecodeError,
    MissingPackageError,
    UnsupportedFormatError,
    VlprepError,
)
from vlprep.media.addresses import file_name, is_data_url
from vlprep.media.folders import as_folder, by_numbers, walk
from vlprep.media.overlap import is_remote
from vlprep.media.readers import buffered
from vlprep.media.remote import RemoteFile
from vlprep.media.sniff import is_media_name
from vlprep.messages.rows import belongs, talks
from vlprep.output.target import PathLike
from vlprep.samples.rows import rows_in
from vlprep.scan.rows import SourceRow, file_stamp, key_of, text_of
from vlprep.units import format_bytes

Source: TypeAlias = str | RemoteFile
Found: TypeAlias = SourceRow | MediaFailure

PARQUET, TAR = (".parquet", ".pq"), (".tar", ".tar.gz", ".tgz")
"""Endings of names by which files are taken for those."""

LARGEST_MEMBER = 2_000_000_000
"""Bytes of a member of a tar at most, as it is held in memory."""

MEDIA_COLUMNS = (
    *("image", "video", "bytes", "path", "image_path", "video_path", "file_name", "url"),
    *("image_url", "video_url"),
)
"""Columns of a Parquet file that are looked for, where none is named."""


class Sources:
    """What is read, and how; counts what is passed over."""

    def __init__(
        self,
        *,
        samples: bool = False,
        recursive: bool = False,
        column: str | None = None,
        apart_from: PathLike | None = None,
    ) -> None:
        """Say what is read: `samples` of JSON files or a column of messages, or else media.

        With `recursive` folders mean their subfolders too; `column` is the one of Parquet files.
        What is in the folder `apart_from` is not read, as files are written there.
        """
        self._samples, self._recursive, self._column = samples, recursive, column
        self._apart_from = None if apart_from is None else Path(apart_from).resolve()
        self.strays = 0
        """Files of folders that were passed over, as no media."""

    def rows(self, names: Iterable[str | RemoteFile]) -> Iterator[Found]:
        """Yield the rows of all that is named.

        Raises `ConstraintError` for samples among media and the reverse.
        """
        for source in chain.from_iterable(map(_expanded, names)):
            name = _name_of(source)
            if isinstance(source, str):
                self._check_apart(source)
            read = self._reader(file_name(name))
            try:
                yield from read(source)
            except (ConstraintError, MissingPackageError):
                raise  # of what is asked, not of a file
            except (VlprepError, OSError) as error:
                yield MediaFailure(source=name, error=error)

    def _reader(self, name: str) -> Callable[[Source], Iterator[Found]]:
        """Return what reads a source, by its name."""
        lower = name[-256:].lower()
        if lower.endswith(PARQUET):
            return self._parquet
        if holds_samples(name) != self._samples:
            what = "a file of samples" if holds_samples(name) else "no file of samples"
            raise ConstraintError(
                f"{name[:80]}: {what}, and others are not the same; scan it apart"
            )
        if self._samples:
            return _samples
        return _tar if lower.endswith(TAR) else self._files

    def _files(self, name: Source) -> Iterator[Found]:
        if isinstance(name, RemoteFile):
            yield SourceRow(name.name, name, key_of(name.address))
            return
        folder = as_folder(name)
        if folder is None:
            yield SourceRow(name, name)
            return
        found, start, written = False, len(folder), self._written_within(folder)
        for path, is_medium in walk(folder, recursive=self._recursive):
            if path.startswith(written):
                continue
            if is_medium:
                found = True
                yield SourceRow(path, path, place=path[start:])
            else:
                self.strays += 1
        if not found:
            yield SourceRow(name, name)  # so that it is reported

    def _check_apart(self, name: str) -> None:
        """Raise `ConstraintError` for a source in the folder into which files are written."""
        written = self._apart_from
        if written is not None and Path(name).resolve().is_relative_to(written):
            problem = f"lies in {written}, into which files are written; name another folder"
            raise ConstraintError(f"{name}: {problem}")

    def _written_within(self, folder: str) -> tuple[str, ...]:
        """Return how paths begin that are in the folder for writing, if it lies in one walked."""
        written, root = self._apart_from, Path(folder).resolve()
        if written is None or not written.is_relative_to(root):
            return ()
        return (os.path.join(folder, written.relative_to(root), ""),)  # noqa: PTH118 (as walked)

    def _parquet(self, source: Source) -> Iterator[Found]:
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise MissingPackageError("pyarrow", "arrow") from error
        name = _name_of(source)
        try:
            with _opened(source) as (content, stamp), pq.ParquetFile(content) as file:
                columns = self._columns(name, file.schema_arrow.names)
                batches = file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=columns)
                rows = (row for batch in batches for row in batch.to_pylist())
                for number, row in enumerate(rows, 1):
                    cell = row if self._samples else row[columns[0]]
                    yield SourceRow(f"{name}:{number}", cell, stamp)
        except pa.ArrowException as error:
            raise DecodeError(name, f"no Parquet, or damaged: {error}") from error

    def _columns(self, name: str, columns: list[str]) -> list[str]:
        """Return the column to read, and of samples those with what their text names."""
        wanted = ("messages",) if self._samples else MEDIA_COLUMNS
        wanted = wanted if self._column is None else (self._column,)
        found = [column for column in wanted if column in columns]
        if not found:
            talk = next(filter(talks, columns), None)
            asked = f", and {talk!r} for samples" if talk else ""
            asked = f"; name the one with media by `column`{asked}" if self._column is None else ""
            problem = f"no column {' or '.join(wanted)} in {', '.join(columns)}{asked}"
            raise ConstraintError(f"{name}: {problem}")
        beside = [column for column in columns if belongs(column)] if self._samples else []
        return list(dict.fromkeys([found[0], *beside]))


def count_ahead(names: Iterable[str], *, recursive: bool = False) -> int | None:
    """Return how many rows there will be, from names alone; `None` where files hold several.

    Those are samples, Parquet and tars. Nothing is opened, but for files without a known ending.

    >>> count_ahead(["fixtures/photo.jpg", "fixtures/street.mp4"]), count_ahead(["a.tar"])
    (2, None)
    """
    rows = 0
    for name in chain.from_iterable(map(_expanded, names)):
        if holds_samples(file_name(_name_of(name))) or _name_of(name).lower().endswith(_SEVERAL):
            return None
        folder = None if isinstance(name, RemoteFile) else as_folder(name)
        files = (is_media for _, is_media in walk(folder, recursive=recursive)) if folder else ()
        rows += max(sum(files), 1)
    return rows


_SEVERAL = (*PARQUET, *TAR)
_ROWS_AT_ONCE = 64
"""Rows of a Parquet file that are in memory at a time."""


def _name_of(source: Source) -> str:
    return source.name if isinstance(source, RemoteFile) else source


@contextmanager
def _opened(source: Source) -> Iterator[tuple[BufferedReader, str]]:
    """Open a file that holds rows; gives what tells that it has changed, too.

    What an address names is fetched as far as it is read, within the limits of its `Fetching`.
    Raises `FetchError` of that, and `FileNotFoundError` and its siblings.
    """
    if isinstance(source, RemoteFile):
        from vlprep.media.fetched import fetch

        fetched = fetch(source)
        with buffered(fetched.read_at, fetched.length, fetched.close) as file:
            yield file, text_of(fetched.stamp)
    else:
        with Path(source).open("rb") as file:
            yield file, file_stamp(source)


def _expanded(name: Source) -> list[Any]:
    """Return the files that a pattern names, and what an address does; other names as they are."""
    if is_remote(name):
        return [RemoteFile(name) if isinstance(name, str) else name]
    assert isinstance(name, str)
    is_pattern = glob.has_magic(name) and not is_data_url(name)
    if not is_pattern or os.path.lexists(name):
        return [name]
    matches = glob.glob(name, recursive=True)  # noqa: PTH207 (keeps the caller's spelling)
    return sorted(matches, key=by_numbers) or [name]


def _samples(source: Source) -> Iterator[Found]:
    name = _name_of(source)
    try:
        with _opened(source) as (file, _):
            for called, row in rows_in(file, name):
                text = row if isinstance(row, bytes) else json.dumps(row).encode()
                yield SourceRow(called, text, key_of(text))
    except ConstraintError as error:  # a document that is not JSON
        yield MediaFailure(source=name, error=error)


def _tar(source: Source) -> Iterator[Found]:
    """Yield the media in a tar in their order, without unpacking it."""
    name = _name_of(source)
    try:
        with (
            _opened(source) as (file, stamp),
            tarfile.open(fileobj=file, mode="r|*", tarinfo=_Header) as archive,
        ):
            for member in archive:
                if member.isfile() and is_media_name(PurePath(member.name).name):
                    yield _member(archive, member, f"{name}:{member.name}", stamp)
    except (TarError, EOFError, ValueError) as error:
        raise DecodeError(name, f"no tar, or damaged: {error}") from error


class _Header(tarfile.TarInfo):
    """A member's header; a bad one amid an archive, which `tarfile` takes for its end, is told."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile)
        except (TruncatedHeaderError, InvalidHeaderError) as error:
            raise TarError(f"at byte {tarfile.offset:,}: {error}") from error


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo, name: str, stamp: str) -> Found:
    if member.size > LARGEST_MEMBER:
        problem = f"{format_bytes(member.size)} are too many to hold; unpack it first"
        return MediaFailure(source=name, error=UnsupportedFormatError(name, problem))
    file = archive.extractfile(member)
    return SourceRow(name, file.read() if file else b"", stamp)
