"""Value objects that the layers share: facts about media, and nothing that computes.

Sizes are (height, width) in pixels, times are seconds, unknown is `None`. Which frames of a clip
are shown, and the frames themselves, are in `vlprep.clips`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from vlprep.choices import ArrayType as ArrayType
from vlprep.choices import BoxConvention as BoxConvention
from vlprep.choices import Door as Door
from vlprep.choices import Keep as Keep
from vlprep.choices import OnDamage as OnDamage
from vlprep.choices import PruningMethod as PruningMethod
from vlprep.choices import Resample as Resample
from vlprep.choices import Sampling as Sampling
from vlprep.choices import ServerName as ServerName
from vlprep.display import brief
from vlprep.units import format_size, parse_size, plural

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

    def scaled(self, scale: float) -> ImageSize:
        """Return the size made larger or smaller, no side of it below 1.

        >>> ImageSize(480, 640).scaled(0.5)
        ImageSize(height=240, width=320)
        """
        return ImageSize(*(max(round(side * scale), 1) for side in self))


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


@dataclass(frozen=True, slots=True, eq=False)
class DisplayTimes:
    """When the frames of a clip are displayed, where they do not pass at a constant rate."""

    starts_seconds: Sequence[float]
    """When each appears, ascending, from the first displayed frame."""
    blur_seconds: float = 1e-6
    """By how much a frame may be late for a moment that is meant to be its own."""

    def __repr__(self) -> str:
        frames, last = plural(len(self.starts_seconds), "frame"), self.starts_seconds[-1]
        return brief(self, frames, f"the last at {last:.3f} s")

    def shown_at(self, seconds: float) -> int:
        """Return the number of the frame on display at a time from the first displayed frame.

        >>> DisplayTimes([0.0, 0.1, 3.0]).shown_at(2.9)
        1
        """
        return max(bisect_right(self.starts_seconds, seconds + self.blur_seconds) - 1, 0)


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
    display_times: DisplayTimes | None = field(default=None, compare=False)
    """When each frame is displayed; `None` where the rate tells it, or nothing does."""

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
