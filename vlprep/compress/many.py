"""Files of any kind under a limit, one by one, into a file or into a folder of them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain, count, starmap
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypedDict, TypeVar

from vlprep.compress.image import (
    WRITTEN,
    CompressedImage,
    ImageKeywords,
    compress_image,
    save_image,
)
from vlprep.compress.video import CompressedVideo, Target, VideoKeywords, compress_video
from vlprep.count.files import MediaFailure, as_many
from vlprep.count.frame_list import FrameList, as_frame_list
from vlprep.errors import ConstraintError, VlprepError
from vlprep.media.probe import probe
from vlprep.media.sniff import endings
from vlprep.media.source import SourceLike, open_item, source_name
from vlprep.media.target import PathLike, check_new, check_not_source
from vlprep.types import ImageInfo, Keep, Watch, unwatched
from vlprep.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressedFile:
    """What became of one file."""

    target: str | None
    """The file that was written; `None` in a dry run."""
    result: CompressedImage | CompressedVideo
    """How it came about."""

    @property
    def source(self) -> str:
        """The file as the caller named it."""
        return self.result.source

    @property
    def kind(self) -> Literal["image", "video"]:
        """Whether it was compressed as an image or as a video."""
        return "image" if isinstance(self.result, CompressedImage) else "video"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know."""
        return self.result.warnings


Outcome: TypeAlias = CompressedFile | MediaFailure
"""What becomes of one of many files."""


class CompressKeywords(TypedDict, total=False):
    """Keywords of `compress_file`."""

    limit: int | None
    route: str
    keep: Keep
    lossless: bool
    page: int | None
    tone_map: bool
    overwrite: bool
    dry_run: bool
    watch: Watch


def compress_file(
    source: SourceLike | Sequence[SourceLike],
    target: Target | None,
    view: View,
    *,
    limit: int | None = None,
    route: str = "base64",
    keep: Keep = "model-view",
    lossless: bool = False,
    page: int | None = None,
    tone_map: bool = True,
    overwrite: bool = False,
    dry_run: bool = False,
    watch: Watch = unwatched,
) -> CompressedFile:
    """Bring one file under a limit, as an image or as a video, whichever it is.

    An animation is a video, unless `page` names one of its pictures. The ending of `target` says
    what it is to become: JPEG, PNG or MP4. It may be a function that returns a path for a format;
    then the format is the best one. A `dry_run` writes nothing, and needs no target. The other
    keywords are those of `compress_image` and `compress_video`.

    Raises the errors of `compress_image`, `save_image` and `compress_video`.

    >>> compress_file("fixtures/photo.jpg", None, View.of(), dry_run=True).result.action
    'unchanged'
    """
    if target is None and not dry_run:
        raise ConstraintError("a target is needed, except for a dry run")
    if target is not None and not callable(target) and not dry_run:
        check_new(target, overwrite=overwrite)  # before any work is done
    of_images = ImageKeywords(
        limit=limit,
        route=route,
        keep=keep,
        format=_named_format(target),
        lossless=lossless,
        page=page,
    )
    image = _as_image(source, view, of_images)
    if image is not None:
        return _save(image, None if dry_run else target, overwrite)
    done = compress_video(
        source,
        target,
        view,
        limit=limit,
        route=route,
        keep=keep,
        tone_map=tone_map,
        overwrite=overwrite,
        dry_run=dry_run,
        watch=watch,
    )
    return CompressedFile(target=done.target, result=done)


class CompressManyKeywords(TypedDict, total=False):
    """Keywords of `compress_many`."""

    limit: int | None
    route: str
    keep: Keep
    lossless: bool
    page: int | None
    tone_map: bool
    overwrite: bool
    watch: Watch
    threads: int | None


