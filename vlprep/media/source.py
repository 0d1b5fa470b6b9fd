"""Anything that holds media (path, bytes, file object, data URL) as one seekable reader.

This is the only place that opens files. A path must name a regular file: pipes, devices and
folders are refused before anything could wait on them.
"""

from __future__ import annotations

import base64
import binascii
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from vlprep.errors import EmptyFileError, UnsupportedFormatError

SourceLike = str | os.PathLike[str] | bytes | BinaryIO
"""A path, the content itself, an open binary file that can seek, or a data URL."""


@dataclass(frozen=True, slots=True)
class OpenSource:
    """Media that is open for reading, at its start."""

    name: str
    """What to call it in messages: the path as given, or what kind of object it is."""
    file: BinaryIO
    """Seekable reader."""
    path: str | None
    """Where it lies, if it is a file of its own."""
    file_bytes: int
    """Length in bytes."""


@contextmanager
def open_source(source: SourceLike) -> Iterator[OpenSource]:
    """Open media for reading; closes what it opened, and rewinds a caller's file object.

    Raises `FileNotFoundError` and its siblings as the system does, `UnsupportedFormatError` for
    what is no regular file, a URL or a malformed data URL, and `EmptyFileError`.

    >>> with open_source(b"GIF89a") as opened:
    ...     opened.file_bytes
    6
    """
    if isinstance(source, bytes):
        yield _from_bytes(source, "<bytes>")
    elif isinstance(source, str) and _is_data_url(source):
        yield _from_bytes(_decode_data_url(source), "<data URL>")
    elif isinstance(source, str | os.PathLike):
        name = os.fspath(source)
        size = _not_empty(_regular_file_bytes(name), name)
        with open(name, "rb") as file:  # noqa: PTH123 (a Path costs as much as opening the file)
            yield OpenSource(name, file, name, size)
    elif hasattr(source, "read") and hasattr(source, "seek"):
        name = str(getattr(source, "name", "<file object>"))
        size = _not_empty(source.seek(0, io.SEEK_END), name)
        source.seek(0)
        try:
            yield OpenSource(name, source, None, size)
        finally:
            source.seek(0)
    else:
        raise TypeError(f"not a path, bytes, file object or data URL: {type(source).__name__}")


def source_name(source: SourceLike) -> str:
    """Return what messages and reports call `source`.

    >>> source_name("photos/a.jpg")
    'photos/a.jpg'
    """
    if isinstance(source, bytes):
        return "<bytes>"
    if isinstance(source, str) and _is_data_url(source):
        return "<data URL>"
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return str(getattr(source, "name", "<file object>"))


def _is_data_url(text: str) -> bool:
    return text.startswith("data:") and "," in text  # a file may be called "data:x.mp4"


def _regular_file_bytes(name: str) -> int:
    if name.startswith(("http://", "https://")):
        raise UnsupportedFormatError(name, "URLs are not fetched; download the file first")
    if "\0" in name:
        raise UnsupportedFormatError(name.replace("\0", "\\0"), "the name contains a NUL character")
    found = os.stat(name)  # noqa: PTH116 (see above)
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(21, "is a folder; -r counts what is in it", name)
    if not stat.S_ISREG(found.st_mode):
        raise UnsupportedFormatError(name, "not a regular file (a pipe, device or socket)")
    return found.st_size


def _from_bytes(content: bytes, name: str) -> OpenSource:
    return OpenSource(name, io.BytesIO(content), None, _not_empty(len(content), name))


def _not_empty(size: int, name: str) -> int:
    if size == 0:
        raise EmptyFileError(name)
    return size


def _decode_data_url(url: str) -> bytes:
    head, comma, data = url.partition(",")
    if not comma or not head.endswith(";base64"):
        raise UnsupportedFormatError("<data URL>", "not of the form data:TYPE;base64,DATA")
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise UnsupportedFormatError("<data URL>", f"not valid Base64: {error}") from error
