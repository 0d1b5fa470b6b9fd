"""Encode a picture as faithfully as a byte limit allows, in as few encodes as it takes.

What is tried, best first: PNG for drawn pictures and for those that came without loss; PNG of fewer
and fewer colours for drawn ones; JPEG with all of its colour at quality 95, and at lower qualities
down to a floor; and at the floor, or with the fewest colours, fewer pixels. What earlier results
make hopeless is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product

from vlprep.compress.drawn import PALETTES, is_drawn, likely_png_bytes, palette_share, takes_palette
from vlprep.compress.quality import (
    MAX_MISSES,
    MAX_TRIALS,
    Trial,
    at_quality,
    best_trial,
    next_pixels,
    next_quality,
)
from vlprep.errors import ByteLimitError
from vlprep.maths.jpeg import BEST_QUALITY, PIXEL_SLOPE
from vlprep.media.picture import Pixels, lay_on_white, resize_picture
from vlprep.output.encode import MAX_JPEG_SIDE, encode_jpeg, encode_palette_png, encode_png
from vlprep.types import ImageSize
from vlprep.units import format_size

PHOTO_FLOOR, DRAWN_FLOOR = 40, 60
"""Lowest JPEG qualities; below, fewer pixels lose less. Letters need the higher one."""

MOST_COLOURS, FEWEST_COLOURS = max(PALETTES), min(PALETTES)
"""Colours of the palettes that are tried first and last."""

LEAST_SIDE = 11
"""Shortest side in pixels that a picture is shrunk to; the services refuse 10."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A picture as it was encoded."""

    content: bytes
    format: str
    size: ImageSize
    quality: int | None = None
    """Of a JPEG."""
    colours: int | None = None
    """Of a PNG's palette."""
    opaque: bool = False
    """Whether what shows through was laid on white."""

    def __str__(self) -> str:
        how = f"at quality {self.quality}" if self.quality else "as PNG"
        how += f" of {self.colours} colours" if self.colours else ""
        return f"{how}, {format_size(self.size)}"


@dataclass(kw_only=True, eq=False)
class ImageSearch:
    """A picture, RGB or RGBA, what is wanted of it, and what was made of it on the way there."""

    picture: Pixels
    name: str
    """What messages call it."""
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
    shrinks: bool = False
    """Whether drawn pictures, too, are to have one of the sizes, and not their own."""
    png_bytes: int | None = None
    """Length of the source where that is a PNG of all the picture: another is hardly shorter."""
    snap: Callable[[ImageSize], ImageSize] = lambda size: size
    """Gives the size nearby that the model sees without scaling."""

    def __post_init__(self) -> None:
        self.on_white = lay_on_white(self.picture)
        self.full = ImageSize(*self.picture.shape[:2])
        self.drawn = is_drawn(self.on_white)
        self.floor = DRAWN_FLOOR if self.drawn else PHOTO_FLOOR
        few = self.drawn and "PNG" in self.formats
        self.flat = few and takes_palette(self.on_white, FEWEST_COLOURS)
        self.made: list[Attempt] = []
        self._at = self.full, self.on_white

    @property
    def left(self) -> int:
        """How many more encodes may be made."""
        return MAX_TRIALS - len(self.made)

    @property
    def last_limit(self) -> int:
        """The limit of the format in which pixels are given up last."""
        return self.limits["PNG" if self.flat else "JPEG"]

    def fits(self, attempt: Attempt) -> bool:
        """Whether an attempt is under its format's limit."""
        return len(attempt.content) < self.limits[attempt.format]

    def at(self, size: ImageSize) -> Pixels:
        """Return the picture on white at a size; the last one is kept, as searches repeat it."""
        if self._at[0] != size:
            self._at = size, resize_picture(self.on_white, size)
        return self._at[1]

    def png(self, size: ImageSize) -> Attempt:
        """Encode without loss."""
        return self._keep(Attempt(encode_png(resize_picture(self.picture, size)), "PNG", size))

    def palette(self, size: ImageSize, colours: int = MOST_COLOURS) -> Attempt:
        """Encode as PNG of few colours."""
        content = encode_palette_png(self.at(size), colours)
        return self._keep(Attempt(content, "PNG", size, colours=colours, opaque=True))

    def jpeg(self, size: ImageSize, quality: int) -> Attempt:
        """Encode as JPEG."""
        content = encode_jpeg(self.at(size), quality)
        return self._keep(Attempt(content, "JPEG", size, quality, opaque=True))

    def coarsest(self, size: ImageSize) -> Attempt:
        """Encode as small as a size gets: with the fewest colours or at the lowest quality."""
        return self.palette(size, FEWEST_COLOURS) if self.flat else self.jpeg(size, self.floor)

    def is_coarsest(self, made: Attempt) -> bool:
        """Whether an attempt is as small as its size gets."""
        return made.colours == FEWEST_COLOURS if self.flat else made.quality == self.floor

    def _keep(self, attempt: Attempt) -> Attempt:
        self.made.append(attempt)
        return attempt


