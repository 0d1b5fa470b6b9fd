"""Write files and folders that appear whole or not at all, and never over something unasked.

The only place that writes. What is written stands beside its target under another name until it is
complete and on the disk; whatever goes wrong before (a full disk, an interrupt) leaves nothing.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import EEXIST, ENOENT, ENOTDIR
from itertools import chain, count
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
    private = _private(target)
    with _errors_name(target, private):
        try:
            private.mkdir()
            whole = private / "whole"
            yield whole
            _sync(whole)
            _put_in_place(whole, target, overwrite=overwrite)
        finally:
            shutil.rmtree(private, ignore_errors=True)


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
    that `outdated` names for it go as well, and others stay. All of it happens or nothing. While it
    does, the file called `index`, which lists the others, is not there: the old one goes first and
    the new one comes last. Errors are those of `new_file`.

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
    private = _private(target / "_" if target.exists() else target)
    new, old = private / "new", private / "old"
    with _errors_name(target, private):
        try:
            new.mkdir(parents=True)
            yield new
            if index:
                _sync(new / index)
            if target.exists():
                check_new_folder(target, overwrite=overwrite, besides=private.name)
                _replace(new, target, old, index, outdated(target))
            else:
                new.rename(target)
            _sync_folders(target, target.parent)
        finally:
            shutil.rmtree(new, ignore_errors=True)
            for folder in (old, private):
                with suppress(OSError):  # what could not be put back stays where it is
                    folder.rmdir()


def check_new(path: PathLike, *, overwrite: bool) -> None:
    """Raise the errors of `new_file` before any work is done."""
    target = Path(path)
    _check_parent(target)
    if target.is_dir():
        raise FileExistsError(EEXIST, "is a folder; name a file", str(path))
    if target.exists() and not overwrite:
        raise FileExistsError(EEXIST, "exists already; `overwrite=True` overwrites it", str(path))


def check_new_folder(path: PathLike, *, overwrite: bool, besides: str = "") -> None:
    """Raise the errors of `new_folder` before any work is done; a file `besides` does not count."""
    target = Path(path)
    _check_parent(target)
    if not target.exists():
        return
    if not target.is_dir():
        raise NotADirectoryError(ENOTDIR, "is a file; name a folder", str(path))
    if not overwrite and {file.name for file in target.iterdir()} - {besides}:
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


def check_not_source(path: PathLike, sources: Iterable[str]) -> None:
    """Raise `FileExistsError` where `path` is one of the files that are read, by whatever name."""
    target = Path(path)
    for source in sources if target.exists() else ():
        if Path(source).exists() and target.samefile(source):
            raise FileExistsError(EEXIST, "is the source itself; name another file", str(path))


def _check_parent(target: Path) -> None:
    if not target.parent.is_dir():
        raise FileNotFoundError(ENOENT, "there is no such folder to write into", str(target.parent))


def _private(target: Path) -> Path:
    return target.with_name(f".{secrets.token_hex(8)}.part")


def _replace(new: Path, target: Path, old: Path, index: str, outdated: Iterable[str]) -> None:
    """Move files into `target` and those that they replace to `old`, or leave all as it was."""
    coming = sorted(os.listdir(new), key=lambda name: (name == index, name))  # noqa: PTH208
    for name in coming:
        if (target / name).is_dir():
            raise FileExistsError(EEXIST, "is a folder in the way of a file", str(target / name))
    going = dict.fromkeys([*coming[-1:], *coming, *outdated])
    old.mkdir()
    try:
        for name in going:
            if (target / name).is_file() or (target / name).is_symlink():
                (target / name).rename(old / name)
        for name in coming:
            _put_in_place(new / name, target / name, overwrite=False)
    except BaseException:
        _take_back(new, target, old, coming)
        raise
    shutil.rmtree(old, ignore_errors=True)


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
    if not overwrite:
        with suppress(OSError):  # some file systems have no links; the rename below is next best
            os.link(partial, target)
            return
        check_new(target, overwrite=False)
    partial.replace(target)


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
def _errors_name(target: Path, private: Path) -> Iterator[None]:
    """Let the system's errors speak of the target, not of the name that stands in for it."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise type(error)(error.errno, error.strerror, str(target)) from error
        if Path(str(error.filename)).is_relative_to(private):
            error.filename = str(target)
        raise
