"""What comes out: patches of images and videos, and what each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vlprep.arrays.files import save_arrays
from vlprep.arrays.patches import Rows
from vlprep.count.tokens import TokenCount
from vlprep.display import brief
from vlprep.output.target import PathLike
from vlprep.types import ArrayType, ImageSize

KEYS = {
    "image": ("pixel_values", "image_grid_thw"),
    "video": ("pixel_values_videos", "video_grid_thw"),
}
"""Names that models have for patches and grids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayPart:
    """One image or video in the arrays."""

    source: str
    """The file as the caller named it."""
    kind: str
    """"image" or "video"."""
    tokens: TokenCount
    """What it costs, its size at the model's input and its grid."""
    timestamps_seconds: tuple[float, ...] = ()
    """Of each step of a video's grid, the middle of its frames; empty of an image."""
    warnings: tuple[str, ...] = ()
    """What a user should know."""

    def __repr__(self) -> str:
        grid = "x".join(map(str, self.tokens.grid_thw))
        return brief(self, self.source, self.kind, f"grid {grid}")


@dataclass(frozen=True, slots=True, eq=False)
class PixelValues:
    """Patches of images and videos, as the model takes them: the images first, then the videos."""

    pixel_values: Rows
    """Patches x (3 * frames in a step * patch * patch); bfloat16 as its 16 bits, in uint16."""
    grid_thw: npt.NDArray[np.int64]
    """(N, 3): steps, rows and columns of patches of each."""
    parts: tuple[ArrayPart, ...]
    """What each of them is."""
    dtype: ArrayType
    """What the numbers are; "uint8" is bytes before they are normalised."""
    model: str
    """Name of the model."""
    rules: str
    """Name of the rule set."""

    def __repr__(self) -> str:
        rows, row = self.pixel_values.shape
        return brief(self, f"{rows}x{row} {self.dtype}", f"grid_thw={self.grid_thw.tolist()}")

    @property
    def sizes(self) -> tuple[ImageSize, ...]:
        """Height and width in pixels at the model's input, of each."""
        return tuple(part.tokens.resized for part in self.parts)

    @property
    def timestamps_seconds(self) -> tuple[tuple[float, ...], ...]:
        """Seconds of the steps of each; empty of an image."""
        return tuple(part.timestamps_seconds for part in self.parts)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know, once each."""
        of_parts = (text for part in self.parts for text in part.warnings)
        return tuple(dict.fromkeys((*self.own_warnings, *of_parts)))

    @property
    def own_warnings(self) -> tuple[str, ...]:
        """What a user should know of the numbers, whatever they are made of."""
        return (_BYTES,) if self.dtype == "uint8" else ()

    def inputs(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays by the names that models have for them, without a copy.

        `pixel_values` and `image_grid_thw` of images, `pixel_values_videos` and `video_grid_thw`
        of videos, whichever there are.
        """
        named: dict[str, npt.NDArray[Any]] = {}
        end = 0
        for kind, (values, grids) in KEYS.items():
            own = self.grid_thw[[part.kind == kind for part in self.parts]]
            first, end = end, end + int(own.prod(axis=1).sum())
            if len(own):
                named |= {values: self.pixel_values[first:end], grids: own}
        return named

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write them to a file, by its ending: .npz, .safetensors, or .npy (the patches alone).

        Raises `ConstraintError` for another ending, and for .npy of images and videos together;
        and the errors of `new_file`.
        """
        save_arrays(self.inputs(), path, self.dtype, overwrite=overwrite)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `vlprep.arrays/1`: shapes, sizes, times and tokens, no pixels."""
        return {
            "schema": "vlprep.arrays/1",
            "model": self.model,
            "rules": self.rules,
            "dtype": self.dtype,
            "shape": list(self.pixel_values.shape),
            "warnings": list(self.warnings),
            "files": [_part_dict(part) for part in self.parts],
        }


_BYTES = (
    "uint8 patches are not normalised: vLLM 0.33 does that by itself for Qwen2.5-VL, Qwen3-VL and "
    "Qwen3.5, SGLang 0.5.23 and the models of transformers do not"
)


def _part_dict(part: ArrayPart) -> dict[str, Any]:
    return {
        "source": part.source,
        "kind": part.kind,
        "resized_height": part.tokens.resized.height,
        "resized_width": part.tokens.resized.width,
        "grid_thw": list(part.tokens.grid_thw),
        "timestamps_seconds": list(part.timestamps_seconds),
        "tokens": part.tokens.total,
        "warnings": list(part.warnings),
    }
