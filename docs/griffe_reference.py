"""What the site's Python reference adds to docstrings: fences around examples, and keywords."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from griffe import Class, Extension, Function, GriffeLoader, Module, Object

EXAMPLE = re.compile(r"^>>> .*(?:\n(?!\s*\n).+)*", flags=re.MULTILINE)
KEYWORDS = re.compile(r"Unpack\[(\w+)\]")
VIEW = "ViewKeywords"


def fenced(text: str) -> str:
    """Return a docstring whose doctests, up to the next empty line, stand in fences."""
    return EXAMPLE.sub(lambda match: f"```pycon\n{match[0]}\n```", text)


class Reference(Extension):  # type: ignore[misc,unused-ignore]
    """Is called by mkdocstrings when it has read the package."""

    def on_package(self, *, pkg: Module, loader: GriffeLoader, **_: Any) -> None:
        """Complete every docstring."""
        typed = {one.name: one for one in _all(pkg) if isinstance(one, Class)}
        for one in _all(pkg):
            if one.docstring is None:
                continue
            one.docstring.value = fenced(one.docstring.value)
            if isinstance(one, Function) and (keywords := _keywords(one, typed)):
                one.docstring.value += f"\n\nKeywords: {keywords}."


def _all(parent: Object) -> Iterator[Object]:
    for member in parent.members.values():
        if isinstance(member, Object):
            yield member
            yield from _all(member)


def _keywords(function: Function, typed: dict[str, Class]) -> str:
    """Return the keywords of a function that takes them as a `TypedDict`, those of a view apart."""
    names = KEYWORDS.findall(" ".join(str(one.annotation) for one in function.parameters))
    fields: dict[str, None] = {}  # in their order, once each: bases may be read into a class
    while names:
        if one := typed.get(names.pop(0)):
            fields |= dict.fromkeys(one.attributes)
            names += map(str, one.bases)
    of_view = typed[VIEW].attributes if VIEW in typed else {}
    own = [f"`{field}`" for field in fields if field not in of_view]
    view = ["those of [a view](#vlprep.ViewOptions)"] if len(own) < len(fields) else []
    return ", ".join(own + view)
