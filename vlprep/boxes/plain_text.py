"""Shapes in plain text: numbers in brackets, or at the end of a line with nothing but a name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vlprep.boxes.shapes import Notes, Shape, shapes_of
from vlprep.replies.spelling import NUMBER, numbers_in, plain

_COMMA = r"(?:\s*,\s*|\s+)"
_FEW = rf"{NUMBER}(?:{_COMMA}{NUMBER}){{1,3}}"  # bounded: models can repeat a number for pages
_PAIR = rf"\(\s*{NUMBER}\s*,\s*{NUMBER}\s*\)"
_CALL = rf"\(\s*x\s*=\s*{NUMBER}\s*,\s*y\s*=\s*{NUMBER}\s*\)"  # of agents: click(x=1, y=2)
_BRACKETED = re.compile(rf"{_PAIR}\s*,?\s*{_PAIR}|[(\[]\s*{_FEW}\s*[)\]]|{_CALL}")
_ENDING = re.compile(rf"(?P<name>(?:[^:=]*[:=])?)\s*{_FEW}\s*")


def read_text(text: str, notes: Notes) -> Iterator[Shape]:
    """Yield the points and boxes of lines such as `cat: (10, 20), (30, 40)`."""
    for line in text.splitlines():
        shadow = plain(line)  # of the same length
        places = [(match.start(), match[0]) for match in _BRACKETED.finditer(shadow)]
        if not places and (ending := _ENDING.fullmatch(shadow)):
            places = [(ending.end("name"), shadow[ending.end("name") :])]
        for start, place in places:
            numbers = numbers_in(place)
            if len(numbers) in (2, 4):
                yield from shapes_of(numbers, name_before(line[:start]), None, place, notes)


def name_before(text: str) -> str | None:
    """Return what stands before the numbers on their line, if it looks like a name.

    >>> name_before("- cat: "), name_before("2. **dog**: "), name_before('{"bbox_2d": ')
    ('cat', 'dog', None)
    >>> name_before("| 3 | cow | ")
    'cow'
    """
    cell = _NUMBERED.sub("", text.strip()).rstrip("| ").rpartition("|")[2]
    name = cell.strip().rstrip(":=：＝").strip(" -*•`\"'“”")
    return name if _NAME.fullmatch(name) else None


_NUMBERED = re.compile(r"^(?:\d+|[-*•])[.)、．]?\s+")
_NAME = re.compile(r"[^\d\W][^{}()\[\]\"':=：]{0,39}")
