"""A video's timeline, from the header of an MP4 or QuickTime file where that is beyond doubt.

FFmpeg's reader turns such a header into an index: of every sample the decoding time after the edit
list, the place in the file, and whether it is a keyframe or hidden. Only the time of display is
missing, and the header's own table has it. So nothing of the frames themselves is read, but for the
first few packets, which must be what the index says, and the first bytes of H.264 keyframes. Where
anything differs, or in other containers, all packets are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from operator import attrgetter
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from av.stream import Stream
from av.video.stream import VideoStream

from vlprep.media.source import Item
from vlprep.video.clock import set_clock
from vlprep.video.container import VideoPacket
from vlprep.video.h264 import FieldPairs, is_keyframe_at
from vlprep.video.keyframes import LOOKED_AT, key_test
from vlprep.video.mpeg4 import may_lack_frames
from vlprep.video.nal import length_width
from vlprep.video.samples import SampleTimes, sample_times
from vlprep.video.scan import PacketTable, scan_packets
from vlprep.video.start import (
    comes_out_of_order,
    from_first_shown,
    may_be_fields,
    may_reorder,
)
from vlprep.video.timeline import Timeline

PROOF = 16
"""Packets at the start of a file that must be what its index says."""

_CODECS = frozenset({"h264", "hevc", "mpeg4", "mjpeg", "prores"})
"""Codecs of which every packet is a displayed frame, and a keyframe where the index says so.

