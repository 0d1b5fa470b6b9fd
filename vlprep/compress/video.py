"""Bring a video under a byte limit, and into a container that is taken, with no loss to a model.

A model is shown some of the frames, at a size of its own, and hears nothing; so a file of just
these frames costs the same tokens and a fraction of the bytes. What fits already is left alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias, TypedDict

from vlprep.compress.clips import even_size
from vlprep.compress.keep_full import outline_full
from vlprep.compress.keep_view import outline_view
from vlprep.compress.video_search import LEAST_BITS_PER_PIXEL, ClipOrder, EncodedClip, encode_under
from vlprep.compress.video_source import Outline, VideoCase, VideoTask, examine, scaled_down
from vlprep.count.tokens import TokenCount, VideoCount
from vlprep.errors import ByteLimitError, ConstraintError, VlprepError
from vlprep.media.probe import probe, recognise
from vlprep.media.sniff import endings
from vlprep.media.source import SourceLike, open_item
from vlprep.media.target import (
    PathLike,
    check_new,
    check_not_source,
    new_file,
    new_file_at,
)
from vlprep.media.video.decode import damaged_ends
from vlprep.types import Action, FrameListInfo, ImageSize, Keep, VideoInfo, Watch, unwatched
from vlprep.units import format_bytes, format_size
from vlprep.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressedVideo:
    """What became of a video, or for a dry run what would.

    What only an encode can tell is `None` in a dry run.
    """

    source: str
    """The file as the caller named it."""
    target: str | None
    """The file that was written; `None` in a dry run without one."""
    model: str
    """Name of the model."""
    action: Action
    """"unchanged": the source's own bytes; "converted": it was not taken; "compressed"."""
    reason: str
    """Why."""
    keep: Keep
    """What was kept of it."""
    format: str
    """Container of the result, for instance "MP4"."""
    limit: int
    """Number of bytes that the file had to stay under."""
    bytes_before: int
    """Length of the source."""
    bytes_after: int | None
    """Length of the result."""
    size_before: ImageSize
    """Size of the source's frames, as displayed."""
    size_after: ImageSize | None
    """Size of the result's."""
    duration_before: float | None
    """Seconds that the source lasts."""
    duration_after: float | None
    """Seconds that the result lasts."""
    frames_before: int
    """Frames of the source."""
    frames_after: int | None
    """Frames of the result."""
    tokens_before: TokenCount
    """What the source costs."""
    tokens_after: TokenCount | None
    """What the result costs."""
    crf: float | None = None
    """Quality, where that was enough; lower is better."""
    bit_rate: int | None = None
    """Bits per second asked for, where two passes were needed."""
    passes: int = 0
    """How often the frames went through the encoder."""
    dropped: tuple[str, ...] = ()
    """What the result lacks of the source, and how it was changed; one sentence each."""
    warnings: tuple[str, ...] = ()
    """What a user should know."""

    def __repr__(self) -> str:
        after = "?" if self.bytes_after is None else f"{self.bytes_after:,}"
        return (
            f"CompressedVideo({self.source}, {self.action}, {self.bytes_before:,} to {after} bytes)"
        )

    @property
    def ratio(self) -> float | None:
        """Bytes of the source over those of the result."""
        return None if not self.bytes_after else self.bytes_before / self.bytes_after


Target: TypeAlias = PathLike | Callable[[str], PathLike]
"""Where to write; or a function that says so, once the format of the result is known."""


class VideoKeywords(TypedDict, total=False):
    """Keywords of `compress_video`."""

    limit: int | None
    route: str
    keep: Keep
    tone_map: bool
    overwrite: bool
    dry_run: bool
    watch: Watch


