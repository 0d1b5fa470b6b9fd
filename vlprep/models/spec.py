"""What the catalogue knows of a model: frozen records of numbers, each with its sources.

A number that no source states is `None`. Where the numbers are read from is `registry`
and `huggingface`; the rooms of the verbs use them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from vlprep.display import brief
from vlprep.errors import (
    ConstraintError,
    ModelFileError,
    NotBuiltError,
    UnknownFactError,
    VlprepError,
)
from vlprep.maths.geometry import RESIZE_RULES
from vlprep.models.features import Features
from vlprep.models.service import Localisation, RequestRules, UrlFiles, VideoFiles
from vlprep.models.sourced import Reading, Sourced
from vlprep.types import BoxConvention, FrameCountName, ResizeName, Sampling

Kind = Literal["api", "open-weights"]
Thinking = Literal["always", "optional", "never"]
BOX_CONVENTIONS: tuple[BoxConvention, ...] = get_args(BoxConvention)
"""In pixels of the resized image, or in parts of each side: 1,000 or 999 are its far end."""
FrameChoice = Literal["fps", "nframes", "all", "every"]
FRAME_CHOICES: tuple[FrameChoice, ...] = get_args(FrameChoice)
"""A rate; a number of frames; all within `min_frames` and `max_frames`; every one there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstResize(Sourced):
    """How a framework sizes an image before it hands it to the processor."""

    resize: str
    """Name of the rule in `vlprep.maths.geometry`."""
    min_pixels: int
    """Smaller images are enlarged to this many pixels."""
    max_pixels: int
    """Larger images are shrunk to this many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalisation:
    """How bytes of a picture become the numbers that an encoder takes."""

    mean: tuple[float, ...] | None = None
    """Of red, green and blue, from 0 to 1, which is taken off; `None`: nothing is."""
    std: tuple[float, ...] | None = None
    """What is divided by; together with `mean`."""
    rescale_factor: float | None = 1 / 255
    """What the bytes are multiplied by first; `None`: by nothing."""

    def __post_init__(self) -> None:
        if (self.mean is None) != (self.std is None):
            raise ValueError("mean and std are given together or not at all")
        for name in ("mean", "std"):
            if len(getattr(self, name) or (0, 0, 0)) != 3:
                raise ValueError(f"{name} has three numbers, of red, green and blue")
        if 0 in (*(self.std or ()), self.rescale_factor):
            raise ValueError("std and rescale_factor must be above 0")

    def __str__(self) -> str:
        named = {"mean": self.mean, "std": self.std, "rescale_factor": self.rescale_factor}
        return ", ".join(
            f"{name} {value:.6g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in named.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRule(Sourced):
    """How one rule set sizes an image. Limits are pixels per image."""

    resize: ResizeName
    """Name of the resizing rule in `vlprep.maths.geometry`."""
    patch_size: int
    """Side in pixels of a patch of the vision encoder."""
    merge_size: int
    """Patches along each side that become one token."""
    min_pixels: int
    """Smaller images are enlarged to this many pixels."""
    max_pixels: int
    """Larger images are shrunk to this many, unless the caller sets another cap."""
    floor_pixels: int | None = None
    """Lowest `min_pixels` that a caller may set; `None` where no source states one."""
    ceiling_pixels: int | None = None
    """Highest `max_pixels` that a caller may set."""
    high_res_pixels: int | None = None
    """Cap of the high-resolution mode, which ignores the caller's `max_pixels`."""
    min_side_pixels: int | None = None
    """Shortest side that the service accepts."""
    max_aspect_ratio: float | None = None
    """Long over short side up to which the service accepts an image."""
    cap_can_fall: bool = True
    """Whether a caller's `max_pixels` below the default one counts."""
    token_side: int | None = None
    """Side in pixels by which tokens are counted, where that is not `factor`."""
    first: FirstResize | None = None
    """A resize before this one, whose range is the caller's; `None`: there is none."""
    upright: bool = True
    """Whether the EXIF orientation is applied."""
    readings: tuple[Reading, ...] = ()
    """What the sources say otherwise."""
    temporal_patch_size: int = 2
    """How often a still is repeated, to fill what is a step of a video."""
    normalise: Normalisation | None = None
    """How its bytes become numbers; `None` where no source states it."""

    def __repr__(self) -> str:
        pixels = f"{self.min_pixels:,} to {self.max_pixels:,} pixels"
        return brief(self, f"{self.factor}x{self.factor} a token", pixels, self.resize)

    def __post_init__(self) -> None:
        _require_usable(self)

    @property
    def factor(self) -> int:
        """Side in pixels of the square that is one token."""
        return self.patch_size * self.merge_size

    @property
    def most_ratio(self) -> float | None:
        """Long over short side up to which an image is taken, by the service or by its resizing."""
        return self.max_aspect_ratio or RESIZE_RULES[self.resize].max_aspect_ratio

    @property
    def token_pixels(self) -> int:
        """Pixels that are one token."""
        return (self.token_side or self.factor) ** 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """A share of the tokens of a video that a server leaves out."""

    rate: float
    """Share, from 0 to below 1."""
    method: Literal["evs", "vidcom2"]
    """How; each has a floor of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByNumber:
    """How frames are chosen where a number of them is asked, if that is another way."""

    count: FrameCountName
    """Name of the frame counting rule."""
    sampling: Sampling
    """Name of the rule that spreads the frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRule(Sourced):
    """How one rule set samples and sizes a video."""

    resize: ResizeName
    """Name of the resizing rule in `vlprep.maths.geometry`."""
    count: FrameCountName
    """Name of the frame counting rule in `vlprep.maths.frame_counts`."""
    sampling: Sampling
    """Name of the rule in `vlprep.maths.sampling` that spreads the frames."""
    by_number: ByNumber | None = None
    """The same where a number of frames is asked; `None`: the same rules."""
    budget: str
    """Name of the rule in `vlprep.count.pixels` that turns limits into pixels per frame."""
    patch_size: int
    """Side in pixels of a patch of the vision encoder."""
    merge_size: int
    """Patches along each side that become one token."""
    temporal_patch_size: int = 2
    """Frames that become one step of the grid."""
    min_pixels: int
    """Lower limit: of a frame, or of the whole clip where `budget` says so."""
    max_pixels: int
    """Upper limit: of a frame, or of the whole clip where `budget` says so."""
    floor_pixels: int | None = None
    """Lowest `min_pixels` that a caller may set."""
    ceiling_pixels: int | None = None
    """Highest `max_pixels` that a caller may set."""
    total_pixels: int | None = None
    """Budget over the clip, counted once per frame pair."""
    fps: float
    """Frames per second sampled when the caller asks nothing."""
    min_fps: float | None = None
    """Lowest rate that a caller may ask for; `None` where no source states one."""
    max_fps: float | None = None
    """Highest rate that a caller may ask for."""
    min_frames: int
    """Frames sampled at least."""
    max_frames: int
    """Frames sampled at most."""
    most_frames: int | None = None
    """Highest `max_frames` that is taken as asked; `None` is no limit."""
    min_list_images: int | None = None
    """Fewest images that pass for a video."""
    max_list_images: int | None = None
    """Most images that pass for a video; `None` is no limit."""
    cap_tokens: int | None = None
    """Tokens by which a capped `budget` bounds frames; `None` is the reference's own number."""
    shows: FrameChoice = "fps"
    """Which frames are shown when the caller asks nothing; see `FRAME_CHOICES`."""
    nframes: int | None = None
    """How many, where that is "nframes"."""
    most_fps: float | None = None
    """Highest rate that is taken as asked; above it this one is sampled."""
    assumed_fps: float | None = None
    """Rate that a clip of unknown rate is taken to have; `None`: such a clip is refused."""
    samples_again: bool = False
    """Whether a clip of which every frame was asked for is sampled once more, at `fps`."""
    first: VideoRule | None = None
    """A resize of frames before this one, whose limits are the caller's; `None`: there is none."""
    pruning: Pruning | None = None
    """What is left out of the tokens in the end."""
    readings: tuple[Reading, ...] = ()
    """What the sources say otherwise."""
    normalise: Normalisation | None = None
    """How bytes become numbers; `None` where no source states it."""

    def __repr__(self) -> str:
        pixels = f"{self.min_pixels:,} to {self.max_pixels:,} pixels"
        frames = f"{self.min_frames:,} to {self.max_frames:,} frames"
        rate = f"{self.fps:g} fps"
        return brief(self, f"{self.factor}x{self.factor} a token", pixels, frames, rate)

    def __post_init__(self) -> None:
        _require_usable(self)

    def takes_fps(self, fps: float) -> bool:
        """Say whether a rate may be asked for."""
        return (self.min_fps or 0) <= fps <= (self.max_fps or math.inf)

    def chooses(self, nframes: int | None) -> VideoRule | ByNumber:
        """Return what names the rules of counting and spreading frames."""
        return self if nframes is None or self.by_number is None else self.by_number

    @property
    def factor(self) -> int:
        """Side in pixels of the square that is one token."""
        return self.patch_size * self.merge_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What stands around the visual tokens in the prompt."""

    image_markers: int = 2
    """Marker tokens around an image."""
    video_markers: int = 2
    """Marker tokens around a whole video."""
    step_markers: int = 0
    """Marker tokens around each step of a video's grid."""
    timestamps: bool = False
    """Whether each step is preceded by its time as text, such as `<1.5 seconds>`."""
    note: str | None = None
    """What is not certain about this."""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """One document's or package's rules for one model."""

    name: str
    """What callers know it by, for instance "guide-2025-12"."""
    title: str
    """The document or package."""
    date: str
    """Its date, or that of its release."""
    verified: str | None = None
    """Version of the package that these rules were checked against by running it."""
    notes: tuple[str, ...] = ()
    """Where the document contradicts itself, and how that was settled."""
    image: ImageRule | None = None
    """`None`: this source does not say how images are sized."""
    video: VideoRule | None = None
    """`None`: this source does not say how videos are sampled and sized."""
    prompt: Prompt = field(default_factory=Prompt)
    """Markers and timestamps around the visual tokens."""
    video_files: VideoFiles | None = None
    """How long and large videos may be by this document, where it differs from others."""
    image_refusal: tuple[str, ...] = ()
    """A file and what is wrong in it for images, where that is why there is no image rule."""
    video_refusal: tuple[str, ...] = ()
    """The same for videos."""
    unbuilt: str = ""
    """What its source does to videos and is not built here, where it is that."""
    takes_sizes: bool = False
    """Whether a message may state the size: `resized_height` and `resized_width`."""

    def __repr__(self) -> str:
        return brief(self, self.name, self.title, self.date)

    def image_rule(self, model: str) -> ImageRule:
        """Return the image rule of `model`; raises `UnknownFactError` if there is none.

        Raises `ModelFileError` where the model's file is to blame.
        """
        if self.image is None:
            raise self._missing(model, "sizes images", self.image_refusal)
        return self.image

    def video_rule(self, model: str) -> VideoRule:
        """Return the video rule of `model`; raises what `image_rule` does.

        Raises `NotBuiltError` where what the source does is not built here.
        """
        if self.video is None and self.unbuilt:
            raise NotBuiltError(model, self.unbuilt, _OWN_NUMBERS)
        if self.video is None:
            raise self._missing(model, "samples videos", self.video_refusal)
        return self.video

    def _missing(self, model: str, does: str, refusal: tuple[str, ...]) -> VlprepError:
        if refusal:
            return ModelFileError(*refusal)
        return UnknownFactError(model, f"how {self.name} {does}", _OWN_NUMBERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxRule(Sourced):
    """How a model writes the coordinates of boxes, points and polygons."""

    convention: BoxConvention
    """What a coordinate is counted in; see `BOX_CONVENTIONS`."""
    note: str | None = None
    """Where sources disagree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTier:
    """A price for requests of up to so many input tokens."""

    up_to: str | None = None
    """Bound as the page writes it, such as "32K"; `None` is no bound."""
    input: float
    """Price of the input tokens, per `Price.per_tokens`."""
    output: float
    """Price of the output tokens, per `Price.per_tokens`."""
    cached_input: float | None = None
    """Price of input that the cache holds; `None` where no source states it."""
    batch_input: float | None = None
    """Price of the input of batches."""
    batch_output: float | None = None
    """Price of the output of batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """List price in one deployment and currency; never converted."""

    deployment: str
    """Where the model runs, for instance "international"."""
    currency: str
    per_tokens: int
    """Tokens that the price is for."""
    tiers: tuple[PriceTier, ...]
    """By length of the request, shortest first."""
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """The dated snapshot that a moving name stood for, according to one source."""

    snapshot: str
    source: str
    deployment: str | None = None
    """Where; `None` if the source does not tell deployments apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec(Sourced):
    """Everything the catalogue knows of one model."""

    name: str
    """Canonical name."""
    family: str
    """The line of models it belongs to."""
    kind: Kind
    """Served by API, or weights that run anywhere."""
    rule_sets: tuple[RuleSet, ...]
    """At least one; the first is the default, `rules` finds the others by name."""
    aliases: tuple[str, ...] = ()
    """Other names of the very same model."""
    deployments: tuple[str, ...] = ()
    """Where the API serves it."""
    points_to: tuple[Pointer, ...] = ()
    """What a moving name stands for."""
    context_tokens: int | None = None
    """Input, chain of thought and reply together."""
    max_input_tokens: int | None = None
    """Largest input when the model does not think."""
    max_input_thinking_tokens: int | None = None
    """Largest input when it thinks."""
    max_thinking_tokens: int | None = None
    """Longest chain of thought."""
    max_reply_tokens: int | None = None
    """Longest reply."""
    max_image_tokens: int | None = None
    """Most visual tokens of one image."""
    thinking: Thinking | None = None
    """Whether it thinks before it answers."""
    thinks_by_default: bool | None = None
    """Where thinking is optional: what happens when the request does not say."""
    prices: tuple[Price, ...] = ()
    """List prices."""
    video_files: VideoFiles | None = None
    """How long and large videos may be; `None` for weights, and where no source says it."""
    url_files: UrlFiles | None = None
    """What it takes by URL, where that differs from what others take."""
    localisation: Localisation | None = None
    """Sizes at which it finds objects reliably; `None` where no source says it."""
    requests: RequestRules | None = None
    """What its service wants of a request; `None`: nothing unusual is stated."""
    boxes: BoxRule | None = None
    """How it writes coordinates; `None` where no source says it."""
    features: Features = field(default_factory=Features)
    """What the documents say of it beside its limits."""
    video_ticket_sources: tuple[str, ...] = ()
    """Where it is said that video files need a ticket to the vendor first."""
    notes: tuple[str, ...] = ()
    """Contradictions and how they were settled."""
    warnings: tuple[str, ...] = ()
    """What a user must know before believing a count, said with every one."""

    def __repr__(self) -> str:
        names = ", ".join(rule_set.name for rule_set in self.rule_sets)
        return brief(self, self.name, self.kind, f"rules: {names}")

    def __post_init__(self) -> None:
        if not self.rule_sets:
            raise ValueError(f"{self.name}: no rules")

    def __hash__(self) -> int:
        return hash((self.name, self.family))  # equal models have equal names; the rest is long

    def to_dict(self) -> dict[str, Any]:
        """Return the model's entry of `vlprep.models/1`: every number, with its sources.

        >>> from vlprep import get_model
        >>> get_model("qvq-max").to_dict()["max_input_thinking_tokens"]
        106496
        """
        from vlprep.models.document import model_entry  # which looks names up, by records of these

        return model_entry(self)

    @property
    def default_rules(self) -> str:
        """Name of the rule set in force when none is asked for."""
        return self.rule_sets[0].name

    def rules(self, name: str | None = None) -> RuleSet:
        """Return a rule set by name, or the default one.

        Raises `ConstraintError` when the model has no such rule set.

        >>> from vlprep import get_model
        >>> get_model("qvq-max").rules().date
        '2025-06-05'
        """
        for rule_set in self.rule_sets:
            if name in (None, rule_set.name):
                return rule_set
        known = ", ".join(rule_set.name for rule_set in self.rule_sets)
        raise ConstraintError(f"{self.name} has no rule set {name!r}; it has {known}")

    def box_rule(self) -> BoxRule:
        """Return how the model writes coordinates; raises `UnknownFactError` if no source says.

        >>> from vlprep import get_model
        >>> get_model("qwen3-vl-plus").box_rule().convention
        'relative-1000'
        """
        if self.boxes is None:
            raise UnknownFactError(self.name, "how it measures boxes", _NAME_CONVENTION)
        return self.boxes

    def thinks(self, asked: bool | None = None) -> bool | None:
        """Say whether the model thinks, given what the caller asked; `None` is unknown.

        Raises `ConstraintError` when the caller asks for what the model cannot do.

        >>> from vlprep import get_model
        >>> get_model("qvq-max").thinks(), get_model("qwen3-vl-plus").thinks()
        (True, False)
        """
        if asked is None:
            fixed = {"always": True, "never": False, "optional": self.thinks_by_default}
            return fixed[self.thinking] if self.thinking else None
        if self.thinking == "always" and not asked:
            raise ConstraintError(f"{self.name} always thinks; leave `thinking=False` out")
        if self.thinking == "never" and asked:
            raise ConstraintError(f"{self.name} cannot think; leave `thinking` out")
        return asked

    @property
    def only_context(self) -> bool:
        """Whether the context is all that is known of how much the model takes in."""
        return self.max_input_tokens is None and self.max_input_thinking_tokens is None

    def input_limit(self, thinking: bool | None = None) -> int | None:
        """Return the largest input in tokens, the context where that alone is known, or `None`.

        Where thinking is neither asked nor known, the smaller of both limits counts.

        >>> from vlprep import get_model
        >>> get_model("qwen3-vl-plus").input_limit(thinking=True)
        258048
        """
        limits = {True: self.max_input_thinking_tokens, False: self.max_input_tokens}
        thinks = self.thinks(thinking)
        stated = [tokens for state, tokens in limits.items() if tokens and thinks in (None, state)]
        return min(stated) if stated else self.context_tokens


_MOST_SIDE = 10_000
"""Patches, merged patches and steps of time larger than this are no encoder's."""


def _require_usable(rule: ImageRule | VideoRule) -> None:
    """Raise `ValueError` for numbers of which no grid can be made."""
    for name in ("patch_size", "merge_size", "temporal_patch_size", "max_pixels"):
        value = getattr(rule, name)
        if value < 1:
            raise ValueError(f"{type(rule).__name__}.{name} must be above 0")
        if name != "max_pixels" and value > _MOST_SIDE:
            raise ValueError(f"{type(rule).__name__}.{name} must be at most {_MOST_SIDE:,}")


_OWN_NUMBERS = "count with other `rules`, or with numbers of your own by `load_model_file`"
_NAME_CONVENTION = f"give `convention` ({', '.join(BOX_CONVENTIONS)})"
