"""How servers are started for a plan: lengths, numbers of files, and settings as JSON."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from tests.places import FIXTURES
from vlprep import SplitOptions, count_tokens, get_server, plan_media

QWEN3, QWEN2 = "Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct"
PHOTO, STREET, CLIP = (str(FIXTURES / name) for name in ("photo.jpg", "street.mp4", "clip.mp4"))
LENGTHS = {"vllm": "max-model-len", "sglang": "context-length"}
SWITCH = (
    "requests that state settings of their own, as payload writes them, are taken only with "
    "--trust-request-mm-kwargs too"
)


def options(plan):
    """Return the values by flag, read from the words as the server reads them."""
    words = plan.server_flags.words
    return {
        flag.removeprefix("--"): json.loads(value) if value[0] in "{0123456789" else value
        for flag, value in pairwise(words)
        if flag.startswith("--")
    }


def test_without_a_server_nothing_is_started():
    plan = plan_media(PHOTO, QWEN3)
    assert plan.server_flags is None
    assert "server_flags" not in plan.to_dict()


@pytest.mark.parametrize("server", ["vllm", "sglang"])
@pytest.mark.parametrize("model", [QWEN3, QWEN2])
def test_the_length_is_the_plan_and_all_that_is_beside_it(server, model):
    room = {"text_tokens": 40, "reserve": 7, "thinking_tokens": 300, "reply_tokens": 500}
    plan = plan_media([PHOTO, STREET], model, server=server, budget=1500, **room)
    assert options(plan)[LENGTHS[server]] == plan.total_tokens + 847
    assert plan.server_flags.notes == ((SWITCH,) if server == "vllm" else ())


def test_what_has_no_room_is_said():
    notes = plan_media(PHOTO, QWEN3, server="vllm").server_flags.notes
    assert notes == (
        "max-model-len 302 is without room for text; `text_tokens` adds it",
        "max-model-len 302 is without room for a reply; `reply_tokens` adds it",
        SWITCH,
    )


def test_vllm_reads_limits_and_rates_in_their_own_scopes():
    plan = plan_media([PHOTO, STREET, PHOTO], QWEN3, server="vllm", budget=1500, max_frames=12)
    photo, street, _ = plan.files
    assert options(plan) == {
        "max-model-len": plan.total_tokens,
        "limit-mm-per-prompt": {"image": 2, "video": 1},
        "mm-processor-kwargs": {
            "images_kwargs": {"max_pixels": photo.setting.max_pixels},
            "videos_kwargs": {"max_pixels": street.setting.max_pixels},
        },
        "media-io-kwargs": {"video": {"fps": street.setting.fps, "max_frames": 12}},
    }


def test_sglang_reads_all_in_one():
    plan = plan_media([PHOTO, STREET], QWEN3, server="sglang", budget=1500)
    photo, street = plan.files
    assert options(plan) == {
        "context-length": plan.total_tokens,
        "limit-mm-data-per-request": {"image": 1, "video": 1},
        "mm-process-config": {
            "image": {"max_pixels": photo.setting.max_pixels},
            "video": {"fps": street.setting.fps, "max_pixels": street.setting.max_pixels},
        },
    }


@pytest.mark.parametrize("server", ["vllm", "sglang"])
def test_a_server_so_started_counts_what_was_planned(server):
    plan = plan_media(STREET, QWEN2, server=server, budget=800)
    told = {}
    for scopes in options(plan).values():
        for scope in scopes.values() if isinstance(scopes, dict) else ():
            told |= scope if isinstance(scope, dict) else {}
    counted = count_tokens(STREET, QWEN2, server=server, **told)
    assert counted.tokens.total == plan.total_tokens


def test_of_several_requests_the_largest_counts():
    files = [PHOTO, PHOTO, PHOTO, STREET, CLIP]
    plan = plan_media(files, QWEN3, server="vllm", budget=2500, split=SplitOptions())
    sums = [sum(plan.files[k].tokens.total for k in request) for request in plan.requests]
    assert len(sums) > 1
    assert options(plan)["max-model-len"] == max(sums)
    assert options(plan)["limit-mm-per-prompt"] == {"image": 3, "video": 2}


def test_files_of_different_settings_share_the_largest_and_cost_what_that_makes_of_them():
    plan = plan_media([PHOTO, PHOTO], QWEN3, server="vllm", budget=400, weights=[1, 3])
    low, high = sorted(file.setting.max_pixels for file in plan.files)
    assert low < high
    told = options(plan)
    assert told["mm-processor-kwargs"] == {"images_kwargs": {"max_pixels": high}}
    counted = count_tokens(PHOTO, QWEN3, server="vllm", max_pixels=high).tokens.total
    assert told["max-model-len"] == 2 * counted > plan.total_tokens
    (note,) = [note for note in plan.server_flags.notes if "different" in note]
    assert f"different `max_pixels`, and the server starts with one: the largest, {high:,}" in note
    assert note.endswith("a request may say less of all its images")
    assert SWITCH in plan.server_flags.notes


def test_a_length_beyond_the_context_is_said():
    plan = plan_media([PHOTO, PHOTO], QWEN3, server="vllm", max_model_len=400, weights=[1, 3])
    assert any("more than the context of 400 tokens" in note for note in plan.server_flags.notes)


def test_of_a_list_all_images_are_kept_where_the_way_is_known():
    plan = plan_media([[PHOTO] * 40], QWEN3, server="vllm", fps=4)
    assert options(plan)["media-io-kwargs"] == {"video": {"fps": 4.0, "num_frames": -1}}
    assert options(plan)["limit-mm-per-prompt"] == {"video": 1}
    notes = plan_media([[PHOTO] * 4], QWEN3, server="sglang").server_flags.notes
    assert "no source says how SGLang 0.5.23 takes a list of images" in notes


def test_what_no_option_holds_is_said():
    flags = plan_media(STREET, QWEN3, server="vllm", start_seconds=1).server_flags
    assert any("takes no `start_seconds` when it starts" in note for note in flags.notes)


def test_pruning_that_is_counted_is_started():
    server = get_server("vllm").pruned(0.5, "vidcom2")
    told = options(plan_media(STREET, QWEN3, server=server))
    assert told["video-pruning-rate"] == 0.5
    assert told["video-pruning-method"] == "vidcom2"


def test_nothing_planned_starts_nothing(tmp_path):
    plan = plan_media(tmp_path / "none.jpg", QWEN3, server="vllm")
    assert plan.server_flags is None
