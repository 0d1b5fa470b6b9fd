"""Files of any kind under a limit, one by one, into a file or into a folder of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeGuard, TypeVar

from vlprep.compress.image import CompressedImage, PlannedImage, image_under, plan_image
from vlprep.compress.image_source import WRITTEN
from vlprep.compress.parts import Page, Part, cut
from vlprep.compress.result import Asked
from vlprep.compress.targets import Targets
from vlprep.compress.video import CompressedVideo, Target, VideoKeywords, video_under
from vlprep.compress.video_source import Opened, Source, open_media
from vlprep.count.files import MediaFailure, as_many
from vlprep.count.frame_list import FrameList
from vlprep.display import brief
from vlprep.errors import ConstraintError, VlprepError
from vlprep.media.cores import check_threads, usable_cores
from vlprep.media.sniff import endings
from vlprep.media.source import Item, SourceLike, source_name
from vlprep.output.target import PathLike, check_new, made_folder
from vlprep.types import ImageFormat, ImageInfo, Watch, unwatched
from vlprep.video.workers import in_order
from vlprep.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressedFile:
    """What became of one file."""

    target: str | None
    """The file that was written; `None` in a dry run."""
    result: CompressedImage | PlannedImage | CompressedVideo
    """How it came about."""

    def __repr__(self) -> str:
        done = self.result
        after = "?" if done.bytes_after is None else f"{done.bytes_after:,}"
        where = self.target or "not written"
        return brief(self, self.source, done.action, done.lengths(after), where)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedFile:
    """A file of which an earlier run has left a result."""

    source: str
    """The file as the caller named it."""
    target: str
    """That result, which stays as it is."""

    def __repr__(self) -> str:
        return brief(self, self.source, self.target)

    @property
    def warnings(self) -> tuple[str, ...]:
        """None."""
        return ()

    def to_dict(self) -> dict[str, Any]:
        """Return the file's entry of `vlprep.compress/1`."""
        return {"source": self.source, "target": self.target, "action": "skipped"}


Outcome: TypeAlias = CompressedFile | SkippedFile | MediaFailure
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
    """
    asked = Asked.at(CompressKeywords, how)
    if target is None and not asked.dry_run:
        raise ConstraintError("a target is needed, except for a dry run")
    if target is not None and not callable(target) and not asked.dry_run:
        check_new(target, overwrite=asked.overwrite)  # before any work is done
    return _begin(source, target, view, asked)()


@dataclass(frozen=True, slots=True)
class Job:
    """One of many files, and what is asked of it."""

    source: SourceLike
    asked: Asked
    every: float | None = None
    """Seconds that parts of a video last; `None`: it stays whole."""
    page: Page | None = None
    """How an image is split into pieces; `None`: it stays whole."""

    def parts(self, view: View) -> Iterator[Part]:
        """Yield what is to become files."""
        if self.page is not None:
            return self.page.pieces(self.source, view)
        return cut(self.source, view, self.every)


def compress_many(
    sources: SourceLike | Iterable[SourceLike],
    folder: PathLike | None,
    view: View,
    *,
    every: float | None = None,
    roots: Iterable[PathLike] = (),
    skip_existing: bool = False,
    threads: int | None = None,
    **how: Any,
) -> Iterator[Outcome]:
    """Bring files under a limit, in order; one that fails is reported in its place.

    They are written into `folder`, which is made where it is missing, under their own names with
    the ending of what they became; of those that share a name, all but the first get a number.
    Files below one of `roots` keep the folders between. With `skip_existing`, a file of which an
    earlier run has left a result is passed over. Without a folder nothing is written. A video that
    lasts longer than `every` seconds becomes parts of so many, each a file with its number behind
    the name; one that cannot be cut is reported. Images are encoded side by side by up to `threads`
    threads, by default one per processor up to four, and written in their turn; videos one after
    the other. The other keywords are those of `compress_file`.
    """
    asked = Asked.at(CompressKeywords, how)
    asked = replace(asked, dry_run=asked.dry_run or folder is None)
    length = None if asked.page is not None else every
    jobs = [Job(source, asked, length) for source in as_many(sources)]
    done = run_jobs(
        jobs, folder, view, roots=roots, skip_existing=skip_existing, threads=threads,
        watch=asked.watch,
    )  # fmt: skip
    return (outcome for _, outcome in done)


def run_jobs(
    jobs: Sequence[Job],
    folder: PathLike | None,
    view: View,
    *,
    roots: Iterable[PathLike] = (),
    skip_existing: bool = False,
    threads: int | None = None,
    watch: Watch = unwatched,
    what: str = "compressing",
) -> Iterator[tuple[int, Outcome]]:
    """Do what `compress_many` does, each file as it is asked; each outcome has its job's place."""
    targets = Targets(folder or "", [source_name(job.source) for job in jobs], list(roots))
    parts = [(place, part) for place, job in enumerate(jobs) for part in job.parts(view)]

    def begun(place: int, part: Part) -> Callable[[], Outcome]:
        if part.error is not None:
            raise part.error
        asked = jobs[place].asked
        target = None if asked.dry_run else partial(targets.free, place, part.suffix)
        if skip_existing and (there := _earlier(targets, place, part, asked)):
            return partial(SkippedFile, source=source_name(part.source), target=str(there))
        return _begin(part.source, target, part.view, asked)

    def begin(task: tuple[int, Part]) -> Iterator[Callable[[], Outcome] | MediaFailure]:
        yield _or_failure(task[1], partial(begun, *task))

    def finish(
        task: tuple[int, Part], begun: Callable[[], Outcome] | MediaFailure
    ) -> tuple[int, Outcome]:
        place, part = task
        return place, begun if isinstance(begun, MediaFailure) else _or_failure(part, begun)

    check_threads(threads)
    workers = threads or min(usable_cores(), 4)
    ahead = in_order(parts, lambda: nullcontext(begin), workers=workers, room=1)
    writes = not all(job.asked.dry_run for job in jobs)
    with made_folder(folder) if folder is not None and writes else nullcontext(), closing(ahead):
        done = map(finish, parts, ahead)
        yield from watch(done, len(parts), what, [part.name for _, part in parts])


