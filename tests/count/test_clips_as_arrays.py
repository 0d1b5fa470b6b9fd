"""Frames and tokens of many clips at once: equal to one by one on every row."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlprep import (
    ImageSize,
    VideoInfo,
    VlprepError,
    get_model,
    list_models,
    processor,
    smart_nframes,
    video_tokens_batch,
)
from vlprep.maths.frame_counts import FRAME_COUNT_RULES, count_frames

ASKED = st.fixed_dictionaries(
    {},
    optional={
        "fps": st.sampled_from([0.1, 0.5, 1, 2, 3.7, 10]),
        "min_frames": st.integers(1, 40),
        "max_frames": st.integers(1, 900),
        "strict": st.booleans(),
    },
)
CLIPS = st.lists(
    st.tuples(
        st.integers(0, 100_000),
        st.sampled_from([30.0, 25.0, 30000 / 1001, 23.976, 12.5, 1.0, 0.25, 240.0]),
        st.integers(1, 4000),
        st.integers(1, 4000),
    ),
    min_size=1,
    max_size=20,
)


def test_clips_as_arrays():
    assert smart_nframes(np.array([300, 600]), 30.0, fps=1).tolist() == [10, 20]
    assert smart_nframes(300, np.array([30.0, 15.0]), fps=1).tolist() == [10, 20]
    assert smart_nframes(300, 30.0, fps=1) == 10
    assert isinstance(smart_nframes(300, 30.0, fps=1), int)


def alone(function, *clip, **asked):
    try:
        return function(*clip, **asked)
    except VlprepError:
        return 0


@pytest.mark.parametrize("reference", sorted(FRAME_COUNT_RULES))
@given(clips=CLIPS, asked=ASKED)
def test_frames_of_many_clips_are_those_of_each(reference, clips, asked):
    strict = {"strict": asked.pop("strict", False)}
    totals, rates = np.array([clip[0] for clip in clips]), np.array([clip[1] for clip in clips])
    many = smart_nframes(totals, rates, reference=reference, **asked).tolist()
    for count, clip in zip(many, clips, strict=True):
        assert count == (clip[0] and alone(smart_nframes, *clip[:2], reference=reference, **asked))
    many = count_frames(totals, rates, reference=reference, **asked, **strict).tolist()
    for count, clip in zip(many, clips, strict=True):
        assert count == alone(count_frames, *clip[:2], reference=reference, **asked, **strict)


@pytest.mark.parametrize("reference", sorted(set(FRAME_COUNT_RULES) - {"docs"}))
@pytest.mark.parametrize("nframes", [1, 2, 5, 8, 33])
def test_a_number_of_frames_of_many_clips(reference, nframes):
    totals = np.arange(1, 60)
    many = smart_nframes(totals, 25.0, nframes=nframes, reference=reference).tolist()
    each = [alone(smart_nframes, t, 25.0, nframes=nframes, reference=reference) for t in totals]
    assert many == each


def test_a_rate_that_cannot_be_has_no_frames():
    assert smart_nframes([100] * 4, [25.0, 0.0, np.nan, np.inf]).tolist() == [8, 0, 0, 0]
    with_number = smart_nframes([100] * 2, [25.0, np.nan], nframes=8, reference="transformers")
    assert with_number.tolist() == [8, 8]


VIEWS = sorted(
    {
        (rules.name, rules.video): (model.name, rules.name)
        for model in list_models()
        for rules in model.rule_sets
        if rules.video
    }.values()
)


@pytest.mark.parametrize(("model", "rules"), VIEWS, ids=[" ".join(view) for view in VIEWS])
@given(
    clips=CLIPS,
    asked=ASKED,
    limits=st.fixed_dictionaries(
        {},
        optional={
            "min_pixels": st.integers(1, 500_000),
            "max_pixels": st.integers(500_000, 3_000_000),
            "sampling": st.sampled_from(["interval", "linspace", "linspace-float32", "arange"]),
        },
    ),
)
@settings(max_examples=15)
def test_tokens_of_many_clips_are_those_of_each(model, rules, clips, asked, limits):
    bound = processor(model, rules=rules, **asked, **limits)
    frames, rates, heights, widths = map(np.array, zip(*clips, strict=True))
    sizes = np.stack([heights, widths], axis=1)
    many = video_tokens_batch(
        frames, rates, sizes, get_model(model), rules=rules, **asked, **limits
    )
    assert many.tolist() == bound.video_tokens_batch(frames, rates, sizes).tolist()
    for total, (count, rate, height, width) in zip(many.tolist(), clips, strict=True):
        info = VideoInfo(size=ImageSize(height, width), frame_count=count, fps=Fraction(rate))
        try:
            expected = bound.video_tokens(info).total
        except VlprepError:
            expected = 0
        assert total == expected


def test_a_part_of_many_clips_is_refused():
    with pytest.raises(VlprepError, match="start_seconds"):
        video_tokens_batch([300], 30.0, [[720, 1280]], start_seconds=1)
