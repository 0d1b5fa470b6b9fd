"""Time frame sampling against the readers that people use today, each in a process of its own."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, field
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
    bars: Mapping[int, float] = field(default_factory=dict)
    """How many times as fast as the fastest peer vlprep should be, by the number of processors."""
    many: bool = False
    """Whether the clip is read as often as there are processors, side by side."""


LONG, SHORT = ClipPlan(360, 640, 100, 6), ClipPlan(1080, 1920, 10)
CPU_BAR = 0.55
"""What vlprep should take of the processor time of the cheapest peer."""

CASES = (
    Case(
        name="1080p, 60 s, 1 fps",
        clip=ClipPlan(1080, 1920, 60),
        fps=1,
        bars={2: 2.2, 16: 1.7},
    ),
    Case(name="640x360, 10 min, 2 fps", clip=LONG, fps=2, bars={2: 2.0}),
    Case(name="640x360, 10 min, 1 frame per 10 s", clip=LONG, fps=0.1, bars={2: 2.7}),
    Case(
        name="1080p, 8 s, one key frame, 3.75 fps",
        clip=ClipPlan(1080, 1920, 8),
        fps=3.75,
        bars={2: 1.3, 16: 1.15},
    ),
    Case(name="1080p, 10 s, 2 fps", clip=SHORT, fps=2, bars={2: 1.3}),
    Case(name="4K, 20 s, 1 fps", clip=ClipPlan(2160, 3840, 5, 4), fps=1),
    Case(name="1080p HEVC, 30 s, 1 fps", clip=ClipPlan(1080, 1920, 10, 3, "libx265"), fps=1),
    Case(name="1080p AV1, 30 s, 1 fps", clip=ClipPlan(1080, 1920, 10, 3, "libsvtav1"), fps=1),
    Case(
        name="a 1080p clip of 10 s a processor, 2 fps",
        clip=SHORT,
        fps=2,
        bars={16: 2.0},
        many=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Job:
    """What a reader is asked for: the frames by number, at a size."""

    path: str
    numbers: list[int]
    height: int
    width: int
    fps: float
    clips: int = 1
    """How many such clips are read side by side, each with one thread; one alone has all."""
    vlprep_threads: int | None = None
    """Threads that vlprep is told to use; `None` leaves it to choose."""

    @property
    def threads(self) -> int:
        """Threads for a decoder, as FFmpeg is told; 0 is as many as there are processors."""
        return 0 if self.clips == 1 else 1


# Readers. Each takes its own fastest way to the same frames at the same size, in RGB.


def read_vlprep(job: Job) -> Iterator[Pixels]:
    from vlprep import Frames, read_frames, read_many

    if job.clips > 1:
        for _, clip in read_many([job.path] * job.clips, MODEL, fps=job.fps, max_frames=4000):
            assert isinstance(clip, Frames)
            yield from clip.data
        return
    threads = job.vlprep_threads
    with read_frames(job.path, MODEL, fps=job.fps, max_frames=4000, threads=threads) as frames:
        for frame in frames:
            yield frame.image


def read_pyav(job: Job) -> Iterator[Pixels]:
    import av

    wanted = set(job.numbers)
    with av.open(job.path) as container:
        container.streams.video[0].thread_type = "AUTO"
        container.streams.video[0].thread_count = job.threads
        for number, frame in enumerate(container.decode(video=0)):
            if number in wanted:
                small: Any = frame.reformat(width=job.width, height=job.height, format="rgb24")
                yield small.to_ndarray()


def decode_everything(job: Job) -> Iterator[Pixels]:
    """Decode every frame and convert none: what reading cannot beat without leaving frames out."""
    import av

    with av.open(job.path) as container:
        container.streams.video[0].thread_type = "AUTO"
        container.streams.video[0].thread_count = job.threads
        for _ in container.decode(video=0):
            pass
    yield from ()


def read_opencv(job: Job) -> Iterator[Pixels]:
    wanted, clip = set(job.numbers), _opencv_clip(job)
    for number in range(job.numbers[-1] + 1):
        clip.grab()
        if number in wanted:
            yield _opencv_picture(clip, job)


def read_opencv_seeking(job: Job) -> Iterator[Pixels]:
    import cv2

    clip = _opencv_clip(job)
    for number in job.numbers:
        clip.set(cv2.CAP_PROP_POS_FRAMES, number)
        clip.grab()
        yield _opencv_picture(clip, job)


def _opencv_clip(job: Job) -> Any:
    import cv2

    threads = [cv2.CAP_PROP_N_THREADS, job.threads] if job.threads else []
    return cv2.VideoCapture(job.path, cv2.CAP_FFMPEG, threads)


def _opencv_picture(clip: Any, job: Job) -> Pixels:
    import cv2

    _, picture = clip.retrieve()
    small = cv2.resize(picture, (job.width, job.height), interpolation=cv2.INTER_AREA)
    image: Pixels = cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
    return image


def read_decord(job: Job) -> Iterator[Pixels]:
    import decord

    clip = decord.VideoReader(job.path, width=job.width, height=job.height, num_threads=job.threads)
    yield from clip.get_batch(job.numbers).asnumpy()


def read_torchcodec(job: Job) -> Iterator[Pixels]:
    from torchcodec.decoders import VideoDecoder
    from torchcodec.transforms import Resize

    clip = VideoDecoder(
        job.path,
        dimension_order="NHWC",
        num_ffmpeg_threads=job.threads,  # its default, one thread, is slower for one clip
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
    "vlprep": "vlprep.frames.many",
    "PyAV": "av",
    "OpenCV": "cv2",
    "OpenCV, seeking": "cv2",
    "decord": "decord",
    "torchcodec": "torchcodec.decoders",
    EVERYTHING: "av",
}


# One run, in a process of its own.

SPIN_SECONDS = 0.1
"""How long NumPy's threads may spin after its import, on the account of whoever runs then."""


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
    if reader == "vlprep":  # it reads of models what the others are given: sizes and numbers
        __import__("vlprep").processor(MODEL)
    time.sleep(SPIN_SECONDS)
    before, cpu, wall = _peak_mb(), time.process_time(), time.perf_counter()
    if job.clips == 1 or reader == "vlprep":
        count = _count(READERS[reader](job))
    else:
        with ThreadPoolExecutor(job.clips) as pool:
            count = sum(pool.map(_count, [READERS[reader](job) for _ in range(job.clips)]))
    return Run(
        wall_seconds=time.perf_counter() - wall,
        cpu_seconds=time.process_time() - cpu,
        peak_mb=_peak_mb(),
        imports_mb=before,
        frames=count,
    )


