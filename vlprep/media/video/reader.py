"""Hand out the displayed frames of one open video by timestamp, decoding as little as is exact.

A seek is made only when the keyframe of the wanted frame lies ahead of the decoder, and where it
landed is checked. Frames that nothing refers to and nobody asked for are left undecoded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

import av
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from vlprep.media.video.scan import Timeline

_SKIPPING_CODECS = frozenset({"h264", "hevc"})
"""Codecs whose decoders leave unreferenced frames out exactly when told to."""


class FrameReader:
    """One stream of one open container; wanted timestamps are asked for in ascending order."""

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        timeline: Timeline,
        wanted: frozenset[int],
        *,
        skip_unwanted: bool = True,
    ) -> None:
        self._container = container
        self._stream = stream
        self._timeline = timeline
        self._wanted = wanted
        # One thread: a second one would have packets in flight when the skipping is switched.
        stream.codec_context.thread_count = 1
        exact = stream.codec_context.name in _SKIPPING_CODECS and not timeline.hides_frames
        self._skips = skip_unwanted and exact
        self._frames: Iterator[VideoFrame] | None = None
        self._before: VideoFrame | None = None
        self._ahead: VideoFrame | None = None
        self._position: int | None = None
        self.decoded = 0
        """Frames that came out of the decoder."""
        self.broken = 0
        """Packets that the decoder refused."""

    def frame_at(self, pts: int) -> VideoFrame | None:
        """Return the frame with a timestamp; where none decodes, the one displayed before it.

        `None` where there is neither.
        """
        key = self._timeline.keyframe_before(pts)
        if self._must_seek(key):
            self._show_first_packet()
            self._seek(key)
        frame = self._advance(pts)
        if frame is None and self._skips:  # a wanted frame was skipped: decode all from here on
            self._skips = False
            self._seek(key)
            frame = self._advance(pts)
        step = 1
        while frame is None and self._before is None and key:  # the seek landed behind the frame
            key, step = max(key - step, 0), step * 2
            self._seek(key)
            frame = self._advance(pts)
        return frame or self._before

    def every_frame(self) -> Iterator[VideoFrame]:
        """Decode all frames from the start, in the order in which they are displayed."""
        self._skips = False
        return self._decode()

    def _show_first_packet(self) -> None:
        """Let the decoder see the start of the stream before the first seek.

        There, and only there, x264 writes its version, by which FFmpeg's decoder knows how an old
        release meant 4:4:4 pictures; without it every pixel after a seek may differ.
        """
        if self._position is None and self._stream.codec_context.name == "h264":
            next(self._decode(), None)

    def _must_seek(self, key: int | None) -> bool:
        if self._frames is None or self._position is None:
            return key is not None and key > 0
        if key is None:
            return False
        keyframe, times = self._timeline.keyframes[key], self._timeline.pts
        ahead = bisect_left(times, keyframe) - bisect_left(times, self._position)
        # Frames already inside the decoder come out sooner than those behind a seek.
        return ahead > self._stream.codec_context.reorder_depth

    def _seek(self, key: int | None) -> None:
        """Go to a keyframe; to the very start for the first one, or where there is none."""
        times = self._timeline
        target = times.keyframes[key] if key else min(*times.keyframes[:1], *times.pts[:1], 0)
        self._container.seek(target, stream=self._stream, backward=True, any_frame=False)
        self._frames = self._before = self._ahead = self._position = None

    def _advance(self, pts: int) -> VideoFrame | None:
        """Decode up to `pts`; a frame behind it is kept for later, the one before it too."""
        if self._ahead is not None and self._ahead.pts is not None:
            if self._ahead.pts > pts:
                return None
            self._before, self._ahead = self._ahead, None
            if self._before.pts == pts:
                return self._before
        if self._frames is None:
            self._frames = self._decode()
        for frame in self._frames:
            if frame.pts is None:
                continue
            self._position = frame.pts
            if frame.pts > pts:
                self._ahead = frame
                return None
            self._before = frame
            if frame.pts == pts:
                return frame
        return None

    def _decode(self) -> Iterator[VideoFrame]:
        context = self._stream.codec_context
        for packet in self._container.demux(self._stream):
            if self._skips:
                context.skip_frame = "DEFAULT" if packet.pts in self._wanted else "NONREF"
            else:
                context.skip_frame = "DEFAULT"
            try:
                frames = packet.decode()
            except av.FFmpegError:  # one broken packet; the next may be fine
                self.broken += 1
                continue
            for frame in frames:
                self.decoded += 1
                yield frame
