"""Where a video starts: with the first picture that a decoder shows.

A recording can begin amid a group of pictures, and pictures that are displayed before the first
keyframe need what was cut away. No player shows them, so they are no frames.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from av.video.stream import VideoStream

from vlprep.errors import DecodeError
from vlprep.media.source import Item
from vlprep.types import ImageSize
from vlprep.units import plural
from vlprep.video.container import HDR_CURVES, VideoPacket
from vlprep.video.h264 import FieldPairs, brings_settings, is_idr
from vlprep.video.h264_settings import only_sequence
from vlprep.video.keyframes import is_between
from vlprep.video.nal import length_width
from vlprep.video.reader import FrameReader
from vlprep.video.scan import PacketTable
from vlprep.video.timeline import Timeline


def starts_whole(head: Sequence[VideoPacket], stream: VideoStream) -> bool:
    """Whether the first packets say that all pictures from the first one on are displayed."""
    first, *others = (packet for packet in head if packet.size)
    if not first.is_keyframe or any(map(is_between, others[:1])):
        return False
    if stream.container.format.name == "avi":  # tells nothing of the order of display
        return True
    start = first.pts or 0
    if any(packet.pts is None or packet.pts < start for packet in others):
        return False
    context = stream.codec_context
    return context.name != "h264" or is_idr(first, length_width(context.extradata))


def is_told_by_header(stream: VideoStream, head: Sequence[VideoPacket]) -> bool:
    """Whether a header says of H.264 all that counting wants to know, as a picture would.

    That is so of frames with square pixels and ordinary light whose size the file says twice.
    """
    context = stream.codec_context
    sequence = only_sequence(context.extradata) if context.name == "h264" else None
    if sequence is None or brings_settings(head[0], length_width(context.extradata)):
        return False
    is_ordinary = sequence.has_square_pixels and sequence.transfer not in HDR_CURVES
    if sequence.may_have_fields or not is_ordinary:
        return False
    is_ordered = sequence.reordered == 0 or any(p.pts != p.dts for p in head if p.size)
    return is_ordered and sequence.size == ImageSize(context.height, context.width)


def may_be_fields(stream: VideoStream) -> bool:
    """Whether a frame may be two packets, so that a table of packets is none of frames."""
    context = stream.codec_context
    return context.name == "h264" and FieldPairs(context.extradata).possible


TRIED = 32
"""Frames that are decoded to see in which order they come out."""


def comes_out_of_order(timeline: Timeline, item: Item) -> bool:
    """Whether a decoder gives frames in another order than that of their times.

    Some writers put down the times of decoding for those of display. Raises the errors of
    `FrameReader`.
    """
    if not timeline.tells_frames:
        return False
    with FrameReader(item, timeline, ()) as reader:
        frames = islice(reader.every_frame(), TRIED)
        times = [frame.pts for frame in frames if frame.pts is not None]
    return times != sorted(times)


def may_reorder(stream: VideoStream) -> bool:
    """Whether frames may be displayed in another order than they are decoded."""
    return stream.codec_context.reorder_depth > 0


def from_first_shown(
    table: PacketTable,
    clock: Callable[[PacketTable], Timeline],
    head: Sequence[VideoPacket],
    stream: VideoStream,
    item: Item,
) -> Timeline:
    """Return what `clock` makes of packets, less the pictures before the first that are shown.

    Decodes where in doubt only. Raises the errors of `set_clock` and `FrameReader`.
    """
    timeline = clock(table)
    pts, keyframes = timeline.pts, timeline.keyframes
    is_whole = starts_whole(head, stream) and not (keyframes and pts and pts[0] < keyframes[0])
    if is_whole or not timeline.has_clock:
        return timeline
    decoded = _first_decoded(timeline, table, item)
    if not decoded:
        told = item.trust.bears(DecodeError(item.name, "none of its pictures can be decoded"))
        return replace(timeline, mended=(*timeline.mended, *told))
    ahead = np.flatnonzero(table.is_shown[: max(decoded[:2])])
    lost = np.setdiff1d(ahead, decoded)
    if not lost.size:
        return timeline
    if timeline.in_decoding_order:  # the first to come out comes when those would have
        lost = np.flatnonzero(table.is_shown)[: len(lost)]
    is_shown = table.is_shown.copy()
    is_shown[lost] = False
    rest, skips = clock(replace(table, is_shown=is_shown)), timeline.skips_exactly
    left = f"{plural(len(lost), 'picture')} before the first that can be decoded left out"
    return replace(rest, skips_exactly=skips, mended=(*rest.mended, f"{left}; time starts there"))


def _first_decoded(timeline: Timeline, table: PacketTable, item: Item) -> list[int]:
    """Return which packets the first frames come from, in the order in which they are displayed."""
    numbers = array("q", range(len(table.pts)))
    with FrameReader(item, replace(timeline, pts=numbers, stamps=numbers), ()) as reader:
        frames = islice(reader.every_frame(), TRIED)
        return [frame.pts for frame in frames if frame.pts is not None]
