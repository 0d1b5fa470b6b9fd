"""Make the arrays that an open model's vision encoder takes of images and videos: the room's door.

The numbers are those of `patches`; frames are those of `frames.stream`, and sizes and rows those
that `count` counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from vlprep.arrays.files import save_arrays
from vlprep.arrays.patches import STORED_AS, Encoding, Rows
from vlprep.count.files import as_many, media_name
from vlprep.count.timestamps import step_seconds
from vlprep.count.tokens import TokenCount, image_count
from vlprep.errors import (
    ConstraintError,
    DecodeError,
    UnknownFactError,
    UnsupportedFormatError,
)
from vlprep.frames.stream import FrameStream, stream_frames
from vlprep.maths.resample import Resampler
from vlprep.media.doors import see, size_behind
from vlprep.media.probe import probe
from vlprep.media.source import SourceLike, source_name
from vlprep.models.spec import ImageRule, Normalisation, VideoRule
from vlprep.output.target import PathLike
from vlprep.types import PATIENCE_SECONDS, ArrayType, Door, ImageInfo, ImageSize, Resample
from vlprep.view import View, ViewKeywords

Clip: TypeAlias = SourceLike | Sequence[SourceLike]
"""A video, or the images that are its frames."""

MAX_BYTES = 1 << 34
"""Largest result that is allocated here; a larger one can be written into an array of yours."""

KEYS = {
    "image": ("pixel_values", "image_grid_thw"),
    "video": ("pixel_values_videos", "video_grid_thw"),
}
"""Names that models have for patches and grids."""


class ArrayKeywords(ViewKeywords, total=False):
    """Keywords of `pixel_values`, and of a view."""

    dtype: ArrayType
    out: Rows | None
    door: Door | None
    resample: Resample
    tone_map: bool
    threads: int | None
    patience_seconds: float | None


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
        return f"PixelValues({rows}x{row} {self.dtype}, grid_thw={self.grid_thw.tolist()})"

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
        of_parts = (text for part in self.parts for text in (*part.warnings, *part.tokens.warnings))
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


@dataclass(frozen=True, slots=True)
class Making:
    """How arrays are made."""

    view: View
    dtype: ArrayType
    door: Door | None
    resample: Resample
    tone_map: bool
    threads: int | None
    patience_seconds: float | None

    def __post_init__(self) -> None:
        if self.dtype not in STORED_AS:
            raise ConstraintError(f"dtype is one of {', '.join(STORED_AS)}; got {self.dtype!r}")
        if self.view.model.kind == "api":
            raise ConstraintError(
                f"{self.view.model.name} is served by API, which takes files and not arrays, and "
                "no source states how its pixels are normalised; name open weights"
            )

    @property
    def bands(self) -> int:
        """Threads that scale a picture."""
        return self.threads or min(4, os.cpu_count() or 1)

    def encoding(self, rule: ImageRule | VideoRule) -> Encoding:
        """Return how bytes become numbers; raises `UnknownFactError` where no source says it."""
        if rule.first is not None:
            problem = "resizes pictures twice; arrays are made by rules that resize them once"
            raise ConstraintError(f"{self.view.rules.title} {problem}")
        how = rule.normalise
        if how is None and self.dtype != "uint8":
            fact = f"how {self.view.rules.name} normalises pixels"
            raise UnknownFactError(self.view.model.name, fact, _OTHERWISE)
        return Encoding.of(rule, how or Normalisation(rescale_factor=None), self.dtype)

    def frames(self, source: Clip) -> FrameStream:
        """Open the frames of a video."""
        return stream_frames(
            source,
            self.view,
            resample=self.resample,
            tone_map=self.tone_map,
            threads=self.threads,
            patience_seconds=self.patience_seconds,
        )


_OTHERWISE = 'ask for `dtype` "uint8", for other `rules`, or for numbers of your own'


def make_arrays(
    images: SourceLike | Iterable[SourceLike],
    videos: Clip | Iterable[Clip],
    view: View,
    *,
    dtype: ArrayType = "float32",
    out: Rows | None = None,
    door: Door | None = None,
    resample: Resample = "reference",
    tone_map: bool = False,
    threads: int | None = None,
    patience_seconds: float | None = PATIENCE_SECONDS,
) -> PixelValues:
    """Make the arrays that an open model takes of images and videos, equal to transformers' own.

    `images` and `videos` are each one source or several; a video may be a list of images or a stack
    of frames, all of which are shown. `dtype` is "float32", "float16", "bfloat16" (as 16 bits) or
    "uint8" (bytes that are not normalised). `out` is an array, such as a memory map, to write into.
    `door` says how images get in; see `vlprep.media.doors`. The other keywords are those of
    `stream_frames`; `threads` also scale the bands of a picture.

    Raises `ConstraintError` for a model behind an API, an `out` of another shape or type, and a
    result beyond `MAX_BYTES`; `UnknownFactError` where no source says how pixels are normalised;
    and the errors of `image_count`, `see` and `stream_frames`.

    >>> made = make_arrays("fixtures/photo.jpg", (), View.of("Qwen/Qwen3-VL-8B-Instruct"))
    >>> made
    PixelValues(1200x1536 float32, grid_thw=[[1, 30, 40]])
    """
    how = Making(view, dtype, door, resample, tone_map, threads, patience_seconds)
    jobs: list[_Image | _Video] = [_Image(source, how) for source in as_many(images)]
    jobs += [_Video(source, how) for source in as_many(videos)]
    if not jobs:
        raise ConstraintError("there is nothing to make arrays of: name `images` or `videos`")
    row = {job.encoding.row for job in jobs}
    if len(row) > 1:
        problem = f"images and videos have rows of {' and '.join(map(str, sorted(row)))} numbers"
        raise ConstraintError(f"{problem} here; make them one after another")
    rows = _room(sum(job.rows for job in jobs), row.pop(), dtype, out)
    parts, end = [], 0
    for job in jobs:
        first, end = end, end + job.rows
        parts.append(job.fill(rows[first:end]))
    grids = np.array([part.tokens.grid_thw for part in parts], np.int64)
    return PixelValues(rows, grids, tuple(parts), dtype, view.model.name, view.rules.name)


def _room(rows: int, row: int, dtype: ArrayType, out: Rows | None) -> Rows:
    """Return where a result of this shape goes: `out` if it fits, or a new array."""
    kind = np.dtype(STORED_AS[dtype])
    if out is None:
        if rows * row * kind.itemsize > MAX_BYTES:
            raise ConstraintError(
                f"{rows:,} x {row:,} numbers of {dtype} are {rows * row * kind.itemsize:,} bytes, "
                f"above {MAX_BYTES:,}; make fewer at a time, or give `out`, such as a memory map"
            )
        return np.empty((rows, row), kind)
    fits = out.shape == (rows, row) and out.dtype.itemsize == kind.itemsize
    is_kind = out.dtype == kind or (dtype == "bfloat16" and out.dtype.name == "bfloat16")
    if not (fits and is_kind and out.flags.c_contiguous and out.flags.writeable):
        wanted = f"a contiguous array of {kind} {(rows, row)} is wanted"
        raise ConstraintError(f"out is {out.dtype} {out.shape}; {wanted}")
    return out


class _Image:
    """An image that is to become rows."""

    def __init__(self, source: SourceLike, how: Making) -> None:
        self._source, self._how = source, how
        self.encoding = how.encoding(how.view.image_rule)
        info = probe(source)
        if not isinstance(info, ImageInfo):
            problem = "a video, not an image; name it among `videos`"
            raise UnsupportedFormatError(source_name(source), problem, format=info.format)
        self._size, self._warnings = size_behind(info, how.door), info.warnings
        self._tokens = image_count(self._size, how.view)
        self.rows = self.encoding.patches(self._tokens.resized)

    def fill(self, rows: Rows) -> ArrayPart:
        seen, name = see(self._source, self._how.door), source_name(self._source)
        found = ImageSize(*seen.pixels.shape[:2])
        if found != self._size:
            raise DecodeError(name, f"its picture is {found}, but its header says {self._size}")
        resampler = Resampler.of(found, self._tokens.resized)
        self.encoding.place(seen.pixels, resampler, rows, None, self._how.bands)
        warnings = (*self._warnings, *seen.warnings)
        return ArrayPart(source=name, kind="image", tokens=self._tokens, warnings=warnings)


class _Video:
    """A video that is to become rows."""

    def __init__(self, source: Clip, how: Making) -> None:
        self._name = media_name(source)
        self.encoding = how.encoding(how.view.video_rule)
        self.stream, self._how = how.frames(source), how
        self._step_rows = self.encoding.patches(self.stream.tokens.resized)
        self.rows = self.stream.tokens.grid_thw[0] * self._step_rows

    def fill(self, rows: Rows) -> ArrayPart:
        with self.stream:
            steps = rows.reshape(-1, self._step_rows, self.encoding.row)
            times = [time for _, moments in self.steps(iter(steps)) for time in moments]
        rule = self._how.view.video_rule
        return ArrayPart(
            source=self._name,
            kind="video",
            tokens=self.stream.tokens,
            timestamps_seconds=tuple(step_seconds(times, rule)),
            warnings=tuple(self.stream.warnings),
        )

    def new_rows(self) -> Iterator[Rows]:
        """Yield room for one step after another."""
        while True:
            yield np.empty((self._step_rows, self.encoding.row), STORED_AS[self.encoding.dtype])

    def steps(self, room: Iterator[Rows]) -> Iterator[tuple[Rows, list[float]]]:
        """Fill one step after another; yields its rows, and the seconds of its frames."""
        size, group = self.stream.tokens.resized, self.encoding.frames
        as_is, moments = Resampler.of(size, size), list[float]()
        rows = np.empty(0)
        for frame in self.stream:
            if not moments:
                rows = next(room)
            self.encoding.place(frame.image, as_is, rows, len(moments), 1)
            moments.append(frame.timestamp_seconds)
            if len(moments) == group:
                yield rows, moments
                moments = []
        if self.stream.missing:
            count = self.stream.plan.frame_count
            problem = f"{self.stream.missing} of the {count} frames cannot be decoded"
            raise DecodeError(self._name, problem)
        if moments:
            self.encoding.repeat_last(rows, len(moments))
            yield rows, moments


# A long video, step by step.


class ArrayStep(NamedTuple):
    """One step of a video's grid."""

    pixel_values: Rows
    """Its patches: rows x columns of the grid, and the numbers of each."""
    timestamp_seconds: float
    """The middle of its frames."""


class ArrayStream:
    """The steps of a video, made as they are asked for, in bounded memory.

    Iterate over it once; close it, or use it in a `with` statement, to stop early.
    """

    def __init__(self, source: Clip, how: Making) -> None:
        self._video, self._rule = _Video(source, how), how.view.video_rule
        self._steps = self._video.steps(self._video.new_rows())

    @property
    def tokens(self) -> TokenCount:
        """What the video costs, its size at the model's input and its grid."""
        return self._video.stream.tokens

    @property
    def grid_thw(self) -> tuple[int, int, int]:
        """Steps, rows and columns of patches."""
        return self.tokens.grid_thw

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
    patience_seconds: float | None = PATIENCE_SECONDS,
) -> ArrayStream:
    """Make the arrays of one video step by step; together they are those of `make_arrays`.

    Raises the errors of `make_arrays`.

    >>> with stream_arrays("fixtures/street.mp4", View.of("Qwen/Qwen3-VL-8B-Instruct")) as steps:
    ...     steps.grid_thw, next(steps).pixel_values.shape
    ((10, 22, 40), (880, 1536))
    """
    how = Making(view, dtype, None, resample, tone_map, threads, patience_seconds)
    return ArrayStream(source, how)
