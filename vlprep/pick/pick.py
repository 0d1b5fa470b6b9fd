"""Pick the frames of a clip where something happens, and count what they cost as a list.

The door of this room. The clip is read once, small and at a low rate; then the picked frames at
the size that the model sees.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, TypedDict, Unpack

from vlprep.count.files import MediaCount, MediaFailure, Result, count_file, probe_media
from vlprep.errors import ConstraintError, VlprepError
from vlprep.frames.many import SavedClip, save_many
from vlprep.media.cores import check_threads
from vlprep.media.source import SourceLike, source_name
from vlprep.output.target import PathLike
from vlprep.pick.cells import Flags, Motion
from vlprep.pick.choose import Change, Pick, busy_cells, every_change, settled_changes
from vlprep.pick.clip import Clip, distinct_samples, keyframe_picks, open_clip, watch_clip
from vlprep.pick.costs import Looked
from vlprep.pick.picked import By, PickedFrames, PickedStream, picked_of
from vlprep.types import FrameListInfo, ImageInfo, Watch, unwatched
from vlprep.view import View, ViewKeywords

MAX_GAP = 15.0
"""Seconds of a clip without a frame at most, if nothing else is asked."""
PROBE_FPS = 2.0
"""Moments a second at which a clip is looked at, if nothing else is asked."""

_REFUSED = ("fps", "nframes", "sampling")


class PickOptions(TypedDict, total=False):
    """Keywords of `pick_frames` itself."""

    max_gap: float
    budget: int | None
    by: By
    probe_fps: float
    threads: int | None
    patience_seconds: float | None
    watch: Watch


class PickKeywords(PickOptions, ViewKeywords, total=False):
    """Keywords of `pick_frames`, and of a view."""


def pick_frames(
    source: SourceLike,
    view: View,
    *,
    by: By = "changes",
    max_gap: float = MAX_GAP,
    budget: int | None = None,
    probe_fps: float = PROBE_FPS,
    threads: int | None = None,
    patience_seconds: float | None = None,
    watch: Watch = unwatched,
) -> PickedFrames:
    """Pick the frames of a video where cells of the picture change; all of it is decoded for that.

    The first and the last frame are kept, then the changes that most cells show, within `budget`
    tokens and the view's `max_frames`; then as many between them that no gap is longer than
    `max_gap` seconds, and that the model's service takes the list, whose rate has a lowest value. A
    change is a state that has come to rest; with `by` "every", each is one. What moves all the
    time, or undoes itself at once, is left out. The clip is looked at `probe_fps` times a second,
    short ones more often. The frames cost what a list of images does.

    `by` "distinct" takes the frames that the view's sampler spreads, but for those that equal the
    last one kept; `by` "keyframes" takes those with which the encoder began anew, and decodes
    nothing to find them: where things happen is not looked for then.

    Raises the errors of `probe` and `video_count`, `UnsupportedFormatError` for images,
    `ConstraintError` for the view's `fps`, `nframes` and `sampling`, which say nothing here unless
    samples are what is picked from, for fewer threads than one, and where gaps and frames cannot
    both be kept, `BudgetError` where no list costs so little, `DecodeError` and `TimeLimitError`.
    """
    _check(view, by, max_gap, probe_fps)
    check_threads(threads)
    with open_clip(source, view.waiting(patience_seconds), threads) as clip:
        looked = _LOOKS[by](clip, view, probe_fps, watch)
    return picked_of(clip.name, source, view, by, looked, max_gap, budget)


def _changes(
    found: Callable[[Motion, Flags], list[Change]],
    clip: Clip,
    view: View,
    probe_fps: float,
    watch: Watch,
) -> Looked:
    motion, numbers = watch_clip(clip, probe_fps, watch)
    busy = busy_cells(motion)
    changes = found(motion, busy)
    picks = (
        Pick(clip.frames.start(numbers[change.step]), numbers[change.step], change.why,
             change.cells)
        for change in changes
    )  # fmt: skip
    merged = sum(change.merged for change in changes)
    return Looked(clip.info, clip.frames, tuple(picks), merged, float(busy.mean()), probe_fps)


def _distinct(clip: Clip, view: View, probe_fps: float, watch: Watch) -> Looked:
    frames, picks, equal = distinct_samples(clip, view, watch)
    return Looked(clip.info, frames, tuple(picks), equal)


def _keyframes(clip: Clip, view: View, probe_fps: float, watch: Watch) -> Looked:
    return Looked(clip.info, clip.frames, tuple(keyframe_picks(clip)), ranked=True)


_LOOKS: dict[str, Callable[[Clip, View, float, Watch], Looked]] = {
    "changes": partial(_changes, settled_changes),
    "every": partial(_changes, every_change),
    "distinct": _distinct,
    "keyframes": _keyframes,
}


def read_picks(
    source: SourceLike, view: View, *, pick: PickOptions, threads: int | None = None,
    patience_seconds: float | None = None, **reading: Any,
) -> PickedStream:  # fmt: skip
    """Pick frames of a video and read them, as `pick_frames` and `PickedFrames.frames` do."""
    both: Any = {"threads": threads, "patience_seconds": patience_seconds}
    return pick_frames(source, view, **pick, **both).frames(**both, **reading)


def save_picks(
    sources: Iterable[SourceLike], folder: PathLike, view: View, pick: PickOptions, **how: Any
) -> Iterator[SavedClip | MediaFailure]:
    """Write the picked frames of many clips, each into a folder of its own, as `save_many` does."""
    return save_many(sources, folder, view, read=read_picks, pick=pick, **how)


def count_picks(
    sources: Iterable[SourceLike], view: View, **how: Unpack[PickOptions]
) -> Iterator[Result]:
    """Count the picked frames of videos, and images as they are; a file that fails is reported so.

    >>> [found.tokens.total for found in count_picks(["fixtures/photo.jpg"], View.of())]
    [302]
    """
    for source in sources:
        try:
            if isinstance(probe_media(source, view).info, ImageInfo | FrameListInfo):
                yield count_file(source, view)
                continue
            picked = pick_frames(source, view, **how)
        except (VlprepError, OSError) as error:
            yield MediaFailure(source=source_name(source), error=error)
        else:
            warnings = picked.tokens.warnings + picked.warnings
            tokens = replace(picked.tokens, warnings=warnings)
            yield MediaCount(source=picked.source, info=picked.info, tokens=tokens)


def _check(view: View, by: By, max_gap: float, probe_fps: float) -> None:
    if by not in _LOOKS:
        raise ConstraintError(f"`by` {by!r}; known: {', '.join(_LOOKS)}")
    asked = [f"`{name}`" for name in _REFUSED if name in view.options.asked]
    if asked and by != "distinct":
        raise ConstraintError(
            f"{', '.join(asked)}: the frames follow what changes; leave it out, and say `max_gap`, "
            "`max_frames` or `budget`"
        )
    for name, value in {"max_gap": max_gap, "probe_fps": probe_fps}.items():
        if not (value > 0 and math.isfinite(value)):
            raise ConstraintError(f"`{name}` must be above 0, got {value:g}")
