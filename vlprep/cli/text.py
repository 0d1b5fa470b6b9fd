"""Text for a terminal: names made harmless, numbers made readable."""

from __future__ import annotations

import re
from decimal import Decimal

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control and direction characters, and bytes that are no text."""


def safe(text: str) -> str:
    r"""Return `text` with control, direction and undecodable characters written as escapes.

    A file may be called anything; its name must not move a reader's cursor.

    >>> print(safe("a\x1b[31m.jpg"))
    a\x1b[31m.jpg
    """
    return UNSAFE.sub(lambda match: _escape(match[0]), text)


_NAMED = re.compile(r"`([a-z_]+|MediaUrl)(?:=(True|False)|\(\))?`")


def flagged(text: str) -> str:
    """Return a text of the library in words of the command line: options and commands.

    >>> flagged("give one with `max_input`; `start_seconds` is no help, `read_frames` is")
    'give one with --max-input; --start is no help, vlprep frames is'
    >>> flagged("leave `thinking=False` out")
    'leave --no-thinking out'
    """
    return _NAMED.sub(_flag, text)


def _flag(match: re.Match[str]) -> str:
    dashes = "--no-" if match[2] == "False" else "--"
    return _WORDS.get(match[1], dashes + match[1].replace("_", "-"))


_WORDS = {
    "start_seconds": "--start",
    "end_seconds": "--end",
    "overwrite": "--force",
    "price_list": "--price-cap",
    "max_bytes": "--request-limit",
    "region": "--deployment",
    "reserve": "--text-tokens",
    "frame_list": "--list",
    "count_tokens": "vlprep tokens",
    "count_many": "vlprep tokens",
    "plan_media": "vlprep plan",
    "read_frames": "vlprep frames",
    "save_frames": "vlprep frames",
    "view_image": "vlprep view",
    "compress_image": "vlprep compress",
    "compress_video": "vlprep compress",
    "compress_file": "vlprep compress",
    "check_media": "vlprep check",
    "build_request": "vlprep payload",
    "list_models": "vlprep models",
    "load_model_file": "--model-file",
    "MediaUrl": "--url-kind",
    "arguments": "--sdk",
}
"""What the command line calls parameters and functions whose names are not the option's own."""


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


def money(amount: float) -> str:
    """Return an amount with cents, or with two digits that matter where it is less than one.

    >>> money(12.3456), money(0.000441)
    ('12.35', '0.00044')
    """
    return f"{amount:.2f}" if amount >= 0.1 else f"{Decimal(f'{amount:.2g}'):f}"
