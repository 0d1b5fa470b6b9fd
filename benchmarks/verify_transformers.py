"""Check the rule sets of open weights against an installed transformers, by running it.

Needs transformers, torch and torchvision, which vlprep itself does not. Tensors are on the device
"meta": they have sizes and no content, so that a video of an hour costs nothing. Three things are
compared: random sizes and clips by the rules of every family of the catalogue; the folders of
`tests/golden/configs`, public ones and made-up ones, whose facts are written into a temporary
folder and loaded by AutoImageProcessor and AutoVideoProcessor; and the version with the one that
the rules name.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import warnings
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"  # everything is in local folders

import torch
import transformers
from transformers import AutoImageProcessor, AutoVideoProcessor
from transformers.video_utils import VideoMetadata

from vlprep import (
    ImageSize,
    ModelSpec,
    VideoInfo,
    VlprepError,
    image_tokens,
    list_models,
    video_tokens,
)

GOLDEN = [
    Path(__file__).parents[1] / "tests" / "golden" / "configs" / name
    for name in ("folders.json", "variants.json")
]
CLASSES = {"transformers": "Qwen3VLVideoProcessor", "transformers-qwen2": "Qwen2VLVideoProcessor"}
"""The class of transformers by the counting rule of a video rule."""

Grid = list[int] | None
"""Steps, rows and columns of patches; `None` where a size is refused."""


def main() -> int:
    """Compare, print what differs, and return 1 if anything does."""
    asked = _arguments()
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    for golden in GOLDEN if asked.record else ():
        record(golden)
    differences = [*verify_families(asked.rows, random.Random(asked.seed)), *verify_folders()]
    print("\n".join(differences[:50]))
    print(f"transformers {transformers.__version__}: {len(differences)} differences")
    return 1 if differences else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1000, help="Sizes and clips a family.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--record", action="store_true", help="Write the results of the golden files."
    )
    return parser.parse_args()


# The reference.


def image_grid(reference: Any, size: ImageSize) -> Grid:
    """Return what transformers makes of an image."""
    picture = torch.empty((3, *size), dtype=torch.uint8, device="meta")
    return _grid(lambda: reference(images=picture)["image_grid_thw"])


def video_grid(reference: Any, clip: VideoInfo, **asked: Any) -> Grid:
    """Return what transformers makes of a clip."""
    frames = torch.empty((clip.frame_count, 3, *clip.size), dtype=torch.uint8, device="meta")
    rate = float(clip.fps or 0)
    facts = VideoMetadata(
        total_num_frames=clip.frame_count, fps=rate, duration=clip.frame_count / rate
    )
    return _grid(
        lambda: reference(videos=[frames], video_metadata=[facts], **asked)["video_grid_thw"]
    )


def _grid(ask: Any) -> Grid:
    try:
        found: list[int] = ask()[0].tolist()
    except Exception:  # whatever it refuses with
        return None
    return found


def ours(count: Any, *of: Any, **asked: Any) -> Grid:
    """Return what vlprep makes of the same."""
    try:
        return list(count(*of, **asked).grid_thw)
    except VlprepError:
        return None


# The catalogue.


def verify_families(rows: int, chance: random.Random) -> Iterator[str]:
    """Yield where the rules of the catalogue's open weights differ from transformers."""
    seen: set[Any] = set()
    for spec in list_models():
        for rule_set in spec.rule_sets:
            pair = (rule_set.name, rule_set.image, rule_set.video)
            if not rule_set.name.startswith("transformers") or pair in seen or not rule_set.image:
                continue
            seen.add(pair)
            if rule_set.verified != transformers.__version__:
                yield f"{rule_set.name}: checked with {rule_set.verified}"
            yield from _verify_family(spec, rule_set.name, rows, chance)


def _verify_family(spec: ModelSpec, name: str, rows: int, chance: random.Random) -> Iterator[str]:
    rules = spec.rules(name)
    rule = rules.video_rule(spec.name)
    image, video = _image_reference(rules.image), _video_reference(rule)
    for _ in range(rows):
        size, clip = _random_size(chance), _random_clip(chance)
        wanted, got = image_grid(image, size), ours(image_tokens, size, spec, rules=name)
        if wanted != got:
            yield f"{spec.name} {name} image {size}: {wanted} wanted, {got} given"
        if _runs_out(video, clip, rule.fps):
            continue
        wanted = video_grid(video, clip, do_sample_frames=True, fps=rule.fps)
        got = ours(video_tokens, clip, spec, rules=name, strict=True)
        if wanted != got:
            yield f"{spec.name} {name} video {clip}: {wanted} wanted, {got} given"


