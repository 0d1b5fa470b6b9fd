"""A picture that is encoded again and again: what is wanted of it, and what was made so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vlprep.compress.drawn import PALETTES, is_drawn, takes_palette
from vlprep.compress.quality import MAX_TRIALS
from vlprep.media.encode import encode_jpeg, encode_palette_png, encode_png
from vlprep.media.picture import Pixels, lay_on_white, resize_picture
from vlprep.types import ImageSize
from vlprep.units import format_size

PHOTO_FLOOR, DRAWN_FLOOR = 40, 60
"""Lowest JPEG qualities; below, fewer pixels lose less. Letters need the higher one."""

MOST_COLOURS, FEWEST_COLOURS = max(PALETTES), min(PALETTES)
"""Colours of the palettes that are tried first and last."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A picture as it was encoded."""

    content: bytes
    """The file."""
    format: str
    """"JPEG" or "PNG"."""
    size: ImageSize
    """Height and width in pixels."""
    quality: int | None = None
    """JPEG quality; `None` for PNG."""
    colours: int | None = None
    """Colours of a PNG's palette; `None` for others."""
    opaque: bool = False
    """Whether what shows through was laid on white."""

    def __str__(self) -> str:
        how = f"at quality {self.quality}" if self.quality else "as PNG"
        how += f" of {self.colours} colours" if self.colours else ""
        return f"{how}, {format_size(self.size)}"

    @property
    def lossless(self) -> bool:
        """Whether every pixel of its size is kept."""
        return self.quality is None and self.colours is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted of the encoded picture."""

    sizes: tuple[ImageSize, ...]
    """Sizes in pixels, the most wanted first; smaller ones only where none of these fits."""
    limits: Mapping[str, int]
    """By format: the number of bytes to stay under."""
    formats: tuple[str, ...] = ("PNG", "JPEG")
    """Formats that will do."""
    lossless: bool = False
    """Whether nothing but PNG, with every pixel of one of the sizes, will do."""
    from_lossless: bool = False
    """Whether the picture came without loss, so that PNG is tried for photos as well."""
    png_bytes: int | None = None
    """Length of the source where that is a PNG of all the picture: another is hardly shorter."""
    snap: Callable[[ImageSize], ImageSize] = lambda size: size
    """Gives the size nearby that the model sees without scaling."""


class Attempts:
    """Encodes one picture, RGB or RGBA, and keeps what it made."""

    def __init__(self, picture: Pixels, wish: Wish) -> None:
        self.picture = picture
        self.on_white = lay_on_white(picture)
        self.wish = wish
        self.full = ImageSize(*picture.shape[:2])
        self.drawn = is_drawn(self.on_white)
        self.floor = DRAWN_FLOOR if self.drawn else PHOTO_FLOOR
        few = self.drawn and "PNG" in wish.formats
        self.flat = few and takes_palette(self.on_white, FEWEST_COLOURS)
        self.made: list[Attempt] = []
        self._at = self.full, self.on_white

    @property
    def left(self) -> int:
        """How many more encodes may be made."""
        return MAX_TRIALS - len(self.made)

    def fits(self, attempt: Attempt) -> bool:
        """Whether an attempt is under its format's limit."""
        return len(attempt.content) < self.wish.limits[attempt.format]

    def at(self, size: ImageSize) -> Pixels:
        """Return the picture on white at a size; the last one is kept, as searches repeat it."""
        if self._at[0] != size:
            self._at = size, resized(self.on_white, size)
        return self._at[1]

    def png(self, size: ImageSize) -> Attempt:
        """Encode without loss."""
        return self._keep(Attempt(encode_png(resized(self.picture, size)), "PNG", size))

    def palette(self, size: ImageSize, colours: int = MOST_COLOURS) -> Attempt:
        """Encode as PNG of few colours."""
        content = encode_palette_png(self.at(size), colours)
        return self._keep(Attempt(content, "PNG", size, colours=colours, opaque=True))

    def jpeg(self, size: ImageSize, quality: int) -> Attempt:
        """Encode as JPEG."""
        content = encode_jpeg(self.at(size), quality)
        return self._keep(Attempt(content, "JPEG", size, quality, opaque=True))

    def _keep(self, attempt: Attempt) -> Attempt:
        self.made.append(attempt)
        return attempt


def resized(picture: Pixels, size: ImageSize) -> Pixels:
    """Return a picture at a size, itself where it has it."""
    return picture if picture.shape[:2] == size else resize_picture(picture, size)
