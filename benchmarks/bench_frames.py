"""Time frame sampling against the readers that people use today, each in a process of its own."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from clips import ClipPlan, make_clip
from report import Finding, Timing, finish, options, ratio, reader_table

MODEL = "qwen3-vl-plus"
EVERYTHING = "decoding every frame"

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A clip, the rate at which it is sampled, and what is promised."""

    name: str
    clip: ClipPlan
    fps: float
    bar: float
    """How many times as fast as the fastest peer vlprep should be."""


CASES = (
    Case(name="1080p, 60 s, 1 fps", clip=ClipPlan(1080, 1920, 60), fps=1, bar=1.8),
    Case(name="640x360, 10 min, 2 fps", clip=ClipPlan(360, 640, 100, 6), fps=2, bar=1.5),
    Case(name="640x360, 10 min, 1 frame per 10 s", clip=ClipPlan(360, 640, 100, 6), fps=0.1, bar=3),
)


@dataclass(frozen=True, slots=True)
class Job:
    """What a reader is asked for: the frames by number, at a size."""

    path: str
    numbers: list[int]
    height: int
    width: int
    fps: float


# Readers. Each takes its own fastest way to the same frames at the same size, in RGB.


def read_vlprep(job: Job) -> Iterator[Pixels]:
    from vlprep import read_frames

    with read_frames(job.path, MODEL, fps=job.fps, max_frames=4000) as frames:
        for frame in frames:
            yield frame.image


def read_pyav(job: Job) -> Iterator[Pixels]:
    import av

    wanted = set(job.numbers)
    with av.open(job.path) as container:
        container.streams.video[0].thread_type = "AUTO"
        for number, frame in enumerate(container.decode(video=0)):
            if number in wanted:
                small: Any = frame.reformat(width=job.width, height=job.height, format="rgb24")
                yield small.to_ndarray()


def decode_everything(job: Job) -> Iterator[Pixels]:
    """Decode every frame and convert none: what reading cannot beat without leaving frames out."""
    import av

    with av.open(job.path) as container:
        container.streams.video[0].thread_type = "AUTO"
        for _ in container.decode(video=0):
            pass
    yield from ()


def read_opencv(job: Job) -> Iterator[Pixels]:
    import cv2

    wanted, clip = set(job.numbers), cv2.VideoCapture(job.path)
    for number in range(job.numbers[-1] + 1):
        clip.grab()
        if number in wanted:
            yield _opencv_picture(clip, job)


def read_opencv_seeking(job: Job) -> Iterator[Pixels]:
    import cv2

    clip = cv2.VideoCapture(job.path)
    for number in job.numbers:
        clip.set(cv2.CAP_PROP_POS_FRAMES, number)
        clip.grab()
        yield _opencv_picture(clip, job)


def _opencv_picture(clip: Any, job: Job) -> Pixels:
    import cv2

    _, picture = clip.retrieve()
    small = cv2.resize(picture, (job.width, job.height), interpolation=cv2.INTER_AREA)
    image: Pixels = cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
    return image


def read_decord(job: Job) -> Iterator[Pixels]:
    import decord

    clip = decord.VideoReader(job.path, width=job.width, height=job.height)
    yield from clip.get_batch(job.numbers).asnumpy()


def read_torchcodec(job: Job) -> Iterator[Pixels]:
    from torchcodec.decoders import VideoDecoder
    from torchcodec.transforms import Resize

    clip = VideoDecoder(
        job.path,
        dimension_order="NHWC",
        num_ffmpeg_threads=0,  # all processors; its default, one thread, is slower
        transforms=[Resize((job.height, job.width))],
    )
    yield from clip.get_frames_at(job.numbers).data.numpy()


READERS: dict[str, Callable[[Job], Iterator[Pixels]]] = {
    "vlprep": read_vlprep,
    "PyAV": read_pyav,
    "OpenCV": read_opencv,
    "OpenCV, seeking": read_opencv_seeking,
    "decord": read_decord,
    "torchcodec": read_torchcodec,
    EVERYTHING: decode_everything,
}

NEEDS = {
    "vlprep": "av",
    "PyAV": "av",
    EVERYTHING: "av",
    "OpenCV": "opencv-python-headless",
    "OpenCV, seeking": "opencv-python-headless",
    "decord": "decord",
    "torchcodec": "torchcodec",
}

ONLY_SPARSE = ("OpenCV, seeking",)
"""Readers that take minutes when many frames are wanted."""

IMPORTS = {
    "vlprep": "vlprep.frames.stream",
    "PyAV": "av",
    "OpenCV": "cv2",
    "OpenCV, seeking": "cv2",
    "decord": "decord",
    "torchcodec": "torchcodec.decoders",
    EVERYTHING: "av",
}


# One run, in a process of its own.


