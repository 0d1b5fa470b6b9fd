"""Time planning: many images against counting them once, and an hour of video by itself."""

from __future__ import annotations

import io
import sys
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from PIL import Image
from report import Finding, Timing, alternate, finish, options, ratio

from vlprep import ImageSize, VideoInfo, count_many, plan_media
from vlprep.count.tokens import image_counts
from vlprep.plan.many_files import plan_together
from vlprep.view import View

RATIO_BAR = 3
HOUR_BAR_MS = 50

MODEL = "qwen3-vl-plus"
WEIGHTS = "Qwen/Qwen3-VL-8B-Instruct"
SEED = 20251218
TOKENS_AN_IMAGE = 250
"""A budget that makes nearly all images smaller, so that there is something to search."""

FILE_SIZES = ((480, 640), (720, 1280), (1080, 1920), (3024, 4032), (1536, 2048))
HOUR = VideoInfo(size=ImageSize(1080, 1920), frame_count=90_000, fps=Fraction(25))
HALF_A_WINDOW = 130_048


def main() -> int:
    """Measure, print, and return 1 when a bar is missed."""
    parser = options(__doc__ or "")
    parser.add_argument("--images", type=int, default=10_000, metavar="N", help="how many")
    arguments = parser.parse_args()
    count: int = arguments.images
    with TemporaryDirectory() as folder:
        sizes, sizes_timed = compare_sizes(count)
        files, files_timed = compare_files(Path(folder), count)
        hours, hours_timed = time_hours(Path(folder))
    findings = [*sizes, *files, *hours]
    return finish("plan", sizes_timed | files_timed | hours_timed, findings, arguments.json)


def compare_sizes(count: int) -> tuple[list[Finding], dict[str, Timing]]:
    """Time counting and planning of random sizes, nearly all of them different."""
    sides = np.random.default_rng(SEED).integers(200, 4000, (count, 2))
    sizes = [ImageSize(height, width) for height, width in sides.tolist()]
    view, budget = View.of(MODEL), TOKENS_AN_IMAGE * count
    title = f"{count:,} sizes"
    timings = alternate(
        {
            f"{title}: image_counts": lambda: image_counts(sizes, view),
            f"{title}: plan_together": lambda: plan_together(sizes, view, budget),
        },
        rounds=11,
    )
    counted, planned = timings.values()
    spent = sum(setting.tokens for setting in plan_together(sizes, view, budget))
    over = max(spent - budget, 0)
    return [
        ratio(f"{title}: planning / counting once", planned, counted, bar=RATIO_BAR),
        Finding(what=f"{title}: tokens over the budget", value=over, bar=0),
    ], timings


def compare_files(folder: Path, count: int) -> tuple[list[Finding], dict[str, Timing]]:
    """Time counting and planning of JPEGs, from their headers."""
    files = write_pictures(folder, count)
    # The model's own limit is far below what so many images cost at their largest.
    title = f"{count:,} JPEGs"
    timings = alternate(
        {
            f"{title}: count_many": lambda: list(count_many(files, MODEL)),
            f"{title}: plan_media": lambda: plan_media(files, MODEL),
        },
        rounds=3,
    )
    counted, planned = timings.values()
    return [ratio(f"{title}: planning / counting once", planned, counted, bar=RATIO_BAR)], timings


def write_pictures(folder: Path, count: int) -> list[str]:
    """Write `count` small files of the usual sizes and return their names."""
    encoded = []
    for height, width in FILE_SIZES:
        output = io.BytesIO()
        Image.new("L", (width, height)).save(output, "JPEG", quality=10)
        encoded.append(output.getvalue())
    files = []
    for number, content in enumerate(islice(cycle(encoded), count)):
        file = folder / f"{number:05}.jpg"
        file.write_bytes(content)
        files.append(str(file))
    return files


def time_hours(folder: Path) -> tuple[list[Finding], dict[str, Timing]]:
    """Time the plan of an hour: from a file, and from the facts of a larger one."""
    file = write_hour(folder / "hour.mp4")
    timings = alternate(
        {
            "an hour: from a file": lambda: plan_media(file, MODEL, budget=HALF_A_WINDOW),
            "an hour: 1080p": lambda: plan_media(
                HOUR, MODEL, budget=HALF_A_WINDOW, prefer="balanced"
            ),
            "an hour: 1080p, open weights": lambda: plan_media(HOUR, WEIGHTS, budget=8000),
        },
        rounds=15,
    )
    names = {
        "an hour: from a file": "an hour of MP4 at 2 frames per second, from its header",
        "an hour: 1080p": f"an hour of 1080p, {MODEL}",
        "an hour: 1080p, open weights": f"an hour of 1080p, {WEIGHTS}",
    }
    return [milliseconds(names[name], timing) for name, timing in timings.items()], timings


def milliseconds(what: str, timing: Timing) -> Finding:
    """Return the time that a plan takes."""
    low, high = min(timing.seconds) * 1e3, max(timing.seconds) * 1e3
    return Finding(
        what=f"plan of {what}",
        value=timing.median * 1e3,
        unit=" ms",
        low=low,
        high=high,
        bar=HOUR_BAR_MS,
    )


def write_hour(file: Path) -> str:
    """Write a grey hour at 2 frames per second and return its name."""
    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", rate=2)
        stream.height, stream.width = 360, 640
        stream.pix_fmt = "yuv420p"
        grey = av.VideoFrame.from_ndarray(np.full((540, 640), 128, np.uint8), format="yuv420p")
        for number in range(7200):
            grey.pts = number
            container.mux(stream.encode(grey))
        container.mux(stream.encode())
    return str(file)


if __name__ == "__main__":
    sys.exit(main())
