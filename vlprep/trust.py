"""How far files are trusted: what is read of them at most, and what their damage comes to.

Bound to a view once and carried by each file that it opens, so that whoever reads the file goes by
it. Here is also the one place where a limit is held against a number, and damage against the wish.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self, get_args

from vlprep.choices import PATIENCE_SECONDS, OnDamage
from vlprep.display import brief
from vlprep.errors import (
    ConstraintError,
    DecodeError,
    FrameLimitError,
    PixelLimitError,
    SafetyLimitError,
)
from vlprep.units import parse_bytes, parse_count, parse_seconds

_REFUSALS: Mapping[str, type[SafetyLimitError]] = {
    "pixels": PixelLimitError,
    "frame_pixels": PixelLimitError,
    "frames": FrameLimitError,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is read of a file at most; what is over a limit is refused before it is decoded.

    The defaults let through what cameras, scanners and phones make, and keep a file made to be a
    bomb from taking the machine. Raise them for files that you trust, lower them for strangers'.

    Raises `ConstraintError` for a limit that is not above 0.

    >>> Limits(frames=1000)
    Limits(frames=1000)
    """

    pixels: int = 178_956_970
    """Pixels of a picture; the default is Pillow's own limit for decompression bombs."""
    frame_pixels: int = 67_108_864
    """Pixels of a frame of a video or an animation (8,192 x 8,192)."""
    frames: int = 20_000_000
    """Frames of a video: four days at 60 a second."""
    decoded_pixels: int = 10_000_000_000_000
    """Frames times their pixels, where all are decoded: five hours of 4K at 60 a second."""
    seconds: float = 31_622_400.0
    """Length of a video: a year."""
    bytes: int = 1_000_000_000_000
    """Bytes of a file."""
    wait_seconds: float = PATIENCE_SECONDS
    """Longest time that a header, a pass over all packets or a single frame may take."""
    memory: int = 2_147_483_648
    """Bytes that decoding one picture may take, by its header, its file included."""

    def __post_init__(self) -> None:
        for name, value in self.asked.items():
            if not value > 0:
                raise ConstraintError(f"the limit {name} must be above 0, got {value}")

    def __repr__(self) -> str:
        return brief(self, *(f"{name}={value}" for name, value in self.asked.items()))

    def __str__(self) -> str:
        return ",".join(f"{name}={value:.15g}" for name, value in self.asked.items())

    @property
    def asked(self) -> dict[str, float]:
        """What differs from the defaults, by name."""
        return {
            limit.name: value
            for limit in fields(self)
            if (value := getattr(self, limit.name)) != limit.default
        }

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return limits written as on the command line; raises `ValueError`.

        >>> Limits.parse("frames=1000,bytes=10MB,wait_seconds=1:30")
        Limits(frames=1000, bytes=10000000, wait_seconds=90.0)
        """
        asked: dict[str, Any] = {}
        for part in text.split(","):
            name, equals, value = part.strip().partition("=")
            key = name.strip().replace("-", "_")
            if not equals or key not in cls.__dataclass_fields__:
                known = ", ".join(limit.name for limit in fields(cls))
                raise ValueError(f"{part!r} is no NAME=VALUE with one of the names {known}")
            asked[key] = _UNITS.get(key, parse_count)(value)
        return cls(**asked)


_UNITS: Mapping[str, Any] = {
    "seconds": parse_seconds,
    "wait_seconds": parse_seconds,
    "bytes": parse_bytes,
    "memory": parse_bytes,
}


@dataclass(frozen=True, slots=True)
class Trust:
    """How far a file is trusted.

    >>> Trust(on_damage="error")
    Trust(on_damage='error')
    """

    limits: Limits = field(default_factory=Limits)
    """What is read of it at most."""
    on_damage: OnDamage | None = None
    """What damage comes to: "error" refuses any, "warn" tells of it, "accept" takes what is there
    without a word. By default what is certainly lost is an error, such as the rest of a picture,
    and what may be lived with is a warning, such as a frame with the one before in its place."""

    def __post_init__(self) -> None:
        if self.on_damage not in (None, *get_args(OnDamage)):
            known = ", ".join(get_args(OnDamage))
            raise ConstraintError(f"on_damage is one of {known}; got {self.on_damage!r}")

    def __repr__(self) -> str:
        return brief(self, *(f"{name}={value!r}" for name, value in self.asked.items()))

    @property
    def asked(self) -> dict[str, object]:
        """What differs from the defaults, by name."""
        limits: dict[str, object] = {"limits": self.limits} if self.limits.asked else {}
        return limits | ({"on_damage": self.on_damage} if self.on_damage else {})

    def waiting(self, seconds: float | None) -> Self:
        """Return the same with another longest wait; 0 is no limit, `None` leaves it.

        Raises `ConstraintError` for a time below 0.
        """
        if seconds is None:
            return self
        if not seconds >= 0:
            raise ConstraintError(f"patience_seconds must be 0 or more, got {seconds:g}")
        return replace(self, limits=replace(self.limits, wait_seconds=seconds or float("inf")))

    def check(self, name: str, found: float, source: str) -> None:
        """Raise `SafetyLimitError` where a number that a file claims is over the limit."""
        limit = getattr(self.limits, name)
        if found > limit:
            raise _REFUSALS.get(name, SafetyLimitError)(source, found, limit, name)

    def bears(self, damage: DecodeError, *, lost: bool = False) -> tuple[str, ...]:
        """Return what to warn of for damage; raises it where that is the wish.

        Without a wish it is an error where something is certainly `lost`.
        """
        wish = self.on_damage or ("error" if lost else "warn")
        if wish == "error":
            raise damage
        return (damage.problem,) if wish == "warn" else ()


TRUST = Trust()
"""The defaults."""
