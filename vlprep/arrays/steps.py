"""Make the arrays of a long video step by step, as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from vlprep.arrays.arrays import Clip, Making, VideoRows
from vlprep.arrays.patches import Rows
from vlprep.count.timestamps import step_seconds
from vlprep.count.tokens import TokenCount
from vlprep.display import brief
from vlprep.types import ArrayType, Resample
from vlprep.units import plural
from vlprep.view import View


class ArrayStep(NamedTuple):
    """One step of a video's grid."""

    pixel_values: Rows
    """Its patches: rows x columns of the grid, and the numbers of each."""
    timestamp_seconds: float
    """The middle of its frames."""

    def __repr__(self) -> str:
        rows, row = self.pixel_values.shape
        shape, moment = f"{rows}x{row} {self.pixel_values.dtype}", f"{self.timestamp_seconds:.3f} s"
        return brief(self, shape, moment)


class ArrayStream:
    """The steps of a video, made as they are asked for, in bounded memory.

    Iterate over it once; close it, or use it in a `with` statement, to stop early.
    """

    def __init__(self, source: Clip, how: Making) -> None:
        self._video, self._rule = VideoRows(source, how), how.view.video_rule
        self._steps = self._video.steps(self._video.new_rows())

    @property
    def tokens(self) -> TokenCount:
        """What the video costs, its size at the model's input and its grid."""
        return self._video.stream.tokens

    @property
    def grid_thw(self) -> tuple[int, int, int]:
        """Steps, rows and columns of patches."""
        return self.tokens.grid_thw

    def __repr__(self) -> str:
        return brief(self, self._video.stream.source, plural(len(self), "step"))

    def __len__(self) -> int:
        """Steps of the video, handed out or not."""
        return self.grid_thw[0]

    def __iter__(self) -> Iterator[ArrayStep]:
        return self

    def __next__(self) -> ArrayStep:
        rows, moments = next(self._steps)
        return ArrayStep(rows, step_seconds(moments, self._rule)[0])

    def __enter__(self) -> ArrayStream:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop decoding."""
        self._video.stream.close()


def stream_arrays(
    source: Clip,
    view: View,
    *,
    dtype: ArrayType = "float32",
    resample: Resample = "reference",
    tone_map: bool = False,
    threads: int | None = None,
    patience_seconds: float | None = None,
) -> ArrayStream:
    """Make the arrays of one video step by step; together they are those of `make_arrays`.

    Raises the errors of `make_arrays`.
    """
    how = Making(view.waiting(patience_seconds), dtype, None, resample, tone_map, threads)
    return ArrayStream(source, how)
