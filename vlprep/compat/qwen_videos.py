"""Read the videos that elements of chat messages name, as arrays with their metadata."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

from vlprep.compat.qwen_elements import Asked, Element, Fetch, as_source, asked_of, read_pixels
from vlprep.compat.qwen_plans import list_facts, plan_video, reference_model
from vlprep.count.videos import VideoCount
from vlprep.errors import ConstraintError, DecodeError, UnsupportedFormatError
from vlprep.frames.reading import decode_plan, probe_clip
from vlprep.frames.stream import FrameStream
from vlprep.maths.frame_counts import DEFAULT_FPS
from vlprep.maths.geometry import PAIR
from vlprep.maths.sampling import frame_rate
from vlprep.media.picture import Pixels, resize_picture
from vlprep.media.source import SourceLike, source_name
from vlprep.types import ImageSize, Resample, VideoInfo
from vlprep.units import format_size
from vlprep.video.paint import Look

Array: TypeAlias = npt.NDArray[Any]
"""Frames x 3 x height x width, RGB, 0 to 255."""

logger = logging.getLogger(__name__)


class VideoMetadata(TypedDict, total=False):
    """What the models' processors want to know of a video."""

    fps: float
    """Frames per second of the file."""
    frames_indices: list[int]
    """Numbers of the frames taken, from 0."""
    total_num_frames: float
    """Frames in the file."""
    video_backend: str
    """The reader; absent for a list of frames."""


ReadVideo: TypeAlias = tuple[Array, VideoMetadata, float]
"""An even number of frames, what there is to know of them, and how many pass in a second."""


class ReaderKeywords(TypedDict, total=False):
    """How videos are read: the keywords of `fetch_video`, where they are documented."""

    model_seq_len: float | None
    resample: Resample
    dtype: npt.DTypeLike
    strict: bool
    threads: int | None
    fetch: Fetch | None


@dataclass(frozen=True, slots=True)
class VideoReader:
    """How the videos of one call are read; raises `ConstraintError` for another `dtype`."""

    patch_size: int
    model_seq_len: float | None = None
    resample: Resample = "reference"
    dtype: npt.DTypeLike = "float32"
    strict: bool = False
    threads: int | None = None
    fetch: Fetch | None = None

    def __post_init__(self) -> None:
        if np.dtype(self.dtype) not in (np.float32, np.uint8):
            raise ConstraintError(f"dtype is float32 or uint8; got {np.dtype(self.dtype)}")

    def read(self, element: Element) -> ReadVideo:
        """Read the file, or the list of images, that an element names.

        Raises the errors of `fetch_video`.
        """
        video, asked = element["video"], asked_of(element)
        if isinstance(video, list | tuple):
            return self._read_list(video, asked)
        return self._read_file(as_source(video, self.fetch), asked)

    def _plan(self, info: VideoInfo, asked: Asked) -> VideoCount:
        return plan_video(
            info, asked, self.patch_size, model_seq_len=self.model_seq_len, strict=self.strict
        )

    def _read_file(self, source: SourceLike, asked: Asked) -> ReadVideo:
        info = probe_clip(source)
        tokens = self._plan(info, asked)
        numbers: list[int] = []
        times: list[float] = []

        def images() -> Iterator[Pixels]:
            for frame in stream:
                numbers.append(frame.number)
                times.append(frame.timestamp_seconds)
                yield frame.image

        look, model = Look(tokens.resized, self.resample), reference_model(self.patch_size)
        decoded = decode_plan(source, tokens.plan, look, threads=self.threads)
        with FrameStream((source_name(source),), model, info, tokens, decoded) as stream:
            count = stream.plan.frame_count
            frames = self._stack(images(), count, tokens.resized, stream.source)
        for warning in stream.warnings:
            logger.warning("%s: %s", stream.source, warning)
        metadata = VideoMetadata(
            fps=float(info.fps or 0),
            frames_indices=numbers + numbers[-1:] * (count % PAIR),
            total_num_frames=info.frame_count,
            video_backend="vlprep",
        )
        return frames, metadata, frame_rate(times, asked.fps or DEFAULT_FPS)

    def _read_list(self, images: Sequence[object], asked: Asked) -> ReadVideo:
        if not images:
            raise UnsupportedFormatError("frame list", "an empty list holds no frame")
        if asked.fps is not None or asked.nframes is not None:
            logger.warning("fps and nframes choose frames of a file; a list is delivered whole")
        sample_fps = DEFAULT_FPS if asked.sample_fps is None else asked.sample_fps
        raw_fps = sample_fps if asked.raw_fps is None else asked.raw_fps
        first = read_pixels(images[0], self.fetch)
        info = list_facts(_size_of(first), len(images), sample_fps)
        size = self._plan(info, asked).resized
        pictures = self._pictures(first, images[1:], None if asked.resized else info.size)
        resized = (resize_picture(picture, size) for picture in pictures)
        frames = self._stack(resized, len(images), size, "frame list")
        metadata = VideoMetadata(
            fps=raw_fps,
            frames_indices=[round(k * raw_fps / sample_fps) for k in range(len(frames))],
            total_num_frames=len(frames) / sample_fps * raw_fps,
        )
        return frames, metadata, sample_fps

    def _pictures(
        self, first: Pixels, others: Iterable[object], size: ImageSize | None
    ) -> Iterator[Pixels]:
        """Decode the images of a list one by one; all of them are of `size`, if it is given."""
        yield first
        for place, image in enumerate(others, start=2):
            pixels = read_pixels(image, self.fetch)
            if size is not None and _size_of(pixels) != size:
                raise ConstraintError(
                    f"frame {place} of a list is {format_size(_size_of(pixels))}, but the first is "
                    f"{format_size(size)}; resized_height and resized_width make them one size"
                )
            yield pixels

    def _stack(self, images: Iterator[Pixels], count: int, size: ImageSize, name: str) -> Array:
        """Put pictures into one array, channels first; the last fills an odd number to a pair."""
        stack = np.empty((count + count % PAIR, 3, *size), self.dtype)
        filled = 0
        for filled, image in enumerate(images, start=1):
            stack[filled - 1] = image.transpose(2, 0, 1)
        if filled < count:
            raise DecodeError(name, f"{count - filled} of the {count} frames cannot be decoded")
        stack[count:] = stack[count - 1]
        return stack


def _size_of(pixels: Pixels) -> ImageSize:
    return ImageSize(*pixels.shape[:2])
