import math
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlprep import get_model
from vlprep.errors import ConstraintError
from vlprep.plan.requests import Load, request_room, split_requests

loads = st.lists(
    st.builds(
        Load,
        tokens=st.integers(1, 60),
        images=st.integers(0, 1),
        videos=st.integers(0, 1),
        bytes=st.integers(0, 60),
    ),
    max_size=25,
)
limits = st.builds(
    Load,
    tokens=st.integers(1, 100),
    images=st.just(math.inf) | st.integers(1, 6),
    videos=st.just(math.inf) | st.integers(1, 6),
    bytes=st.just(math.inf) | st.integers(1, 100),
)


def held(loads, request):
    return reduce(Load.beside, (loads[number] for number in request))


def first_fit_decreasing(loads, limits):
    bins = []
    for load in sorted(loads, key=lambda load: -load.tokens):
        for number, full in enumerate(bins):
            if full.beside(load).fits(limits):
                bins[number] = full.beside(load)
                break
        else:
            bins.append(load)
    return len(bins)


@given(loads, limits, st.booleans())
def test_no_request_exceeds_a_limit_and_nothing_is_lost(loads, limits, reorder):
    requests = split_requests(loads, limits, reorder=reorder)
    for request in requests:
        assert request
        assert held(loads, request).fits(limits)
        assert list(request) == sorted(request)
    placed = sorted(number for request in requests for number in request)
    assert placed == [number for number, load in enumerate(loads) if load.fits(limits)]


@given(loads, limits)
def test_the_order_is_kept_unless_asked(loads, limits):
    requests = split_requests(loads, limits)
    placed = [number for request in requests for number in request]
    assert placed == sorted(placed)


@given(loads, limits)
def test_packing_needs_no_more_than_first_fit_decreasing_nor_than_the_order(loads, limits):
    holdable = [load for load in loads if load.fits(limits)]
    packed = len(split_requests(loads, limits, reorder=True))
    assert packed <= first_fit_decreasing(holdable, limits)
    assert packed <= len(split_requests(loads, limits))


@given(st.lists(st.integers(1, 9), max_size=8), st.integers(9, 20))
def test_no_split_in_order_has_fewer_requests(tokens, top):
    fewest = [0]
    for end in range(1, len(tokens) + 1):
        starts = [start for start in range(end) if sum(tokens[start:end]) <= top]
        fewest.append(1 + min(fewest[start] for start in starts))
    requests = split_requests([Load(t) for t in tokens], Load(top))
    assert len(requests) == fewest[-1]


@pytest.mark.parametrize(
    ("model", "route", "images", "videos"),
    [
        ("qwen3-vl-plus", None, 250, 64),
        ("qwen3-vl-plus", "path", 256, 64),
        ("qwen3-vl-plus", "base64", 250, 64),
        ("qwen3.7-plus", "url", 2048, 64),
        ("qwen3.7-plus", "base64", 250, 64),
        ("Qwen/Qwen3-VL-8B-Instruct", "base64", math.inf, math.inf),
    ],
)
def test_documented_numbers(model, route, images, videos):
    limits = request_room(get_model(model), 1000, route=route, max_bytes=5)
    assert (limits.images, limits.videos, limits.bytes) == (images, videos, 5)


def test_an_unknown_route_is_refused():
    with pytest.raises(ConstraintError, match="unknown route 'pigeon'"):
        request_room(get_model("qvq-max"), 1, route="pigeon")
