"""What to do about a finding: commands that run as they are printed, or a step in words."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from pathlib import PurePath

from vlprep.check.rule import FileFacts, Remedy, Sending

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def quote(word: str) -> str:
    r"""Return a word as a POSIX shell reads it; unprintable characters as Bash's escapes.

    A file name that starts with a dash gets a folder, so that no command takes it for an option.

    >>> print(quote("a b.jpg"), quote("-x.jpg"), quote("a\n.jpg"))
    'a b.jpg' ./-x.jpg $'a\n.jpg'
    """
    if word.startswith("-"):
        word = f"./{word}"
    if not _UNPRINTABLE.search(word):
        return shlex.quote(word)
    return "$'" + "".join(map(_escape, word)) + "'"


def _escape(character: str) -> str:
    if character in "'\\":
        return f"\\{character}"
    if character == "\n":
        return "\\n"
    if not _UNPRINTABLE.match(character):
        return character
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))


def say(step: str) -> Remedy:
    """Return the remedy that is always the same step."""
    return lambda file, request: step


def nothing(file: FileFacts | None, request: Sending) -> str | None:
    """Return no remedy: there is nothing to do."""
    return None


def compress(file: FileFacts | None, request: Sending) -> str | None:
    """Return the command that brings a file under the route's limits, into a format taken."""
    of_video = file is not None and file.kind == "video"
    return _compress(file, request, *(_rate(request) if of_video else ()))


def first_page(file: FileFacts | None, request: Sending) -> str | None:
    """Return the command that takes the first picture out of a file of several."""
    return _compress(file, request, "--page", "0")


def _compress(file: FileFacts | None, request: Sending, *extra: str) -> str | None:
    if file is None or not _inputs(file):
        return "bring it under the limit with vlprep.compress_image or vlprep.compress_video"
    words = ["-o", "compressed/", "--route", request.route.name, *extra, *request.model_words]
    return _command("compress", _inputs(file), words)


def view(file: FileFacts | None, request: Sending) -> str | None:
    """Return the command that writes an image upright, on white, as the model sees it."""
    if file is None or not file.path:
        return "send what vlprep.view_image returns"
    output = f"{_stem(file.path)}-view.png"
    return _command("view", [file.path], ["-o", output, *request.model_words])


def frames(file: FileFacts | None, request: Sending) -> str | None:
    """Return the command that writes the frames of a video, to be sent as a list of images."""
    return _frames(file, request)


def mapped_frames(file: FileFacts | None, request: Sending) -> str | None:
    """Return the command that does so and maps high dynamic range to that of screens."""
    return _frames(file, request, "--tone-map")


def _frames(file: FileFacts | None, request: Sending, *extra: str) -> str | None:
    if file is None or not file.path:
        return "send the frames that vlprep.read_frames gives"
    output = f"{_stem(file.path)}-frames"
    words = ["-o", output, *_rate(request), *extra, *request.model_words]
    return _command("frames", [file.path], words)


def right_length(file: FileFacts | None, request: Sending) -> str | None:
    """Return what helps a video that is too short, or too long, for the model's service."""
    files = request.model.video_files
    assert files is not None  # the rule has found its limits there
    if file is None or _seconds(file) > files.max_seconds:
        return f"cut it into parts of up to {files.max_seconds:,.0f} s"
    return compress(file, request)  # which lengthens a clip that is too short


def _seconds(file: FileFacts) -> float:
    return getattr(file.info, "duration_seconds", None) or 0.0


def rename(file: FileFacts | None, request: Sending) -> str | None:
    """Return the step that gives a file the ending of its content."""
    if file is None or not file.path:
        return None
    return f"rename it to {quote(_stem(file.path) + file.usual_ending)}"


def by_url(file: FileFacts | None, request: Sending) -> str | None:
    """Return the command that checks a file for the route by URL."""
    if file is None:
        return "--route url"
    return _command("check", [file.source], ["--route", "url", *request.model_words])


def _command(name: str, files: Iterable[str], words: Iterable[str]) -> str:
    options = " ".join(word if word.startswith("-") else quote(word) for word in words)
    return f"vlprep {name} {' '.join(map(quote, files))} {options}"


def _rate(request: Sending) -> tuple[str, ...]:
    """Return the words that ask the request's rate, if it is one that may be asked."""
    fps, rule = request.fps, request.video_rule
    asked = fps is not None and rule is not None and rule.takes_fps(fps)
    return ("--fps", f"{fps:g}") if asked else ()


def _inputs(file: FileFacts) -> list[str]:
    """Return the files that a command must name: all of a list's, as they have to be of a kind."""
    paths = [one.path for one in file.frames or (file,)]
    return [path for path in paths if path] if all(paths) else []


def _stem(path: str) -> str:
    stem = str(PurePath(path).with_suffix(""))
    return f"./{stem}" if stem.startswith("-") else stem
