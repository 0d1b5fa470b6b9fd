"""Measure the memory that reading an hour of video takes, beside the interpreter and imports."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench_frames import Job, measure
from clips import ClipPlan, make_clip
from report import Finding, finish, options

HOUR = ClipPlan(360, 640, 100, 36)
MEMORY_BAR_MB = 150


def main() -> int:
    """Measure, print, and return 1 when the bar is missed."""
    parser = options(__doc__ or "")
    parser.add_argument("--clips", type=Path, metavar="FOLDER", help="keep the clip here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = make_clip(HOUR, arguments.clips or Path(scratch))
        run = measure("vlprep", Job(str(path), [], 0, 0, fps=1))
    what = f"640x360, an hour, {run.frames:,} frames: memory beside interpreter and imports"
    beside = run.peak_mb - run.imports_mb
    findings = [Finding(what=what, value=beside, unit=" MB", bar=MEMORY_BAR_MB)]
    return finish("memory", {}, findings, arguments.json, wall_seconds=run.wall_seconds)


if __name__ == "__main__":
    sys.exit(main())
