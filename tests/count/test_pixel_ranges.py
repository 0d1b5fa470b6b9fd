from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep import get_model
from vlprep.count.pixel_ranges import RANGES, is_per_clip, pixel_ranges
from vlprep.count.pixels import BUDGETS, video_limits
from vlprep.errors import ConstraintError

RULES = sorted(
    {
        (rule_set.name, model.name): rule_set.video
        for model in map(get_model, ("qwen3-vl-plus", "qvq-max", "Qwen/Qwen2.5-VL-7B-Instruct",
                                     "Qwen/Qwen3-VL-8B-Instruct", "qwen3.7-plus"))
        for rule_set in model.rule_sets
        if rule_set.video is not None
    }.items()
)  # fmt: skip


def test_every_rule_has_an_array_form():
    assert set(RANGES) == set(BUDGETS)


@pytest.mark.parametrize(("name", "rule"), RULES, ids=[" ".join(name) for name, _ in RULES])
@given(
    frames=st.integers(2, 9000),
    cap=st.one_of(st.integers(1, 300_000), st.integers(1, 300_000_000)),
)
def test_it_gives_what_the_scalar_form_gives(name, rule, frames, cap):
    limits = video_limits(rule, frames, None, cap, None)
    low, high = pixel_ranges(rule, np.array([frames]), np.array([cap]))
    assert (low[0], high[0]) == (limits.min_pixels, limits.max_pixels)
    assert is_per_clip(rule) == limits.per_clip


def test_an_unknown_rule_is_refused():
    rule = replace(get_model("qvq-max").rules().video, budget="none")
    with pytest.raises(ConstraintError, match="unknown rule 'none'"):
        pixel_ranges(rule, np.array([2]), np.array([4096]))
