"""Pixel values: equal to the reference's recorded bytes, however they are asked for."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import vlprep
from tests.arrays.settings import made, model_of
from tests.patterns import noise, pattern
from tests.places import FIXTURES, GOLDEN, REPO, SHARED
from vlprep.arrays.patches import Encoding
from vlprep.errors import (
    ConstraintError,
    DecodeError,
    UnknownFactError,
    UnsupportedFormatError,
)
from vlprep.maths.resample import Held, Resampler
from vlprep.models.spec import Normalisation
from vlprep.types import ImageSize

QWEN3, QWEN2_5 = "Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct"
PHOTO, CLIP = FIXTURES / "photo.jpg", FIXTURES / "street.mp4"


def rows_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


ROWS = rows_of(GOLDEN / "pixel_values" / "rows.jsonl")


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


# Equal to the reference.


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_equals_what_transformers_made(row, tmp_path):
    found = made(row, tmp_path)
    assert found.grid_thw.tolist() == [row["grid"]]
    assert found.pixel_values.shape == tuple(row["shape"])
    assert sha256(found.pixel_values) == row["sha256_float32"]
    assert sha256(made(row, tmp_path, dtype="uint8").pixel_values) == row["sha256_uint8"]


COLUMNS = {
    "float32": "sha256_float32",
    "uint8": "sha256_patches_uint8",
    "float16": "sha256_float16",
    "bfloat16": "sha256_bfloat16",
}


def test_equals_every_recorded_row(tmp_path):
    path = SHARED / "vectors" / "pixel_values.jsonl"
    if not path.is_file():
        pytest.skip("../shared/vectors is not there: only the rows in tests/golden were checked")
    for row in rows_of(path):
        for dtype, column in COLUMNS.items():
            found = made(row, tmp_path, dtype=dtype)
            assert sha256(found.pixel_values) == row[column], (row["id"], dtype)
            assert found.grid_thw.tolist() == [row["grid"]]
            assert list(found.sizes[0]) == row["resized"]


def test_the_formula_of_the_patterns_is_the_one_that_is_written_down():
    assert int(noise(1, 0, np.uint32(0), np.uint32(0), 0)) == 1034634535
    assert int(noise(99999, 8, np.uint32(5999), np.uint32(3), 2)) == 3908611759


@pytest.mark.parametrize(
    ("mean", "digest"),
    [
        (((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)), "29a746f2"),
        (((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)), "9a704016"),
    ],
)
def test_the_table_of_bytes_is_the_reference_s(mean, digest):
    table = Encoding(14, 2, 2, Normalisation(mean=mean[0], std=mean[1])).table
    assert sha256(table).startswith(digest)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"do_normalize": False}, [0, np.float32(1) * np.float32(1 / 255), 1]),
        ({"do_rescale": False}, [-1, 1, 509]),
        ({"do_rescale": False, "do_normalize": False}, [0, 1, 255]),
        ({"rescale_factor": 1.0}, [-1, 1, 509]),
        ({"image_mean": 0.25, "image_std": 0.5}, [-0.5, None, 1.5]),
    ],
)
def test_what_a_folder_switches_off_is_off(tmp_path, keys, expected):
    model_of(ROWS[1], tmp_path)
    file = tmp_path / "preprocessor_config.json"
    config = json.loads(file.read_text()) | {"size": {"shortest_edge": 1, "longest_edge": 10**6}}
    file.write_text(json.dumps(config | keys))
    levels = np.zeros((32, 96, 3), np.uint8)
    levels[:, 32:64], levels[:, 64:] = 1, 255
    values = vlprep.pixel_values(levels, model=vlprep.load_model_file(tmp_path)).pixel_values
    for found, wanted in zip(values[::4, 0], expected, strict=True):
        assert wanted is None or found == np.float32(wanted)


# The order of patches, by its formula.


@given(
    st.sampled_from([(2, 2, 1), (3, 1, 2), (2, 3, 3), (4, 2, 2)]),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
)
@settings(max_examples=30, deadline=None)
def test_every_number_is_where_the_formula_says(sides, tall, wide, steps):
    p, m, group = sides
    h, w = tall * p * m, wide * p * m
    frames = [pattern("noise", 5, h, w, 3, t) for t in range(steps * group)]
    encoding = Encoding(p, m, group, Normalisation(rescale_factor=None), "uint8")
    rows = np.zeros((steps * encoding.patches(ImageSize(h, w)), encoding.row), np.uint8)
    as_is, step = Resampler.of(ImageSize(h, w), ImageSize(h, w)), len(rows) // steps
    for t, frame in enumerate(frames):
        place = t // group * step
        encoding.place(Held(frame), as_is, rows[place : place + step], t % group, 1)
    gh, gw = h // p, w // p
    for n in range(len(rows)):
        mw, mh = n % m, n // m % m
        bw, bh = n // m**2 % (gw // m), n // (m * gw) % (gh // m)
        for j in range(encoding.row):
            px, py, t, c = j % p, j // p % p, j // p**2 % group, j // (group * p**2)
            frame = frames[n // (gh * gw) * group + t]
            assert rows[n, j] == frame[(bh * m + mh) * p + py, (bw * m + mw) * p + px, c]


# One truth, however it is asked for.


def test_images_and_videos_together_are_those_of_each_alone():
    both = vlprep.pixel_values([PHOTO, FIXTURES / "palette.png"], CLIP, QWEN3, nframes=4).inputs()
    images = vlprep.pixel_values([PHOTO, FIXTURES / "palette.png"], model=QWEN3).inputs()
    videos = vlprep.pixel_values(videos=[CLIP], model=QWEN3, nframes=4).inputs()
    assert list(both) == [*images, *videos]
    for name, array in (images | videos).items():
        assert np.array_equal(both[name], array), name


@pytest.mark.parametrize("name", ["photo.jpg", "street.mp4", "animated.gif", "exif_6.jpg"])
@pytest.mark.parametrize("model", [QWEN3, QWEN2_5, "Qwen/QVQ-72B-Preview"])
def test_there_are_as_many_rows_as_are_counted(name, model):
    count = vlprep.count_tokens(FIXTURES / name, model)
    kind = {"images" if count.kind == "image" else "videos": FIXTURES / name}
    made = vlprep.pixel_values(model=model, dtype="uint8", **kind)
    assert tuple(made.grid_thw[0]) == count.tokens.grid_thw
    assert len(made.pixel_values) == made.grid_thw.prod()
    assert made.sizes == (count.tokens.resized,)
    assert made.parts[0].tokens == count.tokens


def test_a_picture_is_the_same_from_a_path_bytes_pillow_and_an_array():
    pixels = np.asarray(Image.open(PHOTO))
    wanted = vlprep.pixel_values(PHOTO, model=QWEN2_5).pixel_values
    for source in (PHOTO.read_bytes(), Image.open(PHOTO), pixels, pixels.astype(np.float32)):
        assert np.array_equal(vlprep.pixel_values(source, model=QWEN2_5).pixel_values, wanted)


def test_a_video_is_the_same_from_a_stack_a_list_and_a_folder(tmp_path):
    stack = np.stack([pattern("noise", 9, 90, 130, 3, t) for t in range(5)])
    for number, frame in enumerate(stack):
        Image.fromarray(frame).save(tmp_path / f"{number}.png")
    wanted = vlprep.pixel_values(videos=stack, model=QWEN3)
    assert wanted.grid_thw[0, 0] == 3  # the last of five frames is repeated
    for video in (list(stack), [Image.fromarray(frame) for frame in stack], tmp_path):
        found = vlprep.pixel_values(videos=[video], model=QWEN3)
        assert np.array_equal(found.pixel_values, wanted.pixel_values)
    assert wanted.timestamps_seconds == ((0.25, 1.25, 2.0),)


def test_frames_are_those_that_read_frames_gives():
    with vlprep.read_frames(CLIP, QWEN3, nframes=6, resample="reference") as frames:
        stack = frames.collect()
    of_file = vlprep.pixel_values(videos=CLIP, model=QWEN3, nframes=6)
    of_stack = vlprep.pixel_values(videos=stack.data, model=QWEN3, max_pixels=10**9)
    assert of_stack.sizes == of_file.sizes
    assert np.array_equal(of_stack.pixel_values, of_file.pixel_values)
    middles = np.reshape(stack.timestamps_seconds, (3, 2)).mean(axis=1)
    assert of_file.timestamps_seconds == (tuple(middles),)


def test_step_by_step_is_all_at_once():
    wanted = vlprep.pixel_values(videos=CLIP, model=QWEN3, nframes=7)
    with vlprep.processor(QWEN3).array_steps(CLIP, nframes=7) as steps:
        assert steps.grid_thw == tuple(wanted.grid_thw[0])
        assert len(steps) == 4 < steps.grid_thw[1]
        found = list(steps)
    assert np.array_equal(np.concatenate([s.pixel_values for s in found]), wanted.pixel_values)
    assert tuple(s.timestamp_seconds for s in found) == wanted.timestamps_seconds[0]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_nothing(threads):
    wanted = vlprep.pixel_values(PHOTO, model=QWEN3).pixel_values
    found = vlprep.pixel_values(PHOTO, model=QWEN3, threads=threads).pixel_values
    assert np.array_equal(found, wanted)


def test_a_caller_s_array_is_written_into(tmp_path):
    wanted = vlprep.pixel_values(PHOTO, CLIP, QWEN3, nframes=4)
    shape = wanted.pixel_values.shape
    mapped = np.lib.format.open_memmap(tmp_path / "a.npy", "w+", np.float32, shape)
    made = vlprep.pixel_values(PHOTO, CLIP, QWEN3, nframes=4, out=mapped)
    assert made.pixel_values is mapped
    assert np.array_equal(np.load(tmp_path / "a.npy"), wanted.pixel_values)


@pytest.mark.parametrize(
    "out",
    [
        np.empty((1200, 1536), np.float64),
        np.empty((1201, 1536), np.float32),
        np.empty((1536, 1200), np.float32).T,
    ],
)
def test_an_array_that_does_not_fit_is_refused(out):
    with pytest.raises(ConstraintError, match=r"a contiguous array of float32 \(1200, 1536\)"):
        vlprep.pixel_values(PHOTO, model=QWEN3, out=out)


def test_short_types_are_rounded_from_float32():
    exact = vlprep.pixel_values(PHOTO, model=QWEN2_5).pixel_values
    half = vlprep.pixel_values(PHOTO, model=QWEN2_5, dtype="float16").pixel_values
    assert np.array_equal(half, exact.astype(np.float16))
    brain = vlprep.pixel_values(PHOTO, model=QWEN2_5, dtype="bfloat16").pixel_values
    widened = (brain.astype(np.uint32) << 16).view(np.float32)
    assert np.abs(widened - exact).max() <= np.abs(exact).max() / 256
    plain = vlprep.pixel_values(PHOTO, model=QWEN2_5, dtype="uint8")
    assert plain.pixel_values.nbytes * 4 == exact.nbytes
    assert "SGLang" in plain.warnings[0]


# What is refused.


def test_models_behind_an_api_are_refused_with_the_reason():
    with pytest.raises(ConstraintError, match="takes files and not arrays"):
        vlprep.pixel_values(PHOTO, model="qwen3-vl-plus")


def test_what_no_source_states_is_not_guessed():
    omni = "Qwen/Qwen3-Omni-30B-A3B-Instruct"
    with pytest.raises(UnknownFactError, match="normalises pixels"):
        vlprep.pixel_values(PHOTO, model=omni)
    assert vlprep.pixel_values(PHOTO, model=omni, dtype="uint8").pixel_values.dtype == np.uint8


@pytest.mark.parametrize(
    ("asked", "error", "match"),
    [
        ({}, ConstraintError, "nothing to make arrays of"),
        ({"images": PHOTO, "dtype": "float64"}, ConstraintError, "dtype is one of float32"),
        ({"images": PHOTO, "door": "window"}, ConstraintError, "door is one of display, path"),
        ({"images": CLIP}, UnsupportedFormatError, "name it among `videos`"),
        ({"videos": PHOTO}, UnsupportedFormatError, "an image, not a video"),
        ({"images": np.zeros((3, 20, 30), np.uint8)}, UnsupportedFormatError, "height x width x 3"),
        ({"images": np.full((9, 9, 3), 0.5)}, UnsupportedFormatError, "whole numbers from 0 to"),
        ({"images": FIXTURES / "truncated.jpg"}, DecodeError, "truncated.jpg"),
        ({"videos": FIXTURES / "no_moov.mp4"}, DecodeError, "no_moov.mp4"),
    ],
)
def test_what_cannot_be_is_said(asked, error, match):
    with pytest.raises(error, match=match):
        vlprep.pixel_values(model=QWEN3, **asked)


def test_a_result_beyond_the_limit_is_refused_before_it_is_made(monkeypatch):
    monkeypatch.setattr("vlprep.arrays.arrays.MAX_BYTES", 10**6)
    with pytest.raises(ConstraintError, match="1,200 x 1,536 numbers of float32 are 7,372,800"):
        vlprep.pixel_values(PHOTO, model=QWEN3)


def test_nothing_else_is_loaded():
    code = (
        "import vlprep, sys;"
        "vlprep.pixel_values('fixtures/photo.jpg', model='Qwen/QVQ-72B-Preview');"
        "print({'torch', 'torchvision', 'transformers', 'scipy'} & set(sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "set()\n"
