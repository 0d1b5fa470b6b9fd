from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from vlprep import ImageSize, VideoInfo, get_model, image_tokens, image_tokens_batch, video_tokens
from vlprep.count.timestamps import step_seconds, timestamp_tokens
from vlprep.count.tokens import image_counts
from vlprep.errors import (
    AspectRatioError,
    ConstraintError,
    FrameCountError,
    ResizeError,
    UnknownFactError,
    UnknownModelError,
)
from vlprep.view import View

# Expected numbers by model are in tests/golden and are read by tests/test_golden.py.

CLIP = VideoInfo(size=ImageSize(720, 1280), frame_count=250, fps=Fraction(25))


def test_an_image_s_count_says_what_the_model_sees():
    count = image_tokens((1280, 1280), "qvq-max")
    assert count.resized == ImageSize(980, 980)
    assert count.grid_thw == (1, 70, 70)
    assert (count.visual, count.markers, count.text, count.total) == (1225, 2, 0, 1227)
    assert count.rules == "guide-2025-06"
    assert count.frames is None
    assert (count.limits.min_pixels, count.limits.max_pixels) == (3136, 1_003_520)
    assert count.warnings == ()


def test_the_default_model_is_taken_when_none_is_named():
    assert image_tokens((1280, 1280)) == image_tokens((1280, 1280), "qwen3-vl-plus")


def test_another_rule_set_counts_by_its_own_numbers():
    assert image_tokens((100, 100), "qwen3-vl-plus").visual == 9
    assert image_tokens((100, 100), "qwen3-vl-plus", rules="api-2026").visual == 64


@pytest.mark.parametrize(
    ("size", "warning"),
    [
        ((10, 100), "refuses sides below 11 pixels"),
        ((100, 10), "refuses sides below 11 pixels"),
        ((20, 4020), "refuses aspect ratios over 200:1"),
    ],
)
def test_what_the_service_refuses_is_counted_with_a_warning(size, warning):
    assert warning in image_tokens(size, "qvq-max").warnings[0]


@pytest.mark.parametrize("size", [(11, 11), (20, 4000)])
def test_what_the_service_accepts_has_no_warning(size):
    assert image_tokens(size, "qvq-max").warnings == ()


def test_open_weights_have_no_service_that_refuses():
    assert image_tokens((8, 8), "Qwen/Qwen3-VL-8B-Instruct").warnings == ()


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (UnknownModelError, {"size": (10, 10), "model": "no-such-model"}),
        (UnknownFactError, {"size": (10, 10), "model": "Qwen/Qwen3-VL-Reranker-8B"}),
        (ResizeError, {"size": (0, 10), "model": "qvq-max"}),
        (ResizeError, {"size": (15, 200_000), "model": "qvq-max"}),
        (AspectRatioError, {"size": (10, 2010), "model": "Qwen/Qwen3-VL-8B-Instruct"}),
        (ConstraintError, {"size": (10, 10), "model": "qvq-max", "rules": "transformers"}),
        (
            ConstraintError,
            {"size": (10, 10), "model": "qvq-max", "min_pixels": 9999, "max_pixels": 9998},
        ),
        (
            ConstraintError,
            {"size": (10, 10), "model": "Qwen/Qwen3-VL-8B-Instruct", "high_res": True},
        ),
    ],
)
def test_what_cannot_be_counted(error, arguments):
    with pytest.raises(error):
        image_tokens(**arguments)


SIZES = [[1280, 1280], [0, 10], [1080, 1920], [15, 200_000]]


def test_a_batch_counts_refused_sizes_as_0():
    counts = image_tokens_batch(np.array(SIZES), "qvq-max")
    assert counts.dtype == np.int64
    assert counts.tolist() == [1227, 0, 1224, 0]


def test_a_list_of_counts_has_the_error_in_the_place_of_a_refused_size():
    counts = image_counts([ImageSize(*size) for size in SIZES], View.of("qvq-max"))
    assert counts[0] == image_tokens((1280, 1280), "qvq-max")
    assert counts[2] == image_tokens((1080, 1920), "qvq-max")
    assert [type(counts[k]) for k in (1, 3)] == [ResizeError, ResizeError]
    assert [counts[k].size for k in (1, 3)] == [(0, 10), (15, 200_000)]


def test_no_sizes_give_no_counts():
    assert image_tokens_batch([], "qvq-max").tolist() == []
    assert list(image_counts([], View.of("qvq-max"))) == []


# Videos.


