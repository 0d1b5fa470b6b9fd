"""Write the rules of `vlprep check` into `rules.md`, between its markers.

`python docs/make_rules.py` rewrites the file; a test fails when it is out of date.
"""

from __future__ import annotations

import re
from pathlib import Path

from vlprep.check.report import RULES
from vlprep.check.rule import Sending
from vlprep.models.citing import named
from vlprep.models.registry import get_route
from vlprep.view import View

PAGE = Path(__file__).with_name("rules.md")
MARKED = re.compile(r"(?<=<!-- rules -->\n).*?(?=<!-- end -->)", flags=re.DOTALL)


def updated(page: str) -> str:
    """Return the page with the table of all rules between its markers."""
    return MARKED.sub(lambda _: "\n".join(table()) + "\n", page)


def table() -> list[str]:
    """Return the lines of the table, with the limits that hold for the default model."""
    asked = Sending(view=View.of(), files=(), route=get_route("base64"))
    lines = ["| rule | severity | what is looked at | limit | weights | source |", "|---" * 6 + "|"]
    for rule in RULES:
        weights = "" if rule.of_service else "too"
        wanted = rule.wanted(asked)
        source = named(wanted.sources)
        cells = (f"`{rule.id}`", rule.severity, rule.title, wanted.words, weights, source)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text("utf-8")), "utf-8")
