from __future__ import annotations

from contextlib import contextmanager

import pytest

from tests.places import FIXTURES
from vlprep.errors import TimeLimitError
from vlprep.media.source import open_item
from vlprep.trust import Limits, Trust
from vlprep.types import ImageSize
from vlprep.video.decode import DecodePlan, scan_clip
from vlprep.video.paint import Look
from vlprep.video.reader import FrameReader


@contextmanager
def reader(name, numbers, **options):
    with open_item(FIXTURES / name) as item:
        clip = scan_clip(item)
        wanted = [clip.timeline.pts[k] for k in numbers]
        trimmer = DecodePlan(clip, Look(ImageSize(16, 16)), tuple(numbers)).trimmer
        with FrameReader(item, clip.timeline, wanted, trimmer=trimmer, **options) as frames:
            yield frames, wanted


def test_few_frames_of_a_clip_are_not_paid_for_with_all():
    with reader("street.mp4", (0, 120, 240)) as (frames, wanted):
        assert [frames.frame_at(pts).pts for pts in wanted] == wanted
        assert frames.decoded < 30  # of 300


@pytest.mark.parametrize(("numbers", "decoded"), [((0, 120, 240), 3), (range(300), 300)])
def test_what_lies_between_is_sought_past_and_what_follows_is_not_decoded_twice(numbers, decoded):
    with reader("street.mp4", numbers, skip_unwanted=False) as (frames, wanted):
        assert [frames.frame_at(pts).pts for pts in wanted] == wanted
        assert frames.decoded == decoded


@pytest.mark.parametrize("name", ["street.mp4", "hevc.mp4", "av1.mp4"])
def test_frames_that_nothing_refers_to_are_skipped(name):
    last = {"street.mp4": 299}.get(name, 59)
    decoded = {}
    for skip in (True, False):
        with reader(name, (0, last - 1), skip_unwanted=skip) as (frames, wanted):
            assert [frames.frame_at(pts).pts for pts in wanted] == wanted
            decoded[skip] = frames.decoded
    assert decoded[True] < 0.8 * decoded[False]


def test_where_an_edit_list_hides_frames_nothing_is_skipped():
    with reader("edit_list.mp4", (0, 44)) as (frames, wanted):
        assert [frames.frame_at(pts).pts for pts in wanted] == wanted
        assert frames.decoded >= 44


def test_a_seek_that_lands_behind_the_frame_goes_farther_back():
    # In a transport stream FFmpeg lands behind what was asked for.
    with reader("clip.ts", range(0, 60, 13)) as (frames, wanted):
        assert [frames.frame_at(pts).pts for pts in wanted] == wanted


def test_a_broken_packet_is_passed_over_and_the_next_one_read():
    with reader("corrupted.mp4", range(60)) as (frames, wanted):
        found = [frames.frame_at(pts) for pts in wanted]
        assert all(frame is not None for frame in found)
        assert [frame.pts for frame in found[30:]] == wanted[30:]
        assert any(frame.pts != pts for frame, pts in zip(found, wanted, strict=True))


def test_frames_inside_the_decoder_come_out_before_a_seek():
    with reader("gop250.mp4", (10, 80)) as (frames, wanted):
        assert [frames.frame_at(pts).pts for pts in wanted] == wanted
        assert frames.frame_at(wanted[1]) is not None
        assert frames.decoded < 90  # what is behind the last wanted frame is never decoded


def test_patience_has_an_end():
    with open_item(FIXTURES / "street.mp4") as item:
        timeline = scan_clip(item).timeline
        item.trust = Trust(Limits(wait_seconds=1e-9))
        with (
            pytest.raises(TimeLimitError, match="no frame for") as caught,
            FrameReader(item, timeline, timeline.pts[50:51]) as frames,
        ):
            frames.frame_at(timeline.pts[50])
    assert caught.value.seconds == 1e-9
