"""Read many clips side by side, in one pool of threads, and hand them out in their order.

A thread a clip is the fastest way to read many: nothing waits for anything. Where there are fewer
clips than processors, each gets several threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias

from vlprep.clips import Frame, Frames
from vlprep.count.files import MediaFailure, as_many, media_name
from vlprep.display import brief
from vlprep.errors import VlprepError
from vlprep.frames.files import FrameFormat, FrameRecord
from vlprep.frames.stream import FrameStream, collect_frames, stream_frames
from vlprep.media.addresses import file_name
from vlprep.media.cores import check_threads, usable_cores
from vlprep.media.source import SourceLike, open_item
from vlprep.output.target import PathLike, free_name, made_folder
from vlprep.types import ImageInfo
from vlprep.units import plural
from vlprep.video.crew import MEMORY_BYTES
from vlprep.video.workers import in_order
from vlprep.view import View

BYTES_A_CLIP = 64_000_000
"""Frames that may wait for their turn, for each clip that is read at a time."""


def read_many(
    sources: SourceLike | Iterable[SourceLike],
    view: View,
    *,
    threads: int | None = None,
    memory: int | None = None,
    **how: Any,
) -> Iterator[tuple[SourceLike, Frames | MediaFailure]]:
    """Read the frames of many clips, in order; one that fails is reported in its place.

    With each source comes its array of frames, or why there is none. `threads` clips are read side
    by side, by default one for each processor that this process may use. Finished frames wait for
    their turn within `memory` bytes, by default a quarter of a GB or 64 MB a thread; the clip that
    is handed out is not among them. Closing the iterator ends all threads. The other keywords are
    those of `stream_frames`, and all clips share them.

    Raises `ConstraintError` for fewer threads than one.
    """
    clips = list(as_many(sources))
    at_once, each = _share(len(clips), threads)

    def read(numbered: tuple[int, SourceLike]) -> Iterator[tuple[int, _Part]]:
        number, source = numbered
        try:
            with stream_frames(source, view, threads=each, **how) as stream:
                stream.gather()
                yield number, stream
                for frame in stream:
                    yield number, frame
        except (VlprepError, OSError) as error:
            yield number, error

    parts = in_order(
        list(enumerate(clips)),
        lambda: nullcontext(read),
        workers=at_once,
        room=max(MEMORY_BYTES, BYTES_A_CLIP * at_once) if memory is None else memory,
        size=lambda part: part[1].image.nbytes if isinstance(part[1], Frame) else 0,
    )
    return _collected(clips, parts)


_Part: TypeAlias = FrameStream | Frame | VlprepError | OSError
"""Of each clip first the stream, then its frames; an error ends it."""


def _collected(
    clips: list[SourceLike], parts: Generator[tuple[int, _Part], None, None]
) -> Iterator[tuple[SourceLike, Frames | MediaFailure]]:
    with closing(parts):
        for number, numbered in groupby(parts, key=itemgetter(0)):
            yield clips[number], _of_one(clips[number], (_sound(part) for _, part in numbered))


def _of_one(source: SourceLike, parts: Iterator[Any]) -> Frames | MediaFailure:
    try:
        return collect_frames(next(parts), parts)
    except (VlprepError, OSError) as error:
        return MediaFailure(source=media_name(source), error=error)


def _sound(part: _Part) -> FrameStream | Frame:
    if isinstance(part, VlprepError | OSError):
        raise part
    return part


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SavedClip:
    """One of many clips whose frames were written."""

    stream: FrameStream
    """What was read, at what cost."""
    folder: str
    """Where its frames and their manifest are."""
    records: list[FrameRecord]
    """Its frames, in order."""

    def __repr__(self) -> str:
        return brief(self, self.source, self.folder, plural(len(self.records), "frame"))

    @property
    def source(self) -> str:
        """The file as the caller named it."""
        return self.stream.source

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know of the file, the plan and the frames."""
        return self.stream.warnings

    def to_dict(self) -> dict[str, Any]:
        """Return the clip's entry of `vlprep.clips/1`: its manifest, and where that is."""
        return {**self.stream.to_dict(self.records), "folder": self.folder}


def save_many(
    sources: Iterable[SourceLike],
    folder: PathLike,
    view: View,
    *,
    format: FrameFormat = "jpg",
    overwrite: bool = False,
    threads: int | None = None,
    read: Callable[..., FrameStream] = stream_frames,
    **how: Any,
) -> Iterator[SavedClip | MediaFailure]:
    """Write the frames of many clips, each into a folder of its own in `folder`, which is made.

    The folders have the names of the clips without their endings; a name that an earlier one took
    gets a number. Clips are read side by side, and reported in order; one that fails leaves no
    folder. Closing the iterator ends all threads and leaves nothing half done. `read` opens
    each clip, if not `stream_frames`. The other keywords are those of `read_many` and
    `FrameStream.save`.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as out:
    ...     clips = list(save_many(["fixtures/clip.mp4", "no-such.mp4"], out, View.of(fps=1)))
    ...     len(clips[0].records), Path(clips[0].folder).name, clips[1].code
    (4, 'clip', 'not_found')
    """
    clips = list(as_many(sources))
    at_once, each = _share(len(clips), threads)
    stopping = threading.Event()

    def watch(
        frames: Iterable[Any], total: int, what: str, names: Sequence[str] = (), /
    ) -> Iterator[Any]:
        for frame in frames:
            if stopping.is_set():
                raise _StoppedError
            yield frame

    def save(clip: tuple[SourceLike, Path]) -> Iterator[SavedClip | MediaFailure]:
        source, target = clip
        try:
            with read(source, view, threads=each, **how) as stream:
                target.parent.mkdir(exist_ok=True)
                records = stream.save(target, format=format, overwrite=overwrite, watch=watch)
        except (VlprepError, OSError) as error:
            yield MediaFailure(source=media_name(source), error=error)
        else:
            yield SavedClip(stream=stream, folder=str(target), records=records)

    targets = list(zip(clips, _folders(clips, Path(folder)), strict=True))
    results = in_order(
        targets,
        lambda: nullcontext(save),
        workers=at_once,
        room=len(clips),
        stopping=stopping,
    )
    with made_folder(folder), closing(results):
        yield from results


class _StoppedError(Exception):
    """Nobody waits for the clip any more."""


def are_clips(sources: Iterable[SourceLike]) -> bool:
    """Whether several sources are clips, and not the images of one: at least one is a clip.

    >>> are_clips(["a.jpg", "fixtures/clip.mp4"]), are_clips(["fixtures/photo.jpg"])
    (True, False)
    """
    return any(map(_is_clip, sources))


def _is_clip(source: SourceLike) -> bool:
    try:
        with open_item(source) as item:
            return item.found.kind == "video" or not isinstance(item.info, ImageInfo)
    except (VlprepError, OSError):
        return False


def _folders(clips: Iterable[SourceLike], folder: Path) -> Iterator[Path]:
    """Yield where the frames of each clip go."""
    taken = set[str]()
    for clip in clips:
        stem = Path(file_name(media_name(clip)).strip("<>")).stem or "clip"
        yield folder / free_name(stem, "", taken)


def _share(clips: int, threads: int | None) -> tuple[int, int]:
    """Return how many clips are read at once, and the threads that each of them gets."""
    check_threads(threads)
    cores = threads or usable_cores()
    at_once = max(min(cores, clips), 1)
    return at_once, cores // at_once
