"""Time `vlprep scan` against one process and a bare loop of Pillow; and see its memory stay flat.

Files are JPEGs of which only headers are read. The bare loop opens each and reads its orientation,
the least with which a size can be known. One process is the same operator on the same folder, with
the same table, without workers. Each is told by the clock, and by the seconds of processors that
all its processes use, which a busy machine changes less. Rows of the second part are made up, and
cost nothing to count.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import ExifTags, Image
from report import Finding, Timing, alternate, clock, finish, options, ratio
from scan_jobs import MadeUp, Noted

from vlprep.batch import CountTokens

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
    from vlprep.scan.scan import scan  # here, as workers load this file and do without

    album, notes = folder / "album", folder / "seconds"
    paths = write_pictures(album, count)
    notes.mkdir()
    runs, job = iter(range(1000)), Noted(JOB, str(notes))

    def scanned(workers: int) -> None:
        scan([str(album)], job, output=folder / f"{next(runs)}.jsonl", workers=workers)

    calls: dict[str, Callable[[], object]] = {
        "bare": lambda: [bare(path) for path in paths],
        "one process": lambda: in_one_process(album, folder / f"{next(runs)}.jsonl"),
        "one worker": lambda: scanned(1),
        "workers": lambda: scanned(WORKERS),
    }
    meter = Meter(notes)
    timed = alternate(calls, rounds, measure=meter)
    used = {name: Timing(tuple(meter.seconds[call])) for name, call in calls.items()}
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
        ratio(
            f"{what} seconds of processors of that scan over those of a bare loop",
            used["workers"], used["bare"], bar=BARE_BAR,
        ),
        ratio(
            f"{what} seconds of processors of one process over those of a bare loop",
            used["one process"], used["bare"],
        ),
    ], timed  # fmt: skip


class Meter:
    """Takes the time of calls, and what they use of processors, workers and all."""

    def __init__(self, notes: Path) -> None:
        self._notes = notes
        self.seconds = defaultdict[Callable[[], object], list[float]](list)

    def __call__(self, call: Callable[[], Any]) -> float:
        """Return the seconds that a call takes."""
        for note in self._notes.iterdir():
            note.unlink()
        used, taken = time.process_time(), clock(call)
        of_workers = sum(float(note.read_text()) for note in self._notes.iterdir())
        self.seconds[call].append(time.process_time() - used + of_workers)
        return taken


def write_pictures(folder: Path, count: int) -> list[str]:
    """Write JPEGs of some sizes and orientations; returns their paths."""
    from bench_headers import CAMERA_SIZES, ORIENTATIONS, camera_jpeg  # workers do not need it

    folder.mkdir()
    contents = [camera_jpeg(size, turn) for size in CAMERA_SIZES[:2] for turn in ORIENTATIONS]
    paths = [folder / f"{number:06}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(contents[number % len(contents)])
    return list(map(str, paths))


def bare(path: str) -> tuple[tuple[int, int], Any]:
    """Read the least with which a size can be known."""
    with Image.open(path) as image:
        return image.size, image.getexif().get(ExifTags.Base.Orientation)


def in_one_process(folder: Path, output: Path) -> None:
    """Count the files of a folder and write the same lines."""
    from vlprep.scan.rows import SourceRow
    from vlprep.scan.sources import Sources

    rows = (row.name for row in Sources().rows([str(folder)]) if isinstance(row, SourceRow))
    with output.open("w") as file:
        while paths := list(islice(rows, ROWS_AT_ONCE)):
            done = JOB({"path": paths})
            names = list(done)
            for values in zip(*done.values(), strict=True):
                file.write(json.dumps(dict(zip(names, values, strict=True))) + "\n")


# Memory


def growth(folder: Path, rows: int) -> Finding:
    """Return by how much the memory of a scan grows from its first tenth to its end."""
    from vlprep.scan.scan import scan

    seen: dict[int, float] = {}
    names = (f"made up {number}" for number in range(rows))
    scan(
        names, MadeUp(JOB.view, JOB.types), output=folder / "rows.jsonl", workers=WORKERS,
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
