"""Decoded frames against a decode of every frame: which ones, and every pixel of them."""

from __future__ import annotations

import io
import os
import random
import re
from contextlib import ExitStack, contextmanager
from errno import EIO
from itertools import product
from unittest import mock

import av
import numpy as np
import pytest

from tests.leftovers import threads_since
from tests.places import FIXTURES, REAL_MEDIA, SHARED
from tests.video.test_probe import clip
from vlprep.media import readers
from vlprep.media.source import open_item
from vlprep.types import ImageSize
from vlprep.video import decode
from vlprep.video.container import choose_stream, decoder_of, open_video
from vlprep.video.crew import Crew
from vlprep.video.decode import DecodePlan, damaged_ends, decode_frames, scan_clip
from vlprep.video.paint import Look, Painter

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
    "alpha_prores.mov", "cover_art.mp4", "clip.mxf", "h264.mxf", "clip.ivf", "clip.y4m",
    "sequence.heic",
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


def decoded(clip, step, crew, skip=True):
    """Decode every so many frames with so many threads, or with so many readers x threads."""
    numbers, threads = tuple(range(0, clip.timeline.packet_count, step)), crew
    with ExitStack() as stack:
        if isinstance(crew, tuple):
            threads = None
            chosen = lambda work, **_: Crew(min(crew[0], len(work.costs)), crew[1])  # noqa: E731
            stack.enter_context(mock.patch.object(decode, "choose_crew", chosen))
        plan = DecodePlan(clip, LOOK, numbers, skip_unwanted=skip, threads=threads)
        return list(decode_frames(plan))


def check_exact(path, ways):
    """Compare for each way: every how many frames, by whom, skipping or not."""
    with scanned(path) as clip:
        truth = every_frame(clip)
        by_pts = dict(truth)
        for step, crew, skip in ways:
            frames = decoded(clip, step, crew, skip)
            assert len(frames) == len(range(0, clip.timeline.packet_count, step))
            for frame in frames:
                assert not frame.substituted
                if clip.timeline.tells_frames:
                    expected = by_pts[clip.timeline.pts[frame.number]]
                else:
                    expected = truth[frame.number][1]
                assert np.array_equal(frame.image, expected), (step, crew, skip)


CREWS = tuple(product((1, 2, 4), (1, 2, 4, 8, 16)))
EVERY_FRAME = tuple(product((1,), ((1, 1), (1, 3), (4, 1)), (True, False)))


@pytest.mark.parametrize("name", GOOD)
def test_frames_equal_those_of_a_whole_decode(name):
    ways = (*EVERY_FRAME, *product((7,), CREWS, (True,)), (29, (1, 1), True), (29, (4, 2), False))
    check_exact(FIXTURES / name, ways)


@pytest.mark.parametrize("name", REAL)
def test_frames_of_real_files_equal_those_of_a_whole_decode(name):
    ways = [(31, (1, 1), True), (31, (4, 1), True), (31, (1, 8), True), (211, (3, 2), False)]
    check_exact(REAL_MEDIA / "video" / name, ways)


CASES = sorted(
    str(path.relative_to(SHARED / "cases"))
    for path in (SHARED / "cases").rglob("*")
    if re.fullmatch(r"\.(mp4|mov|ts|avi|mkv|webm|wmv)", path.suffix)
)


@pytest.mark.parametrize("name", CASES)
def test_cases_give_the_same_with_any_crew(name):
    with scanned(SHARED / "cases" / name) as clip:
        expected = decoded(clip, 7, (1, 1))
        for crew in ((1, 8), (2, 2)):
            assert_alike(decoded(clip, 7, crew), expected)


def assert_alike(frames, expected):
    assert [frame.pts for frame in frames] == [frame.pts for frame in expected]
    for frame, other in zip(frames, expected, strict=True):
        assert np.array_equal(frame.image, other.image)
        assert (frame.substituted, frame.damaged) == (other.substituted, other.damaged)


def damage(seed):
    """Change some bits of three frames of a clip, but not of the first."""
    data, chance = bytearray((FIXTURES / "clip.mp4").read_bytes()), random.Random(seed)
    with av.open(io.BytesIO(data)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size][1:]
    for packet in chance.sample(packets, 3):
        for _ in range(3):
            data[packet.pos + chance.randrange(packet.size)] ^= 1 << chance.randrange(8)
    return bytes(data)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_made_of_damage_does_not_hang_on_threads(seed):
    with scanned(damage(seed)) as clip:
        expected = decoded(clip, 3, (1, 1))
        for threads in (2, 4, 8):
            assert_alike(decoded(clip, 3, (1, threads)), expected)


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
    with threads_since(), scanned(FIXTURES / "street.mp4") as clip:
        frames = decode_frames(DecodePlan(clip, LOOK, tuple(range(300)), threads=threads))
        assert next(frames).number == 0
        frames.close()


@pytest.mark.parametrize(
    ("threads", "processors", "more"),
    [(1, 8, 0), (2, 1, 2), (3, 8, 3), (None, 1, 0), (None, 3, 3)],
)
def test_as_many_readers_decode_as_threads_are_asked_for(threads, processors, more, monkeypatch):
    monkeypatch.setattr(decode, "usable_cores", lambda: processors)
    with threads_since() as begun, scanned(FIXTURES / "street.mp4") as clip:
        look = Look(ImageSize(352, 640))  # so large that not all frames find room to wait
        frames = decode_frames(DecodePlan(clip, look, tuple(range(300)), threads=threads))
        next(frames)
        assert len(begun()) == more
        frames.close()


@pytest.mark.parametrize("threads", [1, 4])
def test_a_disk_that_fails_is_the_system_s_error_not_a_hang(threads, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(EIO, "Input/output error")

    path = tmp_path / "clip.mp4"
    path.write_bytes((FIXTURES / "street.mp4").read_bytes())
    monkeypatch.setattr(readers, "_pread", lambda *where: read(*where))
    read = os.pread
    with scanned(path) as clip:
        read = fail
        with pytest.raises(OSError, match="Input/output error"):
            list(decode_frames(DecodePlan(clip, LOOK, tuple(range(300)), threads=threads)))
