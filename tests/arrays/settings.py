"""Rows of recorded pixel values as models and sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import vlprep
from tests.patterns import drawn_frames, drawn_image

MEANS = {
    "clip": ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]),
    "half": ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
}


def model_of(row: dict[str, Any], folder: Path) -> vlprep.ModelSpec:
    """Return the settings of a row as a model, read from a folder as a fine-tune's would be."""
    mean, std = MEANS[row["mean"]]
    sides = {key: row[key] for key in ("patch_size", "merge_size", "temporal_patch_size")}
    size = {"shortest_edge": row["min_pixels"], "longest_edge": row["max_pixels"]}
    config = {**sides, "size": size, "image_mean": mean, "image_std": std}
    if row["kind"] == "image":
        name, config["image_processor_type"] = "preprocessor", "Qwen2VLImageProcessor"
    else:
        line = "Qwen3" if "qwen3" in row["family"] else "Qwen2"
        name, config["video_processor_type"] = "video_preprocessor", f"{line}VLVideoProcessor"
        config["do_sample_frames"] = False
        if row.get("cap_pixels_per_frame"):
            config["cap_pixels_per_frame"] = True
    for old in folder.iterdir():
        old.unlink()
    (folder / f"{name}_config.json").write_text(json.dumps(config))
    return vlprep.load_model_file(folder)


def made(row: dict[str, Any], folder: Path, **asked: Any) -> vlprep.PixelValues:
    """Return what vlprep makes of a row."""
    model = model_of(row, folder)
    if row["kind"] == "image":
        return vlprep.pixel_values(images=drawn_image(row), model=model, **asked)
    return vlprep.pixel_values(videos=drawn_frames(row), model=model, **asked)
