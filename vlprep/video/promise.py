"""What a container's header promises, and whether the file is all there."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO, NamedTuple

import av
from av.video.stream import VideoStream

from vlprep.media.mp4 import boxes
from vlprep.media.source import Item
from vlprep.video.container import demuxed, fraction, open_video

MAX_RATE = 1000
"""Frame rates from here on are clock ticks that a header took for frames."""

SHORT_SHARE = Fraction(9, 10)
"""A file that may be cut off or not is suspected if it holds less than this of what it promises."""

SHORT_SECONDS = Fraction(1, 10)
"""A file that is known to be cut off has lost something if this much is missing."""

PROMISING = frozenset({"mov", "matroska", "flv"})
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
        return cls(item, stream, _promised_end(stream, item), _is_whole(item))

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
        if self.end is None or self.is_whole:
            return ()
        if self.is_whole is None:
            first = min(first, _start(self.stream))
            if end - first >= self.end * SHORT_SHARE:
                return ()
            end = max(end, self._end_of_others()) - first
            if end >= self.end * SHORT_SHARE:
                return ()
        if end >= self.end - SHORT_SECONDS:
            return ()
        return (
            f"the header promises {float(self.end):.1f} s but the video ends at "
            f"{float(end):.1f} s; the file may be cut off",
        )

    def _end_of_others(self) -> Fraction:
        """Read when the sound and all else ends; pictures may end before."""
        last = Fraction(0)
        with open_video(self.item) as container:
            for packet in demuxed(container, None, self.item):
                if packet.stream.index != self.stream.index and packet.pts is not None:
                    end = (packet.pts + (packet.duration or 0)) * fraction(packet.time_base)
                    last = max(last, end)
        return last


_TAG = "DURATION"  # of a track, as FFmpeg and mkvmerge write it to Matroska


def _start(stream: VideoStream) -> Fraction:
    container: Any = stream.container
    return Fraction(container.start_time or 0, av.time_base)


def _promised_end(stream: VideoStream, item: Item) -> Fraction | None:
    if item.found.reader == "avi":  # FFmpeg puts what is there in place of the header's length
        rate = stated_rate(stream)
        return stream.frames / rate if rate and stream.frames else None
    if item.found.reader == "asf":  # which FFmpeg does not tell where the file is cut off
        return _asf_header(item.file).end
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


# Whether a file is as long as it says: RIFF (AVI 1.0 and OpenDML), EBML (RFC 8794) and Matroska
# (RFC 9559), ASF (3.2), FLV 10.1 (annex E).


def _is_whole(item: Item) -> bool | None:
    check = _CHECKS.get(item.found.reader)
    if check is None:
        return None
    before = item.file.tell()
    try:
        return check(item.file, item.file_bytes)
    except (struct.error, IndexError):
        return None
    finally:
        item.file.seek(before)


def _read(file: BinaryIO, start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length)


def _whole_avi(file: BinaryIO, file_bytes: int) -> bool | None:
    end = 0
    while end + 8 <= file_bytes:
        name, size = struct.unpack("<4sI", _read(file, end, 8))
        if name != b"RIFF":
            break
        if size == 0:  # a recording that was never finished
            return None
        end += 8 + size
    return end <= file_bytes


def _whole_matroska(file: BinaryIO, file_bytes: int) -> bool | None:
    head = _read(file, 0, 64)
    size, used = _ebml_number(head[4:])
    start = 4 + used + (size or 0)
    head = _read(file, start, 16)
    if head[:4] != b"\x18\x53\x80\x67":
        return None
    size, used = _ebml_number(head[4:])
    return None if size is None else start + 4 + used + size <= file_bytes


def _ebml_number(data: bytes) -> tuple[int | None, int]:
    """Return a number of variable length, `None` for "unknown", and how many bytes it takes."""
    width = 9 - data[0].bit_length()
    bits = 7 * width
    value = int.from_bytes(data[:width], "big") & ((1 << bits) - 1)
    return (None if value == (1 << bits) - 1 else value), width


class _AsfHeader(NamedTuple):
    file_bytes: int = 0
    end: Fraction | None = None
    """Second at which it ends, by its own clock."""


def _asf_header(file: BinaryIO) -> _AsfHeader:
    """Read the file properties of ASF; nothing where there are none, or those of a live stream."""
    head = _read(file, 0, 4096)
    place = head.find(_ASF_FILE_PROPERTIES)
    if place < 0 or len(head) < place + 92:
        return _AsfHeader()
    size, played, ahead, flags = struct.unpack_from("<Q16xQ8xQI", head, place + 40)
    if flags & 1:
        return _AsfHeader()
    end = Fraction(played, 10_000_000) - Fraction(ahead, 1000)
    return _AsfHeader(size, end if end > 0 else None)


_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")


def _whole_asf(file: BinaryIO, file_bytes: int) -> bool | None:
    size = _asf_header(file).file_bytes
    return size <= file_bytes if size else None


def _whole_flv(file: BinaryIO, file_bytes: int) -> bool | None:
    """Say whether the file ends with a whole tag, behind which its length stands."""
    (length,) = struct.unpack(">I", _read(file, file_bytes - 4, 4))
    start = file_bytes - 4 - length
    if length < 11 or start < 9:
        return False
    kind, *size = _read(file, start, 4)
    return kind & 0x1F in (8, 9, 18) and int.from_bytes(bytes(size), "big") == length - 11


def _whole_mp4(file: BinaryIO, file_bytes: int) -> bool | None:
    """Say whether the last box breaks off; if not, fragments may be missing behind it."""
    ends = [0]
    with suppress(EOFError):  # behind the last box there is nothing
        ends.extend(end for _, end in boxes(file, _NOWHERE, 0))
    return False if file_bytes < ends[-1] < _NOWHERE else None


_NOWHERE = 1 << 62  # where a box ends that says to reach to the end of the file


_CHECKS: dict[str, Callable[[BinaryIO, int], bool | None]] = {
    "avi": _whole_avi,
    "matroska": _whole_matroska,
    "asf": _whole_asf,
    "flv": _whole_flv,
    "mov": _whole_mp4,
}