Of others FFmpeg's reader asks the packet instead, which may disagree; so it does of H.264, whose
keyframes are looked into for that reason, as are those of MPEG-4, of which nobody asks them.
"""

_KEYFRAME, _HIDDEN = 0x1, 0x2  # AVINDEX_KEYFRAME, AVINDEX_DISCARD_FRAME
_FIELDS = ("timestamp", "flags", "size", "pos")
_ROW = np.dtype([("timestamp", "i8"), ("flags", "i4"), ("size", "i4"), ("pos", "i8")])
_Index = npt.NDArray[np.void]


def read_timeline(packets: Iterator[VideoPacket], stream: VideoStream, item: Item) -> Timeline:
    """Return the timeline of a stream, without reading all packets where possible.

    `packets` are those of the stream from the first one on. Keyframes that an MP4 header leaves out
    are not found without reading the packets; FFmpeg would not seek to them either. Raises the
    errors of `scan_packets`, `set_clock` and `FrameReader`.
    """
    packets = (packet for packet in packets if packet.size)  # a header may call nothing a frame
    head, table = list(islice(packets, PROOF)), None
    if item.found.reader == "mov" and stream.codec_context.name in _CODECS:
        table = _from_index(head, stream, item)
    if table is None:
        table = scan_packets(chain(head, packets), stream, item)
    clock = partial(set_clock, stream=stream, item=item)
    may_be_slots = may_reorder(stream) and np.array_equal(table.pts, table.dts)
    if may_be_slots and comes_out_of_order(clock(table), item):
        clock = partial(clock, by_slot=True)
    return from_first_shown(table, clock, head, stream, item)


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """The samples of a stream in the order of decoding."""

    index: _Index
    pts: npt.NDArray[np.int64]
    durations: npt.NDArray[np.int32]

    def are(self, flag: int) -> npt.NDArray[np.bool_]:
        """Return for each sample whether it has a flag."""
        flagged: npt.NDArray[np.bool_] = (self.index["flags"] & flag) != 0
        return flagged

    def packets(self) -> PacketTable:
        """Return what the packets would say."""
        return PacketTable(
            pts=self.pts,
            dts=self.index["timestamp"],
            durations=self.durations.astype(np.int64),
            is_key=self.are(_KEYFRAME),
            is_shown=~self.are(_HIDDEN),
        )


def _from_index(head: Sequence[VideoPacket], stream: VideoStream, item: Item) -> PacketTable | None:
    samples = len(stream.index_entries)
    # A tiny file can speak of millions of samples.
    if not 0 < samples <= min(item.trust.limits.frames, item.file_bytes):
        return None
    times = sample_times(item.file, stream.id, samples)
    index = _index(stream, item.file_bytes) if times else None
    if times is None or index is None:
        return None
    if may_lack_frames(stream.codec_context.name, index["size"]):
        return None
    table = _displayed(index, times, head)
    if table is None or not _agrees(table, head) or not _keys_are_keys(table, stream, item):
        return None
    if may_be_fields(stream) and not _are_frames(table, head, stream):
        return None
    return table.packets() if _others_are_whole(stream, item) else None


def _others_are_whole(stream: VideoStream, item: Item) -> bool:
    """Whether no other stream is cut off, at which reading the packets would end early."""
    others = (other for other in stream.container.streams if other.index != stream.index)
    return all(_index(other, item.file_bytes) is not None for other in others)


def _index(stream: Stream, file_bytes: int) -> _Index | None:
    """Return the index of a stream; `None` unless every sample lies inside of the file."""
    entries = stream.index_entries
    if len(entries) > file_bytes:  # see above
        return None
    rows = map(attrgetter(*_FIELDS), map(entries.__getitem__, range(len(entries))))
    index = np.fromiter(rows, _ROW, len(entries))
    positions, sizes = index["pos"], index["size"].astype(np.int64)
    # FFmpeg keeps 30 bits of a size, so an absurd one comes out below 0.
    inside = (positions >= 0) & (sizes >= 0) & (positions <= file_bytes - sizes)
    return index if inside.all() else None


def _displayed(index: _Index, times: SampleTimes, head: Sequence[VideoPacket]) -> _Table | None:
    """Add the times of display to an index; `None` where index and header contradict each other."""
    decoded = index["timestamp"]
    if index["size"].min() < 1 or not -_FAR < decoded.min() <= decoded.max() < _FAR:
        return None
    # Decoding times stand still until the first frame that an edit list shows.
    start = int(np.argmin(index["flags"] & _HIDDEN))
    if not np.array_equal(np.diff(decoded[start:]), times.durations[start:-1]):
        return None
    # FFmpeg sets all decoding back by the most negative offset that it minds.
    first = next((packet.pts for packet in head if packet.pts is not None), 0)
    shift = first - int(decoded[0]) - int(times.offsets[0])
    if not 0 <= shift <= max(0, -int(times.offsets.min())):
        return None
    pts = (decoded + shift + times.offsets).astype(np.int64, copy=False)
    return _Table(index, pts, times.durations)


_FAR = 1 << 60  # ticks; what lies further off could overflow


def _agrees(table: _Table, head: Sequence[VideoPacket]) -> bool:
    """Whether the first packets are what the table says of them."""
    if len(head) != min(PROOF, len(table.index)):
        return False
    return all(_is_row(table, row, packet) for row, packet in enumerate(head))


def _is_row(table: _Table, row: int, packet: VideoPacket) -> bool:
    entry = table.index[row]
    told = (entry["pos"], entry["size"], entry["timestamp"], table.pts[row], table.durations[row])
    read = (packet.pos, packet.size, packet.dts, packet.pts, packet.duration)
    if told != read or packet.has_sidedata("encryption_info"):
        return False
    flags = _KEYFRAME * packet.is_keyframe | _HIDDEN * packet.is_discard
    return bool(entry["flags"] & (_KEYFRAME | _HIDDEN) == flags)


def _are_frames(table: _Table, head: Sequence[VideoPacket], stream: VideoStream) -> bool:
    """Whether all packets last as long as the first ones, none of which is a second field."""
    pairs = FieldPairs(stream.codec_context.extradata)
    is_even = len(np.unique(table.durations[:-1])) < 2
    return is_even and not any(pairs.is_second(packet) for packet in head)


MANY_KEYS = 8
"""Of so many samples at most one may be a keyframe that is looked into, beyond the first hundred.

Where most frames are keyframes, looking into them takes as long as reading all packets.
"""


def _keys_are_keys(table: _Table, stream: VideoStream, item: Item) -> bool:
    codec, keys = stream.codec_context.name, _places(table)
    test = key_test(codec)
    if codec != "h264" and test is None:
        return True
    width = length_width(stream.codec_context.extradata)
    if len(keys) > max(100, len(table.index) // MANY_KEYS) or not (test or width):
        return False
    item.expect(position for position, _ in keys)
    before = item.file.tell()
    try:
        if test is not None:
            return all(test(_beginning(item.file, *key)) for key in keys)
        return all(is_keyframe_at(item.file, *key, width) for key in keys)
    finally:
        item.file.seek(before)


def _places(table: _Table) -> list[tuple[int, int]]:
    """Return where the keyframes lie in the file, and their lengths."""
    keys: Any = table.index[table.are(_KEYFRAME)]
    return list(zip(keys["pos"].tolist(), keys["size"].tolist(), strict=True))


def _beginning(file: BinaryIO, position: int, size: int) -> bytes:
    file.seek(position)
    return file.read(min(size, LOOKED_AT))
