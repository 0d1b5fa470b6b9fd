"""Anything that holds media (path, address, bytes, file, a picture), opened exactly once.

This is the only place that opens files. A path must name a regular file: pipes, devices and
folders are refused before anything could wait on them.
"""

from __future__ import annotations

import io
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any, BinaryIO, Protocol, TypeAlias, TypeGuard

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
    can_be_path,
    declared_type,
    embedded,
    foreign_scheme,
    local_path,
    shown_name,
)
from vlprep.media.pages import PdfPage, as_page
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

_HEADER_READERS = {"image": "vlprep.media.image", "video": "vlprep.video.probe"}
"""Who reads the header of each kind, by name: only what the content calls for is imported."""

_ReadAt: TypeAlias = Callable[[int, int], bytes]
"""Reads so many bytes at a place of a file; fewer only at its end."""

_Content: TypeAlias = bytes  # which in a class with a method of that name means the method

_BUFFER = 16_384  # bytes: what a camera writes before the size of the picture fits in
_FAR_BUFFER = 1_024  # of a remote file, of which nothing is fetched that is not asked for
_AT_ONCE = 1 << 20  # bytes, where all of a file is read

_Opened: TypeAlias = tuple[BinaryIO, Callable[[], BinaryIO], int]
"""A reader, what makes another one of the same file, and the length in bytes."""


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
        self._expect: Callable[[Iterable[int]], None] | None = None
        self._declared: str | None = None
        self._content: bytes | None = None
        self._found: Format | None = None
        self._info: ImageInfo | VideoInfo | None = None
        self._rewind: Callable[[], object] | None = None
        self.file, self._again, self.file_bytes = self._open(
            source if self.page is None else self.page.document
        )
        if self.page is not None and self.path is not None:
            self.path += self.page.fragment  # which is what commands call it, too
        """The main reader, at its start."""
        self._first = self.file
        if self.file_bytes == 0:
            self.close()
            raise EmptyFileError(self.name)
        try:
            trust.check("bytes", self.file_bytes, self.name)
        except SafetyLimitError:
            self.close()
            raise

    def _open(self, source: SourceOrFacts) -> _Opened:
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
            return _open_file(self.path)
        if is_held(source):
            return self._hold(import_module("vlprep.media.held").held_file(source))
        if isinstance(source, Item) or not (hasattr(source, "read") and hasattr(source, "seek")):
            wanted = "path, address, bytes, file object, data URL, image of Pillow's or array"
            raise TypeError(f"not a {wanted}: {type(source).__name__}")
        file: BinaryIO = source  # type: ignore[assignment]  # nothing else that reads and seeks
        self._rewind = partial(file.seek, 0)
        return _share(file)

    def _fetch(self, remote: RemoteFile) -> _Opened:
        fetched = import_module("vlprep.media.fetched").fetch(remote)
        self.is_far, self.remarks = True, fetched.warnings
        self._expect = fetched.expect
        again = partial(_buffered, fetched.read_at, fetched.length, buffer=_FAR_BUFFER)
        return again(fetched.close), again, fetched.length

    def _hold(self, content: _Content) -> _Opened:
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
            reader = import_module(_HEADER_READERS[self.found.kind])
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
        reader: _Reader = self.file.raw  # type: ignore[attr-defined]  # of every file opened here
        return reader.read_at(count, max(self.file_bytes - count, 0))

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
                start = max(end - _AT_ONCE, 0)
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
        if item.size is None or _has_room(item.size.pixels * BYTES_A_PIXEL):
            raise
        raise MemoryLimitError(item.name, item.size) from error
    except MemoryError as error:
        with suppress(VlprepError):
            _ = item.info  # to say how large it is
        raise MemoryLimitError(item.name, item.size) from error


BYTES_A_PIXEL = 14
"""Memory that a picture was measured to take at most, until its pixels are an array."""


def _has_room(size: int) -> bool:
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
    if isinstance(source, bytes | bytearray | memoryview):
        return "<bytes>"
    if isinstance(source, PdfPage):
        return source_name(source.document) + source.fragment
    if isinstance(source, ImageInfo | VideoInfo):
        kind = "image" if isinstance(source, ImageInfo) else "clip"
        return f"{kind} of {format_size(source.size)}"
    if isinstance(source, str):
        return shown_name(source)
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


def _recognise(head: bytes, name: str) -> Format:
    found = sniff(head)
    if found is None:
        raise UnsupportedFormatError(name, "neither an image nor a video that is known here")
    if found.kind == "unread":
        problem = f"{found.name}, which is not read here; {found.advice}"
        raise UnsupportedFormatError(name, problem, format=found.name)
    if found.kind == "other":
        problem = f"{found.name}, not an image or a video; {found.advice}"
        raise UnsupportedFormatError(name, problem, format=found.name)
    if found.kind == "audio":
        raise AudioOnlyError(name, format=found.name, has_cover=b"APIC" in head)
    return found


# A file's descriptor and a caller's object have one position each, which nobody here relies on:
# every reader keeps its own and says where it reads.

_QUIETLY = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a pipe put in the file's place must not be waited for
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)


def _open_file(name: str) -> _Opened:
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
    return _buffered(partial(_pread, descriptor), length, partial(os.close, descriptor))


def _seek_and_read(descriptor: int, length: int, position: int) -> bytes:
    with _ONE_AT_A_TIME:
        os.lseek(descriptor, position, os.SEEK_SET)
        return os.read(descriptor, length)


_ONE_AT_A_TIME = threading.Lock()
_pread: Callable[[int, int, int], bytes] = getattr(os, "pread", _seek_and_read)  # not on Windows


def _share(file: BinaryIO) -> _Opened:
    """Let several readers take turns with a caller's file object."""
    length, lock = file.seek(0, io.SEEK_END), threading.Lock()

    def read_at(length: int, position: int) -> bytes:
        with lock:
            file.seek(position)
            return file.read(length)

    again = partial(_buffered, read_at, length)
    return again(), again, length


def _buffered(
    read_at: _ReadAt,
    length: int,
    close: Callable[[], object] = lambda: None,
    *,
    buffer: int = _BUFFER,
) -> BinaryIO:
    return io.BufferedReader(_Reader(read_at, length, close), buffer)


class _Reader(io.RawIOBase):
    """A position of its own in content that several read; as long as when it was opened."""

    def __init__(self, read_at: _ReadAt, length: int, close: Callable[[], object]) -> None:
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
        return b"".join(iter(partial(self.read, _AT_ONCE), b""))

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._close()