def _runs_out(reference: Any, clip: VideoInfo, fps: float) -> bool:
    """Say whether transformers asks for a frame behind the last one, which is an IndexError.

    `torch.arange` with a fraction for a step gives one number too many in 2 % of clips; vlprep
    counts those without it.
    """
    facts = VideoMetadata(total_num_frames=clip.frame_count, fps=float(clip.fps or 0))
    try:
        return int(reference.sample_frames(facts, fps=fps)[-1]) >= clip.frame_count
    except Exception:  # refused for another reason
        return False


def _image_reference(rule: Any) -> Any:
    return transformers.Qwen2VLImageProcessor(
        patch_size=rule.patch_size, merge_size=rule.merge_size, size=_edges(rule)
    )


def _video_reference(rule: Any) -> Any:
    return getattr(transformers, CLASSES[rule.count])(
        patch_size=rule.patch_size,
        merge_size=rule.merge_size,
        temporal_patch_size=rule.temporal_patch_size,
        size=_edges(rule),
        min_frames=rule.min_frames,
        max_frames=rule.max_frames,
        cap_pixels_per_frame=rule.budget.endswith("-capped"),
    )


def _edges(rule: Any) -> dict[str, int]:
    return {"shortest_edge": rule.min_pixels, "longest_edge": rule.max_pixels}


def _random_size(chance: random.Random) -> ImageSize:
    """Return a size in pixels, small ones and narrow ones among them."""
    return ImageSize(*(int(2 ** chance.uniform(3, 13)) for _ in range(2)))


def _random_clip(chance: random.Random) -> VideoInfo:
    size = ImageSize(*(int(2 ** chance.uniform(4, 11.5)) for _ in range(2)))
    rate = chance.choice([Fraction(24000, 1001), Fraction(25), Fraction(30), Fraction(10)])
    return VideoInfo(size=size, frame_count=int(2 ** chance.uniform(0, 13)), fps=rate)


# Folders.


def verify_folders() -> Iterator[str]:
    """Yield where recorded results of folders differ from what transformers gives today."""
    for golden in GOLDEN:
        document = json.loads(golden.read_text())
        for row in document["folders"]:
            for part, wanted in reference_of(row, document).items():
                if wanted != document["results"][row[part]]:
                    yield f"{row['from']}: {part}s are recorded otherwise"


def record(golden: Path) -> None:
    """Write what transformers gives for the folders of a golden file, equal results once."""
    document = json.loads(golden.read_text())
    results: list[Any] = []
    for row in document["folders"]:
        for part, found in reference_of(row, document).items():
            if found not in results:
                results.append(found)
            row[part] = results.index(found)
    document["results"] = results
    document["transformers"] = transformers.__version__
    golden.write_text(_one_row_a_line(document))


def reference_of(row: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return the grids of all sizes and clips by a folder's own processors.

    `asked` of a row is given to the call, as the class around both or a server would.
    """
    with tempfile.TemporaryDirectory() as name:
        for file, facts in row["files"].items():
            (Path(name) / file).write_text(json.dumps(facts))
        image, video = _load(AutoImageProcessor, name), _load(AutoVideoProcessor, name)
    sizes = [ImageSize(*size) for size in document["sizes"]]
    clips = [_clip(*facts) for facts in document["clips"]]
    asked = row.get("asked", {})
    return {
        "image": [image_grid(image, size) for size in sizes] if image else None,
        "video": [video_grid(video, clip, **asked) for clip in clips] if video else None,
    }


def _load(kind: Any, folder: str) -> Any:
    try:
        return kind.from_pretrained(folder)
    except Exception:  # whatever it refuses with
        return None


def _clip(frames: int, height: int, width: int, rate: str) -> VideoInfo:
    return VideoInfo(size=ImageSize(height, width), frame_count=frames, fps=Fraction(rate))


def _one_row_a_line(document: dict[str, Any]) -> str:
    parts = []
    for key, value in document.items():
        if isinstance(value, list):
            rows = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in value)
            parts.append(f'  "{key}": [\n{rows}\n  ]')
        else:
            parts.append(f'  "{key}": {json.dumps(value, ensure_ascii=False)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
