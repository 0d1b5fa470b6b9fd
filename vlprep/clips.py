"""Value objects of what is shown of clips: which frames, the frames, and which part of a clip.

Times are seconds of the clip. What is known of a clip as a whole is in `vlprep.types`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, SupportsIndex, overload

from vlprep.display import as_png, brief
from vlprep.units import plural

if TYPE_CHECKING:  # numpy is slow to import, and these are only names here
    import numpy as np
    import numpy.typing as npt
    from PIL import Image


@dataclass(frozen=True, slots=True)
class FramePlan:
    """Which frames of a clip a model is shown; made from numbers, before anything is decoded."""

    indices: tuple[int, ...]
    """Displayed frames, counted from 0; a frame may stand twice where it is shown for long."""
    timestamps_seconds: tuple[float, ...]
    """Moments sampled, from the first displayed frame, at a constant rate."""
    sample_fps: float
    """Frames per second that the plan comes to: frames over the duration they stand for."""
    sampling: str = ""
    """Name of the rule that spread them; "list" where all images of a list are shown."""
    warnings: tuple[str, ...] = ()
    """Where the plan leaves the reference's rule, and why."""

    def __repr__(self) -> str:
        moments = self.timestamps_seconds
        span = f"{moments[0]:.3f} to {moments[-1]:.3f} s" if moments else ""
        frames = plural(self.frame_count, "frame")
        return brief(self, frames, span, f"{self.sample_fps:.4g} fps", self.sampling)

    @property
    def frame_count(self) -> int:
        """Number of frames in the plan."""
        return len(self.indices)

    @property
    def by_time(self) -> bool:
        """Whether the rule asks for what is displayed at the moments, not for frames by number.

        Only in clips of variable rate does it matter, whose `display_times` tell the frames.
        """
        return self.sampling == "interval"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame of a video as the model sees it."""

    number: int
    """Its place among the displayed frames, from 0."""
    timestamp_seconds: float
    """When it is first displayed, from the first displayed frame."""
    pts: int | None
    """Timestamp in the stream's own ticks; `None` where the container has none."""
    image: npt.NDArray[np.uint8]
    """RGB, height x width x 3."""
    substituted: bool = False
    """Whether the frame itself is broken and the one displayed before it stands in."""
    damaged: bool = False
    """Whether the decoder could make out only part of it."""
    interlaced: bool = False
    """Whether it holds two moments, on alternate rows."""
    mark: str = ""
    """What it was picked for, as sheets say it; empty where a rule spreads frames."""

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.image.shape))
        return f"Frame(number={self.number}, at {self.timestamp_seconds:.3f} s, {shape})"

    def _repr_png_(self) -> bytes:
        return as_png(self.to_pil())

    def to_pil(self) -> Image.Image:
        """Return the frame as an image of Pillow's, without a copy of its pixels."""
        from PIL import Image  # which counting does without

        return Image.fromarray(self.image)


@dataclass(frozen=True, slots=True)
class ClipPart:
    """A stretch of a clip that is asked about by itself, in seconds of the clip."""

    start_seconds: float
    """Where it begins: times of an answer count from there."""
    end_seconds: float
    """Where it ends."""
    before: float = 0.0
    """Seconds at its start that the part before has too."""
    after: float = 0.0
    """Seconds at its end that the next part has too."""

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end_seconds - self.start_seconds


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """All frames of a plan, collected."""

    data: npt.NDArray[np.uint8]
    """RGB, frames x height x width x 3."""
    timestamps_seconds: tuple[float, ...]
    """When each is first displayed, from the first displayed frame."""
    warnings: tuple[str, ...] = ()
    """What a user should know of the clip, the plan and these frames."""
    marks: tuple[Frame, ...] = field(default=(), repr=False)
    """What else is known of each, whose pixels are in `data`; none of a stack made by hand."""

    def __post_init__(self) -> None:
        expected = (len(self.timestamps_seconds), *self.data.shape[1:3], 3)
        if self.data.ndim != 4 or self.data.shape != expected:
            raise ValueError(f"data must be {expected}, got {self.data.shape}")

    def __len__(self) -> int:
        return len(self.timestamps_seconds)

    def __iter__(self) -> Iterator[Frame]:
        return map(self.__getitem__, range(len(self)))

    @overload
    def __getitem__(self, place: SupportsIndex) -> Frame: ...
    @overload
    def __getitem__(self, place: slice) -> Frames: ...
    def __getitem__(self, place: SupportsIndex | slice) -> Frame | Frames:
        moments = self.timestamps_seconds
        if isinstance(place, slice):
            return Frames(self.data[place], moments[place], self.warnings, self.marks[place])
        number = range(len(self))[place]  # which knows negative places, and an end
        if self.marks:
            return replace(self.marks[number], image=self.data[number])
        return Frame(number, moments[number], None, self.data[number])

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.data.shape))
        return brief(self, shape, *(f"{t:.3f} s and on" for t in self.timestamps_seconds[:1]))

    def to_pil(self) -> list[Image.Image]:
        """Return the frames as images of Pillow's, without a copy of their pixels."""
        return [frame.to_pil() for frame in self]
