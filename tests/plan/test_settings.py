from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from vlprep import ImageSize, VideoInfo, get_model, processor
from vlprep.errors import ConstraintError, FrameCountError
from vlprep.plan.settings import ClipChoices, cap_range
from vlprep.view import ViewOptions

# That no setting is missed is shown by brute force in test_one_clip.py.

CLIP = VideoInfo(size=ImageSize(720, 1280), frame_count=1000, fps=Fraction(30000, 1001))


@pytest.mark.parametrize(
    "name", ["qwen3-vl-plus", "qvq-max", "Qwen/Qwen2.5-VL-7B-Instruct", "Qwen/Qwen3-VL-8B-Instruct"]
)
def test_the_grid_is_what_the_counter_says(name):
    for rules in (rules.name for rules in get_model(name).rule_sets if rules.video):
        view = processor(name, rules=rules)
        choices = ClipChoices(CLIP, view)
        grid = choices.grid
        generator = np.random.default_rng(1)
        for _ in range(40):
            row, column = (int(generator.integers(side)) for side in grid.tokens.shape)
            fps = float(grid.rates[row])
            cap = int(grid.max_pixels[row, column])
            count = view.asking(fps=fps, max_pixels=cap).video_tokens(CLIP)
            assert count.plan.frame_count == grid.frames[row]
            assert count.resized == tuple(grid.sizes[row, column])
            assert count.total == grid.tokens[row, column]


def test_every_number_of_frames_has_its_rate():
    choices = ClipChoices(CLIP, processor("Qwen/Qwen3-VL-8B-Instruct"))
    assert choices.grid.frames.tolist() == sorted(choices.rate_of)
    for frames, rate in choices.rate_of.items():
        assert choices.frames_at(rate) == frames


def test_odd_numbers_have_none_where_frames_come_in_pairs():
    choices = ClipChoices(CLIP, processor("Qwen/Qwen2.5-VL-7B-Instruct"))
    assert [n in choices.rate_of for n in (20, 21, 22, 23)] == [True, False, True, False]


def test_the_errors_are_those_of_counting():
    with pytest.raises(ConstraintError, match="frame rate"):
        assert ClipChoices(replace(CLIP, fps=None), processor("qvq-max")).grid
    with pytest.raises(FrameCountError, match="no frames"):
        assert ClipChoices(replace(CLIP, frame_count=0, fps=None), processor("qvq-max")).grid


def test_caps_stay_within_what_may_be_set():
    rule = get_model("qwen3-vl-plus").rules().video
    assert cap_range(rule, ViewOptions()) == (4096, 655_360)
    assert cap_range(rule, ViewOptions(max_pixels=20_000), 10_000) == (10_000, 20_000)
    assert cap_range(rule, ViewOptions(max_pixels=10**9), 1) == (4096, 655_360)
