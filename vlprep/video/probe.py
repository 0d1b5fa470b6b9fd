"""What a video's header says, settled by a packet scan where it is silent or absurd.

A header's frame count is believed only when the sample index agrees with it. Where there is no
index (Matroska, FLV, transport streams, fragments) or it hides frames, every frame's time is looked
up, for which mostly the packets are read once without decoding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice

from av.video.stream import VideoStream

from vlprep.errors import DecodeError, MissingMetadataError
from vlprep.media.orientation import TrackHeader, track_headers
from vlprep.media.source import Item
from vlprep.media.waiting import Wait
from vlprep.types import ImageSize, VideoInfo
from vlprep.video.container import (
    FIELD_ORDERS,
    HDR_CURVES,
    OpenStream,
    VideoPacket,
    demuxed,
    fraction,
    header_of,
    open_header,
    open_stream,
)
from vlprep.video.index import read_timeline
from vlprep.video.locked import is_locked, locked
from vlprep.video.start import is_told_by_header, may_be_fields, may_reorder, starts_whole
from vlprep.video.timing import Timing, indexed_timing, scanned_timing


def read_facts(item: Item) -> VideoInfo:
    """Read the header of a video.

    Raises `AudioOnlyError`, `UnknownCodecError`, `EncryptedMediaError`, `TruncatedFileError`,
    `MissingMetadataError` and `DecodeError` for files that hold no video to count, and
    `SafetyLimitError` for frames over the limits.
    """
    headers = track_headers(item.file, item.found.reader)
    try:
        return _facts(item, headers)
    except (DecodeError, MissingMetadataError) as error:
        if is_locked(item, headers):
            raise locked(item) from error
        raise


def _facts(item: Item, headers: Mapping[int, TrackHeader]) -> VideoInfo:
    wait = Wait(item, "no answer")
    if any(header.codings == (b"avc1",) for header in headers.values()):  # decoded in vain mostly
        with open_header(item, wait) as opened:
            video = _Opened.of(opened, headers, item)
            if is_told_by_header(video.stream, video.head):
                return video.facts()
    with open_stream(item, wait) as opened:
        return _Opened.of(opened, headers, item).facts()


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """A video that is open at its first frame."""

    item: Item
    stream: VideoStream
    warnings: tuple[str, ...]
    """What there is to say of the choice of the stream."""
    header: TrackHeader
    head: Sequence[VideoPacket]
    """The first packets, the very first of which is a frame."""
    packets: Iterator[VideoPacket]
    """Those behind them."""

    @classmethod
    def of(cls, opened: OpenStream, headers: Mapping[int, TrackHeader], item: Item) -> _Opened:
        container, stream, warnings = opened
        header, packets = header_of(stream, headers, item), demuxed(container, stream, item)
        head = [_first_packet(packets, header, item), *islice(packets, 2)]
        return cls(item, stream, warnings, header, head, packets)

    def facts(self) -> VideoInfo:
        """Return the facts of the video; reads all packets where they have to say them."""
        item, stream, header, head = self.item, self.stream, self.header, self.head
        size, misplaced = _coded_size(stream, item), _misplaced(head[0], stream, item)
        timing = indexed_timing(stream, header, item) if _is_plain(head, stream) else None
        if timing is None:
            timeline = read_timeline(chain(head, self.packets), stream, item)
            timing = scanned_timing(timeline, stream, item)
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
            has_sound=bool(stream.container.streams.audio),
            codec=context.codec.canonical_name,
            format=item.found.name,
            metadata=("location",) if _is_located(head[0]) else (),
            file_bytes=item.file_bytes,
            warnings=(
                *(*_as_sequence(item, timing), *self.warnings, *timing.warnings, *misplaced),
                *_private_colours(stream),
            ),
            display_times=timing.display_times,
        )


def _is_plain(head: Sequence[VideoPacket], stream: VideoStream) -> bool:
    """Whether each packet is a frame, displayed when its time says, as far as the first ones tell.

    Where none of a stream that reorders frames is displayed later than decoded, it may not be so.
    """
    apart = [packet.pts != packet.dts for packet in head if packet.size]
    told = not may_reorder(stream) or len(apart) < 3 or any(apart)
    return told and starts_whole(head, stream) and not may_be_fields(stream)


def _as_sequence(item: Item, timing: Timing) -> Iterator[str]:
    if item.found.mime_type.startswith("image/"):
        pictures = f"a sequence of {timing.frame_count} pictures in {item.found.name}"
        yield f"{pictures} is counted as a video"


def _first_packet(packets: Iterator[VideoPacket], header: TrackHeader, item: Item) -> VideoPacket:
    packet = next((packet for packet in packets if packet.size), None)
    if packet is None:
        raise DecodeError(item.name, "no frames behind the header")
    told = _tags(packet)
    if header.locked or packet.has_sidedata("encryption_info") or told & _KEY_NAMES:
        raise locked(item)
    return packet


def _is_located(packet: VideoPacket) -> bool:
    return any("location" in name.lower() for name in _tags(packet))


def _tags(packet: VideoPacket) -> Set[str]:
    return packet.stream.metadata.keys() | packet.stream.container.metadata.keys()


_KEY_NAMES = {"enc_key_id", "ASF_Protection_Type"}
"""Where FFmpeg says that Matroska and ASF are encrypted."""


def _misplaced(packet: VideoPacket, stream: VideoStream, item: Item) -> tuple[str, ...]:
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
    problem = (
        f"the first frame is no {what}: it is encrypted without the header saying so, damaged, or "
        "not where the header says it is"
    )
    return item.trust.bears(DecodeError(item.name, problem))


def _private_colours(stream: VideoStream) -> Iterator[str]:
    """Tell of Dolby Vision without colours that others know, as profile 5 is."""
    context = stream.codec_context
    if context.codec_tag in ("dvh1", "dvhe", "dav1") and context.color_trc == _UNKNOWN_CURVE:
        yield "Dolby Vision in colours of its own, which are not mapped: it looks green and purple"


_UNKNOWN_CURVE = 2  # by H.273


def _coded_size(stream: VideoStream, item: Item) -> ImageSize:
    size = ImageSize(stream.codec_context.height, stream.codec_context.width)
    item.trust.check("frame_pixels", size.pixels, item.name)
    if size.pixels == 0:
        raise MissingMetadataError(item.name, "frame size", "the video stream may be damaged")
    return size


def _pixel_shape(stream: VideoStream) -> Fraction:
    ratio = fraction(stream.sample_aspect_ratio)
    return ratio if Fraction(1, 4) <= ratio <= 4 else Fraction(1)
