"""Decoded frames against a decode of every frame: which ones, and every pixel of them."""

from __future__ import annotations

import io
import os
import re
import threading
from contextlib import contextmanager
from errno import EIO
from itertools import product

import av
import numpy as np
import pytest

from tests.media.video.test_probe import clip
from tests.places import FIXTURES, REAL_MEDIA
from vlprep.media import source
from vlprep.media.source import open_item
from vlprep.media.video import decode
from vlprep.media.video.container import choose_stream, decoder_of, open_video
from vlprep.media.video.decode import DecodePlan, damaged_ends, decode_frames, scan_clip
from vlprep.media.video.paint import Look, Painter
from vlprep.types import ImageSize

LOOK = Look(ImageSize(96, 128))

GOOD = [
    "street.mp4", "clip.mp4", "clip.mov", "hevc.mp4", "av1.mp4", "vp9.webm", "street.mkv",
    "mpeg4.avi", "h264.avi", "clip.flv", "clip.wmv", "clip.ts", "vfr.mp4", "ntsc.mp4",
    "edit_list.mp4", "late_start.mp4", "subsecond.mp4", "one_frame.mp4", "two_frames.mp4",
    "fragmented.mp4", "no_duration.webm", "odd_sides.mp4", "anamorphic.mp4",
    "video_with_audio.mp4", "two_streams.mp4", "truncated.webm", "false_times.mp4",
    "mirror.mov", "rotate_90.mov", "mirror_270.mov", "rotate_90.mkv",
    "clip.mpg", "vfr.mkv", "open_gop.mp4", "open_gop_hevc.mp4", "gop250.mp4", "hidden_altref.webm",
    "resolution_change.ts", "interlaced.mp4", "interlaced.ts", "bt601_limited.mp4",
    "bt601_full.mp4", "bt709_limited.mp4", "bt709_full.mp4", "untagged.mp4", "mjpeg.avi",
    "ten_bit.mp4", "hdr_pq.mp4", "hdr_hlg.mp4", "alpha_vp8.webm", "alpha_vp9.webm",
    "alpha_prores.mov", "cover_art.mp4",
]  # fmt: skip

REAL = sorted(
    path.name
    for path in (REAL_MEDIA / "video").glob("*")
    # Left out: what is no video, what is broken, and six minutes that take a minute to decode.
    if path.suffix not in (".mp3", ".gif") and not re.search("corrupted|long_1080p", path.name)
)


@contextmanager
def scanned(path):
    with open_item(path) as item:
        yield scan_clip(item)


def every_frame(clip):
    """Decode a whole clip the plain way: one container, one thread, no seek, nothing skipped."""
    painter, images = Painter(LOOK, clip.header, clip.item), []
    with open_video(clip.item) as container:
        stream, _ = choose_stream(container, clip.item)
        decoder = decoder_of(stream, clip.item)
        for packet in container.demux(stream):
            try:
                images += [(frame.pts, painter.paint(frame)) for frame in decoder.decode(packet)]
            except av.FFmpegError:
                continue
    return images


def check_exact(path, ways):
    """Compare for each way: every how many frames, with how many threads, skipping or not."""
    with scanned(path) as clip:
        truth = every_frame(clip)
        by_pts = dict(truth)
        for step, threads, skip in ways:
            numbers = tuple(range(0, clip.timeline.packet_count, step))
            plan = DecodePlan(clip, LOOK, numbers, skip_unwanted=skip, threads=threads)
            frames = list(decode_frames(plan))
            assert tuple(frame.number for frame in frames) == numbers
            for frame in frames:
                assert not frame.substituted
                if clip.timeline.has_clock:
                    expected = by_pts[clip.timeline.pts[frame.number]]
                else:
                    expected = truth[frame.number][1]
                assert np.array_equal(frame.image, expected), (step, threads, skip)


@pytest.mark.parametrize("name", GOOD)
def test_frames_equal_those_of_a_whole_decode(name):
    check_exact(FIXTURES / name, list(product((1, 7, 29), (1, 4), (True, False))))


@pytest.mark.parametrize("name", REAL)
def test_frames_of_real_files_equal_those_of_a_whole_decode(name):
    check_exact(REAL_MEDIA / "video" / name, [(31, 1, True), (31, 4, True), (211, 4, False)])


@pytest.mark.parametrize("threads", [1, 4])
def test_a_broken_frame_is_replaced_by_the_one_before_and_said(threads):
    with scanned(FIXTURES / "corrupted.mp4") as clip:
        plan = DecodePlan(clip, LOOK, tuple(range(60)), threads=threads)
        frames = list(decode_frames(plan))
    assert [frame.number for frame in frames] == list(range(60))
    replaced = [frame.number for frame in frames if frame.substituted]
    assert 0 < len(replaced) < 30
    assert all(number < 30 for number in replaced)  # the key frame at 30 starts anew


@pytest.mark.parametrize(
    ("damaged", "told"),
    [((), ()), ((0,), ("first",)), ((1, 18), ()), ((19,), ("last",)), ((0, 19), ("first", "last"))],
)
def test_the_ends_that_are_damaged_are_told(damaged, told):
    data = bytearray(clip("mp4", [40 * k for k in range(20)], key_frames_every=1))
    with av.open(io.BytesIO(data)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    for number in damaged:
        packet = packets[number]
        data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    with open_item(bytes(data)) as item:
        assert damaged_ends(item) == told


def test_what_cannot_be_decoded_at_all_gives_no_frames():
    with scanned(FIXTURES / "encrypted.mp4") as clip:
        assert list(decode_frames(DecodePlan(clip, LOOK, (0, 30), threads=1))) == []


@pytest.mark.parametrize("threads", [1, 4])
def test_closing_early_ends_threads_and_closes_files(threads):
    before = threading.active_count()
    with scanned(FIXTURES / "street.mp4") as clip:
        frames = decode_frames(DecodePlan(clip, LOOK, tuple(range(300)), threads=threads))
        assert next(frames).number == 0
        frames.close()
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("threads", "processors", "more"),
    [(1, 8, 0), (2, 1, 2), (3, 8, 3), (None, 1, 0), (None, 3, 3)],
)
def test_as_many_readers_decode_as_threads_are_asked_for(threads, processors, more, monkeypatch):
    monkeypatch.setattr(decode, "usable_cores", lambda: processors)
    before = threading.active_count()
    with scanned(FIXTURES / "street.mp4") as clip:
        look = Look(ImageSize(1080, 1920))  # so large that not all frames find room to wait
        frames = decode_frames(DecodePlan(clip, look, tuple(range(300)), threads=threads))
        next(frames)
        assert threading.active_count() == before + more
        frames.close()


@pytest.mark.parametrize("threads", [1, 4])
def test_a_disk_that_fails_is_the_system_s_error_not_a_hang(threads, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(EIO, "Input/output error")

    path = tmp_path / "clip.mp4"
    path.write_bytes((FIXTURES / "street.mp4").read_bytes())
    monkeypatch.setattr(source, "_pread", lambda *where: read(*where))
    read = os.pread
    with scanned(path) as clip:
        read = fail
        with pytest.raises(OSError, match="Input/output error"):
            list(decode_frames(DecodePlan(clip, LOOK, tuple(range(300)), threads=threads)))
