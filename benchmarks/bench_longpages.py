"""Split long pages and measure letters, against pages drawn with the truth.

Fifty long pages are stored turned by EXIF 1 to 8 and split; no line of text may be cut, all pieces
must be seen as they are and lie within the limits, and boxes must come back through pieces, and by
three nested crops. Letters of 300 pages in the machine's fonts are held against the box of an x,
whose first row may be faint, and against the font's own x-height.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from report import Finding, finish, options

sys.path.insert(0, str(Path(__file__).parents[1]))

import vlprep
from tests.longpages import COLOURS, WORDS, Box, LongPage, answers, lines_cut, long_page, stored_box
from vlprep.maths.letters import find_letters

MODELS = ("qwen3-vl-plus", "Qwen/Qwen2.5-VL-7B-Instruct")
FONTS = [
    str(path)
    for path in sorted(Path("/usr/share/fonts").rglob("*.ttf"))
    if not any(word in path.name for word in ("Math", "Emoji", "Symbol"))
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one long page for one model."""

    page: int
    model: str
    orientation: int
    height: int
    width: int
    lines: int
    pieces: int
    cut: int
    """Lines that no piece shows whole."""
    outside: int
    """Pieces that are not within the limits, or not seen as they are."""
    lost: int
    """Lines whose box did not come back once, with its own label."""
    farthest: float
    """Pixels by which a box came back off, on the stored page, at most."""
    crops_farthest: float
    """The same through three nested crops."""


def split_row(number: int, model: str, folder: Path) -> Row:
    """Split one page, and map boxes of all its lines back."""
    page, orientation = long_page(number, FONTS), number % 8 + 1
    path = page.write(folder / "page.jpg", orientation)
    size = vlprep.probe(path).size
    split = vlprep.split_image(path, model)
    seen = [piece.tokens.resized for piece in split.pieces]
    outside = sum(
        vlprep.image_tokens(one, model).resized != one or min(one) < 10 or max(one) > 200 * min(one)
        for one in seen
    )
    told = list(answers(page, split, relative=model == MODELS[0]))
    found = split.locate(told)
    stored = {shape.label: shape.bounds for shape in found.stored}
    off = [
        np.abs(np.subtract(stored[str(k)], stored_box(box, size, orientation))).max()
        for k, box in enumerate(page.lines)
        if str(k) in stored
    ]
    return Row(
        page=number, model=model, orientation=orientation, height=size.height, width=size.width,
        lines=len(page.lines), pieces=len(seen), cut=lines_cut(page, split), outside=outside,
        lost=len(page.lines) - len(stored) + len(found.stored) - len(stored),
        farthest=round(float(max(off)), 3),
        crops_farthest=round(through_crops(path, page, orientation, model), 3),
    )  # fmt: skip


