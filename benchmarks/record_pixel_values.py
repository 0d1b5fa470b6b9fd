"""Record what transformers makes of pictures, for `tests/golden/pixel_values`.

Needs transformers 5.24.0 with torch and torchvision, which vlprep itself does not:

    python -m benchmarks.record_pixel_values           rows.jsonl, from patterns
    python -m benchmarks.record_pixel_values FOLDER    files.json, from the pictures of a folder

Files are decoded by Pillow, upright and laid on white, and given as images of Pillow's in RGB: what
a file becomes before that is vlprep's own choice.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.patterns import drawn_frames, drawn_image

GOLDEN = Path("tests/golden/pixel_values")
MEANS = {
    "clip": ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]),
    "half": ([0.5] * 3, [0.5] * 3),
}
FAMILIES: dict[str, dict[str, Any]] = {
    "qwen2_5_vl": {"patch_size": 14, "mean": "clip", "min_pixels": 3136, "max_pixels": 1003520},
    "qwen3_vl": {"patch_size": 16, "mean": "half", "min_pixels": 65536, "max_pixels": 16777216},
    "small": {"patch_size": 16, "mean": "half", "min_pixels": 4096, "max_pixels": 50176},
    "general": {
        **{"patch_size": 12, "mean": "clip", "min_pixels": 1296, "max_pixels": 200000},
        **{"merge_size": 3, "temporal_patch_size": 3},
    },
    "qwen2_5_vl_video": {
        "patch_size": 14,
        "mean": "clip",
        "min_pixels": 3136,
        "max_pixels": 602112,
    },
    "qwen3_vl_clip": {"patch_size": 16, "mean": "half", "min_pixels": 4096, "max_pixels": 786432},
}
SIZES = [
    *((1, 1), (1, 150), (181, 1), (28, 28), (29, 57), (56, 84), (64, 2048), (33, 65), (480, 640)),
    *((477, 644), (1000, 37), (37, 1000), (300, 299), (720, 405), (1079, 611), (224, 224)),
    *((2000, 21), (640, 1281), (1500, 1200)),
]
CLIPS = [(1, 60, 90), (2, 241, 321), (3, 100, 37), (5, 360, 202), (4, 17, 29), (7, 128, 96)]


def rows() -> Iterator[dict[str, Any]]:
    """Yield the inputs: every mode and pattern, sizes that grow, shrink and stay."""
    draw = random.Random(20261126)
    patterns = ["noise", "blocks", "saw", "smooth", "checker", "page"]
    modes = ["RGB", "RGB", "RGB", "RGBA", "L", "LA", "P", "PT", "CMYK", "1", "I;16"]
    for number, (h, w) in enumerate(SIZES * 2):
        family = ("qwen2_5_vl", "qwen3_vl", "small", "general")[number % 4]
        row = {"id": f"i{number:02}", "kind": "image", "family": family, "h": h, "w": w}
        row |= {"pattern": patterns[number % 6], "mode": modes[number % 11]}
        yield {**row, "frames": 1, "seed": draw.randrange(1, 100000)}
    for number, (frames, h, w) in enumerate(CLIPS * 2):
        family = ("qwen2_5_vl_video", "qwen3_vl_clip")[number // len(CLIPS)]
        if "qwen3" in family and frames < 2:
            continue  # which the reference refuses
        row = {"id": f"v{number:02}", "kind": "video", "family": family, "h": h, "w": w}
        row |= {"pattern": patterns[number % 6], "mode": "RGB"}
        yield {**row, "frames": frames, "seed": draw.randrange(1, 100000)}


def processor(row: dict[str, Any]) -> Any:
    """Return the reference's processor with the numbers of a row."""
    from transformers import (
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
        Qwen3VLVideoProcessor,
    )

    mean, std = MEANS[row["mean"]]
    sides = {key: row[key] for key in ("patch_size", "merge_size", "temporal_patch_size")}
    size = {"shortest_edge": row["min_pixels"], "longest_edge": row["max_pixels"]}
    how = {**sides, "size": size, "image_mean": mean, "image_std": std}
    if row["kind"] == "image":
        return Qwen2VLImageProcessor(**how)
    cls = Qwen3VLVideoProcessor if "qwen3" in row["family"] else Qwen2VLVideoProcessor
    return cls(do_sample_frames=False, **how)


