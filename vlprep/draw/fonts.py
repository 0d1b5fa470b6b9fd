"""Fonts of the machine, for letters that Pillow's own font lacks. None is brought along."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from PIL import ImageFont

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

_ENDINGS = (".ttf", ".ttc", ".otf")
_PREFERRED = (
    "notosanscjk", "notosanssc", "sourcehansans", "wqy-microhei", "wqy-zenhei", "wqy",
    "droidsansfallback", "pingfang", "hiragino sans gb", "stheiti", "msyh", "simhei", "meiryo",
    "malgun", "arial unicode", "arialuni", "notosans-regular", "dejavusans.", "notosans",
)  # fmt: skip
"""Beginnings of file names, the fonts that have most letters first."""
_MOST_FONTS = 400
_PROBED = 24  # pixels: any height will do to see whether a font has a letter


@cache
def own_font(size: int) -> Font:
    """Return Pillow's own font at a height in pixels."""
    return ImageFont.load_default(size)


@lru_cache(64)
def font_file(path: str, size: int) -> Font:
    """Return the font of a file at a height in pixels; raises `OSError` for what is no font."""
    return ImageFont.truetype(path, size)


@cache
def font_with(letter: str, named: str | None = None) -> str | None:
    r"""Return the first font file that has a letter: the one named, else one of the machine.

    Raises `OSError` where the named file is no font.

    >>> font_with("\U0010ffff")
    """
    if named is not None and _has(font_file(named, _PROBED), letter):
        return named
    return next((path for path in font_files() if _file_has(path, letter)), None)


def _file_has(path: str, letter: str) -> bool:
    try:
        return _has(font_file(path, _PROBED), letter)
    except OSError:  # damaged, or made of pictures at one size
        return False


def _has(font: Font, letter: str) -> bool:
    try:
        drawn, missing = (font.getmask(sign) for sign in (letter, _NOWHERE))
    except (UnicodeEncodeError, RuntimeError):  # half of a character; one that has no layout
        return False
    is_seen = drawn.getbbox() is not None
    return is_seen and (drawn.size, bytes(drawn)) != (missing.size, bytes(missing))


_NOWHERE = "\U0010ffff"  # no character: what a font draws for all that it lacks


@cache
def font_files() -> tuple[str, ...]:
    """Return the font files of the machine, those with most letters first."""
    files = (path for folder in font_folders() for path in _walk(folder))
    return tuple(sorted(islice(files, 10 * _MOST_FONTS), key=_merit)[:_MOST_FONTS])


def font_folders() -> list[Path]:
    """Return the folders in which systems keep fonts."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home raises where there is none
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    if sys.platform == "win32":
        own = Path(os.environ.get("LOCALAPPDATA", home), "Microsoft/Windows/Fonts")
        return [Path(os.environ.get("WINDIR", "C:/Windows"), "Fonts"), own]
    shared = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts")]
    return [*shared, home / ".local/share/fonts", home / ".fonts"]


def _walk(folder: Path) -> Iterator[str]:
    for parent, _, names in os.walk(folder):
        yield from (str(Path(parent, name)) for name in names if name.lower().endswith(_ENDINGS))


def _merit(path: str) -> tuple[int, bool, str]:
    name = Path(path).name.lower()
    places = (place for place, start in enumerate(_PREFERRED) if name.startswith(start))
    is_odd = any(word in name for word in ("bold", "italic", "oblique", "mono", "black", "thin"))
    return next(places, len(_PREFERRED)), is_odd, path
