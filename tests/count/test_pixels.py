from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep import get_model
from vlprep.count.pixels import (
    BUDGETS,
    image_limits,
    is_per_clip,
    video_limits,
    video_ranges,
)
from vlprep.errors import ConstraintError
from vlprep.view import View

GUIDE = get_model("qwen3-vl-plus").rules("guide-2025-12")
API = get_model("qwen3-vl-plus").rules("api-2026")


def image(rule=GUIDE.image, min_pixels=None, max_pixels=None, high_res=False):
    limits = image_limits(rule, min_pixels=min_pixels, max_pixels=max_pixels, high_res=high_res)
    return (limits.min_pixels, limits.max_pixels), limits


def test_the_model_s_own_limits_hold_when_nothing_is_asked():
    pair, limits = image()
    assert pair == (4096, 2_621_440)
    assert limits.bound_by == "the default cap"
    assert limits.warnings == ()


def test_the_caller_s_limits_replace_them():
    pair, limits = image(min_pixels=10_000, max_pixels=20_000)
    assert pair == (10_000, 20_000)
    assert limits.bound_by == "max_pixels"
    assert limits.warnings == ()


def test_limits_outside_the_documented_range_are_brought_into_it_and_said():
    pair, limits = image(min_pixels=1, max_pixels=10**9)
    assert pair == (4096, 16_777_216)
    assert ["raised" in limits.warnings[0], "lowered" in limits.warnings[1]] == [True, True]


def test_a_cap_below_the_floor_is_the_floor():
    pair, limits = image(max_pixels=5)
    assert pair == (4096, 4096)
    assert "raised" in limits.warnings[0]


def test_the_default_lower_limit_gives_way_to_a_smaller_cap():
    rule = replace(API.image, floor_pixels=4096)
    pair, limits = image(rule, max_pixels=10_000)
    assert pair == (10_000, 10_000)
    assert "gives way" in limits.warnings[0]


def test_limits_the_wrong_way_round_are_refused_if_the_caller_gave_the_lower():
    with pytest.raises(ConstraintError, match="20,000 is above max_pixels 10,000"):
        image(min_pixels=20_000, max_pixels=10_000)
    with pytest.raises(ConstraintError, match="above max_pixels"):
        image(min_pixels=2_621_441)


def test_high_resolution_ignores_the_caller_s_cap_and_says_so():
    pair, limits = image(max_pixels=10_000, high_res=True)
    assert pair == (4096, 16_777_216)
    assert limits.bound_by == "the high-resolution mode"
    assert limits.warnings == ("max_pixels is ignored in high-resolution mode",)


def test_high_resolution_is_refused_where_there_is_none():
    rule = get_model("Qwen/Qwen3-VL-8B-Instruct").rules().image
    with pytest.raises(ConstraintError, match="this rule set has none"):
        image(rule, high_res=True)


# Clips.


def frame(rule, frames=20, min_pixels=None, max_pixels=None, total_pixels=None):
    return video_limits(rule, frames, min_pixels, max_pixels, total_pixels)


def test_every_budget_rule_of_the_catalogue_is_tried_below():
    assert set(BUDGETS) == {
        "guide", "sglang", "qwen-vl-utils", "frame", "frame-capped", "clip", "clip-capped",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("frames", "high"),
    [
        (20, 655_360),  # the cap of a frame
        (1200, 134_217_728 / 1200 * 2),  # a share of the clip
        (2000, 134_217_728 / 2000 * 2),
    ],
)
def test_guide(frames, high):
    assert frame(GUIDE.video, frames).max_pixels == high


def test_guide_floor():
    limits = frame(GUIDE.video, 20, total_pixels=1)
    assert limits.max_pixels == int(4096 * 1.05)
    assert "lower limit" in limits.bound_by


def test_guide_needs_a_total():
    with pytest.raises(ConstraintError, match="needs total_pixels"):
        frame(replace(GUIDE.video, total_pixels=None))


