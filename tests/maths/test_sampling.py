import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep import plan_frames, smart_nframes
from vlprep.errors import ConstraintError, FrameCountError
from vlprep.maths.frame_counts import FRAME_COUNT_RULES, count_frames
from vlprep.maths.sampling import frame_range, moments_at

ALL = tuple(FRAME_COUNT_RULES)
NTSC = 24000 / 1001


@pytest.mark.parametrize(
    ("total", "rate", "fps", "counts"),
    [
        pytest.param(8172, 25, 2, {"docs": 653, "qwen-vl-utils": 652, "transformers": 653}, id="a"),
        pytest.param(297, 25, 2, {"docs": 23, "qwen-vl-utils": 22, "transformers": 23}, id="b"),
        # Half a second: the guides drop it whole, since it is no longer than the interval.
        pytest.param(
            15, 30, 2,
            {"docs": None, "qwen-vl-utils": 4, "transformers": 4, "transformers-qwen2": 4},
            id="half-a-second",
        ),
        pytest.param(
            3, 30, 2, {"docs": None, "qwen-vl-utils": 2, "transformers": 3}, id="three-frames"
        ),
        # Exactly 2,002 frames, which float division puts just below.
        pytest.param(
            12_000, NTSC, 4,
            {"qwen-vl-utils": 2000, "transformers": 2001, "transformers-qwen2": 2000},
            id="just-below-a-whole-number",
        ),
        # The fewest frames win over the rate, the clip's length over both.
        pytest.param(
            125, 25, 0.1, {**dict.fromkeys(ALL, 4), "vllm-number": 1}, id="at-least-4"
        ),
        pytest.param(1, 25, 2, dict.fromkeys(["docs", "qwen-vl-utils"]), id="one-frame"),
    ],
)  # fmt: skip
def test_counts_differ_between_the_references(total, rate, fps, counts):
    for reference, count in counts.items():
        asked = {"fps": fps, "max_frames_default": 4000, "reference": reference}
        if count is None:
            with pytest.raises(FrameCountError):
                smart_nframes(total, rate, **asked)
        else:
            assert smart_nframes(total, rate, **asked) == count, reference


@pytest.mark.parametrize(("asked", "count"), [(5, 4), (7, 8), (4, 4), (6, 6)])
@pytest.mark.parametrize("reference", ["qwen-vl-utils", "transformers-qwen2"])
def test_a_number_asked_is_rounded_half_to_even_to_pairs(asked, count, reference):
    assert smart_nframes(100, 25, nframes=asked, reference=reference) == count


def test_transformers_takes_a_number_as_it_is():
    assert smart_nframes(100, 25, nframes=5, reference="transformers") == 5
    assert smart_nframes(2, 25, nframes=5, reference="transformers") == 5


def test_31_frames_cannot_be_asked_of_31():
    asked = {"nframes": 31, "reference": "qwen-vl-utils"}
    with pytest.raises(FrameCountError) as caught:
        smart_nframes(31, 25, **asked)
    assert (caught.value.requested, caught.value.available) == (32, 31)
    with pytest.raises(FrameCountError):
        plan_frames(31, 25, **asked, strict=True)
    plan = plan_frames(31, 25, **asked)
    assert plan.frame_count == 30
    assert "refuses" in plan.warnings[0]


def test_an_odd_maximum_of_the_caller_is_lowered_to_pairs():
    with pytest.raises(FrameCountError):
        smart_nframes(100, 25, max_frames=1, reference="qwen-vl-utils")
    assert smart_nframes(1000, 25, max_frames=15, reference="qwen-vl-utils") == 14


@pytest.mark.parametrize(
    ("reference", "count"),
    [("docs", 512), ("qwen-vl-utils", 768), ("transformers", 768), ("transformers-qwen2", 768)],
)
def test_an_hour_meets_the_reference_s_own_maximum(reference, count):
    assert smart_nframes(90_000, 25, reference=reference) == count


