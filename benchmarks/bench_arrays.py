"""CPU time and memory of `pixel_values` against transformers with torch, in one run.

    pip install transformers==5.24.* torch torchvision torchcodec    # not needed by vlprep
    python benchmarks/bench_arrays.py

CPU seconds count, of all threads, so that a machine with other work in it measures the same. Each
side gets one thread. Pictures are noise, the worst case; both sides get the same images of Pillow's
and are warm. torchcodec needs FFmpeg's shared libraries; without it that row is left out.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from itertools import cycle, islice, permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from clips import ClipPlan, make_clip
from PIL import Image
from report import Finding, finish, options

import vlprep

QWEN3, QWEN2_5 = "Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct"
HALF = {"patch_size": 16, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
TOKENS_1280 = 1280 * 28 * 28


def pictures(count: int) -> list[Image.Image]:
    """Return pictures of 1080p, noise that no two share."""
    draw = np.random.default_rng(20261126)
    shape = (1080, 1920, 3)
    return [Image.fromarray(draw.integers(0, 256, shape, np.uint8)) for _ in range(count)]


def cpu_seconds(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Run each call once to warm up, then all in turn; returns the CPU seconds of each run.

    Their order changes, as what one leaves of caches and of memory is paid for by the next.
    """
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for round_, order in enumerate(islice(cycle(permutations(calls)), rounds + 1)):
        for name in order:
            start = time.process_time()
            calls[name]()
            if round_:
                spent[name].append(time.process_time() - start)
    return spent


