"""Plans by what changes: within tokens, beside what is spread evenly."""

from __future__ import annotations

from itertools import pairwise

import pytest

import vlprep
from tests.places import FIXTURES
from tests.screencasts import FILMS
from vlprep.errors import BudgetError, ConstraintError

MODEL, PHOTO = "qwen3-vl-plus", str(FIXTURES / "photo.jpg")
PICK = {"max_gap": 15.0}


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    film = FILMS["typed in bursts"]()
    film.seconds = 60
    return str(film.write(tmp_path_factory.mktemp("talk") / "talk.mp4"))


def plan(files, **how):
    return vlprep.plan_media(files, MODEL, pick=PICK, **how)


@pytest.mark.parametrize("prefer", [None, "detail", "motion", "balanced"])
@pytest.mark.parametrize("budget", [800, 1200, None])
def test_the_keywords_pick_the_planned_frames_again(talk, prefer, budget):
    planned = plan(talk, prefer=prefer, budget=budget)
    (file,) = planned.files
    assert planned.total_tokens <= planned.budget.available
    again = vlprep.pick_frames(talk, MODEL, **PICK, **file.keywords)
    assert again.picks == file.setting.picked.picks
    assert again.tokens.total == file.tokens.total == planned.total_tokens


def test_size_is_traded_for_changes_only_where_that_is_preferred(talk):
    asked, detail, motion, balanced = (
        plan(talk, budget=800, prefer=prefer).files[0].setting
        for prefer in (None, "detail", "motion", "balanced")
    )
    free = plan(talk).files[0].setting
    assert asked.picked.dropped > 0 and asked.picked.picks == detail.picked.picks
    assert asked.count.resized == free.count.resized
    assert motion.picked.picks == free.picked.picks and motion.picked.dropped == 0
    assert motion.count.resized.pixels < free.count.resized.pixels
    assert motion.tokens > 0.9 * 800
    assert balanced.count.resized.pixels >= 64 * 32 * 32 or balanced.picked.dropped == 0


def test_what_as_many_tokens_show_at_a_rate_stands_beside(talk):
    setting = plan(talk, budget=1200).files[0].setting
    even = vlprep.plan_media(talk, MODEL, budget=min(1200, setting.tokens + 60)).files[0]
    assert setting.even.tokens <= 1200 and setting.even.frames == pytest.approx(even.frames, abs=3)
    changes = sorted(pick.seconds for pick in setting.picked.looked.candidates)
    moments = setting.even.count.plan.timestamps_seconds
    borders = [*changes, float("inf")]
    shown = sum(
        any(start - 1e-6 <= moment < end - 1e-6 for moment in moments)
        for start, end in pairwise(borders)
    )
    assert setting.even_shown == shown
    entry = plan(talk, budget=1200).to_dict()["items"][0]
    assert entry["evenly"]["changes_shown"] == shown
    assert entry["picked"]["changes"] == setting.picked.changes


def test_what_is_dropped_binds_and_says_what_lifts_it(talk):
    (bound,) = plan(talk, budget=800).bounds
    assert "changes have no frame" in bound.reason and "tokens more" in bound.remedy
    missing = int(bound.remedy.split()[0].replace(",", ""))
    assert plan(talk, budget=800 + missing).bounds == ()


def test_clips_share_what_images_leave(talk):
    street = str(FIXTURES / "street.mp4")
    planned = plan([PHOTO, talk, street, str(FIXTURES / "no.mp4")], budget=1800)
    assert planned.total_tokens <= 1800 and len(planned.failures) == 1
    assert planned.files[0].tokens.total == vlprep.count_tokens(PHOTO, MODEL).tokens.total
    assert all(file.setting.picked.picks for file in planned.files[1:])


def test_images_alone_can_be_too_much():
    with pytest.raises(BudgetError, match="images alone"):
        plan([PHOTO, str(FIXTURES / "street.mp4")], budget=200)


def test_a_body_holds_the_planned_frames(talk):
    planned = plan([talk, PHOTO], budget=1200)
    how = {"api": "dashscope", "as_frames": True}
    (request,) = vlprep.build_requests(planned, "What?", **how)
    assert request.tokens == planned.total_tokens
    assert len(request.parts[0].files) == planned.files[0].frames
    with pytest.raises(ConstraintError, match="as_frames"):
        list(vlprep.build_requests(planned, "What?", api="dashscope"))


def test_distinct_frames_are_all_shown_or_none(talk):
    free = vlprep.plan_media(talk, MODEL, pick={"by": "distinct"})
    few = vlprep.plan_media(talk, MODEL, pick={"by": "distinct"}, budget=free.total_tokens // 2)
    assert few.files[0].frames == free.files[0].frames
    again = vlprep.pick_frames(talk, MODEL, by="distinct", **few.files[0].keywords)
    assert again.tokens.total == few.total_tokens
    with pytest.raises(BudgetError, match="distinct frames cost"):
        vlprep.plan_media(talk, MODEL, pick={"by": "distinct"}, budget=60)


@pytest.mark.parametrize(
    "asked",
    [
        {"nframes": 8}, {"pieces": True}, {"weights": [1]}, {"lowest_fps": 1},
        {"split": vlprep.SplitOptions()}, {"lowest_max_pixels": 65536},
    ],
)  # fmt: skip
def test_what_picks_have_no_use_for_is_refused(talk, asked):
    with pytest.raises(ConstraintError, match=f"`{next(iter(asked))}`"):
        plan(talk, **asked)


def test_facts_are_nothing_to_look_at(talk):
    with pytest.raises(ConstraintError, match="facts"):
        plan(vlprep.probe(talk))
