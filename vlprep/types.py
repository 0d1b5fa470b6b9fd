"""Value objects that the layers share: facts about media, plans, and nothing that computes.

Sizes are (height, width) in pixels, times are seconds, unknown is `None`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    NamedTuple,
    Protocol,
    SupportsIndex,
    TypeAlias,
    overload,
)

from vlprep.choices import ArrayType as ArrayType
from vlprep.choices import BoxConvention as BoxConvention
from vlprep.choices import Door as Door
from vlprep.choices import Keep as Keep
from vlprep.choices import OnDamage as OnDamage
from vlprep.choices import PruningMethod as PruningMethod
from vlprep.choices import Resample as Resample
from vlprep.choices import Sampling as Sampling
from vlprep.choices import ServerName as ServerName
from vlprep.display import as_png, brief
from vlprep.units import format_size, parse_size, plural

if TYPE_CHECKING:  # numpy is slow to import, and these are only names here
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

CountOrigin = Literal["header", "estimate", "scan"]
Transfer = Literal["PQ", "HLG"]
ApiName = Literal["openai", "dashscope"]
RouteName = Literal["base64", "path", "url"]
RegionName = Literal["international", "china", "us", "global"]
RecipeName = Literal["text", "boxes", "points", "html", "html-2025-06", "markdown", "times"]
ResizeName = Literal["docs", "docs-half-up", "docs-video", "qwen-vl-utils", "transformers", "as-is"]
FrameCountName = Literal[
    "docs",
    "qwen-vl-utils",
    "transformers",
    "transformers-qwen2",
    "vllm-qwen2",
    "vllm-number",
]
ImageFormat = Literal["PNG", "JPEG"]  # that images are written in
Action = Literal["unchanged", "converted", "compressed"]  # "converted": its format was not taken


class Watch(Protocol):
    """Passes on what is worked on, for a display of progress."""

    def __call__(
        self, items: Iterable[Any], total: int, what: str, names: Sequence[str] = (), /
    ) -> Iterable[Any]:
        """Pass on items: their number, what is done, and the files that they come of, in order."""


def unwatched(
    items: Iterable[Any], total: int, what: str, names: Sequence[str] = (), /
) -> Iterable[Any]:
    """Pass items on without a word, as a `Watch` does that shows nothing."""
    return items


class ImageSize(NamedTuple):
    """A picture's size in pixels, height first.

    >>> ImageSize(1080, 1920).pixels
    2073600
    """

    height: int
    """Rows."""
    width: int
    """Columns."""

    @classmethod
    def of(cls, size: SizeLike) -> ImageSize:
        """Return a size that is given as (height, width), or as text the other way round.

        Raises `ValueError` for a text that is not WIDTHxHEIGHT.

        >>> ImageSize.of("1920x1080"), ImageSize.of((1080, 1920))
        (ImageSize(height=1080, width=1920), ImageSize(height=1080, width=1920))
        """
        return cls(*(parse_size(size) if isinstance(size, str) else size))

    @property
    def pixels(self) -> int:
        """Height times width."""
        return self.height * self.width


SizeLike: TypeAlias = ImageSize | tuple[int, int] | str
"""A size as (height, width) in pixels, or as people write it: "1920x1080", width first."""


class Region(NamedTuple):
    """A rectangle of a picture, upright and in its own pixels."""

    x: int
    y: int
    size: ImageSize

    def within(self, outer: Region) -> Region:
        """Return the same rectangle in pixels of what `outer` was cut from.

        >>> Region(5, 6, ImageSize(10, 20)).within(Region(100, 200, ImageSize(50, 60)))
        Region(x=105, y=206, size=ImageSize(height=10, width=20))
        """
        return Region(outer.x + self.x, outer.y + self.y, self.size)

    def __str__(self) -> str:
        return f"{self.x},{self.y},{self.size.width},{self.size.height}"


@dataclass(frozen=True, slots=True)
class PageInfo:
    """What is known of a page of a PDF, which has no pixels until it is drawn."""

    number: int
    """Its place among the pages, from 1."""
    points: tuple[float, float]
    """Width and height as displayed, in 1/72 inch each."""
    dpi: float
    """Pixels per inch by which its size in pixels counts."""

    def __repr__(self) -> str:
        width, height = self.points
        sizes = f"{width:g}x{height:g} points at {self.dpi:.4g} dpi"
        return brief(self, f"number {self.number:,}", sizes)


CUT_OFF = "cut off: the picture has no end in the file; fetch it again"
"""What is said of a file that ends before its picture does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInfo:
    """What an image's header says."""

    size: ImageSize
    """As displayed: EXIF orientation applied."""
    format: str
    """Short name of the format found in the content, for instance "JPEG"."""
    mode: str | None = None
    """Pillow's name of the pixel layout, for instance "RGB"."""
    transparent: bool = False
    """Whether the header allows for something to show through."""
    orientation: int = 1
    """EXIF orientation, 1 to 8; 1 is upright."""
    frame_count: int = 1
    """Pictures in the file; only the first is counted."""
    quality: int | None = None
    """IJG quality of a JPEG, 1 to 100, as its tables have it; `None` for other formats."""
    cut_off: bool = False
    """Whether the file ends before its picture does, as far as that is seen without decoding."""
    metadata: tuple[str, ...] = ()
    """What it says beside its picture: "location", "EXIF", "XMP"."""
    page: PageInfo | None = None
    """The page of a PDF that it is; `None` for a picture."""
    file_bytes: int | None = None
    """Length of the file in bytes; `None` for a page, which is none."""
    warnings: tuple[str, ...] = ()
    """What a user should know, in full sentences."""

    def __repr__(self) -> str:
        length = "" if self.file_bytes is None else f"{self.file_bytes:,} bytes"
        return brief(self, self.format, format_size(self.size), self.mode or "", length)

    @property
    def stored_size(self) -> ImageSize:
        """As stored: EXIF orientation not applied."""
        return ImageSize(*self.size[::-1]) if self.orientation >= 5 else self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo:
    """What a video's header says, with a packet scan where the header is silent or absurd.

    Only `size`, `frame_count` and `fps` are needed to count tokens, so a caller with facts from
    elsewhere can fill in those alone.
    """

    size: ImageSize
    """As displayed: rotation applied, sample aspect ratio not."""
    frame_count: int
    """Frames that a player shows; those hidden by an edit list are left out."""
    fps: Fraction | None
    """Average frames per second, `None` if unknown (a single frame has no rate)."""
    frame_count_from: CountOrigin = "header"
    """Where `frame_count` comes from."""
    duration_seconds: float | None = None
    """From the first displayed frame to the end of the last one."""
    start_seconds: float = 0.0
    """Timestamp of the first displayed frame."""
    rotation: int = 0
    """Clockwise turn that display applies: 0, 90, 180 or 270 degrees."""
    mirrored: bool = False
    """Whether display also mirrors the picture."""
    sample_aspect_ratio: Fraction = Fraction(1)
    """Width of a pixel over its height; a fact only, counting ignores it as the references do."""
    interlaced: bool = False
    """Whether the header says that a frame holds two moments, on alternate rows."""
    hdr: Transfer | None = None
    """The curve of a high dynamic range video, whose colours look flat where it is ignored."""
    has_sound: bool | None = None
    """Whether there is sound in the file; `None` where that was not looked for."""
    codec: str | None = None
    """Name of the video codec, for instance "h264"."""
    format: str | None = None
    """Short name of the container found in the content, for instance "MP4"."""
    metadata: tuple[str, ...] = ()
    """What it says beside its picture: "location", where it says where it was taken."""
    file_bytes: int | None = None
    """Length of the file in bytes."""
    warnings: tuple[str, ...] = ()
    """What a user should know, in full sentences."""

    def __repr__(self) -> str:
        rate = "unknown rate" if self.fps is None else f"{float(self.fps):.4g} fps"
        frames = plural(self.frame_count, "frame")
        kind = " ".join(filter(None, (self.format, self.codec)))
        return brief(self, kind, format_size(self.size), frames, rate)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FrameListInfo(VideoInfo):
    """Facts of a list of images that stands for a video; all are shown, `fps` apart."""

    format: str | None = "frame list"
    """No container."""


Facts: TypeAlias = ImageInfo | VideoInfo
"""What is known of a file from its header."""


@dataclass(frozen=True, slots=True)
class FramePlan:
    """Which frames of a clip a model is shown; made from numbers, before anything is decoded."""

    indices: tuple[int, ...]
    """Displayed frames, counted from 0; a frame may stand twice where a rule repeats it."""
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

        Only in clips of variable rate does it matter.
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
