"""Make the arrays that an open model's vision encoder takes of images and videos: the room's door.

The numbers are those of `patches`; frames are those of `frames.stream`, and sizes and rows those
that `count` counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from vlprep.arrays.patches import STORED_AS, Encoding, Rows
from vlprep.arrays.values import ArrayPart, PixelValues
from vlprep.count.files import as_many, media_name, one_or_many
from vlprep.count.frame_list import FrameList
from vlprep.count.timestamps import step_seconds
from vlprep.count.tokens import image_count
from vlprep.errors import (
    ConstraintError,
    DecodeError,
    UnknownFactError,
    UnsupportedFormatError,
)
from vlprep.frames.stream import FrameStream, open_frames
from vlprep.maths.resample import Held, Resampler
from vlprep.media.doors import see, size_behind
from vlprep.media.probe import probe
from vlprep.media.source import SourceLike, source_name
from vlprep.models.spec import ImageRule, Normalisation, VideoRule
from vlprep.types import ArrayType, Door, ImageInfo, ImageSize, Resample
from vlprep.video.paint import Look
from vlprep.view import View, ViewKeywords

Clip: TypeAlias = SourceLike | Sequence[SourceLike] | FrameList
"""A video, or the images that are its frames."""

MAX_BYTES = 1 << 34
"""Largest result that is allocated here; a larger one can be written into an array of yours."""


class ArrayKeywords(ViewKeywords, total=False):
    """Keywords of `pixel_values`, and of a view."""

    dtype: ArrayType
    out: Rows | None
    door: Door | None
    resample: Resample
    tone_map: bool
    threads: int | None
    patience_seconds: float | None


@dataclass(frozen=True, slots=True)
class Making:
    """How arrays are made."""

    view: View
    dtype: ArrayType
    door: Door | None
    resample: Resample
    tone_map: bool
    threads: int | None

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
        look_at = partial(Look, resample=self.resample, tone_map=self.tone_map, by_colour=True)
        return open_frames(source, self.view, look_at, threads=self.threads)


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
    patience_seconds: float | None = None,
) -> PixelValues:
    """Make the arrays that an open model takes of images and videos, equal to transformers' own.

    `images` and `videos` are each one source or several; a folder of `images` is its files. A video
    may be a list of images, a folder of them or a stack of frames, all of which are shown.
    `dtype` is "float32", "float16", "bfloat16" (as 16 bits) or "uint8" (bytes, not normalised).
    `out` is an array, such as a memory map, to write into.
    `door` says how images get in; see `vlprep.media.doors`. The other keywords are those of
    `stream_frames`; `threads` also scale the bands of a picture.

    Raises `ConstraintError` for a model behind an API, an `out` of another shape or type, and a
    result beyond `MAX_BYTES`; `UnknownFactError` where no source says how pixels are normalised;
    and the errors of `image_count`, `see` and `stream_frames`.
    """
    view = view.waiting(patience_seconds)
    how = Making(view, dtype, door, resample, tone_map, threads)
    jobs: list[ImageRows | VideoRows] = [ImageRows(source, how) for source in as_many(images)]
    jobs += [VideoRows(source, how) for source in one_or_many(videos)]
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


class ImageRows:
    """An image that is to become rows."""

    def __init__(self, source: SourceLike, how: Making) -> None:
        self._source, self._how = source, how
        self.encoding = how.encoding(how.view.image_rule)
        info = probe(source, how.view.trust)
        if not isinstance(info, ImageInfo):
            problem = "a video, not an image; name it among `videos`"
            raise UnsupportedFormatError(source_name(source), problem, format=info.format)
        self._size, self._warnings = size_behind(info, how.door), info.warnings
        self._tokens = image_count(self._size, how.view)
        self.rows = self.encoding.patches(self._tokens.resized)

    def fill(self, rows: Rows) -> ArrayPart:
        """Decode it into its rows."""
        seen = see(self._source, self._how.door, self._how.view.trust)
        name = source_name(self._source)
        found = ImageSize(*seen.picture.shape[:2])
        if found != self._size:
            raise DecodeError(name, f"its picture is {found}, but its header says {self._size}")
        resampler = Resampler.of(found, self._tokens.resized)
        self.encoding.place(seen.picture, resampler, rows, None, self._how.bands)
        warnings = (*self._warnings, *self._tokens.warnings, *seen.warnings)
        return ArrayPart(source=name, kind="image", tokens=self._tokens, warnings=warnings)


class VideoRows:
    """A video that is to become rows."""

    def __init__(self, source: Clip, how: Making) -> None:
        self._name = media_name(source)
        self.encoding = how.encoding(how.view.video_rule)
        self.stream, self._how = how.frames(source), how
        self._step_rows = self.encoding.patches(self.stream.tokens.resized)
        self.rows = self.stream.tokens.grid_thw[0] * self._step_rows

    def fill(self, rows: Rows) -> ArrayPart:
        """Decode all of it into its rows."""
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
            self.encoding.place(Held(frame.image), as_is, rows, len(moments), 1)
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
