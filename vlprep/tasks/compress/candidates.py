"""Encode a picture as faithfully as a byte limit allows, in as few encodes as it takes.

What is tried, best first: PNG for drawn pictures and for those that came without loss; PNG of fewer
and fewer colours for drawn ones, in full size, because resizing softens edges and makes files
larger; JPEG with all of its colour at quality 95, and lower qualities down to a floor; and at the
floor, or with the fewest colours, fewer pixels. What earlier results make hopeless is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from vlprep.errors import ByteLimitError
from vlprep.maths.quality import (
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
from vlprep.media.encode import MAX_JPEG_SIDE, encode_jpeg, encode_palette_png, encode_png
from vlprep.media.picture import Pixels, lay_on_white, resize_picture
from vlprep.tasks.compress.drawn import (
    PALETTES,
    is_drawn,
    likely_png_bytes,
    palette_share,
    takes_palette,
)
from vlprep.types import ImageSize
from vlprep.units import format_size

PHOTO_FLOOR, DRAWN_FLOOR = 40, 60
"""Lowest JPEG qualities; below, fewer pixels lose less. Letters need the higher one."""

LEAST_SIDE = 11
"""Shortest side in pixels that a picture is shrunk to; the services refuse 10."""

_PALETTE_SHARE = 0.15
"""A PNG of 256 colours has 0.35 to 0.4 of the bytes of the full one; less is not to be hoped."""

_PNG_SHARE = 0.4
"""No PNG comes out smaller than this part of what a sample of its rows makes likely."""

_AGAIN_SHARE = 0.9
"""A PNG encoded anew is seldom shorter than this part of what it was."""

_MOST_PNGS = 3
"""PNGs that are tried before other ways; the rest of the encodes are left for these."""

_SNAP_SHARES = (1.0, 0.95, 0.9, 0.85, 0.8)
"""Parts of the pixels at which a size of the model's grid is looked for; rounding goes up too."""

_GROWTH = 0.85
"""Power of the pixels that a JPEG's bytes grow with, to guess where a search starts."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A picture as it was encoded."""

    content: bytes
    """The file."""
    format: str
    """"JPEG" or "PNG"."""
    size: ImageSize
    """Height and width in pixels."""
    quality: int | None
    """JPEG quality; `None` for PNG."""
    colours: int | None
    """Colours of a PNG's palette; `None` for others."""
    lossless: bool
    """Whether every pixel is kept."""
    opaque: bool
    """Whether what shows through was laid on white."""

    def __str__(self) -> str:
        how = f"at quality {self.quality}" if self.quality else "as PNG"
        how += f" of {self.colours} colours" if self.colours else ""
        return f"{how}, {format_size(self.size)}"


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


def encode_within(picture: Pixels, wish: Wish, name: str) -> tuple[Attempt, int]:
    """Return the most faithful encoding of an RGB or RGBA picture that fits, and how many it took.

    Raises `ByteLimitError`, which calls the picture `name`, when nothing fits.

    >>> import numpy as np
    >>> wish = Wish(sizes=(ImageSize(64, 64),), limits={"PNG": 200, "JPEG": 200})
    >>> attempt, encodes = encode_within(np.zeros((64, 64, 3), np.uint8), wish, "black")
    >>> str(attempt), encodes
    ('as PNG, 64x64', 1)
    """
    bench = _Bench(picture, wish)
    found = bench.best()
    if found is not None:
        return found, len(bench.made)
    smallest = min(bench.made, key=lambda attempt: len(attempt.content))
    limit, size = wish.limits[smallest.format], len(smallest.content)
    raise ByteLimitError(name, limit, size, str(smallest))


def _trial(attempt: Attempt) -> Trial:
    return Trial(attempt.quality or CEILING, len(attempt.content))


