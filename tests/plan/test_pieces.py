from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.places import FIXTURES
from vlprep import ImageSize, VideoInfo, count_tokens, plan_media, processor
from vlprep.errors import BudgetError, ConstraintError

STREET, PHOTO = str(FIXTURES / "street.mp4"), str(FIXTURES / "photo.jpg")
MODEL = "qwen3-vl-plus"


def clip(seconds, fps=25, size=(1080, 1920)):
    return VideoInfo(
        size=ImageSize(*size), frame_count=round(seconds * fps), fps=Fraction(fps),
        duration_seconds=float(seconds),
    )  # fmt: skip


def spans(plan):
    return [(file.part.start_seconds, file.part.end_seconds) for file in plan.files]


def test_an_hour_keeps_its_rate_in_the_fewest_parts():
    plan = plan_media(clip(3600), MODEL, pieces=True, overlap=0)
    assert [round(start) for start, _ in spans(plan)] == [0, 900, 1800, 2700]
    assert [file.frames for file in plan.files] == [1800] * 4
    assert plan.requests == ((0,), (1,), (2,), (3,))


def test_parts_share_the_overlap_that_is_asked_for():
    plan = plan_media(clip(3600), MODEL, pieces=True, overlap=30)
    shared = [before[1] - after[0] for before, after in pairwise(spans(plan))]
    assert shared == pytest.approx([30.0] * 3)
    assert [file.part.before for file in plan.files] == pytest.approx([0, 30, 30, 30])
    assert [file.part.after for file in plan.files] == pytest.approx([30, 30, 30, 0])


def test_a_short_clip_stays_whole():
    (file,) = plan_media(STREET, MODEL, pieces=True).files
    assert (file.part.start_seconds, file.part.end_seconds) == (0.0, 10.0)
    assert file.tokens.total == count_tokens(STREET, MODEL).tokens.total


def test_detail_asks_for_more_parts_and_larger_frames():
    kinds = ("motion", "balanced", "detail")
    plans = [plan_media(clip(3600), MODEL, pieces=True, prefer=kind) for kind in kinds]
    counts = [len(plan.files) for plan in plans]
    assert counts == sorted(counts) and counts[2] > counts[0]
    alone = processor(MODEL).video_tokens(clip(4)).resized
    assert {file.tokens.resized for file in plans[2].files} == {alone}


def test_a_start_and_an_end_are_the_clip_s():
    plan = plan_media(
        clip(3600), MODEL, pieces=True, overlap=0, start_seconds=100, end_seconds=2100
    )
    assert spans(plan)[0][0] == 100 and spans(plan)[-1][1] == 2100


def test_many_parts_begin_evenly_to_a_thousandth():
    starts = [start for start, _ in spans(plan_media(clip(200.5), MODEL, pieces=True, overlap=0,
                                                     budget=1500))]  # fmt: skip
    apart = [after - before for before, after in pairwise(starts)]
    assert len(starts) == 81 and max(apart) - min(apart) < 1e-9
    assert apart[0] == pytest.approx(200.5 / 81, abs=2e-3)


def test_no_part_is_shorter_than_two_seconds():
    shortest = plan_media(clip(20.5), MODEL, pieces=True, overlap=0, budget=1500)
    assert 2 <= min(end - start for start, end in spans(shortest)) < 2.2
    with pytest.raises(BudgetError, match=r"a part of 2\.0 s costs 1,190 tokens"):
        plan_media(clip(20.5), MODEL, pieces=True, overlap=0, budget=1000)


def test_what_does_not_fit_at_all_is_refused_with_the_least():
    with pytest.raises(BudgetError, match="a part"):
        plan_media(clip(600), MODEL, pieces=True, budget=300, prefer="detail")


@pytest.mark.parametrize(
    "asked",
    [
        {"nframes": 8}, {"lowest_fps": 1}, {"lowest_max_pixels": 65536}, {"overlap": -1},
        {"overlap": float("nan")}, {"weights": [1]},
    ],
)  # fmt: skip
def test_what_parts_have_no_use_for_is_refused(asked):
    with pytest.raises(ConstraintError, match=next(iter(asked))):
        plan_media(clip(3600), MODEL, pieces=True, **asked)


def test_an_overlap_says_nothing_without_parts():
    with pytest.raises(ConstraintError, match="pieces"):
        plan_media(clip(3600), MODEL, overlap=3)


def test_a_list_of_images_is_told_of_and_the_rest_is_cut():
    plan = plan_media([[PHOTO] * 4, clip(3600)], MODEL, pieces=True)
    assert len(plan.failures) == 1 and "a list of images" in plan.failures[0].message
    assert len(plan.files) > 3


def test_the_documents_say_where_each_begins():
    plan = plan_media(clip(3600), MODEL, pieces=True, overlap=20)
    items = plan.to_dict()["items"]
    assert items[1]["start_seconds"] == plan.files[1].part.start_seconds
    assert items[1]["overlap_before_seconds"] == pytest.approx(20)
    assert items[1]["end_seconds"] > items[2]["start_seconds"]


@settings(max_examples=25, deadline=None)
@given(
    seconds=st.integers(30, 20_000),
    fps=st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(15, 2), Fraction(60)]),
    budget=st.integers(4_000, 120_000),
    overlap=st.sampled_from([0, 0.5, 5, 12.25]),
    model=st.sampled_from([MODEL, "qvq-max", "Qwen/Qwen3-VL-8B-Instruct"]),
    prefer=st.sampled_from(["motion", "balanced", "detail", None]),
)
def test_parts_cover_the_clip_and_each_fits(seconds, fps, budget, overlap, model, prefer):
    info = VideoInfo(
        size=ImageSize(720, 1280), frame_count=int(seconds * fps), fps=fps,
        duration_seconds=float(int(seconds * fps) / fps),
    )  # fmt: skip
    try:
        plan = plan_media(
            info, model, pieces=True, overlap=overlap, budget=budget, prefer=prefer, fps=1
        )
    except BudgetError:
        return
    view = processor(model, fps=1)
    taken = spans(plan)
    assert taken[0][0] == 0 and taken[-1][1] >= (info.frame_count - 1) / fps
    for before, after in pairwise(taken):
        assert before[0] < after[0]
        assert before[1] - after[0] >= (overlap - 1e-6 if overlap else -1 / fps)
    frames = [
        set(range(*_range(info, file.part.start_seconds, file.part.end_seconds)))
        for file in plan.files
    ]
    assert set().union(*frames) == set(range(info.frame_count))
    if not overlap:
        assert sum(map(len, frames)) == info.frame_count
    for file in plan.files:
        assert file.tokens.total <= budget
        assert view.asking(**file.keywords).video_tokens(info) == file.tokens


def _range(info, start, end):
    from vlprep.maths.sampling import frame_range

    first, last = frame_range(info.frame_count, float(info.fps), start, end)
    return first, last + 1
