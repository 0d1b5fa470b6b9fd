"""What a video's header says, settled by a packet scan where it is silent or absurd.

A header's frame count is believed only when the sample index agrees with it. Where there is no
index (Matroska, FLV, transport streams, fragments) or it hides frames, every frame's time is looked
up, for which mostly the packets are read once without decoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from vlprep.errors import (
    DecodeError,
    EncryptedMediaError,
    MissingMetadataError,
    PixelLimitError,
    TruncatedFileError,
)
from vlprep.media.orientation import TrackHeader, track_headers
from vlprep.media.source import Item
from vlprep.media.video.container import (
    FIELD_ORDERS,
    HDR_CURVES,
    VideoPacket,
    choose_stream,
    demuxed,
    header_of,
    open_video,
)
from vlprep.media.video.index import read_timeline
from vlprep.media.video.scan import Timeline
from vlprep.types import MAX_FRAME_PIXELS, CountOrigin, ImageSize, VideoInfo

MAX_RATE = 1000
"""Frame rates from here on are clock ticks that a header took for frames."""

_EDGE = 1000  # index entries at each end among which a single edit can hide frames


@dataclass(frozen=True, slots=True)
class _Timing:
    frame_count: int
    fps: Fraction | None
    duration_seconds: float | None
    start_seconds: float
    origin: CountOrigin
    warnings: tuple[str, ...] = ()


def read_facts(item: Item) -> VideoInfo:
    """Read the header of a video.

    Raises `AudioOnlyError`, `UnknownCodecError`, `EncryptedMediaError`, `TruncatedFileError`,
    `MissingMetadataError` and `DecodeError` for files that hold no video to count, and
    `PixelLimitError` for frames beyond belief.
    """
    headers = track_headers(item.file, item.found.reader)
    with open_video(item) as container:
        stream, warnings = choose_stream(container, item)
        header = header_of(stream, headers, item)
        packets = demuxed(container, stream, item)
        first = _first_packet(packets, header, item)
        size, misplaced = _coded_size(stream, item), _misplaced(first, stream)
        timing = _indexed(stream, header, item)
        if timing is None:
            timeline = read_timeline(chain([first], packets), stream, item)
            timing = _timed(timeline, container, stream)
        turned = header.rotation in (90, 270)
        context = stream.codec_context
        return VideoInfo(
            size=ImageSize(size.width, size.height) if turned else size,
            frame_count=timing.frame_count,
            fps=timing.fps,
            frame_count_from=timing.origin,
            duration_seconds=timing.duration_seconds,
            start_seconds=timing.start_seconds,
            rotation=header.rotation,
            mirrored=header.mirrored,
            sample_aspect_ratio=_pixel_shape(stream),
            interlaced=context.field_order in FIELD_ORDERS,
            hdr=HDR_CURVES.get(context.color_trc),
            has_sound=bool(container.streams.audio),
            codec=context.codec.canonical_name,
            format=item.found.name,
            file_bytes=item.file_bytes,
            warnings=(*_as_sequence(item, timing), *warnings, *timing.warnings, *misplaced),
        )


def _as_sequence(item: Item, timing: _Timing) -> Iterator[str]:
    if item.found.mime_type.startswith("image/"):
        pictures = f"a sequence of {timing.frame_count} pictures in {item.found.name}"
        yield f"{pictures} is counted as a video"


def _first_packet(packets: Iterator[VideoPacket], header: TrackHeader, item: Item) -> VideoPacket:
    packet = next((packet for packet in packets if packet.size), None)
    if packet is None:
        raise DecodeError(item.name, "no frames behind the header")
    told = packet.stream.metadata.keys() | packet.stream.container.metadata.keys()
    if header.locked or packet.has_sidedata("encryption_info") or told & _KEY_NAMES:
        problem = "the video is encrypted (DRM); nothing can read it"
        raise EncryptedMediaError(item.name, problem, format=item.found.name)
    return packet


_KEY_NAMES = {"enc_key_id", "ASF_Protection_Type"}
"""Where FFmpeg says that Matroska and ASF are encrypted."""


def _misplaced(packet: VideoPacket, stream: VideoStream) -> tuple[str, ...]:
    """Warn where the first frame is none: where H.264 and HEVC in an MP4 tell how long it is.

    So it is where encryption is not told of, and where an edited header is wrong about places.
    """
    context, settings = stream.codec_context, stream.codec_context.extradata or b""
    place = {"h264": 4, "hevc": 21}.get(context.name, len(settings))  # of the width of lengths
    if place >= len(settings) or settings[0] != 1:
        return ()
    width = settings[place] % 4 + 1
    if 0 < int.from_bytes(bytes(packet)[:width], "big") <= packet.size - width:
        return ()
    what = context.codec.canonical_name
    return (
        f"the first frame is no {what}: it is encrypted without the header saying so, damaged, or "
        "not where the header says it is",
    )


def _coded_size(stream: VideoStream, item: Item) -> ImageSize:
    size = ImageSize(stream.codec_context.height, stream.codec_context.width)
    if size.pixels > MAX_FRAME_PIXELS:
        raise PixelLimitError(item.name, size.pixels, MAX_FRAME_PIXELS)
    if size.pixels == 0:
        raise MissingMetadataError(item.name, "frame size", "the video stream may be damaged")
    return size


def _pixel_shape(stream: VideoStream) -> Fraction:
    ratio = stream.sample_aspect_ratio
    return Fraction(ratio) if ratio and Fraction(1, 4) <= ratio <= 4 else Fraction(1)


def _indexed(stream: VideoStream, header: TrackHeader, item: Item) -> _Timing | None:
    """Believe the header's frame count if the sample index bears it out."""
    frames, entries, fps = stream.frames, stream.index_entries, _rate(stream.average_rate)
    if not frames or len(entries) != frames or fps is None:
        return None
    last = entries[frames - 1]
    if last.pos + last.size > item.file_bytes:
        present = sum(entry.pos + entry.size <= item.file_bytes for entry in entries)
        raise TruncatedFileError(item.name, promised=frames, present=present)
    inner = _EDGE if header.edits <= 1 else frames
    edges = chain(range(min(inner, frames)), range(max(inner, frames - _EDGE), frames))
    if any(entries[k].is_discard for k in edges):
        return None
    start = float((stream.start_time or 0) * stream.time_base) if stream.time_base else 0.0
    return _Timing(frames, fps, float(frames / fps), start, "header")


