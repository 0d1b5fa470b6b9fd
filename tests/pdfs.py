"""Small PDFs, written by hand: pages of any box, turn and content, and documents that are wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Sheet(NamedTuple):
    """A page: its box in points, its turn, what is visible of it, and what is drawn."""

    box: Sequence[float] = (0, 0, 595, 842)
    rotate: int = 0
    crop: Sequence[float] | None = None
    content: bytes = b""
    more: bytes = b""
    """Further entries of the page's dictionary."""

    @property
    def entries(self) -> bytes:
        said = [b"/MediaBox [%s]" % _numbers(self.box), b"/Rotate %d" % self.rotate, self.more]
        said += [b"/CropBox [%s]" % _numbers(self.crop)] if self.crop else []
        return b" ".join(said)


def _numbers(box: Iterable[float]) -> bytes:
    return b" ".join(b"%.4f" % number for number in box)


def text_at(x: float, y: float, size: float, text: str) -> bytes:
    """Return content that writes text in Helvetica, which needs no font file."""
    return b"BT /F1 %g Tf %g %g Td (%s) Tj ET\n" % (size, x, y, text.encode())


def filled(x: float, y: float, width: float, height: float, rgb: Sequence[float]) -> bytes:
    """Return content that fills a rectangle, from its lower left corner."""
    return b"%g %g %g rg %g %g %g %g re f\n" % (*rgb, x, y, width, height)


def pdf(sheets: Iterable[Sheet], *, count: int | None = None, trailer: bytes = b"") -> bytes:
    """Return a document of such pages, which says that it has `count` of them."""
    sheets = list(sheets)
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(sheets)))
    said = len(sheets) if count is None else count
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (said, kids),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, sheet in enumerate(sheets):
        fonts = b"/Resources << /Font << /F1 3 0 R >> >>"
        own = b"/Contents %d 0 R %s" % (5 + 2 * number, sheet.entries)
        objects.append(b"<< /Type /Page /Parent 2 0 R %s %s >>" % (fonts, own))
        content = sheet.content
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return written(objects, trailer)


def written(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """Return a document of numbered objects, of which the first is its root."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    index, entries = len(out), len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % entries
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (entries, trailer)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % index)


def locked() -> bytes:
    """Return a document that opens with a password only: its check of one is of no password."""
    named = b"".join(b"%02x" % number for number in range(32))
    encrypt = b"/Encrypt << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >>" % (named, named)
    return pdf([Sheet()], trailer=b"%s /ID [<00> <00>]" % encrypt)