def encode_within(search: ImageSearch) -> tuple[Attempt, int]:
    """Return the most faithful encoding of a picture that fits, and how many it took.

    Raises `ByteLimitError` when nothing fits.

    >>> import numpy as np
    >>> black, limits = np.zeros((64, 64, 3), np.uint8), {"PNG": 200, "JPEG": 200}
    >>> attempt, encodes = encode_within(
    ...     ImageSearch(picture=black, name="black", sizes=(ImageSize(64, 64),), limits=limits)
    ... )
    >>> str(attempt), encodes
    ('as PNG, 64x64', 1)
    """
    for candidate in _candidates(search):
        if candidate is not None and search.fits(candidate):
            return candidate, len(search.made)
    smallest = min(search.made, key=lambda attempt: len(attempt.content))
    limit, length = search.limits[smallest.format], len(smallest.content)
    raise ByteLimitError(search.name, limit, length, str(smallest))


def _candidates(search: ImageSearch) -> Iterator[Attempt | None]:
    """Make one encoding after the other, in order of fidelity."""
    sizes, formats = search.sizes, search.formats
    if search.lossless:
        yield from map(search.png, sizes)
        return
    if "PNG" in formats:
        yield from _pngs(search)
    if "JPEG" in formats and not search.flat:
        for size in sizes:
            yield _jpeg_within(search, size, hurried=size != sizes[-1])
    if "JPEG" in formats or search.flat:
        yield _shrunk_within(search, sizes[-1])


# PNG: without loss, then of fewer and fewer colours, as far as there is any hope.

_PNG_SHARE = 0.4
"""No PNG comes out smaller than this part of what a sample of its rows makes likely."""

_AGAIN_SHARE = 0.9
"""A PNG encoded anew is seldom shorter than this part of what it was."""

_PALETTE_SHARE = 0.15
"""A PNG of 256 colours has 0.35 to 0.4 of the bytes of the full one; less is not to be hoped."""

_MOST_PNGS = 3
"""PNGs that are tried before other ways; the rest of the encodes are left for these."""


def _pngs(search: ImageSearch) -> Iterator[Attempt]:
    """Yield PNGs, the most faithful first.

    Drawn pictures keep their full size where they can: resizing softens edges, which costs bytes.
    """
    first = search.sizes[0]
    keeps = search.drawn and not search.shrinks
    sizes = tuple(dict.fromkeys((search.full, first))) if keeps else (first,)
    for size in sizes:
        if _may_be_lossless(search, size):
            yield search.png(size)
    if not search.drawn:
        if "JPEG" not in search.formats:
            yield search.palette(search.sizes[-1])
        return
    for size, colours in product(sizes, PALETTES):
        hopeful = len(search.made) < _MOST_PNGS and _palette_may_fit(search, size, colours)
        if hopeful and takes_palette(search.at(size), colours):
            yield search.palette(size, colours)


def _may_be_lossless(search: ImageSearch, size: ImageSize) -> bool:
    limit = search.limits["PNG"]
    if not (search.drawn or search.from_lossless):
        return False
    if size == search.full and search.png_bytes is not None:
        return _AGAIN_SHARE * search.png_bytes < limit
    return _PNG_SHARE * likely_png_bytes(resize_picture(search.picture, size)) < limit


def _palette_may_fit(search: ImageSearch, size: ImageSize, colours: int) -> bool:
    likely: float | None = _likely_palette_bytes(search, size, colours)
    if likely is None:
        likely = _PALETTE_SHARE * len(search.made[0].content) if search.made else 0
    return likely < search.limits["PNG"]


def _likely_palette_bytes(search: ImageSearch, size: ImageSize, colours: int) -> int | None:
    """Return how large a PNG with a palette is likely to be; `None` before there was any."""
    last = next((made for made in reversed(search.made) if made.colours), None)
    if last is None or last.colours is None:
        return None
    full = search.full.pixels
    share = palette_share(colours, size.pixels / full)
    return int(len(last.content) * share / palette_share(last.colours, last.size.pixels / full))


