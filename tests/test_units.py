from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep.types import ImageSize
from vlprep.units import (
    format_bytes,
    format_rate,
    format_size,
    format_time,
    parse_bytes,
    parse_count,
    parse_rate,
    parse_seconds,
    parse_size,
)


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


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "1/0", "nan", "inf", "two", "1 / 2", "1 /2", "24 fps"]
)
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


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1:30", 90), ("1:00:00.5", 3600.5), ("0", 0), (" .25 ", 0.25), ("90:00", 5400)],
)
def test_times(text, seconds):
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "-1", "1:", ":1", "1e3", "nan", "1:2:3:4", "10s", "٣"])
def test_what_is_no_time(text):
    with pytest.raises(ValueError, match="is not a time"):
        parse_seconds(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("7000000", 7_000_000),
        ("7,000,000", 7_000_000),
        ("10MB", 10_000_000),
        ("10 mb", 10_000_000),
        ("10MiB", 10_485_760),
        ("1.5kB", 1500),
        ("0.5 KiB", 512),
        ("2GB", 2_000_000_000),
        ("12B", 12),
    ],
)
def test_bytes_are_decimal_unless_they_say_otherwise(text, count):
    assert parse_bytes(text) == count


@pytest.mark.parametrize(
    "text", ["", "0", "0MB", "-1", "1.5", "0.3kiB", "10 megabytes", "MB", "1e6"]
)
def test_what_is_no_number_of_bytes(text):
    with pytest.raises(ValueError, match=r"is not a (whole )?number of bytes"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (6_890_000, "6.89 MB"),
        (99_950, "100 kB"), (123_456_789, "123 MB"), (2_000_000_000, "2 GB"),
    ],
)  # fmt: skip
def test_bytes_as_people_read_them(count, text):
    assert format_bytes(count) == text


@pytest.mark.parametrize(
    ("seconds", "label"),
    [
        (0, "0:00.000"),
        (3, "0:03.000"),
        (59.9994, "0:59.999"),
        (59.9996, "1:00.000"),
        (754.25, "12:34.250"),
        (3599.9999, "1:00:00.000"),
        (3723.5, "1:02:03.500"),
        (360_000, "100:00:00.000"),
    ],
)
def test_time_labels(seconds, label):
    assert format_time(seconds) == label


@given(st.integers(0, 10**9))
def test_a_time_label_is_exact_to_the_millisecond(milliseconds):
    *hours, minutes, seconds = format_time(milliseconds / 1000).split(":")
    read = (int(*hours or [0]) * 60 + int(minutes)) * 60_000 + round(float(seconds) * 1000)
    assert read == milliseconds


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
    for parse in (parse_size, parse_count, parse_seconds, parse_bytes):
        try:
            parse(text)
        except ValueError as error:
            assert repr(text) in str(error)


@given(st.floats(1e-4, 1000))
def test_a_rate_is_written_as_it_is_read(rate):
    assert float(parse_rate(format_rate(rate))) == rate


@pytest.mark.parametrize("text", ["9" * 30 + "x9", "9x" + "9" * 5000])
def test_a_side_of_many_digits_is_no_size(text):
    with pytest.raises(ValueError, match="more than can be meant"):
        parse_size(text)


@pytest.mark.parametrize("text", ["9" * 5000, "*".join(["99999999"] * 3), "*".join("1" * 99)])
def test_a_count_beyond_all_is_no_count(text):
    with pytest.raises(ValueError, match=r"more than can be meant|the most that can be asked for"):
        parse_count(text)
