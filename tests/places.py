"""Where the tests find things."""

from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
FIXTURES = REPO / "fixtures"
GOLDEN = REPO / "tests" / "golden"
SHARED = REPO.parent / "shared"
"""Material that is too large for the repository; tests of it are skipped where it is absent."""
REAL_MEDIA = SHARED / "media"


def case_file(case: str, name: str) -> Path:
    """Return an input of a case of ../shared/cases; skips the test where there is none."""
    path = SHARED / "cases" / case / name
    if not path.is_file():
        pytest.skip(f"the case is not there: ../shared/cases/{case}")
    return path
