"""Read a video's packets once, without decoding, into a table of what each says of itself."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream

from vlprep.errors import DecodeError
from vlprep.media.source import Item
from vlprep.video.container import VideoPacket
from vlprep.video.h264 import FieldPairs
from vlprep.video.mpeg4 import Pictures

NO_TIME = -(1 << 63)
"""Stands for a time that a packet does not have."""


@dataclass(frozen=True, slots=True, eq=False)
class PacketTable:
    """The packets of a stream that are not empty, in the order of the file; times in ticks."""

    pts: npt.NDArray[np.int64]
    """When to display each; `NO_TIME` where it is not said."""
    dts: npt.NDArray[np.int64]
    """When to decode each; `NO_TIME` where it is not said."""
    durations: npt.NDArray[np.int64]
    """How long each is displayed, as far as the container or FFmpeg knows; 0 is unknown."""
    is_key: npt.NDArray[np.bool_]
    """Whether decoding can start there."""
    is_shown: npt.NDArray[np.bool_]
    """Whether it is meant to give a frame that is displayed."""


def scan_packets(packets: Iterable[VideoPacket], stream: VideoStream, item: Item) -> PacketTable:
    """Read every packet of a stream once.

    Raises `FrameLimitError` when there is no end to them, `DecodeError` when there are none.
    """
    pts, dts, durations, keys, shown = array("q"), array("q"), array("q"), array("b"), array("b")
    context = stream.codec_context
    is_picture = _SHOWN.get(context.name, _is_shown)
    if context.name == "mpeg4":
        is_picture = Pictures(context.extradata).has_frame
    pairs = FieldPairs(context.extradata) if context.name == "h264" else None
    most = item.trust.limits.frames
    for packet in packets:
        if not packet.size:
            continue
        if len(pts) >= most:
            item.trust.check("frames", len(pts) + 1, item.name)
        is_second = pairs is not None and pairs.is_second(packet)
        is_shown = not is_second and is_picture(packet)
        if is_second:  # the frame lasts as long as its two fields
            durations[-1] += packet.duration or 0
        pts.append(NO_TIME if packet.pts is None else packet.pts)
        dts.append(NO_TIME if packet.dts is None else packet.dts)
        durations.append(packet.duration or 0)
        keys.append(packet.is_keyframe and is_shown)
        shown.append(is_shown and not packet.is_discard)
    if not pts:
        raise DecodeError(item.name, "no frame of it is displayed")
    return PacketTable(
        np.frombuffer(pts, np.int64),
        np.frombuffer(dts, np.int64),
        np.frombuffer(durations, np.int64),
        np.frombuffer(keys, np.bool_),
        np.frombuffer(shown, np.bool_),
    )


# Encoders can send pictures that are only referred to and never shown. H.264 and its successors
# have no such thing, AV1 packs them together with a shown one.


def _is_shown(packet: VideoPacket) -> bool:
    return True


def _vp8_is_shown(packet: VideoPacket) -> bool:
    return bool(memoryview(packet)[0] & 0x10)


def _vp9_is_shown(packet: VideoPacket) -> bool:
    data = memoryview(packet)
    if data[-1] & 0xE0 == 0xC0:  # several pictures in one packet, the last of them shown
        return True
    bits = data[0] << (data[0] & 0x30 == 0x30)  # profile 3 has one more bit in front
    shows_again, shown = bits & 0x08, bits & 0x02
    return bool(shows_again or shown)


_SHOWN: dict[str, Callable[[VideoPacket], bool]] = {"vp8": _vp8_is_shown, "vp9": _vp9_is_shown}
