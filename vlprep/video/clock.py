"""Make one even-running clock of the times that the packets of a stream state.

Times that fail are mended by rule, and each mending is told: a clock that jumps is shifted, a frame
whose time is missing or stands twice gets a place between its neighbours. Where that would be a
guess, there is no clock.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream

from vlprep.errors import DecodeError
from vlprep.media.source import Item
from vlprep.video.container import demuxed, fraction, open_video
from vlprep.video.extent import is_whole
from vlprep.video.scan import NO_TIME, PacketTable
from vlprep.video.timeline import Joint, Timeline

JUMPING = frozenset({"mpegts", "mpeg", "flv"})
"""Containers of which recordings are joined end to end, and in which frames do not pause long."""

STATING = ("mov", "matroska")
"""Containers that say how long a frame is displayed; elsewhere FFmpeg makes it up."""

PAUSE_SECONDS = 10
"""A longer step ahead is a new recording there, as it is to FFmpeg's own tools."""

BACK_SECONDS = Fraction(1, 10)
"""A longer step back in the times of decoding is a new recording."""

MANY_JOINTS = 10_000
"""A clock that jumps more often is none."""

MISSING_SHARE = 4
"""Of so many frames at most one may be without a time."""

CROWD = 64
"""A time that more frames share is none."""

NO_FURTHER = 1 << 60
"""Ticks; what lies further off could overflow."""

_NEAR = 8  # packets on each side, among which a frame without a time is displayed
_HOLE = 1.5  # usual steps that a gap must be wide to have lost a frame

_Times = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]


def set_clock(
    packets: PacketTable, stream: VideoStream, item: Item, *, by_slot: bool = False
) -> Timeline:
    """Return the timeline of a stream's packets, whose times are slots of decoding if `by_slot`.

    So they always are in AVI. Raises `DecodeError` when none of them is displayed.
    """
    if not packets.is_shown.any():
        raise DecodeError(item.name, "no frame of it is displayed")
    by_slot = by_slot or stream.container.format.name == "avi"
    clock = _Clock.of(packets, stream, item, by_slot=by_slot)
    shown = packets.is_shown
    bare = Timeline(int(shown.sum()), array("q"), array("q"), clock.time_base)
    if clock.times is None:
        return replace(bare, mended=(_NO_CLOCK,))
    times, own = clock.times, not clock.mended
    # FFmpeg takes the place that it was asked for, not that which it came to, where MXF has no end.
    seeks = own and (not stream.container.format.name.startswith("mxf") or bool(is_whole(item)))
    last = int(np.argmax(np.where(shown, times, NO_TIME)))
    return replace(
        bare,
        pts=_array(_ascending(times[shown])),
        keyframes=_array(_key_times(clock, packets) if seeks else times[:0]),
        last_ticks=int(packets.durations[last]) * clock.parts,
        last_is_stated=_states_durations(packets, stream.container.format.name),
        skips_exactly=bool(shown.all()),
        in_decoding_order=clock.in_decoding_order,
        stamps=None if own or clock.in_decoding_order else _array(times),
        joints=clock.joints,
        mended=clock.mended,
    )


def _key_times(clock: _Clock, packets: PacketTable) -> _Times:
    """Return when keyframes are displayed, ascending."""
    assert clock.times is not None
    times, told = clock.times, packets.pts[packets.is_shown]
    if clock.in_decoding_order and NO_TIME not in told:
        # FFmpeg makes times up for AVI: of no use as such, but in the order of display.
        places = np.argsort(np.argsort(told, kind="stable"), kind="stable")
        times = times.copy()
        times[packets.is_shown] = np.sort(times[packets.is_shown])[places]
    return np.sort(times[packets.is_key & (times != NO_TIME)])


def _states_durations(packets: PacketTable, container: str) -> bool:
    """Whether how long frames are displayed is said of each; what is said of all is a default."""
    return container.startswith(STATING) and bool(np.ptp(packets.durations[packets.is_shown]))


_NO_CLOCK = "its frames have no times that can be used; the rate of the header is taken for all"


@dataclass(frozen=True, slots=True, eq=False)
class _Clock:
    """The times of display of all packets, on their way to a timeline."""

    times: _Times | None
    """`NO_TIME` for those that need none; `None` where there is no clock."""
    time_base: Fraction
    in_decoding_order: bool
    parts: int = 1
    """Ticks that each tick of the file was cut into."""
    joints: tuple[Joint, ...] = ()
    mended: tuple[str, ...] = ()

    @classmethod
    def of(cls, packets: PacketTable, stream: VideoStream, item: Item, *, by_slot: bool) -> _Clock:
        """Return the packets' own times, mended where they fail."""
        time_base = fraction(stream.time_base)
        if not all(map(_is_near, (packets.pts, packets.dts))):
            return cls(None, time_base, in_decoding_order=False)
        if by_slot:
            slots = _slots(packets, stream.codec_context.reorder_depth)
            clock = cls(slots, time_base, in_decoding_order=True)
        else:
            clock = cls(packets.pts, time_base, in_decoding_order=False)
            clock = _joined(clock, packets, _starts(packets, stream, item))
        return _told_apart(_placed(clock, packets.is_shown), packets.is_shown)


