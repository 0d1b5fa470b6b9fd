"""What the documents say of a model beside its limits, and of asking it: frozen records.

Facts that are said or not said are the sources that say them: empty is "nowhere".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from vlprep.display import brief


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedNumber:
    """A number as some sources have it; others may have another one."""

    number: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One thing that a model's service can do, or how far."""

    name: str
    """Such as "tool calls"."""
    says: str
    """What the sources say of it, in words."""
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeQuota:
    """Tokens that a new user is given."""

    tokens: int
    days: int | None = None
    """How long they last; `None` where no source states it."""
    deployment: str | None = None
    """Where alone it holds; `None` if the source does not tell deployments apart."""
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What the documents say of a class of models."""

    series: str = ""
    """The line of models that the documents count it to, such as "Qwen2.5-VL"; "" is unknown."""
    deaf_sources: tuple[str, ...] = ()
    """Where it is said that the sound of a video is not understood."""
    rate_sources: tuple[str, ...] = ()
    """Where it is said that the model goes by the rate of a list of frames."""
    no_rate_sources: tuple[str, ...] = ()
    """Where it is said that such a rate has no effect."""
    advised_pixels: tuple[StatedNumber, ...] = ()
    """Most pixels of an image that are advised."""
    capabilities: tuple[Capability, ...] = ()
    quotas: tuple[FreeQuota, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Where requests go; a key is good in its own region only."""

    name: str
    """The deployment, as models name it: "international" or "china"."""
    title: str
    """Where its servers stand."""
    bases: Mapping[str, str] = field(hash=False)
    """Base URLs, by the name of the API; one that no source states is not there."""
    note: str | None = None
    """What else sources say of the addresses."""
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the model is to choose its words; what is `None` is left to the service."""

    temperature: float | None = None
    top_k: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None

    @property
    def said(self) -> dict[str, float | int]:
        """What is said, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How the documents advise to ask for one kind of answer."""

    name: str
    title: str
    """What it is for."""
    text: str = ""
    """What follows the caller's text; "" adds nothing."""
    system: str | None = None
    """A system message."""
    sampling: Sampling = field(default_factory=Sampling)
    series: tuple[str, ...]
    """The lines of models that the sources are about."""
    long_reply: bool = False
    """Whether the reply is so long that it should be streamed."""
    sources: tuple[str, ...]

    def __repr__(self) -> str:
        return brief(self, self.name, self.title)
