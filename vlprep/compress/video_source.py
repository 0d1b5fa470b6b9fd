"""What was asked of a video, what its header says, and whether it can stay as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vlprep.check.files import check_length, shortest_video, takes_container, video_byte_limit
from vlprep.compress.video_search import ClipOrder
from vlprep.count.tokens import TokenCount, VideoCount, video_count
from vlprep.errors import ConstraintError
from vlprep.frames.stream import FrameStream, stream_frames
from vlprep.media.probe import recognise
from vlprep.media.sniff import endings
from vlprep.media.source import SourceLike, open_item
from vlprep.media.video.sound import has_sound
from vlprep.models.registry import get_route
from vlprep.types import Action, FrameListInfo, ImageSize, Keep, VideoInfo, Watch
from vlprep.units import format_size
from vlprep.view import View


@dataclass(frozen=True, slots=True)
class VideoTask:
    """What the caller asked."""

    source: SourceLike | Sequence[SourceLike]
    view: View
    keep: Keep
    tone_map: bool
    watch: Watch
    ending: str = ""
    """Ending of the file to write, with the dot; one of MP4's asks for that."""

    def stream(self) -> FrameStream:
        """Open the source, to be read as the model sees it; its header is read at once."""
        return stream_frames(self.source, self.view, tone_map=self.tone_map)

    def count(self, info: VideoInfo) -> VideoCount:
        """Count a video as the caller asks."""
        return video_count(info, self.view)

    @property
    def least_frames(self) -> int:
        """Frames that the model wants of a video, unless the caller allows fewer."""
        rule, allowed = self.view.video_rule, self.view.options.max_frames
        return rule.min_frames if allowed is None else max(min(rule.min_frames, allowed), 1)

    @property
    def least_seconds(self) -> float:
        """Seconds that a video must last."""
        return shortest_video(self.view.model)


@dataclass(frozen=True, slots=True)
class VideoCase:
    """What is known of the source before it is decoded."""

    task: VideoTask
    names: tuple[str, ...]
    info: VideoInfo
    tokens: VideoCount
    limit: int
    """Bytes to stay under: no more than the source has, where its container could stay."""
    action: Action
    reason: str
    most: int = 0
    """Bytes that may be taken where the source's are not enough."""

    @property
    def may_grow(self) -> bool:
        """Whether more bytes may be taken; then nothing needs to be lost to stay under `limit`."""
        return self.limit < self.most

    @property
    def format(self) -> str:
        """Container of the result."""
        return (self.info.format or "MP4") if self.action == "unchanged" else "MP4"

    @property
    def single_source(self) -> SourceLike:
        """The source, where it is one file."""
        return self.task.source  # type: ignore[return-value]  # lists are refused before

    @property
    def has_sound(self) -> bool:
        """Whether there is any sound to lose."""
        if isinstance(self.info, FrameListInfo):
            return False
        with open_item(self.single_source) as item:
            return item.found.kind != "image" and has_sound(item)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a video is to become: all that is known before a frame is encoded."""

    frame_count: int
    """Frames of the result."""
    duration_seconds: float
    """How long they last."""
    dropped: tuple[str, ...]
    """What is lost on purpose; one sentence each."""
    warnings: tuple[str, ...]
    """What a user should know."""
    order: Callable[[Path], ClipOrder]
    """Makes the order for the encoder, which may put files of its own into a folder."""
    size: ImageSize | None = None
    """Size of the frames, unless only an encode can tell."""
    tokens: TokenCount | None = None
    """What the result costs, unless only an encode can tell."""
    shown: int | None = None
    """Frames that the model's sampler must pick: the first ones, each once."""


def examine(task: VideoTask, limit: int | None, route: str) -> VideoCase:
    """Decide what to do, from the header alone.

    `limit` is a number of bytes in place of the route's own. Raises the errors of `stream_frames`,
    `ConstraintError` for a video too long for the model, and `UnknownFactError` where no source
    states a limit.
    """
    with task.stream() as stream:
        info, tokens, names = stream.info, stream.tokens, stream.sources
    if task.keep == "full" and isinstance(info, FrameListInfo):
        raise ConstraintError("a list of images has nothing beyond what the model sees to keep")
    check_length(task.view.model, info, names[0])
    way = get_route(route)
    allowed = video_byte_limit(task.view.model, way, info.format) if limit is None else limit
    reasons = _reasons(task, info, allowed)
    if not reasons:
        reason = f"{info.file_bytes:,} bytes of {info.format} are within every limit"
        return VideoCase(task, names, info, tokens, allowed, "unchanged", reason)
    action: Action = "compressed" if (info.file_bytes or 0) >= allowed else "converted"
    most = video_byte_limit(task.view.model, way) if limit is None else limit
    may_stay = not isinstance(info, FrameListInfo) and takes_container(task.view.model, info.format)
    under = min(most, info.file_bytes or most) if may_stay else most
    return VideoCase(task, names, info, tokens, under, action, "; ".join(reasons), most)


def _reasons(task: VideoTask, info: VideoInfo, limit: int) -> list[str]:
    """Say why the source cannot stay as it is."""
    name, seconds, reasons = task.view.model.name, info.duration_seconds, []
    if (info.file_bytes or 0) >= limit:
        reasons.append(f"{info.file_bytes:,} bytes are not under {limit:,}")
    if isinstance(info, FrameListInfo):
        reasons.append("a list of images is not a file")
    elif not takes_container(task.view.model, info.format):
        reasons.append(f"{name} does not take {info.format}")
    elif task.ending in endings("MP4") and task.ending not in endings(info.format or ""):
        reasons.append(f"MP4 is wanted, not {info.format}")
    if seconds is not None and seconds < task.least_seconds:
        reasons.append(f"lasts {seconds:.2f} s, and {name} wants {task.least_seconds:g} s")
    if task.view.model.kind == "api" and info.frame_count < task.least_frames:
        reasons.append(f"{info.frame_count} frame(s), and {name} wants {task.least_frames}")
    return reasons


def changed_anyway(case: VideoCase) -> Iterator[str]:
    """Tell what no encode can keep of a source, whatever else is kept."""
    info = case.info
    if info.rotation or info.mirrored:
        yield "turned upright, as the file asks"
    if info.hdr and case.task.tone_map:
        yield f"high dynamic range ({info.hdr}) mapped to that of ordinary screens"


def scaled_down(case: VideoCase, size: ImageSize) -> Iterator[str]:
    """Tell of another size of the frames."""
    if size != case.info.size:
        yield f"frames scaled from {format_size(case.info.size)} to {format_size(size)}"
