"""Read a model's numbers from a Hugging Face folder, so that any fine-tune can be counted.

The image numbers are in `preprocessor_config.json`, or nested in `processor_config.json` in newer
uploads; the video numbers in `video_preprocessor_config.json` or nested likewise. What a file
leaves out is the processor class's own default in transformers 5.23.0, and is said in a warning:
those defaults differ from the shipped numbers by a factor of 12 to 32.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vlprep.errors import ModelFileError

Table = Mapping[str, Any]

_IMAGE_DEFAULTS: Table = {
    "patch_size": 14,
    "merge_size": 2,
    "temporal_patch_size": 2,
    "size": {"shortest_edge": 3136, "longest_edge": 1003520},
}
"""Class defaults of Qwen2VLImageProcessor, which every Qwen vision model uses."""

_QWEN2_VIDEO: Table = {
    "resize": "transformers",
    "count": "transformers-qwen2",
    "sampling": "arange",
    "budget": "frame",
    "patch_size": 14,
    "size": {"shortest_edge": 100352, "longest_edge": 602112},
}

_QWEN3_VIDEO: Table = {
    "resize": "transformers",
    "count": "transformers",
    "sampling": "linspace",
    "budget": "clip",
    "patch_size": 16,
    "size": {"shortest_edge": 131072, "longest_edge": 786432},
}

VIDEO_PROCESSORS: Mapping[str, Table] = {
    "Qwen2VLVideoProcessor": _QWEN2_VIDEO,
    "Qwen3VLVideoProcessor": _QWEN3_VIDEO,
}
"""Rules and class defaults by `video_processor_type`."""

PROCESSORS: Mapping[str, tuple[str, str]] = {
    "Qwen2VLProcessor": ("Qwen2VLVideoProcessor", "whole"),
    "Qwen2_5_VLProcessor": ("Qwen2VLVideoProcessor", "whole"),
    "Qwen3VLProcessor": ("Qwen3VLVideoProcessor", "timestamps-unverified"),
}
"""Video processor and form of the prompt by `processor_class`."""

_VERIFIED_TIMESTAMPS = ("qwen3_vl", "qwen3_vl_moe")
"""Values of `model_type` whose vocabulary the timestamp text was checked with."""


def read_folder(path: Path) -> dict[str, Any]:
    """Return a Hugging Face model folder as a table in the catalogue's schema.

    `path` is the folder, or its `preprocessor_config.json`, beside which the others are looked for.

    Raises `ModelFileError` when there is no such file, or it is not of a Qwen vision model.
    """
    folder = path if path.is_dir() else path.parent
    processor, image, video = _processors(path, folder)
    config = _read_json(folder / "config.json")
    video_type, prompt = _classes(processor, video, config)
    warnings: list[str] = []
    rules: dict[str, Any] = {
        "title": "transformers 5.23.0 with the model's own configuration",
        "date": "2026",
        "image": _image_rule(image, warnings),
    }
    if video_type is not None:
        rules |= {"video": _video_rule(video, video_type, warnings), "prompt": prompt}
    model: dict[str, Any] = {
        "family": str(config.get("model_type", "a Hugging Face folder")),
        "kind": "open-weights",
        "sources": ["HF"],
        "warnings": warnings,
        "rules": {"transformers": rules, **_utils_rules(rules)},
    }
    context = config.get("text_config", config).get("max_position_embeddings")
    if isinstance(context, int):
        model["context_tokens"] = context
    name = config.get("_name_or_path") or folder.resolve().name
    return {"models": {str(name): model}}


def _processors(path: Path, folder: Path) -> tuple[str | None, Table, Table]:
    """Return the processor's class, and the numbers of its image and its video part."""
    nested = _read_json(folder / "processor_config.json")
    flat = _read_json(path if path.is_file() else folder / "preprocessor_config.json")
    image = flat or nested.get("image_processor", {})
    flat_video = _read_json(folder / "video_preprocessor_config.json")
    video = flat_video or nested.get("video_processor", {})
    if not image:
        raise ModelFileError(str(path), "no preprocessor_config.json or processor_config.json")
    _require_qwen(image, path)
    processor = image.get("processor_class") or nested.get("processor_class")
    if not isinstance(processor, str | None):
        raise ModelFileError(str(path), f"processor_class {processor!r} is not a name")
    for table in (image, video):
        if not isinstance(table.get("size", {}), dict):
            raise ModelFileError(str(path), f"size {table['size']!r} is not an object")
    return processor, image, video


