"""Picks of generated screencasts against their truth, and of odd files."""

from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

import vlprep
from tests.films import film
from tests.places import FIXTURES
from tests.screencasts import FILMS, SCREENCASTS
from vlprep.errors import BudgetError, ConstraintError, UnsupportedFormatError

MODEL = "qwen3-vl-plus"
GAP = 15.0
SHORT = 45.0
"""Seconds of the films that are enough for a test; the benchmark takes them whole."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("screencasts")

    @cache
    def make(name):
        whole = FILMS[name]()
        states = [(start, min(end, SHORT)) for start, end in whole.states if start < SHORT - 1.5]
        short = replace(whole, seconds=SHORT, states=states)
        return short, short.write(folder / f"{name}.mp4")

    return make


@cache
def picked(path: Path, **how):
    return vlprep.pick_frames(path, MODEL, **{"max_gap": GAP, **how})


def moments(picks):
    return [pick.seconds for pick in picks.picks]


@pytest.mark.parametrize("name", [name for name in FILMS if name not in ("still", "cursor only")])
def test_states_are_shown_and_no_stretch_is_unseen(made, name):
    truth, path = made(name)
    picks = picked(path)
    assert truth.seen(moments(picks)) >= len(truth.states) - (name == "typed in bursts")
    assert all(after - before <= GAP + 1e-4 for before, after in pairwise(moments(picks)))
    assert picks.largest_gap_seconds <= GAP + 1e-4
    if name in SCREENCASTS:
        assert len(picks.picks) <= 1.5 * len(truth.states) + 3  # both ends, and a pair made whole


@pytest.mark.parametrize("name", ["still", "cursor only"])
def test_where_nothing_happens_only_gaps_are_filled(made, name):
    picks = picked(made(name)[1])
    assert picks.changes == 0
    assert len(picks.picks) == 6  # the service takes no list of less than a frame in ten seconds


def test_what_never_rests_is_left_out_and_told(made):
    picks = picked(made("webcam of 25 %")[1])
    assert 0.2 < picks.busy_share < 0.35
    assert any("never rests" in warning for warning in picks.warnings)


def test_every_change_is_more_than_settled_ones(made):
    _, path = made("fades")
    assert picked(path, by="every").changes > 2 * picked(path).changes


def test_the_same_clip_gives_the_same_picks(made):
    _, path = made("typed in bursts")
    again = vlprep.pick_frames(path.read_bytes(), MODEL, max_gap=GAP, threads=1)
    assert again.picks == picked(path).picks


def test_a_budget_of_tokens_holds_and_what_is_dropped_is_told(made):
    _, path = made("typed in bursts")
    full = picked(path)
    less = picked(path, budget=full.tokens.total - 300)
    assert less.tokens.total <= full.tokens.total - 300
    assert less.dropped > 0
    assert any(f"{less.dropped} of {less.changes} changes" in text for text in less.warnings)
    assert less.largest_gap_seconds <= GAP + 1e-4
    with pytest.raises(BudgetError, match="the fewest"):
        picked(path, budget=50)


def test_frames_within_the_view_s_bounds(made):
    _, path = made("cuts")
    assert len(picked(path, max_frames=8).picks) <= 8
    assert len(picked(path, min_frames=31).picks) == 32
    with pytest.raises(ConstraintError, match="takes 46 frames, and 20 may be kept"):
        picked(path, max_gap=1, max_frames=20)


def test_only_what_lies_between_start_and_end_is_picked(made):
    _, path = made("cuts")
    picks = picked(path, start_seconds=10, end_seconds=30)
    assert moments(picks)[0] == pytest.approx(10) and moments(picks)[-1] == pytest.approx(30)
    with pytest.raises(ConstraintError, match="no frame between"):
        picked(path, start_seconds=100)


@pytest.mark.parametrize("option", [{"fps": 1.0}, {"nframes": 8}, {"sampling": "linspace"}])
def test_options_that_say_nothing_here_are_refused(made, option):
    with pytest.raises(ConstraintError, match="leave it out"):
        picked(made("cuts")[1], **option)


@pytest.mark.parametrize("how", [{"max_gap": 0}, {"max_gap": float("inf")}, {"probe_fps": -1}])
def test_rates_and_gaps_are_above_nothing(made, how):
    with pytest.raises(ConstraintError, match="must be above 0"):
        picked(made("cuts")[1], **how)


@pytest.mark.parametrize("threads", [0, -1])
def test_there_is_no_work_for_fewer_threads_than_one(made, threads):
    _, path = made("cuts")
    for work in (picked(path).frames, lambda **how: picked(path, **how)):
        with pytest.raises(ConstraintError, match="threads must be 1 or more"):
            work(threads=threads)


def test_frames_cost_what_a_list_of_them_does(made, tmp_path):
    _, path = made("cuts")
    picks = picked(path)
    records = picks.frames().save(tmp_path / "frames", format="png")
    frames = [tmp_path / "frames" / record.file for record in records]
    rate = (len(frames) - 1) / (moments(picks)[-1] - moments(picks)[0])
    counted = vlprep.count_tokens([str(frame) for frame in frames], MODEL, fps=rate)
    assert counted.tokens.total == picks.tokens.total


def test_frames_are_those_of_their_moments_and_say_what_changed(made):
    _, path = made("cuts")
    picks = picked(path)
    with picks.frames() as stream:
        frames = list(stream)
        document = stream.to_dict()
    assert [frame.timestamp_seconds for frame in frames] == moments(picks)
    assert [frame.number for frame in frames] == list(picks.tokens.plan.indices)
    assert [bool(frame.mark) for frame in frames] == [pick.cells > 0 for pick in picks.picks]
    with vlprep.read_frames(path, MODEL, fps=10) as stream:
        by_number = {frame.number: frame.image for frame in stream}
    for frame in frames:
        assert np.array_equal(frame.image, by_number[frame.number])
    assert document["picked"]["frames"][0]["why"] == "first"
    even, span = document["picked"]["even"], frames[-1].timestamp_seconds
    assert even["frames"] == len(frames)
    assert even["seconds_apart"] == pytest.approx(span / (len(frames) - 1), abs=1e-3)


def test_a_recorder_that_writes_changes_alone_is_followed_by_its_times(made):
    _, path = made("variable rate")
    picks = picked(path, max_gap=4)
    assert any(pick.why == "still" for pick in picks.picks)
    with picks.frames() as stream:
        assert [frame.timestamp_seconds for frame in stream] == moments(picks)


ODD = [
    *("animated.gif", "animated.webp", "subsecond.mp4", "edit_list.mp4", "flip.mov"),
    *("h264.avi", "cut_start.ts", "corrupted.mp4", "false_times.mp4", "alpha_vp9.webm"),
]


@pytest.mark.parametrize("name", ODD)
def test_odd_clips_are_picked_from(name):
    picks = vlprep.pick_frames(FIXTURES / name, "Qwen/Qwen3-VL-8B-Instruct", max_gap=0.5)
    with picks.frames() as stream:
        shown = [frame.number for frame in stream]
    assert shown == [pick.frame for pick in picks.picks]
    assert picks.largest_gap_seconds <= 0.5 + 1e-4


def test_an_uneven_film_is_picked_by_its_times():
    picks = vlprep.pick_frames(film("variable"), MODEL, max_gap=1)
    assert picks.largest_gap_seconds <= 1 + 1e-4


def test_images_are_refused():
    for source in (FIXTURES / "photo.jpg", [FIXTURES / "photo.jpg"] * 4):
        with pytest.raises(UnsupportedFormatError, match="image"):
            vlprep.pick_frames(source, MODEL)


# Other ways.


def test_distinct_frames_are_those_of_the_sampler_without_what_is_seen_already(made):
    film_, path = made("cuts")
    picks = picked(path, by="distinct", max_gap=1000.0)
    sampled = vlprep.count_tokens(path, MODEL).tokens.frames
    assert picks.changes + picks.merged == sampled
    assert picks.changes <= 2 * len(film_.states)
    assert film_.seen(moments(picks)) == len(film_.states)
    still = picked(made("still")[1], by="distinct")
    assert still.changes == 1 and still.largest_gap_seconds <= GAP + 1e-4


def test_distinct_frames_follow_the_rate_that_is_asked(made):
    path = made("cuts")[1]
    asked = vlprep.pick_frames(path, MODEL, by="distinct", fps=0.5)
    assert asked.changes + asked.merged == vlprep.count_tokens(path, MODEL, fps=0.5).tokens.frames


def test_a_fade_is_not_dropped_for_being_slow(made):
    film_, path = made("fades")
    picks = picked(path, by="distinct")
    assert film_.seen(moments(picks)) == len(film_.states)


def test_keyframes_are_the_encoders(tmp_path):
    path = str(tmp_path / "keys.mp4")
    with av.open(path, "w") as output:
        options = {"g": "12", "sc_threshold": "0", "preset": "ultrafast"}
        stream = output.add_stream("libx264", rate=10, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(120):
            picture = np.full((48, 64, 3), number, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    picks = vlprep.pick_frames(path, MODEL, by="keyframes", max_gap=2)
    keys = [pick.frame for pick in picks.picks if pick.why == "keyframe"]
    assert keys == list(range(0, 120, 12))
    assert any("encoder" in text for text in picks.warnings)
    few = vlprep.pick_frames(path, MODEL, by="keyframes", max_frames=6)
    kept = [pick.frame for pick in few.picks if pick.why == "keyframe"]
    assert max(np.diff(kept)) <= 4 * min(np.diff(kept)) and few.dropped == 10 - len(kept)


def test_keyframes_are_found_without_a_picture(made, monkeypatch):
    def refuse(*_):
        raise AssertionError("decoded")

    monkeypatch.setattr("vlprep.pick.clip.decode_frames", refuse)
    assert vlprep.pick_frames(made("cuts")[1], MODEL, by="keyframes").picks


def test_an_animation_has_no_keyframes():
    with pytest.raises(ConstraintError, match="no keyframes"):
        vlprep.pick_frames(FIXTURES / "animated.gif", MODEL, by="keyframes")


def test_to_pick_anew_takes_no_other_look(made, monkeypatch):
    path = made("typed in bursts")[1]
    wide = picked(path)
    few = vlprep.pick_frames(path, MODEL, max_gap=GAP, budget=2000, max_pixels=100_000)
    monkeypatch.setattr("vlprep.pick.clip.decode_frames", None)
    again = wide.within(2000, max_pixels=100_000)
    assert again.picks == few.picks and again.tokens == few.tokens
    assert again.within(None, max_pixels=None).picks == wide.picks


def test_an_unknown_way_is_refused():
    with pytest.raises(ConstraintError, match="changes, every, distinct, keyframes"):
        vlprep.pick_frames(FIXTURES / "street.mp4", MODEL, by="guess")