def compress_video(
    source: SourceLike | Sequence[SourceLike],
    target: Target | None,
    view: View,
    *,
    limit: int | None = None,
    route: str = "base64",
    keep: Keep = "model-view",
    tone_map: bool = True,
    overwrite: bool = False,
    dry_run: bool = False,
    watch: Watch = unwatched,
) -> CompressedVideo:
    """Bring a video under a byte limit, so that a model is shown the same of it as before.

    `limit` is a number of bytes that the file must stay under; by default it is what `route`,
    "base64", "path" or "url", lets through. A video that is under it, in a container that the
    model's service takes and long enough, is copied as it is. Others are written anew as H.264 in
    an MP4: by default just the frames that the model's sampler picks, when it would and at the size
    at which it would, without sound. `keep` "full" is for watching: all frames (of a variable rate,
    as many at an even one), with sound, smaller where the limit leaves few bits to a pixel.

    The result is meant to be counted and sent with the same view. `tone_map` maps high dynamic
    range to that of ordinary screens. `watch` gets the frames of every pass, their number and what
    is being done, and passes them on; an error of its own ends the work. The target appears when it is complete and has been read back, or not at
    all; one of MP4's endings asks for an MP4, and any other must be that of the source's format. A
    function as `target` is given the format. A `dry_run`
    decodes and writes nothing, and needs no target.

    Raises `ByteLimitError` when nothing fits, `ConstraintError` for parameters that cannot be, a
    video too long for the model, and a target whose ending is not the format's, `FileExistsError`
    where the target is there or is the source, `UnknownFactError` where no limit is known, and the
    errors of `stream_frames` and `new_file`.

    >>> view = View.of("qwen3-vl-plus")
    >>> plan = compress_video("fixtures/street.mp4", None, view, limit=90_000, dry_run=True)
    >>> plan.action, plan.frames_before, plan.frames_after, plan.duration_after
    ('compressed', 300, 20, 10.0)
    """
    if limit is not None and limit < 1:
        raise ConstraintError(f"limit must be above 0 bytes, got {limit:,}")
    if keep not in ("model-view", "full"):
        raise ConstraintError(f"keep must be model-view or full, got {keep!r}")
    if target is None and not dry_run:
        raise ConstraintError("a target is needed, except for a dry run")
    ending = "" if target is None or callable(target) else Path(target).suffix.lower()
    task = VideoTask(source, view, keep, tone_map, watch, ending)
    case = examine(task, limit, route)
    path = target(case.format) if callable(target) else target
    if path is not None:
        _check_target(path, case, overwrite=overwrite)
    goal = None if dry_run or path is None else _Goal(path, overwrite)
    if case.action == "unchanged":
        return _unchanged(case, goal)
    if goal is None:
        return _outlined(case, _outline(case))
    try:
        return _encoded(case, _outline(case), goal)
    except ByteLimitError:
        if not case.may_grow:
            raise
    larger = replace(case, limit=case.most)  # a few frames of a tiny clip, made to last longer
    return _encoded(larger, _outline(larger), goal)


def _outline(case: VideoCase) -> Outline:
    return outline_view(case) if case.task.keep == "model-view" else outline_full(case)


@dataclass(frozen=True, slots=True)
class _Goal:
    """Where the result goes."""

    path: PathLike
    overwrite: bool


def _check_target(target: PathLike, case: VideoCase, *, overwrite: bool) -> None:
    """Find out what can go wrong with writing before anything is decoded."""
    allowed = endings(case.format)
    if Path(target).suffix.lower() not in allowed:
        problem = f"the content is {case.format}; use the ending {allowed[0]}"
        raise ConstraintError(f"{target}: {problem}")
    check_not_source(target, case.names)
    check_new(target, overwrite=overwrite)


def _unchanged(case: VideoCase, goal: _Goal | None) -> CompressedVideo:
    """Copy the source, byte by byte."""
    if goal is not None:
        with (
            open_item(case.single_source) as item,
            new_file(goal.path, overwrite=goal.overwrite) as file,
        ):
            shutil.copyfileobj(item.file, file)
    info = case.info
    return replace(
        _before(case),
        target=None if goal is None else str(goal.path),
        bytes_after=info.file_bytes,
        size_after=info.size,
        duration_after=info.duration_seconds,
        frames_after=info.frame_count,
        tokens_after=case.tokens,
        warnings=info.warnings + case.tokens.warnings,
    )


