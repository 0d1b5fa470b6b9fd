"""Text to numbers and back: rates, times, bytes, image sizes, pixel counts.

Rates are exact fractions. Nothing here knows a file or a model.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

MOST = 10**15
"""Largest number that is taken from a file or a caller: whole in float64, as is its half."""

# Huge exponents (1e999999) take for ever; 1 / 2 is read since Python 3.12 only.
_NO_RATE = r"(?i)e[+-]?\d{3}|\s"  # texts: what is never parsed need not be compiled
_TIME = r"(?a)(\d{1,9}:){0,2}(\d{1,9}(\.\d*)?|\.\d+)"
_BYTES = r"(?ai)(\d[\d,_]{0,18}(?:\.\d{1,9})?)\s*([kmg]i?b|b|)"
_SIZE = r"(?i)(\d+)\s*[x×*]\s*(\d+)"


def parse_rate(text: str) -> Fraction:
    """Read a rate in frames per second, as a number or a ratio.

    Raises `ValueError` when it is not a positive, finite number.

    >>> parse_rate("30000/1001")
    Fraction(30000, 1001)
    >>> parse_rate("0.5")
    Fraction(1, 2)
    """
    try:
        rate = Fraction("" if re.search(_NO_RATE, text.strip()) else text.strip())
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{text!r} is not a rate; write 2, 0.5 or 30000/1001") from None
    if rate <= 0:
        raise ValueError(f"{text!r} is not a rate above zero")
    return rate


def format_rate(rate: float) -> str:
    """Write a rate so that `parse_rate` reads the very same float.

    >>> format_rate(2.0), format_rate(0.2673)
    ('2', '0.2673')
    """
    return str(int(rate)) if rate == int(rate) else repr(float(rate))


def parse_seconds(text: str) -> float:
    """Read a time in seconds, or in hours, minutes and seconds with colons between.

    Raises `ValueError` when it is not a finite number of 0 or more.

    >>> parse_seconds("90"), parse_seconds("1:30"), parse_seconds("1:00:00.5")
    (90.0, 90.0, 3600.5)
    """
    if not re.fullmatch(_TIME, text.strip()):
        raise ValueError(f"{text!r} is not a time; write 90, 1:30 or 1:00:00.5")
    seconds = 0.0
    for part in text.strip().split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def parse_bytes(text: str) -> int:
    """Read a number of bytes: plain, or with a decimal (kB, MB, GB) or binary unit (KiB, MiB, GiB).

    Raises `ValueError` when it is not a whole number of bytes above zero.

    >>> parse_bytes("10MB"), parse_bytes("10 MiB"), parse_bytes("7,000,000"), parse_bytes("1.5kB")
    (10000000, 10485760, 7000000, 1500)
    """
    match = re.fullmatch(_BYTES, text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a number of bytes; write 7000000, 10MB or 10MiB")
    count = Fraction(match[1].replace(",", "").replace("_", "")) * _UNITS[match[2].lower()]
    if count < 1 or count.denominator != 1:
        raise ValueError(f"{text!r} is not a whole number of bytes above zero")
    return int(count)


_UNITS = {
    "": 1, "b": 1,
    "kb": 10**3, "mb": 10**6, "gb": 10**9,
    "kib": 2**10, "mib": 2**20, "gib": 2**30,
}  # fmt: skip


def format_bytes(count: int) -> str:
    """Write a number of bytes as people read it, in decimal units.

    >>> format_bytes(6_890_000), format_bytes(999)
    ('6.89 MB', '999 bytes')
    """
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            number = count / size
            return f"{number:,.0f} {unit}" if number >= 100 else f"{number:.3g} {unit}"
    return f"{count} bytes"


def parse_size(text: str) -> tuple[int, int]:
    """Read WIDTHxHEIGHT, as people write it, into (height, width) in pixels.

    Raises `ValueError` when it is not two whole numbers above zero.

    >>> parse_size("1920x1080")
    (1080, 1920)
    """
    match = re.fullmatch(_SIZE, text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a size; write WIDTHxHEIGHT, for instance 1920x1080")
    width, height = _whole(match[1]), _whole(match[2])
    if not (width and height):
        raise ValueError(f"{text!r} has a side of 0")
    return height, width


def parse_count(text: str) -> int:
    """Read a whole number, or a product of them as the vendors' pages write pixel limits.

    Raises `ValueError` when it is neither.

    >>> parse_count("2560*32*32")
    2621440
    >>> parse_count("98,304")
    98304
    """
    factors = [part.strip().replace(",", "").replace("_", "") for part in text.split("*")]
    if not all(part.isascii() and part.isdigit() for part in factors):
        raise ValueError(f"{text!r} is not a whole number, or a product such as 2560*32*32")
    count = math.prod(map(_whole, factors[:_MOST_FACTORS]))
    if count > MOST or len(factors) > _MOST_FACTORS:
        raise ValueError(f"{text[:40]!r} is over {MOST:,}, the most that can be asked for")
    return count


_MOST_FACTORS = 9


def _whole(digits: str) -> int:
    """Return a whole number, which has no more digits than can mean something."""
    if len(digits) > len(str(MOST)):
        raise ValueError(f"{digits[:20]}... has {len(digits):,} digits, more than can be meant")
    return int(digits)


def is_number(value: object, least: float = 0) -> bool:
    """Say whether a value is a number of an ordinary size, from `least` on.

    >>> import math
    >>> [is_number(value) for value in (5, 0.5, True, "5", -1, math.nan, math.inf, 10**30)]
    [True, True, False, False, False, False, False, False]
    """
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return is_one and least <= value <= MOST  # type: ignore[operator]  # of numbers


def format_size(size: tuple[int, int]) -> str:
    """Write (height, width) as people read it: WIDTHxHEIGHT.

    >>> format_size((1080, 1920))
    '1920x1080'
    """
    height, width = size
    return f"{width}x{height}"


def format_time(seconds: float) -> str:
    """Write a time, in seconds, to the millisecond as people read it; with hours if it has any.

    >>> format_time(3), format_time(59.9996), format_time(3723.5)
    ('0:03.000', '1:00.000', '1:02:03.500')
    """
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    minutes, left = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
    return f"{clock}.{milliseconds:03}"


def format_money(amount: float) -> str:
    """Return an amount with cents, or with two digits that matter where it is less than one.

    >>> format_money(12.3456), format_money(0.000441)
    ('12.35', '0.00044')
    """
    from decimal import Decimal  # which most commands do without

    return f"{amount:.2f}" if amount >= 0.1 else f"{Decimal(f'{amount:.2g}'):f}"


def plural(number: int, noun: str) -> str:
    """Return a number of things.

    >>> plural(1, "frame"), plural(1200, "file")
    ('1 frame', '1,200 files')
    """
    return f"{number:,} {noun}{'s' * (number != 1)}"


_WHOSE = {
    "docs": "the guides",
    "docs-half-up": "the guides' samples in JavaScript and Java",
    "docs-video": "the guides' video samples",
    "transformers-qwen2": "transformers",
    "vllm-qwen2": "vLLM",
    "vllm-number": "vLLM",
    "llamafactory": "LLaMA-Factory",
}


def whose(rule: str) -> str:
    """Return whose a rule for frames or sizes is, in words; most are called by that.

    >>> whose("docs-video"), whose("qwen-vl-utils")
    ("the guides' video samples", 'qwen-vl-utils')
    """
    return _WHOSE.get(rule, rule)
