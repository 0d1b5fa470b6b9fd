"""Time the resize rule on a million sizes: the array kernel against a plain Python loop."""

from __future__ import annotations

import math
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
from report import Finding, Timing, alternate, finish, options, ratio

from vlprep.maths.size_arrays import smart_resize_batch

FACTOR, MIN_PIXELS, MAX_PIXELS = 28, 4 * 784, 1280 * 784
LONGEST_SIDE, SEED = 8192, 20250605
RATIO_BAR = 10
MEMORY_BAR_MB = 200

Sizes = npt.NDArray[np.int64]


def loop_resize(height: int, width: int) -> tuple[int, int]:
    """Resize one size as the Model Studio guide writes it; the twin of the "docs" rule."""
    resized_height = round(height / FACTOR) * FACTOR
    resized_width = round(width / FACTOR) * FACTOR
    if resized_height * resized_width > MAX_PIXELS:
        beta = math.sqrt((height * width) / MAX_PIXELS)
        resized_height = math.floor(height / beta / FACTOR) * FACTOR
        resized_width = math.floor(width / beta / FACTOR) * FACTOR
    elif resized_height * resized_width < MIN_PIXELS:
        beta = math.sqrt(MIN_PIXELS / (height * width))
        resized_height = math.ceil(height * beta / FACTOR) * FACTOR
        resized_width = math.ceil(width * beta / FACTOR) * FACTOR
    return resized_height, resized_width


def kernel_resize(sizes: Sizes) -> Sizes:
    """Resize all sizes with the kernel, by the same rule and limits."""
    return smart_resize_batch(
        sizes, factor=FACTOR, min_pixels=MIN_PIXELS, max_pixels=MAX_PIXELS, reference="docs"
    )


def random_sizes(count: int) -> Sizes:
    """Return `count` sizes with sides from 1 to 8,192, the same in every run."""
    generator = np.random.default_rng(SEED)
    return generator.integers(1, LONGEST_SIDE, size=(count, 2), endpoint=True)


def main() -> int:
    """Measure, print, and return 1 when a bar is missed."""
    parser = options(__doc__ or "")
    parser.add_argument("--sizes", type=int, default=1_000_000, metavar="N", help="how many")
    arguments = parser.parse_args()
    count: int = arguments.sizes
    sizes = random_sizes(count)
    pairs = sizes.tolist()  # a loop has its numbers as Python's own; preparing them is not timed
    timings = compare(sizes, pairs)
    growing = linearity(count)
    findings = [
        ratio(
            f"{count:,} sizes: loop / kernel",
            timings["loop"],
            timings["kernel"],
            bar=RATIO_BAR,
            more_is_better=True,
        ),
        per_size("loop, a size", timings["loop"], count),
        per_size("kernel, a size", timings["kernel"], count),
        Finding(what="sizes on which the two differ", value=mismatches(sizes, pairs), bar=0),
        peak_memory(sizes),
        steadiness(growing, count),
    ]
    by_count = {f"kernel on {n:,}": timing for n, timing in growing.items()}
    return finish("kernel", timings | by_count, findings, arguments.json)


def compare(sizes: Sizes, pairs: Sequence[Sequence[int]]) -> dict[str, Timing]:
    """Time loop and kernel in turn: three runs of the loop, nine of the kernel."""
    calls: dict[str, Callable[[], object]] = {
        "loop": lambda: [loop_resize(height, width) for height, width in pairs],
        "kernel": lambda: kernel_resize(sizes),
    }
    return alternate(calls, rounds=3, per_round={"kernel": 3})


def mismatches(sizes: Sizes, pairs: Sequence[Sequence[int]]) -> int:
    """Count the sizes on which kernel and loop differ.

    The guide's rule can shrink a side to 0, which is no size: the kernel says (0, 0) there.
    """
    expected = np.array([loop_resize(height, width) for height, width in pairs])
    expected[(expected == 0).any(axis=1)] = 0
    return int((kernel_resize(sizes) != expected).any(axis=1).sum())


def peak_memory(sizes: Sizes) -> Finding:
    """Measure the most memory that the kernel holds at a time beside its input."""
    tracemalloc.start()  # numpy reports its arrays; the input was made before and is not seen
    answer = kernel_resize(sizes)
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    what = f"memory beside the input, {answer.nbytes / 1e6:.3g} MB of it the answer"
    return Finding(what=what, value=peak_mb, unit=" MB", bar=MEMORY_BAR_MB)


def linearity(count: int) -> dict[int, Timing]:
    """Time the kernel on a tenth, the whole and ten times the number of sizes, in turn."""
    inputs = {n: random_sizes(n) for n in (max(count // 10, 1), count, 10 * count)}
    calls = {str(n): partial(kernel_resize, sizes) for n, sizes in inputs.items()}
    timings = alternate(calls, rounds=7)
    return {n: timings[str(n)] for n in inputs}


def per_size(what: str, timing: Timing, count: int) -> Finding:
    """Return the time for one size, in nanoseconds."""
    low, high = min(timing.seconds) / count * 1e9, max(timing.seconds) / count * 1e9
    return Finding(what=what, value=timing.median / count * 1e9, unit=" ns", low=low, high=high)


def steadiness(growing: dict[int, Timing], count: int) -> Finding:
    """Return time per size on ten times the sizes over that on the whole; 1 is linear."""
    what = f"kernel, time a size: {10 * count:,} / {count:,} sizes"
    return ratio(what, growing[10 * count], growing[count], per=10)


if __name__ == "__main__":
    sys.exit(main())
