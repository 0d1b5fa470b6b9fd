"""Text for a terminal: names made harmless, numbers made readable, lines made to fit."""

from __future__ import annotations

import re
from collections.abc import Iterator

import vlprep

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control and direction characters, and bytes that are no text."""


_ACTING = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"


def inert(text: str) -> str:
    r"""Return `text` without what a terminal acts on; lines, tabs and bytes that are no text stay.

    >>> print(inert("a\x1b[31m.jpg"))
    a\x1b[31m.jpg
    """
    return re.sub(_ACTING, lambda match: _escape(match[0]), text)


def safe(text: str) -> str:
    r"""Return `text` with control, direction and undecodable characters written as escapes.

    A file may be called anything; its name must not move a reader's cursor.

    >>> print(safe("a\x1b[31m.jpg"))
    a\x1b[31m.jpg
    """
    return UNSAFE.sub(lambda match: _escape(match[0]), text)


_NAMED = r"`([a-z_]+|MediaUrl|RemoteFile)(?:=(True|False)|\(\))?`"


def flagged(text: str) -> str:
    """Return a text of the library in words of the command line: options and commands.

    >>> flagged("give one with `max_input`; `start_seconds` is no help, `read_frames` is")
    'give one with --max-input; --start is no help, vlprep frames is'
    >>> flagged("leave `thinking=False` out")
    'leave --no-thinking out'
    """
    return re.sub(_NAMED, _flag, text)


def _flag(match: re.Match[str]) -> str:
    name, dashes = match[1], "--no-" if match[2] == "False" else "--"
    if name in _WORDS:
        return _WORDS[name]
    return name if name in vlprep.__all__ else dashes + name.replace("_", "-")


_WORDS = {
    "start_seconds": "--start",
    "end_seconds": "--end",
    "overwrite": "--force",
    "limits": "--safety",
    "price_list": "--price-cap",
    "max_bytes": "--request-limit",
    "region": "--deployment",
    "reserve": "--text-tokens",
    "frame_list": "--list",
    "pdf_pages": "vlprep tokens",
    "count_tokens": "vlprep tokens",
    "count_many": "vlprep tokens",
    "count_messages": "vlprep tokens",
    "plan_media": "vlprep plan",
    "read_frames": "vlprep frames",
    "save_frames": "vlprep frames",
    "view_image": "vlprep view",
    "compress_image": "vlprep compress",
    "compress_video": "vlprep compress",
    "compress_file": "vlprep compress",
    "compress_many": "vlprep compress",
    "check_media": "vlprep check",
    "fix_media": "vlprep check --fix",
    "split_image": "vlprep split",
    "crop_image": "vlprep crop",
    "pick_frames": "vlprep frames --pick changes",
    "pixel_values": "vlprep arrays",
    "fit_images": "vlprep fit-images",
    "fit_request": "vlprep fit-request",
    "locate_boxes": "vlprep boxes",
    "locate_events": "vlprep events",
    "build_request": "vlprep payload",
    "list_models": "vlprep models",
    "load_model_file": "--model-file",
    "MediaUrl": "--url-kind",
    "RemoteFile": "--fetch",
    "arguments": "--sdk",
}
"""What the command line calls parameters and functions whose names are not the option's own."""


class CommandLine(str):
    """A line to be copied to a shell, among lines to be read."""


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def thousands(value: int | None) -> str:
    """Return a whole number with separators, or a dash for an unknown one.

    >>> thousands(98304), thousands(None)
    ('98,304', '–')
    """
    return "–" if value is None else f"{value:,}"


def percent(part: int, whole: int) -> str:
    """Return a share with as many digits as matter.

    >>> percent(302, 260096), percent(300000, 260096)
    ('0.12 %', '115 %')
    """
    share = 100 * part / whole
    digits = 0 if share >= 10 else 1 if share >= 1 else 2
    return f"{share:.{digits}f} %"


_STYLE = "\x1b\\[[0-9;]*m"


NARROW = re.compile(
    "[\x00-\x7f\u00a0-\u00ac\u00ae-\u02ff\u2010-\u2027\u2190-\u21ff\u2264\u2265\u2500-\u257f]*"
)
"""Text of which every character takes one column: Latin, and the signs that tables are made of."""


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes; colours take none.

    >>> cells("abc"), cells("\u89c6\u9891")
    (3, 4)
    """
    if "\x1b" in text:
        text = re.sub(_STYLE, "", text)
    if NARROW.fullmatch(text):
        return len(text)
    from rich.cells import cell_len  # whose tables of widths are slow to load

    return cell_len(text)


def shortened(name: str, width: int, ellipsis: str = "…") -> str:
    """Return a name with its middle left out where it is longer than `width`.

    More is kept of its end, by which the files of a folder differ.

    >>> shortened("holiday-in-the-mountains-0127.jpg", 16)
    'holid…s-0127.jpg'
    """
    if cells(name) <= width:
        return name
    kept = max(width - len(ellipsis), 0)
    head = _beginning(name, kept // 3)
    tail = _beginning(name[::-1], kept - cells(head))[::-1]
    return f"{head}{ellipsis}{tail}"[: width if name.isascii() else None]


def _beginning(text: str, width: int) -> str:
    """Return as much of a text as `width` columns hold."""
    if text.isascii():
        return text[:width]
    end = min(len(text), width)
    while cells(text[:end]) > width:
        end -= 1
    return text[:end]


_CELL = re.compile(r"\S.{0,28}? {2,}")
"""What stands in a column of its own, before the text of a line."""
_BREAK = re.compile(r" (?!\d{4}(?:-\d\d)*[],])")
"""Where a line may be broken: not between a source and its date."""


def wrapped(line: str, width: int, hang: int | None = None) -> Iterator[str]:
    """Yield a line in pieces that are broken between words; the others hang below the first.

    They begin after `hang` blanks, or by default where the text of the first does. A word that is
    longer than the line stays whole.

    >>> print(*wrapped("  note  frames that are read at one a second", 24), sep="\\n")
      note  frames that are
            read at one a
            second
    """
    label = _label(line, width)
    if hang is None:
        hang = cells(label) + (0 if label.strip() else INDENT)
    piece = label
    for word in _BREAK.split(line[len(label) :]):
        joined = f"{piece} {word}" if piece.strip() and piece != label else piece + word
        if cells(joined) <= width or not piece.strip():
            piece = joined
        else:
            yield piece.rstrip()
            piece = " " * hang + word
    yield piece.rstrip()


def _label(line: str, width: int) -> str:
    """Return what a line begins with: its indent, and columns as far as they leave it room."""
    end = len(line) - len(line.lstrip(" "))
    while (match := _CELL.match(line, end)) and cells(line[: match.end()]) <= width // 2:
        end = match.end()
    return line[:end]


STDIN_NAME = "<stdin>"
"""What messages call a medium that came from stdin; in a command it is a dash."""

INDENT = 2
"""Blanks before what goes on, and before what stands below another thing."""
