"""Turn a model's Hugging Face folder into rules, so that any fine-tune can be counted.

Which table counts and which class reads it is decided in `folder`; here a class's keys become
numbers, as transformers 5.24 takes them. What it raises on is an error that names file and key,
told when images or videos are asked for, whichever it is of. What a table leaves out is the class's
own default and said in a warning: those differ from the shipped numbers by a factor of 12 to 32.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from vlprep.errors import ModelFileError
from vlprep.models.folder import CONFIG, Config, Folder, Part, Table, shown
from vlprep.models.levels import is_ordinary, normalisation, read_level
from vlprep.units import MOST, is_number

FEWEST_TOKENS = 16
"""A cap of fewer tokens was hardly meant: a side was written where pixels belong."""


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
        reader = _Reader(folder, table, part, folder.class_of(table, part))
        rule = reader.image_rule() if part == "image" else reader.video_rule()
    except ModelFileError as error:
        return {f"{part}_refusal": [error.path, error.problem]}, []
    said = [*reader.remarks, *_remarks(folder, reader, rule, shipped)]
    return {part: {**rule, "sources": ["HF"]}}, said


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a key's number must be."""

    what: str
    """In words."""
    takes_floats: bool
    """Whether a whole number may be written as a float."""
    least: int = 1
    """The lowest that can be used."""


_COUNT = _Kind("a whole number above 0", takes_floats=False)
_TOKENS = _Kind("a whole number of tokens", takes_floats=True, least=0)
_PIXELS = _Kind("a whole number of pixels above 0", takes_floats=True)
_FRAMES = _Kind("a whole number of frames above 0", takes_floats=True)
_ANY_FRAMES = _Kind("a whole number of frames", takes_floats=True, least=0)


