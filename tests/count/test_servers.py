"""Servers of open weights sample and size in ways of their own: numbers of their code."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.places import FIXTURES, GOLDEN
from vlprep import (
    ImageSize,
    VideoInfo,
    View,
    VlprepError,
    count_tokens,
    probe,
    processor,
    video_tokens,
    video_tokens_batch,
)
from vlprep.count.explain import explain_count
from vlprep.count.tokens import handed_size
from vlprep.count.videos import video_count as view_count
from vlprep.errors import ConstraintError
from vlprep.models.registry import get_server, list_servers
from vlprep.models.servers import PRUNING_METHODS, SERVERS

QWEN3, QWEN2 = "Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct"


def clip(height, width, frames, fps=2):
    """Return a clip of which 2 a second are all its frames."""
    return VideoInfo(size=ImageSize(height, width), frame_count=frames, fps=Fraction(fps))


@pytest.mark.parametrize(
    ("frames", "size", "sglang", "transformers"),
    [
        (20, (1080, 1920), 5760, 11_960),
        (20, (720, 1280), 5760, 8800),
        (180, (1080, 1920), 10_800, 10_800),
        (768, (1080, 1920), 10_752, 10_752),
    ],
)
def test_sglang_resizes_before_the_processor_does(frames, size, sglang, transformers):
    info = clip(*size, frames)
    assert video_tokens(info, QWEN3, server="sglang").visual == sglang
    assert video_tokens(info, QWEN3, server="vllm").visual == transformers
    assert video_tokens(info, QWEN3).visual == transformers


def test_sglang_hands_over_frames_of_28_pixel_tokens():
    info, view = clip(1080, 1920, 20), View.of(QWEN3, server="sglang")
    count = video_tokens(info, QWEN3, server="sglang")
    assert count.resized == (576, 1024)
    assert "1920x1080 is first made 1008x560 by the rule of qwen-vl-utils" in explain_count(
        info, count, view
    )


def test_the_total_behind_sglang_s_resize_is_that_of_the_model_s_files_or_the_owner_s():
    info = clip(1080, 1920, 114)
    plain, freed = (
        video_tokens(info, QWEN3, server="sglang", clip_pixels=total)
        for total in (None, 67_239_936)
    )
    assert plain.resized.pixels * 114 <= 25_165_824
    assert freed.resized == (576, 1024)  # as the first resize hands it on
    short = video_tokens(info, QWEN3, server="sglang", clip_pixels=67_239_935)
    assert short.resized == (544, 1024)
    same = video_tokens(info, QWEN3, server="sglang", clip_pixels=25_165_824)
    assert (same.grid_thw, same.total) == (plain.grid_thw, plain.total)
    view = View.of(QWEN3, server="sglang", clip_pixels=67_239_935)
    lines = "".join(explain_count(info, short, view))
    assert "1008x560 rounds to 1024x576 x 114 frames, 67,239,936 pixels, too many" in lines


@pytest.mark.parametrize(
    ("model", "server", "of"),
    [(QWEN3, None, "a clip"), (QWEN3, "vllm", "a clip"), (QWEN2, "sglang", "a frame"),
     (QWEN2, None, "a frame"), ("qwen3-vl-plus", None, "a frame")],
)  # fmt: skip
def test_a_total_behind_is_refused_where_there_is_none(model, server, of):
    keywords = {"clip_pixels": 10**6} | ({"server": server} if server else {})
    with pytest.raises(ConstraintError, match=f"`max_pixels` is that of {of}"):
        video_tokens(clip(360, 640, 20), model, **keywords)
    with pytest.raises(ConstraintError, match="`clip_pixels` is the total"):
        video_tokens_batch([20], [2.0], [(360, 640)], model, **keywords)


def test_sglang_takes_even_numbers_of_frames_cut_off():
    count = video_tokens(clip(360, 640, 150, 10), QWEN3, server="sglang", fps=1)
    assert count.frames == 14
    expected = np.linspace(0, 149, 14).astype(int).tolist()
    assert list(count.plan.indices) == expected


def test_sglang_does_not_turn_pictures():
    stored = probe(FIXTURES / "exif_6.jpg").stored_size
    count = count_tokens(FIXTURES / "exif_6.jpg", QWEN3, server="sglang")
    turned = count_tokens(FIXTURES / "exif_6.jpg", QWEN3, server="vllm")
    assert stored == ImageSize(*turned.info.size[::-1])
    assert count.tokens.resized == ImageSize(*turned.tokens.resized[::-1])
    listed = processor(QWEN3, server="sglang").count_many(FIXTURES / "exif_6.jpg")
    assert [one.tokens for one in listed] == [count.tokens]


# vLLM: bounds of its loaders.


@pytest.mark.parametrize("model", [QWEN3, QWEN2])
def test_vllm_counts_as_transformers_does(model):
    info = clip(720, 1280, 300, 30)
    for asked in ({}, {"fps": 1}, {"fps": 4, "max_frames": 10}, {"max_pixels": 500_000}):
        served = video_tokens(info, model, server="vllm", **asked)
        assert served.total == video_tokens(info, model, **asked).total


def test_vllm_takes_at_most_30_frames_a_second():
    info = clip(360, 640, 600, 60)
    at_30, at_50 = (video_tokens(info, QWEN3, server="vllm", fps=fps) for fps in (30, 50))
    assert at_30.frames == at_50.frames == 300


def test_vllm_thins_out_again_what_its_loader_kept_whole():
    count = video_tokens(clip(360, 640, 300, 30), QWEN3, server="vllm", fps=30)
    assert count.frames == 20
    assert "every frame is asked for" in count.warnings[-1]


@pytest.mark.parametrize("model", [QWEN3, QWEN2])
@pytest.mark.parametrize(("asked", "frames"), [(1, 1), (9, 9), (299, 299), (900, 900)])
def test_vllm_takes_any_number_by_another_loader(model, asked, frames):
    info = clip(360, 640, 1000, 30)
    plan = video_tokens(info, model, server="vllm", nframes=asked).plan
    assert list(plan.indices) == np.linspace(0, 999, frames, dtype=int).tolist()


def test_vllm_samples_again_a_clip_that_a_number_takes_whole():
    info = clip(360, 640, 300, 30)
    for asked in (300, 400):
        assert video_tokens(info, QWEN3, server="vllm", nframes=asked).frames == 20
        assert video_tokens(info, QWEN2, server="vllm", nframes=asked).frames == 300
    assert video_tokens(info, QWEN3, server="vllm", nframes=299).frames == 299


def test_vllm_takes_an_unknown_rate_for_24():
    unknown = replace(clip(360, 640, 240), fps=None)
    known = clip(360, 640, 240, 24)
    counts = [video_tokens(info, QWEN3, server="vllm") for info in (unknown, known)]
    assert counts[0].frames == counts[1].frames == 20
    with pytest.raises(ConstraintError, match="frame rate"):
        video_tokens(unknown, QWEN2, server="vllm")


@pytest.mark.parametrize(
    ("rate", "method", "kept"),
    [
        (0.0, "evs", 11_960),
        (0.5, "evs", 5980),
        (0.95, "evs", 1196),  # a whole step of 46 x 26 tokens
        (0.95, "vidcom2", 598),
        (0.9999, "vidcom2", 10),  # a token of each of ten steps
        (0.9999, "evs", 1196),
    ],
)
def test_each_method_of_pruning_has_a_floor_of_its_own(rate, method, kept):
    server = get_server("vllm").pruned(rate, method)
    count = video_tokens(clip(1080, 1920, 20), QWEN3, server=server)
    whole = video_tokens(clip(1080, 1920, 20), QWEN3, server="vllm")
    assert (count.visual, count.grid_thw) == (kept, whole.grid_thw)
    assert (count.text, count.markers) == (whole.text, whole.markers)  # times are not pruned


# What is refused.


@pytest.mark.parametrize(
    ("model", "asked", "match"),
    [
        ("qwen3-vl-plus", {"server": "vllm"}, "served by its vendor"),
        (QWEN3, {"server": "ollama"}, "there are vllm, sglang"),
        (QWEN3, {"server": "vllm", "rules": "qwen-vl-utils"}, "leave `rules` out"),
        (QWEN3, {"server": "vllm", "sampling": "linspace"}, "has nothing for `sampling`"),
        (QWEN3, {"server": "sglang", "sampling": "linspace"}, "has nothing for `sampling`"),
    ],
)
def test_what_no_server_can_do_is_refused(model, asked, match):
    with pytest.raises(ConstraintError, match=match):
        processor(model, **asked)


def test_an_option_of_a_single_call_is_refused_too():
    with pytest.raises(ConstraintError, match="has nothing for `sampling`"):
        processor(QWEN3, server="vllm").frames(FIXTURES / "street.mp4", sampling="linspace")


def test_pruning_is_refused_where_there_is_none():
    with pytest.raises(ConstraintError, match="prunes no videos; leave `pruning_rate` out"):
        get_server("sglang").pruned(0.5)
    with pytest.raises(ConstraintError, match="prunes videos by evs, vidcom2"):
        get_server("vllm").pruned(0.5, "random")
    with pytest.raises(ConstraintError, match=r"must be in \[0, 1\)"):
        get_server("vllm").pruned(1.0)


def test_other_rules_are_told_as_no_server_applies_them():
    info = clip(1080, 1920, 20)
    view = View.of(QWEN3, server="sglang")
    lines = explain_count(info, video_tokens(info, QWEN3, server="sglang"), view)
    assert any(line.startswith("qwen-vl-utils would give") for line in lines)
    assert view.by("transformers").server is None


def test_names_are_those_of_the_catalogue():
    assert tuple(server.name for server in list_servers()) == SERVERS
    assert {method for server in list_servers() for method in server.pruning} <= {*PRUNING_METHODS}


CLIPS = st.tuples(
    st.integers(1, 3000), st.sampled_from([30.0, 23.976, 10.0, 2.0]),
    st.integers(28, 2200), st.integers(28, 2200),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    clips=st.lists(CLIPS, min_size=1, max_size=8),
    server=st.sampled_from(["sglang", "vllm", get_server("vllm").pruned(0.7, "vidcom2")]),
    model=st.sampled_from([QWEN3, QWEN2]),
    asked=st.fixed_dictionaries(
        {}, optional={"fps": st.sampled_from([0.5, 1, 30]), "max_pixels": st.just(200_000)}
    )
    | st.fixed_dictionaries({"nframes": st.sampled_from([1, 7, 40, 2000])}),
)
def test_many_clips_equal_one_by_one(clips, server, model, asked):
    def alone(frames, rate, height, width):
        info = VideoInfo(size=ImageSize(height, width), frame_count=frames, fps=Fraction(rate))
        try:
            return video_tokens(info, model, server=server, **asked).total
        except VlprepError:
            return 0

    frames, rates, heights, widths = zip(*clips, strict=True)
    sizes = list(zip(heights, widths, strict=True))
    totals = video_tokens_batch(frames, rates, sizes, model, server=server, **asked)
    assert totals.tolist() == [alone(*one) for one in clips]


# Rows that the servers' own code gave.

ROWS = json.loads((GOLDEN / "servers.json").read_text())["rows"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['loader']}-{row['frames']}")
def test_frames_and_sizes_are_those_of_the_servers_own_code(row):
    model = {"qwen3_vl": QWEN3, "qwen2_vl": QWEN2}[row["loader"]]
    rate = Fraction(str(row["fps"]))
    info = VideoInfo(size=ImageSize(*row["size"]), frame_count=row["frames"], fps=rate)
    if row["vllm"] is not None:
        plan = video_tokens(info, model, server="vllm", **row["asked"]).plan
        assert [plan.frame_count, sum(plan.indices)] == row["vllm"]
    if row["sglang"] is None:
        return
    view = View.of(model, server="sglang", **row["asked"])
    count = view_count(info, view)
    frames, indices, *handed = row["sglang"]
    assert [count.frames, sum(count.plan.indices)] == [frames, indices]
    assert list(handed_size(info.size, view.video_rule, count.limits)) == handed


@pytest.mark.parametrize(
    ("server", "asked", "written"),
    [
        ("vllm", {"nframes": 7}, {"media-io-kwargs": {"video": {
            "num_frames": 7, "video_backend": "opencv"}}}),
        ("vllm", {"fps": 1.0}, {"media-io-kwargs": {"video": {"fps": 1.0}}}),
        ("sglang", {"nframes": 7}, {"mm-process-config": {"video": {"nframes": 7}}}),
    ],
)  # fmt: skip
def test_a_number_of_frames_is_stated_as_the_server_takes_it(server, asked, written):
    assert get_server(server).settings({"video": asked}) == written
