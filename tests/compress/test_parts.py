"""Long videos become parts: no frame is lost, none comes twice, and each part is long enough."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.films import names
from tests.frames.test_stream import drawn_number
from tests.places import FIXTURES
from vlprep import MediaFailure, compress_many, frame_list, probe, processor, read_frames
from vlprep.compress.parts import part_views
from vlprep.errors import ConstraintError
from vlprep.maths.sampling import frame_range
from vlprep.types import ImageSize, VideoInfo
from vlprep.view import View

CLIP = FIXTURES / "clip.mp4"  # 60 numbered frames, 30 a second
STREET = FIXTURES / "street.mp4"  # 10 s
OPEN = "Qwen/Qwen3-VL-8B-Instruct"  # takes clips of any length


def video(frames, rate):
    return VideoInfo(size=ImageSize(360, 640), frame_count=frames, fps=Fraction(rate))


def ranges(info, views):
    rate = float(info.fps)
    return [
        frame_range(info.frame_count, rate, view.options.start_seconds, view.options.end_seconds)
        for view in views
    ]


@given(
    st.integers(4, 200_000),
    st.sampled_from(["25", "30", "30000/1001", "24000/1001", "12.5", "1", "59.94"]),
    st.floats(0.5, 4000),
    st.floats(0, 100),
    st.none() | st.floats(100, 10_000),
)
def test_every_frame_is_in_one_part(frames, rate, every, start, end):
    info = video(frames, rate)
    assume(every * info.fps >= 2 and frames / info.fps / every < 500)
    view = View.of(OPEN, start_seconds=start, end_seconds=end)
    try:
        first, last = frame_range(frames, float(info.fps), start, end)
    except ConstraintError:
        assume(False)
    parts = ranges(info, part_views(info, view, every))
    assert (parts[0][0], parts[-1][1]) == (first, last)
    assert all(before[1] + 1 == after[0] for before, after in pairwise(parts))
    longest = max(part[1] - part[0] + 1 for part in parts)
    assert longest <= every * float(info.fps) + 2  # the last one's end is included


def test_three_frames_are_no_two_parts():
    view = View.of(OPEN, start_seconds=1)
    assert part_views(video(4, 1), view, 2) == [view]


def test_parts_begin_at_whole_multiples():
    views = part_views(video(7200 * 30, 30), View.of(), 180)
    assert [view.options.start_seconds for view in views] == [180.0 * k for k in range(40)]


def test_a_short_rest_shares_with_the_part_before_it():
    views = part_views(video(3630, 10), View.of("qwen3-vl-plus"), 181)  # 363 s: one would be left
    assert [view.options.start_seconds for view in views] == [0.0, 181.0, 272.0]
    assert len(part_views(video(3630, 10), View.of(OPEN), 181)) == 3
    (whole,) = part_views(video(3630, 10), View.of(), 363)
    assert whole.options.start_seconds is None


@pytest.mark.parametrize("every", [0, -1, 0.01, float("nan")])
def test_parts_without_two_frames_are_refused(every):
    with pytest.raises(ConstraintError, match="no two frames in every"):
        part_views(video(300, 30), View.of(), every)


def test_the_frames_written_are_those_of_the_source(tmp_path):
    done = list(compress_many(CLIP, tmp_path, OPEN, every=2 / 3, limit=10**6, keep="full"))
    assert names(tmp_path) == ["clip-1.mp4", "clip-2.mp4", "clip-3.mp4"]
    assert [part.result.start_seconds for part in done] == [0, 2 / 3, 4 / 3]
    drawn = [
        drawn_number(frame.image)
        for part in done
        for frame in read_frames(part.target, OPEN, rules="qwen-vl-utils", nframes=20)
    ]
    assert drawn == list(range(60))


def test_images_and_short_clips_stay_whole_and_what_fails_is_reported(tmp_path):
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "a.png").write_bytes((FIXTURES / "tiny.png").read_bytes())
    sources = [FIXTURES / "photo.jpg", STREET, frame_list(tmp_path / "list"), "no.mp4", CLIP]
    done = list(processor().compress_many(sources, tmp_path / "out", every=5))
    kinds = [type(outcome) is MediaFailure for outcome in done]
    assert kinds == [False, False, False, True, True, False]
    assert "no video to cut" in str(done[3].error)
    assert names(tmp_path / "out") == ["clip.mp4", "photo.jpg", "street-1.mp4", "street-2.mp4"]
    assert (tmp_path / "out" / "clip.mp4").read_bytes() == CLIP.read_bytes()
    first, second = (probe(tmp_path / "out" / f"street-{k}.mp4") for k in (1, 2))
    assert (first.duration_seconds, second.duration_seconds) == (5, 5)


def test_a_part_of_a_range_is_counted_from_its_start():
    done = list(compress_many(STREET, None, every=3, start_seconds=2, end_seconds=8))
    assert [part.result.start_seconds for part in done] == [2, 5]


def test_a_page_is_an_image_and_not_cut():
    (done,) = compress_many(FIXTURES / "animated.gif", None, every=0.5, page=0)
    assert done.kind == "image"
