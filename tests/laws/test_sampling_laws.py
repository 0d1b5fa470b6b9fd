"""Laws of choosing frames: how many, which, and when."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.reference import sampling as plain
from vlprep import plan_frames, smart_nframes
from vlprep.errors import ConstraintError
from vlprep.maths.arithmetic import NUMBERS, arrays
from vlprep.maths.sampling import DEFAULT_SAMPLING, INDEX_RULES, frame_range

REFERENCES = tuple(DEFAULT_SAMPLING)
EVEN_COUNTS = ("qwen-vl-utils", "transformers-qwen2")

totals = st.one_of(st.integers(0, 40), st.integers(1, 20_000), st.integers(1, 500_000))
rates = st.one_of(
    st.sampled_from([8.0, 23.976, 24000 / 1001, 25.0, 30000 / 1001, 30.0, 59.94, 60.0]),
    st.floats(0.2, 240),
)
asked_rates = st.one_of(st.sampled_from([0.1, 0.5, 1.0, 2.0, 4.0, 10.0]), st.floats(0.01, 60))
bounds = st.integers(1, 900)


@st.composite
def requests(draw: st.DrawFn, reference: str) -> dict[str, object]:
    request: dict[str, object] = {
        "min_frames": draw(st.one_of(st.just(4), bounds)),
        "max_frames": draw(st.one_of(st.none(), bounds)),
        "max_frames_default": draw(st.sampled_from([80, 512, 768, 2000])),
    }
    if reference != "docs" and draw(st.booleans()):
        return {**request, "nframes": draw(st.integers(1, 900))}
    return {**request, "fps": draw(asked_rates)}


def count_or_none(total, rate, reference, **request):
    try:
        return smart_nframes(total, rate, reference=reference, **request)
    except ConstraintError:
        return None


def twin_or_none(
    total,
    rate,
    reference,
    *,
    min_frames,
    max_frames_default,
    max_frames=None,
    fps=None,
    nframes=None,
):
    try:
        return plain.count(
            total,
            rate,
            fps=fps,
            nframes=nframes,
            min_frames=min_frames,
            max_frames=max_frames,
            default_maximum=max_frames_default,
            reference=reference,
        )
    except plain.RefusedError:
        return None


@given(st.sampled_from(REFERENCES), totals, rates, st.data())
def test_the_count_equals_the_plain_twin(reference, total, rate, data):
    request = data.draw(requests(reference))
    expected = twin_or_none(total, rate, reference, **request)
    assert count_or_none(total, rate, reference, **request) == expected


RATES = (8.0, 12.5, 14.985, 23.976, 24000 / 1001, 24.0, 25.0, 29.97, 30000 / 1001, 30.0, 50.0, 60.0)


@pytest.mark.parametrize("reference", REFERENCES)
def test_counts_at_the_edge_of_a_whole_number_equal_the_plain_twin(reference):
    """Where the wanted count is all but whole, the order of operations decides."""
    for rate in RATES:
        for fps in (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 6, 10):
            wanted = [(total, total * fps / rate) for total in range(30, 6000)]
            edges = [total for total, count in wanted if abs(count - round(count)) < 1e-9]
            asked = {"fps": fps, "min_frames": 2, "max_frames_default": 10_000}
            for total in edges[::9]:
                expected = twin_or_none(total, rate, reference, **asked)
                assert count_or_none(total, rate, reference, **asked) == expected, (
                    total,
                    rate,
                    fps,
                )


def both_ways(sampling, first, last, count, rate=30.0, fps=2.0):
    """Spread frames in numbers and in arrays, which are to agree to the last bit."""
    clip = (first, last, count, rate, fps)
    place_of = INDEX_RULES[sampling](*clip, NUMBERS)
    alone = [place_of(k) for k in range(count)]
    together = INDEX_RULES[sampling](*clip, arrays())(np.arange(count))
    assert np.broadcast_to(together, count).tolist() == alone
    return [int(min(max(place, first), last)) for place in alone]


@given(st.sampled_from(tuple(INDEX_RULES)), st.data())
def test_numbers_and_arrays_spread_alike(sampling, data):
    first, count = data.draw(st.integers(0, 10**6)), data.draw(st.integers(1, 300))
    last = first + data.draw(st.integers(0, 10**6))
    both_ways(sampling, first, last, count, data.draw(rates), data.draw(asked_rates))


@pytest.mark.parametrize("sampling", plain.SPREADS)
def test_long_lists_of_frame_numbers_equal_the_plain_twin(sampling):
    draw = random.Random(sampling)
    for _ in range(400):
        length, count = draw.randrange(800, 120_000), draw.choice([64, 256, 512, 767, 768])
        expected = plain.SPREADS[sampling](0, length - 1, count)
        assert both_ways(sampling, 0, length - 1, count) == expected, (length, count)


@given(st.sampled_from(REFERENCES), totals, rates, st.data())
def test_counts_come_in_pairs_within_the_clip_where_the_reference_says_so(
    reference, total, rate, data
):
    request = data.draw(requests(reference))
    count = count_or_none(total, rate, reference, **request)
    if count is None:
        return
    if reference in EVEN_COUNTS:
        assert count % 2 == 0
    if "nframes" not in request or reference in EVEN_COUNTS:
        # The guides round the clip's length up from seconds, which can give one frame too many.
        assert count <= total + (reference == "docs")
    bounded = "nframes" not in request and reference != "vllm-number"
    if request["max_frames"] is not None and bounded:
        assert count <= request["max_frames"] + (reference == "vllm-qwen2")


@given(
    st.sampled_from(REFERENCES),
    st.one_of(st.none(), st.sampled_from(tuple(INDEX_RULES))),
    totals,
    rates,
    st.data(),
)
def test_a_plan_is_sorted_in_range_counted_and_timed(reference, sampling, total, rate, data):
    request = data.draw(requests(reference))
    try:
        plan = plan_frames(
            total, rate, reference=reference, sampling=sampling, strict=True, **request
        )
    except ConstraintError:
        return
    assert plan.frame_count == smart_nframes(total, rate, reference=reference, **request)
    assert list(plan.indices) == sorted(plan.indices)
    assert plan.indices[0] >= 0
    assert plan.indices[-1] < total
    for index, moment in zip(plan.indices, plan.timestamps_seconds, strict=True):
        # By time, a moment is at its frame or between it and the next.
        late = moment * rate - index
        assert -1e-6 < late < 1 if plan.by_time else moment == index / rate
    assert plan.sample_fps == pytest.approx(plan.frame_count / total * rate)
    asked_too_often = request.get("fps", 2.0) > rate  # the interval rule then shows frames twice
    if plan.frame_count <= total and not asked_too_often:
        assert len(set(plan.indices)) == plan.frame_count


@given(st.sampled_from(REFERENCES), st.integers(2, 5000), rates, asked_rates)
def test_without_strict_every_clip_of_two_frames_has_a_plan(reference, total, rate, fps):
    plan = plan_frames(total, rate, fps=fps, reference=reference)
    assert plan.frame_count >= 2 - (reference == "vllm-number")
    assert plan.indices[0] >= 0
    assert plan.indices[-1] < total
    try:
        strict = plan_frames(total, rate, fps=fps, reference=reference, strict=True)
    except ConstraintError:
        assert plan.warnings
    else:
        assert plan == strict


@given(st.sampled_from(REFERENCES), st.integers(2, 5000), rates, st.data())
def test_a_part_of_a_clip_is_planned_within_that_part(reference, total, rate, data):
    start = data.draw(st.floats(0, total / rate))
    end = data.draw(st.floats(0, total / rate))
    try:
        first, last = frame_range(total, rate, start, end)
        plan = plan_frames(
            total, rate, start_seconds=start, end_seconds=end, reference=reference, fps=2
        )
    except ConstraintError:
        return
    assert 0 <= first < last < total
    assert first <= plan.indices[0]
    assert plan.indices[-1] <= last
    assert math.ceil(start * rate) == first


@given(
    st.sampled_from(tuple(plain.SPREADS)),
    st.integers(0, 5000),
    st.integers(2, 100_000),
    st.integers(1, 900),
)
def test_frame_numbers_equal_the_plain_twin(sampling, first, length, count):
    assume(count <= length)
    expected = plain.SPREADS[sampling](first, first + length - 1, count)
    assert both_ways(sampling, first, first + length - 1, count) == expected


@given(
    st.integers(1, 4000),
    st.sampled_from([24, 25, 30, 50, 60]),
    st.sampled_from([Fraction(1, 2), Fraction(1), Fraction(2), Fraction(3), Fraction(5)]),
)
def test_the_interval_rule_takes_the_frame_that_is_shown_at_each_instant(total, rate, fps):
    count = math.floor(Fraction(total, rate) * fps)
    assume(count >= 1)
    place_of = INDEX_RULES["interval"](0, total - 1, count, float(rate), float(fps), NUMBERS)
    shown = [math.floor(place_of(k) + 1e-6) for k in range(count)]
    assert shown == [math.floor(k * rate / fps) for k in range(count)]


@given(st.integers(1, 5000), st.integers(1, 900), rates, asked_rates)
def test_the_interval_rule_spreads_a_bounded_count_over_the_whole_clip(total, count, rate, fps):
    assume(count <= total and fps <= rate)
    chosen = both_ways("interval", 0, total - 1, count, rate, fps)
    assert chosen == sorted(set(chosen))
    assert chosen[0] == 0
    # No stretch at the end is longer than the longest gap, give or take the interval asked for.
    gaps = [later - earlier for earlier, later in zip(chosen, [*chosen[1:], total], strict=True)]
    assert gaps[-1] <= max(gaps[:-1], default=total) + math.ceil(rate / fps) + 1
