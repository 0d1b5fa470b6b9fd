"""How results show themselves: one short line at a prompt, a table or a picture in a notebook.

What a result says of itself is its own class's to know.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from PIL import Image

MOST_CHARACTERS = 200
"""Longest `repr` of a result."""

MOST_ROWS = 30
"""Rows of a table in a notebook; how many more there are is said below it."""

_LONGEST_WORD = 72  # of a name, so that there is room for what follows it


def brief(thing: object, *words: str) -> str:
    r"""Return the `repr` of a result: its class and what a person wants to know, in one line.

    Words that are too long lose their middle, and what cannot be printed is escaped.

    >>> brief(object(), "a\nb", "", "12 tokens")
    'object(a\\nb, 12 tokens)'
    """
    name = type(thing).__name__
    said = ", ".join(shortened(word, _LONGEST_WORD) for word in words if word)
    return f"{name}({shortened(said, MOST_CHARACTERS - len(name) - 2)})"


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` characters, its middle left out, each of them printable.

    >>> shortened("a-very-long-name-of-a-file.mp4", 15)
    'a-very-…ile.mp4'
    """
    text = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
    kept = most - 1
    if len(text) <= most:
        return text
    return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"


def page(
    title: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    lines: Iterable[str] = (),
) -> str:
    """Return a result as HTML: a title, a table, and lines under it; all text is escaped.

    Colours and fonts are the notebook's own; a style sheet can name the class "vlprep". Columns
    of numbers stand at the right. Of many rows the first are shown.

    >>> page("1 file", ["file", "tokens"], [["<b>.jpg", "302"]]).count("&lt;b&gt;.jpg")
    1
    """
    shown = rows[:MOST_ROWS]
    right = [all(re.fullmatch(_NUMBER, row[k]) for row in shown) for k in range(len(headings))]
    left_out = len(rows) - len(shown)
    more = [f"… and {left_out:,} more"] if left_out else []
    return "".join((
        '<div class="vlprep">',
        f"<div><strong>{_escaped(title)}</strong></div>",
        f"<table><thead>{_row('th', headings, right)}</thead><tbody>",
        *(_row("td", row, right) for row in shown),
        "</tbody></table>",
        *(f"<div>{_escaped(line)}</div>" for line in (*more, *lines)),
        "</div>",
    ))  # fmt: skip


_NUMBER = r"[\d.,x]*"  # or a size, or nothing


def _row(tag: str, cells: Sequence[str], right: Sequence[bool]) -> str:
    written = []
    for cell, is_right in zip(cells, right, strict=True):
        side = "right" if is_right else "left"
        text = _escaped(shortened(cell, 2 * _LONGEST_WORD))
        written.append(f'<{tag} style="text-align:{side}">{text}</{tag}>')
    return f"<tr>{''.join(written)}</tr>"


def _escaped(text: str) -> str:
    from html import escape  # slow to import, and for notebooks alone

    return escape(text)


def as_png(picture: Image.Image) -> bytes:
    r"""Return a picture as a notebook shows it: as PNG, of at most a million pixels.

    >>> from PIL import Image
    >>> as_png(Image.new("RGB", (4000, 3000)))[:4]
    b'\x89PNG'
    """
    memory, shown = io.BytesIO(), picture.copy()
    scale = math.sqrt(_MOST_PIXELS / (picture.width * picture.height))
    if scale < 1:
        shown.thumbnail((max(int(picture.width * scale), 1), max(int(picture.height * scale), 1)))
    shown.save(memory, "PNG", compress_level=3)
    return memory.getvalue()


_MOST_PIXELS = 1_000_000  # a cell is not wider, and a notebook holds every byte of it


class Named(Protocol):
    """A record of the catalogue."""

    @property
    def name(self) -> str:
        """What callers know it by."""


_Named = TypeVar("_Named", bound=Named)


class Listing(tuple[_Named, ...]):
    """Records of the catalogue: a tuple that shows itself by their names.

    >>> from vlprep import list_servers
    >>> list_servers()
    Listing(2: vllm, sglang)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        import textwrap  # not needed by one model

        head, names = f"{type(self).__name__}({len(self)}: ", ", ".join(one.name for one in self)
        return (
            head + textwrap.shorten(names, MOST_CHARACTERS - len(head) - 1, placeholder=" …") + ")"
        )

    def _repr_html_(self) -> str:
        rows = [(one.name, getattr(one, "title", "")) for one in self]
        return page(f"{len(self):,} in all", ("name", "what it is"), rows)
