"""Where sources contradict themselves: the count follows one reading and tells of the other."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlprep import (
    FrameListInfo,
    ImageInfo,
    ImageSize,
    VideoInfo,
    get_model,
    image_tokens,
    image_tokens_batch,
    list_models,
    video_tokens,
)
from vlprep.count.explain import explain_count
from vlprep.errors import ConstraintError, NotBuiltError
from vlprep.maths.geometry import llamafactory_sides, smart_resize
from vlprep.maths.size_arrays import first_sizes
from vlprep.view import View

DECEMBER = "guide-2025-12"


def clip(height, width, seconds, fps=30):
    rate = Fraction(fps)
    return VideoInfo(size=ImageSize(height, width), frame_count=seconds * fps, fps=rate)


def other_totals(count):
    """Return the numbers of tokens that the warnings of a count name for other readings."""
    told = [warning for warning in count.warnings if " tokens instead of " in warning]
    return [int(text.partition(" tokens instead")[0].split()[-1].replace(",", "")) for text in told]


@pytest.mark.parametrize("model", ["qvq-max", "qvq-plus", "qwen2.5-vl-72b-instruct"])
def test_december_rules_28(model):
    assert video_tokens(clip(180, 320, 10), model, rules=DECEMBER, fps=2).total == 662
    assert video_tokens(clip(180, 320, 10), model, fps=2).total == 1442  # by the June rules
    count = video_tokens(clip(720, 1280, 60), model, rules=DECEMBER, fps=2)
    assert count.total == 57_962
    assert 43_202 in other_totals(count)
    rule = get_model(model).rules(DECEMBER).image
    assert (rule.factor, rule.min_pixels, rule.max_pixels) == (28, 4 * 784, 1280 * 784)
    assert (rule.ceiling_pixels, rule.high_res_pixels) == (12_845_056, 16_384 * 784)


def test_what_is_stated_in_the_request_holds_under_both_readings():
    asked = {"rules": DECEMBER, "fps": 1, "max_pixels": 300 * 784}
    assert other_totals(video_tokens(clip(720, 1280, 60), "qwen2.5-vl-7b-instruct", **asked)) == []


def test_frames_of_qvq_are_80_by_the_letter_of_the_code():
    count = video_tokens(clip(360, 640, 60), "qvq-max", rules=DECEMBER)
    assert count.frames == 120
    assert any("at most 80 frames" in warning for warning in count.warnings)
    assert not video_tokens(clip(360, 640, 30), "qvq-max", rules=DECEMBER).warnings


def test_small_max_pixels():
    count = image_tokens((3000, 4000), "qwen3-vl-plus", max_pixels=1000 * 32 * 32)
    assert (count.total, other_totals(count)) == (974, [2496])
    assert "shrinking the file itself holds under both" in count.warnings[-1]


@pytest.mark.parametrize(
    ("model", "largest"),
    [("qwen3-vl-plus", 2496), ("qwen-vl-max", 1227), ("qvq-max", 1227)],
)
def test_the_default_cap_is_the_largest_of_the_other_reading(model, largest):
    size = (3000, 4000) if model == "qwen3-vl-plus" else (1280, 1280)
    count = image_tokens(size, model, rules=DECEMBER, max_pixels=100_000)
    assert other_totals(count) == [largest]


@pytest.mark.parametrize(
    "asked", [{}, {"max_pixels": 5_000_000}, {"max_pixels": 100_000, "high_res": True}]
)
def test_a_cap_that_is_no_lower_has_one_reading(asked):
    assert other_totals(image_tokens((3000, 4000), "qwen3-vl-plus", **asked)) == []


def test_a_small_picture_has_one_reading_whatever_the_cap():
    assert image_tokens((320, 320), "qwen3-vl-plus", max_pixels=1000 * 32 * 32).warnings == ()


@pytest.mark.parametrize(
    ("size", "counted", "other"), [((350, 350), 146, 171), ((406, 1024), 520, 557)]
)
def test_samples_that_round_otherwise_are_told_of(size, counted, other):
    count = image_tokens(size, "qvq-max")
    assert (count.total, other_totals(count)) == (counted, [other])
    assert image_tokens((336, 1036), "qvq-max").warnings == ()  # multiples of 28: no question


def test_halves_that_round_up_are_those_of_math_round():
    for side in range(28, 2000, 7):
        by_js = math.floor(side / 28 + 0.5) * 28
        limits = {"factor": 28, "min_pixels": 1, "max_pixels": 10**9}
        assert smart_resize(side, 28, **limits, reference="docs-half-up") == (by_js, 28)


def test_a_snapshot_of_which_the_guide_says_both():
    count = image_tokens((350, 350), "qwen-vl-plus-2025-07-10")
    assert (count.total, other_totals(count)) == (123, [146])
    clip_count = video_tokens(clip(360, 640, 10), "qwen-vl-plus-2025-07-10")
    assert other_totals(clip_count) == []


def test_list_frames_of_open_models():
    images = FrameListInfo(size=ImageSize(64, 64), frame_count=81, fps=Fraction(2))
    count = video_tokens(images, "qwen3-vl-8b-instruct")
    assert any("at most 80 frames (S004): refused" in warning for warning in count.warnings)
    rule = get_model("qwen3-vl-8b-instruct").rules().video
    assert rule.sources_of("max_list_images") == ("P3",)
    for allowed in (FrameListInfo(size=images.size, frame_count=80, fps=Fraction(2)),):
        assert video_tokens(allowed, "qwen3-vl-8b-instruct").warnings == ()
    assert video_tokens(images, "qwen3-vl-flash").warnings == ()  # 512 by the guide itself


@pytest.mark.parametrize("model", list_models(), ids=lambda model: model.name)
def test_every_reading_is_explained_with_its_number(model):
    for rules in model.rule_sets:
        view = View.of(model, rules=rules.name)
        for rule, info in ((rules.image, None), (rules.video, clip(720, 1280, 60))):
            if rule is None or not rule.readings or info is None:
                continue
            lines = explain_count(info, video_tokens(info, model, rules=rules.name), view)
            for reading in rule.readings:
                (line,) = [line for line in lines if line.startswith(reading.says)]
                assert "would" in line


def test_a_slip_of_a_sample_is_explained_and_not_warned_of():
    view = View.of("qwen3-vl-plus")
    count = image_tokens((3000, 4000), "qwen3-vl-plus")
    assert count.warnings == ()
    lines = explain_count(ImageInfo(size=ImageSize(3000, 4000), format="JPEG"), count, view)
    assert any("divides by 28*28" in line and "15,348 tokens" in line for line in lines)


# A framework that resizes before the processor does.


def test_two_step_frameworks():
    model, asked = "Qwen/Qwen2.5-VL-7B-Instruct", {"max_pixels": 589_824}
    assert image_tokens((4630, 203), model, **asked).visual == 650
    assert image_tokens((4630, 203), model, **asked, rules="llama-factory").visual == 786
    assert image_tokens((4630, 203), model, rules="llama-factory").visual == 786  # its default


def test_how_a_framework_samples_videos_is_not_built_rather_than_not_known():
    clip = VideoInfo(size=ImageSize(90, 120), frame_count=60, fps=Fraction(30))
    with pytest.raises(NotBuiltError, match="how llama-factory samples videos is not built"):
        video_tokens(clip, "Qwen/Qwen2.5-VL-7B-Instruct", rules="llama-factory")


SIDES = st.one_of(st.integers(1, 60), st.integers(1, 9000))


def first_step(height, width, low, high):
    """Size an image as LLaMA-Factory does, one operation after the other."""
    if width * height > high:
        factor = math.sqrt(high / (width * height))
        width, height = int(width * factor), int(height * factor)
    if width * height < low and width and height:
        factor = math.sqrt(low / (width * height))
        width, height = int(width * factor), int(height * factor)
    if not (width and height):
        return (0, 0)
    width, height = max(width, 28), max(height, 28)
    if width / height > 200:
        width = height * 180
    if height / width > 200:
        height = width * 180
    return (height, width)


@settings(max_examples=300)
@given(SIDES, SIDES, st.sampled_from([(1024, 589_824), (1, 5000), (10_000, 20_000_000)]))
def test_the_first_step_equals_its_slow_twin(height, width, limits):
    low, high = limits
    expected = first_step(height, width, low, high)
    (row,) = first_sizes("llamafactory", [[height, width]], min_pixels=low, max_pixels=high)
    assert tuple(row.tolist()) == expected
    assert llamafactory_sides((float(height), float(width)), low, high) == expected


@settings(max_examples=100)
@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=9))
def test_two_steps_of_many_sizes_equal_one_by_one(sizes):
    model, rules = "Qwen/Qwen3-VL-8B-Instruct", "llama-factory"

    def alone(size):
        try:
            return image_tokens(size, model, rules=rules).total
        except ConstraintError:
            return 0

    assert image_tokens_batch(sizes, model, rules=rules).tolist() == list(map(alone, sizes))
