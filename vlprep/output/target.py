"""Write files and folders that appear whole or not at all, and never over something unasked.

The only place that writes. What is written stands beside its target in a private folder until it is
complete and on the disk; whatever goes wrong before (a full disk, an interrupt) leaves nothing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import EEXIST, ENOENT, ENOTDIR
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

from vlprep.output.private import (
    OLD,
    discard,
    is_private,
    one_at_a_time,
    private_folder,
    remove,
    unfinished,
    uninterrupted,
)

PathLike = str | os.PathLike[str]

_protected: set[tuple[int, int]] = set()
"""Files that are not to be written over now, by device and number."""


@contextmanager
def new_file(path: PathLike, *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Open a file for writing, which appears at `path` when the block ends without an error.

    Raises `FileExistsError` if it is there already and is not to be overwritten, if it is no
    regular file (a link, a pipe, a device), or one that is `protected`; and other `OSError`s
    as the system does, all of them naming the path.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with new_file(f"{folder}/note.txt") as file:
    ...         _ = file.write(b"done")
    ...     Path(folder, "note.txt").read_bytes()
    b'done'
    """
    with new_file_at(path, overwrite=overwrite) as whole, whole.open("xb") as file:
        yield file


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
    with errors_name(target), private_folder(target.parent) as private:
        whole = private / "whole"
        yield whole
        _sync(whole)
        with uninterrupted():
            _put_in_place(whole, target, overwrite=overwrite)


@contextmanager
def new_folder(
    path: PathLike,
    *,
    overwrite: bool = False,
    index: str = "",
    outdated: Callable[[Path], Iterable[str]] = lambda _: (),
) -> Iterator[Path]:
    """Give an empty folder to write into, whose files appear in `path` when the block ends.

    A folder that is there already must be empty, unless its files may be overwritten. Then those
    that `outdated` names for it go as well, and others stay. All of it happens or nothing, and of
    several writers one after the other. While it does, the file called `index`, which lists the
    others, is not there: the old one goes first and the new one comes last. Errors are those of
    `new_file`.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with new_folder(f"{folder}/notes") as notes:
    ...         _ = (notes / "note.txt").write_bytes(b"done")
    ...     [file.name for file in Path(folder, "notes").iterdir()]
    ['note.txt']
    """
    target = Path(path)
    check_new_folder(target, overwrite=overwrite)
    # Inside of a folder that is there: it may be a link, a mount, or where the process stands.
    place = target if target.exists() else target.parent
    with errors_name(target), private_folder(place) as private:
        new = private / "new"
        new.mkdir()
        yield new
        discard(unfinished(new))
        if index:
            _sync(new / index)
        if not _moved(new, target):
            with one_at_a_time(target), uninterrupted():
                check_new_folder(target, overwrite=overwrite)
                _replace(new, target, private / OLD, index, outdated if overwrite else None)
        _sync_folders(target, target.parent)


@contextmanager
def made_folder(path: PathLike) -> Iterator[None]:
    """Make a folder for many results, which is gone again where none came.

    What is wrong with it is said where something is written into it.
    """
    folder, is_new = Path(path), False
    with suppress(OSError):
        folder.mkdir()
        is_new = True
    try:
        yield
    finally:
        if is_new:
            with uninterrupted(), suppress(OSError):  # it holds something
                folder.rmdir()


def check_new(path: PathLike, *, overwrite: bool) -> None:
    """Raise the errors of `new_file` before any work is done."""
    target = Path(path)
    _check_parent(target)
    if target.is_dir():
        raise FileExistsError(EEXIST, "is a folder; name a file", str(path))
    _check_replaceable(target)
    if os.path.lexists(target) and not overwrite:
        raise FileExistsError(EEXIST, "exists already; `overwrite=True` overwrites it", str(path))


def check_new_folder(path: PathLike, *, overwrite: bool) -> None:
    """Raise the errors of `new_folder` before any work is done."""
    target = Path(path)
    _check_parent(target)
    if not target.exists():
        _check_replaceable(target)  # a link to nothing
        return
    if not target.is_dir():
        raise NotADirectoryError(ENOTDIR, "is a file; name a folder", str(path))
    if not overwrite and any(not is_private(file.name) for file in target.iterdir()):
        problem = "is not empty; name another folder, or `overwrite=True` overwrites"
        raise FileExistsError(EEXIST, problem, str(path))


def free_name(stem: str, ending: str, taken: set[str]) -> str:
    """Return a name that is not `taken`, with a number where it would be, and take it.

    Some file systems know no difference between A.JPG and a.jpg.

    >>> taken = set()
    >>> [free_name("a", ".jpg", taken), free_name("A", ".jpg", taken)]
    ['a.jpg', 'A-2.jpg']
    """
    stems = chain([stem], (f"{stem}-{number}" for number in count(2)))
    name = next(f"{free}{ending}" for free in stems if f"{free}{ending}".casefold() not in taken)
    taken.add(name.casefold())
    return name


