"""Anything that holds media (path, address, bytes, file, a picture), opened exactly once.

Paths are opened by `readers`, and by nobody else.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeAlias, TypeGuard

from vlprep.errors import (
    AudioOnlyError,
    DecodeError,
    EmptyFileError,
    MemoryLimitError,
    SafetyLimitError,
    UnsupportedFormatError,
    VlprepError,
)
from vlprep.media.addresses import (
    declared_type,
    embedded,
    local_path,
    shown_name,
)
from vlprep.media.pages import PdfPage, as_page
from vlprep.media.readers import AT_ONCE, FAR_BUFFER, Opened, buffered, open_file, read_at, share
from vlprep.media.remote import RemoteFile, scheme_of
from vlprep.media.sniff import (
    HEAD_BYTES,
    HEIC_SEQUENCE,
    PDF_PAGE,
    Format,
    misdeclared,
    mislabelled,
    sniff,
)
from vlprep.trust import TRUST, Trust
from vlprep.types import Facts, ImageInfo, ImageSize, VideoInfo
from vlprep.units import format_size

if TYPE_CHECKING:
    from vlprep.media.traits import Traits

_HEADER_READERS = {"image": "vlprep.media.image", "video": "vlprep.video.probe"}
"""Who reads the header of each kind, by name: only what the content calls for is imported."""


@cache
def _header_reader(kind: str) -> Any:
    return import_module(_HEADER_READERS[kind])


_Content: TypeAlias = bytes  # which in a class with a method of that name means the method


class Item:
    """One source, opened exactly once: whoever reads it reads the same content.

    Moving or replacing a file after it was opened changes nothing, nor does another working
    directory. Close it, or use it in a `with` statement; a caller's file object is rewound then.

    Raises `FileNotFoundError` and its siblings as the system does, `UnsupportedFormatError` for
    what is no regular file, a malformed data URL or facts of a header alone, `EmptyFileError`,
    `SafetyLimitError` for one of too many bytes, and of a remote file, also while it is read,
    `FetchError`.

    >>> with Item(b"GIF89a") as item:
    ...     item.name, item.file_bytes, item.found.name
    ('<bytes>', 6, 'GIF')
    """

    def __init__(self, source: SourceOrFacts, trust: Trust = TRUST) -> None:
        self.trust = trust
        """How far it is trusted, by whoever reads it."""
        self.name = source_name(source)
        """What to call it in messages: the path as given, or what kind of object it is."""
        self.path: str | None = None
        """Where it lies, if it is a file of its own."""
        self.page = as_page(source)
        """The page of a document that it is; `None` for a file that is no document."""
        self.remarks: tuple[str, ...] = ()
        """What a user should know of how it was opened."""
        self.is_far = False
        """Whether it is fetched as far as it is read."""
        self.traits: Traits | None = None
        """What decoding goes by, of a video that was opened before."""
        self._expect: Callable[[Iterable[int]], None] | None = None
        self._declared: str | None = None
        self._content: bytes | None = None
        self._found: Format | None = None
        self._info: ImageInfo | VideoInfo | None = None
        self._rewind: Callable[[], object] | None = None
        self.file, self._again, self.file_bytes = self._open(
            source if self.page is None else self.page.document
        )
        """The main reader, at its start."""
        if self.page is not None and self.path is not None:
            self.path += self.page.fragment  # which is what commands call it, too
        self._first = self.file
        if self.file_bytes == 0:
            self.close()
            raise EmptyFileError(self.name)
        try:
            trust.check("bytes", self.file_bytes, self.name)
        except SafetyLimitError:
            self.close()
            raise

    def _open(self, source: SourceOrFacts) -> Opened:
        if isinstance(source, bytes | bytearray | memoryview):
            return self._hold(bytes(source))  # which takes no copy of bytes
        if isinstance(source, ImageInfo | VideoInfo):
            problem = "facts of a header, and the content is needed; give the file itself"
            raise UnsupportedFormatError(self.name, problem, format=source.format)
        if isinstance(source, str):
            content, self._declared = embedded(source), declared_type(source)
            if content is not None:
                return self._hold(content)
            if scheme_of(source):
                source = RemoteFile(source)
        if isinstance(source, RemoteFile):
            return self._fetch(source)
        if isinstance(source, str | os.PathLike):
            self.path = local_path(os.fspath(source))
            return open_file(self.path)
        if is_held(source):
            return self._hold(import_module("vlprep.media.held").held_file(source))
        if isinstance(source, Item) or not (hasattr(source, "read") and hasattr(source, "seek")):
            wanted = "path, address, bytes, file object, data URL, image of Pillow's or array"
            raise TypeError(f"not a {wanted}: {type(source).__name__}")
        file: BinaryIO = source  # type: ignore[assignment]  # nothing else that reads and seeks
        self._rewind = partial(file.seek, 0)
        return share(file)

    def _fetch(self, remote: RemoteFile) -> Opened:
        fetched = import_module("vlprep.media.fetched").fetch(remote)
        self.is_far, self.remarks = True, fetched.warnings
        self._expect = fetched.expect
        again = partial(buffered, fetched.read_at, fetched.length, buffer=FAR_BUFFER)
        return again(fetched.close), again, fetched.length

    def _hold(self, content: _Content) -> Opened:
        self._content = content
        again = partial(io.BytesIO, content)  # which takes no copy
        return again(), again, len(content)

    @property
    def found(self) -> Format:
        """What its content is, whatever its name says.

        Raises `UnsupportedFormatError` for what is neither image nor video, and `AudioOnlyError`.
        """
        if self._found is None:
            before = self.file.tell()
            self.file.seek(0)
            head = self.file.read(HEAD_BYTES)
            found = _recognise(head, self.name)
            may_be = found.reader == "HEIF" and b"msf1" in head[:99]  # a brand beside the first
            found = HEIC_SEQUENCE if may_be and _is_bare_sequence(self.file) else found
            self._found = self._turned_to(found)
            self.file.seek(before)
        return self._found

    def _turned_to(self, found: Format) -> Format:
        """Return what is read of a format: of a document the page that is meant."""
        if found.kind != "document":
            if self.page is not None:
                problem = f"{found.name}, which has no page to be named; name the file alone"
                raise UnsupportedFormatError(self.name, problem, format=found.name)
            return found
        if self.page is None:
            from vlprep.media.pdf import only_page

            self.page = only_page(self)
        self.file_bytes = 0  # which are the document's: a page is no file
        return PDF_PAGE

    @property
    def info(self) -> ImageInfo | VideoInfo:
        """The facts of its header; raises the errors of `probe`."""
        if self._info is None:
            reader = _header_reader(self.found.kind)
            info: ImageInfo | VideoInfo
            try:
                info = reader.read_facts(self)
            except MemoryError as error:
                raise MemoryLimitError(self.name) from error
            if isinstance(info, VideoInfo):
                self._check_length(info)
            told = (*self.remarks, *((self.mislabelled,) if self.mislabelled else ()))
            info = replace(info, warnings=(*info.warnings, *told)) if told else info
            self._info = info
        return self._info

    def _check_length(self, info: VideoInfo) -> None:
        self.trust.check("frames", info.frame_count, self.name)
        self.trust.check("seconds", info.duration_seconds or 0, self.name)
        if self.found.kind == "image":  # each frame of which builds on all before
            self.trust.check("decoded_pixels", info.frame_count * info.size.pixels, self.name)

    @property
    def mislabelled(self) -> str | None:
        """How the name of the file, or the type that a data URL declares, contradicts it."""
        if self._declared is not None:
            return misdeclared(self._declared, self.found)
        return None if self.path is None else mislabelled(self.path, self.found)

    @property
    def size(self) -> ImageSize | None:
        """The size of its picture, if the header was read already."""
        return None if self._info is None else self._info.size

    def bytes(self) -> _Content:
        """Return the content, which is read once and is what everything sees from then on."""
        if self._content is None:
            with self.reader() as reader:
                self.file, self._again, self.file_bytes = self._hold(reader.read())
        assert self._content is not None
        return self._content

    def tail(self, count: int) -> _Content:
        """Return the last bytes; no reader is moved, and nothing else is read."""
        if self._content is not None:
            return self._content[-count:]
        return read_at(self.file, count, max(self.file_bytes - count, 0))

    def expect(self, places: Iterable[int]) -> None:
        """Get ready to read a little at each of these places; only for what is fetched is it work.

        Raises `FetchError`.
        """
        if self._expect is not None:
            self._expect(places)

    def reader(self, end: int | None = None) -> BinaryIO:
        """Return a reader of its own, at its start, for another thread or another pass.

        It ends where the file does, or at `end` bytes.
        """
        if self._first.closed:
            raise ValueError(f"{self.name} is closed")
        if end is None or end >= self.file_bytes:
            return self._again()
        if self._content is not None:
            return io.BytesIO(self._content[:end])
        reader = self._again()
        reader.raw.end = end  # type: ignore[attr-defined]  # of every file opened here
        return reader

    def solid_bytes(self) -> int:
        """Return where the file ends but for the zeros behind all else."""
        end = self.file_bytes
        with self.reader() as reader:
            while end > 0:
                start = max(end - AT_ONCE, 0)
                reader.seek(start)
                kept = reader.read(end - start).rstrip(b"\0")
                if kept:
                    return start + len(kept)
                end = start
        return 0

    def close(self) -> None:
        """Close what was opened here; may be called again."""
        self.file.close()
        self._first.close()
        rewind, self._rewind = self._rewind, None
        if rewind is not None:
            rewind()

    def __enter__(self) -> Item:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Held(Protocol):
    """A picture that the caller holds: an image of Pillow's, or an array; see `media.held`."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """What numpy makes an array of."""