def _outlined(case: VideoCase, outline: Outline) -> CompressedVideo:
    """Report what would become of the source."""
    return replace(
        _before(case),
        size_after=outline.size,
        duration_after=outline.duration_seconds,
        frames_after=outline.frame_count,
        tokens_after=outline.tokens,
        dropped=outline.dropped,
        warnings=(*case.info.warnings, *outline.warnings),
    )


def _encoded(case: VideoCase, outline: Outline, goal: _Goal) -> CompressedVideo:
    """Encode, read the file back, and only then let it appear."""
    with new_file_at(goal.path, overwrite=goal.overwrite) as whole:
        order = outline.order(whole.parent)
        made = encode_under(order, whole)
        after, tokens = _check(case, outline, whole, order, made)
        length = whole.stat().st_size
    return replace(
        _before(case),
        target=str(goal.path),
        bytes_after=length,
        size_after=after.size,
        duration_after=after.duration_seconds,
        frames_after=after.frame_count,
        tokens_after=tokens,
        crf=made.crf,
        bit_rate=made.bit_rate,
        passes=made.passes,
        dropped=(*scaled_down(case, made.size), *outline.dropped),
        warnings=(
            *order.clip.warnings,
            *outline.warnings,
            *_losses(case, outline.size or even_size(case.info.size), order, made, tokens),
            *_growth(case, length),
        ),
    )


def _before(case: VideoCase) -> CompressedVideo:
    """Return what is known of the source, and nothing of the result."""
    info = case.info
    return CompressedVideo(
        source=case.names[0],
        target=None,
        model=case.task.view.model.name,
        action=case.action,
        reason=case.reason,
        keep=case.task.keep,
        format=case.format,
        limit=case.limit,
        bytes_before=info.file_bytes or 0,
        bytes_after=None,
        size_before=info.size,
        size_after=None,
        duration_before=info.duration_seconds,
        duration_after=None,
        frames_before=info.frame_count,
        frames_after=None,
        tokens_before=case.tokens,
        tokens_after=None,
    )


def _check(
    case: VideoCase, outline: Outline, path: Path, order: ClipOrder, made: EncodedClip
) -> tuple[VideoInfo, VideoCount]:
    """Read the result as a stranger would; raises `VlprepError` where it is not as ordered."""
    info = probe(path)
    assert isinstance(info, VideoInfo)
    tokens = case.task.count(info)
    frames, seconds = outline.frame_count, outline.duration_seconds
    sampled = tokens.plan.indices
    as_ordered = {
        "length": path.stat().st_size < case.limit,
        "size": info.size == made.size,
        "frames": info.frame_count == frames,
        "duration": abs((info.duration_seconds or 0) - seconds) < seconds / 1000,
        "decoding": not _damaged_ends(path),
        "sampling": outline.shown is None or sampled == tuple(range(outline.shown)),
    }
    wrong = [what for what, holds in as_ordered.items() if not holds]
    if wrong:
        raise VlprepError(f"{case.names[0]}: the video written fails on {', '.join(wrong)}")
    return info, tokens


def _damaged_ends(path: Path) -> tuple[str, ...]:
    with open_item(path) as item:
        return damaged_ends(item)


def _losses(
    case: VideoCase, wanted: ImageSize, order: ClipOrder, made: EncodedClip, tokens: TokenCount
) -> Iterator[str]:
    """Tell what the limit cost."""
    if made.size.pixels < wanted.pixels:
        sizes = f"{format_size(made.size)} instead of {format_size(wanted)}"
        yield f"frames of {sizes}, as {format_bytes(case.limit)} hold no larger ones"
    if tokens.total != case.tokens.total:
        yield f"{tokens.total:,} tokens instead of {case.tokens.total:,}"
    if made.bit_rate is not None:
        bits = made.bit_rate / float(order.rate) / made.size.pixels
        if bits < 0.9 * LEAST_BITS_PER_PIXEL:
            yield f"only {bits:.3f} bits for each pixel: details are lost"


def _growth(case: VideoCase, length: int) -> Iterator[str]:
    before = case.info.file_bytes or 0
    if length > before and not isinstance(case.info, FrameListInfo):
        yield f"{length:,} bytes, more than the source's {before:,}: {case.reason}"
