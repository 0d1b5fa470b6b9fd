"""The search against size curves that are made up, with no picture involved."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from vlprep.compress.quality import (
    ENOUGH,
    MAX_TRIALS,
    PIXEL_ENOUGH,
    Trial,
    at_quality,
    best_trial,
    next_pixels,
    next_quality,
)
from vlprep.maths.jpeg import BEST_QUALITY, quality_scale

floors = st.sampled_from([40, 60])


def power_law(slope, log_size=14.0):
    """Bytes by quality as measured: log size falls with the log of the scale, 0.44 to 0.83."""
    return lambda quality: int(math.exp(log_size - slope * math.log(quality_scale(quality))))


def search(size, limit, **options):
    trials = []
    while (quality := next_quality(trials, limit, **options)) is not None:
        trials.append(Trial(quality, size(quality)))
        assert len(trials) <= MAX_TRIALS
    return trials


@pytest.mark.parametrize(
    ("quality", "scale"), [(1, 5000), (25, 200), (49, 5000 / 49), (50, 100), (75, 50), (95, 10)]
)
def test_the_scale_is_libjpeg_s(quality, scale):
    assert quality_scale(quality) == pytest.approx(scale)  # jpeg_quality_scaling


@given(st.lists(st.integers(1, 10**7), min_size=100, max_size=100), st.integers(1, 10**7), floors)
def test_any_curve_ends_in_six_trials_without_repeating_one(sizes, limit, floor):
    trials = search(lambda quality: sizes[quality - 1], limit, floor=floor)
    tried = [trial.choice for trial in trials]
    assert 1 <= len(trials) <= MAX_TRIALS
    assert len(set(tried)) == len(tried)
    assert all(floor <= quality <= BEST_QUALITY for quality in tried)


@given(st.lists(st.integers(1, 2000), min_size=100, max_size=100), st.integers(1, 200_000), floors)
def test_of_any_rising_curve_something_is_found_if_the_floor_fits(steps, limit, floor):
    sizes = [10_000 + sum(steps[: k + 1]) for k in range(100)]
    trials = search(lambda quality: sizes[quality - 1], limit, floor=floor)
    assert (best_trial(trials, limit) is not None) == (sizes[floor - 1] < limit)


@given(
    st.floats(0.3, 1.1), st.floats(9, 17), st.floats(-3.5, 0.5), st.floats(0, 0.1), st.floats(0, 6),
    floors,
)  # fmt: skip
@example(0.6, 14.0, -1.0, 0.0, 0.0, 40)
def test_the_best_found_is_near_the_best_there_is(slope, log_size, share, wave, phase, floor):
    law = power_law(slope, log_size)

    def size(quality):
        bent = 1 + wave * math.sin(phase + 2 * math.log(quality_scale(quality)))
        return int(law(quality) * bent) + 350

    assume(all(size(quality) < size(quality + 1) for quality in range(floor, BEST_QUALITY)))
    limit = int(size(BEST_QUALITY) * math.exp(share))
    trials = search(size, limit, floor=floor)
    best = best_trial(trials, limit)
    possible = [quality for quality in range(floor, BEST_QUALITY + 1) if size(quality) < limit]
    if not possible:
        assert best is None
    elif len(trials) < MAX_TRIALS:
        assert best.choice == possible[-1] or best.bytes >= ENOUGH * limit
    else:
        assert best.choice >= floor


def test_it_takes_few_encodes_on_average():
    counts = []
    for slope in (0.44, 0.5, 0.55, 0.6, 0.65, 0.7, 0.83):  # as measured on photos
        size = power_law(slope)
        for share in (1.1, 0.8, 0.5, 0.3, 0.15):
            counts.append(len(search(size, int(share * size(95)), floor=40)))
    assert sum(counts) / len(counts) <= 2.5
    assert max(counts) <= 4


def test_what_fits_is_smaller_than_the_limit():
    assert best_trial([Trial(50, 100)], 100) is None
    assert best_trial([Trial(50, 99)], 100) == Trial(50, 99)
    assert next_quality([Trial(95, 100)], 100, floor=40) is not None
    assert next_quality([Trial(95, 99)], 100, floor=40) is None


def test_the_start_is_kept_within_the_bounds():
    assert next_quality([], 100, floor=40, start=85) == 85
    assert next_quality([], 100, floor=60, start=20) == 60
    assert next_quality([], 100, floor=60, start=99) == BEST_QUALITY


def test_after_some_misses_the_floor_is_asked():
    misses = [Trial(95, 300), Trial(80, 150)]
    assert next_quality(misses, 100, floor=40, max_misses=2) == 40
    assert 40 < next_quality(misses, 100, floor=40) < 80
    misses.append(Trial(60, 110))
    assert next_quality(misses, 100, floor=40) == 40
    assert next_quality([*misses, Trial(40, 105)], 100, floor=40) is None


def test_what_cannot_be_hoped_for_is_not_tried():
    assert next_quality([Trial(95, 100_000_000)], 100_000, floor=40) is None


def test_guessing_another_quality_follows_the_slope():
    assert at_quality(Trial(95, 1000), 95) == 1000
    assert at_quality(Trial(50, 1000), 95, slope=1.0) == 10_000


# Fewer pixels.


def shrink(size, start, limit, smallest=121):
    trials = [Trial(start, size(start))]
    while (
        pixels := next_pixels(
            trials, limit, smallest=smallest, trials_left=MAX_TRIALS - len(trials)
        )
    ) is not None:
        assert smallest <= pixels < start
        assert pixels not in [trial.choice for trial in trials]
        trials.append(Trial(pixels, size(pixels)))
    return trials


@given(st.floats(0.8, 1.6), st.floats(0.5, 12), st.integers(20_000, 3_000_000))
def test_pixels_shrink_until_the_picture_fits(power, times, start):
    size = lambda pixels: int(0.5 * start * (pixels / start) ** power) + 350  # noqa: E731
    limit = max(int(size(start) / times), 1000)
    assume(size(start) >= limit)
    trials = shrink(size, start, limit)
    fits = [trial.bytes for trial in trials if trial.bytes < limit]
    assert fits and len(trials) <= MAX_TRIALS
    assert max(fits) >= PIXEL_ENOUGH * limit or len(trials) == MAX_TRIALS


def test_nothing_is_smaller_than_the_smallest():
    assert next_pixels([Trial(121, 900)], 500, smallest=121, trials_left=3) is None
    assert next_pixels([Trial(1000, 9000)], 500, smallest=121, trials_left=3) == 121
    assert next_pixels([Trial(1000, 9000)], 500, smallest=121, trials_left=0) is None


def test_a_good_fit_is_enough():
    trials = [Trial(10_000, 2000), Trial(4000, 900)]
    assert next_pixels(trials, 1000, smallest=121, trials_left=3) is None


def test_the_last_trial_is_careful_if_nothing_fits_yet():
    trials = [Trial(1_000_000, 200_000)]
    bold = next_pixels(trials, 100_000, smallest=121, trials_left=2)
    careful = next_pixels(trials, 100_000, smallest=121, trials_left=1)
    assert careful < bold / 2
