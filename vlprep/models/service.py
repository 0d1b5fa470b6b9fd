"""What the service of a model takes, as files and in requests: frozen records.

They are read by `registry`, as part of a model's own record. What services take whatever the model
is in `routes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vlprep.models.sourced import Sourced

Streaming = Literal["only", "optional"]
SystemMessage = Literal["allowed", "discouraged", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Localisation(Sourced):
    """The sizes of image at which a model finds objects reliably."""

    min_pixels: int
    max_pixels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlFiles(Sourced):
    """What a model's service takes by URL where that differs from the route's own limits."""

    max_url_image_bytes: int
    """Largest image that it fetches from a URL."""
    max_request_images: int | None = None
    """Most images of a request by URL or path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFiles(Sourced):
    """How long and how large the videos may be that a service takes."""

    min_seconds: float
    max_seconds: float
    max_url_bytes: int
    """Largest video that it fetches from a URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRules(Sourced):
    """What a model's service wants of a request, where it is not the usual."""

    streaming: Streaming = "optional"
    """Whether the reply comes as a stream only."""
    system_message: SystemMessage = "allowed"
    """Whether a system message may be sent."""
    takes_budget: bool | None = None
    """Whether a request may bound the chain of thought; `None` where no source states it."""
