"""Write the list of public names into `api.md`, by rooms; the site fills in their docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

STUB = Path(__file__).parents[1] / "vlprep" / "__init__.pyi"
MARKED = re.compile(r"(?<=<!-- names -->\n).*?(?=<!-- end -->)", flags=re.DOTALL)
HEADINGS = {
    # room: what a reader calls it, in the order of the page; others follow by their own name
    "verbs": "Verbs",
    "view": "What a model is to see",
    "trust": "How far files are trusted",
    "types": "Facts of files",
    "clips": "Frames and parts of clips",
    "count": "Counting",
    "plan": "Planning",
    "frames": "Frames and views",
    "pick": "Frames where something happens",
    "arrays": "Arrays",
    "compress": "Compressing",
    "check": "Checking",
    "payload": "Requests",
    "refit": "Requests of others",
    "boxes": "Boxes",
    "events": "Events",
    "split": "Pages in pieces",
    "samples": "Requests and data sets",
    "reconcile": "Billed and predicted",
    "models": "The catalogue",
    "maths": "Sizes and sampling",
    "media": "Files",
    "errors": "Errors",
}


def updated(page: str) -> str:
    """Return the page with all public names between its markers."""
    return MARKED.sub(lambda _: "\n".join(entries()) + "\n", page)


def entries() -> Iterator[str]:
    """Yield a heading for each room and an entry for each of its names."""
    order = list(HEADINGS)
    homes = re.findall(r"^from vlprep\.(\w+)\S* import (\w+)", STUB.read_text("utf-8"), re.M)
    ranked = sorted(homes, key=lambda home: order.index(home[0]) if home[0] in order else 99)
    for room, names in groupby(ranked, key=lambda home: home[0]):
        yield f"\n## {HEADINGS.get(room, room.capitalize())}\n"
        # `processor` and `Processor` first: all other verbs are said to do as they do.
        for _, name in sorted(names, key=lambda home: (home[1].lower() != "processor", home[1])):
            yield f"::: vlprep.{name}\n"
