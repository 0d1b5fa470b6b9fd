"""Draw the picture of the README: a sheet of frames, boxes, and the chart of a plan.

It is written anew only where it looks different, for other releases of codecs give other bytes.
"""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path

from click.testing import CliRunner
from PIL import Image, ImageChops, ImageStat

from vlprep.cli import main

REPO = Path(__file__).parents[1]
PAGE = Path(__file__).with_name("overview.jpg")
WIDTH, GAP, MARGIN, BACKGROUND = 1600, 16, 20, (24, 26, 29)
LIKE = 6.0  # levels; JPEG leaves less, and a line of text moved by its height more
ANSWER = '[{"bbox_2d": [370, 830, 540, 960], "label": "red car"}]'
STREET, PHOTO = (REPO / "fixtures" / name for name in ("street.mp4", "photo.jpg"))


def drawn() -> Image.Image:
    """Return the sheet with boxes and chart side by side under it."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer.json")
        answer.write_text(ANSWER, "utf-8")
        sheet = _picture(f"frames {STREET} --fps 0.6 --sheet", folder, "sheet.png")
        boxes = _picture(f"boxes {PHOTO} {answer} -o", folder, "boxes.png")
        chart = _picture(f"plan {STREET} --budget 1500 --chart", folder, "chart.png")
    sheet = _scaled(sheet, WIDTH / sheet.width)
    # Both of the lower row at one height, so that together they are as wide as the sheet.
    height = (WIDTH - GAP - MARGIN) / (boxes.width / boxes.height + chart.width / chart.height)
    lower = [_scaled(picture, height / picture.height) for picture in (boxes, chart)]
    page = Image.new("RGB", (WIDTH, sheet.height + lower[0].height + MARGIN), BACKGROUND)
    page.paste(sheet, (0, 0))
    page.paste(lower[0], (MARGIN, sheet.height))
    page.paste(lower[1], (WIDTH - lower[1].width, sheet.height))
    return page


def _picture(command: str, folder: str, name: str) -> Image.Image:
    result = CliRunner().invoke(main, [*shlex.split(command), f"{folder}/{name}"])
    if result.exit_code:
        raise SystemExit(result.output)
    with Image.open(Path(folder, name)) as picture:
        return picture.convert("RGB")


def _scaled(picture: Image.Image, factor: float) -> Image.Image:
    size = round(picture.width * factor), round(picture.height * factor)
    return picture.resize(size, Image.Resampling.LANCZOS)


def looks_like(picture: Image.Image, path: Path) -> bool:
    """Return whether the file has the same picture, but for what a codec leaves."""
    if not path.exists():
        return False
    with Image.open(path) as old:
        if old.size != picture.size:
            return False
        return max(ImageStat.Stat(ImageChops.difference(old, picture)).rms) < LIKE


def make() -> None:
    """Write the picture, if it looks different."""
    picture = drawn()
    if not looks_like(picture, PAGE):
        picture.save(PAGE, quality=82, optimize=True, progressive=True)
        print(f"{PAGE.name} is drawn anew")


if __name__ == "__main__":
    make()
