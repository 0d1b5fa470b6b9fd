"""PNG of a picture: without loss, then of fewer and fewer colours, as far as there is any hope."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from vlprep.compress.attempts import Attempt, Attempts, resized
from vlprep.compress.drawn import PALETTES, likely_png_bytes, palette_share, takes_palette
from vlprep.types import ImageSize

_PNG_SHARE = 0.4
"""No PNG comes out smaller than this part of what a sample of its rows makes likely."""

_AGAIN_SHARE = 0.9
"""A PNG encoded anew is seldom shorter than this part of what it was."""

_PALETTE_SHARE = 0.15
"""A PNG of 256 colours has 0.35 to 0.4 of the bytes of the full one; less is not to be hoped."""

_MOST = 3
"""PNGs that are tried before other ways; the rest of the encodes are left for these."""


def pngs(attempts: Attempts) -> Iterator[Attempt]:
    """Yield PNGs, the most faithful first.

    Drawn pictures keep their full size where they can: resizing softens edges, which costs bytes.
    """
    for size in _sizes(attempts):
        if _may_be_lossless(attempts, size):
            yield attempts.png(size)
    if attempts.drawn:
        yield from _palettes(attempts)
    elif "JPEG" not in attempts.wish.formats:
        yield attempts.palette(attempts.wish.sizes[-1])


def likely_palette_bytes(attempts: Attempts, size: ImageSize, colours: int) -> int | None:
    """Return how large a PNG with a palette is likely to be; `None` before there was any."""
    last = next((made for made in reversed(attempts.made) if made.colours), None)
    if last is None or last.colours is None:
        return None
    shares = (
        palette_share(number, of.pixels / attempts.full.pixels)
        for number, of in ((colours, size), (last.colours, last.size))
    )
    return int(len(last.content) * next(shares) / next(shares))


def _sizes(attempts: Attempts) -> tuple[ImageSize, ...]:
    first = attempts.wish.sizes[0]
    return tuple(dict.fromkeys((attempts.full, first))) if attempts.drawn else (first,)


def _may_be_lossless(attempts: Attempts, size: ImageSize) -> bool:
    wish, limit = attempts.wish, attempts.wish.limits["PNG"]
    if not (attempts.drawn or wish.from_lossless):
        return False
    if size == attempts.full and wish.png_bytes is not None:
        return _AGAIN_SHARE * wish.png_bytes < limit
    return _PNG_SHARE * likely_png_bytes(resized(attempts.picture, size)) < limit


def _palettes(attempts: Attempts) -> Iterator[Attempt]:
    for size, colours in product(_sizes(attempts), PALETTES):
        hopeful = len(attempts.made) < _MOST and _palette_may_fit(attempts, size, colours)
        if hopeful and takes_palette(attempts.at(size), colours):
            yield attempts.palette(size, colours)


def _palette_may_fit(attempts: Attempts, size: ImageSize, colours: int) -> bool:
    limit, likely = attempts.wish.limits["PNG"], likely_palette_bytes(attempts, size, colours)
    if likely is not None:
        return likely < limit
    lossless = len(attempts.made[0].content) if attempts.made else 0
    return _PALETTE_SHARE * lossless < limit
