"""Which files of a folder are media: one place, for the library and the command line.

A file counts by its name, so that a damaged photo is told of, or else by its content. Others are
strays: notes, and what cameras and systems put beside pictures.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from vlprep.media.addresses import LONGEST_PATH, local_path
from vlprep.media.sniff import is_media_name, sniff_file

_COMPANION = re.compile(
    r"\._.*|\.ds_store|thumbs\.db|desktop\.ini|.*\.(?:aae|xmp|thm)", re.IGNORECASE
)
"""Names of edits, side files and caches that macOS, iOS, Windows and cameras put beside media."""


def as_folder(source: object) -> str | None:
    """Return the path of a folder that a source names; `None` for anything else.

    >>> as_folder("fixtures"), as_folder("fixtures/photo.jpg"), as_folder(b"GIF89a")
    ('fixtures', None, None)
    """
    if not isinstance(source, str | os.PathLike):
        return None
    path = os.fspath(source)
    if len(path) > LONGEST_PATH:  # content as text
        return None
    path = local_path(path)
    return path if os.path.isdir(path) else None  # noqa: PTH112


def media_files(folder: str) -> list[str]:
    """Return the media files of a folder, in the order of their names, 10 after 9.

    A folder that cannot be read stands for itself, and fails where it is opened. PDFs are meant
    where there is nothing else.

    >>> [name for name in media_files("fixtures") if "exif_1" in name]
    ['fixtures/exif_1.jpg']
    """
    files = list(walk(folder))
    return [path for path, is_medium in files if is_medium] or documents(path for path, _ in files)


def documents(paths: Iterable[str]) -> list[str]:
    """Return those of the files of a folder whose names say that they are PDFs.

    >>> documents(["paper.PDF", "notes.txt"])
    ['paper.PDF']
    """
    return [path for path in paths if path[-4:].lower() == ".pdf" and not is_companion(path)]


def walk(folder: str, *, recursive: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield the files of a folder in order, each with whether it is a medium, as `media_files`.

    With `recursive` those of the folders in it follow.
    """
    locked: list[OSError] = []
    waiting = [folder]  # and no recursion, which ends where folders are nested too deep
    while waiting:
        for place, subfolders, files in islice(os.walk(waiting.pop(), onerror=locked.append), 1):
            within = os.path.join(place, "")  # noqa: PTH118 (spelt as the caller did)
            for name in sorted(files, key=by_numbers):
                yield within + name, _is_medium(name, within + name)
            if recursive:
                waiting += reversed(_below(place, subfolders))
    for error in locked:
        yield error.filename, True


def _below(place: str, subfolders: Iterable[str]) -> list[str]:
    """Return the paths of subfolders in order; links are not followed."""
    paths = (os.path.join(place, name) for name in sorted(subfolders, key=by_numbers))  # noqa: PTH118
    return [path for path in paths if not os.path.islink(path)]  # noqa: PTH114


def subfolders(folder: str) -> list[str]:
    """Return the names of the folders in a folder, in order, without hidden ones.

    >>> subfolders("fixtures")
    []
    """
    try:
        with os.scandir(folder) as entries:
            found = [one.name for one in entries if one.is_dir(follow_symlinks=False)]
    except OSError:
        return []  # whoever opens it tells
    return sorted((name for name in found if not name.startswith(".")), key=by_numbers)


def is_medium(path: str) -> bool:
    """Say whether a file is an image or a video by its name, or else by its content."""
    return _is_medium(os.path.basename(path), path)  # noqa: PTH119 (spelt as the caller did)


def _is_medium(name: str, path: str) -> bool:
    if name.startswith("._"):
        return False
    if is_media_name(name):
        return True
    found = sniff_file(path)
    return found is not None and found.kind in ("image", "video")


def is_companion(name: str) -> bool:
    """Say whether a file's name is that of one which stands beside media and is none.

    >>> is_companion("IMG_4000.AAE"), is_companion("notes.txt")
    (True, False)
    """
    return _COMPANION.fullmatch(os.path.basename(name)) is not None  # noqa: PTH119


def by_numbers(name: str) -> list[Any]:
    """Return what sorts names so that 10 comes after 9.

    >>> sorted(["a10.png", "a9.png"], key=by_numbers)
    ['a9.png', 'a10.png']
    """
    parts: list[Any] = _NUMBERS.split(name)  # text and numbers in turn, text first
    parts[1::2] = map(int, parts[1::2])
    return parts


_NUMBERS = re.compile(r"(\d+)")