def _timed(timeline: Timeline, container: InputContainer, stream: VideoStream) -> _Timing:
    """Take count, rate and duration from the packets' timestamps."""
    count, stated = timeline.packet_count, _rate(stream.average_rate)
    if not timeline.has_clock:
        return _Timing(count, stated, float(count / stated) if stated else None, 0.0, "scan")
    first, last = timeline.pts[0] * timeline.time_base, timeline.pts[-1] * timeline.time_base
    longest = timeline.longest * timeline.time_base
    fps = _measured_rate(count, last - first, stated, longest)
    end = last + (1 / fps if fps else longest)
    warnings = _cut_off(container, end)
    return _Timing(count, fps, float(end - first), float(first), "scan", warnings)


def _measured_rate(
    count: int, span: Fraction, stated: Fraction | None, longest: Fraction
) -> Fraction | None:
    """Return the average rate; the header's where the timestamps bear it out.

    Timestamps in milliseconds blur a rate by some parts in a thousand, and a rate just below the
    true one can cost a sampled frame, so a stated rate within one per cent is the better number.
    """
    if count < 2 or span <= 0:
        return stated or (1 / longest if longest else None)
    measured = (count - 1) / span
    if stated and abs(stated - measured) <= measured / 100:
        return stated
    return measured


def _cut_off(container: InputContainer, end: Fraction) -> tuple[str, ...]:
    """Warn when the container promises much more than its video holds; sound may run longer."""
    if not container.duration:
        return ()
    start = Fraction(container.start_time or 0, av.time_base)
    promised = Fraction(container.duration, av.time_base)
    share = Fraction(1, 2) if container.streams.audio else Fraction(9, 10)
    if end - start >= promised * share:
        return ()
    return (
        f"the header promises {float(promised):.1f} s but the video ends at "
        f"{float(end - start):.1f} s; the file may be cut off",
    )


def _rate(value: Fraction | None) -> Fraction | None:
    """Return a header's rate if it can be one; unset rates are `None` or 0 by version of PyAV."""
    return Fraction(value) if value and value < MAX_RATE else None
