"""Encode a picture as faithfully as a byte limit allows, in as few encodes as it takes.

What is tried, best first: PNG for drawn pictures and for those that came without loss, PNG of 256
colours for drawn ones, JPEG with all of its colour at quality 95, lower qualities down to a floor,
and at the floor fewer pixels. What earlier results make hopeless is left out.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

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
    lossless: bool
    """Whether every pixel is kept."""
    opaque: bool
    """Whether what shows through was laid on white."""

    def __str__(self) -> str:
        how = f"at quality {self.quality}" if self.quality else "as PNG"
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
    snap: Callable[[ImageSize], ImageSize] = lambda size: size
    """Gives the size nearby that the model sees without scaling."""


def encode_within(picture: Pixels, wish: Wish, name: str) -> tuple[Attempt, int]:
    """Return the most faithful encoding of an RGB or RGBA picture that fits, and how many it took.

    Raises `ByteLimitError`, which calls the picture `name`, when nothing fits.

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


def is_drawn(picture: Pixels) -> bool:
    """Say whether an RGB picture is drawn, as text, screens and charts are, rather than a photo.

    Drawn pictures have flat areas with sharp edges between, or few colours. A step of more than 48
    levels to the next pixel was 1 to 3 % of all steps in ten files of cameras and phones, and 20 %
    and more in text, also after JPEG.

    >>> is_drawn(np.zeros((28, 28, 3), np.uint8))
    True
    """
    rows = picture[:: max(1, picture.shape[0] // 256)]
    steps = np.abs(np.diff(rows.astype(np.int16), axis=1)).max(axis=2)
    flat, edges = np.mean(steps == 0) if steps.size else 1.0, steps[steps > 0]
    if flat >= 0.05 and (not edges.size or np.mean(edges > 48) >= 0.15):
        return True
    coloured = bool((rows[..., 0] != rows[..., 1]).any())
    return coloured and _colours(rows) <= 256


def _colours(rows: Pixels) -> int:
    spread = rows[:, :: max(1, rows.shape[1] // 256)].reshape(-1, 3).astype(np.uint32)
    return len(np.unique(spread @ np.array([1 << 16, 1 << 8, 1], np.uint32)))


def likely_png_bytes(picture: Pixels) -> int:
    """Return about how large a picture is as PNG, from eight bands of its rows.

    Repetition beyond a band is not seen, so a drawn picture may come out at half of this.

    >>> likely_png_bytes(np.zeros((1000, 1000, 3), np.uint8)) < 10_000
    True
    """
    height = picture.shape[0]
    starts = range(0, height, max(16, height // 8))
    bands = np.concatenate([picture[start : start + 16] for start in starts])
    differences = np.diff(bands, axis=1, prepend=np.uint8(0))  # as PNG's filter "sub" does
    sample = len(zlib.compress(differences.tobytes(), 6))
    return int(sample * height / bands.shape[0])


def _trial(attempt: Attempt) -> Trial:
    return Trial(attempt.quality or CEILING, len(attempt.content))


class _Bench:
    """Where one picture is encoded again and again."""

    def __init__(self, picture: Pixels, wish: Wish) -> None:
        self._picture = picture
        self._on_white = lay_on_white(picture)
        self._wish = wish
        self._drawn = is_drawn(self._on_white)
        self._floor = DRAWN_FLOOR if self._drawn else PHOTO_FLOOR
        self.made: list[Attempt] = []

    def best(self) -> Attempt | None:
        """Try what there is in order of fidelity."""
        if self._wish.lossless:
            return self._first(self._png(size) for size in self._wish.sizes)
        return self._first(self._candidates())

    def _first(self, attempts: Iterator[Attempt | None]) -> Attempt | None:
        return next((attempt for attempt in attempts if attempt and self._fits(attempt)), None)

    def _candidates(self) -> Iterator[Attempt | None]:
        first, last = self._wish.sizes[0], self._wish.sizes[-1]
        if "JPEG" not in self._wish.formats:
            yield from map(self._png, self._wish.sizes)
            yield self._palette(last)
            return
        if "PNG" in self._wish.formats and self._worth_a_png(first):
            yield self._png(first)
        if "PNG" in self._wish.formats and self._drawn and self._worth_a_palette():
            yield self._palette(first)
        for size in self._wish.sizes:
            yield self._by_quality(size, hurried=size != last)
        yield self._by_pixels(last)

    @property
    def _left(self) -> int:
        return MAX_TRIALS - len(self.made)

    def _fits(self, attempt: Attempt) -> bool:
        return len(attempt.content) < self._wish.limits[attempt.format]

    # Without loss, or nearly.

    def _worth_a_png(self, size: ImageSize) -> bool:
        if not (self._drawn or self._wish.from_lossless):
            return False
        likely = likely_png_bytes(self._resized(self._picture, size))
        return _PNG_SHARE * likely < self._wish.limits["PNG"]

    def _worth_a_palette(self) -> bool:
        full = len(self.made[0].content) if self.made else 0
        return _PALETTE_SHARE * full < self._wish.limits["PNG"]

    def _png(self, size: ImageSize) -> Attempt:
        resized = self._resized(self._picture, size)
        return self._keep(encode_png(resized), "PNG", size, lossless=True)

    def _palette(self, size: ImageSize) -> Attempt:
        content = encode_palette_png(self._resized(self._on_white, size))
        return self._keep(content, "PNG", size, opaque=True)

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
        """Shrink the picture at the lowest quality until it fits."""
        best: Attempt | None = None
        while (size := self._next_size(largest)) is not None:
            attempt = self._jpeg(self._resized(self._on_white, size), size, self._floor)
            if self._fits(attempt) and (best is None or size.pixels > best.size.pixels):
                best = attempt
        return best

    def _next_size(self, largest: ImageSize) -> ImageSize | None:
        limit, smallest = self._wish.limits["JPEG"], _scaled(largest, 0)
        trials = self._floor_trials()
        left = self._left
        pixels = next_pixels(trials, limit, smallest=smallest.pixels, trials_left=left)
        if pixels is None:
            return None
        size = self._snapped(_scaled(largest, pixels))
        tried = {made.size for made in self.made if made.quality == self._floor}
        if size in tried and not any(trial.bytes < limit for trial in trials):
            size = smallest
        return None if size in tried else size

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
        *,
        lossless: bool = False,
        opaque: bool = False,
    ) -> Attempt:
        attempt = Attempt(content, format, size, quality, lossless, opaque)
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
