"""What was asked of a video, what its header says, and whether it can stay as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TypeAlias

from vlprep.check.files import check_length, shortest_video, takes_container, video_byte_limit
from vlprep.compress.result import Asked, beside
from vlprep.count.frame_list import FrameList, as_frame_list
from vlprep.count.videos import VideoCount, video_count
from vlprep.errors import ConstraintError
from vlprep.frames.stream import FrameStream, stream_frames
from vlprep.maths.sampling import frame_range
from vlprep.media.sniff import endings
from vlprep.media.source import Item, SourceLike, open_item
from vlprep.models.registry import get_route
from vlprep.trust import Trust
from vlprep.types import Action, FrameListInfo, VideoInfo
from vlprep.units import format_size, plural
from vlprep.video.sound import has_sound
from vlprep.view import View

Source: TypeAlias = SourceLike | Sequence[SourceLike] | FrameList
"""A file; or a list of images, or a folder of them, that stands for a video."""

Opened: TypeAlias = Item | FrameList
"""A file that is open, or a list of images, which are opened one by one."""


def open_media(source: Source, trust: Trust) -> AbstractContextManager[Opened]:
    """Open one file for a `with` block, once for all that is done with it.

    Raises the errors of `as_frame_list` and `open_item`.
    """
    found = as_frame_list(source)
    return nullcontext(found) if isinstance(found, FrameList) else open_item(found, trust)


@dataclass(frozen=True, slots=True)
class VideoCase:
    """A video before it is decoded: what is asked of it, and what its header says."""

    source: Opened
    view: View
    asked: Asked
    names: tuple[str, ...]
    info: VideoInfo
    tokens: VideoCount
    part: tuple[int, int] | None
    """The displayed frames that are wanted, from the first to before the second; `None`: all."""
    limit: int = 0
    """Bytes to stay under: no more than the source has, where its container could stay."""
    most: int = 0
    """Bytes that may be taken where the source's are not enough."""
    action: Action = "unchanged"
    reason: str = ""
    may_stay: bool = False
    """Whether it is written anew for fewer bytes alone, and stays where there are none to save."""

    def count(self, info: VideoInfo) -> VideoCount:
        """Count a result, in which the part that is wanted is all there is."""
        return video_count(info, self.view.asking(start_seconds=None, end_seconds=None))

    @property
    def may_grow(self) -> bool:
        """Whether more bytes may be taken; then nothing needs to be lost to stay under `limit`."""
        return self.limit < self.most

    @property
    def format(self) -> str:
        """Container of the result."""
        return (self.info.format or "MP4") if self.action == "unchanged" else "MP4"

    @property
    def item(self) -> Item:
        """The source, where it is one file."""
        assert isinstance(self.source, Item)  # lists are refused before
        return self.source

    @property
    def has_sound(self) -> bool:
        """Whether there is any sound to lose."""
        is_video = isinstance(self.source, Item) and self.source.found.kind == "video"
        return is_video and has_sound(self.item)

    @property
    def first_seconds(self) -> float:
        """Seconds from the first displayed frame to what is wanted."""
        return self.part[0] / float(self.info.fps or 1) if self.part else 0.0

    @property
    def seconds(self) -> float | None:
        """Seconds that what is wanted lasts; `None` if unknown."""
        if self.part is None:
            return self.info.duration_seconds
        return (self.part[1] - self.part[0]) / float(self.info.fps or 1)

    @property
    def least_seconds(self) -> float:
        """Seconds that a video must last."""
        return shortest_video(self.view)

    @property
    def least_frames(self) -> int:
        """Frames that the model wants of a video, unless the caller allows fewer."""
        asked = self.view.options
        allowed = (asked.nframes, asked.min_frames, asked.max_frames)
        wanted = self.view.video_rule.min_frames
        return max(min([wanted, *(bound for bound in allowed if bound is not None)]), 1)

    @property
    def asked_part(self) -> str:
        """The part that was asked for, in words."""
        start, end = self.view.options.start_seconds, self.view.options.end_seconds
        until = "on" if end is None else f"to {end:g} s"
        return f"the part from {start or 0:g} s {until}"