SourceLike: TypeAlias = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | BinaryIO
    | RemoteFile
    | Item
    | Held
    | PdfPage
)
"""A path, the content itself, an open binary file that can seek, a remote file, an open item, an
image of Pillow's, an array of height x width x 3 of uint8, or a page of a PDF.

A text may also be a `file:` address, a data URL, Base64 of a picture or a video, or an address of
`http`, `https`, `s3`, `gs` or `oss`, which is fetched.
"""

SourceOrFacts: TypeAlias = SourceLike | Facts
"""A source, or facts of one where its content is not needed."""


def is_held(source: object) -> TypeGuard[Held]:
    """Say whether a source is a picture in memory: an image of Pillow's, or an array."""
    return hasattr(type(source), "__array_interface__")  # an image's own would encode the picture


def held_name(source: object) -> str:
    """Return what messages call a picture in memory: the file that it came from, or what it is."""
    kind = "<array>" if hasattr(source, "ndim") else "<PIL image>"
    return str(getattr(source, "filename", "") or kind)


def open_item(source: SourceOrFacts, trust: Trust = TRUST) -> AbstractContextManager[Item]:
    """Open media for a `with` block; what is open already stays so, and stands at its start.

    It is trusted as far as that; what is open already is trusted as it was.

    Raises the errors of `Item`.

    >>> with open_item("fixtures/photo.jpg") as item, open_item(item) as same:
    ...     same is item, item.info.size
    (True, ImageSize(height=480, width=640))
    """
    if isinstance(source, Item):
        source.file.seek(0)
        return nullcontext(source)
    return Item(source, trust)


