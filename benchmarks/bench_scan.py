"""Time `vlprep scan` against one process and a bare loop of Pillow; and see its memory stay flat.

Files are JPEGs of which only headers are read. The bare loop opens each and reads its orientation,
the least with which a size can be known. One process is the same operator on the same files, with
the same table, without workers. Rows of the second part are made up, and cost nothing to count.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from bench_headers import CAMERA_SIZES, ORIENTATIONS, camera_jpeg
from PIL import ExifTags, Image
from report import Finding, Timing, alternate, finish, options, ratio

from vlprep.batch import CountTokens
from vlprep.scan.scan import scan
from vlprep.view import View

WORKERS = 2
SPEED_UP_BAR = 1.6
BARE_BAR = 1.3
GROWTH_BAR_MB = 100
ROWS_AT_ONCE = 256

JOB = CountTokens("qwen3-vl-plus")


def main() -> int:
    """Measure, print, and return 1 when a bar is missed."""
    parser = options(__doc__ or "")
    parser.add_argument("--files", type=int, default=20_000, metavar="N", help="how many JPEGs")
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N", help="made-up rows")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="runs of each")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        found, timed = compare(Path(folder), arguments.files, arguments.rounds)
        found.append(growth(Path(folder), arguments.rows))
    return finish("scan", timed, found, arguments.json)


def compare(folder: Path, count: int, rounds: int) -> tuple[list[Finding], dict[str, Timing]]:
    """Time a scan by two workers, one process and a bare loop on the same files, in turn."""
    paths = list(write_pictures(folder / "album", count))
    runs = iter(range(1000))

    def scanned(workers: int) -> None:
        scan([str(folder / "album")], JOB, output=folder / f"{next(runs)}.jsonl", workers=workers)

    timed = alternate(
        {
            "bare": lambda: [bare(path) for path in paths],
            "one process": lambda: in_one_process(paths, folder / f"{next(runs)}.jsonl"),
            "one worker": lambda: scanned(1),
            "workers": lambda: scanned(WORKERS),
        },
        rounds,
    )
    what = f"{count:,} JPEG headers:"
    return [
        ratio(
            f"{what} one process over a scan by {WORKERS} workers",
            timed["one process"], timed["workers"], bar=SPEED_UP_BAR, more_is_better=True,
        ),
        ratio(
            f"{what} one process over a scan by 1 worker",
            timed["one process"], timed["one worker"],
        ),
        ratio(
            f"{what} a scan by {WORKERS} workers over a bare loop on as many cores",
            timed["workers"], timed["bare"], per=1 / WORKERS, bar=BARE_BAR,
        ),
    ], timed  # fmt: skip


def write_pictures(folder: Path, count: int) -> Iterator[str]:
    """Write JPEGs of some sizes and orientations, and yield their paths."""
    folder.mkdir()
    contents = [camera_jpeg(size, turn) for size in CAMERA_SIZES[:2] for turn in ORIENTATIONS]
    for number in range(count):
        path = folder / f"{number:06}.jpg"
        path.write_bytes(contents[number % len(contents)])
        yield str(path)


def bare(path: str) -> tuple[tuple[int, int], Any]:
    """Read the least with which a size can be known."""
    with Image.open(path) as image:
        return image.size, image.getexif().get(ExifTags.Base.Orientation)


def in_one_process(paths: list[str], output: Path) -> None:
    """Count files and write the same lines."""
    with output.open("w") as file:
        for start in range(0, len(paths), ROWS_AT_ONCE):
            done = JOB({"path": paths[start : start + ROWS_AT_ONCE]})
            names = list(done)
            for values in zip(*done.values(), strict=True):
                file.write(json.dumps(dict(zip(names, values, strict=True))) + "\n")


# Memory


@dataclass(frozen=True)
class MadeUp:
    """A job that opens nothing."""

    view: View
    column: str = "path"
    types: ClassVar = JOB.types

    def __call__(self, batch: dict[str, list[str]]) -> dict[str, list[Any]]:
        """Return the columns of a count."""
        rows = batch["path"]
        tokens = [hash(row) % 4096 for row in rows]
        known: dict[str, list[Any]] = {"kind": ["image"] * len(rows), "tokens": tokens}
        known |= dict.fromkeys(("height", "width"), [1000] * len(rows))
        return {**dict.fromkeys(self.types, [None] * len(rows)), **known}


def growth(folder: Path, rows: int) -> Finding:
    """Return by how much the memory of a scan grows from its first tenth to its end."""
    seen: dict[int, float] = {}
    names = (f"made up {number}" for number in range(rows))
    scan(
        names, MadeUp(JOB.view), output=folder / "rows.jsonl", workers=WORKERS,
        progress=lambda done: seen.__setitem__(done, memory_mb()),
    )  # fmt: skip
    early = max(used for done, used in seen.items() if done <= rows / 10)
    what = f"{rows:,} rows: memory that the last nine tenths add"
    return Finding(what=what, value=memory_mb() - early, unit=" MB", bar=GROWTH_BAR_MB)


def memory_mb() -> float:
    """Return the memory that this process has now."""
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1e3


if __name__ == "__main__":
    sys.exit(main())
