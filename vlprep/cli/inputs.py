"""Which files a command is about: arguments, patterns, folders, lists of names, and answers."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from vlprep.errors import AnswerError
from vlprep.media.addresses import local_path
from vlprep.media.sniff import HEAD_BYTES, is_media_name, sniff


def input_files(
    paths: tuple[str, ...], recursive: bool, from_file: str | None, null_separated: bool
) -> list[str]:
    """Return the files that a command line means, as the caller spelt them.

    A pattern that names no file is expanded, for shells that do not; a folder is walked if
    `recursive`; names are read from the file `from_file`, "-" for stdin, one a line or separated
    by NUL. What does not exist is returned all the same: it is the task that reports it.
    """
    names = [name for path in paths for name in _expand(path)]
    if from_file is not None:
        names += _listed(from_file, b"\0" if null_separated else b"\n")
    return [file for name in names for file in _walk(name, recursive)]


def _expand(path: str) -> list[str]:
    if glob.has_magic(path) and not os.path.lexists(path):
        matches = glob.glob(path, recursive=True)  # noqa: PTH207 (keeps the caller's spelling)
        return sorted(matches) or [path]
    return [path]


def _listed(name: str, separator: bytes) -> list[str]:
    lines = (line.removesuffix(b"\r") for line in read_input(name).split(separator))
    return [os.fsdecode(line) for line in lines if line]


def _walk(name: str, recursive: bool) -> Iterator[str]:
    if not (recursive and os.path.isdir(local_path(name))):  # noqa: PTH112 (may be content)
        yield name
        return
    for folder, subfolders, files in os.walk(local_path(name)):
        subfolders.sort()
        for file in sorted(files):
            path = os.path.join(folder, file)  # noqa: PTH118 (spelt as the caller did)
            if is_media_name(file) or _is_media(path):
                yield path


def _is_media(path: str) -> bool:
    """Look into a file whose name promises nothing; other files of a folder are left out."""
    try:
        if not Path(path).is_file():
            return False
        with Path(path).open("rb") as file:
            found = sniff(file.read(HEAD_BYTES))
    except OSError:
        return False
    return found is not None and found.kind in ("image", "video")


def read_input(name: str) -> bytes:
    """Return what is in a file, or what stdin has for "-"."""
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def read_answer(name: str) -> str:
    """Return a model's answer from a file, or from stdin for "-"; raises `AnswerError`."""
    try:
        return read_input(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = "stdin" if name == "-" else name
        raise AnswerError(f"{place}: the answer is not text in UTF-8") from error
