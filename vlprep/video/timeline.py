"""The clock of a stream: which frames are displayed, when each is, and how the decoder tells them.

How packets become such a clock, and what is mended on the way, is in `clock`.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from vlprep.types import DisplayTimes

ROUNDED_SECONDS = Fraction(1, 500)
"""Ticks up to here are short enough for times that were rounded to them, as in Matroska."""

ROUNDED_TICKS = 4
"""Ticks that a frame of such a clock is shown at least; where it is less, each tick is meant."""

_EVEN = 0.1  # frames by which one may be off where all are even
_BLUR = 1e-6  # seconds by which a moment may miss the frame that it is meant to be


@dataclass(frozen=True, slots=True)
class Joint:
    """Where another recording goes on, with a clock of its own."""

    start_seconds: float
    """When it begins by its own clock."""
    shift_seconds: float
    """What is added to its times, so that it follows what was before."""


@dataclass(frozen=True)
class Timeline:
    """The displayed frames of a stream, by their times in ticks of `time_base`."""

    packet_count: int
    """Displayed frames that the packets hold."""
    pts: array[int]
    """When each is displayed, ascending, each time once; empty where that cannot be known."""
    keyframes: array[int]
    """Times of keyframes, ascending, also of those that an edit list hides; where to start."""
    time_base: Fraction
    """Seconds a tick takes; 0 where the stream has no clock."""
    last_ticks: int = 0
    """How long the last frame is displayed by its packet; 0 where it does not say."""
    last_is_stated: bool = False
    """Whether that stands in the file, and is not FFmpeg's guess."""
    skips_exactly: bool = True
    """Whether each packet is a frame of its own, so that unwanted ones can be left out."""
    in_decoding_order: bool = False
    """Whether packets have times of decoding only, as in AVI; the slots are those of display."""
    stamps: array[int] | None = None
    """Times to give to all packets, in the order of the file, where their own do not do.

    Such a stream is read from its start.
    """
    joints: tuple[Joint, ...] = ()
    """Where recordings with clocks of their own were joined."""
    mended: tuple[str, ...] = ()
    """What was mended, in words for the user."""

    @property
    def has_clock(self) -> bool:
        """Whether it is known when each frame is displayed."""
        return bool(self.pts) and len(self.pts) == self.packet_count and self.time_base > 0

    @property
    def tells_frames(self) -> bool:
        """Whether a frame that comes out of the decoder is told by its time."""
        return self.has_clock and not self.in_decoding_order

    @property
    def shortest_step(self) -> Fraction:
        """Seconds from a frame to the next, at least."""
        steps = np.diff(np.frombuffer(self.pts, np.int64))
        return int(steps.min()) * self.time_base if steps.size else Fraction(0)

    def seconds(self, pts: int) -> float:
        """Return a time in ticks as seconds from the first displayed frame."""
        return float((pts - self.pts[0]) * self.time_base)

    def display_times(self, fps: Fraction | None) -> DisplayTimes | None:
        """Return when frames are displayed, but where they pass at a rate, give or take a tick."""
        if fps is None or not self.has_clock:
            return None
        ticks = np.frombuffer(self.pts, np.int64) - self.pts[0]
        late = ticks * float(self.time_base * fps) - np.arange(len(ticks))  # in frames
        if abs(late).max() <= min(float(self.time_base * fps), _EVEN) + _BLUR:
            return None
        starts = array("d", (ticks * float(self.time_base)).tobytes())
        return DisplayTimes(starts, float(self._slack * self.time_base))

    @cached_property
    def _slack(self) -> Fraction:
        """Ticks by which a frame may be late for a moment that is meant to be its own.

        A frame of 1/30 s is stored as 33 or 34 thousandths, so half a tick; where frames last whole
        ticks they are where they are meant to be.
        """
        blur = Fraction(_BLUR) / self.time_base
        steps = np.diff(np.frombuffer(self.pts, np.int64))
        if self.time_base > ROUNDED_SECONDS or not steps.size:
            return blur
        is_rounded = np.gcd.reduce(steps) == 1 and np.median(steps) >= ROUNDED_TICKS
        return max(blur, Fraction(1, 2)) if is_rounded else blur

    def keyframe_number(self, position: int | None) -> int:
        """Return the number of the frame at, or first after, a position in `keyframes`."""
        return 0 if position is None else bisect_left(self.pts, self.keyframes[position])

    def keyframe_before(self, pts: int) -> int | None:
        """Return the position in `keyframes` of the last one not after `pts`, or `None`."""
        position = bisect_right(self.keyframes, pts) - 1
        return position if position >= 0 else None
