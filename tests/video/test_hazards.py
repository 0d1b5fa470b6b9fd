"""Each hazard that a fixture proves, read the way a user reads it, against what was put in."""

from __future__ import annotations

import json
from bisect import bisect_right

import numpy as np
import pytest

from tests.frames.test_stream import drawn_number
from tests.places import FIXTURES
from vlprep import VideoInfo, probe, read_frames

TRUTH = json.loads((FIXTURES / "truth.json").read_text())
MODEL = "qwen3-vl-plus"

NUMBERED = [
    "clip.mpg", "vfr.mkv", "open_gop.mp4", "open_gop_hevc.mp4", "gop250.mp4", "hidden_altref.webm",
    "resolution_change.ts", "interlaced.mp4", "interlaced.ts", "bt601_limited.mp4",
    "bt601_full.mp4", "bt709_limited.mp4", "bt709_full.mp4", "untagged.mp4", "mjpeg.avi",
    "ten_bit.mp4", "hdr_pq.mp4", "hdr_hlg.mp4", "alpha_vp8.webm", "alpha_vp9.webm",
    "alpha_prores.mov", "cover_art.mp4", "clip.mxf", "h264.mxf", "clip.ivf",
]  # fmt: skip
COLOURED = [
    name for name, row in TRUTH.items() if any("rgb" in patch for patch in row.get("patches", ()))
]


def read(name, **options):
    return list(read_frames(FIXTURES / name, MODEL, **options))


def patch_colours(image, patches):
    """Mean colour around the middle of each patch, well away from its edges."""
    height, width = image.shape[:2]
    middles = [(round(p["row"] * height), round(p["column"] * width)) for p in patches]
    return np.array([image[y - 8 : y + 8, x - 8 : x + 8].mean(axis=(0, 1)) for y, x in middles])


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("fps", [3, 10])
@pytest.mark.parametrize("name", NUMBERED)
def test_the_frames_are_the_ones_that_are_named(name, fps, threads):
    frames = read(name, fps=fps, threads=threads)
    assert not any(frame.substituted for frame in frames)
    assert [drawn_number(frame.image) for frame in frames] == [frame.number for frame in frames]


@pytest.mark.parametrize("name", NUMBERED)
def test_they_are_the_ones_on_display_at_the_times_asked_for(name):
    truth, fps = TRUTH[name], 10  # the most that the model takes
    starts = truth.get("times_seconds") or [k / truth["fps"] for k in range(truth["frames"])]
    frames = read(name, fps=fps)
    # Containers that count in milliseconds blur each start a little.
    expected = [bisect_right(starts, k / fps + 1e-3) - 1 for k in range(len(frames))]
    assert [drawn_number(frame.image) for frame in frames] == expected
    times = [frame.timestamp_seconds for frame in frames]
    assert times == pytest.approx([starts[number] for number in expected], abs=2e-3)


@pytest.mark.parametrize("name", NUMBERED)
def test_the_header_and_the_frames_agree(name):
    truth, info = TRUTH[name], probe(FIXTURES / name)
    assert isinstance(info, VideoInfo)
    assert info.size == (truth["height"], truth["width"])
    assert info.frame_count == truth["frames"]
    shapes = {frame.image.shape for frame in read(name, fps=10)}
    assert len(shapes) == 1  # also where the coded size changes on the way


@pytest.mark.parametrize("name", COLOURED)
def test_colours_are_those_that_were_put_in(name):
    patches = TRUTH[name]["patches"]
    expected = np.array([patch["rgb"] for patch in patches])
    for frame in read(name, fps=10):
        # A level or two go to 4:2:0, to the codec and to FFmpeg's whole-number arithmetic.
        assert np.abs(patch_colours(frame.image, patches) - expected).max() <= 4


def test_matrix_and_range_make_no_difference():
    names = [
        f"{matrix}_{extent}.mp4" for matrix in ("bt601", "bt709") for extent in ("limited", "full")
    ]
    images = [read(name, fps=3)[0].image for name in names]
    colours = [patch_colours(image, TRUTH[names[0]]["patches"]) for image in images]
    assert np.ptp(colours, axis=0).max() <= 4


@pytest.mark.parametrize("name", ["open_gop.mp4", "open_gop_hevc.mp4"])
@pytest.mark.parametrize("start", range(15, 25))
def test_reading_may_begin_right_before_a_key_frame_of_an_open_group(name, start):
    frames = read(name, fps=2, start_seconds=start / 30, threads=1)
    assert frames[0].number == start
    assert [drawn_number(frame.image) for frame in frames] == [frame.number for frame in frames]


@pytest.mark.parametrize("name", ["gop250.mp4", "clip.mpg", "interlaced.ts", "mjpeg.avi"])
def test_reading_may_begin_amid_a_group(name):
    total = TRUTH[name]["frames"]
    frames = read(name, fps=10, start_seconds=(total // 2) / 30, threads=1)
    assert frames[0].number == total // 2
    assert [drawn_number(frame.image) for frame in frames] == [frame.number for frame in frames]


def test_a_frame_that_stands_for_two_seconds_is_shown_for_two_seconds():
    numbers = [frame.number for frame in read("vfr.mkv", fps=2)]
    # At 0, 0.5, 1, ... s: frame 29 shows from 0.967 to 2.967 s.
    assert numbers[:7] == [0, 15, 29, 29, 29, 29, 31]


def test_a_cover_picture_is_no_second_video():
    assert probe(FIXTURES / "cover_art.mp4").warnings == ()


def test_what_the_fixtures_promise_has_a_test_here():
    special = ("interlaced", "transfer", "patches")
    promised = {name for name, row in TRUTH.items() if any(key in row for key in special)}
    assert promised <= set(NUMBERED)
