"""Sizes and frames against recorded outputs of qwen-vl-utils 0.0.14; see tests/test_vectors.py."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.places import FIXTURES, GOLDEN
from tests.test_vectors import (
    FOLDERS,
    clip_of,
    difference,
    expected_sizes,
    indices_differ,
    refusal_differs,
    size_of,
)
from vlprep.compat.qwen_elements import Asked, asked_of
from vlprep.compat.qwen_plans import (
    list_facts,
    plan_image,
    plan_video,
    reference_model,
)
from vlprep.errors import ConstraintError, FrameCountError, VlprepError
from vlprep.frames.reading import probe_clip
from vlprep.maths.sampling import frame_rate
from vlprep.types import ImageSize, VideoInfo

CLIP = VideoInfo(size=ImageSize(720, 1280), frame_count=300, fps=Fraction(30))


def rows_of(folder, name):
    path = FOLDERS[folder] / f"{name}.jsonl"
    if folder == "all" and not path.is_file():
        pytest.skip("../shared/vectors is not there: only the sample in tests/golden was checked")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(rows) >= 20
    return rows


def element_of(row):
    return row | ({"nframes": row["req_nframes"]} if "req_nframes" in row else {"nframes": None})


def report(wrong):
    assert not wrong, f"{len(wrong)} rows differ:\n" + "\n".join(map(str, wrong[:10]))


# The reference's outputs.


@pytest.mark.parametrize("folder", FOLDERS)
def test_images_have_the_sizes_of_the_reference(folder):
    wrong = []
    for row in rows_of(folder, "image_qwen_vl_utils"):
        try:
            size = plan_image(ImageSize(*size_of(row)), asked_of(row), row["image_patch_size"])
        except VlprepError as error:
            found = refusal_differs(row, error)
        else:
            found = difference(expected_sizes(row), {"h_bar": size.height, "w_bar": size.width})
        if found:
            wrong.append((found, row))
    report(wrong)


@pytest.mark.parametrize("folder", FOLDERS)
def test_videos_have_the_frames_and_sizes_of_the_reference(folder):
    wrong = []
    for row in rows_of(folder, "nframes_qwen_vl_utils"):
        asked, patch_size = asked_of(element_of(row)), row["image_patch_size"]
        try:
            count = plan_video(clip_of(row), asked, patch_size, strict=True)
        except VlprepError as error:
            found = refusal_differs(row, error)
        else:
            found = video_differs(row, count)
            # What the reference takes, the lenient way takes as well.
            assert plan_video(clip_of(row), asked, patch_size) == count
        if found:
            wrong.append((found, row))
    report(wrong)


def video_differs(row, count):
    got = {
        "h_bar": count.resized.height, "w_bar": count.resized.width,
        "nframes": count.plan.frame_count, "sample_fps": count.plan.sample_fps,
        "tokens": count.visual,
    }  # fmt: skip
    return difference(expected_sizes(row), got) or indices_differ(row, count.plan.indices, 0)


def test_the_fixtures_have_the_frames_and_sizes_of_the_reference():
    rows = (GOLDEN / "compat" / "qwen_vl_utils.jsonl").read_text().splitlines()
    videos = [row for row in map(json.loads, rows) if "idx" in row]
    assert len({row["file"] for row in videos}) > 40
    infos = {name: probe_clip(FIXTURES / name) for name in {row["file"] for row in videos}}
    wrong = []
    for row in videos:
        count = plan_video(infos[row["file"]], asked_of(row), row["image_patch_size"])
        size = (row["h_bar"], row["w_bar"])
        if (list(count.plan.indices), tuple(count.resized)) != (row["idx"], size):
            wrong.append((count.plan.indices, count.resized, row))
    report(wrong)


# Options.


def test_a_patch_size_that_no_model_has_is_refused():
    with pytest.raises(ConstraintError, match="image_patch_size must be one of 14, 16; got 12"):
        plan_image(ImageSize(100, 100), Asked(), 12)


@pytest.mark.parametrize("patch_size", [14, 16])
def test_the_context_bounds_a_clip_unless_the_caller_does(patch_size):
    long = VideoInfo(size=ImageSize(720, 1280), frame_count=90_000, fps=Fraction(25))
    own = plan_video(long, Asked(), patch_size)
    assert plan_video(long, Asked(), patch_size, model_seq_len=128_000) == own
    half = plan_video(long, Asked(), patch_size, model_seq_len=64_000)
    assert half.visual < 0.9 * 64_000 < own.visual < 0.9 * 128_000
    total = 0.9 * 64_000 * (2 * patch_size) ** 2
    asked = Asked(total_pixels=total)
    assert plan_video(long, asked, patch_size).resized == half.resized
    assert plan_video(long, asked, patch_size, model_seq_len=1e6).resized == half.resized


@pytest.mark.parametrize(
    ("least", "limit"), [(500_000, 602_112), (590_000, 619_500), (2_000_000, 2_100_000)]
)
def test_a_lower_limit_near_the_default_cap_lifts_it(least, limit):
    count = plan_video(CLIP, Asked(min_pixels=least))
    assert count.limits.max_pixels == limit
    assert least <= count.resized.pixels <= limit
    with pytest.raises(ConstraintError):
        plan_video(CLIP, Asked(min_pixels=least, max_pixels=least - 1))


def test_a_limit_that_is_lowered_is_said():
    assert plan_video(CLIP, Asked(max_pixels=602_112)).warnings == ()
    (warning,) = plan_video(CLIP, Asked(max_pixels=5_000_000)).warnings
    assert warning == "max_pixels 5,000,000 is lowered to 602,112: the default cap"


def test_fps_and_nframes_exclude_each_other():
    with pytest.raises(ConstraintError, match="`fps` and `nframes` exclude each other"):
        plan_video(CLIP, Asked(fps=1, nframes=4))


# Short clips.


@pytest.mark.parametrize(
    ("frames", "asked", "taken"),
    [
        (31, Asked(nframes=31), 30),  # rounds to 32 in the reference
        (31, Asked(nframes=32), 30),
        (24, Asked(nframes=32), 24),
        (3, Asked(), 2),
        (1, Asked(), 1),
        (1, Asked(nframes=8), 1),
    ],
)
def test_a_short_clip_gives_the_pairs_it_has_unless_strict(frames, asked, taken):
    clip = VideoInfo(size=ImageSize(180, 320), frame_count=frames, fps=Fraction(30))
    count = plan_video(clip, asked)
    assert count.plan.frame_count == taken
    if frames == 3:  # the reference takes two of three itself
        assert not count.warnings
        assert plan_video(clip, asked, strict=True) == count
        return
    assert any("refuses so short a clip" in warning for warning in count.warnings)
    with pytest.raises(FrameCountError):
        plan_video(clip, asked, strict=True)


def test_a_single_frame_needs_no_rate():
    still = VideoInfo(size=ImageSize(180, 320), frame_count=1, fps=None)
    assert plan_video(still, Asked()).plan.indices == (0,)


# Lists.


@given(
    height=st.integers(60, 2000),
    width=st.integers(60, 2000),
    count=st.integers(1, 400).map(lambda pairs: 2 * pairs),
    total=st.none() | st.integers(1_000_000, 100_000_000),
    patch_size=st.sampled_from([14, 16]),
)
def test_a_list_has_the_size_of_a_file_of_its_frames(height, width, count, total, patch_size):
    size, asked = ImageSize(height, width), Asked(total_pixels=total)
    of_list = plan_video(list_facts(size, count, 2), asked, patch_size)
    file = VideoInfo(size=size, frame_count=count, fps=Fraction(2))
    of_file = plan_video(file, Asked(total_pixels=total, nframes=count), patch_size)
    assert of_list.plan.indices == of_file.plan.indices == tuple(range(count))
    assert of_list.resized == of_file.resized
    assert of_list.limits == of_file.limits


def test_a_list_of_an_odd_number_is_filled_up_to_pairs():
    assert [list_facts(ImageSize(9, 9), n, 1).frame_count for n in (1, 2, 3, 4)] == [2, 2, 4, 4]


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_list_needs_a_rate(rate):
    with pytest.raises(ConstraintError, match="sample_fps must be above 0"):
        list_facts(ImageSize(48, 80), 4, rate)


# The rate of what is delivered.


@given(frames=st.integers(2, 20_000), rate=st.floats(1, 120), wanted=st.integers(1, 50))
def test_the_rate_counts_the_steps_between_frames(frames, rate, wanted):
    clip = VideoInfo(size=ImageSize(180, 320), frame_count=frames, fps=Fraction(rate))
    plan = plan_video(clip, Asked(nframes=min(2 * wanted, frames // 2 * 2))).plan
    times = [number / rate for number in plan.indices]
    measured = frame_rate(times, otherwise=-1)
    # Counted from the first frame on at that rate, the last one is met.
    assert (len(times) - 1) / measured == pytest.approx(times[-1])


def test_a_moment_has_no_rate():
    assert frame_rate([0.0], otherwise=2.0) == frame_rate([1.0, 1.0], otherwise=2.0) == 2.0


def test_the_model_that_stands_for_the_reference_keeps_its_numbers():
    rules = reference_model(16).rules()
    assert rules.video.total_pixels == 128_000 * 0.9 * 32 * 32
    assert reference_model(14).rules().video.max_pixels == 768 * 28 * 28
