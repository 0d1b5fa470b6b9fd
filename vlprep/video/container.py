"""Open a video with the one demuxer its content calls for, and choose the stream that is watched.

FFmpeg reads what is open already and may open nothing itself, so that a playlist in disguise leads
nowhere and a file that takes the place of another is not noticed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from typing import Any, TypeAlias

import av
from av import CodecContext, Packet
from av.container import InputContainer
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from vlprep.errors import (
    AudioOnlyError,
    DecodeError,
    MemoryLimitError,
    UnknownCodecError,
    UnsupportedFormatError,
    VlprepError,
)
from vlprep.media.orientation import TrackHeader
from vlprep.media.source import Item
from vlprep.media.traits import Traits
from vlprep.media.waiting import AwaitedReader, Wait
from vlprep.types import ImageSize, Transfer
from vlprep.video.extent import content_end
from vlprep.video.h264_settings import only_sequence
from vlprep.video.keyframes import has_transparency, is_looked_into, mend_keyframe

HDR_CURVES: dict[int, Transfer] = {16: "PQ", 18: "HLG"}
"""Numbers that H.273 gives the curves of SMPTE ST 2084 and ARIB STD-B67."""

FIELD_ORDERS = (2, 3, 4, 5)
"""FFmpeg's field orders of interlaced video: which field comes first in the file and on screen."""

READ_BYTES = 131_072
"""What FFmpeg asks for at once; with four times less, reading through Python can be felt."""

VideoPacket: TypeAlias = "Packet[VideoStream]"

_ATTACHED_PICTURE = 0x400  # AV_DISPOSITION_ATTACHED_PIC: cover art
_DEFAULT = 0x1  # AV_DISPOSITION_DEFAULT


_UNPROBED = {"probesize": "32", "analyzeduration": "1", "fpsprobesize": "0", "skip_frame": "all"}
"""Options with which FFmpeg decodes nothing in order to learn what a header does not say."""

_PATIENT = {"probesize": "50000000", "analyzeduration": "3600000000"}
"""Options with which it looks for the first picture for longer than a few seconds."""


@contextmanager
def open_video(
    item: Item, *, probes: bool = True, patient: bool = False, wait: Wait | None = None
) -> Iterator[InputContainer]:
    """Open a container with the one demuxer for its content, over a reader of its own; closes both.

    Raises `DecodeError` for what the demuxer refuses, and `TimeLimitError` when a `wait` is over.
    """
    options = {
        "format_whitelist": item.found.reader,
        "protocol_whitelist": "none",
        "max_pixels": str(item.trust.limits.frame_pixels),
        **({} if probes else _UNPROBED),
        **(_PATIENT if patient else {}),
    }
    with item.reader(content_end(item)) as reader:
        with av_errors(item):
            container = av.open(
                AwaitedReader(reader, wait) if wait else reader,
                mode="r",
                options=options,
                buffer_size=READ_BYTES,
                **_TOLERANT,
            )
        with container:
            yield container


def demuxed(container: InputContainer, stream: Stream | None, item: Item) -> Iterator[Packet[Any]]:
    """Yield the packets of a stream, or of all, marked as keyframes only where they are.

    Raises `DecodeError` for what cannot be demuxed.
    """
    looks = isinstance(stream, VideoStream) and is_looked_into(stream)
    with av_errors(item):
        moves = True
        while moves:
            moves = False
            try:
                for packet in container.demux(stream):
                    moves |= packet.size > 0
                    if looks:
                        mend_keyframe(packet)
                    yield packet
            except av.error.BlockingIOError as error:  # junk behind the last packet
                if not moves:
                    raise
                item.trust.bears(
                    DecodeError(item.name, f"behind its last packet: {error.strerror}")
                )
                return
            except IndexError:  # for a stream that turns up behind the header; what follows is fine
                if not moves:
                    raise
            else:
                return


@contextmanager
def av_errors(item: Item) -> Iterator[None]:
    """Raise `DecodeError` for what PyAV raises on hostile bytes; encloses its calls, nothing else.

    Raises `MemoryLimitError` where memory runs out, or a header asks for more than there can be.
    """
    try:
        yield
    except AV_ERRORS as error:
        raise unreadable(item, error) from error


AV_ERRORS = (
    av.FFmpegError,
    IndexError,  # a stream that turns up behind the header, again and again
    MemoryError,
    *(RuntimeError, ValueError),  # what PyAV finds out by itself, such as an unknown codec
)
"""Classes of PyAV's errors, as mutated files brought them forth; none of them is the disk's."""


def unreadable(item: Item, error: Exception) -> VlprepError:
    """Return the error for one of `AV_ERRORS`."""
    if isinstance(error, MemoryError):
        return MemoryLimitError(item.name, item.size)
    if isinstance(error, av.error.PatchWelcomeError | NotImplementedError):
        problem = f"a kind of {item.found.name} or of its codec that FFmpeg does not decode"
        return UnsupportedFormatError(item.name, problem, format=item.found.name)
    reason = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
    hint = "; the index (moov) may be missing" if item.found.reader == "mov" else ""
    return DecodeError(item.name, f"cannot be read as {item.found.name}: {reason}{hint}")


