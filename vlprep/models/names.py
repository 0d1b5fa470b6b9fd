"""Names of models as people write them: shorter, in other letters, with a mistake in them."""

from __future__ import annotations

import re
from collections.abc import Iterable

OWNER, INSTRUCT = "qwen/", "-instruct"
"""What may be left out of the name of weights, in small letters."""


def nearest_names(name: str, names: Iterable[str]) -> list[str]:
    """Return up to three of `names` that `name` may have been meant to be.

    Names of the same line of models come first, and of them those of the same size: others have
    tokens of another side.

    >>> nearest_names("qwen3-vl:8b", ["qwen2-vl-8b", "Qwen/Qwen3-VL-4B", "Qwen/Qwen3-VL-8B"])
    ['Qwen/Qwen3-VL-8B', 'Qwen/Qwen3-VL-4B']
    """
    name = name[:_LONGEST]
    line = _line(name)
    ranked = sorted(names, key=lambda known: _likeness(name, known), reverse=True)
    related = [known for known in ranked if line and _line(known) == line]
    if related:
        return related[:3]
    return [known for known in ranked if _likeness(name, known)[-1] >= _ALIKE][:3]


_LONGEST = 200
"""Characters of a name that are compared: to compare takes as long as the square of them."""

_ALIKE = 0.6
"""Share of characters that names must have in common where nothing else relates them."""

_LINE = r"(qvq|qwen)-?(\d[\d.]*)?-?(vl|omni)?"
_POINT = re.compile(r"(?<=qwen\d)[p_-](?=\d(?![\db]))")
"""What resellers and file names have in place of a decimal point."""
_SIZE = r"\d+(?:\.\d+)?b\b"


def _line(name: str) -> tuple[str | None, ...] | None:
    """Return the line of models that a name tells: what it is built on, and what it is for."""
    found = list(re.finditer(_LINE, _bare(name)))
    return found[-1].groups() if found else None  # before it may stand who made it


def _likeness(name: str, known: str) -> tuple[bool, bool, bool, float]:
    """Return how like two names are: of one size, with all words of the known one, of one kind.

    Last come the characters in common. What quantisers add are words of their own. Weights have an
    owner, or a colon before their size; the services' names have neither.
    """
    ours, theirs = (_bare(one).replace(INSTRUCT, "") for one in (name, known))
    same_size = re.findall(_SIZE, ours)[:1] == re.findall(_SIZE, theirs)[:1]
    same_kind = any(mark in name for mark in "/:") == ("/" in known)
    import difflib  # for suggestions alone

    with_all = {*theirs.split("-")} <= {*ours.split("-")}
    return same_size, with_all, same_kind, difflib.SequenceMatcher(None, theirs, ours).ratio()


def _bare(name: str) -> str:
    """Return a name without its owner, in small letters, as hyphens divide it into words."""
    own = name.strip().casefold().rpartition("/")[2]
    return re.sub(r"[:_\s]", "-", _POINT.sub(".", own)).replace("-vl", "vl")


def folded(name: str) -> str:
    """Return a name in small letters, without its owner.

    >>> folded("Qwen/Qwen3-VL-8B-Instruct")
    'qwen3-vl-8b-instruct'
    """
    return name.strip().casefold().removeprefix(OWNER)


def shortened(name: str, left_out: str) -> str:
    """Return a name without its owner and a part of it, with hyphens where Ollama has them not.

    >>> shortened("qwen3-vl:8b", INSTRUCT), shortened("qwen2.5vl:7b", INSTRUCT)
    ('qwen3-vl-8b', 'qwen2.5-vl-7b')
    """
    own = folded(name).replace(left_out, "")
    return own.replace("vl:", "-vl-").replace("--", "-").replace(":", "-")
