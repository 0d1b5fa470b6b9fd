from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlprep import FrameListInfo, ImageSize, VideoInfo, get_model, image_tokens, video_tokens
from vlprep.errors import BudgetError, ConstraintError
from vlprep.plan.many_files import plan_together
from vlprep.plan.one_clip import PREFERENCES
from vlprep.view import View

MODELS = ("qwen3-vl-plus", "qvq-max", "Qwen/Qwen2.5-VL-7B-Instruct", "Qwen/Qwen3-VL-8B-Instruct")


def small(name: str, low: int, high: int):
    """Return a model whose image tokens are 2 x 2 pixels, with small limits."""
    model = get_model(name)
    rule_set = model.rules()
    image = replace(
        rule_set.image, patch_size=1, min_pixels=low, max_pixels=high, ceiling_pixels=None,
        floor_pixels=low if rule_set.image.floor_pixels else None,
    )  # fmt: skip
    return replace(model, rule_sets=(replace(rule_set, image=image),))


def total(files, model, cap, weights):
    """Return the tokens of images, `None` where one is refused."""
    rule = model.rules().image
    tokens = 0
    for size, weight in zip(files, weights, strict=True):
        own = min(max(int(cap * weight), rule.min_pixels), rule.max_pixels)
        try:
            tokens += image_tokens(size, model, max_pixels=own).total
        except ConstraintError:
            return None
    return tokens


def spent(chosen):
    return sum(setting.tokens for setting in chosen)


sides = st.integers(1, 40)
sizes = st.tuples(sides, sides).map(lambda size: ImageSize(*size))


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=25)
@given(
    files=st.lists(st.tuples(sizes, st.sampled_from((1.0, 0.5, 2.0))), min_size=1, max_size=4),
    low=st.integers(4, 16),
    budget=st.integers(3, 150),
)
def test_no_larger_common_cap_fits(name, files, low, budget):
    images, weights = [size for size, _ in files], [weight for _, weight in files]
    model = small(name, low, 160)
    caps = range(1, 321)
    totals = {cap: total(images, model, cap, weights) for cap in caps}
    fitting = [cap for cap, tokens in totals.items() if tokens is not None and tokens <= budget]
    if not fitting:
        with pytest.raises(BudgetError):
            plan_together(images, View.of(model), budget, weights=weights)
        return
    chosen = plan_together(images, View.of(model), budget, weights=weights)
    assert spent(chosen) <= budget
    assert spent(chosen) == totals[fitting[-1]]
    for setting, weight in zip(chosen, weights, strict=True):
        rule = model.rules().image
        asked = min(max(int(fitting[-1] * weight), rule.min_pixels), rule.max_pixels)
        assert setting.max_pixels == asked
    for setting, size in zip(chosen, images, strict=True):
        assert image_tokens(size, model, **setting.keywords).total == setting.tokens


CLIPS = [
    VideoInfo(size=ImageSize(720, 1280), frame_count=25 * seconds, fps=Fraction(25))
    for seconds in (5, 20, 60)
]
PLUS = View.of("qwen3-vl-plus")
FILES = [*CLIPS, ImageSize(3000, 4000), ImageSize(480, 640)]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("prefer", sorted(PREFERENCES))
def test_mixed_files_stay_within_the_budget_by_the_counter(name, prefer):
    for budget in (20_000, 60_000):
        chosen = plan_together(FILES, View.of(name), budget, prefer=prefer)
        again = []
        for file, setting in zip(FILES, chosen, strict=True):
            count = video_tokens if isinstance(file, VideoInfo) else image_tokens
            again.append(count(file, name, **setting.keywords).total)
        assert sum(again) == spent(chosen) <= budget


def test_motion_keeps_the_rate_and_detail_the_size():
    plans = {name: plan_together(CLIPS, PLUS, 20_000, prefer=name) for name in PREFERENCES}
    rates = {name: chosen[0].fps for name, chosen in plans.items()}
    caps = {name: chosen[0].max_pixels for name, chosen in plans.items()}
    assert rates["motion"] == 2.0
    assert {setting.count.resized for setting in plans["detail"]} == {(576, 1056)}
    assert rates["detail"] < rates["balanced"] < rates["motion"]
    assert caps["motion"] < caps["balanced"] < caps["detail"]


def test_one_pixel_more_or_one_step_faster_is_too_much():
    (setting, *_) = plan_together(CLIPS, PLUS, 20_000, prefer="motion")
    over = [video_tokens(clip, fps=2.0, max_pixels=setting.max_pixels + 1) for clip in CLIPS]
    assert sum(count.total for count in over) > 20_000
    (setting, *_) = plan_together(CLIPS, PLUS, 20_000, prefer="detail")
    over = [video_tokens(clip, fps=setting.fps + 0.1) for clip in CLIPS]
    assert sum(count.total for count in over) > 20_000


def test_what_fits_is_left_as_it_is():
    chosen = plan_together(FILES, PLUS, 200_000)
    assert [setting.fps for setting in chosen] == [2.0, 2.0, 2.0, None, None]
    assert [setting.max_pixels for setting in chosen] == [655_360] * 3 + [2_621_440] * 2


def test_a_weight_is_a_share_of_the_cap():
    sizes = [ImageSize(2000, 2000)] * 4
    small, *_, large = plan_together(sizes, View.of("qvq-max"), 2000, weights=[1, 1, 1, 4])
    assert large.max_pixels == 4 * small.max_pixels
    assert large.tokens > 3 * small.tokens


def test_images_know_no_rate():
    (setting,) = plan_together([ImageSize(100, 100)], View.of("qvq-max"), 100)
    assert setting.fps is None


def test_a_list_keeps_its_frames():
    frames = FrameListInfo(size=ImageSize(720, 1280), frame_count=40, fps=Fraction(1))
    chosen = plan_together([frames, CLIPS[1]], PLUS, 8000)
    assert [setting.fps is None for setting in chosen] == [True, False]
    assert chosen[0].frames == 40
    assert spent(chosen) <= 8000


@pytest.mark.parametrize("weights", [[1], [1, 0], [1, float("nan")], [1, float("inf")]])
def test_weights_that_cannot_be(weights):
    with pytest.raises(ConstraintError, match="wanted 2 numbers above 0"):
        plan_together([ImageSize(9, 9)] * 2, View.of("qvq-max"), 100, weights=weights)


def test_nothing_to_plan():
    with pytest.raises(ConstraintError, match="no files"):
        plan_together([], View.of("qvq-max"), 100)
