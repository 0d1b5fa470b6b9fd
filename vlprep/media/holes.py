"""Let Pillow decode a picture that breaks off, in one thread and not in the others.

Pillow has one switch for the whole process. What stands in its place here says to each thread what
holds there, so that nobody else's picture is taken for whole.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import ImageFile


class _Switch(threading.local):
    """Pillow's switch, which was set `otherwise`, for one thread."""

    def __init__(self, otherwise: bool) -> None:
        self._is_on = otherwise

    def __bool__(self) -> bool:
        return self._is_on

    @contextmanager
    def on(self) -> Iterator[None]:
        before, self._is_on = self._is_on, True
        try:
            yield
        finally:
            self._is_on = before


_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def holes_left() -> Iterator[None]:
    """Decode pictures in the block as far as they go; what is missing stays black or grey.

    >>> with holes_left():
    ...     bool(ImageFile.LOAD_TRUNCATED_IMAGES)
    True
    >>> bool(ImageFile.LOAD_TRUNCATED_IMAGES)
    False
    """
    with _ONE_AT_A_TIME:
        switch: object = ImageFile.LOAD_TRUNCATED_IMAGES
        if not isinstance(switch, _Switch):
            switch = _Switch(bool(switch))
            ImageFile.LOAD_TRUNCATED_IMAGES = switch  # type: ignore[assignment]  # is asked for its truth
    with switch.on():
        yield
