"""The sound of a video: whether there is any, and as AAC of few bytes for a video written anew."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EIO
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av import AudioFrame, Packet
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

from vlprep.errors import VlprepError
from vlprep.media.source import Item
from vlprep.video.clock import BACK_SECONDS, JUMPING, PAUSE_SECONDS
from vlprep.video.container import demuxed, open_video, opens
from vlprep.video.decode import scan_clip
from vlprep.video.timeline import Joint

_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


def has_sound(item: Item) -> bool:
    """Say whether a video has sound that can be decoded.

    Raises the errors of `open_video`.
    """
    with open_video(item) as container:
        return _chosen(container) is not None


def sound_seconds(item: Item) -> float:
    """Return how long the sound of a video lasts by its header; 0 where that does not say.

    Raises the errors of `open_video`.
    """
    with open_video(item) as container:
        stream = _chosen(container)
        if stream is None:
            return 0.0
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        return float((container.duration or 0) / av.time_base)


def write_sound(
    path: Path,
    item: Item,
    *,
    bit_rate: int,
    start_seconds: float,
    seconds: float | None = None,
) -> int:
    """Write a video's sound as AAC, mono, to a new MP4 and return its length in bytes.

    `bit_rate` is in bits per second. `start_seconds` is the time stamp of the first displayed
    frame; sound from before it, and from `seconds` after it on, is left out. A packet that is
    damaged is skipped; where none can be decoded the length is 0.

    Raises the errors of `open_video` and `write_errors`.
    """
    encoder: Any = None
    with write_errors(path), av.open(str(path), "w", format="mp4") as output:
        for frame in _frames(item, start_seconds, seconds):
            if encoder is None:
                rate = frame.sample_rate if frame.sample_rate in _AAC_RATES else 48000
                encoder = output.add_stream("aac", rate=rate, layout="mono")
                encoder.bit_rate = bit_rate
            with suppress(ValueError):  # the layout changes amid the stream
                output.mux(encoder.encode(frame))
        if encoder is not None:
            output.mux(encoder.encode(None))
    return path.stat().st_size if encoder is not None else 0


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Raise an `OSError` that names `path`, for a full disk and for what else goes wrong.

    PyAV's own errors are of many classes, some of which only look like the system's.
    """
    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, OSError) and error.errno:
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise OSError(EIO, f"the encoder failed: {error.strerror}", str(path)) from error


def _chosen(container: InputContainer) -> AudioStream | None:
    streams = [stream for stream in container.streams.audio if stream.codec_context is not None]
    return min(streams, key=lambda stream: (not stream.disposition & 1, stream.index), default=None)


def _frames(item: Item, start_seconds: float, seconds: float | None) -> Iterator[AudioFrame]:
    """Decode the sound, on a clock that starts at `start_seconds` and never runs backwards."""
    reached, clock = 0, _SoundClock(item)
    with open_video(item) as container:
        stream = _chosen(container)
        if stream is None or not opens(stream.codec_context, item):
            return
        for packet in demuxed(container, stream, item):
            for frame in _decoded(packet):
                rate = frame.sample_rate
                heard = clock.seconds(frame)
                time = reached / rate if heard is None else heard - start_seconds
                if time + frame.samples / rate <= 0:
                    continue
                if seconds is not None and time >= seconds:
                    return
                reached = max(reached, round(time * rate))
                frame.pts, frame.time_base = reached, Fraction(1, rate)
                reached += frame.samples
                yield frame


class _SoundClock:
    """Where recordings were joined, shifts the sound of each as its pictures are shifted."""

    def __init__(self, item: Item) -> None:
        self._item = item
        self._end = 0.0
        self._shift = 0.0
        self._joints: deque[Joint] | None = None

    def seconds(self, frame: AudioFrame) -> float | None:
        """Return when a frame is heard, on the clock of the pictures."""
        if frame.time is None:
            return None
        ahead = frame.time - self._end
        jumps = ahead > PAUSE_SECONDS and self._item.found.reader in JUMPING
        if self._end and (jumps or ahead < -BACK_SECONDS):
            self._shift = self._shift_from(frame.time)
        self._end = frame.time + frame.samples / frame.sample_rate
        return frame.time + self._shift

    def _shift_from(self, time: float) -> float:
        """Return the shift of the recording in which a jump ends; a pause is of the one before."""
        if self._joints is None:
            self._joints = deque(scan_clip(self._item).timeline.joints)
        goes_back, joint = time < self._end, next(iter(self._joints), None)
        if joint and (goes_back or self._end < joint.start_seconds <= time + PAUSE_SECONDS):
            return self._joints.popleft().shift_seconds
        return self._shift + self._end - time if goes_back else self._shift


def _decoded(packet: Any) -> list[AudioFrame]:
    try:
        frames: list[AudioFrame] = packet.decode()
    except av.FFmpegError:
        return []
    return frames


@contextmanager
def sound_copy(path: Path, output: OutputContainer) -> Iterator[SoundCopy]:
    """Open a file whose sound is copied into another; raises `VlprepError` where it has none."""
    with av.open(str(path), "r", format="mp4") as container:
        source = next(iter(container.streams.audio), None)
        if source is None:
            raise VlprepError(f"{path.name}: has no sound to copy")
        yield SoundCopy(container.demux(source), output, output.add_stream_from_template(source))


class SoundCopy:
    """Copies the sound of one file into another, packet by packet, along with its pictures."""

    def __init__(
        self, packets: Iterator[Packet[AudioStream]], output: OutputContainer, stream: AudioStream
    ) -> None:
        self._packets, self._output, self._stream = packets, output, stream
        self._next = next(packets, None)

    def copy_until(self, seconds: float | None) -> None:
        """Copy what is heard before `seconds` from the start; `None` is all that is left."""
        while (packet := self._next) is not None:
            self._next = None
            if packet.pts is None:  # the end of the file
                return
            if seconds is not None and packet.pts * packet.time_base > seconds:
                self._next = packet
                return
            packet.stream = self._stream
            self._output.mux(packet)
            self._next = next(self._packets, None)
