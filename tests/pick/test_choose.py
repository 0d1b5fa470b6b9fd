"""Laws of what is kept, against a slow plain twin of the choice; what counts as a change."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep.errors import ConstraintError
from vlprep.pick.cells import Motion
from vlprep.pick.choose import (
    Frames,
    Pick,
    busy_cells,
    every_change,
    keep,
    settled_changes,
)

steps = st.lists(st.sampled_from([0.04, 0.1, 0.5, 7.0]), min_size=0, max_size=80)
clips = steps.map(lambda gaps: Frames(0, tuple(np.cumsum([0.0, *gaps]).round(3).tolist())))


@st.composite
def clips_and_candidates(draw):
    frames = draw(clips)
    chosen = draw(st.sets(st.integers(0, len(frames.seconds) - 1), max_size=12))
    sizes = draw(st.lists(st.integers(1, 6), min_size=12, max_size=12))
    picks = [
        Pick(frames.seconds[k], k, "change", n) for k, n in zip(sorted(chosen), sizes, strict=False)
    ]
    return frames, picks


gaps = st.sampled_from([0.3, 1.0, 4.0, 30.0])


@given(
    clips_and_candidates(), gaps, st.integers(1, 120), st.integers(1, 9), st.sampled_from([1, 2])
)
def test_what_is_kept(clip, max_gap, most, least, multiple):
    frames, candidates = clip
    how = {"least": least, "multiple": multiple}
    try:
        kept = keep(candidates, frames, max_gap, most, **how)
    except ConstraintError:
        assert len(keep([], frames, max_gap, 10**6)) > most
        return
    moments = [pick.seconds for pick in kept]
    assert moments[0] == frames.seconds[0] and moments[-1] == frames.seconds[-1]
    assert all(0 < after - before <= max_gap + 1e-4 for before, after in pairwise(moments))
    assert len(kept) <= most
    assert all(frames.on_display(pick.seconds) == pick.frame for pick in kept)
    assert kept == keep(candidates[::-1], frames, max_gap, most, **how)


@given(st.integers(2, 200), st.integers(1, 60), st.sampled_from([1, 2, 4]))
def test_there_are_as_many_as_are_paid_for(count, least, multiple):
    frames = Frames(0, tuple(k / 4 for k in range(count)))
    kept = keep([], frames, 10, 10**6, least=least, multiple=multiple)
    used_up = all(after.frame - before.frame == 1 for before, after in pairwise(kept))
    assert used_up or (len(kept) >= least and len(kept) % multiple == 0)


def plain_best(candidates, frames, max_gap, most):
    """Drop the least of the candidates one by one, until the rest fits with its gaps closed."""
    left = sorted(candidates, key=lambda pick: (-pick.cells, pick.seconds))
    while True:
        kept = keep(left, frames, max_gap, 10**6)
        if len(kept) <= most:
            return {pick for pick in kept if pick.why == "change"}
        if not left:
            return None
        left.pop()


@given(clips_and_candidates(), gaps, st.integers(2, 60))
def test_the_best_candidates_are_kept_as_far_as_there_is_room(clip, max_gap, most):
    frames, candidates = clip
    best = plain_best(candidates, frames, max_gap, most)
    if best is None:
        with pytest.raises(ConstraintError, match="may be kept"):
            keep(candidates, frames, max_gap, most)
    else:
        kept = keep(candidates, frames, max_gap, most)
        assert {pick for pick in kept if pick.why == "change"} == best


def test_a_frame_on_display_for_longer_than_a_gap_stands_for_more_than_one_moment():
    frames = Frames(0, (0.0, 1.0, 61.0, 62.0))
    kept = keep([], frames, 20, 10)
    assert [(round(pick.seconds, 1), pick.frame, pick.why) for pick in kept] == [
        (0.0, 0, "first"), (15.5, 1, "gap"), (31.0, 1, "still"), (46.5, 1, "still"),
        (62.0, 3, "last"),
    ]  # fmt: skip


def test_what_cannot_be_kept_is_refused_with_what_can():
    frames = Frames(0, tuple(k / 10 for k in range(1001)))
    with pytest.raises(ConstraintError, match="21 frames, and 11 may be kept") as refused:
        keep([], frames, 5, 11)
    gap = float(str(refused.value).rpartition("of ")[2])
    assert len(keep([], frames, gap, 11)) <= 11


# What counts as a change. Cells are given as what moved at each step, two steps a second.


def motion_of(moves, settled=(), steps=120, shape=(6, 8)):
    moved = np.zeros((steps, *shape), bool)
    for step, row, column in moves:
        moved[step, row, column] = True
    rows = [(start, began, row * shape[1] + column) for start, began, row, column in settled]
    return Motion(np.arange(steps) / 2, moved, moved, np.array(rows, np.int64).reshape(-1, 3))


def test_what_never_rests_is_busy_and_so_is_its_border():
    moves = [(step, 2, 3) for step in range(1, 120)] + [(step, 2, 4) for step in range(1, 120, 15)]
    busy = busy_cells(motion_of(moves))
    assert busy[:, 2, 3].all() and busy[20:100, 2, 4].all()
    assert busy.sum() <= 240


def test_what_is_busy_does_not_depend_on_blocks(monkeypatch):
    rng = np.random.default_rng(2)
    moved = rng.random((400, 5, 7)) < rng.random((5, 7)) ** 2
    motion = Motion(
        np.cumsum(rng.choice([0.1, 0.5, 2.0], 400)), moved, moved, np.empty((0, 3), int)
    )
    whole = busy_cells(motion)
    assert 0 < whole.mean() < 1
    monkeypatch.setattr("vlprep.pick.choose._BLOCK", 7)
    assert np.array_equal(busy_cells(motion), whole)


def test_where_most_of_the_picture_moves_that_is_what_the_clip_shows():
    moves = [
        (step, row, column) for step in range(1, 120) for row in range(4) for column in range(8)
    ]
    motion = motion_of(moves)
    assert not busy_cells(motion).any()
    assert [change.why for change in settled_changes(motion, busy_cells(motion))] == ["motion"] * 11


def test_a_change_now_and_then_is_not_busy():
    moves = [(step, 2, 3) for step in range(10, 120, 12)]
    assert not busy_cells(motion_of(moves)).any()


def quiet(motion):
    return np.zeros_like(motion.moved)


def test_text_that_grows_is_one_change_at_its_end_and_its_steps_are_told():
    settled = [(20 + k, 20 + k, 1, k) for k in range(7)]
    motion = motion_of([], settled)
    (change,) = settled_changes(motion, quiet(motion))
    assert (change.step, change.cells, change.merged) == (26, 7, 6)


def test_lines_that_come_at_once_are_a_change_each():
    settled = [(20 + 2 * k, 20 + 2 * k, k, column) for k in range(4) for column in range(8)]
    motion = motion_of([], settled)
    assert [change.step for change in settled_changes(motion, quiet(motion))] == [20, 22, 24, 26]


def test_parts_of_a_fade_that_rest_later_are_one_change():
    settled = [(30 + k, 20, k, column) for k in range(4) for column in range(8)]
    motion = motion_of([(step, 0, 0) for step in range(20, 30)], settled)
    assert [change.step for change in settled_changes(motion, quiet(motion))] == [33]


def test_what_passes_and_leaves_nothing_is_seen_once():
    moves = [(40 + k, row, k + by) for k in range(5) for row in range(3) for by in range(2)]
    motion = motion_of(moves)
    (change,) = settled_changes(motion, quiet(motion))
    assert change.why == "motion" and 40 <= change.step <= 44


def test_every_change_counts_where_that_is_asked():
    motion = motion_of([(7, 1, 1), (9, 1, 1), (9, 2, 2)], [(9, 7, 1, 1), (15, 12, 3, 3)])
    found = every_change(motion, quiet(motion))
    assert [(change.step, change.cells) for change in found] == [(7, 1), (9, 2), (15, 1)]


def test_busy_cells_have_no_say():
    motion = motion_of([(7, 1, 1)], [(7, 7, 1, 1)])
    busy = quiet(motion)
    busy[:, 1, 1] = True
    assert every_change(motion, busy) == settled_changes(motion, busy) == []
