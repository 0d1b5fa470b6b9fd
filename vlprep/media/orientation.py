"""How a video asks for its picture to be turned, read from its header.

FFmpeg's readers hand a turn out only with a decoded frame; both containers that have one keep it
near the start in a few plain numbers: the matrix of an MP4 or QuickTime track header, the pose of a
Matroska projection. With it comes how many edits an MP4 track has, because only edits can hide
frames that the index lists, and what its samples are called, because FFmpeg knows only some of the
ways to say that they are encrypted. What an image says of its turn is in `metadata`.
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from vlprep.media import mp4
from vlprep.media.mp4 import read_exactly

MAX_ELEMENTS = mp4.MAX_BOXES
"""Boxes or elements that are looked at before a header is given up as endless."""


@dataclass(frozen=True, slots=True)
class TrackHeader:
    """What a track's header says beyond what FFmpeg's readers pass on."""

    rotation: int = 0
    """Clockwise turn of the display: 0, 90, 180 or 270 degrees, after any mirroring."""
    mirrored: bool = False
    """Whether display mirrors the picture left to right first."""
    edits: int = 0
    """Entries of the track's edit list; 0 where there is none."""
    locked: bool = False
    """Whether the track is said to be encrypted."""
    codings: tuple[bytes, ...] = ()
    """What an MP4 track's descriptions of samples are called, such as `avc1`."""


def track_headers(file: BinaryIO, reader: str) -> dict[int, TrackHeader]:
    """Return the headers of a file's tracks: by track number (MP4) or position (Matroska).

    These are the `id` and the `index` that FFmpeg gives the stream. `reader` is its name of the
    container; others have no such headers. What is damaged or cut off is left out: the reader
    that decodes the file says what is wrong with it.
    """
    file.seek(0)
    try:
        if reader == "mov":
            return dict(_mp4_tracks(file))
        if reader == "matroska":
            return dict(_matroska_tracks(file))
    except (EOFError, IndexError, struct.error):
        pass
    return {}


def _mp4_tracks(file: BinaryIO) -> Iterator[tuple[int, TrackHeader]]:
    for track in mp4.tracks(file):
        turn, locked = _turn_of(track.matrix), track.locked
        yield track.number, TrackHeader(*turn, track.edits, locked, track.codings)


def _turn_of(matrix: mp4.Matrix) -> tuple[int, bool]:
    a, b, c, d = matrix
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    return round(math.degrees(math.atan2(b, a)) / 90) * 90 % 360, mirrored


# Matroska: elements of (identifier, length, content), both numbers of variable width.

_SEGMENT, _CLUSTER, _TRACKS, _TRACK = 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE
_VIDEO, _PROJECTION, _FORM, _ROLL, _YAW = 0xE0, 0x7670, 0x7671, 0x7675, 0x7673


def _matroska_tracks(file: BinaryIO) -> Iterator[tuple[int, TrackHeader]]:
    file_end = file.seek(0, io.SEEK_END)
    file.seek(0)
    tracks = _descend(file, file_end, (_SEGMENT, _TRACKS, _TRACK))
    for index, track_end in enumerate(tracks):
        pose, is_flat = {_ROLL: 0.0, _YAW: 0.0}, True
        for projection_end in _descend(file, track_end, (_VIDEO, _PROJECTION)):
            for kind, end in _elements(file, projection_end):
                if kind in pose:
                    pose[kind] = _float(read_exactly(file, end - file.tell()))
                elif kind == _FORM:
                    is_flat = not any(read_exactly(file, min(end - file.tell(), 8)))
        if not is_flat:  # a sphere or a cube, into which one looks
            pose = dict.fromkeys(pose, 0.0)
        # The roll counts counter-clockwise; a yaw of half a turn is how a mirror image is stored.
        yield index, TrackHeader(round(-pose[_ROLL] / 90) * 90 % 360, abs(pose[_YAW]) > 90)


def _descend(file: BinaryIO, end: int, path: tuple[int, ...]) -> Iterator[int]:
    """Yield the end of each element that lies at `path`, with the file at its content."""
    for kind, element_end in _elements(file, end):
        if kind == path[0] and len(path) == 1:
            yield element_end
        elif kind == path[0]:
            yield from _descend(file, element_end, path[1:])


def _elements(file: BinaryIO, end: int) -> Iterator[tuple[int, int]]:
    """Yield (identifier, end) of each element up to `end` or the first cluster of frames."""
    position = file.tell()
    for _ in range(MAX_ELEMENTS):
        if position + 2 > end:
            return
        file.seek(position)
        kind = _variable_number(file, keep_marker=True)
        length = _variable_number(file, keep_marker=False)
        if kind == _CLUSTER:
            return
        element_end = end if length < 0 else min(file.tell() + length, end)
        yield kind, element_end
        position = element_end


def _variable_number(file: BinaryIO, *, keep_marker: bool) -> int:
    """Read a number whose first byte tells its width; -1 stands for an unknown length."""
    first = read_exactly(file, 1)[0]
    width = 9 - first.bit_length()
    value = int.from_bytes(bytes([first]) + read_exactly(file, min(width, 8) - 1), "big")
    if keep_marker:
        return value
    value -= 1 << (7 * width)
    return -1 if value == (1 << (7 * width)) - 1 else value


def _float(content: bytes) -> float:
    formats = {4: ">f", 8: ">d"}
    value = struct.unpack(formats[len(content)], content)[0] if len(content) in formats else 0.0
    return value if math.isfinite(value) else 0.0
