"""Write frames as an H.264 video in an MP4: the one form that every service and player takes.

The only place that writes video. Colours are BT.709 of limited range, and say so. Two passes go
through x264's own statistics file, because one pass alone misses a number of bytes by a tenth.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from errno import EIO
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av import VideoFrame
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream

from vlprep.media.picture import Pixels
from vlprep.types import ImageSize
from vlprep.video.container import VideoPacket
from vlprep.video.sound import SoundCopy, sound_copy, write_errors

PRESET = "medium"
"""How hard x264 tries; slower ones save little at a few hundred frames."""

FRAME_BYTES, FILE_BYTES = 12, 2500
"""What an MP4 needs beside the pictures: for each frame, and for itself."""

LEAST_FRAME_BYTES, LEAST_FILE_BYTES = 18, 1200
"""What it takes at the very least, all included: no two frames that differ take so few."""

TICK = Fraction(1, 90_000)
"""Seconds of the unit in which times of an uneven rate are written; that of transport streams."""

_PASS_FLAGS = {1: 1 << 9, 2: 1 << 10}  # AV_CODEC_FLAG_PASS1, AV_CODEC_FLAG_PASS2
_SCALING = int(Interpolation.BICUBIC | Interpolation.ACCURATE_RND)  # rounds exactly
_BT709 = 1  # the number that H.273 gives its primaries, its curve and its matrix alike


@dataclass(frozen=True, slots=True)
class ClipShape:
    """What every frame of a video has in common."""

    size: ImageSize
    """Size of the frames; both sides are even."""
    rate: Fraction
    """Frames per second."""
    pixel_aspect: Fraction = Fraction(1)
    """Width of a pixel over its height."""
    ticks: tuple[int, ...] = ()
    """When each frame shows, then when the last one ends, in units of `TICK`; empty if evenly."""

    @property
    def tick(self) -> Fraction:
        """Seconds of the unit that its frames' times are in."""
        return TICK if self.ticks else 1 / self.rate

    def start(self, number: int) -> int:
        """Return when a frame shows, or the one before it ends."""
        return self.ticks[number] if self.ticks else number


@dataclass(frozen=True, slots=True)
class Quality:
    """As many bytes as a quality takes."""

    crf: float
    """x264's constant rate factor; 18 looks like the source, 28 is visibly worse."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One of two passes to a number of bytes."""

    number: int
    """1 measures and writes nothing but `stats`; 2 encodes, and may be repeated at other rates."""
    bit_rate: int
    """Bits per second; x264 takes whole thousands."""
    stats: Path
    """x264's notes of the first pass; another file of that name with `.mbtree` lies beside it."""


class BitRateTooLow(Exception):  # noqa: N818 (the second pass's answer, not a failure)
    """x264 knows from the first pass that a bit rate cannot be reached."""


def encode_video(
    path: Path,
    frames: Iterable[Pixels],
    shape: ClipShape,
    control: Quality | Pass,
    sound: Path | None = None,
) -> int:
    """Write frames, RGB of height x width x 3, to a new MP4 and return how many there were.

    The index stands in front of the data. `sound` is a file whose sound goes in as it is. A first
    pass writes nothing to `path`.

    Raises `BitRateTooLow` in a second pass, `ValueError` for frames of another size, and the errors
    of `write_errors`.
    """
    if not (isinstance(control, Pass) and control.number == 1):
        return _encode(path, "mp4", frames, shape, control, sound)
    try:
        count = _encode(Path(os.devnull), "null", frames, shape, control, None)
    except OSError as error:
        raise _stats_error(control) from error  # all that x264 can fail at once it is open
    with control.stats.open("rb") as notes:
        if sum(1 for _ in notes) <= count:  # a line for each frame, and one for x264's settings
            raise _stats_error(control)
    return count


def _stats_error(control: Pass) -> OSError:
    return OSError(EIO, "x264's notes cannot be written; is the disk full?", str(control.stats))


class _UnopenedError(Exception):
    """The encoder did not open; its context cannot be opened again."""


