"""Long videos in parts, each short enough for a model, and pages in pieces that it can read."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlprep.check.files import shortest_video
from vlprep.compress.video_source import open_media
from vlprep.count.files import media_name
from vlprep.count.frame_list import FrameList
from vlprep.errors import ConstraintError, VlprepError
from vlprep.maths.frame_counts import known_rate
from vlprep.maths.sampling import frame_range
from vlprep.media.source import Item, SourceLike
from vlprep.output.encode import encode_picture
from vlprep.output.target import new_file
from vlprep.split.split import split_image
from vlprep.types import ImageInfo, VideoInfo
from vlprep.view import View


@dataclass(frozen=True, slots=True)
class Part:
    """A file, or a part of it, that is to become a file of its own."""

    source: SourceLike
    view: View
    """How it is seen: between the times of the part."""
    suffix: str = ""
    """What tells its name from those of the other parts; "" of a whole file."""
    error: VlprepError | OSError | None = None
    """Why it cannot be cut."""

    @property
    def name(self) -> str:
        """The file's name, with what tells the part from the others."""
        name = media_name(self.source)
        stem, ending = os.path.splitext(name)  # noqa: PTH122 (a name may be an address)
        return f"{stem}{self.suffix}{ending}"


def cut(source: SourceLike, view: View, every: float | None) -> Iterator[Part]:
    """Yield the parts of a video, each of `every` seconds; an image stays whole, `None` leaves all.

    Parts begin at whole multiples of `every` after the beginning of what the view shows, whatever
    the keyframes are, and no frame is lost or comes twice. Where the rest is shorter than a model
    takes, the last two parts are of equal length. What cannot be read or cut is a part with an
    error.
    """
    try:
        views = [view] if every is None else _views(source, view, every)
    except (VlprepError, OSError) as error:
        yield Part(source, view, error=error)
        return
    width = len(str(len(views)))
    for number, seen in enumerate(views, 1):
        yield Part(source, seen, f"-{number:0{width}}" if len(views) > 1 else "")


def _views(source: SourceLike, view: View, every: float) -> list[View]:
    with open_media(source, view.trust) as opened:
        if isinstance(opened, FrameList):
            raise ConstraintError("a list of images is no video to cut into parts")
        info = opened.info
    return [view] if isinstance(info, ImageInfo) else part_views(info, view, every)


def part_views(info: VideoInfo, view: View, every: float) -> list[View]:
    """Return a view of each part of a video; one alone where all of it is short enough.

    Raises `ConstraintError` for parts of less than two frames, and for a video of unknown rate.

    >>> from vlprep import probe
    >>> street = probe("fixtures/street.mp4")
    >>> [view.options.start_seconds for view in part_views(street, View.of(), 4)]
    [0.0, 4.0, 8.0]
    """
    asked, rate = view.options, known_rate(None if info.fps is None else float(info.fps))
    if not every * rate >= 2:
        raise ConstraintError(f"no two frames in every {every:g} s at {rate:g} frames per second")
    begin, end = asked.start_seconds or 0.0, asked.end_seconds
    duration = (frame_range(info.frame_count, rate, begin, end)[1] + 1) / rate
    until = duration if end is None else min(end, duration)
    starts = _starts(begin, until, every, max(shortest_video(view), 2 / rate))
    if len(starts) > 1 and (until - starts[-1]) * rate < 2:
        starts.pop()  # three frames are no two parts
    if len(starts) == 1:
        return [view]
    # A part ends amid the last frame before the next one: rounding cannot move it.
    ends = [(math.ceil(start * rate) - 0.5) / rate for start in starts[1:]]
    return [
        view.asking(start_seconds=first, end_seconds=last)
        for first, last in zip(starts, [*ends, end], strict=True)
    ]


def _starts(begin: float, end: float, every: float, least: float) -> list[float]:
    """Return when the parts begin, in seconds."""
    count = max(math.ceil((end - begin) / every - 1e-9), 1)
    starts = [begin + every * k for k in range(count)]
    if count > 1 and end - starts[-1] < least:
        starts[-1] = (starts[-2] + end) / 2
    return starts


class Page:
    """How one page is split, and once it is, which piece of it each file is."""

    def __init__(self, readable: float) -> None:
        self._readable = readable
        self._document: dict[str, Any] = {}

    def pieces(self, source: SourceLike, view: View) -> Iterator[Part]:
        """Yield the pieces of an image in reading order, or the image where it needs none.

        What cannot be split is a part with an error.
        """
        try:
            split = split_image(source, view, readable=self._readable)
        except (VlprepError, OSError) as error:
            yield Part(source, view, error=error)
            return
        self._document, count = split.to_dict(), len(split.pieces)
        if count == 1:
            yield Part(source, view)
            return
        for number in range(count):
            item = Item(encode_picture(split.picture(number), "PNG"))
            item.name = split.source
            suffix = f"-{number + 1:0{len(str(count))}}-of-{count}"
            yield Part(item, view, suffix)

    def save_manifest(self, targets: Sequence[str], *, overwrite: bool) -> str:
        """Write beside the files of the pieces which is which; returns where.

        Raises the errors of `new_file`.
        """
        first = Path(targets[0])
        path = first.with_name(f"{first.stem.rsplit('-', 3)[0]}-pieces.json")
        for entry, target in zip(self._document["pieces"], targets, strict=True):
            entry["file"] = Path(target).name
        with new_file(path, overwrite=overwrite) as file:
            file.write(json.dumps(self._document, indent=1).encode("utf-8"))
        return str(path)
