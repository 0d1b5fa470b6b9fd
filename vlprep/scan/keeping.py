"""The setting with which nearly all media stay within a limit, by the counter itself."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from vlprep.count.clips import video_totals
from vlprep.count.tokens import image_totals
from vlprep.errors import ConstraintError
from vlprep.view import View

SHARE = 0.99
"""The part of the media that is to be kept."""

_MOST_FPS = 60
"""Where the search for a rate ends."""

_Totals = npt.NDArray[np.int64]


def keeping_max_pixels(sizes: npt.ArrayLike, view: View, limit: int) -> int | None:
    """Return the largest `max_pixels` with which 99 % of images cost no more than `limit` tokens.

    `sizes` are (N, 2), height first. Every image is counted anew for each setting that is tried, so
    the answer is exact, in steps of a token's pixels. `None` where the view keeps them as it is,
    where there are no images, and where no setting does.

    >>> sizes = [[1000, 1000], [2000, 2000]]
    >>> keeping_max_pixels(sizes, View.of("qvq-max"), 500)
    413952
    """
    rows = np.asarray(sizes, np.int64).reshape(-1, 2)
    if not len(rows) or _keeps(image_totals(rows, view), limit):
        return None
    step = view.image_rule.token_pixels
    most = int(rows.prod(axis=1).max()) // step + 1
    return _largest(
        range(step, (most + 1) * step, step),
        lambda pixels: image_totals(rows, view.asking(max_pixels=pixels)),
        limit,
    )


def keeping_fps(
    frame_counts: npt.ArrayLike, rates: npt.ArrayLike, sizes: npt.ArrayLike, view: View, limit: int
) -> float | None:
    """Return the largest `fps` with which 99 % of clips cost no more than `limit` tokens.

    The facts are those of `video_totals`; clips that it refuses are left out. Rates are tried in
    steps of a tenth. `None` as above.
    """
    clips = np.column_stack([frame_counts, rates, np.asarray(sizes).reshape(-1, 2)])
    if view.options.nframes is not None or not len(clips):
        return None
    totals = video_totals(clips[:, 0], clips[:, 1], clips[:, 2:], view)
    frames, own_rates, own_sizes = clips[totals > 0, 0], clips[totals > 0, 1], clips[totals > 0, 2:]
    if not len(frames) or _keeps(totals[totals > 0], limit):
        return None
    tenths = _largest(
        range(1, 10 * _MOST_FPS + 1),
        lambda tenth: video_totals(frames, own_rates, own_sizes, view.asking(fps=tenth / 10)),
        limit,
    )
    return None if tenths is None else tenths / 10


def _keeps(totals: _Totals, limit: int) -> bool:
    """Say whether so many are kept; those that are refused, which count 0, are not."""
    return bool(((totals > 0) & (totals <= limit)).mean() >= SHARE)


def _largest(settings: Sequence[int], count: Callable[[int], _Totals], limit: int) -> int | None:
    """Return the largest setting that keeps nearly all; a larger one never costs less."""

    def is_too_much(setting: int) -> bool:
        try:
            return not _keeps(count(setting), limit)
        except ConstraintError:  # below what the model takes
            return False

    place = bisect_left(settings, True, key=is_too_much) - 1
    if place < 0:
        return None
    try:
        return int(settings[place]) if _keeps(count(settings[place]), limit) else None
    except ConstraintError:
        return None
