"""Pages of PDFs as sources: what names one, and which of a document are meant.

A page is named as on the web: report.pdf#page=3 (RFC 8118, section 3), and with &dpi=300 where it
is to count by another resolution than usual. What is in a page is read in `pdf`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, TypeAlias

from vlprep.display import brief
from vlprep.errors import ConstraintError, VlprepError
from vlprep.media.addresses import LONGEST_PATH, embedded, is_data_url, is_web_url, local_path
from vlprep.media.sniff import HEAD_BYTES, Format, is_media_name, sniff, sniff_file

MOST_PAGES = 10_000
"""Pages of one document that are taken at once; a header can claim any number of them."""

PageNumbers: TypeAlias = str | int | Iterable[int]
"""Which pages of a document: "1-3,7", "5-" up to the end, or numbers from 1."""


@dataclass(frozen=True, slots=True)
class PdfPage:
    """A page of a PDF, as a source: an image wherever one is taken.

    A text says the same of a file: "report.pdf#page=3", or "report.pdf#page=3&dpi=300".

    >>> PdfPage("report.pdf", 3, dpi=300)
    PdfPage(report.pdf#page=3&dpi=300)
    """

    document: Any
    """The PDF: a path, the content as bytes, a seekable binary file object, or a data URL."""
    number: int
    """Its place among the pages, from 1."""
    dpi: float | None = None
    """Pixels per inch by which its size counts; `None`: 150, or fewer where the page is huge."""
    points: tuple[float, float] | None = field(default=None, compare=False)
    """Width and height as displayed, 1/72 inch each, where they have been read; else `None`."""

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ConstraintError(f"pages count from 1; got {self.number}")
        if self.dpi is not None and not 0 < self.dpi < float("inf"):
            raise ConstraintError(f"`dpi` must be above 0, got {self.dpi:g}")

    @property
    def fragment(self) -> str:
        """What follows the name of the document in that of the page."""
        return f"#page={self.number}" + ("" if self.dpi is None else f"&dpi={self.dpi:g}")

    def __str__(self) -> str:
        from vlprep.media.source import source_name

        return source_name(self)

    def __repr__(self) -> str:
        return brief(self, str(self))


_FRAGMENT = r"(?s)(.+)#page=(\d{1,9})(?:&dpi=(\d+(?:\.\d+)?))?"


def as_page(source: object) -> PdfPage | None:
    """Return the page that a source is or names; `None` for any other.

    A file that bears such a name itself is that file.

    >>> as_page("report.pdf#page=3"), as_page("report.pdf")
    (PdfPage(report.pdf#page=3), None)
    """
    if isinstance(source, PdfPage):
        return source
    text = os.fspath(source) if isinstance(source, os.PathLike) else source
    if not isinstance(text, str) or "#page=" not in text[-40:] or is_web_url(text):
        return None
    named = re.fullmatch(_FRAGMENT, text)
    if named is None or os.path.lexists(local_path(text)):
        return None
    document, number, dpi = named.groups()
    return PdfPage(document, int(number), None if dpi is None else float(dpi))


def pages_in(source: Any, pages: PageNumbers | None = None, dpi: float | None = None) -> list[Any]:
    """Return the pages of a document, or those asked; any other source alone, as it is.

    What cannot be opened, or has too many pages, stays as it is, and fails where it is read; so
    does a page that is not there.

    >>> pages_in("fixtures/photo.jpg")
    ['fixtures/photo.jpg']
    """
    if not is_document(source):
        return [source]
    from vlprep.media.pdf import list_pages

    try:
        return list_pages(source, pages, dpi)
    except (VlprepError, OSError):
        return [source]


def is_document(source: object) -> bool:
    """Say whether a source is a whole PDF: by its content, and a path by its ending as well.

    A path with the ending of an image or a video is not looked into: it is told of when it is read.

    >>> is_document("report.PDF"), is_document(b"%PDF-1.7"), is_document("report.pdf#page=3")
    (True, True, False)
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return _is_pdf(sniff(bytes(source[:HEAD_BYTES])))
    if isinstance(source, str) and is_data_url(source):
        return "pdf" in source[:40].lower() and _is_pdf(sniff(embedded(source) or b""))
    if isinstance(source, str | os.PathLike):
        return _names_document(os.fspath(source))
    if hasattr(source, "read") and hasattr(source, "seek"):
        source.seek(0)
        head = source.read(HEAD_BYTES)
        source.seek(0)
        return _is_pdf(sniff(head))
    return False


def _names_document(name: str) -> bool:
    if name[-4:].lower() == ".pdf":
        return not is_web_url(name)
    if is_media_name(name) or len(name) > LONGEST_PATH or is_web_url(name):
        return False
    return _is_pdf(sniff_file(local_path(name)))


def _is_pdf(found: Format | None) -> bool:
    return found is not None and found.kind == "document"


def page_numbers(asked: PageNumbers | None, count: int) -> Sequence[int]:
    """Return the numbers of pages that are asked of a document of so many, each once.

    Raises `ConstraintError` for what names no pages, and for more than `MOST_PAGES`.

    >>> list(page_numbers("1-3,7,2", 9)), list(page_numbers("8-", 9))
    ([1, 2, 3, 7], [8, 9])
    """
    if asked is None:
        ranges = [range(1, count + 1)]
    elif isinstance(asked, str):
        ranges = [_range(part, count) for part in asked.split(",")]
    else:
        ranges = [range(number, number + 1) for number in _whole(asked)]
    total = sum(map(len, ranges))
    if total > MOST_PAGES:
        raise ConstraintError(
            f"{total:,} pages, and up to {MOST_PAGES:,} are taken at once; name some by `pages`"
        )
    return list(dict.fromkeys(number for one in ranges for number in one))


def _range(part: str, count: int) -> range:
    bounds = re.fullmatch(r"\s*(\d{1,9})\s*(?:(-)\s*(\d{1,9})?)?\s*", part)
    first = int(bounds[1]) if bounds else 0
    last = first if not (bounds and bounds[2]) else int(bounds[3]) if bounds[3] else count
    if first < 1 or (bounds and bounds[3] and last < first):
        raise ConstraintError(f"`pages` {part!r}: write numbers from 1 as in 1-3,7 or 5-")
    return range(first, max(last, first) + 1)


def _whole(asked: int | Iterable[int]) -> list[int]:
    numbers = [asked] if isinstance(asked, int) else list(asked)
    for number in numbers:
        if not isinstance(number, int) or number < 1:
            raise ConstraintError(f"`pages` are whole numbers from 1; got {number!r}")
    return numbers


def file_stem(name: str) -> str:
    """Return what a file made of a source is called, but for the ending; a page has its number.

    >>> file_stem("in/a.jpg"), file_stem("in/report.pdf#page=3&dpi=72.5"), file_stem("<bytes>")
    ('a', 'report-p003', 'bytes')
    """
    named = re.fullmatch(_FRAGMENT, name)
    plain, number = (name, "") if named is None else (named[1], f"-p{int(named[2]):03}")
    return PurePath(plain.rstrip("/").strip("<>")).stem + number
