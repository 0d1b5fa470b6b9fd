"""Tell of a keyword that a verb does not take: by the verb, and with the nearest that it takes.

Rooms below know it by other names, so Python's own words would name a function that nobody called.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")
_KEYWORDS = re.compile(r"Unpack\[(\w+)\]")


def telling(verbs: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield those of some named things that take keywords of a record, made to tell of others.

    They raise `TypeError` as before.

    >>> import vlprep
    >>> vlprep.plan_media("fixtures/photo.jpg", budge=1)
    Traceback (most recent call last):
    TypeError: plan_media() got an unexpected keyword argument 'budge'; did you mean 'budget'?
    """
    for name, verb in verbs:
        if _KEYWORDS.search(str(getattr(verb, "__annotations__", ""))):
            yield name, _telling(verb)


def _telling(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Return a verb whose `TypeError` of a keyword names it, and the nearest that it takes."""

    @wraps(verb)
    def told(*given: Any, **keywords: Any) -> Any:
        try:
            return verb(*given, **keywords)
        except TypeError as error:
            said = _UNEXPECTED.search(str(error))
            taken = _taken(verb)
            if said is None or said[1] not in keywords or said[1] in taken:
                raise
        raise TypeError(f"{verb.__name__}() got an {said[0]}{_nearest(said[1], taken)}")

    return told


def _taken(verb: Callable[..., Any]) -> set[str]:
    """Return the keywords of a verb, whose room is loaded."""
    taken = {*verb.__annotations__} - {"return"}
    ours = [module for name, module in sys.modules.items() if name.startswith("vlprep.")]
    for keywords in _KEYWORDS.findall(" ".join(verb.__annotations__.values())):
        known = next((vars(room)[keywords] for room in ours if keywords in vars(room)), None)
        taken |= getattr(known, "__annotations__", {}).keys()
    return taken


def _nearest(keyword: str, taken: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(keyword, sorted(taken), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
