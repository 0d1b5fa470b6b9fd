"""Where the tests find things."""

from pathlib import Path

REPO = Path(__file__).parents[1]
FIXTURES = REPO / "fixtures"
GOLDEN = REPO / "tests" / "golden"
SHARED = REPO.parent / "shared"
"""Material that is too large for the repository; tests of it are skipped where it is absent."""
REAL_MEDIA = SHARED / "media"
