"""The clip of what a model is shown: the same frames, at the same moments, in the same colours."""

from __future__ import annotations

import json
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.films import API, MODEL, RATES, VARIABLE, WEIGHTS, film, moments, numbers, squeeze
from tests.places import FIXTURES
from tests.video.test_hazards import patch_colours
from vlprep import compress_video, count_tokens, probe, read_frames

TRUTH = json.loads((FIXTURES / "truth.json").read_text())


@pytest.mark.parametrize("rate", [*RATES, VARIABLE])
@pytest.mark.parametrize("model", [*API, *WEIGHTS])
def test_the_sampled_frames_are_those_of_the_source(tmp_path, model, rate):
    source, target = film(rate), tmp_path / "a.mp4"
    done = squeeze(source, target, model)
    assert done.action == "compressed"
    assert numbers(target, model) == numbers(source, model)
    nearly = 1 / float(probe(source).fps) if model in WEIGHTS else 0.01
    assert moments(target, model) == pytest.approx(moments(source, model), abs=nearly)
    assert done.tokens_after.visual == done.tokens_before.visual
    assert done.tokens_after.grid_thw == count_tokens(target, model).tokens.grid_thw


@pytest.mark.parametrize("fps", [0.5, 1, 3, 5])
@pytest.mark.parametrize("model", [MODEL, WEIGHTS[0]])
def test_at_another_sampling_rate_too(tmp_path, model, fps):
    source, target = film(Fraction(30000, 1001), 281), tmp_path / "a.mp4"
    squeeze(source, target, model, fps=fps)
    assert numbers(target, model, fps=fps) == numbers(source, model, fps=fps)
    times = moments(source, model, fps=fps)
    assert moments(target, model, fps=fps) == pytest.approx(times, abs=1 / 29)


def test_a_bounded_number_of_frames_is_spread_as_before(tmp_path):
    source, target = film(Fraction(25)), tmp_path / "a.mp4"
    squeeze(source, target, max_frames=6)
    assert numbers(target, MODEL, max_frames=6) == numbers(source, MODEL, max_frames=6)


def test_pixel_limits_and_rule_sets_are_those_of_the_count(tmp_path):
    source, target = film(Fraction(25)), tmp_path / "a.mp4"
    options = {"max_pixels": 20_000, "rules": "api-2026"}
    done = squeeze(source, target, **options)
    assert done.tokens_after.resized == count_tokens(source, MODEL, **options).tokens.resized
    assert done.tokens_after.total == done.tokens_before.total


HAZARDS = [
    "rotate_90.mov", "mirror.mov", "mirror_270.mov", "odd_sides.mp4", "edit_list.mp4", "clip.ts",
    "late_start.mp4", "vfr.mkv", "h264.avi", "open_gop.mp4", "gop250.mp4", "vp9.webm", "av1.mp4",
    "anamorphic.mp4", "video_with_audio.mp4", "interlaced.mp4", "two_streams.mp4", "cover_art.mp4",
]  # fmt: skip


@pytest.mark.parametrize("name", HAZARDS)
def test_hazards(tmp_path, name):
    source, target = FIXTURES / name, tmp_path / "a.mp4"
    done = squeeze(source, target)
    if TRUTH[name]["width"] >= 320:  # in narrower ones the numbers are too small to survive
        assert numbers(target, MODEL) == numbers(source, MODEL)
    info = probe(target)
    assert info.size == done.tokens_before.resized
    assert (info.rotation, info.mirrored, info.sample_aspect_ratio) == (0, False, 1)
    assert info.duration_seconds >= 2
    assert done.tokens_after.total == done.tokens_before.total


@pytest.mark.parametrize(
    "name", ["hdr_pq.mp4", "hdr_hlg.mp4", "alpha_vp9.webm", "alpha_prores.mov", "bt601_full.mp4"]
)
def test_colours_are_those_that_a_model_is_shown(tmp_path, name):
    patches, target = TRUTH[name]["patches"], tmp_path / "a.mp4"
    compress_video(FIXTURES / name, target, MODEL)
    before = patch_colours(next(read_frames(FIXTURES / name, MODEL, tone_map=True)).image, patches)
    after = patch_colours(next(read_frames(target, MODEL)).image, patches)
    assert np.abs(before - after).max() < 5


def test_what_is_dropped_is_said(tmp_path):
    done = squeeze(FIXTURES / "video_with_audio.mp4", tmp_path / "a.mp4")
    assert done.dropped == (
        "frames scaled from 320x180 to 320x192",
        "56 of 60 frames dropped: not sampled",
        "sound dropped: the models do not hear it",
    )
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert not container.streams.audio
    turned = squeeze(FIXTURES / "rotate_90.mov", tmp_path / "b.mp4")
    assert "turned upright, as the file asks" in turned.dropped
    assert "slowed down to 2 s, as qwen3-vl-plus wants it no shorter" in turned.warnings


def test_a_limit_that_leaves_few_bits_costs_pixels_and_says_so(tmp_path):
    source, target = FIXTURES / "street.mp4", tmp_path / "a.mp4"
    done = compress_video(source, target, MODEL, limit=4000)
    assert target.stat().st_size < 4000
    assert done.size_after.pixels < done.tokens_before.resized.pixels
    assert done.tokens_after.total < done.tokens_before.total
    assert any("tokens instead of" in warning for warning in done.warnings)
