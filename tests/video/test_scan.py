from __future__ import annotations

from array import array
from fractions import Fraction

import pytest

from tests.places import FIXTURES
from vlprep.errors import FrameLimitError
from vlprep.media.source import Item, open_item
from vlprep.trust import Limits, Trust
from vlprep.video.container import choose_stream, demuxed, open_video
from vlprep.video.decode import scan_clip
from vlprep.video.scan import _vp9_is_shown, scan_packets
from vlprep.video.timeline import Timeline


def timeline(pts, keyframes=(0,), **facts):
    return Timeline(
        packet_count=facts.pop("packet_count", len(pts)),
        pts=array("q", pts),
        keyframes=array("q", keyframes),
        time_base=facts.pop("time_base", Fraction(1, 100)),
        **facts,
    )


def scanned(name):
    with open_item(FIXTURES / name) as item:
        return scan_clip(item).timeline


@pytest.mark.parametrize(
    ("seconds", "number"),
    [(0, 0), (0.0999, 0), (0.1 - 1e-9, 1), (0.1, 1), (0.29, 1), (0.3, 2), (99, 2)],
)
def test_what_is_displayed_at_a_moment(seconds, number):
    # Frames at 5.00, 5.10 and 5.30 s of the stream's clock; moments count from the first of them.
    times = timeline([500, 510, 530]).display_times(Fraction(10))
    assert times.shown_at(seconds) == number


def test_seconds_count_from_the_first_displayed_frame():
    assert timeline([500, 510, 530]).seconds(530) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("pts", "position"), [(-5, None), (0, 0), (49, 0), (50, 1), (99, 1), (100, 2), (999, 2)]
)
def test_the_keyframe_before_a_frame(pts, position):
    assert timeline([0, 50, 100], keyframes=[0, 50, 100]).keyframe_before(pts) == position


@pytest.mark.parametrize(("position", "number"), [(None, 0), (0, 0), (1, 1), (2, 3)])
def test_the_frame_at_a_keyframe_or_behind_a_hidden_one(position, number):
    line = timeline([0, 50, 70, 100], keyframes=[0, 40, 100])
    assert line.keyframe_number(position) == number


@pytest.mark.parametrize(
    ("line", "has_clock"),
    [
        (timeline([0, 1]), True),
        (timeline([0, 1], packet_count=3), False),
        (timeline([0, 1], time_base=Fraction(0)), False),
        (timeline([]), False),
    ],
)
def test_frames_are_told_by_time_only_where_each_has_one(line, has_clock):
    assert line.has_clock == has_clock


def test_frames_are_in_display_order_and_hidden_ones_left_out():
    line = scanned("edit_list.mp4")
    assert line.packet_count == len(line.pts) == 45
    assert list(line.pts) == sorted(set(line.pts))
    assert not line.skips_exactly
    assert line.keyframes[0] < line.pts[0]  # hidden, and needed to decode what follows


@pytest.mark.parametrize(("name", "tells"), [("street.mkv", True), ("mpeg4.avi", False)])
def test_avi_has_no_times_by_which_frames_are_told(name, tells):
    assert scanned(name).tells_frames == tells


def test_pictures_that_are_never_shown_are_no_frames():
    line = scanned("hidden_altref.webm")
    assert line.packet_count == len(line.pts) == 60


@pytest.mark.parametrize(
    ("head", "shown"),
    [
        ("82 49 83 42 00", True),  # profile 0, key frame, shown
        ("84 00 00 00 00", False),  # profile 0, not shown
        ("86 00 00 00 00", True),
        ("88 00 00 00 00", True),  # shows a picture that came before
        ("84 00 00 00 c9", True),  # several pictures in one packet
        ("84 00 00 00 e9", False),  # an end that only looks like it
        ("84 00 00 00 a9", False),
        ("b2 00 00 00 00", False),  # profile 3 has one more bit: key frame, not shown
        ("b4 00 00 00 00", True),
    ],
)
def test_a_vp9_packet_says_whether_it_is_shown(head, shown):
    assert _vp9_is_shown(memoryview(bytes.fromhex(head))) is shown


def test_a_file_without_end_is_given_up():
    with (
        Item(FIXTURES / "clip.mp4", Trust(Limits(frames=50))) as item,
        open_video(item) as container,
        pytest.raises(FrameLimitError, match="51 frames, over the safety limit of 50"),
    ):
        stream, _ = choose_stream(container, item)
        scan_packets(demuxed(container, stream, item), stream, item)
