"""Hand out the displayed frames of one video by timestamp, decoding as little as is exact.

A seek is made only when the keyframe of the wanted frame lies ahead of the decoder, and where it
landed is checked. What no wanted frame is made from is left undecoded, as far as headers tell.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Literal, Self

import av
from av import Packet, VideoFrame

from vlprep.media.source import Item
from vlprep.media.waiting import Wait
from vlprep.video.av1 import Trimmer
from vlprep.video.container import (
    AV_ERRORS,
    FIELD_ORDERS,
    VideoPacket,
    decoder_of,
    demuxed,
    open_stream,
    opens,
    unreadable,
)
from vlprep.video.keyframes import from_keyframe, is_looked_into
from vlprep.video.scan import NO_TIME
from vlprep.video.timeline import Timeline

_SKIPPING_CODECS = frozenset({"h264", "hevc"})
"""Codecs whose decoders leave unreferenced frames out exactly when told to.

Several threads are told so too: FFmpeg hands the word on with each packet.
"""


class FrameReader:
    """The frames of one video; wanted timestamps are asked for in ascending order.

    It opens the file for itself and closes it; use it in a `with` statement.
    """

    def __init__(
        self,
        item: Item,
        timeline: Timeline,
        wanted: Sequence[int],
        *,
        threads: int = 1,
        skip_unwanted: bool = True,
        trimmer: Trimmer | None = None,
    ) -> None:
        self._item = item
        self._timeline = timeline
        self._wanted = wanted
        self._wanted_set = frozenset(wanted)
        self._wait = Wait(item)
        self._skips = self._may_empty = skip_unwanted and timeline.skips_exactly
        self._empty_after: int | None = None
        self._threads = threads
        self._trimmer = trimmer
        self._opened = ExitStack()
        self.decoded = 0
        """Frames that came out of the decoder."""

    def __enter__(self) -> Self:
        self._open()
        # Of two fields that come one by one, the second would be taken for an unwanted frame.
        whole = self._stream.codec_context.field_order not in FIELD_ORDERS
        if not whole or (self._codec not in _SKIPPING_CODECS and self._trimmer is None):
            self._skips = self._may_empty = False
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.close()

    def _open(self) -> None:
        """Open the file, or open it anew, to read from its very start.

        There a seek may be refused, or lead to a keyframe that an edit list hides.
        """
        self._opened.close()
        opened = self._opened.enter_context(open_stream(self._item, self._wait))
        self._container, self._stream, _ = opened
        self._decoder = decoder_of(self._stream, self._item, self._threads)
        self._codec = self._decoder.name
        self._opens = opens(self._decoder, self._item)
        self._skipping: Literal["DEFAULT", "NONREF"] = "DEFAULT"
        self._is_new = True
        self._forget()

    def _forget(self) -> None:
        self._frames: Iterator[VideoFrame] | None = None
        self._before: VideoFrame | None = None
        self._ahead: deque[VideoFrame] = deque()
        self._position: int | None = None
        self._emptied = self._has_sought = self._met_damage = False
        self._farthest: int | None = None
        self._reach: dict[int, int] = {}

    def frame_at(self, pts: int) -> VideoFrame | None:
        """Return the frame with a timestamp; where none decodes, the one displayed before it.

        `None` where there is neither. Raises `TimeLimitError` when it takes too long.
        """
        self._wait.begin()
        frame = self._find(pts)
        if self._threads > 1 and not self._is_sure(frame, pts):
            self._threads, self._skips = 1, self._may_empty
            self._open()
            frame = self._find(pts)
        return frame

    def _find(self, pts: int) -> VideoFrame | None:
        key = self._timeline.keyframe_before(pts)
        self._empty_after = pts if self._may_empty and self._seeks_after(pts, key) else None
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

    def _is_sure(self, frame: VideoFrame | None, pts: int) -> bool:
        """Whether a frame that several threads decoded is certainly whole.

        What FFmpeg makes of damage depends on its threads, and on chance; so one thread decides. A
        picture that the frame refers to may be displayed after it: all that was sent before the
        frame has to come out first.
        """
        if frame is None or frame.pts != pts:
            return False
        reach = self._reach.pop(pts, pts)
        while not self._met_damage and (self._position or pts) < reach:
            following = self._next_out()
            if following is None:
                break
            self._ahead.append(following)
        return not self._met_damage

    def every_frame(self) -> Iterator[VideoFrame]:
        """Decode all frames from the start, in the order in which they are displayed."""
        self._skips = False
        for frame in self._decode():
            yield frame
            self._wait.begin()

    def _show_first_packet(self) -> None:
        """Let the decoder see the start of the stream before the first seek.

        There, and only there, x264 writes its version, by which FFmpeg's decoder knows how an old
        release meant 4:4:4 pictures; without it every pixel after a seek may differ.
        """
        if self._is_new and self._opens and self._codec == "h264":
            first = next(demuxed(self._container, self._stream, self._item), None)
            if first is not None:
                self._frames_of(first)

    def _must_seek(self, key: int | None) -> bool:
        if self._emptied:
            return True
        if self._frames is None or self._position is None:
            return key is not None and key > 0
        if key is None:
            return False
        keyframe = self._timeline.keyframe_number(key)
        ahead = keyframe - bisect_left(self._timeline.pts, self._position)
        # Frames already inside the decoder come out sooner than those behind a seek.
        return ahead > self._decoder.reorder_depth + self._threads - 1

    def _seeks_after(self, pts: int, key: int | None) -> bool:
        """Whether the wanted frame after this one, if there is any, has a keyframe of its own."""
        following = bisect_right(self._wanted, pts)
        if following == len(self._wanted):
            return True
        return self._timeline.keyframe_before(self._wanted[following]) != key

    def _seek(self, key: int | None) -> None:
        """Go to a keyframe; to the very start for the first one, or where there is none."""
        if not key:
            self._open()
            return
        try:
            self._container.seek(
                self._timeline.keyframes[key], stream=self._stream, backward=True, any_frame=False
            )
            self._decoder.flush_buffers()  # seeking does it for the stream's own decoder only
        except AV_ERRORS as error:
            if isinstance(error, MemoryError):
                raise unreadable(self._item, error) from error
            self._open()
            return
        self._forget()
        self._has_sought = True

    def _advance(self, pts: int) -> VideoFrame | None:
        """Decode up to `pts`; a frame behind it is kept for later, the one before it too."""
        while (frame := self._ahead.popleft() if self._ahead else self._next_out()) is not None:
            if frame.pts is not None and frame.pts > pts:
                self._ahead.appendleft(frame)
                return None
            self._before = frame
            if frame.pts == pts:
                return frame
        return None

    def _next_out(self) -> VideoFrame | None:
        """Return the next frame with a timestamp that comes out of the decoder."""
        if self._frames is None:
            self._frames = self._decode()
        for frame in self._frames:
            if frame.pts is not None:
                self._position = frame.pts
                self._met_damage |= frame.is_corrupt
                return frame
        return None

    def _decode(self) -> Iterator[VideoFrame]:
        self._is_new = False
        for packet in self._packets() if self._opens else ():
            needed = self._needed(packet)
            frames = [] if needed is None else self._frames_of(needed)
            self._wait.check()
            if packet.pts is not None and packet.pts == self._empty_after:
                # All that the frame needs is inside; what follows would only push it out.
                frames += self._frames_of(None)
                self._emptied = True
            for frame in frames:
                self.decoded += 1
                yield frame
            if self._emptied:
                return

    def _packets(self) -> Iterator[VideoPacket]:
        """Yield the packets from here on, with the times of the timeline where it has others."""
        stamps = iter(self._timeline.stamps or ())
        packets = demuxed(self._container, self._stream, self._item)
        if self._has_sought and is_looked_into(self._stream):
            packets = from_keyframe(packets)
        for packet in packets:
            if packet.size and (stamp := next(stamps, None)) is not None:
                packet.pts = None if stamp == NO_TIME else stamp
            yield packet

    def _frames_of(self, packet: VideoPacket | None) -> list[VideoFrame]:
        """Decode a packet, or with `None` what is left inside; nothing where it is broken."""
        try:
            return self._decoder.decode(packet)
        except AV_ERRORS as error:
            if isinstance(error, MemoryError) or not isinstance(error, av.FFmpegError):
                raise unreadable(self._item, error) from error
            self._met_damage = True
            return []  # the next may be fine

    def _needed(self, packet: VideoPacket) -> VideoPacket | None:
        """Return what the decoder is given of a packet, told what to leave out of it."""
        is_wanted = packet.pts in self._wanted_set
        if packet.pts is not None and self._threads > 1:
            self._farthest = max(packet.pts, self._farthest or packet.pts)
            if is_wanted:
                self._reach[packet.pts] = self._farthest
        if self._trimmer is None:
            self._leave_out("NONREF" if self._skips and not is_wanted else "DEFAULT")
        elif self._skips and packet.pts is not None:
            needed = self._trimmer.trimmed(memoryview(packet), packet.pts)
            if len(needed) < packet.size:
                return _with_content(packet, needed) if needed else None
        return packet

    def _leave_out(self, skipping: Literal["DEFAULT", "NONREF"]) -> None:
        """Tell the decoder whether to leave packets out to which nothing refers."""
        if skipping != self._skipping:  # each switch has its price
            self._decoder.skip_frame = self._skipping = skipping


def _with_content(packet: VideoPacket, content: bytes | memoryview) -> VideoPacket:
    made: Any = Packet(bytes(content))
    made.pts, made.dts, made.time_base = packet.pts, packet.dts, packet.time_base
    return made  # type: ignore[no-any-return]