def compared(what: str, spent: dict[str, list[float]], peer: str, bar: float | None) -> Finding:
    """Return vlprep's share of a peer's CPU seconds."""
    shares = sorted(a / b for a, b in zip(spent["vlprep"], spent[peer], strict=True))
    middle = shares[len(shares) // 2]
    return Finding(what=what, value=middle, unit="x", low=shares[0], high=shares[-1], bar=bar)


# Stills.


def peers(kind: dict[str, Any], size: dict[str, int]) -> dict[str, Any]:
    """Return the reference's two backends."""
    from transformers import Qwen2VLImageProcessor
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import (
        Qwen2VLImageProcessorPil,
    )

    return {
        "fast": Qwen2VLImageProcessor(**kind, size=size),
        "pil": Qwen2VLImageProcessorPil(**kind, size=size),
    }


def stills(rounds: int) -> list[Finding]:
    """Measure the stills."""
    found = []
    for what, count, model, kind, high, bar in (
        ("8 pictures of 1080p, Qwen3-VL", 8, QWEN3, HALF, 16777216, 0.5),
        ("1080p at 1,280 tokens, Qwen2.5-VL", 1, QWEN2_5, {}, TOKENS_1280, 1.1),
    ):
        images, low = pictures(count), 65536 if kind else 3136
        how = vlprep.processor(model, max_pixels=high)
        sides = peers(kind, {"shortest_edge": low, "longest_edge": high})
        calls: dict[str, Callable[[], Any]] = {"vlprep": partial(how.arrays, images, threads=1)}
        for name, side in sides.items():
            calls[name] = partial(side, images, return_tensors="pt")
        same = np.array_equal(calls["vlprep"]().pixel_values, calls["fast"]()["pixel_values"])
        found.append(Finding(what=f"{what}: values that differ", value=0 if same else 1, bar=0))
        spent = cpu_seconds(calls, rounds)
        found.append(compared(f"{what}: vlprep / torchvision backend", spent, "fast", bar))
        found.append(compared(f"{what}: vlprep / Pillow backend", spent, "pil", None))
    return found


def bytes_of_uint8() -> Finding:
    """Compare the bytes of patches that are normalised later."""
    (image,) = pictures(1)
    how = vlprep.processor(QWEN3)
    share = how.arrays(image, dtype="uint8").pixel_values.nbytes
    whole = how.arrays(image).pixel_values.nbytes
    return Finding(what="bytes of uint8 / of float32", value=share / whole, unit="x", bar=0.26)


# A video.


def video(rounds: int, folder: Path) -> list[Finding]:
    """Measure 64 frames of a file, read and shrunk."""
    try:
        from torchcodec.decoders import VideoDecoder
    except (ImportError, RuntimeError) as error:
        print(f"torchcodec left out: {str(error).splitlines()[0]}", file=sys.stderr)
        return []
    from transformers import Qwen3VLVideoProcessor

    path = make_clip(ClipPlan(1080, 1920, 15, repeats=4), folder)
    how = vlprep.processor(QWEN3, nframes=64)
    size = {"shortest_edge": 4096, "longest_edge": 25165824}
    peer = Qwen3VLVideoProcessor(**HALF, size=size, do_sample_frames=False)
    numbers = list(how.count(str(path)).tokens.plan.indices)  # type: ignore[attr-defined]

    def reference() -> Any:
        decoder = VideoDecoder(str(path), num_ffmpeg_threads=1)
        frames = decoder.get_frames_at(numbers).data
        return peer(videos=[frames], return_tensors="pt")

    calls = {"vlprep": lambda: how.arrays(videos=str(path), threads=1), "torch": reference}
    fast = {
        "vlprep": lambda: how.arrays(videos=str(path), threads=1, resample="fast"),
        "torch": reference,
    }
    what = "64 frames of a minute of 1080p: vlprep / torchcodec and torchvision"
    return [
        compared(what, cpu_seconds(calls, rounds), "torch", 0.6),
        compared(f"{what}, resample fast", cpu_seconds(fast, rounds), "torch", None),
    ]


# Memory and import, each in a process of its own.

_MEMORY = """
import re, sys
sys.path.insert(0, {here!r})
from bench_arrays import *
def memory_in_use(which):
    return int(re.search(which + r":\\s+(\\d+) kB", open("/proc/self/status").read())[1]) * 1024
images = pictures(8)
{warm}
before = memory_in_use("VmRSS")
made = {call}
print(memory_in_use("VmHWM") - before)
"""
_OURS = {
    "warm": "how = vlprep.processor(QWEN3); how.arrays(images[0].resize((64, 64)))",
    "call": "how.arrays(images)",
}
_THEIRS = {
    "warm": (
        "import torch; side = peers(HALF, {'shortest_edge': 65536, 'longest_edge': 16777216})"
        "['fast']; side([images[0].resize((64, 64))], return_tensors='pt')"
    ),
    "call": "side(images, return_tensors='pt')",
}


def run(code: str) -> str:
    """Run Python in a process of its own."""
    words = [sys.executable, "-W", "ignore", "-c", code]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def memory() -> list[Finding]:
    """Measure what eight pictures need at the peak, beside the result."""
    result = 8 * (1088 // 16) * (1920 // 16) * 1536 * 4
    here = str(Path(__file__).parent)
    codes = [_MEMORY.format(here=here, **side) for side in (_OURS, _THEIRS)]
    ours, theirs = (int(run(code)) for code in codes)
    what = "8 pictures of 1080p: memory beside the result"
    return [
        Finding(what=what, value=(ours - result) / 1e6, unit=" MB", bar=150),
        Finding(what=f"{what}, transformers", value=(theirs - result) / 1e6, unit=" MB"),
    ]


_IMPORT = "import time; {what}; print(time.process_time())"


def imports(rounds: int) -> Finding:
    """Compare the CPU seconds until an import is done, the start of Python included."""
    ours, theirs = (
        sorted(float(run(_IMPORT.format(what=what))) for _ in range(rounds))[rounds // 2]
        for what in (
            "import vlprep; vlprep.pixel_values",
            "from transformers import Qwen2VLImageProcessor; Qwen2VLImageProcessor()",
        )
    )
    return Finding(what="import: vlprep / transformers", value=ours / theirs, unit="x", bar=0.05)


def versions() -> dict[str, str]:
    """Return what the peers are."""
    names = ("transformers", "torch", "torchvision", "torchcodec")
    return {name: version(name) for name in names if find_spec(name)}


def main() -> int:
    """Measure, print, and return 1 when a bar is missed."""
    parser = options(__doc__ or "")
    parser.add_argument(
        "--rounds", type=int, default=9, metavar="N", help="of each, after one more"
    )
    parser.add_argument("--clips", type=Path, metavar="FOLDER", help="keep the clip there")
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    rounds: int = arguments.rounds
    findings = [*stills(rounds), bytes_of_uint8()]
    with TemporaryDirectory() as folder:
        findings += video(max(3, rounds // 3), arguments.clips or Path(folder))
    findings += [*memory(), imports(3)]
    return finish("arrays", {}, findings, arguments.json, peers=versions())


if __name__ == "__main__":
    raise SystemExit(main())
