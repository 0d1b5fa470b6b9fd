"""What a container's header promises, and whether the file is all there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.video.stream import VideoStream

from vlprep.errors import DecodeError
from vlprep.media.source import Item
from vlprep.video.container import demuxed, fraction, open_video
from vlprep.video.extent import asf_header, is_whole

MAX_RATE = 1000
"""Frame rates from here on are clock ticks that a header took for frames."""

SHORT_SHARE = Fraction(9, 10)
"""A file that may be cut off or not is suspected if it holds less than this of what it promises."""

SHORT_SECONDS = Fraction(1, 10)
"""A file that is known to be cut off has lost something if this much is missing."""

PROMISING = frozenset({"mov", "matroska", "flv", "mxf"})
"""Readers of containers whose header says how long they are; of others FFmpeg looks at the end."""


def stated_rate(stream: VideoStream) -> Fraction | None:
    """Return a header's rate if it can be one."""
    rate = fraction(stream.average_rate)
    return rate if 0 < rate < MAX_RATE else None


@dataclass(frozen=True, slots=True)
class Promise:
    """How long a file is by its header."""

    item: Item
    stream: VideoStream
    end: Fraction | None
    """Second at which the last of its streams ends, on the clock of the packets."""
    is_whole: bool | None
    """Whether the file is as long as its structure says; `None` where it says nothing."""

    @classmethod
    def of(cls, stream: VideoStream, item: Item) -> Promise:
        """Read what a file's header promises; leaves the file where it was."""
        return cls(item, stream, _promised_end(stream, item), is_whole(item))

    @property
    def held_until(self) -> Fraction:
        """Second until which the last frame stays; 0 where the header does not say.

        A length of the whole file is that of the video only where there is nothing else.
        """
        if not self.is_whole or self.end is None:
            return Fraction(0)
        if self.item.found.reader == "avi" or len(self.stream.container.streams) == 1:
            return self.end
        tags = self.stream.metadata.items()
        return _clock_seconds(next((text for name, text in tags if name.startswith(_TAG)), ""))

    def broken(self, first: Fraction, end: Fraction) -> tuple[str, ...]:
        """Warn where the file holds less, its video being displayed from `first` to `end`."""
        problem = "" if self.is_whole else self._missing(first, end)
        return self.item.trust.bears(DecodeError(self.item.name, problem)) if problem else ()

    def _missing(self, first: Fraction, end: Fraction) -> str:
        """Say what a file lacks of which it is not known that it is whole; "" for nothing."""
        breaks = _NO_END if self.is_whole is False else ""
        if self.end is None:
            return breaks
        if self.is_whole is None:
            start = min(first, _start(self.stream))
            if self._reaches(start, end):
                return ""
            end = max(end, self._end_of_others())
            if self._reaches(start, end):
                return ""
            end -= start
        if end < self.end - SHORT_SECONDS:
            found = f"the header promises {float(self.end):.1f} s but the video ends at"
            return f"{found} {float(end):.1f} s; the file may be cut off"
        # Fragments promise what is there of them; elsewhere what is lost may be behind the frames.
        return breaks if self.item.found.reader == "mov" else ""

    def _reaches(self, start: Fraction, end: Fraction) -> bool:
        """Whether what is displayed from `start` to `end` is about what was promised.

        Headers say how long it is, or when it ends on a clock that starts late, as fragments do.
        """
        promised = self.end or Fraction(0)
        length = end if start < promised else end - start
        return length >= promised * SHORT_SHARE

    def _end_of_others(self) -> Fraction:
        """Read when the sound and all else ends; pictures may end before."""
        last = Fraction(0)
        with open_video(self.item) as container:
            for packet in demuxed(container, None, self.item):
                if packet.stream.index != self.stream.index and packet.pts is not None:
                    end = (packet.pts + (packet.duration or 0)) * fraction(packet.time_base)
                    last = max(last, end)
        return last


_NO_END = "the video has no end in the file, which may be cut off"
_TAG = "DURATION"  # of a track, as FFmpeg and mkvmerge write it to Matroska


def _start(stream: VideoStream) -> Fraction:
    container: Any = stream.container
    return Fraction(container.start_time or 0, av.time_base)


def _promised_end(stream: VideoStream, item: Item) -> Fraction | None:
    if item.found.reader == "avi":  # FFmpeg puts what is there in place of the header's length
        rate = stated_rate(stream)
        return stream.frames / rate if rate and stream.frames else None
    if item.found.reader == "asf":  # which FFmpeg does not tell where the file is cut off
        return asf_header(item.file).end
    container: Any = stream.container
    if item.found.reader not in PROMISING or not container.duration:
        return None
    return Fraction(container.duration, av.time_base)


def _clock_seconds(text: str) -> Fraction:
    """Return the seconds of a time such as "00:00:06.967000000"; 0 for anything else."""
    found = _CLOCK.match(text)
    if found is None:
        return Fraction(0)
    hours, minutes, seconds = found.groups()
    return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)


_CLOCK = re.compile(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d{1,9})?)", re.ASCII)
