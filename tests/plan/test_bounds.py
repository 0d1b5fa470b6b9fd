from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlprep import ImageSize, VideoInfo, get_model, processor, token_budget
from vlprep.errors import BudgetError
from vlprep.plan.bounds import explain_clip
from vlprep.plan.one_clip import PREFERENCES, plan_clip
from vlprep.plan.settings import ClipChoices

LECTURE = VideoInfo(size=ImageSize(1080, 1920), frame_count=90_000, fps=Fraction(25))
SHORT = VideoInfo(size=ImageSize(360, 640), frame_count=250, fps=Fraction(25))


def bounds(info, name, prefer="balanced", budget=None, reply_tokens=None, **asked):
    allowed = token_budget(name, budget=budget, reply_tokens=reply_tokens)
    plan = plan_clip(ClipChoices(info, processor(name, **asked)), allowed.available, prefer)
    return {bound.name: bound for bound in explain_clip(plan, allowed)}


def test_nothing_binds_a_short_clip():
    assert bounds(SHORT, "qwen3-vl-plus") == {}


def test_the_budget():
    bound = bounds(SHORT, "qwen3-vl-plus", budget=1500)["budget"]
    assert bound.reason == (
        "the budget asked for: 1,500 tokens for media; else 20 frames of 640x352 would be shown, "
        "which cost 2,202"
    )
    assert bound.remedy.startswith("702 tokens more")
    lifted = plan_clip(ClipChoices(SHORT, processor("qwen3-vl-plus")), 1500 + 702)
    assert (lifted.motion, lifted.detail) == (1, 1)


def test_the_context():
    bound = bounds(LECTURE, "qwen3-vl-plus", "motion", reply_tokens=200_000)["context"]
    assert bound.reason == (
        "the context of 262,144 tokens, less 200,000 for the reply: 62,144 tokens for media; "
        "else 2,000 frames of 480x256 would be shown, which cost 120,002"
    )


def test_the_frames_a_model_takes():
    bound = bounds(LECTURE, "qwen3-vl-plus")["frames"]
    assert "7,200, and the model takes 2,000 of one clip" in bound.reason
    assert "4 parts" in bound.remedy
    quarter = replace(LECTURE, frame_count=90_000 // 4)
    assert "frames" not in bounds(quarter, "qwen3-vl-plus")


@pytest.mark.parametrize(
    ("name", "rules", "remedy"),
    [
        ("qwen3-vl-plus", "guide-2025-12", "nothing: no source allows a higher"),
        ("qwen3-vl-plus", "api-2026", "up to 2,048,000"),
        ("Qwen/Qwen2.5-Omni-7B", "transformers", "a higher `max_pixels`"),
    ],
)
def test_the_pixels_of_a_frame(name, rules, remedy):
    info = replace(LECTURE, frame_count=500)
    assert remedy in bounds(info, name, "detail", 200_000, rules=rules)["frame pixels"].remedy


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("qwen3-vl-plus", "a frame may have 655,360 pixels, and the largest is "),
        ("Qwen/Qwen3-VL-8B-Instruct", "all frames together may have 25,165,824 pixels, and the"),
    ],
)
def test_what_the_pixels_bound_is_told(name, told):
    info = replace(LECTURE, frame_count=500, size=ImageSize(4320, 7680))
    reason = bounds(info, name, "detail", 100_000)["frame pixels"].reason
    assert reason.startswith(told)
    assert reason.endswith(" of 7680x4320")


def test_the_pixels_of_a_clip():
    for prefer in ("motion", "detail", "balanced"):
        bound = bounds(LECTURE, "qwen3-vl-plus", prefer, 260_096)["total pixels"]
        assert "share 134,217,728 pixels" in bound.reason
        assert "more than 427 cannot have 1056x576 each" in bound.reason
    view = processor("qwen3-vl-plus")
    sizes = [ClipChoices(LECTURE, view).setting(n / 3600 + 1e-9, 655_360) for n in (427, 428)]
    assert [(s.frames, s.count.resized == (576, 1056)) for s in sizes] == [
        (427, True),
        (428, False),
    ]
    few = replace(LECTURE, frame_count=2500)
    assert "total pixels" not in bounds(few, "qwen3-vl-plus", "balanced", 260_096)


@settings(max_examples=50)
@given(
    name=st.sampled_from(("qwen3-vl-plus", "qvq-max", "Qwen/Qwen3-VL-8B-Instruct")),
    size=st.tuples(st.integers(20, 900), st.integers(20, 900)),
    frames=st.integers(2, 5000),
    prefer=st.sampled_from(sorted(PREFERENCES)),
    budget=st.integers(1000, 60_000),
)
def test_a_plan_that_falls_short_has_a_reason(name, size, frames, prefer, budget):
    info = VideoInfo(size=ImageSize(*size), frame_count=frames, fps=Fraction(25))
    for rules in (rules for rules in get_model(name).rule_sets if rules.video):
        choices = ClipChoices(info, processor(name, rules=rules.name))
        try:
            plan = plan_clip(choices, budget, prefer)
        except BudgetError:
            continue
        found = explain_clip(plan, token_budget(name, budget=budget))
        assert all(bound.reason and bound.remedy for bound in found)
        if plan.motion < 1 or plan.detail < 1:
            assert found


def test_the_lower_limit():
    tiny = replace(SHORT, size=ImageSize(40, 40))
    bound = bounds(tiny, "Qwen/Qwen2.5-Omni-7B", budget=100_000)["lower limit"]
    assert "enlarged" in bound.reason
    assert "100,352 pixels" in bound.reason


def test_a_total_over_the_frames():
    bound = bounds(LECTURE, "Qwen/Qwen3-VL-8B-Instruct", budget=100_000)["total pixels"]
    # 13 frames count as 12 there: 6.5 pairs are rounded to 6.
    assert bound.reason.endswith("25,165,824 pixels: more than 13 cannot have 1920x1088 each")
