"""How a caller wants media to be sent, and the rates of frames that a protocol can say."""

from __future__ import annotations

import os
from dataclasses import dataclass

from vlprep.errors import ConstraintError
from vlprep.models.service import ChatApi
from vlprep.models.spec import ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How the caller wants media to be sent."""

    spec: ModelSpec
    """The model."""
    api: ChatApi
    """The protocol."""
    route: str = "base64"
    """Name of the route by which files go; URLs go as they are."""
    fps: float | None = None
    """Frames per second sampled from a video, or the rate of a list."""
    max_frames: int | None = None
    """Frames sampled at most; only where vlprep samples."""
    min_pixels: int | None = None
    """Lower pixel limit."""
    max_pixels: int | None = None
    """Upper pixel limit."""
    high_res: bool = False
    """High-resolution mode, for images."""
    rules: str | None = None
    """Name of one of the model's rule sets."""
    compress: bool = False
    """Bring files under the route's limit first."""
    as_frames: bool = False
    """Send the frames that the model's sampler picks of a video instead of the video."""
    video_fields: bool = False
    """Send the fields of videos that the API reference has and the guides do not."""
    folder: str | os.PathLike[str] | None = None
    """Where new files go that are sent by their path."""

    @property
    def states_fps(self) -> bool:
        """Whether a request states the rate of a list of frames."""
        return self.api.fixed_fps is None or self.video_fields

    @property
    def pixel_limits(self) -> dict[str, int]:
        """The limits asked for, by name."""
        limits = {"min_pixels": self.min_pixels, "max_pixels": self.max_pixels}
        return {name: value for name, value in limits.items() if value is not None}


def sampling_rate(wish: Wish) -> float | None:
    """Return the rate that a request states for a video file; `None` where it states none."""
    fixed = wish.api.fixed_fps
    if wish.fps is None or wish.fps == fixed:
        return None
    if fixed is not None and not wish.video_fields:
        raise ConstraintError(
            f"the {wish.api.name} API samples a video file at {fixed:g} fps, whatever is asked; "
            "send frames (as_frames or --as-frames) by the dashscope API, or the field that the "
            "API reference of 2026 has (video_fields or --video-fields)"
        )
    return check_rate(wish.fps, wish)


def list_rate(rate: float, wish: Wish, name: str) -> float:
    """Return the rate that a list of frames is sent at; `name` is what messages call the list.

    Raises `ConstraintError` where the protocol cannot say it.
    """
    api, fixed = wish.api, wish.api.fixed_fps
    if fixed is not None and not wish.video_fields and abs(rate - fixed) > 0.01 * fixed:
        raise ConstraintError(
            f"{name}: the frames are {1 / rate:.3g} s apart, and the {api.name} API takes a list "
            f"for frames {1 / fixed:g} s apart; take them at {fixed:g} fps, or use the dashscope "
            "API, or the field that the API reference of 2026 has (video_fields or --video-fields)"
        )
    try:
        return check_rate(rate, wish)
    except ConstraintError as error:
        raise ConstraintError(f"{name}: a list of frames at {rate:g} fps: {error}") from None


def check_rate(rate: float, wish: Wish) -> float:
    """Return a rate that a request may state; raises `ConstraintError` for another."""
    rule = wish.spec.rules(wish.rules).video
    if not (rate > 0 and (rule is None or rule.takes_fps(rate))):
        low, high = (rule.min_fps, rule.max_fps) if rule else (None, None)
        wanted = "above 0" if low is None or high is None else f"from {low:g} to {high:g}"
        raise ConstraintError(f"fps must be {wanted} for {wish.spec.name}, got {rate:g}")
    return rate


def unsaid(wish: Wish) -> list[str]:
    """Tell of limits that a request does not state for a video."""
    if not wish.pixel_limits or wish.video_fields:
        return []
    return ["pixel limits are not sent for a video; video_fields or --video-fields sends them"]