def examine(source: Opened, view: View, asked: Asked, ending: str) -> VideoCase:
    """Decide what to do, from the header alone.

    `ending` is that of the file to write, with the dot: one of MP4's asks for that. Raises the
    errors of `stream_frames`, `ConstraintError` for a video too long for the model, and
    `UnknownFactError` where no source states a limit.
    """
    with shown_frames(source, view, asked) as stream:
        info, tokens, names = stream.info, stream.tokens, stream.sources
    case = VideoCase(source, view, asked, names, info, tokens, _part(info, view))
    if asked.keep == "full" and isinstance(info, FrameListInfo):
        raise ConstraintError("a list of images has nothing beyond what the model sees to keep")
    if asked.pick is not None and isinstance(info, FrameListInfo):
        raise ConstraintError("a list of images is shown whole; `pick` is for videos")
    check_length(view, replace(info, duration_seconds=case.seconds), names[0])
    route = get_route(asked.route)
    allowed = asked.limit or video_byte_limit(view, route, info.format)
    needed = "; ".join(_reasons(case, allowed, ending))
    reasons = needed or ("; ".join(_unseen(case)) if asked.always else "")
    if not reasons:
        return stayed(replace(case, limit=allowed))
    most = asked.limit or video_byte_limit(view, route)
    is_taken = not isinstance(info, FrameListInfo) and takes_container(view.model, info.format)
    is_for_bytes = not needed or (info.file_bytes or 0) >= allowed
    return replace(
        case,
        limit=min(most, info.file_bytes or most) if is_taken else most,
        most=most,
        action="compressed" if is_for_bytes else "converted",
        reason=reasons,
        may_stay=not needed,
    )


def stayed(case: VideoCase) -> VideoCase:
    """Return a case in which the source stays as it is."""
    reason = f"{case.info.file_bytes:,} bytes of {case.info.format} are within every limit"
    return replace(case, action="unchanged", reason=reason, may_stay=False)


def shown_frames(source: Opened, view: View, asked: Asked) -> FrameStream:
    """Read the frames that the model is shown of the source."""
    images = list(source.images) if isinstance(source, FrameList) else source
    return stream_frames(images, view, tone_map=asked.tone_map)


def _part(info: VideoInfo, view: View) -> tuple[int, int] | None:
    """Return the frames between the times that are asked for, where these are not all."""
    asked, rate = view.options, None if info.fps is None else float(info.fps)
    first, last = frame_range(info.frame_count, rate, asked.start_seconds, asked.end_seconds)
    return None if (first, last) == (0, info.frame_count - 1) else (first, last + 1)


def _reasons(case: VideoCase, limit: int, ending: str) -> Iterator[str]:
    """Say why the source cannot stay as it is; nothing where it can."""
    info, seconds, model = case.info, case.seconds, case.view.model
    if (info.file_bytes or 0) >= limit:
        yield f"{info.file_bytes:,} bytes are not under {limit:,}"
    if isinstance(info, FrameListInfo):
        yield "a list of images is not a file"
    elif not takes_container(model, info.format):
        yield f"{model.name} does not take {info.format}"
    elif ending in endings("MP4") and ending not in endings(info.format or ""):
        yield f"MP4 is wanted, not {info.format}"
    if case.asked.pick is not None:
        yield "picked frames are wanted"
    if case.part is not None:
        yield f"{case.asked_part} is wanted"
    if seconds is not None and seconds < case.least_seconds:
        yield f"lasts {seconds:.2f} s, and {model.name} wants {case.least_seconds:g} s"
    if model.kind == "api" and info.frame_count < case.least_frames:
        yield f"{plural(info.frame_count, 'frame')}, and {model.name} wants {case.least_frames}"
    if info.rotation or info.mirrored:
        yield "stored turned" if info.rotation else "stored mirrored"
    if info.metadata:
        yield beside(info.metadata)
    if case.asked.always:
        yield from _seen_otherwise(case)


def _seen_otherwise(case: VideoCase) -> Iterator[str]:
    if isinstance(case.source, Item) and case.source.found.kind == "image":
        yield f"an animated {case.info.format}, and seen as a video"
    if case.info.hdr and case.asked.tone_map:
        yield f"high dynamic range ({case.info.hdr}), and seen as on ordinary screens"


def _unseen(case: VideoCase) -> Iterator[str]:
    """Say what of a video the model does not see."""
    info, shown, size = case.info, len(set(case.tokens.plan.indices)), case.tokens.resized
    if shown < info.frame_count:
        yield f"{shown:,} of {info.frame_count:,} frames are seen"
    if size.pixels < info.size.pixels:
        yield f"{format_size(info.size)} is seen as {format_size(size)}"


def changed_anyway(case: VideoCase) -> Iterator[str]:
    """Tell what no encode can keep of a source, whatever else is kept."""
    info = case.info
    if case.part is not None:
        kept = f"all but {case.asked_part} dropped"
        yield f"{kept}: count the result without `start_seconds` and `end_seconds`"
    if info.rotation or info.mirrored:
        yield "turned upright, as the file asks"
    yield from (f"{kind} data dropped" for kind in info.metadata)
    if info.hdr and case.asked.tone_map:
        yield f"high dynamic range ({info.hdr}) mapped to that of ordinary screens"
