"""Calls of the system that fail in turn, or at which something else happens."""

from __future__ import annotations

import errno
import io
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

BY_NAME = ("rename", "replace", "link", "mkdir", "unlink", "rmdir", "listdir", "open")
"""Those that name a file."""
BY_NUMBER = ("fsync", "close")


class Injected:
    """Count the calls below a folder, and do something at each."""

    def __init__(self, folder: Path, at: Callable[[int, str, Any], None]) -> None:
        self.calls: list[str] = []
        self.descriptors: set[int] = set()
        """Those of files below the folder that are written, and of folders."""
        self._folder, self._at = str(folder), at

    def count(self, what: str, name: Any = None) -> None:
        """Count a call, and do what is to be done at it."""
        self.calls.append(what)
        self._at(len(self.calls), what, name)

    def is_ours(self, name: Any) -> bool:
        if not isinstance(name, str | os.PathLike):
            return False
        return Path(name).absolute().is_relative_to(self._folder)


@contextmanager
def watching(folder: Path, at: Callable[[int, str, Any], None]) -> Iterator[Injected]:
    """Do something before each call that writes below a folder: with its number, word and name."""
    injected = Injected(folder, at)
    with pytest.MonkeyPatch.context() as patched:
        for name in BY_NAME:
            patched.setattr(os, name, _by_name(injected, name, getattr(os, name)))
        for name in BY_NUMBER:
            patched.setattr(os, name, _by_number(injected, name, getattr(os, name)))
        patched.setattr(io, "open", _opened(injected, io.open))
        yield injected


def failing(folder: Path, turn: int, code: int = errno.EIO) -> AbstractContextManager[Injected]:
    """Let one call fail, counted from 1; 0: none."""

    def fail(number: int, what: str, name: Any) -> None:
        if number == turn:
            names = () if name is None else (os.fspath(name),)
            raise OSError(code, os.strerror(code), *names)

    return watching(folder, fail)


def signalled(folder: Path, turn: int, number: int) -> AbstractContextManager[Injected]:
    """Let a signal arrive at one call, and once more at the next."""

    def send(call: int, what: str, name: Any) -> None:
        if call in (turn, turn + 1):
            signal.raise_signal(number)

    return watching(folder, send)


def _by_name(injected: Injected, what: str, act: Callable[..., Any]) -> Callable[..., Any]:
    def call(*names: Any, **options: Any) -> Any:
        if not injected.is_ours(names[0] if names else ".") or _reads(what, *names):
            return act(*names, **options)
        injected.count(what, *names[:1])
        done = act(*names, **options)
        if what == "open":
            injected.descriptors.add(done)
        return done

    return call


def _reads(what: str, name: Any = ".", flags: Any = 0, *_: Any) -> bool:
    """Say whether a source is opened, which is another matter."""
    if what != "open":
        return False
    return not flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR) and not Path(name).is_dir()


def _by_number(injected: Injected, what: str, act: Callable[[int], None]) -> Callable[[int], None]:
    def call(number: int) -> None:
        act(number)  # a file that cannot be closed is closed all the same
        if what != "close" or number in injected.descriptors:
            injected.descriptors.discard(number)
            injected.count(what)

    return call


def _opened(injected: Injected, act: Callable[..., Any]) -> Callable[..., Any]:
    class Raw(io.FileIO):
        def write(self, content: Any) -> int | None:
            injected.count("write")
            return super().write(content)

        def close(self) -> None:
            was_open = not self.closed
            super().close()
            if was_open:
                injected.count("close")

    def call(name: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if not injected.is_ours(name) or not set(mode) & set("wxa+"):
            return act(name, mode, *args, **options)
        injected.count("open", name)
        raw = Raw(name, mode.replace("b", "").replace("t", ""))
        file = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        if "b" in mode:
            return file
        return io.TextIOWrapper(file, options.get("encoding") or "utf-8")

    return call


@contextmanager
def folding(folder: Path) -> Iterator[None]:
    """Let names of files in a folder be the same in capitals, as on macOS and Windows."""

    def folded(name: Any) -> Any:
        if not isinstance(name, str | os.PathLike):
            return name
        path = Path(name).absolute()
        if path.parent != folder:
            return name
        same = (one for one in listdir(folder) if one.casefold() == path.name.casefold())
        return folder / next(same, path.name)

    def wrapped(act: Callable[..., Any], names: int) -> Callable[..., Any]:
        return lambda *given, **options: act(*map(folded, given[:names]), *given[names:], **options)

    listdir = os.listdir
    with pytest.MonkeyPatch.context() as patched:
        for name in ("stat", "lstat", "open", "mkdir", "unlink"):
            patched.setattr(os, name, wrapped(getattr(os, name), 1))
        for name in ("rename", "replace", "link"):
            patched.setattr(os, name, wrapped(getattr(os, name), 2))
        patched.setattr(io, "open", wrapped(io.open, 1))
        yield
