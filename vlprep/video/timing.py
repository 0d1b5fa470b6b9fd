"""How many frames a video has, how fast they pass and how long they last.

A header's frame count is believed only when the sample index agrees with it; elsewhere the timeline
of the packets tells. How long the last frame stays is what its packet, the edit list or the whole
file's header says of it; else it is as long as the others.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

import numpy as np
from av.video.stream import VideoStream

from vlprep.errors import TruncatedFileError
from vlprep.media.orientation import TrackHeader
from vlprep.media.source import Item
from vlprep.types import CountOrigin, DisplayTimes
from vlprep.video.container import fraction
from vlprep.video.mpeg4 import may_lack_frames
from vlprep.video.promise import Promise, stated_rate
from vlprep.video.samples import sample_times
from vlprep.video.timeline import Timeline

ROUNDING_SECONDS = Fraction(1, 500)
"""Lengths are written in ticks of the whole movie, so a little less is meant to be equal."""

EVEN_SHARE = Fraction(1, 100)
"""A stated rate this near to that of the times is the rate."""

MOVING_SHARE = Fraction(1, 4)
"""Where less of a length is told by more than the header, that is said: the header may be wrong."""

_EDGE = 1000  # index entries at each end among which a single edit can hide frames


@dataclass(frozen=True, slots=True)
class Timing:
    """Count, rate and length of a video."""

    frame_count: int
    fps: Fraction | None
    duration_seconds: float | None
    start_seconds: float
    origin: CountOrigin
    warnings: tuple[str, ...] = ()
    display_times: DisplayTimes | None = None


def indexed_timing(stream: VideoStream, header: TrackHeader, item: Item) -> Timing | None:
    """Believe the header's frame count if the sample index bears it out; `None` if it does not.

    Raises `TruncatedFileError` where samples lie behind the end of the file.
    """
    frames, entries, fps = stream.frames, stream.index_entries, stated_rate(stream)
    if not frames or len(entries) != frames or fps is None:
        return None
    last = entries[frames - 1]
    if last.pos + last.size > item.file_bytes:
        present = sum(entry.pos + entry.size <= item.file_bytes for entry in entries)
        damage = TruncatedFileError(item.name, promised=frames, present=present)
        item.trust.bears(damage, lost=True)
        return None  # what is there is looked up, and told of, packet by packet
    inner = _EDGE if header.edits <= 1 else frames
    edges = chain(range(min(inner, frames)), range(max(inner, frames - _EDGE), frames))
    if any(entries[k].is_discard or not entries[k].size for k in edges):
        return None
    if may_lack_frames(stream.codec_context.name, (entry.size for entry in entries)):
        return None
    base = fraction(stream.time_base)
    reached = (last.timestamp - entries[0].timestamp) * base
    if item.found.reader == "avi" and reached * fps >= frames:  # empty slots between the frames
        return None
    length, shown = frames / fps, _edited(stream)
    if shown and abs(shown - length) > ROUNDING_SECONDS:
        return None
    timeline = _timeline(stream, item)
    if timeline is None and len(np.unique(np.diff([entry.timestamp for entry in entries]))) > 1:
        return None
    times = timeline.display_times(fps) if timeline else None
    start = float((stream.start_time or 0) * base)
    return Timing(frames, fps, float(length), start, "header", display_times=times)


def _timeline(stream: VideoStream, item: Item) -> Timeline | None:
    """Return when the frames of a plain header are displayed; `None` where it is not plain."""
    times = sample_times(item.file, stream.id, stream.frames)
    if times is None:
        return None
    decoded = np.cumsum(times.durations, dtype=np.int64) - times.durations
    pts = np.sort(decoded + times.offsets, kind="stable")
    return Timeline(len(pts), array("q", pts.tobytes()), array("q"), fraction(stream.time_base))


def _edited(stream: VideoStream) -> Fraction:
    """Return how long the edit list of MP4 and QuickTime shows a track; 0 for other containers."""
    is_edited = stream.container.format.name.startswith("mov")
    return (stream.duration or 0) * fraction(stream.time_base) * is_edited


def scanned_timing(timeline: Timeline, stream: VideoStream, item: Item) -> Timing:
    """Take count, rate and length from the packets' times."""
    count, stated = timeline.packet_count, stated_rate(stream)
    if not timeline.has_clock:
        shown = _edited(stream)  # in MP4 a rate is made of the times
        fps = count / shown if shown else stated
        seconds = float(count / fps) if fps else None
        return Timing(count, fps, seconds, 0.0, "scan", timeline.mended)
    first, last = timeline.pts[0] * timeline.time_base, timeline.pts[-1] * timeline.time_base
    even = _even_rate(stream, last - first, count)
    # Of recordings that were joined a header says nothing that holds on the clock made for them.
    promise = None if timeline.joints else Promise.of(stream, item)
    end = told = _end(timeline, first, last, even, Fraction(0))
    if promise:
        end = _end(timeline, first, last, even, promise.held_until)
    length = end - first
    # An edit list can end amid the last frame, or show it a little longer than its sample says.
    shown = _edited(stream)
    if last - first < shown <= length + length / count and abs(shown - length) > ROUNDING_SECONDS:
        length = shown
    warnings = timeline.mended + (promise.broken(first, first + length) if promise else ())
    if count > 1 and told - first < length * MOVING_SHARE:
        held = f"the last frame is on display for {float(end - last):.1f} of them"
        warnings += (f"by its header alone it lasts {float(length):.1f} s; {held}",)
    if even is not None and abs(length - count / even) * even < Fraction(1, 2):
        length = count / even
    fps = count / length if length else None
    times = timeline.display_times(fps)
    return Timing(count, fps, float(length) or None, float(first), "scan", warnings, times)


def _even_rate(stream: VideoStream, span: Fraction, count: int) -> Fraction | None:
    """Return the header's rate where the times bear it out; `None` where it says no more than they.

    Times in milliseconds blur a rate by some parts in a thousand, and a rate just below the true
    one can cost a sampled frame, so a stated rate within one per cent is the better number.
    """
    stated = stated_rate(stream)
    if stated is None or stream.container.format.name.startswith("mov"):  # an average of the times
        return None
    is_near = abs(stated * span - (count - 1)) <= (count - 1) * EVEN_SHARE
    return stated if is_near else None


def _end(
    timeline: Timeline, first: Fraction, last: Fraction, even: Fraction | None, held: Fraction
) -> Fraction:
    """Return when the last frame, which is displayed from `last` on, makes way.

    Until `held` by the header, where that says so. Else it stays as long as its packet says, or as
    the others at an even rate, or what FFmpeg makes of it.
    """
    steps = timeline.packet_count - 1
    mean = (last - first) / steps if steps else Fraction(0)
    own = timeline.last_ticks * timeline.time_base
    if even is None:
        is_guess = not timeline.last_is_stated and own < timeline.shortest_step
        return held if held > last else last + (mean if is_guess else own or mean)
    step = 1 / even
    is_own = timeline.last_is_stated and abs(own - step) > step / 10
    return max(last + (own if is_own else step), held)