def recorded(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with what the reference makes of it."""
    row = {"merge_size": 2, "temporal_patch_size": 2, **FAMILIES[row["family"]], **row}
    peer = processor(row)
    plain = {"do_rescale": False, "do_normalize": False, "return_tensors": "np"}
    if row["kind"] == "image":
        given: dict[str, Any] = {"images": [drawn_image(row)]}
        source, grid = "pixel_values", "image_grid_thw"
    else:
        given = {"videos": [drawn_frames(row)]}
        source, grid = "pixel_values_videos", "video_grid_thw"
    whole = peer(**given, return_tensors="np")
    patches = peer(**given, **plain)[source]
    values = whole[source]
    return {
        **row,
        "grid": whole[grid][0].tolist(),
        "shape": list(values.shape),
        "sha256_float32": sha256(values.astype("<f4")),
        "sha256_uint8": sha256(patches.astype(np.uint8)),
        "head": [float(value) for value in values[0, :3]],
    }


def sha256(array: Any) -> str:
    """Return the hash of an array's bytes, in C order."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def record_files(folder: Path) -> None:
    """Record the picture of each file at the size at which Qwen3-VL sees it."""
    from vlprep import view_image
    from vlprep.errors import VlprepError

    found = {}
    for path in sorted(folder.iterdir()):
        try:
            upright = view_image(path, "Qwen/Qwen3-VL-8B-Instruct", max_pixels=MOST).original
        except (VlprepError, OSError):
            continue  # damaged on purpose, or a video
        scaled = resized(upright)
        seen = {"upright": sha256(upright), "size": list(scaled.shape[:2])}
        clip = frames(np.stack([upright] * 2))
        as_frame = {"frame_size": list(clip.shape[1:3]), "frame_sha256": sha256(clip[1])}
        found[path.name] = {**seen, "sha256": sha256(scaled), **as_frame}
    document = {"from": _versions(), "max_pixels": MOST, "files": found}
    (GOLDEN / f"{folder.name}.json").write_text(json.dumps(document, indent=1) + "\n")


MOST = 600_000  # pixels: small enough to shrink photographs


def resized(upright: Any) -> Any:
    """Return a picture as the processor of Qwen3-VL resizes it."""
    import torch
    from transformers.image_utils import PILImageResampling, SizeDict

    row = {**FAMILIES["qwen3_vl"], "kind": "image", "merge_size": 2, "temporal_patch_size": 2}
    tensor = torch.from_numpy(np.array(upright)).permute(2, 0, 1)[None]
    size = SizeDict(shortest_edge=65536, longest_edge=MOST)
    way = PILImageResampling.BICUBIC
    whole = processor(row).resize(images=tensor, size=size, resample=way, factor=32)
    return whole[0].permute(1, 2, 0).numpy()


def frames(clip: Any) -> Any:
    """Return pictures as the video processor of Qwen3-VL resizes them: its patches, put back."""
    row = {
        **FAMILIES["qwen3_vl"],
        "kind": "video",
        "family": "qwen3_vl",
        "merge_size": 2,
        "temporal_patch_size": 2,
    }
    row |= {"min_pixels": 4096, "max_pixels": MOST}  # of both frames together
    plain = {"do_rescale": False, "do_normalize": False, "return_tensors": "np"}
    made = processor(row)(videos=[clip], **plain)
    steps, rows, columns = made["video_grid_thw"][0]
    squares = (rows // 2, columns // 2, 2, 2, 3, 2, 16, 16)
    patches = made["pixel_values_videos"].reshape(steps, *squares).astype(np.uint8)
    pictures = patches.transpose(0, 6, 1, 3, 7, 2, 4, 8, 5)
    return pictures.reshape(steps * 2, rows * 16, columns * 16, 3)


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("transformers", "torch", "torchvision", "Pillow")}


if __name__ == "__main__":
    if sys.argv[1:]:
        record_files(Path(sys.argv[1]))
    else:
        lines = [json.dumps(recorded(row), separators=(",", ":")) for row in rows()]
        (GOLDEN / "rows.jsonl").write_text("\n".join(lines) + "\n")
        print(len(lines), "rows,", _versions())