def test_qwen_vl_utils_takes_a_cap_of_the_caller_only_downwards():
    rule = get_model("Qwen/Qwen3-VL-8B-Instruct").rules("qwen-vl-utils").video
    assert frame(rule).max_pixels == 786_432
    assert frame(rule, max_pixels=200_000).max_pixels == 200_000
    assert frame(rule, max_pixels=10**9).max_pixels == 786_432
    # 24,576 tokens for 768 frames: the floor under a frame makes it far more.
    assert frame(rule, 768, total_pixels=24_576 * 784).max_pixels == int(131_072 * 1.05)


def test_sglang_shares_without_a_floor_above_its_cap():
    rule = View.of("Qwen/Qwen2.5-VL-7B-Instruct", server="sglang").video_rule.first
    total, floor = rule.total_pixels, rule.min_pixels
    assert frame(rule, 20).max_pixels == min(rule.max_pixels, total / 20 * 2)
    assert frame(rule, 10**6).max_pixels == int(floor * 1.05)
    assert frame(rule, 20, max_pixels=floor / 2).max_pixels == floor / 2


def test_frame_limits_are_the_caller_s_and_a_total_is_refused():
    rule = get_model("Qwen/Qwen2.5-Omni-7B").rules().video
    assert (frame(rule).min_pixels, frame(rule).max_pixels) == (100_352, 602_112)
    assert frame(rule, 10_000).max_pixels == 602_112
    with pytest.raises(ConstraintError, match="has no `total_pixels`; give"):
        frame(rule, total_pixels=10**6)


def test_frame_capped():
    rule = get_model("Qwen/Qwen2.5-Omni-7B").rules("transformers-capped").video
    total = int(128_000 * 784 * 0.9)
    assert frame(rule, 20).max_pixels == 602_112
    assert frame(rule, 701).max_pixels == total * 2 // 701 != total // 701 * 2
    assert frame(rule, 768, total_pixels=10**6).max_pixels == int(100_352 * 1.05)


def test_a_model_may_set_the_tokens_of_a_capped_budget_and_the_frames_of_a_step():
    rule = get_model("Qwen/Qwen2.5-Omni-7B").rules("transformers-capped").video
    own = replace(rule, cap_tokens=64_000, temporal_patch_size=4)
    assert frame(own, 701).max_pixels == int(64_000 * 784 * 0.9) * 4 // 701
    rule = get_model("Qwen/Qwen3-VL-8B-Instruct").rules("transformers-capped").video
    assert frame(replace(rule, cap_tokens=256), 20).max_pixels == 256 * 1024 * 20


def test_clip_limits_are_totals():
    rule = get_model("Qwen/Qwen3-VL-8B-Instruct").rules().video
    limits = frame(rule, 768)
    assert limits.per_clip
    assert (limits.min_pixels, limits.max_pixels) == (4096, 25_165_824)
    assert limits.bound_by == "the default cap, shared by all frames"
    with pytest.raises(ConstraintError, match="has no `total_pixels`; give"):
        frame(rule, total_pixels=10**6)


