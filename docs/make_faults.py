"""Write what comes of each bad file into `faults.md`, between its markers.

`python docs/make_faults.py` runs every command on every file, for a minute; the tests of
`tests/faults` run them too, and fail where a row is another one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

PAGE = Path(__file__).with_name("faults.md")
MARKED = re.compile(r"(?<=<!-- faults -->\n).*?(?=<!-- end -->)", flags=re.DOTALL)


def updated(page: str) -> str:
    """Return the page with the tables of all bad files between its markers."""
    return MARKED.sub(lambda _: "\n".join(tables()) + "\n", page)


def tables() -> Iterator[str]:
    """Yield the lines of a table for each kind of fault."""
    sys.path.insert(0, str(PAGE.parents[1]))
    from tests.faults import runs
    from tests.faults.bad_files import BAD_FILES

    with TemporaryDirectory() as made:
        folder = Path(made).resolve()
        places = runs.places(folder / "bad")
        scan = runs.scanned(places, folder)
        for kind, faults in groupby(BAD_FILES, key=lambda bad: bad.kind):
            yield from (f"## What {kind}", "")
            yield f"| {' | '.join(runs.HEADINGS)} |"
            yield "|---" * len(runs.HEADINGS) + "|"
            for bad in faults:
                yield runs.row(bad, runs.outcomes_of(places[bad.name], scan[bad.name]))
            yield ""


def make() -> None:
    """Rewrite the page where it is not as it would be written today."""
    old = PAGE.read_text("utf-8")
    if (new := updated(old)) != old:
        PAGE.write_text(new, "utf-8")
        print(f"{PAGE.name} is brought up to date")


if __name__ == "__main__":
    make()
