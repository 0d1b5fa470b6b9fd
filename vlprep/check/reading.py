"""Rules on what keeps a file from being read or counted."""

from __future__ import annotations

from vlprep.check.rule import FileFacts, Files, Found, Hit, Said, Sending, Wanted, remark, rule
from vlprep.count.files import MediaFailure
from vlprep.errors import AspectRatioError, FrameCountError, UnknownFactError
from vlprep.types import CUT_OFF, ImageInfo


@remark(
    "error", "the file is an image or a video that can be read",
    "an image or a video", of="unreadable",
)  # fmt: skip
def readable(file: FileFacts) -> Said | None:
    return describe(file), describe(file)


@remark("error", "a picture that is all there", "a picture that is all there", of="picture")
def cut_off(file: FileFacts) -> Said | None:
    return ("cut off", CUT_OFF) if isinstance(file.info, ImageInfo) and file.info.cut_off else None


@remark("error", "its tokens can be counted", "tokens that can be counted")
def countable(file: FileFacts) -> Said | None:
    if file.problem is None or file.kind == "unreadable" or _is_named_elsewhere(file):
        return None
    return describe(file), f"cannot be counted: {describe(file)}"


def _is_named_elsewhere(file: FileFacts) -> bool:
    ratio = isinstance(file.problem, AspectRatioError) and file.kind in ("image", "animation")
    length = isinstance(file.problem, FrameCountError) and file.kind == "frame list"
    return ratio or length or isinstance(file.problem, UnknownFactError)


@rule("warning", "a source says how its tokens are counted", weights=True)
def count_known(sending: Sending, files: Files) -> Found:
    yield Wanted("every file counted")
    unknown = [file for file in files if isinstance(file.problem, UnknownFactError)]
    if unknown:
        share = f"{len(unknown):,} of {len(files):,} files"
        message = f"{share} are left out of the count: {unknown[0].problem}"
        yield Hit(f"{share} not counted", message)


def describe(file: FileFacts) -> str:
    """Return what is wrong with a file, without its name."""
    return MediaFailure(source=file.source, error=file.problem).message if file.problem else ""
