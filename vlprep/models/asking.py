"""What the documents say of asking a model: where requests go, and with what; frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from vlprep.display import brief


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
