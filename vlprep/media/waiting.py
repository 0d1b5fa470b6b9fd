"""How long a file is waited for, and what reads it no longer than that."""

from __future__ import annotations

import time
from typing import BinaryIO

from vlprep.errors import TimeLimitError
from vlprep.media.source import Item


class Wait:
    """A wait for a file that began now; the limit is that of the file's trust."""

    def __init__(self, item: Item, what: str = "no frame") -> None:
        self._name, self._what = item.name, what
        self._seconds = item.trust.limits.wait_seconds
        self.begin()

    def begin(self) -> None:
        """Wait anew: what was waited for has come."""
        self._since = time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether it has taken too long."""
        return time.monotonic() - self._since > self._seconds

    def check(self) -> None:
        """Raise `TimeLimitError` where it has taken too long."""
        if self.is_over:
            waited = f"{self._what} for {self._seconds:g} s"
            problem = f"{waited}; if you trust the file, raise wait_seconds in `limits`"
            raise TimeLimitError(self._name, self._seconds, problem)


class AwaitedReader:
    """A reader for FFmpeg, which can search for long without a word, and passes errors on."""

    def __init__(self, reader: BinaryIO, wait: Wait) -> None:
        self._reader, self._wait, self._gave_up = reader, wait, False
        self.seek, self.tell = reader.seek, reader.tell

    def read(self, length: int) -> bytes:
        """Read on; raises `TimeLimitError` once, and from then on there is nothing more."""
        if self._gave_up:
            return b""
        self._gave_up = self._wait.is_over
        self._wait.check()
        return self._reader.read(length)