def _encode(
    path: Path,
    muxer: str,
    frames: Iterable[Pixels],
    shape: ClipShape,
    control: Quality | Pass,
    sound: Path | None,
) -> int:
    how = (path, muxer, frames, shape, control, sound)
    try:
        return _encode_with(0, *how)  # as many threads as the encoder likes
    except _UnopenedError:  # the system may have no more of them; no frame has been taken yet
        return _encode_with(1, *how)


def _encode_with(
    threads: int,
    path: Path,
    muxer: str,
    frames: Iterable[Pixels],
    shape: ClipShape,
    control: Quality | Pass,
    sound: Path | None,
) -> int:
    options = {"movflags": "+faststart"} if muxer == "mp4" else {}
    with write_errors(path), av.open(str(path), "w", format=muxer, options=options) as output:
        stream = _add_stream(output, shape, control)
        _open_encoder(stream, control, threads)
        if sound is None:
            return _write(output, stream, frames, shape, None)
        with sound_copy(sound, output) as copy:
            return _write(output, stream, frames, shape, copy)


def _add_stream(output: OutputContainer, shape: ClipShape, control: Quality | Pass) -> VideoStream:
    options = {"preset": PRESET, "profile": "high"}
    if isinstance(control, Quality):
        options["crf"] = f"{control.crf:g}"
    else:
        options["stats"] = str(control.stats)
    stream = output.add_stream("libx264", rate=_nominal(shape), options=options)
    context: Any = stream.codec_context
    if shape.ticks:  # an MP4's length is that of its decoding, which runs apart with B-frames
        context.max_b_frames = 0
    context.height, context.width = shape.size
    context.pix_fmt = "yuv420p"
    context.time_base = shape.tick
    context.sample_aspect_ratio = shape.pixel_aspect
    context.color_range = ColorRange.MPEG
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    if isinstance(control, Pass):
        context.bit_rate = control.bit_rate
        context.flags |= _PASS_FLAGS[control.number]
    return stream


def _nominal(shape: ClipShape) -> Fraction:
    return shape.rate.limit_denominator(1000) if shape.ticks else shape.rate


def _open_encoder(stream: VideoStream, control: Quality | Pass, threads: int) -> None:
    stream.codec_context.thread_count = threads
    try:
        stream.codec_context.open()
    except av.error.ExternalError as error:
        if threads != 1:
            raise _UnopenedError from error
        if isinstance(control, Pass) and control.number == 2:
            raise BitRateTooLow(f"{control.bit_rate} bits per second") from error
        raise


def _write(
    output: OutputContainer,
    stream: VideoStream,
    frames: Iterable[Pixels],
    shape: ClipShape,
    sound: SoundCopy | None,
) -> int:
    count, lasting = 0, dict[int | None, int]()
    for count, frame in enumerate(_coloured(frames, shape), 1):
        frame.pts, frame.time_base = shape.start(count - 1), shape.tick
        if shape.ticks:
            lasting[frame.pts] = shape.start(count) - frame.pts
        _mux(output, stream.encode(frame), lasting)
        if sound is not None:
            sound.copy_until(float(shape.start(count) * shape.tick))
    _mux(output, stream.encode(None), lasting)
    if sound is not None:
        sound.copy_until(None)
    return count


def _mux(
    output: OutputContainer, packets: list[VideoPacket], lasting: Mapping[int | None, int]
) -> None:
    """Write packets, with how long they show where the encoder cannot know it."""
    for packet in packets:
        packet.duration = lasting.get(packet.pts, packet.duration)
        output.mux(packet)


def _coloured(frames: Iterable[Pixels], shape: ClipShape) -> Iterator[VideoFrame]:
    reformatter = VideoReformatter()  # one for all frames: each keeps megabytes of its own
    for picture in frames:
        if picture.shape != (*shape.size, 3):
            raise ValueError(f"a frame of {picture.shape}, not {(*shape.size, 3)}")
        frame = reformatter.reformat(
            VideoFrame.from_ndarray(picture, format="rgb24"),
            format="yuv420p",
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            dst_colorspace=Colorspace.ITU709,
            interpolation=_SCALING,
            threads=1,
        )
        frame.color_range = ColorRange.MPEG
        frame.colorspace = frame.color_primaries = frame.color_trc = _BT709
        yield frame