def compress_many(
    sources: SourceLike | Iterable[SourceLike],
    folder: PathLike | None,
    view: View,
    *,
    limit: int | None = None,
    route: str = "base64",
    keep: Keep = "model-view",
    lossless: bool = False,
    page: int | None = None,
    tone_map: bool = True,
    overwrite: bool = False,
    watch: Watch = unwatched,
    threads: int | None = None,
) -> Iterator[Outcome]:
    """Bring files under a limit, in order; one that fails is reported in its place.

    They are written into `folder`, which is made where it is missing, under their own names with
    the ending of what they became; a name that an earlier one took gets a number. Without a folder
    nothing is written. Images are encoded side by side by up to `threads` threads, by default one
    per processor up to four, and written in their turn; videos one after the other. The other
    keywords are those of `compress_file`.

    >>> [type(done).__name__ for done in compress_many("fixtures/photo.jpg", None, View.of())]
    ['CompressedFile']
    """
    files = list(as_many(sources))
    names = None if folder is None else _Names(Path(folder), [source_name(file) for file in files])
    of_images = ImageKeywords(limit=limit, route=route, keep=keep, lossless=lossless, page=page)
    of_videos = VideoKeywords(
        limit=limit,
        route=route,
        keep=keep,
        tone_map=tone_map,
        overwrite=overwrite,
        dry_run=names is None,
        watch=watch,
    )

    def encode(source: SourceLike) -> CompressedImage | Exception | None:
        try:
            return _as_image(source, view, of_images)
        except (VlprepError, OSError) as error:
            return error

    def finish(source: SourceLike, made: CompressedImage | Exception | None) -> Outcome:
        target = None if names is None else partial(names.target, source_name(source))
        try:
            if isinstance(made, Exception):
                raise made
            if made is not None:
                return _save(made, target, overwrite)
            done = compress_video(source, target, view, **of_videos)
        except (VlprepError, OSError) as error:
            return MediaFailure(source=source_name(source), error=error)
        return CompressedFile(target=done.target, result=done)

    return starmap(finish, _ahead(encode, files, threads or min(os.cpu_count() or 1, 4)))


_Made = TypeVar("_Made")


def _ahead(
    work: Callable[[Any], _Made], sources: Iterable[SourceLike], threads: int
) -> Iterator[tuple[SourceLike, _Made]]:
    """Yield each source with what became of it, in order; threads work some sources ahead."""
    pool, waiting = ThreadPoolExecutor(threads), deque[tuple[SourceLike, Future[_Made]]]()
    try:
        for source in sources:
            waiting.append((source, pool.submit(work, source)))
            if len(waiting) > threads:  # so many results are in memory at most
                first, made = waiting.popleft()
                yield first, made.result()
        yield from ((source, made.result()) for source, made in waiting)
    finally:
        pool.shutdown(cancel_futures=True)


def _as_image(
    source: SourceLike | Sequence[SourceLike], view: View, how: ImageKeywords
) -> CompressedImage | None:
    """Compress an image in memory; `None` for what is a video."""
    found = as_frame_list(source)
    if isinstance(found, FrameList) or not _is_image(found, how["page"]):
        return None
    return compress_image(found, view, **how)


def _is_image(source: SourceLike, page: int | None) -> bool:
    if page is None:
        return isinstance(probe(source), ImageInfo)
    with open_item(source) as item:
        return item.found.kind == "image"


def _save(done: CompressedImage, target: Target | None, overwrite: bool) -> CompressedFile:
    if target is None:
        return CompressedFile(target=None, result=done)
    path = target(done.format) if callable(target) else target
    save_image(done, path, overwrite=overwrite)
    return CompressedFile(target=str(path), result=done)


def _named_format(target: Target | None) -> str | None:
    """Return the format of images that the ending of a path asks for."""
    if target is None or callable(target):
        return None
    ending = Path(target).suffix.lower()
    return next((format for format in WRITTEN if ending in endings(format)), None)


class _Names:
    """Gives every source a name of its own in a folder."""

    def __init__(self, folder: Path, sources: Sequence[str]) -> None:
        self._folder = folder
        self._sources = sources
        self._taken: set[str] = set()

    def target(self, source: str, format: str) -> Path:
        """Return where to write what became of `source`.

        Raises `FileExistsError` where that is one of the sources, and `OSError` where the folder
        cannot be made.
        """
        name, allowed = Path(source.rstrip("/").strip("<>")), endings(format)  # <bytes>, <stdin>
        ending = name.suffix if name.suffix.lower() in allowed else allowed[0]
        path = self._folder / self._free(name.stem, ending)
        check_not_source(path, self._sources)
        self._folder.mkdir(exist_ok=True)
        self._taken.add(path.name.casefold())
        return path

    def _free(self, stem: str, ending: str) -> str:
        stems = chain([stem], (f"{stem}-{number}" for number in count(2)))
        names = (f"{stem}{ending}" for stem in stems)
        # Some file systems know no difference between A.JPG and a.jpg.
        return next(name for name in names if name.casefold() not in self._taken)
