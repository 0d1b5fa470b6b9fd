"""What a model is to see: a model, one of its rule sets, and the options of the view.

Bound and checked once, at a door; everything below takes a `View`. The verbs on top of it are in
`vlprep.verbs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from numbers import Real
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack, get_args

from vlprep.choices import OnDamage
from vlprep.display import brief
from vlprep.errors import ConstraintError
from vlprep.models.registry import get_api, get_model, get_server
from vlprep.models.service import VideoFiles
from vlprep.models.sourced import Reading
from vlprep.models.spec import ImageRule, ModelSpec, RuleSet, VideoRule
from vlprep.trust import TRUST, Limits, Trust
from vlprep.types import ApiName, Sampling, ServerName
from vlprep.units import MOST

if TYPE_CHECKING:
    from vlprep.models.routes import ChatApi
    from vlprep.models.servers import Server

SAMPLINGS: tuple[Sampling, ...] = get_args(Sampling)
"""Names of `vlprep.maths.sampling.INDEX_RULES`, which is slow to import."""


TRUSTED = ("limits", "on_damage")
"""Keywords of a view that are about files, not about what a model sees of them."""

_LEAST = {
    **dict.fromkeys(("nframes", "min_frames", "max_frames"), 1),
    **dict.fromkeys(("max_pixels", "total_pixels", "clip_pixels"), 1),
    "min_pixels": 0,
}
"""The least that these options may be."""

_NUMBERS = (*_LEAST, "fps", "start_seconds", "end_seconds")


class ViewKeywords(TypedDict, total=False):
    """Keywords of every function that asks what a model sees: options, rule set and server."""

    fps: float | None
    nframes: int | None
    min_frames: int | None
    max_frames: int | None
    min_pixels: int | None
    max_pixels: int | None
    total_pixels: int | None
    clip_pixels: int | None
    start_seconds: float | None
    end_seconds: float | None
    sampling: Sampling | None
    high_res: bool
    strict: bool
    rules: str | None
    server: Server | ServerName | None
    limits: Limits
    on_damage: OnDamage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewOptions:
    """What a caller may ask of a view; `None` leaves it to the model.

    Options of videos do nothing to images, nor `high_res` to videos.
    """

    fps: float | None = None
    """Frames per second sampled from a video; of a list of images, how many pass in a second."""
    nframes: int | None = None
    """Frames sampled from a video, instead of a rate."""
    min_frames: int | None = None
    """Frames sampled at least."""
    max_frames: int | None = None
    """Frames sampled at most."""
    min_pixels: int | None = None
    """Smaller pictures are enlarged to this; of an image, or of a video's frame or clip."""
    max_pixels: int | None = None
    """Larger pictures are shrunk to this; of an image, or of a video's frame or clip."""
    total_pixels: int | None = None
    """Pixel budget of a clip, counted once per frame pair."""
    clip_pixels: int | None = None
    """Pixels of all frames of a clip, at the processor behind a server's own resize."""
    start_seconds: float | None = None
    """Where in a video to begin."""
    end_seconds: float | None = None
    """Where in a video to end."""
    sampling: Sampling | None = None
    """Name of the rule of `vlprep.maths.sampling` that spreads the frames of a video."""
    high_res: bool = False
    """High-resolution mode of the services, for images."""
    strict: bool = False
    """Refuse clips that the reference refuses instead of counting what there is."""

    def __repr__(self) -> str:
        return brief(self, *(f"{name}={value}" for name, value in self.asked.items()))

    def __post_init__(self) -> None:
        if self.fps is not None and self.nframes is not None:
            raise ConstraintError("`fps` and `nframes` exclude each other; give one of them")
        for name in _NUMBERS:
            value: Any = getattr(self, name)
            is_number = isinstance(value, Real) and not isinstance(value, bool)
            if value is not None and not (is_number and abs(value) <= MOST):
                raise ConstraintError(f"`{name}` must be a number up to {MOST:,}")
        if self.fps is not None and self.fps < 0:
            raise ConstraintError(f"fps must be above 0, got {self.fps:g}")
        if self.sampling not in (None, *SAMPLINGS):
            known = ", ".join(SAMPLINGS)
            raise ConstraintError(f"unknown rule {self.sampling!r}; known: {known}")
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and not value >= least:
                raise ConstraintError(f"`{name}` must be {least} or more, got {value}")
        start, end = self.start_seconds or 0, self.end_seconds
        if end is not None and end < start:
            raise ConstraintError(
                f"no two frames between `start_seconds` {start:g} and `end_seconds` {end:g}: the "
                "end comes after the start"
            )

    @property
    def asked(self) -> dict[str, object]:
        """What differs from the defaults, by name."""
        return {
            option.name: value
            for option in fields(self)
            if (value := getattr(self, option.name)) != option.default
        }


