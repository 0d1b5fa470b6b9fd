"""Count what picked frames show of generated screencasts, beside what other ways of picking show.

Each film is made with its truth: from when until when each state is on show. A state is shown when
a frame lies in that time. The other ways are as many frames spread evenly, and FFmpeg's scene score
at the usual threshold; claude-real-video and frameproof where their commands are found.
"""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import av
import numpy as np
from report import Finding, finish, options

sys.path.insert(0, str(Path(__file__).parents[1]))

import vlprep
from tests.screencasts import FILMS, SCREENCASTS, Film
from vlprep.media.source import open_item
from vlprep.pick.cells import probe_size
from vlprep.pick.clip import open_clip, probed
from vlprep.types import ImageSize
from vlprep.video.decode import DecodePlan, decode_frames, scan_clip
from vlprep.video.paint import Look

MODEL, MAX_GAP, PROBE_FPS = "qwen3-vl-plus", 15.0, 2.0
SCENE = 0.3
"""The threshold of most recipes."""
FRAMES_A_STATE, SHOWN, CPU = 1.5, 0.95, 1.3
"""What is promised: frames a state, share of the states, and CPU beside reading alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one way of picking shows of one film."""

    film: str
    way: str
    states: int
    shown: int
    frames: int
    largest_gap_seconds: float
    cpu_seconds: float = 0.0
    """0 where it was not measured."""
    beside_reading: float = 0.0
    """Times the processor time of reading the same frames as RGB pictures, round by round."""
    beside_own_reading: float = 0.0
    """Times that of reading them as picking does, colour by colour, which is quicker."""


def row(film: Film, way: str, moments: Sequence[float], **times: float) -> Row:
    """Score the moments of a way of picking; the film's two ends bound gaps, where it has none."""
    gaps = np.diff([0.0, *moments, film.seconds - 0.1]) if len(moments) else [film.seconds]
    return Row(
        film=film.name, way=way, states=len(film.states), shown=film.seen(moments),
        frames=len(moments), largest_gap_seconds=round(float(max(gaps)), 2), **times,
    )  # fmt: skip


def cpu(call: Callable[[], object]) -> float:
    """Return the processor seconds of a call, threads included."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    call()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def looked_at(path: Path) -> tuple[tuple[int, ...], ImageSize]:
    """Return the numbers of the frames at which picking looks, and at what size."""
    with open_clip(path, vlprep.View.of(MODEL), None) as clip:
        numbers = sorted({number for _, number in probed(clip.frames, PROBE_FPS)})
        return tuple(numbers), probe_size(clip.info.size)


def read_alone(path: Path, numbers: tuple[int, ...], look: Look) -> int:
    """Read frames and do nothing with them."""
    with open_item(path) as item:
        return sum(1 for _ in decode_frames(DecodePlan(scan_clip(item), look, numbers)))


def timed(path: Path, pick: Callable[[], object], rounds: int) -> dict[str, float]:
    """Return the processor time of picking and its ratios, medians of rounds in turn."""
    numbers, size = looked_at(path)
    as_rgb, by_colour = Look(size), Look(size, by_colour=True)
    taken = [
        (
            cpu(pick),
            cpu(partial(read_alone, path, numbers, as_rgb)),
            cpu(partial(read_alone, path, numbers, by_colour)),
        )
        for _ in range(rounds)
    ]
    return {
        "cpu_seconds": statistics.median(ours for ours, _, _ in taken),
        "beside_reading": statistics.median(ours / alone for ours, alone, _ in taken),
        "beside_own_reading": statistics.median(ours / alone for ours, _, alone in taken),
    }


def scene_scores(path: Path) -> list[float]:
    """Return the moments that FFmpeg's filter `select` keeps by its scene score."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        graph = av.filter.Graph()
        source = graph.add_buffer(template=stream)
        select = graph.add("select", f"gt(scene,{SCENE})")
        sink = graph.add("buffersink")
        source.link_to(select)
        select.link_to(sink)
        graph.configure()
        moments: list[float] = []
        for frame in (*container.decode(stream), None):
            graph.push(frame)
            while (kept := pulled(graph)) is not None:
                moments.append(kept)
    return moments