def through_crops(path: Path, page: LongPage, orientation: int, model: str) -> float:
    """Return how far a box comes back off through three crops, each within the one before."""
    size = vlprep.probe(path).size
    left, top, right, bottom = page.lines[len(page.lines) // 2]
    outer = max(0, left - 20), max(0, top - 60), min(size.width, right + 20), bottom + 60
    crop = vlprep.crop_image(path, outer, model)
    for inset in (7, 5):
        x, y, own = crop.region
        box = left - inset - x, top - inset - y, right + inset - x, bottom + inset - y
        crop = crop.crop([max(0, number) for number in box])
    x, y, own = crop.region
    seen = crop.tokens.resized
    across, down = (1000, 1000) if model == MODELS[0] else (seen.width, seen.height)
    numbers = (
        (left - x) * across / own.width, (top - y) * down / own.height,
        (right - x) * across / own.width, (bottom - y) * down / own.height,
    )  # fmt: skip
    told = f'{{"bbox_2d": [{", ".join(f"{number:.6f}" for number in numbers)}]}}'
    (shape,) = crop.locate(told).stored
    true: Box = stored_box((left, top, right, bottom), size, orientation)
    return float(np.abs(np.subtract(shape.bounds, true)).max())


def lettered(number: int) -> tuple[np.ndarray, float, float]:
    """Draw a page of text; returns it, and the height of an x by `x_height`."""
    r = random.Random(number)
    size = r.choice([10, 11, 12, 13, 14, 16, 18, 20, 24, 28, 32])
    font = ImageFont.truetype(r.choice(FONTS), size) if FONTS else ImageFont.load_default(size)
    ink, paper = r.choice(COLOURS)
    width, height = r.choice([(640, 480), (800, 1100), (1080, 1600), (1280, 720)])
    image = Image.new("RGB", (width, height), paper)
    pen, y, lead = ImageDraw.Draw(image), r.randint(5, 60), r.choice([1.15, 1.3, 1.5, 1.8])
    while y < height - 2 * size:
        text = ""
        while font.getlength(text + (word := r.choice(WORDS)) + " ") < width - 40:
            text += word + " "
        pen.text((20, y), text, font=font, fill=ink)
        y += round(size * lead)
    return spoilt(image, r, number), *x_height(font, size)


def spoilt(image: Image.Image, r: random.Random, number: int) -> np.ndarray:
    """Return a page as a JPEG has it, with noise, turned, or as it is."""
    way = r.choice(["none", "none", "jpeg", "jpeg30", "noise", "turned"])
    pixels = np.asarray(image)
    if way.startswith("jpeg"):
        held = BytesIO()
        image.save(held, "JPEG", quality=30 if way == "jpeg30" else 75)
        pixels = np.asarray(Image.open(held).convert("RGB"))
    elif way == "noise":
        noise = np.random.default_rng(number).normal(0, 6, pixels.shape)
        pixels = np.clip(pixels + noise, 0, 255).astype(np.uint8)
    elif way == "turned":
        pixels = np.ascontiguousarray(np.rot90(pixels))
    return pixels


def x_height(font: Any, size: int) -> tuple[float, float]:
    """Return the height of an x: the box of whole rows that it is drawn in, and by its outline."""
    box, large = font.getbbox("x"), font.font_variant(size=1000).getbbox("x")
    return box[3] - box[1], (large[3] - large[1]) / 1000 * size


Height = tuple[float, float, float | None]
"""The two heights of `x_height`, and what was found."""


def findings(rows: list[Row], letters: list[Height]) -> Iterator[Finding]:
    """Yield what is promised."""
    for what, name, bar in (
        ("lines of text cut, fifty long pages, two models", "cut", 0),
        ("pieces beyond a limit, or seen otherwise", "outside", 0),
        ("lines that did not come back once", "lost", 0),
    ):
        yield Finding(what=what, value=sum(getattr(row, name) for row in rows), bar=bar)
    counts = [row.pieces for row in rows]
    mean = statistics.mean(counts)
    yield Finding(what="pieces a page", value=mean, low=min(counts), high=max(counts))
    for what, name in (
        ("farthest box, through pieces, EXIF 1 to 8", "farthest"),
        ("farthest box, through three nested crops", "crops_farthest"),
    ):
        yield Finding(what=what, value=max(getattr(row, name) for row in rows), unit=" px", bar=1)
    if not letters:
        return
    box, outline = (
        np.array([near(found, true[place]) for *true, found in letters]) for place in (0, 1)
    )
    kinds: tuple[tuple[str, Any, float | None], ...] = (
        ("box of an x in whole rows", box, 100),
        ("font's own x-height", outline, None),
        ("one or the other, which differ by up to a row", box | outline, None),
    )
    for what, flags, least in kinds:
        yield Finding(
            what=f"{len(letters)} pages: letters within 5 % of the {what}", bar=least, unit=" %",
            value=100 * float(flags.mean()), more_is_better=True,
        )  # fmt: skip


def near(found: float | None, true: float) -> bool:
    """Say whether a height is within 5 % of the true one."""
    return found is not None and abs(found - true) <= 0.05 * true


def main() -> int:
    """Measure all pages."""
    parser = options(str(__doc__))
    parser.add_argument("--pages", type=int, default=50, help="long pages")
    parser.add_argument("--letters", type=int, default=300, help="pages whose letters are measured")
    asked = parser.parse_args()
    rows, letters = list[Row](), list[Height]()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(asked.pages):
            rows += [split_row(number, model, Path(folder)) for model in MODELS]
            print(rows[-2], rows[-1], sep="\n", flush=True)
    for number in range(asked.letters):
        page, box, outline = lettered(5000 + number)
        found = find_letters(page)
        letters.append((box, outline, found.usual if found else None))
        if not near(letters[-1][2], box):
            print(f"letters {number}: box {box}, outline {outline:.2f}, found {found}")
    told = list(findings(rows, letters))
    return finish("longpages", {}, told, asked.json, rows=[asdict(r) for r in rows])


if __name__ == "__main__":
    sys.exit(main())
