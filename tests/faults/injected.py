"""Calls of the system that fail in turn, as a failing disk makes them."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BY_NAME = ("rename", "replace", "link", "mkdir", "unlink", "rmdir", "listdir", "open")
"""Those that name a file."""
BY_NUMBER = ("fsync", "close")


class Injected:
    """Count the calls below a folder, and let one of them fail."""

    def __init__(self, folder: Path, turn: int, code: int) -> None:
        self.calls: list[str] = []
        self.descriptors: set[int] = set()
        """Those of files below the folder that are written, and of folders."""
        self._folder, self._turn, self._code = str(folder), turn, code

    def count(self, what: str, *names: Any) -> None:
        """Count a call; raises `OSError` where its turn is come."""
        self.calls.append(what)
        if len(self.calls) == self._turn:
            raise OSError(self._code, os.strerror(self._code), *map(os.fspath, names[:1]))

    def is_ours(self, name: Any) -> bool:
        return isinstance(name, str | os.PathLike) and Path(name).absolute().is_relative_to(
            self._folder
        )


@contextmanager
def failing(folder: Path, turn: int, code: int = errno.EIO) -> Iterator[Injected]:
    """Let call `turn`, from 1, of those that write below a folder fail; 0: none."""
    injected = Injected(folder, turn, code)
    with pytest.MonkeyPatch.context() as patched:
        for name in BY_NAME:
            patched.setattr(os, name, _by_name(injected, name, getattr(os, name)))
        for name in BY_NUMBER:
            patched.setattr(os, name, _by_number(injected, name, getattr(os, name)))
        patched.setattr(io, "open", _opened(injected, io.open))
        yield injected


def _by_name(injected: Injected, what: str, act: Callable[..., Any]) -> Callable[..., Any]:
    def call(*names: Any, **options: Any) -> Any:
        if not injected.is_ours(names[0] if names else ".") or _reads(what, *names):
            return act(*names, **options)
        injected.count(what, *names)
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
