"""An image beside what a model sees of it: a fixed layout, and details found where most is lost."""

import numpy as np
import pytest

import vlprep
from tests.draw.test_sheets import COLOURS, MARGIN, plain, where
from vlprep.draw.beside import side_by_side, worst_place
from vlprep.draw.lettering import BACKGROUND
from vlprep.frames.view import ImageView


def noise(height, width):
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def test_the_original_is_at_the_left_pixel_for_pixel():
    original = noise(480, 640)
    pixels = np.asarray(side_by_side(original, plain((96, 128), COLOURS[3]), ("a", "b")))
    assert pixels.shape[1] == 3 * MARGIN + 2 * 640
    rows = slice(-MARGIN - 480, -MARGIN)
    assert (pixels[rows, MARGIN : MARGIN + 640] == original).all()
    assert (pixels[rows, 2 * MARGIN + 640 : -MARGIN] == COLOURS[3]).all()
    assert (pixels[rows, MARGIN + 640 : 2 * MARGIN + 640] == BACKGROUND).all()


def test_a_view_of_the_same_size_is_left_as_it_is_and_a_larger_one_is_shrunk():
    original = noise(480, 640)
    pixels = np.asarray(side_by_side(original, original, ("a", "b")))
    assert (pixels[-MARGIN - 480 : -MARGIN, 2 * MARGIN + 640 : -MARGIN] == original).all()
    larger = np.asarray(side_by_side(original, plain((960, 1280), COLOURS[0]), ("a", "b")))
    assert larger.shape == pixels.shape


def test_wide_pictures_stand_above_their_view():
    original = noise(299, 600)
    pixels = np.asarray(side_by_side(original, plain((64, 128), COLOURS[3]), ("a", "b")))
    assert pixels.shape[1] == 600 + 2 * MARGIN
    assert where(pixels, COLOURS[3])[1:] == (MARGIN, 299, 600)
    top = pixels.shape[0] // 2 - MARGIN // 2 - 299
    assert (pixels[top : top + 299, MARGIN:-MARGIN] == original).all()


def test_twice_as_wide_still_stands_beside_it():
    assert side_by_side(noise(300, 600), noise(30, 60), ("a", "b")).width == 1200 + 3 * MARGIN


def test_large_originals_are_shrunk_alike_and_the_captions_say_so():
    views = plain((800, 1000), COLOURS[1]), plain((80, 100), COLOURS[2])
    small = np.asarray(side_by_side(*views, ("left", "right"), max_side=500))
    assert where(small, COLOURS[1])[2:] == (400, 500)
    assert where(small, COLOURS[2])[2:] == (400, 500)
    half = plain((400, 500), COLOURS[1]), plain((80, 100), COLOURS[2])
    said = ("left (shown at 50 %)", "right (shown at 50 %)")
    assert (small == np.asarray(side_by_side(*half, said))).all()
    assert (small != np.asarray(side_by_side(*half, ("left", "right")))).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (33, 100), (100, 33)])
def test_any_shape_can_be_compared(size):
    words = "a caption of many words " * 3
    pixels = np.asarray(
        side_by_side(plain(size, COLOURS[0]), noise(28, 28), (words, "b"), max_side=4096)
    )
    assert where(pixels, COLOURS[0])[2:] == size


def test_a_side_has_at_least_one_pixel():
    with pytest.raises(ValueError, match="max_side must be at least 1"):
        side_by_side(noise(4, 4), noise(4, 4), ("a", "b"), max_side=0)


# A detail, pixel by pixel.


def test_a_detail_of_a_large_picture_stands_under_it_at_its_own_size():
    original = noise(1000, 800)
    sheet = np.asarray(side_by_side(original, original, ("a", "b"), max_side=500, place=(700, 300)))
    detail = original[50:550, 400:800]  # moved inside: 400 wide, around 700
    assert (sheet[-MARGIN - 500 : -MARGIN, MARGIN : MARGIN + 400] == detail).all()
    assert (sheet[-MARGIN - 500 : -MARGIN, 2 * MARGIN + 400 : -MARGIN] == detail).all()


def test_the_view_s_detail_is_the_same_place_of_the_smaller_picture():
    original, view = plain((1000, 800), COLOURS[0]), plain((500, 400), COLOURS[1])
    view[100:150, 300:350] = COLOURS[2]
    sheet = np.asarray(side_by_side(original, view, ("a", "b"), max_side=500, place=(650, 250)))
    lower = sheet[-MARGIN - 500 : -MARGIN, 2 * MARGIN + 400 : -MARGIN]
    top, left, height, width = where(lower, COLOURS[2])
    assert (top, left, height, width) == pytest.approx((202, 202, 96, 96), abs=2)


def test_wide_pictures_have_their_details_below_both():
    original = noise(300, 1200)
    sheet = np.asarray(side_by_side(original, original, ("a", "b"), max_side=600, place=(0, 0)))
    assert sheet.shape[1] == 600 + 2 * MARGIN
    assert (sheet[-MARGIN - 150 : -MARGIN, MARGIN:-MARGIN] == original[:150, :600]).all()


@pytest.mark.parametrize("corner", [(0, 0), (3, 0), (0, 3), (2, 2)])
def test_the_worst_place_is_where_fine_detail_is(corner):
    original = np.full((800, 800, 3), 128, np.uint8)
    row, column = (200 * part for part in corner)
    original[row : row + 200 : 2, column : column + 200] = 255
    x, y = worst_place(original, original[::4, ::4], max_side=200)
    assert (x, y) == pytest.approx((column + 100, row + 100), abs=50)


def test_where_nothing_is_lost_the_middle_is_shown():
    assert worst_place(noise(600, 400), noise(600, 400), 100) == (200, 300)


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (33, 100), (2000, 31)])
def test_any_shape_has_a_detail(size):
    original, view = noise(*size), noise(28, 28)
    place = worst_place(original, view, 100)
    assert side_by_side(original, view, ("a", "b"), max_side=100, place=place).width > 0


def photo_view(zoom=1):
    shown = vlprep.view_image("fixtures/photo.jpg", max_pixels=100_000)
    wide = [np.kron(p, np.ones((zoom, zoom, 1), np.uint8)) for p in (shown.original, shown.image)]
    return ImageView(shown.source, shown.model, shown.info, shown.tokens, *wide)


def test_a_comparison_is_of_a_size_to_look_at_and_zooms():
    large = photo_view(6)  # of 3840 x 2880
    whole = large.compare()
    assert whole.size.width == 2 * 1280 + 3 * MARGIN and whole.warnings == ()
    assert large.compare(zoom=True).size.height > 2 * 960 + 2 * MARGIN
    assert large.compare(zoom=(10, 10)).size == large.compare(zoom=True).size
    assert large.compare(max_side=640).size.width == 2 * 640 + 3 * MARGIN


def test_a_small_picture_has_no_detail_to_zoom_into_and_says_so():
    small = photo_view()
    assert small.compare(zoom=True).size == small.compare().size
    (warning,) = small.compare(zoom=True).warnings
    assert "all of the image is drawn at 100 %" in warning