class _Reader:
    """One table, read as its class reads it."""

    def __init__(self, folder: Folder, table: Config, part: Part, class_name: str) -> None:
        self.folder = folder
        self.table = table
        self.part = part
        self.class_name = class_name
        self.defaults: Table = folder.tables[f"{part}_classes"][class_name]
        self.missing: list[str] = []
        """Keys that the class's default stands in for."""
        self.remarks: list[str] = []
        """What a user should know of values taken."""

    def image_rule(self) -> dict[str, Any]:
        return {"resize": "transformers" if self._resizes else "as-is", **self._numbers()}

    def video_rule(self) -> dict[str, Any]:
        rule: dict[str, Any] = {**self.defaults["rule"], **self._numbers(), **self._sampling()}
        if self._flag("cap_pixels_per_frame", default=False):
            rule["budget"] += "-capped"
            rule["cap_tokens"] = self._number("max_video_tokens", _TOKENS)
        if not self._resizes:
            rule |= {"resize": "as-is", "budget": "frame"}
        return rule

    def _numbers(self) -> dict[str, Any]:
        sides = ("patch_size", "merge_size", "temporal_patch_size")
        numbers = {key: self._number(key, _COUNT) for key in sides}
        numbers["min_pixels"], numbers["max_pixels"] = self._edges()
        return {**numbers, "normalise": self._normalise()}

    def _normalise(self) -> dict[str, Any] | None:
        rescales = self._flag("do_rescale", default=True)
        normalises = self._flag("do_normalize", default=True)
        keys = [
            *(("image_mean", "image_std") if normalises else ()),
            *(("rescale_factor",) if rescales else ()),
            *(("resample",) if self._resizes else ()),
        ]
        levels = {key: read_level(self.table, key, self.defaults) for key in keys}
        odd = [key for key, value in levels.items() if not is_ordinary(key, value)]
        self.remarks += (
            f"{key} is {shown(self.table.values[key])}: tokens are counted, arrays are not made"
            for key in odd
        )
        return None if odd else normalisation(levels)

    def _edges(self) -> tuple[int, int]:
        """Return the pixel limits: those of `size`, or of the keys that replace its edges."""
        if self.part == "video" and "longest_edge" in self.folder.processor:
            return self._processor_edges()
        replaced = self._pixel_keys()
        size = self._size(replaced)
        if not self._resizes:
            return self.defaults["shortest_edge"], self.defaults["longest_edge"]
        low, high = (
            (key, replaced[key]) if key in replaced else (f"size.{edge}", size.get(edge))
            for edge, key in _EDGES.items()
        )
        return self._least(*low, _PIXELS), self._most_pixels(*high)

    def _least(self, key: str, value: Any, kind: _Kind) -> int:
        """Return a lower bound; below 0 there is none."""
        if isinstance(value, int | float) and value < 0:
            self.remarks.append(f"{key} is {shown(value)}, which bounds nothing")
            return 0
        return self._whole(key, value, kind)

    def _most_pixels(self, key: str, value: Any) -> int:
        """Return an upper bound; one beyond all pictures is none."""
        return self._whole(key, MOST if value == math.inf else value, _PIXELS)

    def _processor_edges(self) -> tuple[int, int]:
        own = self.folder.processor
        low, high = own["shortest_edge"], own["longest_edge"]
        self.remarks.append(
            f"the processor itself gives a frame {low:,} to {high:,} pixels at every call, "
            f"whatever {self.table.file.name} says"
        )
        return low, high

    def _pixel_keys(self) -> dict[str, Any]:
        """Return the top-level `min_pixels` and `max_pixels` that this class reads."""
        values = self.table.values
        stated = {key: values[key] for key in _EDGES.values() if values.get(key) is not None}
        if self.defaults["reads_pixel_keys"] or not stated:
            return stated
        keys = " and ".join(stated)
        self.remarks.append(f"{self.class_name} does not read {keys}: only size counts")
        return {}

    def _size(self, replaced: Table) -> dict[str, Any]:
        """Return what `size` says, the class's where it is silent, without the edges replaced."""
        size = self.table.values.get("size")
        if size is None:
            is_null = "size" in self.table.values and not self.defaults["reads_pixel_keys"]
            if is_null and self._resizes:
                raise self.table.refuse("size", f"is null; {_WANTED}")
            self.missing += [edge for edge, key in _EDGES.items() if key not in replaced]
            return {edge: self.defaults[edge] for edge in _EDGES}
        if not isinstance(size, dict):
            if self._resizes or replaced:
                raise self.table.refuse("size", f"is {shown(size)}; {_WANTED}")
            return {}
        edges = {key: value for key, value in size.items() if key not in replaced}
        edges |= {edge: None for edge, key in _EDGES.items() if key in replaced}
        if set(edges) != set(_EDGES) and (self._resizes or set(edges) not in _LOADED_SIZES):
            found = ", ".join(f"size.{key}" for key in size) or "no keys"
            raise self.table.refuse("size", f"has {found}; {_WANTED}")
        return edges

    def _sampling(self) -> dict[str, Any]:
        """Return which frames are shown when a caller asks nothing, and the bounds."""
        samples = self._flag("do_sample_frames", default=self.defaults["do_sample_frames"])
        sampled = self._sampled() if samples else {}
        bounded = samples and "nframes" not in sampled
        bounds = {
            "min_frames": self._bound("min_frames", bounded),
            "max_frames": self._bound("max_frames", bounded),
            "fps": 2.0,
        }
        if samples:
            return bounds | sampled
        if "do_sample_frames" in self.table.values:
            self.remarks.append("do_sample_frames is false: without `fps` every frame is counted")
            return bounds | {"shows": "every"}
        stated = [key for key in ("fps", "num_frames") if self.table.values.get(key) is not None]
        if len(stated) > 1:
            self.remarks.append(
                f"{self.table.file.name} says fps and num_frames, which exclude each other, and "
                "not that videos are sampled: without `fps` every frame is counted"
            )
            return bounds | {"shows": "every"}
        self.remarks.append(
            f"{self.table.file.name} does not say that videos are sampled: counted as servers and "
            "qwen-vl-utils do, at its fps or 2 a second; transformers by itself takes every frame"
        )
        return bounds | (self._sampled() if stated else {})

    def _bound(self, key: str, bounded: bool) -> int:
        """Return a bound on the frames; a null is in order where it bounds none."""
        value = self.table.values.get(key)
        if value is None and (not bounded or key not in self.table.values):
            default: int = self.defaults[key]
            return default
        if isinstance(value, float) and "fps" in self.defaults:
            self.remarks.append(
                f"{key} is {shown(value)}: where it bounds a clip, transformers wants {value:.0f}"
            )
        return (
            self._least(key, value, _ANY_FRAMES)
            if key == "min_frames"
            else self._whole(key, value, _FRAMES)
        )

    def _sampled(self) -> dict[str, Any]:
        values = self.table.values
        rate, frames = values.get("fps", self.defaults.get("fps")), values.get("num_frames")
        if rate is not None and frames is not None:
            raise self.table.refuse("num_frames", f"and fps ({shown(rate)}) exclude each other")
        if rate is not None:
            return {"fps": self._rate(rate)}
        if frames is not None:
            kind = _COUNT if "fps" in self.defaults else _FRAMES
            return {"shows": "nframes", "nframes": self._number("num_frames", kind)}
        if "fps" in self.defaults:
            return {"shows": "all"}
        raise self.table.refuse("do_sample_frames", "is true, without fps or num_frames")

    def _rate(self, rate: Any) -> float:
        if isinstance(rate, str | list | dict) or not 0 < rate <= MOST:
            raise self.table.refuse("fps", f"is {shown(rate)}; a number above 0 is wanted")
        return float(rate)

    @cached_property
    def _resizes(self) -> bool:
        return self._flag("do_resize", default=True)

    def _flag(self, key: str, *, default: bool) -> bool:
        value = self.table.values.get(key, default)
        if isinstance(value, list | dict):
            raise self.table.refuse(key, f"is {shown(value)}; true or false is wanted")
        if isinstance(value, str | float):
            counts = "true" if value else "false"
            self.remarks.append(f"{key} is {shown(value)}, which counts as {counts}")
        return bool(value)

    def _number(self, key: str, kind: _Kind) -> int:
        if key in self.table.values:
            return self._whole(key, self.table.values[key], kind)
        self.missing.append(key)
        default: int = self.defaults[key]
        return default

    def _whole(self, key: str, value: Any, kind: _Kind) -> int:
        """Return a whole number as transformers would use it; raises what it raises on."""
        is_whole = isinstance(value, float) and value.is_integer() and kind.takes_floats
        if not (isinstance(value, int) or is_whole) or value < kind.least:
            raise self.table.refuse(key, f"is {shown(value)}; {kind.what} is wanted")
        if isinstance(value, bool):
            self.remarks.append(f"{key} is true, which counts as 1")
        if kind is _PIXELS:
            return min(int(value), MOST)  # no picture has more
        if value > MOST:
            raise self.table.refuse(key, f"is {shown(value)}; at most {MOST:,} is wanted")
        return int(value)


