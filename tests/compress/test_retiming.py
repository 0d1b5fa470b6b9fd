from dataclasses import replace
from fractions import Fraction

import pytest

from tests.films import RATES
from vlprep import ImageSize, VideoInfo, get_model, plan_frames, video_tokens
from vlprep.clips import FramePlan
from vlprep.compress.retiming import time_clip
from vlprep.errors import ConstraintError

API = ["qwen3-vl-plus", "qvq-max", "qwen3.7-plus"]
WEIGHTS = ["Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct"]
AS_PHONES = Fraction(1487, 50)  # an average rate that nobody would choose


def planner_of(model, **options):
    spec = get_model(model)

    def planner(frames, rate):
        info = VideoInfo(size=ImageSize(360, 640), frame_count=frames, fps=rate)
        return video_tokens(info, spec, **options).plan

    return planner


def check_same(plan, timing, planner, tolerance):
    sampled = planner(timing.frame_count, timing.rate)
    assert sampled.indices == tuple(range(plan.frame_count))
    assert sampled.timestamps_seconds == pytest.approx(plan.timestamps_seconds, abs=tolerance)


@pytest.mark.parametrize("rate", [*RATES, AS_PHONES])
@pytest.mark.parametrize("model", API)
def test_an_api_model_is_shown_the_same_frames_at_the_same_moments(model, rate):
    planner = planner_of(model)
    for frames in [*range(round(2 * rate), 300, 13), 1499, 1501, 29_999]:
        plan = planner(frames, rate)
        timing = time_clip(plan, planner, least_frames=4, least_seconds=2)
        check_same(plan, timing, planner, 0.01)
        assert timing.frame_count % 2 == 0
        assert timing.duration_seconds >= 2
        assert timing.keeps_moments


@pytest.mark.parametrize("fps", [0.5, 1, 2, 3, 5, 10])
@pytest.mark.parametrize("model", API)
def test_at_the_rates_that_callers_ask_for_too(model, fps):
    planner = planner_of(model, fps=fps)
    for frames in range(100, 900, 97):
        plan = planner(frames, Fraction(30000, 1001))
        timing = time_clip(plan, planner, least_frames=4, least_seconds=2)
        assert timing.frame_count - plan.frame_count in (0, 1)
        check_same(plan, timing, planner, 0.02 / fps)


@pytest.mark.parametrize("rate", [*RATES, AS_PHONES])
@pytest.mark.parametrize("model", WEIGHTS)
@pytest.mark.parametrize("rules", ["transformers", "transformers-capped", "qwen-vl-utils"])
def test_open_weights_are_too_within_a_frame_of_the_source(model, rules, rate):
    planner = planner_of(model, rules=rules)
    for frames in [*range(10, 300, 41), 1499]:
        plan = planner(frames, rate)
        timing = time_clip(plan, planner, least_frames=4)
        check_same(plan, timing, planner, float(1 / rate))


def test_an_hour_is_no_different():
    planner = planner_of("qwen3.7-plus")
    plan = planner(107_893, Fraction(30000, 1001))
    timing = time_clip(plan, planner, least_frames=4, least_seconds=2)
    check_same(plan, timing, planner, 0.01)
    assert timing.frame_count == 7200


@pytest.mark.parametrize("max_frames", [2, 4, 9, 16])
def test_a_clip_of_which_few_frames_may_be_shown(max_frames):
    planner = planner_of("qwen3-vl-plus", max_frames=max_frames)
    plan = planner(750, Fraction(25))
    timing = time_clip(plan, planner, least_frames=min(4, max_frames), least_seconds=2)
    check_same(plan, timing, planner, 0.01)


def test_a_short_clip_is_slowed_down_to_what_the_service_takes():
    planner = planner_of("qwen3-vl-plus")
    timing = time_clip(planner(30, Fraction(30)), planner, least_frames=4, least_seconds=2)
    assert (timing.frame_count, timing.shown, timing.rate) == (4, 4, 2)
    assert not timing.keeps_moments


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_too_few_frames_are_filled_up(frames):
    planner = planner_of("qwen3-vl-plus")
    timing = time_clip(planner(frames, Fraction(30)), planner, least_frames=4, least_seconds=2)
    assert (timing.frame_count, timing.shown, timing.duration_seconds) == (4, 4, 2)


def test_a_number_that_is_not_sampled_becomes_the_nearest_that_is():
    def pairs_of_pairs(frames, rate):
        plan = plan_frames(frames, float(rate))
        return replace(plan, indices=plan.indices[: len(plan.indices) // 4 * 4])

    plan = plan_frames(150, 30.0)
    assert plan.frame_count == 10
    assert time_clip(plan, pairs_of_pairs).frame_count in (8, 12)


def test_a_sampler_that_shows_nothing_one_by_one_is_told():
    def never(frames, rate):
        return FramePlan((0, 0), (0.0, 1.0), 1.0)

    with pytest.raises(ConstraintError, match="frame by frame"):
        time_clip(plan_frames(300, 30.0), never)
