"""Files of any kind under a limit, one by one, into a file or into a folder of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count, starmap
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from vlprep.compress.image import WRITTEN, CompressedImage, image_under
from vlprep.compress.parts import Part, cut
from vlprep.compress.result import Asked
from vlprep.compress.video import CompressedVideo, Target, VideoKeywords, video_under
from vlprep.compress.video_source import Opened, Source, open_media
from vlprep.count.files import MediaFailure, as_many
from vlprep.count.frame_list import FrameList
from vlprep.display import brief
from vlprep.errors import ConstraintError, VlprepError
from vlprep.media.cores import usable_cores
from vlprep.media.sniff import endings
from vlprep.media.source import SourceLike, source_name
from vlprep.output.target import PathLike, check_new, check_not_source
from vlprep.types import ImageFormat, ImageInfo
from vlprep.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressedFile:
    """What became of one file."""

    target: str | None
    """The file that was written; `None` in a dry run."""
    result: CompressedImage | CompressedVideo
    """How it came about."""

    def __repr__(self) -> str:
        done = self.result
        after = "?" if done.bytes_after is None else f"{done.bytes_after:,}"
        lengths = f"{done.bytes_before:,} to {after} bytes"
        return brief(self, self.source, done.action, lengths, self.target or "not written")

    @property
    def source(self) -> str:
        """The file as the caller named it."""
        return self.result.source

    @property
    def kind(self) -> Literal["image", "video"]:
        """Whether it was compressed as an image or as a video."""
        return self.result.kind

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know."""
        return self.result.warnings

    def to_dict(self) -> dict[str, Any]:
        """Return the file's entry of `vlprep.compress/1`."""
        entry = self.result.to_dict()
        return {"source": self.source, "kind": self.kind, "target": self.target, **entry}


Outcome: TypeAlias = CompressedFile | MediaFailure
"""What becomes of one of many files."""


class CompressKeywords(VideoKeywords, total=False):
    """Keywords of `compress_file`."""

    lossless: bool
    page: int | None


def compress_file(source: Source, target: Target | None, view: View, **how: Any) -> CompressedFile:
    """Bring one file under a limit, as an image or as a video, whichever it is.

    An animation is a video, unless `page` names one of its pictures. The ending of `target` says
    what it is to become: JPEG, PNG or MP4. It may be a function that returns a path for a format;
    then the format is the best one. A `dry_run` writes nothing, and needs no target. The keywords
    are those of `compress_image` and `compress_video`.

    Raises the errors of `compress_image`, `CompressedImage.save` and `compress_video`.

    >>> compress_file("fixtures/photo.jpg", None, View.of(), dry_run=True).result.action
    'unchanged'
    """
    asked = Asked.at(CompressKeywords, how)
    if target is None and not asked.dry_run:
        raise ConstraintError("a target is needed, except for a dry run")
    if target is not None and not callable(target) and not asked.dry_run:
        check_new(target, overwrite=asked.overwrite)  # before any work is done
    return _begin(source, target, view, asked)()


def compress_many(
    sources: SourceLike | Iterable[SourceLike],
    folder: PathLike | None,
    view: View,
    *,
    every: float | None = None,
    threads: int | None = None,
    **how: Any,
) -> Iterator[Outcome]:
    """Bring files under a limit, in order; one that fails is reported in its place.

    They are written into `folder`, which is made where it is missing, under their own names with
    the ending of what they became; a name that an earlier one took gets a number. Without a folder
    nothing is written. A video that lasts longer than `every` seconds becomes parts of so many,
    each a file with its number behind the name; one that cannot be cut is reported. Images are
    encoded side by side by up to `threads` threads, by default one per processor up to four, and
    written in their turn; videos one after the other. The other keywords are those of
    `compress_file`.

    >>> [type(done).__name__ for done in compress_many("fixtures/photo.jpg", None, View.of())]
    ['CompressedFile']
    """
    asked, files, taken = Asked.at(CompressKeywords, how), list(as_many(sources)), set[str]()
    length = None if asked.page is not None else every
    parts = (cut(file, view, length) for file in files)
    if folder is None:
        asked = replace(asked, dry_run=True)
    names = [source_name(file) for file in files]

    def begin(part: Part) -> Callable[[], CompressedFile]:
        if part.error is not None:
            raise part.error
        target = partial(_free_target, Path(folder or ""), part, names, taken)
        return _begin(part.source, None if asked.dry_run else target, part.view, asked)

    def finish(part: Part, begun: Future[Callable[[], CompressedFile]]) -> Outcome:
        try:
            return begun.result()()
        except (VlprepError, OSError) as error:
            return MediaFailure(source=source_name(part.source), error=error)

    ahead = _ahead(begin, chain.from_iterable(parts), threads or min(usable_cores(), 4))
    return starmap(finish, ahead)


