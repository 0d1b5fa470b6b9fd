"""Record what transformers makes of each of the 1,000 samples that a test scans.

Needs transformers, torch and torchvision, which vlprep itself does not. The processors are built
with the settings that the model is published with; tensors are on the device "meta", as sizes
alone decide. A sample costs the merged patches of its media and two markers for each of them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
import transformers
from transformers.video_utils import VideoMetadata

from tests.scan.data_set import CLIPS, MODEL, Sample, samples

TARGET = Path(__file__).parents[1] / "tests" / "golden" / "samples.json"

EDGES = {"shortest_edge": 56 * 56, "longest_edge": 28 * 28 * 16384}
"""Pixels of an image, and of a video, in the model's preprocessor_config.json."""

MARKERS = 2


def main() -> None:
    """Count each sample and write the file."""
    image = transformers.Qwen2VLImageProcessor(patch_size=14, merge_size=2, size=EDGES)
    video = transformers.Qwen2VLVideoProcessor(patch_size=14, merge_size=2, size=EDGES)
    tokens = [_tokens(sample, image, video) for sample in samples()]
    document = {
        "transformers": transformers.__version__,
        "model": MODEL,
        "what": "tokens of the media of each sample; null of those with a file that is no picture",
        "tokens": tokens,
    }
    TARGET.write_text(json.dumps(document) + "\n")


def _tokens(sample: Sample, image: Any, video: Any) -> int | None:
    if sample.damage:
        return None
    grids = [
        image(images=torch.empty((3, *size), dtype=torch.uint8, device="meta"))["image_grid_thw"]
        for size in sample.images
    ]
    grids += [_clip_grid(CLIPS[name], video) for name in sample.clips]
    return sum(int(grid[0].prod()) // 4 + MARKERS for grid in grids)


def _clip_grid(clip: Any, video: Any) -> Any:
    frames = torch.empty((clip.frames, 3, *clip.size), dtype=torch.uint8, device="meta")
    rate = float(clip.fps)
    facts = VideoMetadata(total_num_frames=clip.frames, fps=rate, duration=clip.frames / rate)
    made = video(videos=[frames], video_metadata=[facts], do_sample_frames=True, fps=2)
    return made["video_grid_thw"]


if __name__ == "__main__":
    main()
