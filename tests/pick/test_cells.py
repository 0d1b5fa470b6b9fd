"""Cells against a slow plain twin; what a watch sees of made pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep import ImageSize
from vlprep.pick.cells import (
    CELL,
    PROBE_PIXELS,
    ROW_STEP,
    SHARE,
    CellWatch,
    cells_over,
    cut,
    probe_size,
    touched_cells,
)

SIZE = ImageSize(80, 120)


def picture(value=40):
    return np.full((*SIZE, 3), value, np.uint8)


def half(whole):
    return whole[::ROW_STEP]


def with_patch(base, row, column, value, rows=CELL, columns=CELL):
    changed = base.copy()
    changed[CELL * row : CELL * row + rows, CELL * column : CELL * column + columns] = value
    return changed


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_size_of_probing_is_whole_cells_of_no_more_pixels_than_needed(height, width):
    size = probe_size(ImageSize(height, width))
    assert size.height % CELL == size.width % CELL == 0 < min(size)
    assert size.height <= height + CELL and size.width <= width + CELL
    if max(height, width) < 4 * min(height, width):
        assert size.pixels <= 1.2 * PROBE_PIXELS


def plain_cells_over(apart, tolerance):
    rows, height, _, columns, width = apart.shape
    flags = np.zeros((rows, columns), bool)
    for row in range(rows):
        for column in range(columns):
            cell = apart[row, :, :, column]
            over = [(cell[:, colour] > tolerance).sum() for colour in range(3)]
            flags[row, column] = max(over) > SHARE * height * width
    return flags


@given(st.integers(0, 2**32 - 1), st.integers(0, 60), st.floats(0, 0.2))
def test_cells_over_a_tolerance_are_those_of_a_plain_count(seed, tolerance, share):
    rng = np.random.default_rng(seed)
    whole = rng.integers(0, 120, (60, 80, 3)) * (rng.random((60, 80, 3)) < share)
    apart = cut(half(whole.astype(np.uint8)))
    flags = cells_over(apart, tolerance)
    assert np.array_equal(flags, plain_cells_over(apart, tolerance))
    one_by_one = cells_over(
        np.moveaxis(apart, 3, 1).reshape(-1, *apart.shape[1:3], CELL), tolerance
    )
    assert np.array_equal(one_by_one, flags.ravel())


@given(st.integers(0, 3), st.integers(0, 5), st.integers(0, 9), st.integers(0, 19))
def test_a_touched_cell_is_one_that_differs_at_all(row, column, down, across):
    one = cut(half(picture()))
    other = one.copy()
    other[row, down, 1, column, across] += 1
    assert np.argwhere(touched_cells(one, other)).tolist() == [[row, column]]


def watched(pictures, fps=2.0):
    cells = CellWatch(SIZE)
    for number, sample in enumerate(pictures):
        cells.see(half(sample), number / fps)
    return cells.motion()


def settled(motion):
    return [(step, divmod(cell, SIZE.width // CELL)) for step, _, cell in motion.settled.tolist()]


def test_a_change_that_stays_settles_where_it_came():
    motion = watched([picture()] * 4 + [with_patch(picture(), 1, 2, 200)] * 4)
    assert settled(motion) == [(4, (1, 2))]
    assert np.argwhere(motion.moved).tolist() == [[4, 1, 2]]


def test_a_cell_that_goes_on_and_off_never_settles():
    on = with_patch(picture(), 1, 2, 200)
    motion = watched([picture(), on] * 10 + [picture()] * 4)
    assert settled(motion) == []
    assert motion.moved.sum() == 20 > motion.new.sum() == 1


def test_what_comes_back_after_a_while_is_a_change_of_its_own():
    other = with_patch(picture(), 1, 2, 200)
    motion = watched([picture()] * 4 + [other] * 4 + [picture()] * 4)
    assert [step for step, _ in settled(motion)] == [4, 8]


@pytest.mark.parametrize("steps", [4, 10, 20])
def test_a_slow_fade_settles_at_its_end_however_small_its_steps(steps):
    fade = [with_patch(picture(), 1, 2, 40 + round(160 * k / steps)) for k in range(steps + 1)]
    motion = watched([picture()] * 4 + fade + [fade[-1]] * 4)
    assert settled(motion) == [(4 + steps, (1, 2))]


@pytest.mark.parametrize("colours", [(0, 1), (1, 2), (0, 2)])
def test_colours_of_one_brightness_are_told_apart(colours):
    one, other = picture(60), picture(60)
    one[:CELL, :CELL, colours[0]] = 160
    other[:CELL, :CELL, colours[1]] = 160
    assert settled(watched([one] * 3 + [other] * 4)) == [(3, (0, 0))]


@pytest.mark.parametrize("deviation", [3, 6, 10])
def test_noise_of_a_sensor_is_no_change_and_hides_none(deviation):
    rng = np.random.default_rng(5)

    def noisy(base):
        return np.clip(base + rng.normal(0, deviation, base.shape), 0, 255).astype(np.uint8)

    base, other = picture(100), with_patch(picture(100), 2, 3, 230)
    motion = watched([noisy(base) for _ in range(30)] + [noisy(other) for _ in range(10)])
    found = [(step, place) for step, place in settled(motion) if step > 10]
    assert found == [(30, (2, 3))]


def test_a_frame_on_display_for_long_settles_without_being_seen_again():
    cells = CellWatch(SIZE)
    cells.see(half(picture()), 0)
    cells.see(half(with_patch(picture(), 0, 0, 250)), 0.5)
    for number in range(2, 6):
        cells.see_again(number / 2)
    cells.see(half(picture()), 3.0)
    assert settled(cells.motion()) == [(1, (0, 0))]


def test_pictures_are_not_kept():
    cells = CellWatch(SIZE)
    for number in range(500):
        cells.see(half(with_patch(picture(), number % 4, 0, number % 250)), number / 2)
    held = sum(array.nbytes for array in (*cells._moved, *cells._new, *cells._settled))
    assert held < 500 * 100
