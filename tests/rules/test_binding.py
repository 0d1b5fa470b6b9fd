from dataclasses import replace
from fractions import Fraction

import pytest

from vlprep import ImageSize, VideoInfo, get_model
from vlprep.rules.binding import explain_clip
from vlprep.rules.clip_grid import ClipChoices
from vlprep.rules.planning import plan_clip
from vlprep.rules.spending import spending

LECTURE = VideoInfo(size=ImageSize(1080, 1920), frame_count=90_000, fps=Fraction(25))
SHORT = VideoInfo(size=ImageSize(360, 640), frame_count=250, fps=Fraction(25))


def bounds(info, name, prefer="balanced", budget=None, reply_tokens=None, **asked):
    model = get_model(name)
    choices = ClipChoices(info, model, **asked)
    allowed = spending(model, budget=budget, reply_tokens=reply_tokens)
    plan = plan_clip(choices, allowed.available, prefer)
    return {bound.name: bound for bound in explain_clip(plan, choices, allowed)}


def test_nothing_binds_a_short_clip():
    assert bounds(SHORT, "qwen3-vl-plus") == {}


def test_the_budget():
    bound = bounds(SHORT, "qwen3-vl-plus", budget=1500)["budget"]
    assert bound.reason == (
        "the budget asked for: 1,500 tokens for media; 20 frames with the highest cap cost 2,202"
    )
    assert bound.remedy.startswith("702 tokens more")
    lifted = plan_clip(ClipChoices(SHORT, get_model("qwen3-vl-plus")), 1500 + 702)
    assert (lifted.motion, lifted.detail) == (1, 1)


def test_the_context():
    bound = bounds(LECTURE, "qwen3-vl-plus", reply_tokens=200_000)["context"]
    assert bound.reason == (
        "the context of 262,144 tokens, less 200,000 for the reply: 62,144 tokens for media; "
        "2,000 frames with the highest cap cost 120,002"
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
        ("qwen3-vl-plus", "guide-2025-12", "none: no source allows a higher"),
        ("qwen3-vl-plus", "api-2026", "up to 2,048,000"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "transformers", "a higher --max-pixels"),
    ],
)
def test_the_pixels_of_a_frame(name, rules, remedy):
    info = replace(LECTURE, frame_count=500)
    assert remedy in bounds(info, name, "detail", 200_000, rules=rules)["frame pixels"].remedy


def test_the_pixels_of_a_clip():
    found = bounds(LECTURE, "qwen3-vl-plus", "motion", 260_096)
    assert "2,000 frames share 134,217,728 pixels" in found["total pixels"].reason
    assert "at most 409 frames" in found["total pixels"].remedy
    model = get_model("qwen3-vl-plus")
    full = ClipChoices(LECTURE, model, fps_range=(0.1, 409 / 3600 + 1e-9))
    plan = plan_clip(full, 260_096, "motion")
    assert (plan.chosen.frames, plan.detail) == (409, 1)


def test_the_lower_limit():
    tiny = replace(SHORT, size=ImageSize(40, 40))
    bound = bounds(tiny, "Qwen/Qwen2.5-VL-7B-Instruct", budget=100_000)["lower limit"]
    assert "enlarged" in bound.reason
    assert "100,352 pixels" in bound.reason