@contextmanager
def protected(names: Iterable[PathLike]) -> Iterator[None]:
    """Let nothing be written over files, by whatever name, until the block ends.

    For programs, which know all that they were given before they write anything.
    """
    added = {known for name in names if (known := _identity(name))} - _protected
    _protected.update(added)
    try:
        yield
    finally:
        _protected.difference_update(added)


def check_not_source(path: PathLike, sources: Iterable[PathLike] = ()) -> None:
    """Raise `FileExistsError` where `path` is one of the files that are read, by whatever name."""
    found = _identity(path)
    if found and (found in _protected or found in map(_identity, sources)):
        raise FileExistsError(EEXIST, "is the source itself; name another file", str(path))


def _identity(name: PathLike) -> tuple[int, int] | None:
    """Return what tells a file from all others; `None` where there is none."""
    with suppress(OSError, ValueError):
        found = os.stat(name)  # noqa: PTH116 (of thousands)
        return found.st_dev, found.st_ino
    return None


def _check_parent(target: Path) -> None:
    if not target.parent.is_dir():
        raise FileNotFoundError(ENOENT, "there is no such folder to write into", str(target.parent))


def _check_replaceable(target: Path) -> None:
    """Raise `FileExistsError` where something stands that nobody may want to lose."""
    try:
        there = target.lstat()
    except FileNotFoundError:
        return
    if not target.is_dir():
        check_not_source(target)
    if not stat.S_ISREG(there.st_mode):
        kind = "a link" if stat.S_ISLNK(there.st_mode) else "no regular file"
        problem = f"is {kind}, which is never written over; name another file"
        raise FileExistsError(EEXIST, problem, str(target))


def _moved(new: Path, target: Path) -> bool:
    """Make a folder the target, unless that is there, be it since a moment ago."""
    if target.exists():
        return False
    try:
        new.rename(target)
    except OSError:
        if target.is_dir():
            return False
        raise
    return True


def _replace(
    new: Path,
    target: Path,
    old: Path,
    index: str,
    outdated: Callable[[Path], Iterable[str]] | None,
) -> None:
    """Move files into `target` and those that they replace to `old`, or leave all as it was."""
    coming = sorted(os.listdir(new), key=lambda name: (name == index, name))  # noqa: PTH208
    going = () if outdated is None else dict.fromkeys([*coming[-1:], *coming, *outdated(target)])
    for name in (*coming, *going):
        if (target / name).is_dir():
            problem = "is a folder in the way of a file"
            raise FileExistsError(EEXIST, problem, str(target / name))
        _check_replaceable(target / name)
    old.mkdir()
    try:
        for name in going:
            if (target / name).is_file():
                (target / name).rename(old / name)
        for name in coming:
            _put_in_place(new / name, target / name, overwrite=False)
    except BaseException:
        _take_back(new, target, old, coming)
        raise
    with suppress(OSError):
        try:
            old.rename(new / OLD)  # all is done: from now on it may go
        finally:
            remove(old)


def _take_back(new: Path, target: Path, old: Path, coming: Sequence[str]) -> None:
    """Undo what `_replace` has done so far, whatever that is."""
    for name in coming:
        with suppress(OSError):  # not there yet
            if not (new / name).exists() or (new / name).samefile(target / name):
                (target / name).unlink()
    for name in sorted(os.listdir(old), key=lambda name: name == coming[-1]):  # noqa: PTH208
        with suppress(OSError):
            (old / name).rename(target / name)


def _put_in_place(partial: Path, target: Path, *, overwrite: bool) -> None:
    if overwrite:
        check_new(target, overwrite=True)  # a link may have come into being meanwhile
        partial.replace(target)
        return
    try:
        os.link(partial, target)
    except FileExistsError:
        check_new(target, overwrite=False)
        raise
    except OSError:  # some file systems have no links; an empty file takes the name for ours
        _take_name(target)
        try:
            partial.replace(target)
        except BaseException:
            target.unlink()
            raise


def _take_name(target: Path) -> None:
    try:
        target.touch(exist_ok=False)
    except FileExistsError:
        check_new(target, overwrite=False)
        raise


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folders(*folders: Path) -> None:
    for folder in folders:
        with suppress(OSError):  # not every system opens folders
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


@contextmanager
def errors_name(target: PathLike) -> Iterator[None]:
    """Let the system's errors speak of the target, not of the name that stands in for it."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise type(error)(error.errno, error.strerror, str(target)) from error
        if any(map(is_private, Path(str(error.filename)).parts)):
            error.filename = str(target)
        raise
