"""Time the counting of a PDF of many pages, against the least that pypdfium2 can do.

One more part: whether pages are drawn at the size that is counted, without being resized.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pypdfium2
from click.testing import CliRunner
from report import Finding, alternate, finish, milliseconds, options, ratio

sys.path.insert(0, str(Path(__file__).parents[1]))  # the documents of the tests

from tests.pdfs import Sheet, pdf, text_at
from vlprep import count_many, count_tokens, pdf_pages, view_image
from vlprep.cli import main as vlprep_main

COUNT_BAR = 1000
"""Milliseconds that a thousand pages may take."""

BOXES = ((595, 842), (612, 792), (842, 1191), (300, 200), (1920, 1080), (210, 2400), (14400, 14400))
"""Widths and heights of pages in points: sheets, a slide, a receipt, and the largest of Acrobat."""

TURNS = (0, 90, 180, 270)


def main() -> int:
    """Measure, print, and return 1 when a bar is missed."""
    parser = options(__doc__ or "")
    parser.add_argument("--pages", type=int, default=1000, metavar="N", help="how many pages")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.pdf"
        path.write_bytes(pdf([_sheet(k) for k in range(arguments.pages)]))
        title = f"a PDF of {arguments.pages:,} pages"
        timings = alternate(
            {
                f"{title}: sizes by pypdfium2": lambda: bare_sizes(path),
                f"{title}: count_many": lambda: list(count_many(str(path))),
                f"{title}: vlprep tokens --json": lambda: run_command(path),
            },
            rounds=7,
        )
    bare, counted, command = timings.values()
    findings = [
        milliseconds(f"{title}: sizes by pypdfium2", bare),
        ratio(f"{title}: count_many / sizes by pypdfium2", counted, bare),
        milliseconds(f"{title}: count_many", counted),
        milliseconds(f"{title}: vlprep tokens --json", command),
        Finding(
            what=f"{title}: vlprep tokens --json, slowest",
            value=1000 * max(command.seconds),
            unit=" ms",
            bar=COUNT_BAR,
        ),
        Finding(what="20 PDFs: pages drawn at another size", value=wrong_sizes(20), bar=0),
    ]
    return finish("pages", timings, findings, arguments.json)


def _sheet(number: int) -> Sheet:
    width, height = BOXES[number % (len(BOXES) - 1)]
    box, turn = (0, 0, width, height), TURNS[number % len(TURNS)]
    return Sheet(box, turn, content=text_at(40, height / 2, 10, f"page {number}"))


def bare_sizes(path: Path) -> list[tuple[float, float]]:
    """Return the sizes of all pages, in points."""
    with pypdfium2.PdfDocument(path) as document:
        return [document.get_page_size(number) for number in range(len(document))]


def run_command(path: Path) -> str:
    """Run `vlprep tokens --json` in this process and return what it prints."""
    result = CliRunner().invoke(vlprep_main, ["tokens", "--json", str(path)])
    if result.exit_code:
        raise RuntimeError(f"vlprep tokens failed: {result.stderr}")
    return result.stdout


def wrong_sizes(documents: int) -> int:
    """Count the pages of some documents that are not drawn at the size that is counted."""
    wrong = 0
    for number in range(documents):
        sheets = [_sheet(number + k) for k in range(3)]
        for page in pdf_pages(pdf(sheets)):
            seen = view_image(page, max_pixels=300_000).image.shape[:2]
            wrong += seen != count_tokens(page, max_pixels=300_000).tokens.resized
    return wrong


if __name__ == "__main__":
    sys.exit(main())