def pulled(graph: av.filter.Graph) -> float | None:
    """Return the time of the next frame that comes out of a graph; `None` where none does yet."""
    try:
        return float(graph.pull().time or 0)
    except (av.BlockingIOError, av.EOFError):
        return None


def peers(path: Path) -> Iterator[tuple[str, list[float]]]:
    """Yield the moments that other tools keep, with their own defaults; those found on the path."""
    with tempfile.TemporaryDirectory() as folder:
        if crv := shutil.which("claude-real-video"):
            ran = [crv, str(path), "-o", f"{folder}/crv", "--no-transcribe"]
            subprocess.run(ran, check=True, capture_output=True)
            kept = json.loads(Path(folder, "crv", "frames.json").read_text("utf-8"))["frames"]
            yield "claude-real-video", [frame["timestamp_sec"] for frame in kept]
        if frameproof := shutil.which("frameproof"):
            ran = [frameproof, "index", str(path), "--out", f"{folder}/fp", "--no-transcribe"]
            subprocess.run(ran, check=True, capture_output=True)
            lines = Path(folder, "fp", "frames.jsonl").read_text("utf-8").splitlines()
            yield "frameproof", [json.loads(line)["t"] for line in lines]


def measure(film: Film, folder: Path, rounds: int) -> list[Row]:
    """Return a row for each way of picking."""
    path = film.write(folder / f"{film.name}.mp4")

    def pick() -> vlprep.PickedFrames:
        return vlprep.pick_frames(path, MODEL, max_gap=MAX_GAP, probe_fps=PROBE_FPS)

    picked = pick()
    assert pick().picks == picked.picks
    moments = [pick.seconds for pick in picked.picks]
    times = timed(path, pick, rounds)
    even = np.linspace(moments[0], moments[-1], len(moments)).tolist()
    rows = [row(film, "vlprep", moments, **times), row(film, "even, as many", even)]
    rows.append(row(film, f"scene score {SCENE}", scene_scores(path)))
    return rows + [row(film, way, kept) for way, kept in peers(path)]


def findings(rows: Sequence[Row]) -> Iterator[Finding]:
    """Yield what is promised of the ten screencasts, and the worst gap of all films."""
    ours = [row for row in rows if row.way == "vlprep"]
    ten = [row for row in ours if row.film in SCREENCASTS]
    for way in dict.fromkeys(row.way for row in rows):
        mine = [row for row in rows if row.way == way and row.film in SCREENCASTS]
        shown = sum(row.shown for row in mine) / sum(row.states for row in mine)
        bar = SHOWN if way == "vlprep" else None
        yield Finding(
            what=f"states of ten screencasts shown by {way}", value=100 * shown, unit=" %",
            bar=bar and 100 * bar, more_is_better=True,
        )  # fmt: skip
    each = [row.frames / row.states for row in ten]
    yield Finding(
        what="frames a state, all ten", bar=FRAMES_A_STATE, low=min(each), high=max(each),
        value=sum(row.frames for row in ten) / sum(row.states for row in ten),
    )  # fmt: skip
    gap = max(row.largest_gap_seconds for row in ours)
    yield Finding(what="longest gap of all films", value=gap, unit=" s", bar=MAX_GAP)
    for what, each, bar in (
        ("reading the same frames", [row.beside_reading for row in ten], CPU),
        ("reading them colour by colour", [row.beside_own_reading for row in ten], None),
    ):
        yield Finding(
            what=f"CPU of picking beside {what}, the slowest of ten", unit="x", bar=bar,
            value=max(each), low=min(each), high=max(each),
        )  # fmt: skip


def main() -> int:
    """Measure all films."""
    parser = options(str(__doc__))
    parser.add_argument("--rounds", type=int, default=11, help="rounds of timing")
    asked = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for make in FILMS.values():
            rows += measure(make(), Path(folder), asked.rounds)
    for one in rows:
        ratio = ""
        if one.cpu_seconds:
            ratio = f"{one.beside_reading:.2f}x, {one.beside_own_reading:.2f}x"
        print(
            f"{one.film:16} {one.way:18} {one.shown:3} of {one.states:3} in {one.frames:3} frames, "
            f"gap {one.largest_gap_seconds:5.1f} s {ratio}"
        )
    return finish("pick", {}, list(findings(rows)), asked.json, rows=[asdict(one) for one in rows])


if __name__ == "__main__":
    sys.exit(main())
