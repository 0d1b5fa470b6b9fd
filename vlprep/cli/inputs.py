"""Which files a command is about: names, patterns, folders, lists, stdin; and answers."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from vlprep.cli.options import wrong_usage
from vlprep.cli.render import few, note
from vlprep.cli.text import STDIN_NAME
from vlprep.errors import AnswerError, ConstraintError
from vlprep.units import plural

if TYPE_CHECKING:
    from vlprep.count.frame_list import FrameList
    from vlprep.types import ImageInfo, VideoInfo


class Stdin(io.BytesIO):
    """What came from stdin, as a file that messages can name."""

    name = STDIN_NAME


def input_files(
    paths: tuple[str, ...], recursive: bool, from_file: str | None, null_separated: bool
) -> list[Any]:
    """Return the files that a command line means, as the caller spelt them.

    A folder is the media files in it, and with `recursive` those in its subfolders. A pattern that
    names no file is expanded, for shells that do not. "-" is a medium on stdin. Names are read from
    the file `from_file`, "-" for stdin, one a line or separated by NUL. Files of a folder or a
    pattern that are no media, and what systems put beside media, are passed over with a note, if
    anything is left then. What does not exist is returned all the same: it is the task that reports
    it.
    """
    named = [(name, name != path) for path in paths for name in _expand(path)]
    if from_file is not None:
        separator = b"\0" if null_separated else b"\n"
        named += [(name, False) for name in _listed(from_file, separator)]
    tell_subfolders((name for name, _ in named), recursive)
    rows = [
        row
        for name, is_match in named
        for row in _walk(name, recursive, len(named) > 1, is_match=is_match)
    ]
    found = [file for file, is_wanted in rows if is_wanted]
    if not found:
        return [file for file, _ in rows]
    _tell_strays([file for file, is_wanted in rows if not is_wanted])
    return found


_PATTERN = frozenset("*?[")
"""What makes a name a pattern."""


def _expand(path: str) -> list[str]:
    if not _PATTERN.isdisjoint(path) and not (_is_address(path) or os.path.lexists(path)):
        import glob

        from vlprep.media.folders import by_numbers

        matches = glob.glob(path, recursive=True)  # noqa: PTH207 (keeps the caller's spelling)
        return sorted(matches, key=by_numbers) or [path]
    return [path]


def _is_address(path: str) -> bool:
    from vlprep.media.addresses import is_data_url
    from vlprep.media.remote import scheme_of

    return scheme_of(path) is not None or is_data_url(path)


def _listed(name: str, separator: bytes) -> list[str]:
    content = read_input(name)
    lines = [line.removesuffix(b"\r") for line in content.split(separator)]
    if content[:1] in (b"{", b"[") and not os.path.lexists(lines[0]):
        raise click.UsageError(
            f"--from-file {name}: JSON, and a list of names is wanted; "
            "vlprep tokens takes a file of samples as PATH"
        )
    return [os.fsdecode(line) for line in lines if line]


def _walk(
    name: str, recursive: bool, is_one_of_many: bool, *, is_match: bool
) -> Iterator[tuple[Any, bool]]:
    """Yield the files that a name means, each with whether it is wanted."""
    from vlprep.media.folders import as_folder, documents, is_companion, is_medium, walk
    from vlprep.media.pages import is_document

    folder = as_folder(name)
    if name == "-":
        yield Stdin(read_input(name)), True
    elif folder is None:
        may_be_stray = is_match or (is_one_of_many and is_companion(name))
        is_file = os.path.isfile(name)  # noqa: PTH113 (help does without pathlib)
        is_stray = may_be_stray and is_file and not is_document(name)
        yield name, not is_stray or is_medium(name)
    else:
        files = dict(walk(folder, recursive=recursive))
        if not any(files.values()):
            instead = documents(files) or [name]  # the folder itself, so that it is reported
            files |= dict.fromkeys(instead, True)
        yield from files.items()


def tell_subfolders(names: Iterable[str], recursive: bool) -> None:
    """Tell of the folders in those that are named, which only -r, or `recursive`, looks into."""
    from vlprep.media.folders import as_folder, subfolders

    folders = () if recursive else filter(None, map(as_folder, names))
    below = [name for folder in folders for name in subfolders(folder)]
    if below:
        which = plural(len(below), "folder")
        note(f"note: passed over {which}, which -r looks into: {few(below)}")


def _tell_strays(strays: list[str]) -> None:
    documents = [stray for stray in strays if stray.lower().endswith(".pdf")]
    others = [stray for stray in strays if stray not in documents]
    if others:
        files = "1 file that is" if len(others) == 1 else f"{len(others):,} files that are"
        note(f"note: passed over {files} no image or video: {_names(others)}")
    if documents:
        files = plural(len(documents), "PDF")
        note(f"note: passed over {files} beside images and videos: {_names(documents)}")


def _names(files: list[str]) -> str:
    return few([os.path.basename(file) for file in files])  # noqa: PTH119


def facts_of(
    size: tuple[int, int], seconds: float | None, fps: float | None
) -> ImageInfo | VideoInfo:
    """Return what the header of a picture would say, or that of a video of so many seconds.

    >>> facts_of((1080, 1920), 10, None).frame_count
    300
    """
    from vlprep.types import ImageInfo, ImageSize, VideoInfo
    from vlprep.units import parse_rate

    if seconds is None:
        return ImageInfo(size=ImageSize(*size), format="image")
    rate = parse_rate(str(fps or USUAL_FPS))
    frames = max(1, round(seconds * rate))
    return VideoInfo(
        size=ImageSize(*size),
        frame_count=frames,
        fps=rate,
        frame_count_from="estimate",
        duration_seconds=float(frames / rate),
    )


USUAL_FPS = 30
"""The rate of a video of which only size and length are known."""


def paged(files: list[Any], pages: str | None, dpi: float | None) -> list[Any]:
    """Return files with PDFs as their pages, or those that are asked of each.

    Raises a usage error where pages are asked and no file is a PDF.
    """
    from vlprep.media.pages import PdfPage, as_page, is_document, page_numbers, pages_in

    if (pages or dpi) and not any(map(is_document, files)):
        named = "; a page that is named as in a.pdf#page=3&dpi=300 has its own"
        which = named if any(map(as_page, files)) else ""
        raise click.UsageError(f"--pages and --dpi are about PDFs, and none is named{which}")
    with wrong_usage():
        page_numbers(pages, 1), PdfPage("", 1, dpi)  # what is wrong with the words is told once
    return [page for file in files for page in pages_in(file, pages, dpi)]


def as_one_video(paths: Iterable[str], files: list[Any], *, recursive: bool) -> FrameList:
    """Return files as the frames of one video, by the name of their folder where that is all.

    Raises the errors of `frame_list`.
    """
    from vlprep.count.frame_list import frame_list
    from vlprep.media.folders import as_folder

    names = list(paths)
    is_folder = len(names) == 1 and not recursive and as_folder(names[0]) is not None
    return frame_list(names[0] if is_folder else files)


def names_one_file(asked: Mapping[str, Any]) -> bool:
    """Say whether the options in `asked` name one file, and nothing that might hold several."""
    from vlprep.media.folders import as_folder

    paths = asked["paths"]
    if asked["from_file"] is not None or len(paths) != 1:
        return False
    return as_folder(paths[0]) is None and _expand(paths[0]) == [paths[0]]


_TAKEN = "vlprep.stdin"


def read_input(name: str) -> bytes:
    """Return what is in a file, or what stdin has for "-", which can be read once only.

    Raises `ConstraintError` for more than a gigabyte.
    """
    if name != "-":
        from pathlib import Path  # which help does without

        with Path(name).open("rb") as file:
            return _bounded(file, name)
    context = click.get_current_context(silent=True)
    if context is not None:
        if _TAKEN in context.meta:
            raise click.UsageError("stdin is named twice, and can be read once")
        context.meta[_TAKEN] = True
    return _bounded(sys.stdin.buffer, STDIN_NAME)


def _bounded(file: BinaryIO, name: str) -> bytes:
    """Return what is in a file that may have no end, such as a device."""
    content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ConstraintError(f"{name}: longer than {_MOST_BYTES:,} bytes")
    return content


_MOST_BYTES = 1_000_000_000


def read_answer(name: str) -> str:
    """Return a model's answer: from a file, from stdin for "-", or given as text with brackets.

    Raises `AnswerError` where it is no text.
    """
    if any(mark in name for mark in "[{(<") and not os.path.lexists(name):
        return name
    try:
        return read_input(name).decode("utf-8-sig")
    except FileNotFoundError:
        wanted = "an answer is a text file, - for stdin, or text with brackets"
        raise AnswerError(f"{name}: no such file or directory; {wanted}") from None
    except UnicodeDecodeError as error:
        place = "stdin" if name == "-" else name
        context = click.get_current_context()
        _, *order = context.command.collect_usage_pieces(context)
        wanted = f"the order is {' '.join(order)}"
        raise AnswerError(f"{place}: the answer is not text in UTF-8; {wanted}") from error


def read_answers(name: str) -> list[str]:
    """Return answers about pieces, a text for each: what is read holds a JSON list of them.

    Raises `AnswerError` where it does not.
    """
    import json  # not needed by most commands

    from vlprep.parsing import parse_json

    try:
        answers = parse_json(read_answer(name))
    except ValueError:
        answers = None
    if not isinstance(answers, list):
        raise AnswerError("with --pieces an answer is a JSON list of texts, one for each piece")
    return [answer if isinstance(answer, str) else json.dumps(answer) for answer in answers]
