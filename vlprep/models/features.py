"""What the documents say of a model beside its limits: frozen records.

Facts that are said or not said are the sources that say them: empty is "nowhere".
"""

from __future__ import annotations

from dataclasses import dataclass


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