@pytest.mark.parametrize("reference", ALL)
class TestRefusals:
    def test_fps_and_nframes_together(self, reference):
        with pytest.raises(ConstraintError, match="exclude each other"):
            smart_nframes(100, 25, fps=2, nframes=4, reference=reference)

    @pytest.mark.parametrize("fps", [-1, float("nan"), float("inf")])
    def test_an_unusable_rate_asked(self, reference, fps):
        with pytest.raises(ConstraintError, match="fps must be above 0"):
            smart_nframes(100, 25, fps=fps, reference=reference)

    @pytest.mark.parametrize("rate", [None, 0, -25, float("nan"), float("inf")])
    def test_an_unusable_rate_of_the_clip(self, reference, rate):
        wrong = "has no frame rate" if rate is None else "frame rate must be above 0"
        with pytest.raises(ConstraintError, match=wrong):
            smart_nframes(100, rate, reference=reference)

    def test_no_frames(self, reference):
        with pytest.raises(FrameCountError, match="no frames"):
            plan_frames(0, 25, reference=reference)


def test_the_guides_know_no_number_of_frames_and_no_rate_of_0():
    with pytest.raises(ConstraintError, match="sample by fps"):
        smart_nframes(100, 25, nframes=4)
    with pytest.raises(ConstraintError, match="fps must be above 0, got 0"):
        smart_nframes(100, 25, fps=0)


def test_an_unknown_rule_is_a_wrong_argument_and_the_known_are_named():
    with pytest.raises(ValueError, match="known: docs, qwen-vl-utils"):
        smart_nframes(100, 25, reference="opencv")
    with pytest.raises(ValueError, match="known: interval, linspace"):
        plan_frames(100, 25, sampling="random")


@pytest.mark.parametrize(
    ("reference", "head", "tail"),
    [
        ("transformers", (0, 16, 31, 47), (283, 299)),
        ("qwen-vl-utils", (0, 16, 31, 47), (283, 299)),
        ("transformers-qwen2", (0, 15, 30, 45), (270, 285)),
        ("docs", (0, 15, 30, 45), (270, 285)),
    ],
)
def test_twenty_of_300_frames(reference, head, tail):
    plan = plan_frames(300, 30.0, reference=reference)
    assert plan.frame_count == 20
    assert plan.indices[:4] == head
    assert plan.indices[-2:] == tail
    assert plan.sample_fps == 2.0
    assert plan.timestamps_seconds[1] == head[1] / 30


def test_single_precision_can_choose_a_neighbouring_frame():
    single = plan_frames(14_095, 25, nframes=768, reference="qwen-vl-utils").indices
    double = plan_frames(
        14_095, 25, nframes=768, reference="qwen-vl-utils", sampling="linspace"
    ).indices
    differing = [pair for pair in zip(single, double, strict=True) if pair[0] != pair[1]]
    assert differing == [(9372, 9371)]


def test_a_step_past_the_end_is_not_shown():
    # The reference's list has 433 numbers here, the last of them 2,599.
    plan = plan_frames(2599, 23.976, fps=4, reference="transformers-qwen2")
    assert plan.frame_count == 432
    assert plan.indices[-1] <= 2598


@pytest.mark.parametrize(
    ("start", "end", "frames"),
    [
        (None, None, (0, 299)),
        (1.01, 2, (31, 60)),
        (0, 1, (0, 30)),
        (9.5, None, (285, 299)),
        (None, 0.05, (0, 1)),
        (-5, 100, (0, 299)),
    ],
)
def test_a_part_of_a_clip(start, end, frames):
    assert frame_range(300, 30.0, start, end) == frames


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        (None, 0.01, "between 0 s and 0.01 s of a 10.00 s clip"),
        (0, 0.01, "between 0 s and 0.01 s of a 10.00 s clip"),
        (10, None, "between 10 s and 10 s of a 10.00 s clip"),
    ],
)
def test_the_part_that_is_too_short_is_told(start, end, told):
    with pytest.raises(ConstraintError, match=told):
        frame_range(300, 30.0, start, end)


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (10, None), (0, 0.01), (100, 200)])
def test_a_part_without_two_frames_is_refused(start, end):
    with pytest.raises(ConstraintError, match="no two frames between"):
        frame_range(300, 30.0, start, end)