@dataclass(frozen=True, slots=True)
class View:
    """A model, a rule set and the view options, bound and checked: what every verb works by.

    Frozen, hashable and picklable.

    >>> view = View.of("qvq-max", fps=1)
    >>> view.rules.name, view.options.fps
    ('guide-2025-06', 1)
    """

    model: ModelSpec
    """Whose numbers count."""
    rules: RuleSet
    """Which of its rule sets is in force."""
    options: ViewOptions = field(default_factory=ViewOptions)
    """What the caller asked."""
    name: str = ""
    """What the caller calls the model, which may be an alias; requests say it."""
    server: Server | None = None
    """What serves these weights, by whose ways they are counted; `None`: the rules alone."""
    trust: Trust = TRUST
    """How far files are trusted: limits of what is read of them, and what damage comes to."""

    def __repr__(self) -> str:
        asked = {**self.bound, **self.options.asked, **self.trust.asked}
        said = (f"{name}={value}" for name, value in asked.items())
        return brief(self, self.name or self.model.name, self.rules.name, *said)

    def __post_init__(self) -> None:
        refused = self.server.refuses if self.server else ()
        unknown = ", ".join(f"`{name}`" for name in refused if name in self.options.asked)
        if self.server and unknown:
            raise ConstraintError(f"{self.server.title} has nothing for {unknown}; leave it out")

    @classmethod
    def of(cls, model: ModelSpec | str | None = None, **asked: Unpack[ViewKeywords]) -> Self:
        """Bind a model by name, alias or record, with the options asked.

        `server` says what serves open weights: "vllm", "sglang", or what `get_server` gives;
        `limits` what is read of a file at most, and `on_damage` what its damage comes to.

        Raises `UnknownModelError`, `ConstraintError` for a rule set that the model does not have,
        for options that contradict each other or that the server has nothing for, and `TypeError`
        for an unknown option.

        >>> View.of("Qwen/Qwen3-VL-8B-Instruct", server="vllm").rules.title
        'transformers 5.24.0, served by vLLM 0.33'
        """
        spec = get_model(model)
        name = model if isinstance(model, str) and model in spec.aliases else spec.name
        return cls(spec, spec.rules(), name=name).asking(**asked)

    def asking(self, **changes: Unpack[ViewKeywords]) -> Self:
        """Return the same view with some options changed, or by another rule set or server.

        Raises `ConstraintError` as `of` does.

        >>> View.of("qvq-max", fps=1).asking(fps=None, nframes=8).options.asked
        {'nframes': 8}
        """
        options: dict[str, Any] = {**changes}
        rules, server = options.pop("rules", None), options.pop("server", None)
        trusted = {name: options.pop(name) for name in TRUSTED if options.get(name) is not None}
        options = {name: value for name, value in options.items() if name not in TRUSTED}
        trust = replace(self.trust, **trusted) if trusted else self.trust
        view = replace(self, options=replace(self.options, **options), trust=trust)
        if rules is None and server is None:
            return view
        return view.by(
            self.rules.name if rules is None else rules, self.server if server is None else server
        )

    def waiting(self, seconds: float | None) -> Self:
        """Return the same view with another longest wait for a file, as `Trust.waiting` has it."""
        return self if seconds is None else replace(self, trust=self.trust.waiting(seconds))

    def with_keywords(self, keywords: Mapping[str, Any]) -> tuple[Self, dict[str, Any]]:
        """Take the options of a view out of a verb's keywords; returns the view and the rest.

        >>> view, rest = View.of("qvq-max").with_keywords({"fps": 1, "route": "url"})
        >>> view.options.asked, rest
        ({'fps': 1}, {'route': 'url'})
        """
        own = {name: keywords[name] for name in ViewKeywords.__annotations__ if name in keywords}
        rest = {name: value for name, value in keywords.items() if name not in own}
        return self.asking(**own) if own else self, rest

    def by_api(self, name: ApiName | None) -> Self:
        """Return the same view as a protocol of the service has it, some of which take no rate.

        Raises `ConstraintError` for a protocol that there is not, or that no server of open weights
        speaks, and for a rate or a number of frames where the protocol has a rate of its own.

        >>> View.of("qvq-max").by_api("openai").options.fps
        2.0
        """
        rate = self.protocol(name).fixed_fps if name else None
        if rate is None or self.model.kind != "api":
            return self
        if self.options.nframes is not None or self.options.fps not in (None, rate):
            raise ConstraintError(_fixed(str(name), rate))
        return self.asking(fps=rate)

    def protocol(self, name: ApiName) -> ChatApi:
        """Return a protocol that the model is reached by.

        Raises `ConstraintError` for one that there is not, or that does not serve open weights.

        >>> View.of("Qwen/Qwen3-VL-8B-Instruct").protocol("openai").routes
        ('base64', 'url')
        """
        api = get_api(name)
        if self.model.kind not in api.kinds:
            problem = f"open weights, which no {name} API serves; use another api"
            raise ConstraintError(f"{self.model.name}: {problem}")
        return api

    def by(self, rules: str, server: Server | str | None = None) -> Self:
        """Return the same view by another of the model's rule sets, as a server applies it or none.

        Raises `ConstraintError`.
        """
        own = self.model.rules(rules)
        if isinstance(server, str):
            server = get_server(server)
        if server is not None:
            own = _served(server, self.model, own)
        return replace(self, rules=own, server=server)

    def read_as(self, rule: ImageRule | VideoRule, reading: Reading) -> Self:
        """Return the same view with one of its rules as another reading has it."""
        if isinstance(rule, ImageRule):
            rules = replace(self.rules, image=replace(rule, readings=(), **reading.numbers))
        else:
            rules = replace(self.rules, video=replace(rule, readings=(), **reading.numbers))
        return replace(self, rules=rules)

    @property
    def bound(self) -> dict[str, object]:
        """The keywords that bind rules and server to the model, where they are not its own.

        >>> View.of("Qwen/Qwen3-VL-8B-Instruct", server="vllm").bound
        {'server': 'vllm'}
        """
        own = self.rules.name == self.model.default_rules
        rules: dict[str, object] = {} if own else {"rules": self.rules.name}
        return rules | ({"server": self.server.name} if self.server else {})

    @property
    def image_rule(self) -> ImageRule:
        """How images are sized; raises `UnknownFactError` where no source says it."""
        return self.rules.image_rule(self.model.name)

    @property
    def video_rule(self) -> VideoRule:
        """How videos are sampled and sized; raises `UnknownFactError` where no source says it."""
        return self.rules.video_rule(self.model.name)

    @property
    def video_files(self) -> VideoFiles | None:
        """How long and how large videos may be; `None` where no source says it."""
        return self.rules.video_files or self.model.video_files


def _served(server: Server, spec: ModelSpec, rules: RuleSet) -> RuleSet:
    """Return the rules of weights as a server applies them."""
    if spec.kind != "open-weights":
        raise ConstraintError(f"{spec.name} is served by its vendor; `server` is for open weights")
    if rules.name != "transformers":
        raise ConstraintError(
            f"{server.title} runs the processor of transformers; leave `rules` out, not "
            f"{rules.name!r}"
        )
    return server.serving(rules)


def _fixed(api: str, rate: float) -> str:
    sources = ", ".join(get_api(api).fps_sources)
    return (
        f"the {api} API samples {rate:g} frames per second whatever is asked ({sources}); leave "
        "the rate out, or take another `api`"
    )