def test_clip_capped():
    rule = get_model("Qwen/Qwen3-VL-8B-Instruct").rules("transformers-capped").video
    few, many = frame(rule, 20), frame(rule, 767)
    assert (few.per_clip, many.per_clip) == (True, True)
    assert few.max_pixels == 20 * 768 * 1024
    assert few.bound_by == "768 tokens a frame"
    assert many.max_pixels == 767 * (25_165_824 // 767) < 25_165_824
    with pytest.raises(ConstraintError, match="has no `total_pixels`; give"):
        frame(rule, total_pixels=10**6)


@pytest.mark.parametrize(
    ("low", "high"), [(500_000, 602_112), (590_000, 619_500), (700_000, 735_000)]
)
def test_a_lower_limit_near_the_cap_of_qwen_vl_utils_lifts_it(low, high):
    # as qwen-vl-utils 0.0.14 bounds the frames of a short clip
    rule = get_model("Qwen/Qwen2.5-VL-7B-Instruct").rules("qwen-vl-utils").video
    limits = video_limits(rule, 4, low, None, None)
    assert (limits.min_pixels, limits.max_pixels) == (low, high)
    assert limits.bound_by == (
        "the default cap" if high == 602_112 else "1.05 times the lower limit"
    )
    with pytest.raises(ConstraintError, match="above max_pixels"):
        video_limits(rule, 4, low, low - 1, None)


# Many at once.

RULES = sorted(
    {
        (rules.name, model): rules.video
        for model in (
            "qwen3-vl-plus", "qvq-max", "Qwen/Qwen2.5-VL-7B-Instruct", "Qwen/Qwen3-VL-8B-Instruct",
            "qwen3.7-plus",
        )
        for rules in get_model(model).rule_sets
        if rules.video is not None
    }.items()
)  # fmt: skip


@pytest.mark.parametrize(("name", "rule"), RULES, ids=[" ".join(name) for name, _ in RULES])
@given(
    clips=st.lists(st.tuples(st.integers(2, 9000), st.integers(1, 300_000_000)), min_size=1),
    low=st.none() | st.integers(1, 900_000),
    total=st.none() | st.integers(1, 10**9),
)
def test_many_clips_at_once_are_each_as_alone(name, rule, clips, low, total):
    total = total if BUDGETS[rule.budget].takes_total else None
    frames, caps = np.array(clips).T
    lows, highs = video_ranges(rule, frames, caps, low, total)
    for place, (count, cap) in enumerate(clips):
        alone = video_limits(rule, count, None if low is None else min(low, cap), cap, total)
        assert (lows[place], highs[place]) == (alone.min_pixels, alone.max_pixels)
        assert alone.per_clip == is_per_clip(rule)


@pytest.mark.parametrize(("name", "rule"), RULES, ids=[" ".join(name) for name, _ in RULES])
def test_only_where_each_frame_has_its_share_of_the_clip_is_a_rest_left(name, rule):
    total = 25_165_824  # 3 times 8,388,608, and no multiple of 7
    if BUDGETS[rule.budget].in_whole_pixels:
        high = video_limits(rule, 700, max_pixels=total).max_pixels
        assert high == total // 700 * 700 < total
    elif is_per_clip(rule):
        assert video_limits(rule, 700, max_pixels=total).max_pixels == total


@pytest.mark.parametrize("budget", sorted(BUDGETS))
def test_limits_out_of_range_are_said_under_every_budget_rule(budget):
    rule = replace(
        GUIDE.video, budget=budget, floor_pixels=4096, ceiling_pixels=800_000,
        total_pixels=10**8 if BUDGETS[budget].takes_total else None,
    )  # fmt: skip
    high = video_limits(rule, 4, max_pixels=9_000_000)
    assert any("highest, 800,000, is lowered" in warning for warning in high.warnings)
    low = video_limits(rule, 4, min_pixels=10)
    assert any("lowest, 4,096, are raised" in warning for warning in low.warnings)
    assert video_limits(rule, 4).warnings == ()


def test_a_cap_that_the_rule_does_not_take_is_said_to_be_lowered():
    rule = get_model("Qwen/Qwen3-VL-8B-Instruct").rules("qwen-vl-utils").video
    (warning,) = video_limits(rule, 4, max_pixels=10**7).warnings
    assert warning == "max_pixels 10,000,000 is lowered to 786,432: the default cap"
    assert video_limits(rule, 4, max_pixels=786_432).warnings == ()


def test_an_unknown_budget_rule_is_refused():
    with pytest.raises(ConstraintError, match="unknown rule 'none'"):
        video_limits(replace(GUIDE.video, budget="none"), 2)
