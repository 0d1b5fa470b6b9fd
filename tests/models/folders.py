"""Write model folders for the tests, from the facts of their files."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from vlprep import ImageSize, ModelSpec, VideoInfo, load_model_file

QWEN2 = {
    "image_processor_type": "Qwen2VLImageProcessor",
    "processor_class": "Qwen2_5_VLProcessor",
    "patch_size": 14,
    "merge_size": 2,
    "size": {"shortest_edge": 3136, "longest_edge": 12845056},
}
QWEN3 = {
    "image_processor_type": "Qwen2VLImageProcessorFast",
    "processor_class": "Qwen3VLProcessor",
    "patch_size": 16,
    "merge_size": 2,
    "size": {"shortest_edge": 65536, "longest_edge": 16777216},
}
QWEN2_VIDEO = {
    "video_processor_type": "Qwen2VLVideoProcessor",
    "patch_size": 14,
    "size": {"shortest_edge": 3136, "longest_edge": 12845056},
    "do_sample_frames": True,
    "fps": 2,
}
QWEN3_VIDEO = {
    "video_processor_type": "Qwen3VLVideoProcessor",
    "patch_size": 16,
    "size": {"shortest_edge": 4096, "longest_edge": 25165824},
    "fps": 2,
    "min_frames": 4,
    "max_frames": 768,
}
CLIP = VideoInfo(size=ImageSize(1080, 1920), frame_count=100, fps=Fraction(10))
"""Ten seconds."""


def written(folder: Path, **files: Any) -> Path:
    """Write the files of a folder, each by its name without the ending."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def model_of(folder: Path, **files: Any) -> ModelSpec:
    """Load a folder that has these files."""
    return load_model_file(written(folder / "my-model", **files))
