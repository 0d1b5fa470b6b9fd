"""Read a video's packets once, without decoding: which frames are displayed, and when.

The frames of a clip are its packets in order of their timestamps, less those that an edit list
hides. Seeking needs the keyframes too, hidden ones included.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.video.stream import VideoStream

from vlprep.errors import DecodeError, FrameLimitError
from vlprep.media.source import Item
from vlprep.media.video.container import VideoPacket

MAX_FRAMES = 20_000_000
"""Displayed frames that a file may have: four days at 60 frames per second."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The displayed frames of a stream, by their timestamps in ticks of `time_base`."""

    packet_count: int
    """Displayed packets; each is meant to give a frame."""
    pts: array[int]
    """Their timestamps, ascending, each once; shorter where some have none."""
    keyframes: array[int]
    """Timestamps of keyframes, ascending, also of those that an edit list hides."""
    longest: int
    """Longest duration that a packet states."""
    time_base: Fraction
    """Seconds a tick takes; 0 where the stream has no clock."""
    hides_frames: bool
    """Whether packets were left out because an edit list hides them."""
    in_decoding_order: bool = False
    """Whether timestamps are those of decoding, as in AVI, which has no others, and some MXF."""

    @property
    def has_clock(self) -> bool:
        """Whether every packet has a timestamp, so that frames can be told by it."""
        told_apart = bool(self.pts) and len(self.pts) == self.packet_count
        return told_apart and self.time_base > 0 and not self.in_decoding_order

    def seconds(self, pts: int) -> float:
        """Return a timestamp as seconds from the first displayed frame."""
        return float((pts - self.pts[0]) * self.time_base)

    def shown_at(self, seconds: float) -> int:
        """Return the number of the frame on display at a time from the first displayed frame."""
        # To the nearest tick: a moment that is meant to be a frame's own must not fall short of it.
        tick = self.pts[0] + round(seconds / float(self.time_base))
        return max(bisect_right(self.pts, tick) - 1, 0)

    def keyframe_number(self, position: int | None) -> int:
        """Return the number of the frame at, or first after, a position in `keyframes`."""
        return 0 if position is None else bisect_left(self.pts, self.keyframes[position])

    def keyframe_before(self, pts: int) -> int | None:
        """Return the position in `keyframes` of the last one not after `pts`, or `None`."""
        position = bisect_right(self.keyframes, pts) - 1
        return position if position >= 0 else None


def scan_packets(packets: Iterable[VideoPacket], stream: VideoStream, item: Item) -> Timeline:
    """Read every packet of a stream once.

    Raises `DecodeError` when none is displayed, and `FrameLimitError` when there is no end to them.
    """
    times, keyframes, count, longest, hidden = array("q"), array("q"), 0, 0, False
    reordered = False
    is_shown = _SHOWN.get(stream.codec_context.name)
    for packet in packets:
        if not packet.size or (is_shown and not is_shown(memoryview(packet))):
            continue
        if packet.is_keyframe and packet.pts is not None:
            keyframes.append(packet.pts)
        if packet.is_discard:
            hidden = True
            continue
        count += 1
        if count > MAX_FRAMES:
            raise FrameLimitError(item.name, MAX_FRAMES)
        longest = max(longest, packet.duration or 0)
        if packet.pts is not None:
            times.append(packet.pts)
            reordered |= packet.pts != packet.dts
    if not count:
        raise DecodeError(item.name, "no frame of it is displayed")
    return Timeline(
        packet_count=count,
        pts=array("q", np.unique(np.frombuffer(times, np.int64)).tobytes()),
        keyframes=array("q", sorted(keyframes)),
        longest=longest,
        time_base=Fraction(stream.time_base or 0),
        hides_frames=hidden,
        in_decoding_order=_tells_no_display(stream, reordered=reordered),
    )


def _tells_no_display(stream: VideoStream, *, reordered: bool) -> bool:
    """Whether the times are those of decoding: always in AVI, in MXF where no index says more."""
    reader = stream.container.format.name
    unsaid = reader.startswith("mxf") and not reordered and stream.codec_context.has_b_frames
    return reader == "avi" or bool(unsaid)


# Encoders can send pictures that are only referred to and never shown. H.264 and its successors
# have no such thing, AV1 packs them together with a shown one.


def _vp8_is_shown(data: memoryview) -> bool:
    return bool(data[0] & 0x10)


def _vp9_is_shown(data: memoryview) -> bool:
    if data[-1] & 0xE0 == 0xC0:  # several pictures in one packet, the last of them shown
        return True
    bits = data[0] << (data[0] & 0x30 == 0x30)  # profile 3 has one more bit in front
    shows_again, shown = bits & 0x08, bits & 0x02
    return bool(shows_again or shown)


_SHOWN: dict[str, Callable[[memoryview], bool]] = {"vp8": _vp8_is_shown, "vp9": _vp9_is_shown}
