from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep.types import ImageSize
from vlprep.units import format_size, parse_count, parse_rate, parse_size


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("2", Fraction(2)),
        ("0.5", Fraction(1, 2)),
        (" 30000/1001 ", Fraction(30000, 1001)),
        ("1e-1", Fraction(1, 10)),
        ("29.97", Fraction(2997, 100)),
    ],
)
def test_rates(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "0", "-1", "1/0", "nan", "inf", "two", "1 / 2", "24 fps"])
def test_what_is_no_rate(text):
    with pytest.raises(ValueError, match="is not a rate"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1920x1080", (1080, 1920)),
        ("1920X1080", (1080, 1920)),
        ("1920×1080", (1080, 1920)),
        ("1920*1080", (1080, 1920)),
        (" 1920 x 1080 ", (1080, 1920)),
        ("1x1", (1, 1)),
    ],
)
def test_sizes_are_written_width_first_and_kept_height_first(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "1920", "1920x", "x1080", "-1x2", "1.5x2", "1920x1080x3"])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)


@pytest.mark.parametrize("text", ["0x1080", "1920x0", "0x0"])
def test_a_size_has_no_side_of_zero(text):
    with pytest.raises(ValueError, match="side of 0"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("98304", 98304), ("98,304", 98304), ("98_304", 98304), ("2560 * 32*32", 2621440), ("0", 0)],
)
def test_counts(text, count):
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "-1", "1.5", "1e3", "2560*", "*2", "10k", "²", "٣"])
def test_what_is_no_count(text):
    with pytest.raises(ValueError, match="is not a whole number"):
        parse_count(text)


positive = st.integers(1, 10**12)


@given(positive, positive)
def test_a_size_written_and_read_is_the_same(height, width):
    assert parse_size(format_size((height, width))) == (height, width)
    assert format_size(ImageSize(height, width)) == format_size((height, width))


@given(positive, positive)
def test_a_rate_written_and_read_is_the_same(numerator, denominator):
    rate = Fraction(numerator, denominator)
    assert parse_rate(str(rate)) == rate


@given(st.integers(0, 10**15))
def test_a_count_written_and_read_is_the_same(count):
    assert parse_count(str(count)) == parse_count(f"{count:,}") == parse_count(f"{count:_}")


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text):
    for parse in (parse_size, parse_count):
        try:
            parse(text)
        except ValueError as error:
            assert repr(text) in str(error)
