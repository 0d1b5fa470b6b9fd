"""Shapes in plain text: numbers in brackets, or at the end of a line with nothing but a name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vlprep.boxes.keys import BOXES, LABELS, PERHAPS, POINTS, SIDES, SIZES
from vlprep.boxes.shapes import Notes, Shape, shapes_of
from vlprep.replies.spelling import NUMBER, bare_key, numbers_in, plain

_COMMA = r"(?:\s*,\s*|\s+)"
_FEW = rf"{NUMBER}(?:{_COMMA}{NUMBER}){{1,3}}"  # bounded: models can repeat a number for pages
_PAIR = rf"\(\s*{NUMBER}\s*,\s*{NUMBER}\s*\)"
_CALL = rf"\(\s*x\s*=\s*{NUMBER}\s*,\s*y\s*=\s*{NUMBER}\s*(?=[,)])"  # of agents: click(x=1, y=2)
_LOWER = r"(?:and\s+)?(?:the\s+)?(?:bottom|lower)[- _]?right[^\n\d()]{0,20}|右下角?[^\n\d()]{0,8}"
_BRACKETED = re.compile(
    rf"{_PAIR}(?:[^\S\n]*,?[^\S\n]*|\s*(?:to|到|至|-|~)\s*|[\s,;*-]*(?:{_LOWER})){_PAIR}"
    rf"|[(\[{{]\s*{_FEW}\s*[)\]}}]|{_CALL}",
    re.IGNORECASE,
)
_ENDING = re.compile(rf"(?P<name>(?:[^:=]*[:=])?)\s*{_FEW}\s*")


def _named_numbers(sides: tuple[str, ...]) -> str:
    """Return the pattern of numbers with the names of sides: x1=10, y1: 20, <x_max>30</x_max>."""
    names = [re.sub(r"^([xy])(\w+)", r"\1[_ ]?\2", side) for side in sides]
    one = rf"[\"'`*>:=\s]{{1,8}}{NUMBER}(?:px)?(?:</\w{{1,20}}>)?"
    return r"[\s,;|*`\"'<-]{0,12}\b".join(name + one for name in names)


_SIDES, _SIZES = (
    re.compile(rf"\b(?:{'|'.join(map(_named_numbers, all_sides))})", re.IGNORECASE)
    for all_sides in (SIDES, SIZES)
)
_NAMES_OF_SIDES = re.compile(r"\b[xy][_ ]?\d|</\w+>")


def read_text(text: str, notes: Notes) -> Iterator[Shape]:
    """Yield the points and boxes of lines such as `cat: (10, 20), (30, 40)`."""
    for start, place in sorted(_places(plain(text))):
        numbers = numbers_in(_NAMES_OF_SIDES.sub("", place))
        if _SIZES.fullmatch(place):
            numbers[2:] = [numbers[0] + numbers[2], numbers[1] + numbers[3]]
        if len(numbers) in (2, 4):
            name = name_of(text, start, start + len(place))
            yield from shapes_of(numbers, name, None, place, notes)


def _places(shadow: str) -> Iterator[tuple[int, str]]:
    """Yield where numbers of a place stand in a text, and what stands there."""
    rest = shadow
    for pattern in (_SIDES, _SIZES, _BRACKETED):
        yield from ((match.start(), match[0]) for match in pattern.finditer(rest))
        rest = pattern.sub(lambda match: "(" * len(match[0]), rest)
    start = 0
    for line in rest.splitlines(keepends=True):
        if ending := _ENDING.fullmatch(line):
            place = ending.end("name")
            yield start + place, line[place:]
        start += len(line)


# What places are called: before them on their line, after them, or, where that only says that a
# place follows, on a line above.


def name_of(text: str, start: int, end: int) -> str | None:
    r"""Return what the place at `start` to `end` of a text is called, if that can be seen.

    >>> name_of("1. **Cat**\n   - Bounding box: [1, 2, 3, 4]", 30, 42)
    'Cat'
    >>> name_of("[1, 2, 3, 4] EXIT", 0, 12), name_of("a cat [1, 2] and a dog [3, 4]", 23, 29)
    ('EXIT', 'a dog')
    """
    line = text.rfind("\n", 0, start) + 1
    before = text[max(line, start - _MOST_SIGNS) : start]
    name = name_before(before)
    is_list = before.strip() in ("-", "*", "•") and "\n" in text[start:end]
    if is_list or (name and _is_word_for_place(name)):
        below = _FACT_BELOW.match(text, end) if before.lstrip().startswith("-") else None
        if below and bare_key(below[1]) in LABELS:
            return name_before(below[2])
        return _name_above(text[max(line - _MOST_SIGNS, 0) : line])
    if name or _NUMBERED.sub("", before).strip(" \t-*•`"):
        return name
    after = text[end : end + _MOST_SIGNS].split("\n", 1)[0].strip(" \t`")
    return None if re.search(r"\d+\s*[,，]\s*\d", after) else name_before(after.lstrip(":：-–— "))


def _name_above(text: str) -> str | None:
    """Return the heading of a list of facts, or the fact that names it."""
    for line in reversed(text.splitlines()[-_MOST_FACTS:]):
        key, _, value = plain(line).strip(" \t-*#").partition(":")
        is_fact = bool(value.strip(" *"))
        if line.strip() and (not is_fact or bare_key(key) in LABELS):
            return name_before(value if is_fact else line)
    return None


_FACT_BELOW = re.compile(r"[^\S\n]*\n[^\S\n]+(\w{1,20})\s*:([^\n]{1,120})")  # of one item in YAML
_MOST_FACTS, _MOST_SIGNS = 6, 600


def _is_word_for_place(name: str) -> bool:
    words = bare_key(name)
    return words in POINTS | BOXES | PERHAPS or bool(_WORD_FOR_PLACE.fullmatch(words))


_WORD_FOR_PLACE = re.compile(
    r"(?:bbox|boundingbox|box|pixel|approximate)?coordinates?|(?:top|upper)left(?:corner)?"
    r"|(?:here(?:is|are))?(?:the)?(?:final)?(?:answer|(?:bounding)?box(?:es)?|points?)(?:is|are)?"
    r"|左上角?(?:坐标)?|(?:边界框|边框|位置)?(?:坐标|位置)(?:为|是)?"
)


def name_before(text: str) -> str | None:
    """Return what stands before the numbers on their line, if it looks like a name.

    >>> name_before("- cat: "), name_before("2. **dog**: "), name_before('{"bbox_2d": ')
    ('cat', 'dog', None)
    >>> name_before("| 3 | cow | "), name_before("cat (0.93): "), name_before("pig: [1, 2], ")
    ('cow', 'cat', 'pig')
    """
    if not set("{}[:=：＝") & set(text) and (quoted := _QUOTED.findall(text)):
        return str(quoted[-1])
    cell = _NUMBERED.sub("", text.strip()).rstrip("| ").rpartition("|")[2]
    said = _last_part(cell)
    if not said:  # brackets stand last: what is before them
        said = _last_part(_LAST_BRACKETS.sub("", cell))
    is_named = text.rstrip(" \t*`")[-1:] in (":", "：", "=", "＝")
    return said if (_LONG_NAME if is_named else _NAME).fullmatch(said) else None


def _last_part(text: str) -> str:
    """Return what stands behind the last bracket, without the signs around it."""
    part = _BRACKET.split(text)[-1].strip(" \t-*•#`\"'“”‘’:=：＝,，;；、.。")
    return _AND.sub("", _CORNER.sub("", part))


_NUMBERED = re.compile(r"^(?:[-*•]|#{1,6})?\s*(?:\d+[.)、．])?\s+|^\d+[.)、．]")
_BRACKET = re.compile(r"[(\])}>（）］】]")
_LAST_BRACKETS = re.compile(r"(?:\s*[(\[（［][^()\[\]（）［］]*[)\]）］][\s,，、;；:：]*)+$")
_AND = re.compile(r"^(?:(?:and|or)\b|[和与及])\s*", re.IGNORECASE)
_CORNER = re.compile(r"(?<=\w)[\s,–—-]+(?:top|upper)[- ]left(?: corner)?$", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“「]([^\"“”「」]{1,80})[\"”」]")
_SIGN = r"(?:[^{}()\[\]\"':=：]|(?<=\w)['’](?=\w))"
_NAME = re.compile(rf"[^\d\W]{_SIGN}{{0,39}}")
_LONG_NAME = re.compile(rf"[^\d\W]{_SIGN}{{0,119}}")
