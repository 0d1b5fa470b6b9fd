"""Cuts cover all rows, keep to the most, and spare what is drawn where they can."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vlprep.split.cuts import cut

rows = st.lists(st.booleans(), min_size=1, max_size=300).map(lambda flags: np.array(flags, bool))


@given(inked=rows, most=st.integers(10, 120), pitch=st.integers(1, 9))
def test_parts_cover_all_and_none_is_too_long(inked, most, pitch):
    spans = cut(inked, most, pitch)
    assert spans[0].start == 0 and spans[-1].stop == len(inked)
    assert all(0 < span.length <= most + 1 for span in spans)
    assert all(a.stop >= b.start > a.start for a, b in pairwise(spans))
    assert [span.is_last for span in spans] == [False] * (len(spans) - 1) + [True]
    for a, b in pairwise(spans):
        assert a.stop - b.start == a.after == b.before


gaps = st.lists(st.integers(2, 30), min_size=3, max_size=40)


def lines_and_gaps(lengths):
    """Lines of these heights, with three empty rows between; and the middles of the gaps."""
    inked = np.concatenate([[*[True] * length, False, False, False] for length in lengths])
    ends = np.cumsum([length + 3 for length in lengths])[:-1]
    return inked, [int(end) - 2 for end in ends]


def fewest_parts(length, most, places):
    """The least number of parts, found by trying every place: slow and plain."""
    best = {0: 0}
    for end in [*places, length]:
        parts = [count for start, count in best.items() if 0 < end - start <= most]
        if parts:
            best[end] = min(parts) + 1
    return best.get(length)


@given(lengths=gaps, most=st.integers(40, 150))
def test_there_are_as_few_parts_as_gaps_allow(lengths, most):
    inked, places = lines_and_gaps(lengths)
    spans = cut(inked, most, 5)
    assert {span.stop for span in spans[:-1]} <= set(places)
    assert all(span.after == 0 for span in spans)
    assert len(spans) == fewest_parts(len(inked), most, places)


@given(lengths=gaps, most=st.integers(40, 150))
def test_parts_overlap_where_a_cut_goes_through_and_nowhere_else(lengths, most):
    inked, _ = lines_and_gaps(lengths)
    page = np.concatenate([inked, np.ones(2 * most, bool), inked])
    spans = cut(page, most, 5)
    assert any(span.after > 0 for span in spans)
    for span in spans[:-1]:
        assert page[span.stop - span.after // 2] == (span.after > 0)


def test_a_page_goes_on_at_the_ends_that_are_cut_and_at_no_other():
    first, last = cut(np.ones(100, bool), 60, 5)
    cuts = [place for place in (0, first.stop, 50) if first.is_cut_at(place, 2)]
    assert cuts == [first.stop] and first.is_cut_at(first.stop - 2, 2)
    assert [place for place in (last.start, 80, 100) if last.is_cut_at(place, 2)] == [last.start]


def test_every_place_has_one_owner():
    spans = cut(np.ones(1000, bool), 150, 10)
    for place in np.arange(0.5, 1000):
        assert 1 <= sum(span.owns(place) for span in spans) <= 2
