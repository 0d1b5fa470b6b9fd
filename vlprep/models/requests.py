"""What chat APIs and models want of a request beside the media: frozen records, with sources.

They are read by `registry`; how a request is put together from them is in `vlprep.payload`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Streaming = Literal["only", "optional"]
SystemMessage = Literal["allowed", "discouraged", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatApi:
    """A protocol in which a service takes requests."""

    name: str
    """Name for `--api`: "openai" or "dashscope"."""
    title: str
    """What it is."""
    path: str
    """Where requests are posted to, after the base URL."""
    routes: tuple[str, ...]
    """Names of the routes by which files can reach it, the advised one first."""
    kinds: tuple[str, ...]
    """Kinds of models that are served by it, "api" or "open-weights"."""
    fixed_fps: float | None = None
    """Frames per second that it takes of a video, and takes a list to have; `None`: as told."""
    fps_sources: tuple[str, ...] = ()
    """Where that was read."""
    sources: tuple[str, ...]
    """Where this was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRules:
    """What a model's service wants of a request, where it is not the usual."""

    streaming: Streaming = "optional"
    """Whether the reply comes as a stream only."""
    system_message: SystemMessage = "allowed"
    """Whether a system message may be sent."""
    takes_budget: bool | None = None
    """Whether a request may bound the chain of thought; `None` where no source states it."""
    sources: tuple[str, ...]
    """Where this was read."""
