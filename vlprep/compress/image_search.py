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
from itertools import product

from vlprep.compress.drawn import (
    PALETTES,
    is_drawn,
    likely_png_bytes,
    palette_share,
    takes_palette,
)
from vlprep.compress.quality import (
    CEILING,
    MAX_MISSES,
    MAX_TRIALS,
    PixelTrial,
    Trial,
    at_quality,
    best_trial,
    next_pixels,
    next_quality,
)
from vlprep.errors import ByteLimitError
from vlprep.media.encode import MAX_JPEG_SIDE, encode_jpeg, encode_palette_png, encode_png
from vlprep.media.picture import Pixels, lay_on_white, resize_picture
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
    """"JPEG" or "PNG"."""
    size: ImageSize
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
    def trial(self) -> Trial:
        """The same as the search for a quality knows it."""
        return Trial(self.quality or CEILING, len(self.content))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
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


def encode_within(picture: Pixels, wanted: Wanted, name: str) -> tuple[Attempt, int]:
    """Return the most faithful encoding of an RGB or RGBA picture that fits, and how many it took.

    Raises `ByteLimitError`, which calls the picture `name`, when nothing fits.

    >>> import numpy as np
    >>> wanted = Wanted(sizes=(ImageSize(64, 64),), limits={"PNG": 200, "JPEG": 200})
    >>> attempt, encodes = encode_within(np.zeros((64, 64, 3), np.uint8), wanted, "black")
    >>> str(attempt), encodes
    ('as PNG, 64x64', 1)
    """
    search = _Search(picture, wanted)
    for candidate in _candidates(search):
        if candidate is not None and search.fits(candidate):
            return candidate, len(search.made)
    smallest = min(search.made, key=lambda attempt: len(attempt.content))
    limit, length = wanted.limits[smallest.format], len(smallest.content)
    raise ByteLimitError(name, limit, length, str(smallest))


class _Search:
    """Encodes one picture, RGB or RGBA, again and again, and keeps what it made."""

    def __init__(self, picture: Pixels, wanted: Wanted) -> None:
        self.picture = picture
        self.on_white = lay_on_white(picture)
        self.wanted = wanted
        self.full = ImageSize(*picture.shape[:2])
        self.drawn = is_drawn(self.on_white)
        self.floor = DRAWN_FLOOR if self.drawn else PHOTO_FLOOR
        few = self.drawn and "PNG" in wanted.formats
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
        return self.wanted.limits["PNG" if self.flat else "JPEG"]

    def fits(self, attempt: Attempt) -> bool:
        """Whether an attempt is under its format's limit."""
        return len(attempt.content) < self.wanted.limits[attempt.format]

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
        if self.flat:
            return self.palette(size, FEWEST_COLOURS)
        return self.jpeg(size, self.floor)

    def is_coarsest(self, made: Attempt) -> bool:
        """Whether an attempt is as small as its size gets."""
        return made.colours == FEWEST_COLOURS if self.flat else made.quality == self.floor

    def _keep(self, attempt: Attempt) -> Attempt:
        self.made.append(attempt)
        return attempt


def _candidates(search: _Search) -> Iterator[Attempt | None]:
    """Make one encoding after the other, in order of fidelity."""
    sizes, formats = search.wanted.sizes, search.wanted.formats
    if search.wanted.lossless:
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


def _pngs(search: _Search) -> Iterator[Attempt]:
    """Yield PNGs, the most faithful first.

    Drawn pictures keep their full size where they can: resizing softens edges, which costs bytes.
    """
    first = search.wanted.sizes[0]
    sizes = tuple(dict.fromkeys((search.full, first))) if search.drawn else (first,)
    for size in sizes:
        if _may_be_lossless(search, size):
            yield search.png(size)
    if not search.drawn:
        if "JPEG" not in search.wanted.formats:
            yield search.palette(search.wanted.sizes[-1])
        return
    for size, colours in product(sizes, PALETTES):
        hopeful = len(search.made) < _MOST_PNGS and _palette_may_fit(search, size, colours)
        if hopeful and takes_palette(search.at(size), colours):
            yield search.palette(size, colours)


def _may_be_lossless(search: _Search, size: ImageSize) -> bool:
    wanted, limit = search.wanted, search.wanted.limits["PNG"]
    if not (search.drawn or wanted.from_lossless):
        return False
    if size == search.full and wanted.png_bytes is not None:
        return _AGAIN_SHARE * wanted.png_bytes < limit
    return _PNG_SHARE * likely_png_bytes(resize_picture(search.picture, size)) < limit


def _palette_may_fit(search: _Search, size: ImageSize, colours: int) -> bool:
    limit, likely = search.wanted.limits["PNG"], _likely_palette_bytes(search, size, colours)
    if likely is not None:
        return likely < limit
    lossless = len(search.made[0].content) if search.made else 0
    return _PALETTE_SHARE * lossless < limit


def _likely_palette_bytes(search: _Search, size: ImageSize, colours: int) -> int | None:
    """Return how large a PNG with a palette is likely to be; `None` before there was any."""
    last = next((made for made in reversed(search.made) if made.colours), None)
    if last is None or last.colours is None:
        return None
    full = search.full.pixels
    share = palette_share(colours, size.pixels / full)
    return int(len(last.content) * share / palette_share(last.colours, last.size.pixels / full))


