"""Read the keys of a processor's class as numbers, as transformers 5.24 takes them.

What it raises on is an error that names file and key. What a table leaves out is the class's own
default: those differ from the shipped numbers by a factor of 12 to 32.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vlprep.models.folder import Config, Folder, Part, Table, shown
from vlprep.models.levels import is_ordinary, normalisation, read_level
from vlprep.units import MOST


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


class ClassReader:
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
        """Return the rule of images in the catalogue's schema."""
        return {"resize": "transformers" if self._resizes else "as-is", **self._numbers()}

    def video_rule(self) -> dict[str, Any]:
        """Return the rule of videos in the catalogue's schema."""
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
            for edge, key in EDGES.items()
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
        stated = {key: values[key] for key in EDGES.values() if values.get(key) is not None}
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
            self.missing += [edge for edge, key in EDGES.items() if key not in replaced]
            return {edge: self.defaults[edge] for edge in EDGES}
        if not isinstance(size, dict):
            if self._resizes or replaced:
                raise self.table.refuse("size", f"is {shown(size)}; {_WANTED}")
            return {}
        edges = {key: value for key, value in size.items() if key not in replaced}
        edges |= {edge: None for edge, key in EDGES.items() if key in replaced}
        if set(edges) != set(EDGES) and (self._resizes or set(edges) not in _LOADED_SIZES):
            found = ", ".join(f"size.{key}" for key in size) or "no keys"
            alone = " and nothing beside them" if set(size) > set(EDGES) else ""
            raise self.table.refuse("size", f"has {found}; {_WANTED}{alone}")
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

EDGES = {"shortest_edge": "min_pixels", "longest_edge": "max_pixels"}
"""Edges of `size`, which are numbers of pixels, and the keys that replace them."""

_WANTED = "size.shortest_edge and size.longest_edge are wanted, in pixels"
