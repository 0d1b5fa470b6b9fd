"""Letters are measured as they were drawn, and found where there are some."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from vlprep.maths.letters import SPECK, find_letters, steps_in_rows

TEXT = "the quick brown fox jumps over a lazy dog while seven wizards make some toxic brew"
WORDS = TEXT.split()
SCHEMES = [("black", "white"), ("white", "black"), ("#0000c8", "white"), ("#dcdcdc", "#1e1e2e")]


def drawn(size, scheme=SCHEMES[0], lead=1.4, shape=(500, 700), seed=0):
    """A page of text, and the height of its x."""
    picker, font = np.random.default_rng(seed), ImageFont.load_default(size)
    page = Image.new("RGB", shape[::-1], scheme[1])
    pen, y = ImageDraw.Draw(page), 12
    while y < shape[0] - 2 * size:
        line = ""
        while font.getlength(line) < shape[1] - 12 * size:
            line += picker.choice(WORDS) + " "
        pen.text((20, y), line, font=font, fill=scheme[0])
        y += round(size * lead)
    top, bottom = font.getbbox("x")[1::2]
    return np.asarray(page), bottom - top


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", [10, 12, 14, 16, 20, 24, 32])
def test_letters_are_measured_as_they_were_drawn(size, scheme):
    page, height = drawn(size, scheme)
    found = find_letters(page)
    assert found is not None and not found.turned
    assert abs(found.usual - height) <= max(1, 0.05 * height)


@settings(max_examples=12, deadline=None)
@given(size=st.sampled_from([12, 16, 24]), quality=st.integers(30, 95), turned=st.booleans())
def test_neither_jpeg_nor_a_turn_changes_them(size, quality, turned):
    page, height = drawn(size, seed=quality)
    file = io.BytesIO()
    Image.fromarray(np.rot90(page) if turned else page).save(file, "JPEG", quality=quality)
    found = find_letters(np.asarray(Image.open(file)))
    assert found is not None and found.turned is turned
    assert abs(found.usual - height) <= 1


def test_the_smallest_of_several_sizes_is_told():
    small, height = drawn(12, shape=(400, 900))
    large, _ = drawn(32, shape=(900, 900))
    found = find_letters(np.concatenate([large, small]))
    assert abs(found.smallest - height) <= 1


@pytest.mark.parametrize(("size", "side"), [(110, 2500), (220, 5000)])
def test_large_letters_are_found_in_large_pictures(size, side):
    page, height = drawn(size, lead=1.6, shape=(side, side))
    assert height > 48
    assert find_letters(page).usual == pytest.approx(height, rel=0.08)  # round ones reach further
    assert find_letters(page[:1200, :1200]) is None


def patterns():
    y, x = np.mgrid[:600, :800]
    grey = {
        "blank": np.full((600, 800), 255),
        "gradient": x * 255 // 800,
        "board": (x // 40 + y // 40) % 2 * 255,
        "stripes": x // 8 % 2 * 255,
        "bricks": ((y % 40 < 3) | ((x + y // 40 % 2 * 40) % 80 < 3)) * 255,
        "noise": np.random.default_rng(1).integers(0, 256, (600, 800)),
        "waves": 127 + 120 * np.sin(x / 9 + y / 17),
        "two lines of text": drawn(16)[0][:60].mean(axis=2),
    }
    return {name: np.repeat(a.astype(np.uint8)[..., None], 3, axis=2) for name, a in grey.items()}


@pytest.mark.parametrize("name", patterns())
def test_nothing_is_claimed_of_what_is_no_page(name):
    assert find_letters(patterns()[name]) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (2, 2)])
def test_the_smallest_pictures_have_no_text(shape):
    assert find_letters(np.zeros((*shape, 3), np.uint8)) is None


def test_rows_between_lines_are_empty():
    page, _ = drawn(16, lead=2)
    rows = steps_in_rows(page) > SPECK
    assert not rows[:10].any()
    assert 10 < np.count_nonzero(np.diff(rows.astype(int)) == 1) < 40
