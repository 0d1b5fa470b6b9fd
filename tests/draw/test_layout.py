from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep.draw.layout import MARGIN, choose_grid
from vlprep.types import ImageSize


def sizes_of_any_shape():
    def size(longer, ratio, turned):
        shorter = max(round(longer / ratio), 1)
        return ImageSize(longer, shorter) if turned else ImageSize(shorter, longer)

    return st.builds(size, st.integers(1, 8000), st.floats(1, 20), st.booleans())


@given(st.integers(0, 2500), sizes_of_any_shape())
def test_a_grid_holds_all_frames_within_its_limits(count, size):
    grid = choose_grid(count, size)
    assert (grid.rows - 1) * grid.columns < count <= grid.rows * grid.columns or count == 0
    assert grid.size.width <= 2400 - 2 * MARGIN
    assert grid.size.pixels <= 14_000_000
    assert all(1 <= part <= whole for part, whole in zip(grid.thumbnail, size, strict=True))
    height, width = grid.thumbnail
    assert abs(height * size.width - width * size.height) <= max(size)  # less than a pixel off


@pytest.mark.parametrize("size", [(720, 1280), (1280, 720), (1080, 1080), (2160, 3840)])
@pytest.mark.parametrize("count", [4, 6, 10, 12])
def test_a_few_frames_fill_a_screen(count, size):
    height, width = choose_grid(count, ImageSize(*size)).size
    assert 1200 <= width <= 2400
    assert 600 <= height <= 1400


def test_thumbnails_shrink_as_frames_become_more():
    widths = [choose_grid(count, ImageSize(720, 1280)).thumbnail.width for count in (1, 10, 200)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == 1280
    assert choose_grid(2000, ImageSize(720, 1280)).thumbnail.width >= 64


def test_a_thumbnail_is_never_larger_than_the_frame():
    assert choose_grid(3, ImageSize(24, 32)).thumbnail == (24, 32)
