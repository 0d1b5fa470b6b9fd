"""Numbers of a summary, against slow plain twins."""

from collections import Counter
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vlprep
from vlprep.scan.keeping import keeping_fps, keeping_max_pixels
from vlprep.scan.summary import PERCENTILES, histogram, percentiles, sequences_needed, summarise
from vlprep.scan.totals import MOST_NAMED, Totals
from vlprep.view import View

LENGTHS = st.lists(st.integers(1, 60), max_size=80)


@given(LENGTHS, st.integers(1, 50))
def test_packing_is_first_fit_with_the_longest_first(lengths, room):
    rooms = []
    for length in sorted((one for one in lengths if one <= room), reverse=True):
        for place, left in enumerate(rooms):
            if left >= length:
                rooms[place] -= length
                break
        else:
            rooms.append(room - length)
    assert sequences_needed(Counter(lengths), room) == len(rooms)


@given(LENGTHS.filter(bool))
def test_percentiles_are_those_of_the_nearest_rank(lengths):
    ordered = sorted(lengths)
    ranks = {share: -(-share * len(ordered) // 100) for share in PERCENTILES}
    assert percentiles(Counter(lengths)) == {s: ordered[rank - 1] for s, rank in ranks.items()}
    assert percentiles({}) == {}


@given(LENGTHS)
def test_each_row_is_in_one_range_of_the_histogram(lengths):
    bins = list(histogram(Counter(lengths)))
    for one in bins:
        assert one.rows == sum(one.least <= length <= one.most for length in lengths)
    assert sum(one.rows for one in bins) == len(lengths)


@pytest.mark.parametrize("model", ["qvq-max", "qwen3-vl-plus", "Qwen/Qwen2.5-VL-7B-Instruct"])
@pytest.mark.parametrize("limit", [50, 700, 1000])
def test_a_kept_max_pixels_keeps_and_the_next_does_not(model, limit):
    sizes = np.random.default_rng(limit).integers(100, 3000, (200, 2))
    found = keeping_max_pixels(sizes, View.of(model), limit)
    step = View.of(model).image_rule.token_pixels

    def kept(pixels):
        totals = vlprep.image_tokens_batch(sizes, model, max_pixels=pixels)
        return ((totals > 0) & (totals <= limit)).mean()

    assert found is not None
    assert kept(found) >= 0.99 > kept(found + step)
    assert keeping_max_pixels(sizes, View.of(model), 10**6) is None
    assert keeping_max_pixels(np.empty((0, 2)), View.of(model), limit) is None


def test_a_kept_rate_keeps_and_the_next_does_not():
    frames, rates, sizes = [300, 900, 3000], [30.0] * 3, [[720, 1280]] * 3
    view = View.of("qwen3-vl-plus")
    found = keeping_fps(frames, rates, sizes, view, 5000)

    def most(fps):
        return max(vlprep.video_tokens_batch(frames, rates, sizes, "qwen3-vl-plus", fps=fps))

    assert most(found) <= 5000 < most(round(found + 0.1, 1))
    assert keeping_fps(frames, rates, sizes, View.of(nframes=4), 1) is None
    unknown = keeping_fps([*frames, 0], [*rates, 0], [*sizes, sizes[0]], view, 5000)
    assert unknown == found  # a clip that cannot be counted so has no say


def test_totals_are_sums_and_the_dearest_are_named():
    totals, tokens = Totals(), [(number * 37) % 1000 + 1 for number in range(500)]
    for number, one in enumerate(tokens):
        row = {"source": f"f{number}", "tokens": one, "kind": "image", "height": 10, "width": 10}
        totals.add(row)
    totals.add({"source": "bad", "error_code": "damaged"})
    found = summarise(
        totals, View.of("qvq-max"), limit=None, pack=1000, deployment=None,
        strays=0, resumed=0, known_by_length=0, finished=True, output=None,
    )  # fmt: skip
    assert (found.rows, found.total_tokens) == (501, sum(tokens))
    assert [most for _, most in found.largest] == sorted(tokens, reverse=True)[:10]
    assert (found.errors, found.kinds) == ({"damaged": 1}, {"image": 500})
    assert found.prices[0].amount == pytest.approx(sum(tokens) * 1.2e-6)
    assert found.packed.filled <= 1
    assert found.to_dict()["packing"] == asdict(found.packed)
    assert replace(found, packed=None).to_dict()["packing"] is None


ROWS = st.fixed_dictionaries(
    {"source": st.text("ab", min_size=1, max_size=3)},
    optional={
        "tokens": st.integers(0, 40),
        "kind": st.sampled_from(("image", "video")),
        "height": st.integers(1, 9),
        "width": st.integers(1, 9),
        "file_frames": st.integers(1, 9),
        "file_fps": st.sampled_from((None, 25.0)),
        "error_code": st.sampled_from((None, "damaged", "timeout")),
        "rules": st.lists(st.sampled_from(("image-side", "image-ratio")), max_size=2),
    },
)


def added(rows):
    totals = Totals()
    for row in rows:
        totals.add(row)
    return totals


@given(st.lists(st.lists(ROWS, max_size=30), max_size=4), st.randoms(use_true_random=False))
def test_parts_come_to_the_same_in_whatever_order_they_are_added(parts, random):
    whole, merged = added(row for part in parts for row in part), Totals()
    for part in random.sample(parts, len(parts)):
        merged.merge(added(part))
    pairs = [(row["tokens"], row["source"]) for part in parts for row in part
             if row.get("tokens") is not None and row.get("error_code") is None]  # fmt: skip
    for one in (whole, merged):
        assert sorted(one.largest, reverse=True)[:MOST_NAMED] == sorted(pairs)[::-1][:MOST_NAMED]
        assert one.tokens == sum(tokens for tokens, _ in pairs)
    for name in ("rows", "lengths", "kinds", "errors", "findings"):
        assert getattr(whole, name) == getattr(merged, name)
    for name, each in (("images", 2), ("clips", 4)):
        one, other = (getattr(of, name).tolist() for of in (whole, merged))
        assert sorted(zip(*[iter(one)] * each)) == sorted(zip(*[iter(other)] * each))  # noqa: B905
