"""Laws of counting videos, over every rule set of the catalogue that knows them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.strategies import ordinary
from vlprep import ImageSize, VideoInfo, get_model, video_tokens
from vlprep.errors import ConstraintError

RULE_SETS = (
    ("qvq-max", "guide-2025-06"),
    ("qvq-max", "api-2026"),
    ("qwen2-vl-72b-instruct", "guide-2025-06"),
    ("qwen3-vl-plus", "guide-2025-12"),
    ("qwen3-vl-plus", "api-2026"),
    ("qwen3.7-plus", "api-2026"),
    ("Qwen/Qwen2.5-VL-7B-Instruct", "transformers"),
    ("Qwen/Qwen2.5-VL-7B-Instruct", "transformers-capped"),
    ("Qwen/Qwen2.5-VL-7B-Instruct", "qwen-vl-utils"),
    ("Qwen/Qwen3-VL-8B-Instruct", "transformers"),
    ("Qwen/Qwen3-VL-8B-Instruct", "transformers-capped"),
    ("Qwen/Qwen3-VL-8B-Instruct", "qwen-vl-utils"),
)

sides = st.one_of(st.integers(1, 70), st.integers(16, 4320))
clips = st.builds(
    VideoInfo,
    size=st.builds(ImageSize, sides, sides).filter(ordinary),
    frame_count=st.one_of(st.integers(1, 40), st.integers(1, 200_000)),
    fps=st.sampled_from(
        [Fraction(8), Fraction(24000, 1001), Fraction(25), Fraction(30), Fraction(60)]
    ),
)
asked_rates = st.one_of(st.none(), st.floats(0.1, 10))


def count_or_none(clip, model, rules, **asked):
    try:
        return video_tokens(clip, model, rules=rules, **asked)
    except ConstraintError:
        return None


@pytest.mark.parametrize(("model", "rules"), RULE_SETS)
@given(clip=clips, fps=asked_rates)
def test_the_sum_is_steps_times_grid_plus_markers_and_text(model, rules, clip, fps):
    count = count_or_none(clip, model, rules, fps=fps)
    if count is None:
        return
    rule, prompt = get_model(model).rules(rules).video, get_model(model).rules(rules).prompt
    steps, rows, columns = count.grid_thw
    assert count.total == count.visual + count.markers + count.text
    assert count.visual == steps * rows * columns // rule.merge_size**2
    assert (rows, columns) == tuple(side // rule.patch_size for side in count.resized)
    assert count.resized.height % rule.factor == count.resized.width % rule.factor == 0
    assert steps == (count.plan.frame_count + 1) // 2
    assert count.markers == prompt.video_markers + steps * prompt.step_markers
    assert bool(count.text) == prompt.timestamps


@pytest.mark.parametrize(("model", "rules"), RULE_SETS)
@given(clip=clips, fps=asked_rates)
def test_frames_stay_within_the_clip_and_the_model_maximum(model, rules, clip, fps):
    count = count_or_none(clip, model, rules, fps=fps)
    if count is None:
        return
    plan = count.plan
    assert plan.frame_count <= get_model(model).rules(rules).video.max_frames
    assert plan.indices[0] >= 0
    assert plan.indices[-1] < clip.frame_count


@pytest.mark.parametrize(("model", "rules"), [row for row in RULE_SETS if "guide" in row[1]])
@given(clip=clips)
def test_a_clip_keeps_the_budget_of_the_guides(model, rules, clip):
    """Frame pairs share the total, unless the floor under every frame is the larger."""
    count = count_or_none(clip, model, rules)
    if count is None or count.limits.bound_by.startswith("1.05"):
        return
    rule = get_model(model).rules(rules).video
    # An odd frame is shown as half a pair but costs a whole one.
    pairs = count.plan.frame_count / 2
    if count.resized.pixels > count.limits.min_pixels * 2:  # small frames are enlarged, and rounded
        assert pairs * count.resized.pixels <= rule.total_pixels
