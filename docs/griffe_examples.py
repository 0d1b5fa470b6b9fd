"""Makes code blocks of the examples in docstrings, for the Python reference of the site."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

EXAMPLE = re.compile(r"^>>> .*(?:\n(?!\s*\n).+)*", flags=re.MULTILINE)


def fenced(text: str) -> str:
    """Return a docstring whose doctests, up to the next empty line, stand in fences.

    >>> print(fenced("Add.\\n\\n>>> 1 + 1\\n2").replace("`", "'"))
    Add.
    <BLANKLINE>
    '''pycon
    >>> 1 + 1
    2
    '''
    """
    return EXAMPLE.sub(lambda match: f"```pycon\n{match[0]}\n```", text)


class Fenced(Extension):
    """Is called by mkdocstrings for everything that it reads."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Fence the examples of one docstring."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)