class _Bench:
    """Where one picture is encoded again and again."""

    def __init__(self, picture: Pixels, wish: Wish) -> None:
        self._picture = picture
        self._on_white = lay_on_white(picture)
        self._wish = wish
        self._drawn = is_drawn(self._on_white)
        self._full = ImageSize(*picture.shape[:2])
        self._floor = DRAWN_FLOOR if self._drawn else PHOTO_FLOOR
        few = "PNG" in wish.formats and self._drawn
        self._flat = few and takes_palette(self._on_white, min(PALETTES))
        self.made: list[Attempt] = []

    def best(self) -> Attempt | None:
        """Try what there is in order of fidelity."""
        if self._wish.lossless:
            return self._first(self._png(size) for size in self._wish.sizes)
        return self._first(self._candidates())

    def _first(self, attempts: Iterator[Attempt | None]) -> Attempt | None:
        return next((attempt for attempt in attempts if attempt and self._fits(attempt)), None)

    def _candidates(self) -> Iterator[Attempt | None]:
        sizes, formats = self._wish.sizes, self._wish.formats
        if "PNG" in formats:
            yield from map(self._png, filter(self._worth_a_png, self._png_sizes))
            yield from self._palettes()
        if "JPEG" in formats and not self._flat:
            for size in sizes:
                yield self._by_quality(size, hurried=size != sizes[-1])
        if "JPEG" in formats or self._flat:
            yield self._by_pixels(sizes[-1])

    @property
    def _left(self) -> int:
        return MAX_TRIALS - len(self.made)

    def _fits(self, attempt: Attempt) -> bool:
        return len(attempt.content) < self._wish.limits[attempt.format]

    # Without loss, or nearly.

    def _worth_a_png(self, size: ImageSize) -> bool:
        if not (self._drawn or self._wish.from_lossless):
            return False
        limit, known = self._wish.limits["PNG"], self._wish.png_bytes
        if size == self._full and known is not None:
            return _AGAIN_SHARE * known < limit
        return _PNG_SHARE * likely_png_bytes(self._resized(self._picture, size)) < limit

    @property
    def _png_sizes(self) -> tuple[ImageSize, ...]:
        """Sizes for PNG: also the full one where resizing would only soften edges."""
        first = self._wish.sizes[0]
        return tuple(dict.fromkeys((self._full, first))) if self._drawn else (first,)

    def _png(self, size: ImageSize) -> Attempt:
        resized = self._resized(self._picture, size)
        return self._keep(encode_png(resized), "PNG", size, lossless=True)

    # Of few colours.

    def _palettes(self) -> Iterator[Attempt]:
        """Try fewer and fewer colours; for photos, all that fit if there is nothing better."""
        if not self._drawn:
            yield from [] if "JPEG" in self._wish.formats else [self._palette(self._wish.sizes[-1])]
            return
        for size, colours in product(self._png_sizes, PALETTES):
            picture = self._resized(self._on_white, size)
            if self._palette_may_fit(size, colours) and takes_palette(picture, colours):
                yield self._palette(size, colours)

    def _palette_may_fit(self, size: ImageSize, colours: int) -> bool:
        if len(self.made) >= _MOST_PNGS:
            return False
        likely = self._likely_palette_bytes(size, colours)
        if likely is not None:
            return likely < self._wish.limits["PNG"]
        full = len(self.made[0].content) if self.made else 0
        return _PALETTE_SHARE * full < self._wish.limits["PNG"]

    def _likely_palette_bytes(self, size: ImageSize, colours: int) -> int | None:
        """Return what the last PNG with a palette makes likely."""
        last = next((made for made in reversed(self.made) if made.colours), None)
        if last is None or last.colours is None:
            return None
        full = len(last.content) / palette_share(last.colours, last.size.pixels / self._full.pixels)
        return int(full * palette_share(colours, size.pixels / self._full.pixels))

    def _palette(self, size: ImageSize, colours: int = max(PALETTES)) -> Attempt:
        content = encode_palette_png(self._resized(self._on_white, size), colours)
        return self._keep(content, "PNG", size, colours=colours, opaque=True)

    # With loss.

    def _by_quality(self, size: ImageSize, *, hurried: bool) -> Attempt | None:
        """Search the quality; `hurried` leaves encodes for sizes that are still to come."""
        if max(size) > MAX_JPEG_SIDE:
            return None
        limit, picture = self._wish.limits["JPEG"], self._resized(self._on_white, size)
        trials: dict[Trial, Attempt] = {}
        allowed, start = self._left, self._start(size)
        misses = 1 if hurried else MAX_MISSES - min(len(self.made), 1)
        while (
            quality := next_quality(
                list(trials),
                limit,
                floor=self._floor,
                start=start,
                max_trials=allowed,
                max_misses=misses,
            )
        ) is not None:
            attempt = self._jpeg(picture, size, quality)
            trials[_trial(attempt)] = attempt
        best = best_trial(trials, limit)
        return None if best is None else trials[best]

    def _start(self, size: ImageSize) -> int:
        """Return the quality to begin with: the best, or what larger pictures make likely."""
        if not self.made:
            return CEILING
        last = self.made[-1]
        if last.quality is None:  # where a PNG is too large, so are the high qualities
            return self._floor if self._drawn else CEILING
        bytes_here = len(last.content) * (size.pixels / last.size.pixels) ** _GROWTH
        guess = Trial(last.quality, max(int(bytes_here), 1))
        quality = next_quality([guess], self._wish.limits["JPEG"], floor=self._floor)
        return last.quality if quality is None else quality

    def _by_pixels(self, largest: ImageSize) -> Attempt | None:
        """Shrink the picture at the lowest quality, or with the fewest colours, until it fits."""
        best: Attempt | None = None
        while (size := self._next_size(largest)) is not None:
            attempt = self._smallest(size)
            if self._fits(attempt) and (best is None or size.pixels > best.size.pixels):
                best = attempt
        return best

    def _smallest(self, size: ImageSize) -> Attempt:
        if self._flat:
            return self._palette(size, min(PALETTES))
        return self._jpeg(self._resized(self._on_white, size), size, self._floor)

    def _next_size(self, largest: ImageSize) -> ImageSize | None:
        limit, smallest = self._least_limit, _scaled(largest, 0)
        trials = self._palette_trials(largest) if self._flat else self._floor_trials()
        left = self._left
        pixels = next_pixels(trials, limit, smallest=smallest.pixels, trials_left=left)
        if pixels is None:
            return None
        size = self._snapped(_scaled(largest, pixels))
        tried = {made.size for made in self.made if self._is_smallest(made)}
        if size in tried and not any(trial.bytes < limit for trial in trials):
            size = smallest
        return None if size in tried else size

    @property
    def _least_limit(self) -> int:
        return self._wish.limits["PNG" if self._flat else "JPEG"]

    def _is_smallest(self, made: Attempt) -> bool:
        return made.colours == min(PALETTES) if self._flat else made.quality == self._floor

    def _palette_trials(self, largest: ImageSize) -> list[PixelTrial]:
        """Return what is known of the fewest colours, at sizes that were shrunk."""
        known = [
            PixelTrial(made.size.pixels, len(made.content))
            for made in self.made
            if self._is_smallest(made) and made.size.pixels <= largest.pixels
        ]
        if all(trial.bytes < self._least_limit for trial in known):
            likely = self._likely_palette_bytes(largest, min(PALETTES)) or self._least_limit
            known.append(PixelTrial(largest.pixels, max(likely, self._least_limit)))
        return known

    def _floor_trials(self) -> list[PixelTrial]:
        """Return what is known of the lowest quality, with a guess where no trial was too large."""
        limit = self._wish.limits["JPEG"]
        jpegs = [made for made in self.made if made.quality is not None]
        sizes = [(made.size.pixels, _trial(made)) for made in jpegs]
        known = [
            PixelTrial(pixels, trial.bytes)
            for pixels, trial in sizes
            if trial.quality == self._floor
        ]
        if all(trial.bytes < limit for trial in known):
            known += [
                PixelTrial(pixels, max(at_quality(trial, self._floor), limit))
                for pixels, trial in sizes
                if trial.quality != self._floor
            ][:1]
        return known

    def _snapped(self, size: ImageSize) -> ImageSize:
        """Return the nearest size of the model's grid that is no larger, where there is one."""
        for share in _SNAP_SHARES:
            seen = self._wish.snap(_scaled(size, int(share * size.pixels)))
            if seen.pixels <= size.pixels:
                return seen
        return size  # the model enlarges pictures as small as this

    def _jpeg(self, picture: Pixels, size: ImageSize, quality: int) -> Attempt:
        return self._keep(encode_jpeg(picture, quality), "JPEG", size, quality, opaque=True)

    def _resized(self, picture: Pixels, size: ImageSize) -> Pixels:
        return picture if picture.shape[:2] == size else resize_picture(picture, size)

    def _keep(
        self,
        content: bytes,
        format: str,
        size: ImageSize,
        quality: int | None = None,
        colours: int | None = None,
        *,
        lossless: bool = False,
        opaque: bool = False,
    ) -> Attempt:
        attempt = Attempt(content, format, size, quality, colours, lossless, opaque)
        self.made.append(attempt)
        return attempt


def _scaled(size: ImageSize, pixels: int) -> ImageSize:
    """Shrink a size to about so many pixels, or as far as its short side may; never narrower."""
    short, long = min(size), max(size)
    scale = max((pixels / size.pixels) ** 0.5, min(short, LEAST_SIDE) / short)
    new_short, new_long = math.ceil(short * scale), max(math.floor(long * scale), 1)
    new_long = max(new_long, new_short)
    return (
        ImageSize(new_short, new_long) if size.height == short else ImageSize(new_long, new_short)
    )
