"""PDFs through pypdfium2, which comes with an extra: pages, their sizes, and their pixels.

A page has no pixels of its own. It counts as what it is at 150 pixels per inch, where letters of 10
points are 10 pixels high without their ascenders, twice what a reader needs, and a sheet of A4 has
2.2 megapixels; and it is drawn straight at the size that a model sees, with no resampling after.

PDFium must not be called by two threads at once: all of it is called here, under one lock, and
what it opens is closed under that lock.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from vlprep.errors import (
    ConstraintError,
    DecodeError,
    EncryptedMediaError,
    MissingPackageError,
    TimeLimitError,
    UnsupportedFormatError,
)
from vlprep.media.pages import PageNumbers, PdfPage, page_numbers
from vlprep.media.sniff import HEAD_BYTES, sniff
from vlprep.media.source import Item, open_item
from vlprep.trust import Limits
from vlprep.types import ImageSize, PageInfo

if TYPE_CHECKING:
    from vlprep.media.source import SourceLike

USUAL_DPI = 150
"""Pixels per inch by which a page counts where nothing else is asked."""

_POINT = 72
"""Points in an inch; PDFium knows no other unit of a document."""

LONGEST_SECONDS = 60
"""Longest time that drawing one page may take; seconds."""

_ONE_AT_A_TIME = threading.Lock()


def pdf_pages(
    document: SourceLike, pages: PageNumbers | None = None, *, dpi: float | None = None
) -> tuple[PdfPage, ...]:
    """Return the pages of a PDF as sources, each an image wherever one is taken.

    `pages` are those wanted: "1-3,7", "5-", or numbers from 1. `dpi` is the resolution by which
    their sizes count, by default 150 pixels per inch. Only the tree of pages is read; nothing is
    drawn.

    Raises `ConstraintError` for pages that are not there and for more than 10,000, the errors of
    `probe` for what cannot be opened, `EncryptedMediaError` where a password is wanted, and
    `MissingPackageError` without pypdfium2.

    >>> pdf_pages("fixtures/document.pdf")
    (PdfPage(fixtures/document.pdf#page=1),)
    """
    found = list_pages(document, pages, dpi)
    missing = next((page for page in found if page.points is None), None)
    if missing is not None:
        raise ConstraintError(f"{missing}: cannot be read, or is not there")
    return tuple(found)


def list_pages(document: Any, pages: PageNumbers | None, dpi: float | None) -> list[PdfPage]:
    """Do the same, but a page that is not there comes without a size: it fails where it is read."""
    with open_item(document) as item:
        found = sniff(item.file.read(HEAD_BYTES))
        if found is None or found.kind != "document":
            raise UnsupportedFormatError(item.name, "not a PDF, which alone has pages")
        with _opened(item) as pdf:
            return [
                PdfPage(document, number, dpi, _points(pdf, number))
                for number in page_numbers(pages, len(pdf))
            ]


def only_page(item: Item) -> PdfPage:
    """Return the page of a PDF that has one; raises `UnsupportedFormatError` for any other."""
    with _opened(item) as pdf:
        count, points = len(pdf), _points(pdf, 1)
    if count != 1:
        problem = f"a PDF of {count:,} pages, each an image: `pdf_pages` lists them"
        one = f", and the first is {item.name}#page=1" if count else ""
        raise UnsupportedFormatError(item.name, problem + one, format="PDF")
    return PdfPage(None, 1, None, points)


def open_page(item: Item) -> PageImage:
    """Return the page at which an item stands, as an image of Pillow's that is not drawn yet.

    Raises `DecodeError` for a page that is not there or has no area, and the errors of a document.
    """
    page = item.page
    assert page is not None  # `found` has named it
    points = page.points
    if points is None:
        with _opened(item) as pdf:
            count, points = len(pdf), _points(pdf, page.number)
        if points is None:
            there = f"it has {count:,}" if page.number > count else "it is damaged"
            raise DecodeError(item.name, f"no page {page.number:,} can be read; {there}")
    if not all(0 < side < math.inf for side in points):
        raise DecodeError(item.name, f"page {page.number:,} has no area")
    return PageImage(item, PageInfo(page.number, points, page.dpi or _fitting_dpi(points)))


class PageImage(ImageFile.ImageFile):
    """A page that is drawn when its pixels are asked for, as Pillow's EPS reader does it."""

    format = "PDF"

    def __init__(self, item: Item, page: PageInfo) -> None:
        self.page, self._item = page, item
        super().__init__(item.file, "")

    def _open(self) -> None:
        size = page_size(self.page)
        self._mode, self._size, self.tile = "RGB", (size.width, size.height), []
        self._is_drawn = False

    @property
    def page_warnings(self) -> tuple[str, ...]:
        """What a user should know of its size."""
        width, height = self.page.points
        if self._item.page is None or self._item.page.dpi or self.page.dpi == USUAL_DPI:
            return ()
        fewer = f"counted at {self.page.dpi:.3g} pixels per inch, not {USUAL_DPI}"
        return (f"a page of {width:,.0f}x{height:,.0f} points: {fewer}; `dpi` says otherwise",)

    def draft(self, mode: str | None, size: tuple[int, int] | None) -> None:
        """Take the size, (width, height), that it is to be drawn in."""
        if size is not None and not self._is_drawn:
            self._size = size

    def load(self) -> Any:
        """Draw the page, once."""
        if not self._is_drawn:
            width, height = self.size
            pixels = _drawn(self._item, self.page.number, ImageSize(height, width))
            self.im, self._is_drawn = Image.fromarray(pixels).im, True
        return Image.Image.load(self)


def page_size(page: PageInfo) -> ImageSize:
    """Return what a page counts as, in pixels: its sides at its resolution, rounded, at least 1.

    >>> page_size(PageInfo(1, (595, 842), 150))
    ImageSize(height=1754, width=1240)
    """
    width, height = (max(1, math.floor(side * page.dpi / _POINT + 0.5)) for side in page.points)
    return ImageSize(height, width)


def _fitting_dpi(points: tuple[float, float]) -> float:
    """Return the usual resolution, or for a huge page one of as many pixels as a frame may have."""
    inches = points[0] / _POINT * points[1] / _POINT
    return min(USUAL_DPI, math.sqrt(Limits().frame_pixels / inches))


def points_of(item: Item, places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Map places on a page as displayed to the document's own coordinates.

    `places` are (N, 2) parts of the width and the height, x first, from the upper left corner; the
    result is in points of the page before it is turned, y upwards, as annotations have it.
    """
    page = item.page
    assert page is not None
    with _opened(item) as pdf, _loaded(pdf, item, page.number) as loaded:
        left, bottom, right, top = loaded.get_bbox()
        turns = loaded.get_rotation() // 90
    u, v = places[:, 0], places[:, 1]
    # Unturned, u runs from the left edge and v from the upper one; each quarter moves both on.
    across, down = [(u, v), (v, 1 - u), (1 - u, 1 - v), (1 - v, u)][turns]
    return np.stack([left + across * (right - left), top - down * (top - bottom)], axis=1)


def _drawn(item: Item, number: int, size: ImageSize) -> npt.NDArray[np.uint8]:
    """Draw a page on white, stretched to just that size: RGB, height x width x 3."""
    item.trust.check("pixels", size.pixels, item.name)
    pixels = np.full((*size, 3), 255, np.uint8)
    with _opened(item) as pdf:
        _show_forms(pdf)
        with _loaded(pdf, item, number) as page:
            is_done = _paint(page, pixels)
    if not is_done:
        slow = (
            f"page {number:,} takes more than {LONGEST_SECONDS} s to draw; `dpi` makes it smaller"
        )
        raise TimeLimitError(item.name, LONGEST_SECONDS, slow)
    return pixels


def _show_forms(document: Any) -> None:
    """Let what was filled in be drawn; of forms that are XFA PDFium knows the bare page."""
    import pypdfium2 as pdfium

    if document.get_formtype() == pdfium.raw.FORMTYPE_ACRO_FORM:
        with suppress(pdfium.PdfiumError):
            document.init_forms()


def _paint(page: Any, pixels: npt.NDArray[np.uint8]) -> bool:
    """Draw a page over pixels, with its notes and forms; returns whether time sufficed."""
    import pypdfium2.raw as pdfium
    from pypdfium2.internal import set_callback

    height, width = pixels.shape[:2]
    late, pause = time.monotonic() + LONGEST_SECONDS, pdfium.IFSDK_PAUSE(version=1)
    set_callback(pause, "NeedToPauseNow", lambda _: time.monotonic() > late)
    how = pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER
    bitmap = pdfium.FPDFBitmap_CreateEx(
        width, height, pdfium.FPDFBitmap_BGR, pixels.ctypes.data, 3 * width
    )
    place = (0, 0, width, height, 0, how)
    status = pdfium.FPDF_RenderPageBitmap_Start(bitmap, page, *place, pause)
    pdfium.FPDF_RenderPage_Close(page)
    if page.formenv:
        pdfium.FPDF_FFLDraw(page.formenv, bitmap, page, *place)
    pdfium.FPDFBitmap_Destroy(bitmap)
    return bool(status == pdfium.FPDF_RENDER_DONE)


@contextmanager
def _opened(item: Item) -> Iterator[Any]:
    """Open the document of an item, alone with PDFium, and close it after."""
    try:
        import pypdfium2 as pdfium
    except ImportError as error:
        raise MissingPackageError("pypdfium2", "pdf") from error
    with _ONE_AT_A_TIME, item.reader() as file:
        try:
            document = pdfium.PdfDocument(file)
        except pdfium.PdfiumError as error:
            if _wants_password(file):
                problem = "a PDF that is encrypted, and opens with a password only; save it without"
                raise EncryptedMediaError(item.name, problem, format="PDF") from error
            raise DecodeError(item.name, "damaged PDF file, or one without pages") from error
        with closing(document):
            yield document


def _wants_password(file: BinaryIO) -> bool:
    """Say whether a document that was not opened is a locked one."""
    import pypdfium2 as pdfium

    # PDFium keeps its last error, and a document without pages has none of its own.
    pdfium.raw.FPDF_LoadMemDocument(b"?", 1, None)
    try:
        pdfium.PdfDocument(file).close()
    except pdfium.PdfiumError as error:
        return error.err_code in (pdfium.raw.FPDF_ERR_PASSWORD, pdfium.raw.FPDF_ERR_SECURITY)
    return False


@contextmanager
def _loaded(document: Any, item: Item, number: int) -> Iterator[Any]:
    import pypdfium2 as pdfium

    try:
        page = document[number - 1]
    except (pdfium.PdfiumError, IndexError) as error:
        raise DecodeError(item.name, f"page {number:,} cannot be read") from error
    with closing(page):
        yield page


def _points(document: Any, number: int) -> tuple[float, float] | None:
    """Return the width and the height of a page from the tree of pages; `None`: it has none."""
    import pypdfium2 as pdfium

    try:
        points: tuple[float, float] = document.get_page_size(number - 1)
    except pdfium.PdfiumError:
        return None
    return points
