"""Turn a model's Hugging Face folder into rules, so that any fine-tune can be counted.

Which table counts and which class reads it is decided in `folder`, what its keys come to in
`class_keys`. What transformers raises on is an error that names file and key, told when images or
videos are asked for, whichever it is of.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vlprep.errors import ModelFileError
from vlprep.models.class_keys import ClassReader
from vlprep.models.folder import CONFIG, Folder, Part, Table
from vlprep.models.remarks import remarks
from vlprep.units import is_number


def read_folder(path: Path, tables: Mapping[str, Table], shipped: Table) -> dict[str, Any]:
    """Return a Hugging Face model folder as a table in the catalogue's schema.

    `path` is the folder, one of its four files, or a JSON file of another name that names a Qwen
    class. `tables` are those of `catalog/loading.toml`, `shipped` the rule set of transformers with
    the numbers that families ship with.

    Raises `ModelFileError` when neither images nor videos of a Qwen vision model can be counted.
    """
    folder = Folder(path, tables)
    image, of_images = _part(folder, "image", shipped)
    video, of_videos = _part(folder, "video", shipped)
    rules: dict[str, Any] = {
        "title": f"{shipped['title']} with the model's own configuration",
        "date": shipped["date"],
        "verified": shipped["verified"],
        "prompt": _prompt(folder),
        **image,
        **video,
    }
    if "image" not in rules and "video" not in rules:
        raise ModelFileError(*rules["image_refusal"])
    model: dict[str, Any] = {
        "family": folder.type_name or "a Hugging Face folder",
        "kind": "open-weights",
        "sources": ["HF"],
        "warnings": _warnings(of_images, of_videos),
        "rules": {"transformers": rules, **_utils_rules(rules), **_framework_rules(rules)},
        **_context(folder.config),
        **_boxes(folder),
    }
    return {"models": {folder.name: model}}


def _warnings(of_images: list[str], of_videos: list[str]) -> list[str]:
    """Return what is said of both once, and the rest with what it is said of."""
    return [
        *(text for text in of_images if text in of_videos),
        *(_said_of("image", text) for text in of_images if text not in of_videos),
        *(_said_of("video", text) for text in of_videos if text not in of_images),
    ]


def _said_of(part: Part, text: str) -> str:
    return text if part in text.casefold() else f"{part}s: {text}"


def _part(folder: Folder, part: Part, shipped: Table) -> tuple[dict[str, Any], list[str]]:
    """Return the rule of images or of videos, or why there is none; and what is to be said."""
    try:
        table = folder.table(part)
        reader = ClassReader(folder, table, part, folder.class_of(table, part))
        rule = reader.image_rule() if part == "image" else reader.video_rule()
    except ModelFileError as error:
        return {f"{part}_refusal": [error.path, error.problem]}, []
    said = [*reader.remarks, *remarks(folder, reader, rule, shipped)]
    return {part: {**rule, "sources": ["HF"]}}, said


def _prompt(folder: Folder) -> str:
    """Return the form of the prompt, by its name in the catalogue."""
    own = folder.model_type.get("prompt")
    if own and folder.is_own_processor:
        return str(own)
    if "prompt" in folder.processor:
        return str(folder.processor["prompt"])
    try:
        class_name = folder.class_of(folder.table("video"), "video")
    except ModelFileError:
        return "whole"
    return str(folder.tables["video_classes"][class_name]["prompt"])


def _utils_rules(rules: Table) -> dict[str, Any]:
    """Offer qwen-vl-utils too, where it has numbers for the patch size."""
    patch = (rules.get("image") or rules["video"])["patch_size"]
    if patch not in (14, 16):
        return {}
    name = f"patch{patch}"
    return {"qwen-vl-utils": {"image": name, "video": name, "prompt": rules["prompt"]}}


def _framework_rules(rules: Table) -> dict[str, Any]:
    """Offer what a framework does before this processor, for images."""
    image = rules.get("image")
    if image is None or image["resize"] == "as-is":
        return {}
    return {"llama-factory": {"image": image, "prompt": rules["prompt"]}}


def _context(config: Table) -> dict[str, int]:
    """Return the context in tokens, which is of the text model where there is more than one."""
    for key in ("thinker_config", "text_config"):
        if isinstance(config.get(key), dict):
            config = config[key]
    tokens = config.get("max_position_embeddings")
    return {"context_tokens": tokens} if isinstance(tokens, int) and is_number(tokens, 1) else {}


def _boxes(folder: Folder) -> dict[str, Any]:
    name = folder.model_type.get("boxes")
    if name is None:
        return {}
    note = f"as its family answers: model_type of {CONFIG} is {folder.type_name}"
    return {"boxes": {**folder.tables["boxes"][name], "note": note}}