@dataclass(frozen=True, slots=True)
class Run:
    """What one reader took for one case, without the start of Python and the imports."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    """Most memory of the process."""
    imports_mb: float
    """Memory once everything was imported."""
    frames: int


def measure_here(reader: str, job: Job) -> Run:
    """Read the frames one by one, as a consumer would, and let each go."""
    __import__(IMPORTS[reader])
    before, cpu, wall = _peak_mb(), time.process_time(), time.perf_counter()
    count = sum(1 for _ in READERS[reader](job))
    return Run(
        wall_seconds=time.perf_counter() - wall,
        cpu_seconds=time.process_time() - cpu,
        peak_mb=_peak_mb(),
        imports_mb=before,
        frames=count,
    )


def _peak_mb() -> float:
    """Return the most memory of this process; what getrusage says begins with its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1.024 / 1e3


def measure(reader: str, job: Job) -> Run:
    """Run `measure_here` in a fresh process."""
    command = [sys.executable, __file__, "--run", reader]
    text = json.dumps([job.path, job.numbers, job.height, job.width, job.fps])
    ran = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{reader}: {ran.stderr.strip().splitlines()[-1]}")
    return Run(**json.loads(ran.stdout))


def installed() -> list[str]:
    """Return the readers whose packages are there."""
    found = []
    for reader in READERS:
        try:
            version(NEEDS[reader])
        except PackageNotFoundError:
            print(f"{reader}: not installed", file=sys.stderr)
        else:
            found.append(reader)
    return found


def job_for(case: Case, path: Path) -> Job:
    """Return the frames that vlprep plans, so that all readers deliver the same."""
    from vlprep import VideoInfo, probe, video_tokens

    info = probe(path)
    assert isinstance(info, VideoInfo)
    count = video_tokens(info, MODEL, fps=case.fps)
    height, width = count.resized
    return Job(str(path), list(count.plan.indices), height, width, case.fps)


def main() -> int:
    """Measure, print, and return 1 when a bar is missed."""
    if sys.argv[1:2] == ["--run"]:
        run = measure_here(sys.argv[2], Job(*json.load(sys.stdin)))
        print(json.dumps({name: getattr(run, name) for name in Run.__slots__}))
        return 0
    parser = options(__doc__ or "")
    parser.add_argument("--clips", type=Path, metavar="FOLDER", help="keep the clips here")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="runs of each reader")
    parser.add_argument("--case", type=int, metavar="N", help="only this case, from 0")
    if not Path("/proc/self/status").exists():
        parser.error("memory is read from /proc, which only Linux has")
    arguments = parser.parse_args()
    cases = CASES if arguments.case is None else CASES[arguments.case : arguments.case + 1]
    with tempfile.TemporaryDirectory() as scratch:
        folder: Path = arguments.clips or Path(scratch)
        results = {case.name: run_case(case, folder, arguments.rounds) for case in cases}
    findings = [line for case in cases for line in report_case(case, results[case.name])]
    rows = [row for case in cases for row in reader_rows(case, results[case.name])]
    timings = {
        f"{name}: {reader}": Timing(tuple(run.wall_seconds for run in runs))
        for name, readers in results.items()
        for reader, runs in readers.items()
    }
    packages = {NEEDS[reader] for readers in results.values() for reader in readers} - {"av"}
    peers = {package: version(package) for package in sorted(packages)}
    print("\n".join(reader_table(rows)))
    return finish("frames", timings, findings, arguments.json, peers=peers, readers=rows)


Results = Mapping[str, Sequence[Run]]


def run_case(case: Case, folder: Path, rounds: int) -> Results:
    """Let all readers take turns, so that a slow spell of the machine meets each of them."""
    job = job_for(case, make_clip(case.clip, folder))
    readers = [reader for reader in installed() if case.fps < 1 or reader not in ONLY_SPARSE]
    runs: dict[str, list[Run]] = {reader: [] for reader in readers}
    for number in range(rounds + 1):
        for reader, done in runs.items():
            run = measure(reader, job)
            if reader != EVERYTHING and run.frames != len(job.numbers):
                raise RuntimeError(f"{reader}: {run.frames} frames instead of {len(job.numbers)}")
            if number:  # the first round warms the disk's cache
                done.append(run)
    return runs


def report_case(case: Case, results: Results) -> list[Finding]:
    """Set the fastest peer, and the mere decoding of every frame, against vlprep."""
    walls = {name: Timing(tuple(r.wall_seconds for r in runs)) for name, runs in results.items()}
    peers = [name for name in results if name not in ("vlprep", EVERYTHING)]
    fastest = min(peers, key=lambda name: walls[name].median)
    bars = {fastest: case.bar, EVERYTHING: 1.0}
    return [
        ratio(
            f"{case.name}: {name} / vlprep",
            walls[name],
            walls["vlprep"],
            bar=bar,
            more_is_better=True,
        )
        for name, bar in bars.items()
    ]


def reader_rows(case: Case, results: Results) -> list[dict[str, Any]]:
    """Return what each reader took for a case, medians over its runs."""

    def middle(runs: Sequence[Run], what: str) -> float:
        return float(f"{statistics.median(getattr(run, what) for run in runs):.3g}")

    return [
        {
            "case": case.name,
            "reader": name,
            "wall_seconds": middle(runs, "wall_seconds"),
            "cpu_seconds": middle(runs, "cpu_seconds"),
            "peak_mb": middle(runs, "peak_mb"),
            "imports_mb": middle(runs, "imports_mb"),
        }
        for name, runs in results.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
