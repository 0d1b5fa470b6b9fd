"""Bring all documents up to date: `python docs/make_all.py`, after anything printed has changed.

Each writer is a function from a page's text as it is to its text as it should be; examples are run
last, for what they print is the largest part.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
WRITERS = (
    # module, function, page
    ("make_commands", "updated", "commands.md"),
    ("make_rules", "updated", "rules.md"),
    ("make_plans", "updated", "plans.md"),
    ("make_sources", "updated", "sources.md"),
    ("make_api", "updated", "api.md"),
    ("make_speed", "english", "../README.md"),
    ("make_speed", "chinese", "../README.zh-CN.md"),
    ("make_speed", "chart", "speed.svg"),
    ("make_speed", "tables", "benchmarks.md"),
)


def writer(module: str, function: str) -> Callable[[str], str]:
    """Return a writer by its names."""
    sys.path.insert(0, str(HERE))
    found: Callable[[str], str] = getattr(import_module(module), function)
    return found


def make() -> None:
    """Rewrite every page that is not as it would be written today."""
    for module, function, page in WRITERS:
        path = HERE / page
        old = path.read_text("utf-8") if path.exists() else ""
        new = writer(module, function)(old)
        if new != old:
            path.write_text(new, "utf-8")
            print(f"{path.name} is brought up to date by {module}.py")
    import_module("make_pictures").make()
    import_module("make_examples").make()
    import_module("make_faults").make()


if __name__ == "__main__":
    make()
