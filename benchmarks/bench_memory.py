"""Measure the memory that reading an hour of video takes, beside the interpreter and imports."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench_frames import Job, measure
from clips import ClipPlan, make_clip
from report import Finding, finish, options

HOUR = ClipPlan(360, 640, 100, 36)
BARS_MB = {1: 100, 2: 150, 16: 300}
"""Memory beside interpreter and imports, by the number of threads."""


def main() -> int:
    """Measure, print, and return 1 when a bar is missed."""
    parser = options(__doc__ or "")
    parser.add_argument("--clips", type=Path, metavar="FOLDER", help="keep the clip here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = make_clip(HOUR, arguments.clips or Path(scratch))
        findings = [measured(path, threads, bar) for threads, bar in BARS_MB.items()]
    return finish("memory", {}, findings, arguments.json)


def measured(path: Path, threads: int, bar: float) -> Finding:
    """Read the hour with so many threads."""
    run = measure("vlprep", Job(str(path), [], 0, 0, fps=1, vlprep_threads=threads))
    beside = run.peak_mb - run.imports_mb
    what = f"640x360, an hour, {run.frames:,} frames, {threads} threads: memory beside imports"
    return Finding(what=what, value=beside, unit=" MB", bar=bar)


if __name__ == "__main__":
    sys.exit(main())