def _is_near(times: _Times) -> bool:
    """Whether all times are so near to 0 that they can be reckoned with."""
    return bool((abs(times[times != NO_TIME]) < NO_FURTHER).all())


def _slots(packets: PacketTable, delay: int) -> _Times:
    """Return the slots in which frames come out of a decoder that holds `delay` of them.

    The place of a packet among all slots, empty ones counted, is when it goes in. Time starts with
    the first.
    """
    dts = packets.dts
    if NO_TIME in dts:
        return dts
    behind = dts[-1] + _usual_step(packets) * np.arange(1, min(delay, len(dts)) + 1)
    late: _Times = np.append(dts[delay:], behind)
    late += dts[0] - late[0]
    return late


# One recording after the other.


def _starts(packets: PacketTable, stream: VideoStream, item: Item) -> npt.NDArray[np.intp]:
    """Return which packets start another recording: those at which the clock jumps."""
    dts, jumps = packets.dts, stream.container.format.name in JUMPING
    if jumps:  # none is later than display but where FFmpeg makes it up at a joint
        dts = np.where(packets.pts == NO_TIME, dts, np.minimum(dts, packets.pts))
    known = np.flatnonzero(dts != NO_TIME)
    steps = np.diff(dts[known]) * float(fraction(stream.time_base))
    behind = known[1:]
    back = behind[steps < -float(BACK_SECONDS)]
    if jumps:
        ahead = behind[steps > PAUSE_SECONDS]
        return np.union1d(back, ahead[~_are_pauses(ahead, dts, packets, stream, item)])
    # Elsewhere FFmpeg makes times of decoding up; but a keyframe comes behind all that was before.
    before = np.maximum.accumulate(packets.pts)
    is_start = packets.is_key[back] & (packets.pts[back] < before[back])
    return back[is_start]


def _are_pauses(
    ahead: npt.NDArray[np.intp], dts: _Times, packets: PacketTable, stream: VideoStream, item: Item
) -> _Flags:
    """Return at which steps ahead the same recording goes on.

    There a frame from behind the step is decoded before it, or sound is heard amid it, unless it
    leaps as well and what is amid comes elsewhere in the file, as in segments in a wrong order.
    """
    base, pauses = float(fraction(stream.time_base)), np.zeros(len(ahead), bool)
    if len(ahead) > MANY_JOINTS:
        return pauses
    sound = _sound_times(item) if ahead.size and stream.container.streams.audio else np.zeros(0)
    leaps = np.flatnonzero(np.diff(sound) > PAUSE_SECONDS / 2)[:MANY_JOINTS]
    leaves, lands, heard = sound[leaps], sound[leaps + 1], np.sort(sound)
    for place, packet in enumerate(ahead.tolist()):
        near = slice(max(packet - 2 * _NEAR, 0), packet)
        start = max(int(packets.pts[near].max()), int(dts[near].max())) * base
        end = int(dts[packet]) * base
        first, last = start + (end - start) / 4, end - (end - start) / 4
        is_heard = np.ptp(np.searchsorted(heard, (first, last))) > 0
        goes_on = is_heard and not ((leaves <= first) & (lands >= last)).any()
        pauses[place] = end - start <= PAUSE_SECONDS or goes_on
    return pauses


def _sound_times(item: Item) -> npt.NDArray[np.float64]:
    """Return the seconds of all packets of sound, in the order of the file."""
    with open_video(item) as container:
        packets = demuxed(container, container.streams.audio[0], item)
        told = (float(p.pts * fraction(p.time_base)) for p in packets if p.pts is not None)
        return np.fromiter(told, np.float64)


def _joined(clock: _Clock, packets: PacketTable, starts: npt.NDArray[np.intp]) -> _Clock:
    """Shift each recording behind the one before."""
    if not starts.size or clock.times is None:
        return clock
    if len(starts) > MANY_JOINTS:
        return replace(clock, times=None)
    times, end, joints = clock.times.copy(), None, []
    step = _usual_step(packets)
    for first, stop in pairwise((0, *starts.tolist(), len(times))):
        part = times[first:stop]
        seen = part[packets.is_shown[first:stop] & (part != NO_TIME)]
        if not seen.size:
            continue
        start = int(seen.min())
        shift = 0 if end is None else end - start
        if abs(shift) > NO_FURTHER:
            return replace(clock, times=None)
        part[part != NO_TIME] += shift
        end = int(seen.max()) + shift + step
        joints.append(Joint(float(start * clock.time_base), float(shift * clock.time_base)))
    what = f"its clock jumps ({len(joints) - 1}x); what follows is shown after what was before"
    return replace(clock, times=times, joints=tuple(joints[1:]), mended=(what,))


