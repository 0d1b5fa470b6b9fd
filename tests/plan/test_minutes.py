"""Clips of 1080p in 32,768 tokens: they keep moving, and what is given is used (docs/plans.md)."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from tests.places import REPO
from vlprep import (
    ImageSize,
    VideoInfo,
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
    assert file.setting.frames >= 0.5 * minutes * 60
    assert plan.total_tokens >= 0.85 * BUDGET
    assert not {bound.name for bound in plan.bounds} & {"default frames", "default total"}
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


def test_smaller_frames_than_of_64_tokens_are_taken_where_only_these_keep_a_clip_moving():
    (file,) = planned(*WAYS[0], 30).files
    assert (file.setting.frames, file.setting.lifted) == (900, {"max_frames": 900})
    assert file.setting.count.resized == (192, 320)  # 60 tokens
    least = [video_tokens(clip(30), WAYS[0][0], max_frames=900, max_pixels=900 * pixels)
             for pixels in range(66_000, 76_000, 1000)]  # fmt: skip
    assert min(one.total for one in least if one.resized.pixels >= 65_536) == 34_374 > BUDGET


def test_vllm_is_asked_for_a_number_where_its_loaders_take_too_few_by_a_rate():
    plan = planned(*WAYS[1], 30)
    (file,) = plan.files
    assert (file.keywords["nframes"], file.setting.frames) == (900, 900)
    assert plan.server_flags.options["media-io-kwargs"]["video"] == {
        "video_backend": "opencv", "num_frames": 900,
    }  # fmt: skip
    (told,) = [text for text in plan.warnings if "`nframes` 900" in text]
    assert told.endswith("without, 768 frames of 224x128 cost 14,741 tokens")
    assert plan.clip.motion == 1
    plan.chart()
    # Who asks for a rate is told of the number.
    rated = planned(*WAYS[1], 30, fps=1)
    assert rated.files[0].setting.frames == 768
    told = {bound.name: bound.remedy for bound in rated.bounds}["default frames"]
    assert told == "cutting the clip into 2 parts; beyond 768 with `nframes` in place of `fps`"


def test_the_total_behind_sglang_s_resize_is_lifted_and_started_with():
    plan = planned(*WAYS[2], 1)
    (file,) = plan.files
    assert file.keywords == {"fps": 1.9, "max_pixels": 557_512, "clip_pixels": 65_138_688}
    assert plan.server_flags.options["mm-process-config"]["video"] == {
        "fps": 1.9, "max_pixels": 557_512,
        "size": {"shortest_edge": 4096, "longest_edge": 65_138_688},
    }  # fmt: skip
    (told,) = plan.warnings
    assert told == (
        "`clip_pixels` 65,138,688 in place of defaults; its owner sets that, as SGLang 0.5.23 is "
        "started; without, 120 frames of 608x320 cost 11,932 tokens"
    )
    keywords = {"server": "sglang", "fps": 1.9, "max_pixels": 557_512}
    model = WAYS[2][0]
    needed = video_tokens(clip(1), model, **keywords, clip_pixels=65_138_688)
    short = video_tokens(clip(1), model, **keywords, clip_pixels=65_138_687)
    assert needed.total == plan.total_tokens > short.total
    assert needed.grid_thw == (57, 36, 62)  # as transformers 5.19.0 has it, which was run
    assert plan.clip.default.tokens == video_tokens(clip(1), model, server="sglang").total == 11_932


def test_without_a_budget_the_total_is_only_told_of():
    plan = plan_media([clip(1)], WAYS[2][0], server="sglang")
    assert plan.files[0].setting.lifted == {}
    (told,) = [bound.remedy for bound in plan.bounds if bound.name == "default total"]
    assert told == (
        "`clip_pixels` 70,778,880, with which 120 frames of 1024x576 cost 35,092 tokens"
    )
    own = planned(*WAYS[2], 1, clip_pixels=30_000_000).files[0].setting
    assert "clip_pixels" not in own.keywords


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
    size = plan.server_flags.options["mm-process-config"]["video"]["size"]
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
    assert told.remedy == "`max_frames` 1,800: so many of 16 tokens cost at least 25,824"
    # With less in all no frame would have 16 tokens.
    plan = plan_media([clip(60)], WAYS[0][0], max_input=131_072, max_pixels=20_000_000)
    assert "default frames" not in {bound.name for bound in plan.bounds}
