"""Signs that stand for others: full-width and typographic ones, brought to the plain ones."""

from __future__ import annotations

import re

_PLAIN = str.maketrans(
    "（）［］｛｝【】〔〕，、：；＝＜＞“”„‟＂″‘’‚‛＇′－−–—～〜．＋｜`",
    "()[]{}[][],,:;=<>\"\"\"\"\"\"''''''----~~.+| ",
) | {0xFF10 + digit: str(digit) for digit in range(10)}  # fmt: skip


def plain(text: str) -> str:
    """Return a text of the same length in plain signs: digits, brackets, commas, quotes, dashes.

    >>> plain("目标：（１００，２００）")
    '目标:(100,200)'
    """
    return text.translate(_PLAIN)


def bare_key(key: str) -> str:
    """Return the key of an object without case, and without what is neither letter nor digit.

    >>> bare_key("Start_Time")
    'starttime'
    """
    return re.sub(r"[\W_]+", "", key.lower())


NUMBER = r"-?\d+(?:\.\d+)?"
"""A number, as plain text has it."""


def numbers_in(text: str) -> list[float]:
    """Return all numbers of a text.

    >>> numbers_in("(10，20)，（３０．５，40）")
    [10.0, 20.0, 30.5, 40.0]
    """
    return [float(number) for number in re.findall(NUMBER, plain(text))]


def excerpt(text: str) -> str:
    """Return the beginning of a text, as messages quote it.

    >>> excerpt("one  two"), excerpt(" ")
    ("'one two'", 'it is empty')
    """
    words = " ".join(text[:1000].split())
    return "it is empty" if not words else repr(words if len(words) <= 40 else words[:39] + "…")
