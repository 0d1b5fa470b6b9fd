"""Encode a picture as faithfully as a byte limit allows, in as few encodes as it takes.

What is tried, best first: PNG for drawn pictures and for those that came without loss; PNG of fewer
and fewer colours for drawn ones; JPEG with all of its colour at quality 95, and at lower qualities
down to a floor; and at the floor, or with the fewest colours, fewer pixels. What earlier results
make hopeless is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from vlprep.compress.attempts import Attempt, Attempts, Wish
from vlprep.compress.jpegs import jpeg_within
from vlprep.compress.pngs import pngs
from vlprep.compress.shrinking import shrunk_within
from vlprep.errors import ByteLimitError
from vlprep.media.picture import Pixels


def encode_within(picture: Pixels, wish: Wish, name: str) -> tuple[Attempt, int]:
    """Return the most faithful encoding of an RGB or RGBA picture that fits, and how many it took.

    Raises `ByteLimitError`, which calls the picture `name`, when nothing fits.

    >>> import numpy as np
    >>> from vlprep import ImageSize
    >>> wish = Wish(sizes=(ImageSize(64, 64),), limits={"PNG": 200, "JPEG": 200})
    >>> attempt, encodes = encode_within(np.zeros((64, 64, 3), np.uint8), wish, "black")
    >>> str(attempt), encodes
    ('as PNG, 64x64', 1)
    """
    attempts = Attempts(picture, wish)
    for candidate in _candidates(attempts):
        if candidate is not None and attempts.fits(candidate):
            return candidate, len(attempts.made)
    smallest = min(attempts.made, key=lambda attempt: len(attempt.content))
    limit, length = wish.limits[smallest.format], len(smallest.content)
    raise ByteLimitError(name, limit, length, str(smallest))


def _candidates(attempts: Attempts) -> Iterator[Attempt | None]:
    """Make one encoding after the other, in order of fidelity."""
    sizes, formats = attempts.wish.sizes, attempts.wish.formats
    if attempts.wish.lossless:
        yield from map(attempts.png, sizes)
        return
    if "PNG" in formats:
        yield from pngs(attempts)
    if "JPEG" in formats and not attempts.flat:
        for size in sizes:
            yield jpeg_within(attempts, size, hurried=size != sizes[-1])
    if "JPEG" in formats or attempts.flat:
        yield shrunk_within(attempts, sizes[-1])