def test_a_video_s_count_says_what_the_model_sees():
    count = video_tokens(CLIP, "Qwen/Qwen3-VL-8B-Instruct")
    assert count.plan.frame_count == 20
    assert count.grid_thw == (10, 704 // 16, 1280 // 16)
    assert count.visual == 8800
    assert count.markers == 2 + 10 * 2
    assert count.text == 10 * 6  # ten times below ten seconds
    assert count.total == 8882


@pytest.mark.parametrize(
    ("frames", "digits"),
    [(250, [6] * 10), (1000, [6] * 10 + [7] * 30), (5000, [6] * 10 + [7] * 90 + [8] * 100)],
)
def test_timestamps_cost_five_tokens_and_one_per_digit_before_the_point(frames, digits):
    clip = replace(CLIP, frame_count=frames)
    count = video_tokens(clip, "Qwen/Qwen3-VL-8B-Instruct", fps=2)
    assert count.text == sum(digits)


def test_a_step_s_time_is_the_middle_of_its_frames_and_an_odd_last_frame_stands_twice():
    clip = replace(CLIP, frame_count=75)
    count = video_tokens(clip, "Qwen/Qwen3-VL-8B-Instruct", nframes=3)
    assert count.plan.timestamps_seconds == (0.0, 37 / 25, 74 / 25)
    rule = get_model("Qwen/Qwen3-VL-8B-Instruct").rules().video
    assert step_seconds(count.plan.timestamps_seconds, rule) == [37 / 50, 74 / 25]
    assert count.grid_thw[0] == 2


def test_a_single_frame_is_shown_twice_unless_strict():
    clip = replace(CLIP, frame_count=1)
    count = video_tokens(clip, "Qwen/Qwen3-VL-8B-Instruct")
    assert (count.plan.frame_count, count.grid_thw[0]) == (1, 1)
    assert any("shown twice" in warning for warning in count.warnings)
    with pytest.raises(FrameCountError):
        video_tokens(clip, "Qwen/Qwen3-VL-8B-Instruct", strict=True)


@pytest.mark.parametrize("model", ["qvq-max", "qwen3-vl-plus", "Qwen/Qwen2.5-VL-7B-Instruct"])
@pytest.mark.parametrize("rules", [None, "other"])
def test_a_single_frame_counts_under_every_rule_set(model, rules):
    names = [rule_set.name for rule_set in get_model(model).rule_sets if rule_set.video]
    count = video_tokens(replace(CLIP, frame_count=1), model, rules=names[-1] if rules else None)
    assert count.total > 0
    assert count.warnings


def test_the_caller_s_rate_number_and_bounds_replace_the_model_s():
    def frames(**asked):
        return video_tokens(CLIP, "Qwen/Qwen3-VL-8B-Instruct", **asked).plan.frame_count

    assert frames() == 20
    assert frames(fps=1) == 10
    assert frames(fps=0.1) == 4
    assert frames(fps=0.1, min_frames=8) == 8
    assert frames(fps=25, max_frames=30) == 30
    assert frames(nframes=33) == 33


def test_only_a_part_of_the_clip_is_sampled():
    count = video_tokens(CLIP, "qvq-max", start_seconds=2, end_seconds=6)
    assert count.plan.indices[0] == 50
    assert count.plan.indices[-1] <= 150
    assert count.plan.frame_count == 8


def test_limits_per_frame_and_for_the_clip():
    per_frame = video_tokens(CLIP, "qvq-max", max_pixels=200_704)
    assert per_frame.resized.pixels <= 200_704
    assert per_frame.limits.bound_by == "max_pixels"
    whole = video_tokens(CLIP, "qvq-max", total_pixels=2_000_000)
    assert whole.visual <= 2_000_000 // 784
    assert "budget of 2,000,000 pixels over 20 frames" in whole.limits.bound_by


def test_the_floor_of_a_frame_is_stronger_than_the_clip_s_budget():
    count = video_tokens(CLIP, "qvq-max", total_pixels=10_000)
    assert count.limits.max_pixels == int(100_352 * 1.05)
    assert count.limits.bound_by == "1.05 times the lower limit"


@pytest.mark.parametrize(
    ("error", "model", "asked"),
    [
        (UnknownFactError, "qwen-vl-ocr", {}),
        (UnknownFactError, "Qwen/Qwen3-VL-Reranker-8B", {}),
        (ConstraintError, "qvq-max", {"nframes": 8}),
        (ConstraintError, "qvq-max", {"fps": 2, "nframes": 8}),
        (ConstraintError, "Qwen/Qwen3-VL-8B-Instruct", {"total_pixels": 10**6}),
        (ConstraintError, "Qwen/Qwen2.5-VL-7B-Instruct", {"total_pixels": 10**6}),
        (ConstraintError, "qvq-max", {"min_pixels": 10**6, "max_pixels": 10**5}),
    ],
)
def test_videos_that_cannot_be_counted(error, model, asked):
    with pytest.raises(error):
        video_tokens(CLIP, model, **asked)


def test_a_clip_of_unknown_rate_needs_a_number_of_frames():
    clip = replace(CLIP, fps=None)
    with pytest.raises(ConstraintError, match="frame rate"):
        video_tokens(clip, "Qwen/Qwen3-VL-8B-Instruct")
    assert video_tokens(clip, "Qwen/Qwen3-VL-8B-Instruct", nframes=8).plan.frame_count == 8


def test_uncertain_markers_are_a_warning():
    count = video_tokens(CLIP, "Qwen/Qwen3.5-4B")
    assert any("not verified" in warning for warning in count.warnings)


def test_timestamps_have_the_digits_that_they_are_written_with():
    rules = get_model("Qwen/Qwen3-VL-8B-Instruct").rules()
    edges = [10.0**power - 0.05 for power in range(1, 6)]
    around = [np.nextafter(edge, way) for edge in edges for way in (0, np.inf)]
    for seconds in (0.0, 9.9, 9.94, 9.96, 3999.9, *edges, *around):
        written = len(f"{seconds:.1f}") - 2
        counted = timestamp_tokens([seconds, seconds], rules.video, rules.prompt)
        assert counted == 5 + written


def test_counts_that_others_measured():
    # huggingface/text-generation-inference#3177: about 18,000 tokens of five such images.
    assert 5 * image_tokens((1365, 2048), "Qwen/Qwen2.5-VL-7B-Instruct").visual == 17_885
    # QwenLM/Qwen3-VL#656: 400 frames of 336 x 336 are about 28,800 tokens.
    clip = VideoInfo(size=ImageSize(336, 336), frame_count=4000, fps=Fraction(10))
    asked = {"min_frames": 400, "max_frames": 400, "min_pixels": 336**2, "max_pixels": 336**2}
    asked |= {"fps": 1, "total_pixels": 10**9}
    name = "Qwen/Qwen2-VL-7B-Instruct"
    assert video_tokens(clip, name, rules="qwen-vl-utils", **asked).visual == 28_800
