"""Readers of one file, each with a position of its own, and how a path is opened.

This is the only place that opens files. A path must name a regular file: pipes, devices and
folders are refused before anything could wait on them.

A file's descriptor and a caller's object have one position each, which nobody here relies on:
every reader keeps its own and says where it reads.
"""

from __future__ import annotations

import io
import os
import stat
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO, TypeAlias

from vlprep.errors import UnsupportedFormatError
from vlprep.media.addresses import can_be_path, foreign_scheme, shown_name

ReadAt: TypeAlias = Callable[[int, int], bytes]
"""Reads so many bytes at a place of a file; fewer only at its end."""

Opened: TypeAlias = tuple[BinaryIO, Callable[[], BinaryIO], int]
"""A reader, what makes another one of the same file, and the length in bytes."""

_BUFFER = 16_384  # bytes: what a camera writes before the size of the picture fits in
FAR_BUFFER = 1_024  # of a remote file, of which nothing is fetched that is not asked for
AT_ONCE = 1 << 20  # bytes, where all of a file is read

_QUIETLY = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a pipe put in the file's place must not be waited for
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)


def open_file(name: str) -> Opened:
    """Open a path.

    Raises `UnsupportedFormatError` for what names no regular file, and `FileNotFoundError` and its
    siblings.
    """
    if not can_be_path(name):
        problem = "neither the path of a file nor Base64 of an image or a video that is known here"
        raise UnsupportedFormatError(shown_name(name), problem)
    if "\0" in name:
        raise UnsupportedFormatError(name.replace("\0", "\\0"), "the name contains a NUL character")
    try:
        _check_regular(os.stat(name).st_mode, name)  # noqa: PTH116 (a device is not even opened)
        descriptor = os.open(name, _QUIETLY)
    except FileNotFoundError:
        if (scheme := foreign_scheme(name)) is None:
            raise
        problem = f"{scheme}: is not fetched; http, https, s3, gs and oss are"
        raise UnsupportedFormatError(shown_name(name), problem) from None
    except UnicodeEncodeError as error:
        shown = name.encode("utf-8", "backslashreplace").decode()
        raise UnsupportedFormatError(shown, "no file can have such a name") from error
    try:
        now = os.fstat(descriptor)  # another file may have taken the place of the one looked at
        _check_regular(now.st_mode, name)
    except BaseException:
        os.close(descriptor)
        raise
    length = now.st_size
    return _reader(descriptor, length), lambda: _reader(os.dup(descriptor), length), length


def _check_regular(mode: int, name: str) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(21, "is a folder; name the files in it", name)
    if not stat.S_ISREG(mode):
        raise UnsupportedFormatError(name, "not a regular file (a pipe, device or socket)")


def _reader(descriptor: int, length: int) -> BinaryIO:
    return buffered(partial(_pread, descriptor), length, partial(os.close, descriptor))


def _seek_and_read(descriptor: int, length: int, position: int) -> bytes:
    with _ONE_AT_A_TIME:
        os.lseek(descriptor, position, os.SEEK_SET)
        return os.read(descriptor, length)


_ONE_AT_A_TIME = threading.Lock()
_pread: Callable[[int, int, int], bytes] = getattr(os, "pread", _seek_and_read)  # not on Windows


def share(file: BinaryIO) -> Opened:
    """Let several readers take turns with a caller's file object."""
    length, lock = file.seek(0, io.SEEK_END), threading.Lock()

    def read_at(length: int, position: int) -> bytes:
        with lock:
            file.seek(position)
            return file.read(length)

    again = partial(buffered, read_at, length)
    return again(), again, length


def buffered(
    read_at: ReadAt,
    length: int,
    close: Callable[[], object] = lambda: None,
    *,
    buffer: int = _BUFFER,
) -> io.BufferedReader:
    """Return a reader of so many bytes that `read_at` reads, with a position of its own."""
    return io.BufferedReader(_Reader(read_at, length, close), buffer)


def read_at(file: BinaryIO, count: int, place: int) -> bytes:
    """Read so many bytes at a place of a file that was opened here, wherever its reader stands."""
    reader: _Reader = file.raw  # type: ignore[attr-defined]
    return reader.read_at(count, place)


class _Reader(io.RawIOBase):
    """A position of its own in content that several read; as long as when it was opened."""

    def __init__(self, read_at: ReadAt, length: int, close: Callable[[], object]) -> None:
        self.read_at, self.end, self._close = read_at, length, close
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        position = offset + (0, self._position, self.end)[whence]
        if position < 0:
            raise ValueError(f"a position before the start: {position}")
        self._position = position
        return position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self.end - self._position)
        data = self.read_at(wanted, self._position) if wanted > 0 else b""
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def readall(self) -> bytes:
        return b"".join(iter(partial(self.read, AT_ONCE), b""))

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._close()