def _count(pictures: Iterable[Pixels]) -> int:
    return sum(1 for _ in pictures)


def _peak_mb() -> float:
    """Return the most memory of this process; what getrusage says begins with its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1.024 / 1e3


def measure(reader: str, job: Job) -> Run:
    """Run `measure_here` in a fresh process."""
    command = [sys.executable, __file__, "--run", reader]
    text = json.dumps(astuple(job))
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


def cores() -> int:
    """Return how many processors this process, and so each reader, may use."""
    return len(os.sched_getaffinity(0))


def job_for(case: Case, path: Path) -> Job:
    """Return the frames that vlprep plans, so that all readers deliver the same."""
    from vlprep import VideoInfo, probe, video_tokens

    info = probe(path)
    assert isinstance(info, VideoInfo)
    count = video_tokens(info, MODEL, fps=case.fps)
    height, width = count.resized
    clips = cores() if case.many else 1
    return Job(str(path), list(count.plan.indices), height, width, case.fps, clips)


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
    parser.add_argument("--cores", type=int, metavar="N", help="let all readers use so many alike")
    if not Path("/proc/self/status").exists():
        parser.error("memory is read from /proc, which only Linux has")
    arguments = parser.parse_args()
    if arguments.cores:  # what is started from here may use no others
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.cores])
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
    facts = {"peers": peers, "cores": cores(), "readers": rows}
    return finish("frames", timings, findings, arguments.json, **facts)


Results = Mapping[str, Sequence[Run]]


def run_case(case: Case, folder: Path, rounds: int) -> Results:
    """Let all readers take turns, so that a slow spell of the machine meets each of them."""
    job = job_for(case, make_clip(case.clip, folder))
    readers = [reader for reader in installed() if case.fps < 1 or reader not in ONLY_SPARSE]
    runs: dict[str, list[Run]] = {reader: [] for reader in readers if reads(reader, job)}
    for _ in range(rounds):  # what was tried just now has warmed the disk's cache
        for reader, done in runs.items():
            done.append(measure(reader, job))
    return runs


def reads(reader: str, job: Job) -> bool:
    """Whether a reader has the codec of a clip; where it has, it must deliver all frames."""
    try:
        run = measure(reader, job)
    except RuntimeError as error:
        if reader == "vlprep":
            raise
        print(f"left out: {error}", file=sys.stderr)
        return False
    expected = len(job.numbers) * job.clips
    if reader != EVERYTHING and run.frames != expected:
        raise RuntimeError(f"{reader}: {run.frames} frames instead of {expected}")
    return True


def report_case(case: Case, results: Results) -> list[Finding]:
    """Set the fastest peer, the cheapest, and the mere decoding of every frame against vlprep."""
    walls = {name: Timing(tuple(r.wall_seconds for r in runs)) for name, runs in results.items()}
    times = {name: Timing(tuple(r.cpu_seconds for r in runs)) for name, runs in results.items()}
    peers = [name for name in results if name not in ("vlprep", EVERYTHING)]
    fastest = min(peers, key=lambda name: walls[name].median)
    cheapest = min(peers, key=lambda name: times[name].median)
    cpu = f"{case.name}: processor time of vlprep / {cheapest}"
    return [
        ratio(
            f"{case.name}: {name} / vlprep",
            walls[name],
            walls["vlprep"],
            bar=bar,
            more_is_better=True,
        )
        for name, bar in {fastest: case.bars.get(cores()), EVERYTHING: 1.0}.items()
    ] + [ratio(cpu, times["vlprep"], times[cheapest], bar=CPU_BAR)]


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
