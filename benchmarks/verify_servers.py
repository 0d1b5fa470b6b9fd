"""Compare the profiles of servers with the servers' own code, and record what that code gives.

    pip download --no-deps vllm sglang && unzip -d servers '*.whl'    (Python parts suffice)
    python benchmarks/verify_servers.py servers --record

Neither server is installed or started, and no GPU is needed: the functions that choose frames and
sizes are taken out of their modules by name and run with numpy and, for vLLM's loader of Qwen2-VL,
torch. `--record` writes the rows that `tests/count/test_servers.py` reads.
"""

from __future__ import annotations

import argparse
import ast
import json
import logging
import math
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from vlprep import ImageSize, VideoInfo, video_tokens
from vlprep.types import ServerName

ROWS = Path(__file__).parents[1] / "tests" / "golden" / "servers.json"
MODELS = {"qwen3_vl": "Qwen/Qwen3-VL-8B-Instruct", "qwen2_vl": "Qwen/Qwen2.5-VL-7B-Instruct"}
VLLM = {
    "qwen3_vl": "Qwen3VLVideoBackend", "qwen2_vl": "Qwen2VLVideoBackend", "opencv": "VideoBackend",
}  # fmt: skip


def functions_of(path: Path, names: set[str], known: dict[str, Any]) -> dict[str, Any]:
    """Run the functions, classes and constants of those names, and nothing else of a module."""
    tree = ast.parse(path.read_text())
    wanted = [node for node in tree.body if names & set(_names(node))]
    module = ast.Module(body=wanted, type_ignores=[])
    space = dict(known)
    exec(compile(module, str(path), "exec"), space)
    return space


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def vllm_sampling(folder: Path, loader: str) -> Callable[..., list[int]]:
    """Return how a loader of vLLM chooses frames: of frames, rate, and what is asked."""
    path = folder / "vllm" / "multimodal" / "video.py"
    tree = ast.parse(path.read_text())
    (found,) = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == VLLM[loader]]
    found.bases, found.decorator_list = [], []
    found.body = [node for node in found.body if "load_bytes" not in _names(node)]
    known: dict[str, Any] = {
        "np": np, "math": math, "ClassVar": list, "VideoSourceMetadata": _Source,
        "VideoTargetMetadata": SimpleNamespace,
    }  # fmt: skip
    if loader == "qwen2_vl":
        import torch

        known["torch"] = torch
    exec(compile(ast.Module(body=[found], type_ignores=[]), str(path), "exec"), known)
    backend = known[VLLM[loader]]

    def sample(total: int, rate: float, asked: dict[str, Any]) -> list[int]:
        source = _Source(total, rate, total / rate if rate else 0)
        number = asked.get("nframes", -1)
        target = SimpleNamespace(fps=asked.get("fps", 2 if number < 0 else -1), num_frames=number)
        bounds = {key: asked[key] for key in ("min_frames", "max_frames") if key in asked}
        return list(backend.compute_frames_index_to_sample(source, target, **bounds))

    return sample


class _Source(SimpleNamespace):
    def __init__(self, total_frames_num: int, original_fps: float, duration: float) -> None:
        super().__init__(
            total_frames_num=total_frames_num, original_fps=original_fps, duration=duration
        )


def sglang_steps(folder: Path) -> Callable[..., tuple[list[int], tuple[int, int]]]:
    """Return SGLang's own step: the frames that it takes, and the size that it hands on."""
    names = {
        "smart_resize", "smart_nframes", "round_by_factor", "ceil_by_factor", "floor_by_factor",
        "IMAGE_FACTOR", "MAX_RATIO", "VIDEO_MIN_PIXELS", "VIDEO_MAX_PIXELS", "FRAME_FACTOR", "FPS",
        "FPS_MIN_FRAMES", "FPS_MAX_FRAMES", "MIN_PIXELS",
    }  # fmt: skip
    path = folder / "sglang" / "srt" / "multimodal" / "processors" / "qwen_vl.py"
    known = {"math": math, "logger": logging.getLogger("sglang"), "MAX_PIXELS": 16384 * 28 * 28}
    code = functions_of(path, names, known)

    def steps(
        total: int, rate: float, size: tuple[int, int], asked: dict[str, Any]
    ) -> tuple[list[int], tuple[int, int]]:
        count = code["smart_nframes"](asked, total, rate)
        frames = np.unique(np.linspace(0, total - 1, num=count, dtype=np.int64)).tolist()
        low = asked.get("min_pixels", code["VIDEO_MIN_PIXELS"])
        share = int(128000 * 28 * 28 * 0.9) / len(frames) * code["FRAME_FACTOR"]
        cap = asked.get("max_pixels", code["VIDEO_MAX_PIXELS"])
        high = max(min(cap, share), int(low * 1.05))
        high = min(asked.get("max_pixels", high), high)
        handed = code["smart_resize"](*size, factor=28, min_pixels=low, max_pixels=high)
        return frames, handed

    return steps