def test_a_part_of_a_clip_of_unknown_rate_is_refused():
    with pytest.raises(ConstraintError, match="has no frame rate"):
        frame_range(300, None, 1, 2)


def test_times_count_from_the_first_frame_of_the_clip_not_of_the_part():
    plan = plan_frames(300, 30.0, start_seconds=5, end_seconds=7, fps=1, reference="transformers")
    assert plan.indices[0] == 150
    assert plan.timestamps_seconds[0] == 5.0


def test_an_unknown_rate_is_assumed_for_times_only_and_said():
    plan = plan_frames(240, None, nframes=4, reference="transformers")
    assert plan.indices == (0, 80, 159, 239)
    assert plan.timestamps_seconds == tuple(index / 24 for index in plan.indices)
    assert "assume 24" in plan.warnings[0]


def test_frames_shown_more_than_once_are_said():
    plan = plan_frames(2, 24.0, nframes=4, reference="transformers")
    assert plan.indices == (0, 0, 1, 1)
    assert "more than once" in plan.warnings[0]
    assert plan_frames(4, 24.0, nframes=4, reference="transformers").warnings == ()


@pytest.mark.parametrize("reference", sorted({*ALL} - {"vllm-number"}))  # which has no least
@pytest.mark.parametrize(("total", "shown"), [(1, 1), (2, 2), (15, 4)])
def test_a_clip_that_is_too_short_is_shown_as_it_is(reference, total, shown):
    plan = plan_frames(total, 30.0, reference=reference)
    assert plan.frame_count == shown
    assert set(plan.indices) <= set(range(total))


def test_the_rate_asked_decides_whether_the_only_frame_is_shown():
    asked = {"min_frames": 0, "reference": "qwen-vl-utils"}
    assert plan_frames(1, 25.0, fps=30, **asked).frame_count == 1
    with pytest.raises(FrameCountError):
        plan_frames(1, 25.0, fps=20, **asked)


def test_a_rate_just_above_the_clip_s_own_takes_every_frame_once():
    plan = plan_frames(240, 23.976, fps=24)
    assert plan.indices == tuple(range(240))


@given(
    total=st.integers(1, 4000),
    rate=st.sampled_from((25.0, 30000 / 1001, 7.5)),
    fps=st.floats(0.05, 12),
    reference=st.sampled_from(sorted(FRAME_COUNT_RULES)),
)
def test_counting_and_timing_alone_are_those_of_the_plan(total, rate, fps, reference):
    try:
        plan = plan_frames(total, rate, fps=fps, reference=reference)
    except FrameCountError:
        with pytest.raises(FrameCountError):
            count_frames(total, rate, fps=fps, reference=reference)
        return
    assert count_frames(total, rate, fps=fps, reference=reference) == plan.frame_count
    several = count_frames(total, rate, fps=np.array([fps, 2.0]), reference=reference)
    assert several[0] == plan.frame_count
    shown = plan.frame_count
    clip = (np.full(shown, value) for value in (total, rate, shown))
    times = moments_at(range(shown), *clip, fps=np.full(shown, fps), sampling=plan.sampling)
    assert tuple(times.tolist()) == plan.timestamps_seconds


def test_the_moments_of_a_part_of_a_clip():
    plan = plan_frames(300, 30.0, fps=1, start_seconds=2, end_seconds=7)
    shown = plan.frame_count
    clip = (np.full(shown, value) for value in (151, 30.0, shown))
    times = moments_at(range(shown), *clip, fps=1, sampling=plan.sampling, first=np.full(shown, 60))
    assert tuple(times.tolist()) == plan.timestamps_seconds


def test_a_clip_without_frames_has_none_to_count():
    with pytest.raises(FrameCountError, match="no frames"):
        count_frames(0, 25.0, fps=1)


def test_a_maximum_that_leaves_no_pair_is_named():
    with pytest.raises(FrameCountError, match="at least 2 frames, and `max_frames` is 1"):
        plan_frames(100, 25.0, fps=1, max_frames=1)
