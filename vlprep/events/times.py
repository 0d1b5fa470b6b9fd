"""Times as models write them: seconds, clocks, and numbers with units."""

from __future__ import annotations

import math
import re
from typing import Any

from vlprep.replies.loose_json import Unfinished
from vlprep.replies.spelling import plain
from vlprep.units import parse_seconds

CLOCK = (
    r"(?:(?:\d{1,3}:)?\d{1,3}:\d{2}(?:[.,]\d{1,6})?(?!\s?(?:(?-i:AM)|pm)\b|\s?[ap]\.m|am\b)"
    r"|\d{1,3}'\s?\d{2}(?:\.\d{1,6})?(?:\"|''))"
)
"""A time as mm:ss or hh:mm:ss, with a fraction or none, or as mm'ss"; no time of the day.

Subtitles write a comma before the fraction.
"""
_REST = r"and\s+(?=[0-5]?\d(?:\.\d+)?\s*s)"  # of one time, not the end of a range
_HOURS = rf"\d{{1,4}}\s*(?:hours?|hrs?|h|小时)\s*(?:{_REST}|and\s+(?=[0-5]?\d\s*m))?"
UNITS = (
    rf"(?:{_HOURS})?(?:\d{{1,5}}\s*(?:minutes?|mins?|m|分钟?)\s*(?:{_REST})?)?"
    r"\d{1,9}(?:\.\d+)?\s*(?:seconds?|secs?|s\b|秒)"
    rf"|(?:{_HOURS})?\d{{1,5}}\s*(?:minutes?|mins?|m\b|分钟?)(?!\s*{_REST})"
)
"""A time in seconds, or in hours, minutes and seconds, each with its unit."""

_CLOCK = re.compile(r"(?:\d{1,3}:)?\d{1,3}(?::|'\s?)\d{1,2}(?:[.,]\d{1,6})?", re.ASCII)
_UNITS = re.compile(UNITS, re.IGNORECASE)
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d+)?", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([^\d\s.])")
_SECONDS = {"h": 3600.0, "小": 3600.0, "m": 60.0, "分": 60.0, "s": 1.0, "秒": 1.0}


def seconds_of(value: Any) -> float | None:
    """Return a time in seconds, from a number or a text; `None` for what is no time.

    >>> [seconds_of(time) for time in (1.5, "00:04", "00:00:09.5", "<12.5 seconds>", "1m 30s")]
    [1.5, 4.0, 9.5, 12.5, 90.0]
    >>> seconds_of("00:00:02:12"), seconds_of("soon")
    (None, None)
    """
    if isinstance(value, bool | Unfinished):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e9 and math.isfinite(value) else None
    return _text_seconds(plain(value).strip(" <>[]()\"'\n\t")) if isinstance(value, str) else None


def _text_seconds(text: str) -> float | None:
    if _CLOCK.fullmatch(text):
        return parse_seconds(text.replace(",", ".").replace("'", ":").replace(" ", ""))
    if _NUMBER.fullmatch(text):
        return float(text)
    if _UNITS.fullmatch(text):
        parts = _PART.findall(text.lower())
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    return None