def at_hand(source: SourceOrFacts, trust: Trust = TRUST) -> AbstractContextManager[Item | Held]:
    """Open media for a `with` block that looks several times; a picture in memory stays as it is.

    Raises the errors of `Item`.
    """
    return nullcontext(source) if is_held(source) else open_item(source, trust)


@contextmanager
def memory_errors(item: Item) -> Iterator[None]:
    """Raise `MemoryLimitError` where memory runs out in the block, which decodes an item.

    Not every library says so: where one calls a picture damaged, and there is no room for it, that
    is the reason.
    """
    try:
        yield
    except DecodeError as error:
        if item.size is None or has_room(item.size.pixels * BYTES_A_PIXEL):
            raise
        raise MemoryLimitError(item.name, item.size) from error
    except MemoryError as error:
        with suppress(VlprepError):
            _ = item.info  # to say how large it is
        raise MemoryLimitError(item.name, item.size) from error


BYTES_A_PIXEL = 14
"""Memory that a picture was measured to take at most, until its pixels are an array."""


def has_room(size: int) -> bool:
    """Say whether so much memory can be had; none of it is touched."""
    import mmap  # seldom needed

    try:
        mmap.mmap(-1, size).close()
    except (OSError, ValueError):
        return False
    return True


def source_name(source: SourceOrFacts) -> str:
    """Return what messages and reports call `source`.

    >>> source_name("photos/a.jpg")
    'photos/a.jpg'
    """
    if isinstance(source, str):  # first, as most are
        return shown_name(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return "<bytes>"
    if isinstance(source, PdfPage):
        return source_name(source.document) + source.fragment
    if isinstance(source, ImageInfo | VideoInfo):
        kind = "image" if isinstance(source, ImageInfo) else "clip"
        return f"{kind} of {format_size(source.size)}"
    if isinstance(source, RemoteFile):
        return source.name
    if isinstance(source, os.PathLike):
        return os.fspath(source)
    if is_held(source):
        return held_name(source)
    return str(getattr(source, "name", "<file object>"))


def _is_bare_sequence(file: BinaryIO) -> bool:
    from vlprep.media.sequence import has_main_picture

    return not has_main_picture(file)


def not_read(found: Format, name: str) -> UnsupportedFormatError:
    """Return the error for a format that is known and not read."""
    problem = f"{found.name}, which is not read here; {found.advice}"
    return UnsupportedFormatError(name, problem, format=found.name)


def _recognise(head: bytes, name: str) -> Format:
    found = sniff(head)
    if found is None:
        raise UnsupportedFormatError(name, "neither an image nor a video that is known here")
    if found.kind == "unread":
        raise not_read(found, name)
    if found.kind == "other":
        problem = f"{found.name}, not an image or a video; {found.advice}"
        raise UnsupportedFormatError(name, problem, format=found.name)
    if found.kind == "audio":
        raise AudioOnlyError(name, format=found.name, has_cover=b"APIC" in head)
    return found
