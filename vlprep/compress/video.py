"""Bring a video under a byte limit, and into a container that is taken, with no loss to a model.

A model is shown some of the frames, at a size of its own, and hears nothing; so a file of just
these frames costs the same tokens and a fraction of the bytes. What fits and is upright is left
alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from vlprep.compress.keep import even_size, full_clip, view_clip
from vlprep.compress.picked import picked_clip
from vlprep.compress.result import Asked, Compressed, check_ending, grown
from vlprep.compress.video_search import LEAST_BITS_PER_PIXEL, NewClip, encode_under
from vlprep.compress.video_source import (
    Source,
    VideoCase,
    examine,
    open_media,
    shown_frames,
    stayed,
)
from vlprep.count.videos import VideoCount
from vlprep.errors import ByteLimitError, ConstraintError, DecodeError, VlprepError
from vlprep.media.source import Item
from vlprep.output.target import PathLike, check_new, check_not_source, new_file, new_file_at
from vlprep.pick.pick import PickOptions
from vlprep.types import FrameListInfo, ImageSize, Keep, RouteName, VideoInfo, Watch
from vlprep.units import format_bytes, format_size
from vlprep.video.decode import damaged_ends
from vlprep.view import View, ViewKeywords


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CompressedVideo(Compressed):
    """What became of a video, or for a dry run what would."""

    kind = "video"
    of_kind = (
        *("frames_before", "frames_after", "start_seconds", "duration_before", "duration_after"),
        *("crf", "bit_rate", "passes"),
    )

    target: str | None = None
    """The file that was written; `None` in a dry run."""
    keep: Keep
    """What was kept of the source."""
    start_seconds: float = 0.0
    """Seconds of the source before what the result begins with."""
    duration_before: float | None
    """Seconds that the source lasts."""
    duration_after: float | None = None
    """Seconds that the result lasts."""
    frames_before: int
    """Frames of the source."""
    frames_after: int | None = None
    """Frames of the result."""
    crf: float | None = None
    """Quality, where that was enough; lower is better."""
    bit_rate: int | None = None
    """Bits per second asked for, where two passes were needed."""
    passes: int = 0
    """How often the frames went through the encoder."""


Target: TypeAlias = PathLike | Callable[[str], PathLike]
"""Where to write; or a function that says so, once the format of the result is known."""


class VideoKeywords(ViewKeywords, total=False):
    """Keywords of `compress_video`, and of a view."""

    limit: int | None
    route: RouteName
    keep: Keep
    always: bool
    pick: PickOptions | None
    tone_map: bool
    overwrite: bool
    dry_run: bool
    watch: Watch


def compress_video(
    source: Source, target: Target | None, view: View, **how: Any
) -> CompressedVideo:
    """Bring a video under a byte limit, so that a model is shown the same of it as before.

    `limit` is a number of bytes that the file must stay under; by default it is what `route`,
    "base64", "path" or "url", lets through. A video that is under it, in a container that the
    model's service takes, long enough, upright and without a position, is copied as it is. Others
    are written anew, with `always` all of which that saves bytes, as H.264 in an MP4: by default
    just the frames that the view's sampler picks, when it would and at the size at which it would,
    without sound. `keep` "full" is for watching: all frames at their own times, with sound, smaller
    where the limit leaves few bits to a pixel.

    With `pick`, keywords of `pick_frames`, all of the video is decoded, and the result holds just
    the frames in which something happens, each from its own moment until the next; warnings say
    what the service's sampler then takes of it.

    The result is meant to be counted and sent by the same view. Only `start_seconds` and
    `end_seconds` are to be left out then: the part between them is all that the result holds, and
    a view with them is a reason to write a file anew. The timestamps that some models read count
    from the start of that part.

    `tone_map` maps high dynamic range to that of ordinary screens. `watch` gets the frames of every
    pass, their number and what is being done, and passes them on; an error of its own ends the
    work. The target appears when it is complete and has been read back, or not at all; one of MP4's
    endings asks for an MP4, and any other must be that of the source's format. A function as
    `target` is given the format. A `dry_run` decodes and writes nothing, and needs no target.

    Raises `ByteLimitError` when nothing fits, `ConstraintError` for parameters that cannot be, a
    video too long for the model, and a target whose ending is not the format's, `FileExistsError`
    where the target is there or is the source, `UnknownFactError` where no limit is known, and the
    errors of `stream_frames` and `new_file`.
    """
    return video_under(source, target, view, Asked.at(VideoKeywords, how))


def video_under(source: Source, target: Target | None, view: View, asked: Asked) -> CompressedVideo:
    """Do what `compress_video` does."""
    asked.check()
    if target is None and not asked.dry_run:
        raise ConstraintError("a target is needed, except for a dry run")
    ending = "" if target is None or callable(target) else Path(target).suffix.lower()
    with open_media(source, view.trust) as opened:
        case = examine(opened, view, asked, ending)
        try:
            return _done(case, target)
        except ByteLimitError:
            if not case.may_stay:
                raise
        return _done(stayed(case), target)


def _done(case: VideoCase, target: Target | None) -> CompressedVideo:
    path = target(case.format) if callable(target) else target
    if path is not None:  # what can go wrong with writing is known before anything is decoded
        check_ending(path, case.format)
        check_not_source(path, case.names)
        check_new(path, overwrite=case.asked.overwrite)
    return _written(case, None if case.asked.dry_run else path)


def _written(case: VideoCase, path: PathLike | None) -> CompressedVideo:
    """Write the result to a file, or without one report what it would be."""
    if case.action == "unchanged":
        return _unchanged(case, path)
    if path is None:
        return _outlined(case)
    try:
        return _encoded(case, path)
    except ByteLimitError:
        if case.may_stay or not case.may_grow:
            raise
    # A few frames of a tiny clip, made to last longer.
    return _encoded(replace(case, limit=case.most), path)


def _unchanged(case: VideoCase, path: PathLike | None) -> CompressedVideo:
    """Copy the source, byte by byte; raises `DecodeError` where nothing of it can be decoded."""
    warnings = case.info.warnings + case.tokens.warnings
    if path is not None:
        warnings += _damage(case)  # better known now than sent
        with case.item.reader() as reader, new_file(path, overwrite=case.asked.overwrite) as file:
            shutil.copyfileobj(reader, file)
    return replace(_after(case, path, case.info, case.tokens), warnings=warnings)


def _damage(case: VideoCase) -> tuple[str, ...]:
    """Tell of ends, and of frames that the model sees, that cannot be decoded."""
    ends = () if case.item.found.kind == "image" else damaged_ends(case.item)
    with shown_frames(case.source, case.view, case.asked) as stream:
        whole = sum(not (frame.damaged or frame.substituted) for frame in stream)
        if not whole:
            raise stream.none_decoded()
        losses = stream.losses()
    if not ends:
        return losses
    damage = f"the {' and the '.join(ends)} frame cannot be decoded as it should"
    return (*losses, *case.item.trust.bears(DecodeError(case.item.name, damage)))


def _planned(case: VideoCase, folder: Path | None) -> NewClip:
    if case.asked.pick is not None:
        return picked_clip(case)
    return view_clip(case) if case.asked.keep == "model-view" else full_clip(case, folder)


def _outlined(case: VideoCase) -> CompressedVideo:
    """Report what would become of the source."""
    clip = _planned(case, None)
    return replace(
        _before(case),
        limit=case.limit if case.may_stay else case.most,
        size_after=clip.size,
        duration_after=clip.seconds,
        frames_after=clip.frame_count,
        tokens_after=clip.tokens,
        dropped=clip.dropped,
        warnings=(*case.info.warnings, *case.tokens.warnings, *clip.warnings),
    )


def _encoded(case: VideoCase, path: PathLike) -> CompressedVideo:
    """Encode, read the file back, and only then let it appear."""
    name, watch = case.names[0], case.asked.watch
    with new_file_at(path, overwrite=case.asked.overwrite) as whole:
        clip = _planned(case, whole.parent)
        made = encode_under(clip, whole, source=name, limit=case.limit, watch=watch)
        info, tokens = _check(case, made, whole)
    done = replace(
        _after(case, path, info, tokens),
        crf=made.crf,
        bit_rate=made.bit_rate,
        passes=made.passes,
        dropped=(*_scaled(case, info.size), *clip.dropped),
    )
    larger = () if isinstance(case.info, FrameListInfo) else grown(done)
    losses = _losses(case, clip.size, made, info, tokens)
    return replace(done, warnings=(*made.warnings, *losses, *larger))


def _before(case: VideoCase) -> CompressedVideo:
    """Return what is known of the source, and nothing of the result."""
    return CompressedVideo(
        source=case.names[0],
        model=case.view.model.name,
        action=case.action,
        reason=case.reason,
        keep=case.asked.keep,
        format=case.format,
        limit=case.limit,
        bytes_before=case.info.file_bytes or 0,
        size_before=case.info.size,
        start_seconds=case.first_seconds,
        duration_before=case.info.duration_seconds,
        frames_before=case.info.frame_count,
        tokens_before=case.tokens,
    )


def _after(
    case: VideoCase, path: PathLike | None, info: VideoInfo, tokens: VideoCount
) -> CompressedVideo:
    """Return what is known of the source and of the result."""
    return replace(
        _before(case),
        target=None if path is None else str(path),
        bytes_after=info.file_bytes,
        size_after=info.size,
        duration_after=info.duration_seconds,
        frames_after=info.frame_count,
        tokens_after=tokens,
    )


def _check(case: VideoCase, clip: NewClip, path: Path) -> tuple[VideoInfo, VideoCount]:
    """Read the result as a stranger would; raises `VlprepError` where it is not as planned."""
    with Item(path) as item:
        info, damaged = item.info, damaged_ends(item)
    assert isinstance(info, VideoInfo)
    tokens = case.count(info)
    as_planned = {
        "length": (info.file_bytes or 0) < case.limit,
        "size": info.size == clip.size,
        "frames": info.frame_count == clip.frame_count,
        "duration": abs((info.duration_seconds or 0) - clip.seconds) < clip.seconds / 1000,
        "decoding": not damaged,
        "sampling": clip.shown is None or tokens.plan.indices == tuple(range(clip.shown)),
    }
    wrong = [what for what, holds in as_planned.items() if not holds]
    if wrong:
        raise VlprepError(f"{case.names[0]}: the video written fails on {', '.join(wrong)}")
    return info, tokens


def _scaled(case: VideoCase, size: ImageSize) -> Iterator[str]:
    if size != case.info.size:
        yield f"frames scaled from {format_size(case.info.size)} to {format_size(size)}"


def _losses(
    case: VideoCase, planned: ImageSize | None, made: NewClip, info: VideoInfo, tokens: VideoCount
) -> Iterator[str]:
    """Tell what the limit cost."""
    wanted, size = planned or even_size(case.info.size), info.size
    if size.pixels < wanted.pixels:
        sizes = f"{format_size(size)} instead of {format_size(wanted)}"
        yield f"frames of {sizes}, as {format_bytes(case.limit)} hold no larger ones"
    if tokens.total != case.tokens.total:
        yield f"{tokens.total:,} tokens instead of {case.tokens.total:,}"
    if made.bit_rate is not None:
        bits = made.bit_rate / float(made.rate) / size.pixels
        if bits < 0.9 * LEAST_BITS_PER_PIXEL:
            yield f"only {bits:.3f} bits for each pixel: details are lost"