def clips(number: int) -> list[tuple[int, float, tuple[int, int], dict[str, Any]]]:
    """Draw frames, rates, sizes and what is asked, the same every time."""
    draw = random.Random(1)
    rows: list[tuple[int, float, tuple[int, int], dict[str, Any]]] = []
    for _ in range(number):
        asked: dict[str, Any] = {}
        if draw.random() < 0.6:
            asked["fps"] = draw.choice([0.5, 1, 1.5, 3, 8, 30, 60])
        if draw.random() < 0.3:
            asked["max_frames"] = draw.choice([8, 33, 200])
        if draw.random() < 0.2:
            asked["min_frames"] = draw.choice([2, 16])
        rate = draw.choice([24.0, 25.0, 30.0, 29.97, 12.5, 60.0, 2.0])
        size = (draw.randint(60, 2200), draw.randint(60, 2200))
        rows.append((draw.randint(16, 9000), rate, size, asked))
    return rows


def numbers(folder: Path, rows: int) -> Iterator[dict[str, Any]]:
    """Yield what vLLM's loader that goes by a number makes of clips, with what differs here."""
    sample, draw = vllm_sampling(folder, "opencv"), random.Random(2)
    for total, rate, size, _ in clips(rows):
        asked = {"nframes": draw.choice([1, 2, 9, 32, 333, 900])}
        frames = sample(total, rate, asked)
        loader = draw.choice([*MODELS])
        if loader == "qwen3_vl" and len(frames) == total:
            continue  # else the processor samples again, which is not this code
        found, _ = ours("vllm", loader, total, rate, size, asked)
        yield {
            "loader": loader, "frames": total, "fps": rate, "size": size, "asked": asked,
            "vllm": [len(frames), sum(frames)], "sglang": None, "differs": found != frames,
        }  # fmt: skip


def ours(
    server: ServerName,
    loader: str,
    total: int,
    rate: float,
    size: tuple[int, int],
    asked: dict[str, Any],
) -> tuple[list[int], int]:
    """Return the frames and the visual tokens of this library."""
    info = VideoInfo(size=ImageSize(*size), frame_count=total, fps=Fraction(str(rate)))
    count = video_tokens(info, MODELS[loader], server=server, **asked)
    return list(count.plan.indices), count.visual


def main() -> None:
    """Compare, and say how many rows differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--rows", type=int, default=300)
    given = parser.parse_args()
    steps, rows, differ = sglang_steps(given.folder), list[dict[str, Any]](), 0
    for loader in MODELS:
        sample = vllm_sampling(given.folder, loader)
        for total, rate, size, asked in clips(given.rows):
            frames = sample(total, rate, asked)
            kept_whole = loader == "qwen3_vl" and len(frames) == total and "fps" in asked
            if not kept_whole:  # else the processor samples again, which is not this code
                found, _ = ours("vllm", loader, total, rate, size, asked)
                differ += found != frames
            taken, handed = steps(total, rate, size, asked)
            found, _ = ours("sglang", loader, total, rate, size, asked)
            differ += found != taken
            rows.append({
                "loader": loader, "frames": total, "fps": rate, "size": size, "asked": asked,
                "vllm": None if kept_whole else [len(frames), sum(frames)],
                "sglang": [len(taken), sum(taken), *handed],
            })  # fmt: skip
    by_number = list(numbers(given.folder, given.rows))
    differ += sum(row.pop("differs") for row in by_number)
    print(f"{2 * len(rows) + len(by_number)} comparisons, {differ} differ")
    if given.record:
        few = [*rows[:: max(len(rows) // 80, 1)], *by_number[:: max(len(by_number) // 20, 1)]]
        lines = ",\n".join(json.dumps(row) for row in few)
        ROWS.write_text(
            '{"origin": "functions of vLLM 0.33.0 and SGLang 0.5.23, run by '
            'benchmarks/verify_servers.py: frames (number and sum) and the size handed on",\n'
            f'"rows": [\n{lines}\n]}}\n'
        )


if __name__ == "__main__":
    main()