def _begin(
    source: Source, target: Target | None, view: View, asked: Asked
) -> Callable[[], CompressedFile]:
    """Compress an image in memory, or open a video; returns what does the rest in its turn."""
    with ExitStack() as stack:
        opened = stack.enter_context(open_media(source))
        if isinstance(opened, FrameList) or not (
            (asked.page is not None and opened.found.kind == "image")
            or isinstance(opened.info, ImageInfo)
        ):
            return partial(_video, stack.pop_all(), opened, target, view, asked)
        image = image_under(opened, view, replace(asked, format=_named_format(target)))
        return partial(_saved, image, target, asked)


def _saved(image: CompressedImage, target: Target | None, asked: Asked) -> CompressedFile:
    if target is None or asked.dry_run:
        return CompressedFile(target=None, result=image)
    path = target(image.format) if callable(target) else target
    image.save(path, overwrite=asked.overwrite)
    return CompressedFile(target=str(path), result=image)


def _video(
    until_done: ExitStack, opened: Opened, target: Target | None, view: View, asked: Asked
) -> CompressedFile:
    with until_done:
        done = video_under(opened, target, view, asked)
    return CompressedFile(target=done.target, result=done)


_Begun = TypeVar("_Begun")


def _ahead(
    work: Callable[[Part], _Begun], parts: Iterable[Part], threads: int
) -> Iterator[tuple[Part, Future[_Begun]]]:
    """Yield each part with what becomes of it, in order; threads work some parts ahead."""
    pool, waiting = ThreadPoolExecutor(threads), deque[tuple[Part, Future[_Begun]]]()
    try:
        for part in parts:
            waiting.append((part, pool.submit(work, part)))
            if len(waiting) > threads:  # so many results are in memory at most
                yield waiting.popleft()
        yield from waiting
    finally:
        pool.shutdown(cancel_futures=True)


def _named_format(target: Target | None) -> ImageFormat | None:
    """Return the format of images that the ending of a path asks for."""
    if target is None or callable(target):
        return None
    ending = Path(target).suffix.lower()
    return next((format for format in WRITTEN if ending in endings(format)), None)


def _free_target(
    folder: Path, part: Part, sources: Sequence[str], taken: set[str], format: str
) -> Path:
    """Return where to write what became of a part, under a name that is not `taken`.

    Raises `FileExistsError` where that is one of the sources, and `OSError` where the folder
    cannot be made.
    """
    source, allowed = source_name(part.source), endings(format)
    name = Path(source.rstrip("/").strip("<>"))  # <bytes>, <stdin>
    ending = name.suffix if name.suffix.lower() in allowed else allowed[0]
    stem = name.stem + part.suffix
    stems = chain([stem], (f"{stem}-{number}" for number in count(2)))
    paths = (folder / f"{free}{ending}" for free in stems)
    # Some file systems know no difference between A.JPG and a.jpg.
    path = next(path for path in paths if path.name.casefold() not in taken)
    check_not_source(path, sources)
    folder.mkdir(exist_ok=True)
    taken.add(path.name.casefold())
    return path
