"""Lists of images that stand for a video: a list, or a folder of numbered pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vlprep.display import brief
from vlprep.errors import ConstraintError, UnsupportedFormatError
from vlprep.media.folders import as_folder, by_numbers, media_files
from vlprep.media.overlap import overlapped
from vlprep.media.probe import probe
from vlprep.media.sniff import HEAD_BYTES, sniff
from vlprep.media.source import SourceOrFacts, at_hand, source_name
from vlprep.trust import TRUST, Trust
from vlprep.types import FrameListInfo, ImageInfo, ImageSize, VideoInfo
from vlprep.units import format_size, plural
from vlprep.view import View

if TYPE_CHECKING:  # not needed to count
    from vlprep.clips import Frame, FramePlan


@dataclass(frozen=True, slots=True)
class FrameList:
    """Images that stand for a video, in order."""

    images: tuple[SourceOrFacts, ...]
    """At least one, each a source of its own."""
    folder: str | None = None
    """The folder that they are, as the caller named it; `None` of a list."""

    def __repr__(self) -> str:
        return brief(self, plural(len(self.images), "image"), self.name)

    @property
    def name(self) -> str:
        """What messages and reports call them together: the folder, or the first."""
        return self.folder or self.names[0]

    @property
    def names(self) -> tuple[str, ...]:
        """What messages and reports call the images."""
        return tuple(map(source_name, self.images))


def as_frame_list(
    source: SourceOrFacts | Sequence[SourceOrFacts] | FrameList,
) -> SourceOrFacts | FrameList:
    """Return a list, a stack or a folder of images as a `FrameList`; any other source as it is.

    Of a folder, the files that are images by their content count, sorted so that 10 comes after
    9. Raises `UnsupportedFormatError` when there is none.

    >>> as_frame_list(["a.jpg", "b.jpg"]), as_frame_list("clip.mp4")
    (FrameList(2 images, a.jpg), 'clip.mp4')
    """
    if isinstance(source, FrameList):
        return source
    if isinstance(source, list | tuple):
        if not source:
            raise UnsupportedFormatError("frame list", "an empty list holds no frame")
        return FrameList(tuple(source))
    if getattr(source, "ndim", 0) == 4:  # an array: frames x height x width x 3
        return FrameList(tuple(source))  # type: ignore[arg-type]
    one: SourceOrFacts = source  # type: ignore[assignment]  # no other sequence is a source
    folder = as_folder(one)
    if folder is None:
        return one
    images = tuple(str(path) for path in _in_order(Path(folder)) if _is_image(path))
    if not images:
        what = "an image" if media_files(folder) else "an image or a video"
        raise UnsupportedFormatError(source_name(one), f"a folder without {what} in it")
    return FrameList(images, source_name(one))


def frame_list(source: SourceOrFacts | Sequence[SourceOrFacts] | FrameList) -> FrameList:
    """Say that images are the frames of one video: those of a folder, a list or a stack.

    For verbs that take several files, where a folder means the files in it. Raises
    `UnsupportedFormatError` where there is no image, or the source is a single file.

    >>> frame_list(["a.jpg", "b.jpg"]).names
    ('a.jpg', 'b.jpg')
    """
    found = as_frame_list(source)
    if not isinstance(found, FrameList):
        raise UnsupportedFormatError(source_name(found), "neither a list of images nor a folder")
    return found


def probe_frame_list(frames: FrameList, view: View) -> FrameListInfo:
    """Return the facts of a list of images as those of a video, from their headers alone.

    Raises the errors of `probe` and `frame_list_info`.
    """
    read = partial(probe, trust=view.trust)
    return frame_list_info(frames.names, list(overlapped(read, frames.images)), view)


def frame_list_info(
    names: Sequence[str], infos: Sequence[ImageInfo | VideoInfo], view: View
) -> FrameListInfo:
    """Return the facts of images as those of a video whose frames they are; `names` are theirs.

    The option `fps` is how many pass in a second, by default the model's own rate. Raises
    `ConstraintError` where the images differ in size, and `UnsupportedFormatError` for a video.
    """
    rate = view.video_rule.fps if view.options.fps is None else view.options.fps
    if not (rate > 0 and math.isfinite(rate)):
        raise ConstraintError(f"fps must be above 0, got {rate:g}")
    for name, info in zip(names, infos, strict=True):
        _check_frame(name, info, infos[0].size)
    return FrameListInfo(
        size=infos[0].size,
        frame_count=len(infos),
        fps=Fraction(rate),
        duration_seconds=len(infos) / rate,
        file_bytes=sum(info.file_bytes or 0 for info in infos),
    )


def read_frame_list(
    frames: FrameList, plan: FramePlan, size: ImageSize, trust: Trust = TRUST
) -> Iterator[Frame]:
    """Decode the images of a list one by one, at the size that the model sees.

    Raises `DecodeError` for a damaged one, and as `frame_list_info` does: by then a file may be
    another than it was.
    """
    from vlprep.clips import Frame
    from vlprep.media.doors import see
    from vlprep.media.picture import resize_picture

    first = None
    for number, seconds in zip(plan.indices, plan.timestamps_seconds, strict=True):
        with at_hand(frames.images[number], trust) as opened:
            info = probe(opened)
            first = first or info.size
            _check_frame(source_name(opened), info, first)
            picture = see(opened).pixels
        yield Frame(number, seconds, None, resize_picture(picture, size))


def _check_frame(name: str, info: ImageInfo | VideoInfo, first: ImageSize) -> None:
    if not isinstance(info, ImageInfo):
        problem = "a video in a list of images; give it alone, or all to `count_many`"
        raise UnsupportedFormatError(name, problem, format=info.format)
    if info.size != first:
        raise ConstraintError(
            f"{name}: {format_size(info.size)}, but the first is {format_size(first)}; "
            "the frames of a video have one size; `count_many` counts images one by one"
        )


def _in_order(folder: Path) -> list[Path]:
    files = (path for path in folder.iterdir() if path.is_file())
    return sorted(files, key=lambda path: by_numbers(path.name))


def _is_image(path: Path) -> bool:
    with path.open("rb") as file:
        found = sniff(file.read(HEAD_BYTES))
    return found is not None and found.kind == "image"
