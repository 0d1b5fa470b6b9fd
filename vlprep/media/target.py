"""Write files and folders that appear whole or not at all, and never over something unasked.

The only place that writes. What is written stands beside its target under another name until it is
complete and on the disk; whatever goes wrong before (a full disk, an interrupt) leaves nothing.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from errno import EEXIST, ENOENT, ENOTDIR
from pathlib import Path
from typing import BinaryIO

PathLike = str | os.PathLike[str]


@contextmanager
def new_file(path: PathLike, *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Open a file for writing, which appears at `path` when the block ends without an error.

    Raises `FileExistsError` if it is there already and is not to be overwritten, and other
    `OSError`s as the system does, all of them naming the path.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with new_file(f"{folder}/note.txt") as file:
    ...         _ = file.write(b"done")
    ...     Path(folder, "note.txt").read_bytes()
    b'done'
    """
    target = Path(path)
    check_new(target, overwrite=overwrite)
    partial = target.with_name(f".{secrets.token_hex(8)}.part")
    with _errors_name(target):
        try:
            with partial.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _put_in_place(partial, target, overwrite=overwrite)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def new_file_at(path: PathLike, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a name to write a file under, which appears at `path` when the block ends.

    For writers that need a name of their own to open. It stands in a private folder, in which
    other files may lie meanwhile. Errors are those of `new_file`.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with new_file_at(f"{folder}/note.txt") as whole:
    ...         _ = whole.write_bytes(b"done")
    ...     Path(folder, "note.txt").read_bytes()
    b'done'
    """
    target = Path(path)
    check_new(target, overwrite=overwrite)
    private = target.with_name(f".{secrets.token_hex(8)}.part")
    with _errors_name(target):
        try:
            private.mkdir()
            whole = private / "whole"
            yield whole
            with whole.open("rb+") as file:
                os.fsync(file.fileno())
            _put_in_place(whole, target, overwrite=overwrite)
        finally:
            shutil.rmtree(private, ignore_errors=True)


@contextmanager
def new_folder(path: PathLike, *, overwrite: bool = False) -> Iterator[Path]:
    """Give an empty folder to write into, whose files appear in `path` when the block ends.

    A folder that is there already must be empty, unless its files may be overwritten; others in it
    stay. Errors are those of `new_file`.
    """
    target = Path(path)
    check_new_folder(target, overwrite=overwrite)
    partial = target.with_name(f".{secrets.token_hex(8)}.part")
    with _errors_name(target):
        try:
            partial.mkdir()
            yield partial
            target.mkdir(exist_ok=True)
            for file in sorted(partial.iterdir()):
                _put_in_place(file, target / file.name, overwrite=overwrite)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def check_new(path: PathLike, *, overwrite: bool) -> None:
    """Raise the errors of `new_file` before any work is done."""
    target = Path(path)
    _check_parent(target)
    if target.is_dir():
        raise FileExistsError(EEXIST, "is a folder; name a file", str(path))
    if target.exists() and not overwrite:
        raise FileExistsError(EEXIST, "exists already; --force overwrites it", str(path))


def check_new_folder(path: PathLike, *, overwrite: bool) -> None:
    """Raise the errors of `new_folder` before any work is done."""
    target = Path(path)
    _check_parent(target)
    if not target.exists():
        return
    if not target.is_dir():
        raise NotADirectoryError(ENOTDIR, "is a file; name a folder", str(path))
    if any(target.iterdir()) and not overwrite:
        problem = "is not empty; name another folder, or --force overwrites"
        raise FileExistsError(EEXIST, problem, str(path))


def check_not_source(path: PathLike, sources: Iterable[str]) -> None:
    """Raise `FileExistsError` where `path` is one of the files that are read, by whatever name."""
    target = Path(path)
    for source in sources:
        if target.exists() and Path(source).exists() and target.samefile(source):
            raise FileExistsError(EEXIST, "is the source itself; name another file", str(path))


def _check_parent(target: Path) -> None:
    if not target.parent.is_dir():
        raise FileNotFoundError(ENOENT, "there is no such folder to write into", str(target.parent))


def _put_in_place(partial: Path, target: Path, *, overwrite: bool) -> None:
    if not overwrite:
        with suppress(OSError):  # some file systems have no links; the rename below is next best
            os.link(partial, target)
            return
        check_new(target, overwrite=False)
    partial.replace(target)


@contextmanager
def _errors_name(target: Path) -> Iterator[None]:
    """Let the system's errors speak of the target, not of the name that stands in for it."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise type(error)(error.errno, error.strerror, str(target)) from error
        if any(part.endswith(".part") for part in Path(str(error.filename)).parts[-2:]):
            error.filename = str(target)
        raise
