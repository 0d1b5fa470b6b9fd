"""Where a video starts: with the first picture that a decoder shows.

A recording can begin amid a group of pictures, and pictures that are displayed before the first
keyframe need what was cut away. No player shows them, so they are no frames.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from av.video.stream import VideoStream

from vlprep.errors import DecodeError
from vlprep.media.source import Item
from vlprep.types import ImageSize
from vlprep.video.container import HDR_CURVES, VideoPacket
from vlprep.video.h264 import FieldPairs, brings_settings, is_idr
from vlprep.video.h264_settings import only_sequence
from vlprep.video.nal import length_width
from vlprep.video.reader import FrameReader
from vlprep.video.timeline import Timeline


def starts_whole(head: Sequence[VideoPacket], stream: VideoStream) -> bool:
    """Whether the first packets say that all pictures from the first one on are displayed."""
    first, *others = (packet for packet in head if packet.size)
    if not first.is_keyframe:
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


def comes_out_of_order(timeline: Timeline, stream: VideoStream, item: Item) -> bool:
    """Whether a decoder gives frames in another order than that of their times.

    Some writers put down the times of decoding for those of display. Raises the errors of
    `FrameReader`.
    """
    if not (may_reorder(stream) and timeline.tells_frames):
        return False
    with FrameReader(item, timeline, ()) as reader:
        frames = islice(reader.every_frame(), TRIED)
        times = [frame.pts for frame in frames if frame.pts is not None]
    return times != sorted(times)


def may_reorder(stream: VideoStream) -> bool:
    """Whether frames may be displayed in another order than they are decoded."""
    return stream.codec_context.reorder_depth > 0


def from_first_shown(
    timeline: Timeline, head: Sequence[VideoPacket], stream: VideoStream, item: Item
) -> Timeline:
    """Leave out the pictures before the first that a decoder shows; decodes where in doubt only.

    Raises the errors of `FrameReader`.
    """
    pts, keyframes = timeline.pts, timeline.keyframes
    is_whole = starts_whole(head, stream) and not (keyframes and pts and pts[0] < keyframes[0])
    if is_whole or not timeline.has_clock:
        return timeline
    lost = _lost(timeline, item)
    if lost is None:
        told = item.trust.bears(DecodeError(item.name, "none of its pictures can be decoded"))
        return replace(timeline, mended=(*timeline.mended, *told))
    if not lost:
        return timeline
    what = f"{lost} pictures before the first that can be decoded are left out; time starts there"
    return replace(
        timeline,
        packet_count=timeline.packet_count - lost,
        pts=pts[lost:],
        mended=(*timeline.mended, what),
    )


def _lost(timeline: Timeline, item: Item) -> int | None:
    """Return how many pictures are displayed before the first that is decoded; `None`: all are."""
    if timeline.in_decoding_order:
        numbers = array("q", range(timeline.packet_count))
        timeline = replace(timeline, pts=numbers, stamps=numbers)
    with FrameReader(item, timeline, ()) as reader:
        first = next((frame.pts for frame in reader.every_frame() if frame.pts is not None), None)
    return None if first is None else bisect_left(timeline.pts, first)