def _classes(processor: str | None, video: Table, config: Table) -> tuple[str | None, str]:
    """Return the video processor's class and the form of the prompt."""
    video_type, prompt = PROCESSORS.get(processor or "", (None, "whole"))
    video_type = video.get("video_processor_type") or video_type
    if video_type == "Qwen3VLVideoProcessor":
        verified = config.get("model_type") in _VERIFIED_TIMESTAMPS
        prompt = "timestamps" if verified else "timestamps-unverified"
    return (video_type if video_type in VIDEO_PROCESSORS else None), prompt


def _image_rule(config: Table, warnings: list[str]) -> dict[str, Any]:
    _warn_missing("image", config, _IMAGE_DEFAULTS, warnings)
    return {"resize": "transformers", **_numbers({**_IMAGE_DEFAULTS, **config}), "sources": ["HF"]}


def _video_rule(config: Table, video_type: str, warnings: list[str]) -> dict[str, Any]:
    defaults = VIDEO_PROCESSORS[video_type]
    _warn_missing("video", config, defaults, warnings)
    merged = {**_IMAGE_DEFAULTS, **defaults, **config}
    return {
        **{key: defaults[key] for key in ("resize", "count", "sampling", "budget")},
        **_numbers(merged),
        "temporal_patch_size": merged["temporal_patch_size"],
        "fps": float(merged.get("fps") or 2.0),
        "min_frames": merged.get("min_frames") or 4,
        "max_frames": merged.get("max_frames") or 768,
        "sources": ["HF"],
    }


def _numbers(config: Table) -> dict[str, Any]:
    """Return patch, merge and limits; explicit min_pixels and max_pixels win over the size."""
    size = config["size"]
    return {
        "patch_size": config["patch_size"],
        "merge_size": config["merge_size"],
        "min_pixels": config.get("min_pixels") or size.get("shortest_edge"),
        "max_pixels": config.get("max_pixels") or size.get("longest_edge"),
    }


def _utils_rules(rules: Table) -> dict[str, Any]:
    """Offer qwen-vl-utils too, where it has numbers for the patch size."""
    patch = rules["image"]["patch_size"]
    if patch not in (14, 16):
        return {}
    prompt = {"prompt": rules["prompt"]} if "prompt" in rules else {}
    return {"qwen-vl-utils": {"image": f"patch{patch}", "video": f"patch{patch}", **prompt}}


def _warn_missing(what: str, config: Table, defaults: Table, warnings: list[str]) -> None:
    limits = "min_pixels" in config and "max_pixels" in config
    missing = [key for key in ("patch_size", "size") if key not in config]
    if limits and "size" in missing:
        missing.remove("size")
    if missing:
        values = ", ".join(f"{key} {defaults[key]}" for key in missing)
        warnings.append(
            f"the folder states no {what} {' or '.join(missing)}: class default {values}"
        )


def _require_qwen(image: Table, path: Path) -> None:
    kind = str(image.get("image_processor_type", "Qwen2VLImageProcessor"))
    if not kind.startswith(("Qwen2VLImageProcessor", "Qwen3VLImageProcessor")):
        raise ModelFileError(str(path), f"image_processor_type {kind!r} is not a Qwen processor")


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        table = json.loads(path.read_bytes())
    except ValueError as error:
        raise ModelFileError(str(path), f"not valid JSON: {error}") from error
    if not isinstance(table, dict):
        raise ModelFileError(str(path), "not a JSON object")
    return table
