"""Count the tokens of a million clips: the array form against a plain Python loop."""

from __future__ import annotations

import math
import sys
import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from report import Finding, Timing, alternate, finish, options, ratio

from vlprep import processor

MODEL = "qwen3-vl-plus"
"""By its guide of December 2025, whose video sample the loop is written after."""

FACTOR, PAIR, FPS, LEAST_FRAMES, MOST_FRAMES = 32, 2, 2.0, 4, 2000
LEAST_PIXELS, MOST_PIXELS, TOTAL_PIXELS = 4 * 1024, 640 * 1024, 131_072 * 1024
RATIO_BAR, MEMORY_BAR_MB, SEED = 20, 200, 20251218
RATES = (23.976, 24.0, 25.0, 29.97, 30.0, 50.0, 59.94, 60.0)

Numbers = npt.NDArray[np.int64]
Clips = tuple[Numbers, npt.NDArray[np.float64], Numbers]


def loop_tokens(total: int, rate: float, height: int, width: int) -> int:
    """Count one clip as the guide's sample does; 0 where it refuses."""
    frames = loop_frames(total, rate)
    if frames < PAIR or max(height, width) / min(height, width) > 200:
        return 0
    most = max(min(MOST_PIXELS, TOTAL_PIXELS / frames * PAIR), int(LEAST_PIXELS * 1.05))
    tall = max(FACTOR, round(height / FACTOR) * FACTOR)
    wide = max(FACTOR, round(width / FACTOR) * FACTOR)
    if tall * wide > most:
        beta = math.sqrt((height * width) / most)
        tall = math.floor(height / beta / FACTOR) * FACTOR
        wide = math.floor(width / beta / FACTOR) * FACTOR
    elif tall * wide < LEAST_PIXELS:
        beta = math.sqrt(LEAST_PIXELS / (height * width))
        tall = math.ceil(height * beta / FACTOR) * FACTOR
        wide = math.ceil(width * beta / FACTOR) * FACTOR
    if not tall * wide:
        return 0
    return math.ceil(frames / PAIR) * (tall // FACTOR) * (wide // FACTOR) + 2


def loop_frames(total: int, rate: float) -> int:
    """Count the frames of one clip as the guide's sample does."""
    high = math.floor(min(MOST_FRAMES, total) / PAIR) * PAIR
    duration = total / rate
    if duration - int(duration) > 1 / FPS:
        usable = math.ceil(duration * rate)
    else:
        usable = math.ceil(int(duration) * rate)
    return int(min(min(max(usable / rate * FPS, LEAST_FRAMES), high), usable))


def random_clips(count: int) -> Clips:
    """Return frames, rates and sizes of clips of three seconds to an hour, alike in every run."""
    generator = np.random.default_rng(SEED)
    rates = generator.choice(RATES, count)
    seconds = np.exp(generator.uniform(math.log(3), math.log(3600), count))
    sizes = generator.integers(64, 3840, size=(count, 2), endpoint=True)
    return (seconds * rates).astype(np.int64), rates, sizes


def kernel_tokens(clips: Clips) -> Numbers:
    """Count all clips with the array form."""
    return processor(MODEL, rules="guide-2025-12").video_tokens_batch(*clips)


def main() -> int:
    """Measure, print, and return 1 when a bar is missed."""
    parser = options(__doc__ or "")
    parser.add_argument("--clips", type=int, default=1_000_000, metavar="N", help="how many")
    arguments = parser.parse_args()
    count: int = arguments.clips
    clips = random_clips(count)
    # A loop has its numbers as Python's own; preparing them is not timed.
    rows = list(zip(clips[0].tolist(), clips[1].tolist(), *clips[2].T.tolist(), strict=True))
    timings = compare(clips, rows)
    loop, kernel = timings["loop"], timings["kernel"]
    findings = [
        ratio(f"{count:,} clips: loop / kernel", loop, kernel, bar=RATIO_BAR, more_is_better=True),
        Finding(what="clips on which the two differ", value=mismatches(clips, rows), bar=0),
        peak_memory(clips),
    ]
    return finish("clips", timings, findings, arguments.json)


def compare(clips: Clips, rows: Sequence[tuple[int, float, int, int]]) -> dict[str, Timing]:
    """Time loop and kernel in turn: three runs of the loop, nine of the kernel."""
    calls: dict[str, Callable[[], object]] = {
        "loop": lambda: [loop_tokens(*row) for row in rows],
        "kernel": lambda: kernel_tokens(clips),
    }
    return alternate(calls, rounds=3, per_round={"kernel": 3})


def mismatches(clips: Clips, rows: Sequence[tuple[int, float, int, int]]) -> int:
    """Count the clips on which kernel and loop differ."""
    expected = np.array([loop_tokens(*row) for row in rows])
    return int((kernel_tokens(clips) != expected).sum())


def peak_memory(clips: Clips) -> Finding:
    """Measure the most memory that the kernel holds at a time beside its input."""
    tracemalloc.start()  # numpy reports its arrays; the input was made before and is not seen
    answer = kernel_tokens(clips)
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    what = f"memory beside the clips, {answer.nbytes / 1e6:.3g} MB of it the answer"
    return Finding(what=what, value=peak_mb, unit=" MB", bar=MEMORY_BAR_MB)


if __name__ == "__main__":
    sys.exit(main())