# Titles in other encodings than UTF-8 must not stop a file from opening; PyAV 19 never minds them.
_TOLERANT: dict[str, Any] = (
    {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
)


def choose_stream(container: InputContainer, item: Item) -> tuple[VideoStream, tuple[str, ...]]:
    """Take the stream marked as default, else the first; cover pictures are none.

    The second value is what there is to say about it. Raises `AudioOnlyError`,
    `UnknownCodecError` and `DecodeError` where no stream can be watched.
    """
    streams = [s for s in container.streams.video if not s.disposition & _ATTACHED_PICTURE]
    if not streams:
        covers = bool(container.streams.video)
        if container.streams.audio or covers:
            raise AudioOnlyError(item.name, format=item.found.name, has_cover=covers)
        raise DecodeError(item.name, f"{item.found.name} without a video stream")
    chosen = min(streams, key=lambda s: (not s.disposition & _DEFAULT, s.index))
    if chosen.codec_context is None:
        raise UnknownCodecError(item.name, format=item.found.name, codec=None)
    if len(streams) == 1:
        return chosen, ()
    return chosen, (f"{len(streams)} video streams; stream {chosen.index} is counted",)


OpenStream: TypeAlias = tuple[InputContainer, VideoStream, tuple[str, ...]]
"""A container, its stream that is watched, and what there is to say of that choice."""


@contextmanager
def open_header(item: Item, wait: Wait) -> Iterator[OpenStream]:
    """Open a video without decoding any of it, else as `open_stream` does."""
    with open_video(item, probes=False, wait=wait) as container:
        yield container, *choose_stream(container, item)


@contextmanager
def open_stream(item: Item, wait: Wait) -> Iterator[OpenStream]:
    """Open a video and choose its stream, of which the last says what `choose_stream` does.

    A first time FFmpeg decodes what it needs to know the pictures, where the header of an MP4 does
    not tell; where it tells the same, FFmpeg does not do so again. Closes the video, and raises the
    errors of `open_video` and `choose_stream`.
    """
    if item.found.reader == "mov":  # in others times of packets may hang on it
        with open_header(item, wait) as (container, stream, warnings):
            known = item.traits = item.traits or _told_traits(stream)
            if known and _traits(stream, known.pixel_bits) == known:
                yield container, stream, warnings
                return
    with ExitStack() as opened:
        container = opened.enter_context(open_video(item, wait=wait))
        stream, warnings = choose_stream(container, item)
        if not stream.codec_context.width:  # pictures may come long after the sound
            container = opened.enter_context(open_video(item, patient=True, wait=wait))
            stream, warnings = choose_stream(container, item)
        form = stream.codec_context.format
        item.traits = _traits(stream, form.padded_bits_per_pixel if form else 12)  # as of most
        yield container, stream, warnings


def _told_traits(stream: VideoStream) -> Traits | None:
    """Return what decoding goes by where the settings of H.264 in a header say it."""
    context = stream.codec_context
    told = only_sequence(context.extradata) if context.name == "h264" else None
    if told is None or told.may_have_fields or told.reordered != context.reorder_depth:
        return None
    traits = _traits(stream, told.pixel_bits)
    return traits if traits.size == told.size else None


def _traits(stream: VideoStream, pixel_bits: int) -> Traits:
    context = stream.codec_context
    size = ImageSize(context.height, context.width)
    return Traits(context.reorder_depth, context.field_order, context.profile, size, pixel_bits)


def fraction(ratio: Any) -> Fraction:
    """Return one of PyAV's ratios as Python's own; 0 where it is unset.

    PyAV 18 has fractions and `None`; PyAV 19 has a class of its own, where 0/0 and 1/0 are unset.
    """
    return Fraction(ratio.numerator, ratio.denominator) if ratio else Fraction(0)


def decoder_of(stream: VideoStream, item: Item, threads: int = 1) -> VideoCodecContext:
    """Return the decoder for a stream, with limits set and not yet open.

    It is the stream's own, but for files that carry transparency beside VP8 or VP9, which FFmpeg's
    own decoders leave out and libvpx's do not.
    """
    context: Any = stream.codec_context
    if has_transparency(stream):
        with av_errors(item):
            context = CodecContext.create(_ALPHA_DECODERS[context.name], "r")
            context.extradata = stream.codec_context.extradata
    # Sizes can change amid a stream, long after its header was looked at; where it is the header's
    # that is over the limit, a decoder opens without one and refuses picture by picture.
    most = item.trust.limits.frame_pixels
    context.options = {"max_pixels": str(most)}
    if context.width * context.height > most:
        context.width = context.height = 0
    context.thread_count = threads
    if threads > 1:
        context.thread_type = "AUTO"  # frames side by side where the codec can, else their parts
        # Damage must be told when its turn comes; a mark on the picture may come too late.
        context.options |= {"err_detect": "explode"}
    decoder: VideoCodecContext = context
    return decoder


def opens(decoder: CodecContext, item: Item) -> bool:
    """Open a decoder and say whether it would; one that refused must not be used again.

    PyAV 18 opens it anew for each packet. PyAV 19 has lost the codec: decoding raises a plain
    `ValueError`, and asking for its name is a segmentation fault.
    """
    try:
        decoder.open(strict=False)
    except av.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise unreadable(item, error) from error
        return False
    return True


_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def header_of(stream: VideoStream, headers: Mapping[int, TrackHeader], item: Item) -> TrackHeader:
    """Return the track header that belongs to a stream; a plain one where there is none."""
    track = stream.id if item.found.reader == "mov" else stream.index
    return headers.get(track, TrackHeader())
