"""Clips of 1080p in 32,768 tokens: they keep moving, and what is given is used (docs/plans.md)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.places import REPO
from vlprep import ImageSize, VideoInfo, plan_media, video_tokens

BUDGET = 32_768
WAYS = [
    ("Qwen/Qwen3-VL-8B-Instruct", None),
    ("Qwen/Qwen3-VL-8B-Instruct", "vllm"),
    ("Qwen/Qwen3-VL-8B-Instruct", "sglang"),
    ("Qwen/Qwen2.5-VL-7B-Instruct", None),
    ("Qwen/Qwen2.5-VL-7B-Instruct", "vllm"),
    ("Qwen/Qwen2.5-VL-7B-Instruct", "sglang"),
    ("qwen3-vl-plus", None),
]


def clip(minutes):
    frames = minutes * 60 * 30
    return VideoInfo(size=ImageSize(1080, 1920), frame_count=frames, fps=Fraction(30))


def planned(model, server, minutes, **asked):
    keywords = {} if server is None else {"server": server}
    return plan_media([clip(minutes)], model, budget=BUDGET, **keywords, **asked)


@pytest.mark.parametrize("minutes", [1, 3, 10, 30])
@pytest.mark.parametrize(("model", "server"), WAYS)
def test_a_clip_keeps_moving_and_uses_what_is_given(model, server, minutes):
    plan = planned(model, server, minutes)
    (file,) = plan.files
    shown = file.setting.frames
    most = plan.clip.choices.rule.max_frames
    # SGLang enlarges frames to 128 tokens of 28 pixels: so many of them do not fit.
    may_move = (server, "2.5" in model, minutes) != ("sglang", True, 30)
    if may_move:
        assert shown >= min(0.5 * minutes * 60, most)
    # The total of the model's own files bounds what SGLang hands to its processor.
    if (server, "2.5" in model) != ("sglang", False):
        assert plan.total_tokens >= 0.85 * BUDGET
    keywords = {} if server is None else {"server": server}
    again = video_tokens(clip(minutes), model, **keywords, **file.keywords)
    assert again.total == plan.total_tokens <= BUDGET


def test_a_total_beyond_the_model_s_files_is_told_with_where_to_set_it():
    plan = planned("Qwen/Qwen3-VL-8B-Instruct", None, 10)
    (warning,) = [text for text in plan.warnings if "more than the 25,165,824" in text]
    assert "size.longest_edge" in warning
    assert plan.files[0].keywords["max_pixels"] > 25_165_824


@pytest.mark.parametrize("asked", [{"max_pixels": 25_165_824}, {}])
def test_without_a_budget_or_with_a_cap_the_total_of_the_files_stays(asked):
    model = "Qwen/Qwen3-VL-8B-Instruct"
    plan = plan_media([clip(10)], model, **asked, **({"budget": BUDGET} if asked else {}))
    assert plan.files[0].setting.max_pixels <= 25_165_824
    assert not [text for text in plan.warnings if "of the model's files" in text]


def test_a_rate_asked_below_a_half_is_kept():
    (file,) = planned("qwen3-vl-plus", None, 30, fps=0.2).files
    assert file.setting.fps <= 0.2


def test_the_page_of_plans_is_fresh(monkeypatch):
    monkeypatch.syspath_prepend(REPO / "docs")
    import make_plans  # type: ignore[import-not-found,unused-ignore]

    page = make_plans.PAGE.read_text("utf-8")
    assert make_plans.updated(page) == page
    assert "0.5 a second" in page