# JPEG of the best quality that fits.


def _jpeg_within(search: ImageSearch, size: ImageSize, *, hurried: bool) -> Attempt | None:
    """Search the quality, down to the floor; `hurried` leaves encodes for sizes still to come."""
    if max(size) > MAX_JPEG_SIDE:
        return None
    limit = search.limits["JPEG"]
    choose = partial(
        next_quality,
        limit=limit,
        floor=search.floor,
        start=_start(search, size),
        max_trials=search.left,
        max_misses=1 if hurried else MAX_MISSES - min(len(search.made), 1),
    )
    trials: dict[Trial, Attempt] = {}
    while (quality := choose(list(trials))) is not None:
        attempt = search.jpeg(size, quality)
        trials[Trial(quality, len(attempt.content))] = attempt
    best = best_trial(trials, limit)
    return None if best is None else trials[best]


def _start(search: ImageSearch, size: ImageSize) -> int:
    """Return the quality to begin with: the best, or what larger pictures make likely."""
    if not search.made:
        return BEST_QUALITY
    last = search.made[-1]
    if last.quality is None:  # where a PNG is too large, so are the high qualities
        return search.floor if search.drawn else BEST_QUALITY
    bytes_here = len(last.content) * (size.pixels / last.size.pixels) ** PIXEL_SLOPE
    guess = Trial(last.quality, max(int(bytes_here), 1))
    quality = next_quality([guess], search.limits["JPEG"], floor=search.floor)
    return last.quality if quality is None else quality


# Fewer pixels, where the lowest quality or the fewest colours are still too large.

_SNAP_SHARES = (1.0, 0.95, 0.9, 0.85, 0.8)
"""Parts of the pixels at which a size of the model's grid is looked for; rounding goes up too."""


def _shrunk_within(search: ImageSearch, largest: ImageSize) -> Attempt | None:
    """Return the largest encoding that was found to fit: of few colours, or as a coarse JPEG."""
    fits = []
    while (size := _next_size(search, largest)) is not None:
        attempt = search.coarsest(size)
        if search.fits(attempt):
            fits.append(attempt)
    return max(fits, key=lambda attempt: attempt.size.pixels, default=None)


def _next_size(search: ImageSearch, largest: ImageSize) -> ImageSize | None:
    limit, smallest = search.last_limit, _shrunk(largest, 0)
    trials = _coarse_trials(search, largest)
    pixels = next_pixels(trials, limit, smallest=smallest.pixels, trials_left=search.left)
    if pixels is None:
        return None
    size = _snapped(search, _shrunk(largest, pixels))
    tried = {made.size for made in search.made if search.is_coarsest(made)}
    if size in tried and not any(trial.bytes < limit for trial in trials):
        size = smallest
    return None if size in tried else size


def _coarse_trials(search: ImageSearch, largest: ImageSize) -> list[Trial]:
    """Return what is known of the coarsest encodes, with a guess where none was too large."""
    limit, most = search.last_limit, largest.pixels if search.flat else math.inf
    known = [
        Trial(made.size.pixels, len(made.content))
        for made in search.made
        if search.is_coarsest(made) and made.size.pixels <= most
    ]
    if any(trial.bytes >= limit for trial in known):
        return known
    if search.flat:
        likely = _likely_palette_bytes(search, largest, FEWEST_COLOURS) or limit
        return [*known, Trial(largest.pixels, max(likely, limit))]
    finer = [
        (made.size.pixels, at_quality(Trial(made.quality, len(made.content)), search.floor))
        for made in search.made
        if made.quality and not search.is_coarsest(made)
    ]
    return known + [Trial(pixels, max(likely, limit)) for pixels, likely in finer[:1]]


def _snapped(search: ImageSearch, size: ImageSize) -> ImageSize:
    """Return the nearest size of the model's grid that is no larger, where there is one."""
    for share in _SNAP_SHARES:
        seen = search.snap(_shrunk(size, int(share * size.pixels)))
        if seen.pixels <= size.pixels:
            return seen
    return size  # the model enlarges pictures as small as this


def _shrunk(size: ImageSize, pixels: int) -> ImageSize:
    """Shrink a size to about so many pixels, or as far as its short side may; never narrower."""
    short, long = min(size), max(size)
    scale = max((pixels / size.pixels) ** 0.5, min(short, LEAST_SIDE) / short)
    sides = math.ceil(short * scale), max(math.floor(long * scale), math.ceil(short * scale))
    return ImageSize(*(sides if size.height == short else reversed(sides)))
