from __future__ import annotations

import pytest

from vlprep import get_model
from vlprep.errors import ConstraintError
from vlprep.models.registry import get_api
from vlprep.payload.wish import Wish, check_rate, list_rate, sampling_rate, unsaid

OPENAI, DASHSCOPE = get_api("openai"), get_api("dashscope")


def wish(api=OPENAI, **asked):
    return Wish(spec=get_model(), api=api, **asked)


def test_a_rate_is_stated_where_it_can_be():
    assert sampling_rate(wish(DASHSCOPE, fps=0.5)) == 0.5
    assert sampling_rate(wish(DASHSCOPE)) is None
    assert sampling_rate(wish(fps=2.0)) is None  # what it does anyway
    assert sampling_rate(wish(fps=1.0, video_fields=True)) == 1.0


def test_a_rate_that_the_protocol_would_ignore_is_refused():
    with pytest.raises(ConstraintError, match=r"2 fps, whatever is asked.*--video-fields"):
        sampling_rate(wish(fps=1.0))


@pytest.mark.parametrize("rate", [0.05, 10.5, 0.0, -1.0, float("nan"), float("inf")])
def test_rates_out_of_the_documented_range_are_refused(rate):
    with pytest.raises(ConstraintError, match=r"from 0\.1 to 10"):
        check_rate(rate, Wish(spec=get_model(), api=DASHSCOPE))


def test_the_ends_of_the_range_are_in_it():
    assert [check_rate(rate, Wish(spec=get_model(), api=DASHSCOPE)) for rate in (0.1, 10)] == [
        0.1,
        10,
    ]


def test_a_list_has_the_fixed_rate_or_is_refused():
    assert list_rate(2.0, wish(), "a.jpg") == 2.0
    assert (
        list_rate(1.995, wish(), "a.jpg") == 1.995
    )  # a rate of a file, such as 24000/1001 over 12
    with pytest.raises(ConstraintError, match=r"a\.jpg: .* 1 s apart.*0\.5 s apart; .*dashscope"):
        list_rate(1.0, wish(), "a.jpg")
    assert list_rate(1.0, wish(DASHSCOPE), "a.jpg") == 1.0
    assert list_rate(1.0, wish(video_fields=True), "a.jpg") == 1.0
    with pytest.raises(ConstraintError, match=r"a\.jpg: .* 30 fps: fps must be from 0\.1 to 10"):
        list_rate(30.0, wish(DASHSCOPE), "a.jpg")


def test_pixel_limits_that_are_not_sent_are_told():
    assert unsaid(wish()) == []
    assert "--video-fields" in unsaid(wish(max_pixels=100_000))[0]
    assert unsaid(wish(max_pixels=100_000, video_fields=True)) == []
    assert wish(min_pixels=1, max_pixels=2).pixel_limits == {"min_pixels": 1, "max_pixels": 2}