_LOADED_SIZES = (
    {"shortest_edge"},
    {"longest_edge"},
    {"height", "width"},
    {"max_height", "max_width"},
    {"min_pixels", "max_pixels"},
)
"""Keys of a `size` that loads, and is of no use where pictures are resized."""

_EDGES = {"shortest_edge": "min_pixels", "longest_edge": "max_pixels"}
"""Edges of `size`, which are numbers of pixels, and the keys that replace them."""

_WANTED = "size.shortest_edge and size.longest_edge are wanted, in pixels"


# What a user must know before believing a count.


def _remarks(folder: Folder, reader: _Reader, rule: Table, shipped: Table) -> Iterator[str]:
    table = reader.table
    yield from _former_name(folder, table, reader.part)
    yield from _misfit(folder, reader)
    yield from _defaults(folder, reader, shipped)
    yield from _disagreement(folder, reader, rule)
    yield from _odd_limits(rule)
    if "auto_map" in table.values:
        yield f"{table.name} names code of the folder's own (auto_map), which may count otherwise"


def _former_name(folder: Folder, table: Config, part: Part) -> Iterator[str]:
    name = folder.former_name(table) if part == "image" else None
    if name:
        today = folder.class_of(table, part)
        yield (
            f"{table.file.name} names {name}, which transformers does not know; it is called "
            f"{today} today, and counted as that"
        )


def _misfit(folder: Folder, reader: _Reader) -> Iterator[str]:
    wanted = folder.model_type.get(reader.part)
    if wanted and wanted != reader.class_name:
        yield (
            f"{reader.table.file.name} is loaded by {reader.class_name}, which does not fit "
            f"model_type {folder.type_name}: {wanted} would, with other limits"
        )


def _defaults(folder: Folder, reader: _Reader, shipped: Table) -> Iterator[str]:
    """Say which defaults of the class stand in, where the family ships with other numbers."""
    family = shipped[reader.part].get(folder.model_type.get("shipped"), {})
    missing = [
        key
        for key, name in _MATTERING.items()
        if key in reader.missing and reader.defaults[key] != family.get(name)
    ]
    if missing:
        values = (
            _default(key, reader.defaults[key], family.get(_MATTERING[key])) for key in missing
        )
        what = dict.fromkeys("size" if key in _EDGES else key for key in missing)
        yield (
            f"the folder states no {reader.part} {' or '.join(what)}: "
            f"class default {', '.join(values)}"
        )


_MATTERING = {"patch_size": "patch_size", **_EDGES}
"""Keys whose defaults differ between families, and their names in the catalogue."""


def _default(key: str, own: int, ships: int | None) -> str:
    beside = "" if ships is None else f" where the family ships {ships:,} ({ships / own:.3g} times)"
    return f"{key} {own:,}{beside}"


def _disagreement(folder: Folder, reader: _Reader, rule: Table) -> Iterator[str]:
    other = folder.passed_over(reader.part)
    if other is None:
        return
    differs = _differences(folder, other, reader.part, rule)
    if differs:
        own = reader.table.name
        yield f"{own} counts; {other.name} beside it is not read, and differs: {differs}"


def _differences(folder: Folder, other: Config, part: Part, rule: Table) -> str:
    try:
        reader = _Reader(folder, other, part, folder.class_of(other, part))
        theirs = reader.image_rule() if part == "image" else reader.video_rule()
    except ModelFileError as error:
        return error.problem
    keys = [key for key in theirs if theirs[key] != rule.get(key)]
    return ", ".join(f"{key} {shown(theirs[key])} for {shown(rule.get(key))}" for key in keys)


def _odd_limits(rule: Table) -> Iterator[str]:
    low, high = rule["min_pixels"], rule["max_pixels"]
    token = (rule["patch_size"] * rule["merge_size"]) ** 2
    if rule["resize"] == "as-is":
        yield "do_resize is false: pictures are taken as they are, and some sizes are refused"
    elif low > high:
        yield f"the least number of pixels, {low:,}, is above the most, {high:,}: was that meant?"
    elif high < FEWEST_TOKENS * token:
        yield f"a cap of {high:,} pixels is {high / token:.3g} tokens: was that meant?"


# What is beside the numbers.


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
