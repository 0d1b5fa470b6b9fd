"""Bring all documents up to date: `python docs/make_all.py`, after anything printed has changed.

Each `make_*.py` beside this file writes one thing: `PAGE` is where, `updated` gives the new text.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
GENERATORS = ("make_commands", "make_rules", "make_plans")


def make() -> None:
    """Rewrite every page that is not as it would be written today."""
    sys.path.insert(0, str(HERE))
    for name in GENERATORS:
        generator = import_module(name)
        old = generator.PAGE.read_text("utf-8")
        new = generator.updated(old)
        if new != old:
            generator.PAGE.write_text(new, "utf-8")
            print(f"{generator.PAGE.name} is brought up to date by {name}.py")
    import_module("make_examples").make()


if __name__ == "__main__":
    make()
