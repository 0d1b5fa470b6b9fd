"""Clips of 1080p in 32,768 tokens: they keep moving, and what is given is used (docs/plans.md)."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.places import REPO
from vlprep import (
    ImageSize,
    VideoInfo,
    get_model,
    load_model_file,
    plan_media,
    video_tokens,
)

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
    said = {bound.name for bound in plan.bounds}
    # Where fewer are shown, 768 are taken of a clip, and more of 64 tokens do not fit or are not
    # taken; where less is used, the total of the model's files binds. Each says so.
    enough = file.setting.frames >= 0.5 * minutes * 60
    assert enough or (minutes == 30 and file.setting.frames == 768)
    assert enough or said & {"default frames", "default total"}
    assert (plan.total_tokens >= 0.85 * BUDGET) == ("default total" not in said)
    keywords = {} if server is None else {"server": server}
    again = video_tokens(clip(minutes), model, **keywords, **file.keywords)
    assert again.total == plan.total_tokens <= BUDGET


def test_a_total_beyond_the_model_s_files_is_told_with_where_to_set_it():
    plan = planned("Qwen/Qwen3-VL-8B-Instruct", None, 10)
    (warning,) = [text for text in plan.warnings if "more than the 25,165,824" in text]
    assert "size.longest_edge" in warning
    assert plan.files[0].keywords["max_pixels"] > 25_165_824


FIVE = [("Qwen/Qwen2.5-VL-7B-Instruct", None), ("Qwen/Qwen2.5-VL-7B-Instruct", "sglang")]


@pytest.mark.parametrize(("model", "server"), FIVE)
def test_defaults_that_an_owner_may_change_are_lifted_to_keep_a_clip_moving(model, server):
    plan = planned(model, server, 30)
    (file,) = plan.files
    asked = {"max_frames": 900} | ({"min_pixels": 64 * 28**2} if server else {})
    assert (file.setting.frames, file.setting.lifted) == (900, asked)
    assert file.setting.count.resized.pixels >= 64 * 28**2
    (told,) = [text for text in plan.warnings if "in place of defaults" in text]
    assert told.startswith("`max_frames` 900")
    if server:
        video = plan.server_flags.options["mm-process-config"]["video"]
        assert (video["max_frames"], video["min_pixels"]) == (900, 50_176)
    # Not without a budget, nor where the caller says a limit, and never more than are needed.
    assert plan_media([clip(10)], model, budget=BUDGET).files[0].setting.lifted == {}
    own = planned(model, server, 30, max_frames=800, min_pixels=60_000).files[0].setting
    assert (own.frames <= 800, own.lifted) == (True, {})


def test_what_cannot_be_lifted_is_told_with_what_it_would_give():
    told = {bound.name: bound.remedy for bound in planned(*WAYS[0], 30).bounds}
    assert (
        told["default frames"] == "`max_frames` 900, but so many of 64 tokens cost at least 34,374"
    )
    least = [video_tokens(clip(30), WAYS[0][0], max_frames=900, max_pixels=900 * pixels)
             for pixels in range(66_000, 76_000, 1000)]  # fmt: skip
    assert min(one.total for one in least if one.resized.pixels >= 65_536) == 34_374
    told = {bound.name: bound.remedy for bound in planned(*WAYS[1], 30).bounds}
    assert told["default frames"] == (
        "nothing: vLLM 0.33 takes no more of a video; cut the clip into 2 parts"
    )


def test_the_total_behind_sglang_s_resize_is_told_with_the_size_that_lifts_it():
    plan = planned(*WAYS[2], 1)
    (told,) = [bound.remedy for bound in plan.bounds if bound.name == "default total"]
    assert told == (
        '"size": {"shortest_edge": 4096, "longest_edge": 65138688} for videos in '
        "mm-process-config or in these files, with which 114 frames of 992x576 (1.9 a second) cost "
        "32,311"
    )
    model = get_model(WAYS[2][0])
    rules = model.rules()
    freed = replace(rules, video=replace(rules.video, max_pixels=65_138_688))
    freed = replace(model, rule_sets=(freed,))
    fps = 114 / 60 + 1e-6
    found = [video_tokens(clip(1), freed, server="sglang", fps=fps, max_pixels=cap)
             for cap in range(560_000, 602_112, 4_000)]  # fmt: skip
    assert 32_311 in [one.total for one in found if one.resized == (576, 992)]


@pytest.mark.parametrize("model", [FIVE[0][0], WAYS[0][0]])
def test_vllm_lowers_what_is_asked_beyond_768_frames(model):
    count = video_tokens(clip(30), model, server="vllm", max_frames=1000)
    assert (count.frames, count.warnings[-1]) == (
        768, "max_frames 1,000 is lowered to 768, the most taken",
    )  # fmt: skip
    assert video_tokens(clip(30), model, max_frames=1000).frames == 1000


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


def test_a_lifted_plan_has_all_alternatives():
    plan = planned(*FIVE[0], 30)
    frames = [setting.frames for setting in plan.clip.alternatives()]
    assert (frames[0] < 50, frames[-1]) == (True, 900)
    assert all(setting.lifted == {"max_frames": 900} for setting in plan.clip.alternatives())
    assert plan.files[0].setting.tokens in [one.tokens for one in plan.clip.alternatives()]


@pytest.mark.parametrize("budget", [20_000, 32_768, 70_000])
@pytest.mark.parametrize("minutes", [13, 26, 31, 45, 70])
@pytest.mark.parametrize(("model", "server"), [*FIVE, WAYS[0]])
def test_a_lifted_plan_is_that_of_who_asks_for_these_limits(model, server, minutes, budget):
    keywords = {"budget": budget, "server": server}
    (file,) = plan_media([clip(minutes)], model, **keywords).files
    (own,) = plan_media([clip(minutes)], model, **keywords, **file.setting.lifted).files
    assert own.setting.count.grid_thw == file.setting.count.grid_thw
    # It is lifted only to reach half a frame a second, or all that are taken.
    if "max_frames" in file.setting.lifted:
        assert file.setting.frames == minutes * 30 == file.setting.max_frames
    elif file.setting.lifted:
        assert file.setting.frames >= min(768, minutes * 30)


def test_a_folder_with_that_total_is_counted_as_sglang_would(tmp_path):
    plan = planned(*WAYS[2], 1)
    (told,) = [bound.remedy for bound in plan.bounds if bound.name == "default total"]
    size = json.loads(f"{{{told.partition(' for videos')[0]}}}")["size"]
    sizes = {"patch_size": 16, "merge_size": 2, "temporal_patch_size": 2}
    tables = {
        "preprocessor_config.json": {"image_processor_type": "Qwen2VLImageProcessorFast", **sizes},
        "video_preprocessor_config.json": {
            "video_processor_type": "Qwen3VLVideoProcessor", "size": size, **sizes,
        },
        "config.json": {"model_type": "qwen3_vl"},
    }  # fmt: skip
    for name, table in tables.items():
        (tmp_path / name).write_text(json.dumps(table))
    model = load_model_file(tmp_path)
    own = plan_media([clip(1)], model, server="sglang", budget=BUDGET)
    assert own.total_tokens >= 0.85 * BUDGET
    alternatives = [(one.frames, one.tokens) for one in own.clip.alternatives()]
    assert (114, 32_311) in alternatives
    assert not [bound for bound in own.bounds if bound.name == "default total"]


def test_frames_that_would_fit_are_told_without_a_but():
    """What the view asks fits, so that it is left; more would, if the owner raised the most."""
    plan = plan_media([clip(60)], WAYS[0][0], max_input=131_072, max_pixels=200_000_000)
    told = {bound.name: bound for bound in plan.bounds}["default frames"]
    assert plan.files[0].setting.frames == 768
    assert told.reason == "0.5 frames per second would be 1,800, and 768 are taken"
    assert told.remedy == "`max_frames` 1,800: so many of 64 tokens cost at least 69,024"
    # With less in all no frame would have 64 tokens.
    plan = plan_media([clip(60)], WAYS[0][0], max_input=131_072, max_pixels=60_000_000)
    assert "default frames" not in {bound.name for bound in plan.bounds}