def _usual_step(packets: PacketTable) -> int:
    """Return the ticks from a frame to the next."""
    durations = packets.durations[packets.durations > 0]
    if durations.size:
        return int(np.median(durations))
    steps = np.diff(np.sort(packets.pts[packets.is_shown & (packets.pts != NO_TIME)]))
    return int(np.median(steps)) if steps.size else 0


# Frames without a time.


def _placed(clock: _Clock, shown: _Flags) -> _Clock:
    """Give each displayed frame without a time a place between its neighbours."""
    times = clock.times
    if times is None or not clock.time_base:
        return replace(clock, times=None)
    places = np.flatnonzero(shown)
    missing = times[places] == NO_TIME
    lost = int(missing.sum())
    if not lost:
        return clock
    if lost * MISSING_SHARE > len(places):
        return replace(clock, times=None)
    found = _between(times[places], missing)
    if found is None:
        return replace(clock, times=None)
    times = times.copy()
    times[places] = found
    what = f"{lost} of {len(places)} frames have no time; each is shown between its neighbours"
    return replace(clock, times=times, mended=(*clock.mended, what))


def _between(times: _Times, missing: _Flags) -> _Times | None:
    """Fill in the times of frames in the order of the file; `None` where a place is a guess."""
    (holes,), (known,) = np.nonzero(missing), np.nonzero(~missing)
    if (np.diff(times[known]) >= 0).all():  # displayed in the order of the file
        step = np.diff(times[known]).mean() if len(known) > 1 else 0
        filled = times.copy()
        inner = np.interp(holes, known, times[known])
        early, late = np.minimum(holes - known[0], 0), np.maximum(holes - known[-1], 0)
        filled[holes] = np.rint(inner + (early + late) * step)
        return filled
    filled, first_ones = times.copy(), np.sort(times[known])[: 2 * _NEAR]
    early = _run(holes) if _widest(first_ones) is None else 0
    # Right behind the first keyframe: displayed before it, which Matroska cannot say.
    step = int(np.median(np.diff(first_ones)))
    filled[holes[:early]] = first_ones[0] - step * np.arange(early, 0, -1)
    for hole in holes[early:].tolist():
        near = filled[max(hole - _NEAR, 0) : hole + _NEAR + 1]
        around = np.sort(near[near != NO_TIME])
        widest = _widest(around)
        if widest is None:
            return None
        filled[hole] = (int(around[widest]) + int(around[widest + 1])) // 2
    return filled


def _run(holes: npt.NDArray[np.intp]) -> int:
    """Return how many frames without a time follow the first one of a file."""
    return int((holes == np.arange(1, len(holes) + 1)).cumprod().sum())


def _widest(times: _Times) -> int | None:
    """Return behind which of these times a frame is missing; `None` where it is not clear."""
    gaps = np.diff(times)
    if not gaps.size or gaps.max() < _HOLE * np.median(gaps):
        return None
    return int(np.argmax(gaps))


# Times that stand more than once.


def _told_apart(clock: _Clock, shown: _Flags) -> _Clock:
    """Spread frames that share a time over the step to the next one; finer ticks make room."""
    if clock.times is None:
        return clock
    times = clock.times[shown]
    order = np.argsort(times, kind="stable")
    values, sizes = np.unique(times, return_counts=True)
    crowd = int(sizes.max())
    if crowd == 1:
        return clock
    if crowd > CROWD or len(values) < 2 or abs(values).max() > NO_FURTHER // crowd:
        return replace(clock, times=None)
    steps = np.append(np.diff(values), int(np.median(np.diff(values))))
    which = np.repeat(np.arange(len(values)), sizes)
    turn = np.arange(len(times)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    spread = values[which] * crowd + steps[which] * crowd * turn // sizes[which]
    apart = np.where(clock.times == NO_TIME, NO_TIME, clock.times * crowd)
    apart[np.flatnonzero(shown)[order]] = spread
    shared = int((sizes - 1).sum())
    what = f"{shared} of {len(times)} frames share the time of another; they are shown in between"
    return replace(
        clock,
        times=apart,
        time_base=clock.time_base / crowd,
        parts=crowd,
        mended=(*clock.mended, what),
    )


def _ascending(times: _Times) -> _Times:
    """Sort times; faster than NumPy's own way where few are out of place."""
    return np.sort(times, kind="stable")


def _array(times: _Times) -> array[int]:
    return array("q", times.tobytes())