_Done = TypeVar("_Done")


def _or_failure(part: Part, work: Callable[[], _Done]) -> _Done | MediaFailure:
    try:
        return work()
    except (VlprepError, OSError) as error:
        return MediaFailure(source=source_name(part.source), error=error)


def _earlier(targets: Targets, place: int, part: Part, asked: Asked) -> Path | None:
    with open_media(part.source, part.view.trust) as opened:
        kind = "image" if _is_image(opened, asked) else "video"
    return targets.earlier(place, part.suffix, kind)


def _is_image(opened: Opened, asked: Asked) -> TypeGuard[Item]:
    """Say whether an image is made of it: an animation is a video unless one picture is wanted."""
    if isinstance(opened, FrameList):
        return False
    is_asked = asked.page is not None and opened.found.kind == "image"
    return is_asked or isinstance(opened.info, ImageInfo)


def _begin(
    source: Source, target: Target | None, view: View, asked: Asked
) -> Callable[[], CompressedFile]:
    """Compress an image in memory, or open a video; returns what does the rest in its turn."""
    with ExitStack() as stack:
        opened = stack.enter_context(open_media(source, view.trust))
        if not _is_image(opened, asked):
            return partial(_video, stack.pop_all(), opened, target, view, asked)
        asked = replace(asked, format=_named_format(target))
        if asked.dry_run:
            planned = CompressedFile(target=None, result=plan_image(opened, view, asked))
            return lambda: planned
        return partial(_saved, image_under(opened, view, asked), target, asked)


def _saved(image: CompressedImage, target: Target | None, asked: Asked) -> CompressedFile:
    assert target is not None  # only a dry run has none
    path = target(image.format) if callable(target) else target
    image.save(path, overwrite=asked.overwrite)
    return CompressedFile(target=str(path), result=image)


def _video(
    until_done: ExitStack, opened: Opened, target: Target | None, view: View, asked: Asked
) -> CompressedFile:
    with until_done:
        done = video_under(opened, target, view, asked)
    return CompressedFile(target=done.target, result=done)


def _named_format(target: Target | None) -> ImageFormat | None:
    """Return the format of images that the ending of a path asks for."""
    if target is None or callable(target):
        return None
    ending = Path(target).suffix.lower()
    return next((format for format in WRITTEN if ending in endings(format)), None)
