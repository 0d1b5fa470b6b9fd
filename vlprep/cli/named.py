"""Which files a command is about: the options that name them, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from vlprep.choices import holds_samples
from vlprep.cli.command import spare
from vlprep.cli.idle import refuse, say_idle
from vlprep.cli.options import BYTES, RATE, SECONDS, SIZE, together, wrong_usage

if TYPE_CHECKING:
    from vlprep.media.remote import Fetching

list_option = click.option(
    "--list", "as_list", is_flag=True, help="Take all images as the frames of one video."
)
"""That images are the frames of one video; `take_inputs` takes it."""

fetch_options = together(
    click.option(
        "--allow-private", is_flag=True, help="Fetch from this machine and private networks too."
    ),
    click.option("--fetch-limit", type=BYTES, help="Fetch no more of a file; 1GB unless given."),
    click.option(
        "--fetch-seconds", type=SECONDS, help="Fetch no longer at a file; 5:00 unless given."
    ),
)
"""How far files are fetched that are named by address, as `Fetching` has it."""
FETCHING = ("allow_private", "fetch_limit", "fetch_seconds")

input_options = together(
    click.argument("paths", nargs=-1, metavar="PATH..."),
    click.option("-r", "--recursive", is_flag=True, help="Go into the subfolders of folders too."),
    click.option("--from-file", metavar="LIST", help="Read names from a file, or - for stdin."),
    click.option("-0", "null_separated", is_flag=True, help="End the names in LIST with NUL."),
    fetch_options,
)

facts_options = together(
    click.option(
        "--size", "sizes", type=SIZE, multiple=True, help="Take this size for a file, without one."
    ),
    click.option(
        "--duration", type=SECONDS, help="Take videos of that size and length; 90 or 1:30."
    ),
    click.option("--source-fps", type=RATE, help="Take them to have this rate; 30 by default."),
)
"""Facts in place of files: what pictures or clips of a size would be, which nobody has yet."""

page_options = together(
    click.option("--pages", metavar="1-3,7", help="Take these pages of PDFs; 5- up to the end."),
    click.option(
        "--dpi",
        type=click.FloatRange(min=0, min_open=True),
        metavar="N",
        help="Count pages of PDFs at so many pixels per inch; 150 if none is named.",
    ),
)
"""Which pages of PDFs are meant, and how large they count; `take_inputs` takes it."""


file_options = together(input_options, page_options, list_option)
"""What most commands take: files, pages of them, or all as the frames of one video."""


def input_words(asked: Mapping[str, Any]) -> list[str] | None:
    """Return the words that name the files in `asked`, quoted; `None` where stdin names them.

    >>> given = {"recursive": True, "from_file": None, "null_separated": False, "pages": None}
    >>> input_words({"paths": ("my photos", "-b"), **given})
    ['-r', "'my photos'", './-b']
    """
    from vlprep.cli.shell import quote
    from vlprep.media.addresses import public_address

    listed = asked["from_file"]
    if listed == "-" or "-" in asked["paths"]:
        return None
    words = ["-r"] if asked["recursive"] else []
    if listed is not None:
        words += ["--from-file", quote(listed), *(["-0"] if asked["null_separated"] else [])]
    words += ["--pages", quote(asked["pages"])] if asked.get("pages") else []
    words += ["--dpi", f"{asked['dpi']:g}"] if asked.get("dpi") else []
    words += [quote(public_address(path)) for path in asked["paths"]]
    return [*words, "--fetch"] if asked.get("fetch") else words


def input_roots(asked: Mapping[str, Any]) -> list[str]:
    """Return the folders that are named: what is below them keeps the folders between.

    >>> input_roots({"paths": ("fixtures", "fixtures/photo.jpg"), "as_list": False})
    ['fixtures']
    """
    from vlprep.media.folders import as_folder

    folders = () if asked["as_list"] else map(as_folder, asked["paths"])
    return [str(folder) for folder in folders if folder is not None]


def _outside(files: list[Any], folder: str | None) -> list[Any]:
    """Return the files that are not in a folder: what an earlier run has written there is no input.

    >>> _outside(["a.jpg", "small/a.jpg"], "small/")
    ['a.jpg']
    """
    from pathlib import Path

    if folder is None:
        return files
    own = Path(folder).resolve()
    return [
        file
        for file in files
        if not (isinstance(file, str) and Path(file).resolve().is_relative_to(own))
    ]


def take_fetching(asked: dict[str, Any]) -> Fetching:
    """Take the options of `fetch_options` out of `asked`."""
    from vlprep.media.remote import Fetching

    given = {name: value for name in FETCHING if (value := asked.pop(name)) is not None}
    with wrong_usage():
        return Fetching(**given)


def fetch_words(asked: Mapping[str, Any]) -> list[str]:
    """Return the options of `fetch_options` in `asked` that were given, as they are typed."""
    from vlprep.cli.shell import option_words

    given = {name: asked[name] for name in FETCHING if asked[name]}
    return [word for it in given.items() for word in option_words(*it)]


def as_remote(file: Any, fetching: Fetching) -> Any:
    """Return the file behind an address, to be fetched so; anything else as it is."""
    from vlprep.media.remote import RemoteFile, scheme_of

    return RemoteFile(file, fetching) if scheme_of(file) else file


def take_inputs(
    asked: dict[str, Any], *, optional: bool = False, apart_from: str | None = None
) -> list[Any]:
    """Take the options of `input_options` out of `asked` and return the files that they name.

    With `facts_options` the facts given instead; with `page_options` PDFs are their pages, with
    `list_option` all are one list of images. Those that an address names are to be fetched, those
    of the web only if a `fetch` in `asked` is true, where there is one. Raises a usage error when
    none is named and that is not `optional`.
    """
    facts = _take_facts(asked) if "sizes" in asked else None
    fetching, fetches = take_fetching(asked), asked.pop("fetch", True)
    names = ("paths", "recursive", "from_file", "null_separated")
    paths, recursive, from_file, null_separated = map(asked.pop, names)
    pages = (asked.pop("pages"), asked.pop("dpi")) if "pages" in asked else ()
    if facts:
        refuse_beside_size()
        if any(pages):
            raise click.UsageError("--pages and --dpi are about PDFs, and --size stands for files")
        if paths or from_file is not None or asked.pop("as_list", False):
            raise click.UsageError("--size stands for files; leave the files, or --size, out")
        return facts
    if not (paths or optional or from_file is not None):
        words = "name a file or a folder, or --from-file with a list"
        raise click.UsageError(
            f"Missing argument 'PATH...': {words}{', or --size' * (facts is not None)}"
        )
    if null_separated and from_file is None:
        raise click.UsageError("-0 is about names from --from-file")
    from vlprep.cli.inputs import as_one_video, input_files, paged
    from vlprep.media.addresses import is_web_url

    files = _outside(input_files(paths, recursive, from_file, null_separated), apart_from)
    spare(files)
    files = [
        file if is_web_url(file) and not fetches else as_remote(file, fetching) for file in files
    ]
    if not files and from_file is not None:
        raise click.UsageError(f"--from-file {from_file} names no file")
    if not any(map(_is_fetched, files)):
        say_idle((*FETCHING, "fetch"), _NOT_FETCHED)
    files = paged(files, *pages) if pages else files
    as_list = asked.pop("as_list", False)
    return [as_one_video(paths, files, recursive=recursive)] if as_list and files else files


def refuse_beside_size() -> None:
    """Raise a usage error for options about files that were typed where a size stands for them."""
    why = "about files, and --size stands for files; leave them out"
    refuse(("recursive", "null_separated", *FETCHING), why)


_NOT_FETCHED = "for files that are fetched, and none is"


def _is_fetched(file: Any) -> bool:
    """Say whether a file is fetched, or may name some that are."""
    from vlprep.media.remote import RemoteFile

    return isinstance(file, RemoteFile) or holds_samples(file)


def _take_facts(asked: dict[str, Any]) -> list[Any]:
    """Take the options of `facts_options` out of `asked` and return what they say of files."""
    sizes, seconds, fps = map(asked.pop, ("sizes", "duration", "source_fps"))
    if fps is not None and seconds is None:
        raise click.UsageError("--source-fps goes with --duration")
    if seconds is not None and not sizes:
        raise click.UsageError("--duration goes with --size")
    if not sizes:
        return []
    from vlprep.cli.inputs import facts_of

    return [facts_of(size, seconds, fps) for size in sizes]


def take_pages(image: str, asked: dict[str, Any], *, is_one: bool = False) -> list[Any]:
    """Take `page_options` and `fetch_options` out of `asked`; returns all pages of a PDF.

    What an address names is to be fetched, as `as_remote` does. Raises a usage error where only one
    is meant and there are several.
    """
    from vlprep.cli.inputs import paged

    pages = paged([image], asked.pop("pages"), asked.pop("dpi"))
    if is_one and len(pages) > 1:
        raise click.UsageError(f"{image}: a PDF of {len(pages):,} pages; take one by --pages")
    fetching = take_fetching(asked)
    remote = [as_remote(page, fetching) for page in pages]
    if not any(map(_is_fetched, remote)):
        say_idle(FETCHING, _NOT_FETCHED)
    return remote


def take_video(asked: dict[str, Any]) -> tuple[Any, list[Any]]:
    """Take `input_options` out of `asked`; returns the one video that they are, or several clips.

    Images without a clip among them are the frames of one video.
    """
    from vlprep.cli.inputs import as_one_video
    from vlprep.frames.many import are_clips

    paths, recursive = asked["paths"], asked["recursive"]
    files = take_inputs(asked)
    if len(files) == 1:
        return files[0], []
    if are_clips(files):
        return None, files
    return as_one_video(paths, files, recursive=recursive), []


def stays_one(files: list[Any], output: str | None) -> bool:
    """Say whether the one file that was named is one picture; a PDF may be several.

    Raises a usage error where several are to go into a file, which `output` names by its ending.
    """
    from pathlib import Path

    if len(files) > 1 and output is not None and Path(output).suffix:
        raise click.UsageError(
            f"a PDF of {len(files):,} pages: name a folder for them, or take one by --pages"
        )
    return len(files) == 1
