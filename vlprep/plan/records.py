"""What is asked of a plan, and what it says: records that `vlprep.plan.plan` fills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from vlprep.count.files import MediaFailure
from vlprep.count.spending import Spending
from vlprep.count.tokens import TokenCount
from vlprep.models.spec import ModelSpec
from vlprep.plan.bounds import Bound
from vlprep.plan.one_clip import ClipPlan, Prefer
from vlprep.plan.settings import ClipChoices
from vlprep.types import ImageInfo, VideoInfo

Facts: TypeAlias = ImageInfo | VideoInfo
"""What is known of a file from its header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What a caller may ask of a plan; `None` leaves it to the model."""

    prefer: Prefer = "balanced"
    """What is kept when not all fits: "motion", "detail", or both alike."""
    fps_range: tuple[float, float] | None = None
    """Lowest and highest rate, in frames per second; the highest is the wanted one."""
    min_pixels: int | None = None
    """Lowest `max_pixels` that may be chosen."""
    max_pixels: int | None = None
    """Highest `max_pixels` that may be chosen."""
    weights: tuple[float, ...] | None = None
    """A number for each file, by which the common cap is multiplied."""
    rules: str | None = None
    """Name of one of the model's rule sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOptions:
    """How files are split into requests."""

    reorder: bool = False
    """Pack the files tightly instead of keeping their order."""
    route: str | None = None
    """How they are sent: "base64", "path" or "url"; decides how many go into one request."""
    max_bytes: int | None = None
    """Bytes of all files of one request as they are sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFile:
    """One file with the settings chosen for it."""

    source: str
    """The file as the caller named it."""
    info: Facts
    """Facts of its header."""
    fps: float | None
    """Frames per second to ask for; `None` for an image or a list of images."""
    max_pixels: int
    """Cap to ask for."""
    tokens: TokenCount
    """What it costs so, and what the model sees."""

    @property
    def keywords(self) -> dict[str, float | int]:
        """The settings as keyword arguments of `count_tokens`, `read_frames` and the like."""
        rate = {} if self.fps is None else {"fps": self.fps}
        return {**rate, "max_pixels": self.max_pixels}

    @property
    def frames(self) -> int | None:
        """Frames that the model is shown of a video; `None` for an image."""
        return None if self.tokens.plan is None else self.tokens.plan.frame_count


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPlan:
    """The settings chosen for files under a number of tokens."""

    model: ModelSpec
    """Whose tokens are meant."""
    rules: str
    """Name of the rule set in force."""
    prefer: Prefer
    """What was kept where not all fits."""
    spending: Spending
    """What the files of one request may cost, and why."""
    files: tuple[PlannedFile, ...]
    """The files that could be planned, in order."""
    failures: tuple[MediaFailure, ...]
    """The files that could not."""
    requests: tuple[tuple[int, ...], ...]
    """Numbers of `files` by request, one request unless a split was asked for."""
    wanted_tokens: int
    """What all would cost as wanted, whatever the budget."""
    clip: ClipPlan | None = None
    """More of the plan where it is for one video."""
    choices: ClipChoices | None = None
    """What could have been chosen for that video."""
    bounds: tuple[Bound, ...] = ()
    """What keeps the files from being shown as wanted."""

    @property
    def total_tokens(self) -> int:
        """Tokens of all files."""
        return sum(file.tokens.total for file in self.files)