# JPEG of the best quality that fits.

_GROWTH = 0.85
"""Power of the pixels that a JPEG's bytes grow with, to guess where a search starts."""


def _jpeg_within(search: _Search, size: ImageSize, *, hurried: bool) -> Attempt | None:
    """Search the quality, down to the floor; `hurried` leaves encodes for sizes still to come."""
    if max(size) > MAX_JPEG_SIDE:
        return None
    limit, allowed, start = search.wanted.limits["JPEG"], search.left, _start(search, size)
    misses = 1 if hurried else MAX_MISSES - min(len(search.made), 1)
    trials: dict[Trial, Attempt] = {}
    while (
        quality := next_quality(
            list(trials),
            limit,
            floor=search.floor,
            start=start,
            max_trials=allowed,
            max_misses=misses,
        )
    ) is not None:
        attempt = search.jpeg(size, quality)
        trials[attempt.trial] = attempt
    best = best_trial(trials, limit)
    return None if best is None else trials[best]


def _start(search: _Search, size: ImageSize) -> int:
    """Return the quality to begin with: the best, or what larger pictures make likely."""
    if not search.made:
        return CEILING
    last = search.made[-1]
    if last.quality is None:  # where a PNG is too large, so are the high qualities
        return search.floor if search.drawn else CEILING
    bytes_here = len(last.content) * (size.pixels / last.size.pixels) ** _GROWTH
    guess = Trial(last.quality, max(int(bytes_here), 1))
    quality = next_quality([guess], search.wanted.limits["JPEG"], floor=search.floor)
    return last.quality if quality is None else quality


# Fewer pixels, where the lowest quality or the fewest colours are still too large.

_SNAP_SHARES = (1.0, 0.95, 0.9, 0.85, 0.8)
"""Parts of the pixels at which a size of the model's grid is looked for; rounding goes up too."""


def _shrunk_within(search: _Search, largest: ImageSize) -> Attempt | None:
    """Return the largest encoding that was found to fit: of few colours, or as a coarse JPEG."""
    best: Attempt | None = None
    while (size := _next_size(search, largest)) is not None:
        attempt = search.coarsest(size)
        if search.fits(attempt) and (best is None or size.pixels > best.size.pixels):
            best = attempt
    return best


def _next_size(search: _Search, largest: ImageSize) -> ImageSize | None:
    limit, smallest = search.last_limit, _shrunk(largest, 0)
    trials = (_palette_trials if search.flat else _jpeg_trials)(search, largest)
    pixels = next_pixels(trials, limit, smallest=smallest.pixels, trials_left=search.left)
    if pixels is None:
        return None
    size = _snapped(search, _shrunk(largest, pixels))
    tried = {made.size for made in search.made if search.is_coarsest(made)}
    if size in tried and not any(trial.bytes < limit for trial in trials):
        size = smallest
    return None if size in tried else size


def _palette_trials(search: _Search, largest: ImageSize) -> list[PixelTrial]:
    """Return what is known of the fewest colours, with a guess where no trial was too large."""
    limit = search.last_limit
    known = [
        PixelTrial(made.size.pixels, len(made.content))
        for made in search.made
        if search.is_coarsest(made) and made.size.pixels <= largest.pixels
    ]
    if all(trial.bytes < limit for trial in known):
        likely = _likely_palette_bytes(search, largest, FEWEST_COLOURS) or limit
        known.append(PixelTrial(largest.pixels, max(likely, limit)))
    return known


def _jpeg_trials(search: _Search, largest: ImageSize) -> list[PixelTrial]:
    """Return what is known of the lowest quality, with a guess where no trial was too large."""
    jpegs = [made for made in search.made if made.quality]
    known = [
        PixelTrial(made.size.pixels, len(made.content))
        for made in jpegs
        if search.is_coarsest(made)
    ]
    if all(trial.bytes < search.last_limit for trial in known):
        finer = next((made for made in jpegs if not search.is_coarsest(made)), None)
        if finer is not None:
            guess = max(at_quality(finer.trial, search.floor), search.last_limit)
            known.append(PixelTrial(finer.size.pixels, guess))
    return known


def _snapped(search: _Search, size: ImageSize) -> ImageSize:
    """Return the nearest size of the model's grid that is no larger, where there is one."""
    for share in _SNAP_SHARES:
        seen = search.wanted.snap(_shrunk(size, int(share * size.pixels)))
        if seen.pixels <= size.pixels:
            return seen
    return size  # the model enlarges pictures as small as this


def _shrunk(size: ImageSize, pixels: int) -> ImageSize:
    """Shrink a size to about so many pixels, or as far as its short side may; never narrower."""
    short, long = min(size), max(size)
    scale = max((pixels / size.pixels) ** 0.5, min(short, LEAST_SIDE) / short)
    new_short, new_long = math.ceil(short * scale), max(math.floor(long * scale), 1)
    new_long = max(new_long, new_short)
    return (
        ImageSize(new_short, new_long) if size.height == short else ImageSize(new_long, new_short)
    )
