"""Files in object stores (s3, gs, oss), through the file systems of fsspec.

An address names a bucket and an object. The host, and who asks, come from the settings of the store
(environment, profile, fsspec's own configuration), never from the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, BinaryIO

from vlprep.errors import FetchError, MissingPackageError
from vlprep.media.fetched import Opening
from vlprep.media.remote import RemoteFile, scheme_of

_PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "oss": "ossfs"}
"""What speaks to each store; the extra of vlprep has the name of the scheme."""


def origin_of(remote: RemoteFile) -> StoredFile:
    """Return what speaks to the store of a file; raises `MissingPackageError`."""
    scheme = str(scheme_of(remote.address))
    for package in ("fsspec", _PACKAGES[scheme]):
        try:
            import_module(package)
        except ImportError as error:
            raise MissingPackageError(package, scheme) from error
    return StoredFile(remote)


_VERSIONS = ("ETag", "etag", "generation", "LastModified", "updated", "last_modified", "mtime")
"""What the packages of the stores call what changes with an object."""


def _version(about: Mapping[str, Any]) -> str:
    """Return what a store says of the state of an object; nothing where it says nothing."""
    return next((str(about[name]) for name in _VERSIONS if about.get(name)), "")


class StoredFile:
    """An object in a store."""

    def __init__(self, remote: RemoteFile) -> None:
        self._remote = remote
        self._store: Any = None
        self._path = ""

    def open(self, file: BinaryIO) -> Opening:
        """Ask how long it is."""
        from fsspec import (
            filesystem,
        )  # not what takes addresses, which may chain others: "s3://a::"

        scheme = scheme_of(self._remote.address)
        self._store = self._call(filesystem, scheme)
        _, _, path = self._remote.address.partition("://")
        self._path = self._store._strip_protocol(f"{scheme}://{path}")
        seconds = self._remote.fetching.fetch_seconds
        about = self._ask("info", seconds)
        if about.get("type") == "directory":
            raise IsADirectoryError(21, "is a folder; name the files in it", self._remote.name)
        return Opening(int(about.get("size") or 0), version=_version(about))

    def fetch(self, start: int, end: int, seconds: float) -> bytes:
        """Return the bytes from `start` to `end`."""
        content: bytes = self._ask("cat_file", seconds, start=start, end=end)
        if len(content) != end - start:
            problem = f"the store sent {len(content):,} bytes of {end - start:,}"
            raise FetchError(self._remote.name, problem)
        return content

    def close(self) -> None:
        """Leave the connections to fsspec, which shares them."""

    def _ask(self, method: str, seconds: float, **how: int) -> Any:
        """Ask the store about the object; where it works on a loop, for so many seconds at most."""
        if not self._store.async_impl:
            return self._call(getattr(self._store, method), self._path, **how)
        from fsspec.asyn import sync

        work = getattr(self._store, f"_{method}")
        return self._call(sync, self._store.loop, work, self._path, timeout=seconds, **how)

    def _call(self, work: Any, *args: Any, **how: Any) -> Any:
        """Call a file system of fsspec, whose packages have errors of their own."""
        try:
            return work(*args, **how)
        except FileNotFoundError as error:
            raise self._failed("the store has no such object", error) from None
        except PermissionError as error:
            told = "the store refuses it; look at the settings by which it knows you"
            raise self._failed(told, error) from None
        except TimeoutError as error:
            told = "the store is too slow; `fetch_seconds` allows more"
            raise self._failed(told, error) from None
        except MemoryError:
            raise
        except Exception as error:  # botocore's, aiohttp's, Google's, Alibaba's
            told = "the store cannot be asked; look at its settings, which say host and credentials"
            raise self._failed(told, error) from None

    def _failed(self, what: str, error: Exception) -> FetchError:
        """Return the error without the words of the package, which may hold a signed address."""
        return FetchError(self._remote.name, f"{what} ({type(error).__name__})")
