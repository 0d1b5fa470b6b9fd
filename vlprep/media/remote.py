"""Files that an address names: what is taken for one, and how far vlprep goes to fetch it.

How they are read is in `fetched`, what speaks to servers in `web` and `stores`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from vlprep.display import brief
from vlprep.errors import ConstraintError
from vlprep.media.addresses import shown_name

_SCHEME = re.compile(r"(https?|s3|gs|oss)://", re.IGNORECASE)


def scheme_of(text: object) -> str | None:
    """Return the scheme of an address from which files can be fetched; `None` for anything else.

    >>> scheme_of("S3://bucket/a.jpg"), scheme_of("a.jpg"), scheme_of("ftp://host/a.jpg")
    ('s3', None, None)
    """
    match = _SCHEME.match(text) if isinstance(text, str) else None
    return match[1].lower() if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """How far vlprep goes to fetch a file.

    >>> Fetching(fetch_seconds=20)
    Fetching(public hosts, 1,000,000,000 bytes, 20 s)
    """

    allow_private: bool = False
    """Whether hosts of the own machine and the own network may be asked, over http and https."""
    fetch_limit: int = 1_000_000_000
    """Bytes that are fetched of one file at most."""
    fetch_seconds: float = 300.0
    """Seconds that fetching of one file may take in all."""

    def __post_init__(self) -> None:
        if self.fetch_limit < 1 or not self.fetch_seconds > 0:
            raise ConstraintError("`fetch_limit` and `fetch_seconds` must be above 0")

    def __repr__(self) -> str:
        hosts = "any hosts" if self.allow_private else "public hosts"
        return brief(self, hosts, f"{self.fetch_limit:,} bytes", f"{self.fetch_seconds:g} s")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file behind an address, to be fetched as far as it is read.

    An address alone is the same with the terms of `Fetching()`, but for verbs whose requests
    can carry addresses: `check_media` and `build_request` leave those to the service.
    Raises `ConstraintError` for another scheme than http, https, s3, gs and oss.

    >>> RemoteFile("https://ada:pw@example.com/a.jpg?token=1", Fetching(allow_private=True))
    RemoteFile(https://example.com/a.jpg?…)
    """

    address: str = field(repr=False)
    fetching: Fetching = Fetching()

    def __post_init__(self) -> None:
        if scheme_of(self.address) is None:
            problem = "no address of http, https, s3, gs or oss"
            raise ConstraintError(f"{shown_name(self.address)}: {problem}")

    def __repr__(self) -> str:
        return brief(self, self.name)

    @property
    def name(self) -> str:
        """What messages call it: the address without what may be secret in it."""
        return shown_name(self.address)


class Stamp(NamedTuple):
    """What tells one state of a remote file from another."""

    length: int
    """Its bytes."""
    version: str = ""
    """What its server says of its state, such as an `ETag`; nothing where it says nothing."""


_NOTES: list[dict[str, Stamp]] = []


@contextmanager
def stamps_noted() -> Iterator[dict[str, Stamp]]:
    """Collect the stamps of the files that are opened in the block, in any thread, by address.

    The first opening of a file counts.
    """
    _NOTES.append({})
    try:
        yield _NOTES[-1]
    finally:
        _NOTES.pop()


def note_stamp(address: str, stamp: Stamp) -> None:
    """Tell whoever collects the stamps of files that one is opened."""
    for noted in _NOTES:
        noted.setdefault(address, stamp)
