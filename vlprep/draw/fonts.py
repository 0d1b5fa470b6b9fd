"""Fonts for letters that Pillow's own lacks: one that is named, the machine's, or an extra's.

None is brought along; `vlprep[fonts]` installs one that has those of Chinese, Japanese and Korean.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple, TypeAlias

from PIL import ImageFont

from vlprep.errors import ConstraintError

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Face(NamedTuple):
    """One face of a font file, of which a collection has several."""

    path: str
    number: int = 0


_ENDINGS = (".ttf", ".ttc", ".otf", ".otc")
_PREFERRED = (
    "notosanscjk", "notosanssc", "sourcehansans", "wqy-microhei", "wqy-zenhei", "wqy",
    "droidsansfallback", "pingfang", "hiragino sans gb", "stheiti", "msyh", "simhei", "meiryo",
    "malgun", "arial unicode", "arialuni", "notosans-regular", "dejavusans.", "notosans",
)  # fmt: skip
"""Beginnings of file names, the fonts that have most letters first."""
_ODD = ("bold", "italic", "oblique", "mono", "black", "thin", "light", "condensed", "serif")
_PLAIN = ("regular", "book", "roman", "normal", "medium")  # styles, for a family's name
_PACKAGES = ("noto_cjk_sans_otc",)  # of the extra: packages with a font file and nothing else
_MOST_FONTS = 400
_MOST_FACES = 64  # of one file
_PROBED = 24  # pixels: any height will do to see whether a font has a letter


@cache
def own_font(size: int) -> Font:
    """Return Pillow's own font at a height in pixels."""
    return ImageFont.load_default(size)


@lru_cache(64)
def load_face(face: Face, size: int) -> Font:
    """Return a face at a height in pixels; raises `OSError` for what is no font.

    One of several weights has that of ordinary text: without being told it may be hair-thin.
    """
    font = ImageFont.truetype(face.path, size, face.number)
    try:
        axes = font.get_variation_axes()
    except OSError:  # it has one weight
        return font
    except NotImplementedError:  # as Pillow says where its FreeType is too old to vary fonts
        return font
    font.set_variation_by_axes([_usual(axis) for axis in axes])
    return font


def _usual(axis: ImageFont.Axis) -> float:
    low, usual, high = (axis[name] or 0 for name in ("minimum", "default", "maximum"))
    return min(max(_USUAL_WEIGHT, low), high) if axis["name"] == b"Weight" else usual


_USUAL_WEIGHT = 400


def font_named(name: str | os.PathLike[str]) -> Face:
    """Return the face that is meant by a path, or by the name that a font of the machine has.

    A name is a family, such as "Noto Sans CJK JP", with a style behind it or none, in any case.

    Raises `ConstraintError` for a file that is no font, and a name that no font has.
    """
    text = os.fspath(name)
    if not Path(text).is_file():
        return _face_named(text)
    try:
        load_face(Face(text), _PROBED)
    except OSError as error:
        raise ConstraintError(f"{text}: not a font that can be read") from error
    return Face(text)


def _face_named(name: str) -> Face:
    faces = _named_faces()
    if (face := faces.get(name.casefold())) is not None:
        return face
    near = get_close_matches(name.casefold(), faces, 3)
    known = f"; there are {', '.join(near)}" if near else ""
    raise ConstraintError(f"{name}: neither a font file nor the name of a font here{known}")


@cache
def _named_faces() -> dict[str, Face]:
    """Map the names of all faces of the machine, and of families to their plain style."""
    named: dict[str, Face] = {}
    plain: dict[str, tuple[int, Face]] = {}
    for face in (face for path in font_files() for face in _faces_of(path)):
        family, style = _name_of(face)
        named.setdefault(f"{family} {style}", face)
        rank = _PLAIN.index(style) if style in _PLAIN else len(_PLAIN)
        if rank < plain.get(family, (len(_PLAIN) + 1, face))[0]:
            plain[family] = rank, face
    return named | {family: face for family, (_, face) in plain.items()}


def _name_of(face: Face) -> tuple[str, str]:
    font = load_face(face, _PROBED)
    names = font.getname() if isinstance(font, ImageFont.FreeTypeFont) else (None, None)
    family, style = (str(name or "").casefold() for name in names)
    return family, style


def _faces_of(path: str) -> Iterator[Face]:
    for index in count() if path.lower().endswith(("c", "C")) else range(1):
        try:
            load_face(Face(path, index), _PROBED)
        except OSError:  # no font, or no more faces in it
            return
        if index == _MOST_FACES:
            return
        yield Face(path, index)


_FOUND: dict[tuple[str, Face | None], Face | None] = {}


def find_fonts(letters: Iterable[str], named: Face | None = None) -> dict[str, Face | None]:
    r"""Return the face that draws each letter: the named one, else the first of the machine.

    Each font file is opened once for all of the letters that are not known yet. `None`: no font
    has the letter. Raises `OSError` where the named file is no font.

    >>> find_fonts(["\U0010ffff"])
    {'\U0010ffff': None}
    """
    wanted = dict.fromkeys(letters)
    missing = [letter for letter in wanted if (letter, named) not in _FOUND]
    if missing:
        own = _had(named, missing) if named is not None else {}
        left = [letter for letter in missing if letter not in own]
        _FOUND.update({(letter, named): own.get(letter) for letter in missing})
        _FOUND.update({(letter, named): face for letter, face in _of_machine(left).items()})
    return {letter: _FOUND[letter, named] for letter in wanted}


def _of_machine(letters: list[str]) -> dict[str, Face]:
    found: dict[str, Face] = {}
    for path in font_files():
        left = [letter for letter in letters if letter not in found]
        if not left:
            break
        try:
            found |= _had(Face(path), left)
        except OSError:  # damaged, or made of pictures at one size
            continue
    return found


def _had(face: Face, letters: Iterable[str]) -> dict[str, Face]:
    basic = ImageFont.Layout.BASIC  # letter by letter, without the rules that join them
    font = ImageFont.truetype(face.path, _PROBED, face.number, layout_engine=basic)
    return {letter: face for letter in letters if _has(font, letter)}


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
    """Return the font files of the machine and of the extra, those with most letters first."""
    files = (path for folder in font_folders() for path in _walk(folder))
    return tuple(sorted(islice(files, 10 * _MOST_FONTS), key=_merit)[:_MOST_FONTS])


def font_folders() -> list[Path]:
    """Return the folders in which the extra and systems keep fonts."""
    specs = (find_spec(package) for package in _PACKAGES)
    extra = [Path(spec.origin).parent for spec in specs if spec and spec.origin]
    return [*extra, *_system_folders()]


def _system_folders() -> list[Path]:
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
    return next(places, len(_PREFERRED)), any(word in name for word in _ODD), path
