"""The processors of transformers, against their recorded outputs (tests/golden/pixel_values)."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from PIL import Image

import vlprep
from tests.arrays.settings import MEANS
from tests.patterns import drawn_frames, drawn_image, pattern
from tests.places import FIXTURES, GOLDEN
from vlprep.compat.transformers import ImageProcessor, VideoProcessor
from vlprep.errors import ConstraintError

QWEN3, QWEN2_5 = "Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct"
ROWS = [
    json.loads(line) for line in (GOLDEN / "pixel_values" / "rows.jsonl").read_text().splitlines()
]
PHOTO = FIXTURES / "photo.jpg"


def numbers_of(row):
    mean, std = MEANS[row["mean"]]
    keys = ("patch_size", "merge_size", "temporal_patch_size")
    size = {"shortest_edge": row["min_pixels"], "longest_edge": row["max_pixels"]}
    return {key: row[key] for key in keys} | {"size": size, "image_mean": mean, "image_std": std}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_call_s_own_numbers_give_what_transformers_made(row):
    name = QWEN3 if "qwen3" in row["family"] else QWEN2_5
    if row["kind"] == "image":
        found = ImageProcessor.from_pretrained(name)(drawn_image(row), **numbers_of(row))
        values, grid = found.pixel_values, found["image_grid_thw"]
    else:
        processor = VideoProcessor.from_pretrained(name)
        found = processor(drawn_frames(row), do_sample_frames=False, **numbers_of(row))
        values, grid = found.pixel_values_videos, found["video_grid_thw"]
    assert grid.tolist() == [row["grid"]]
    assert hashlib.sha256(values.tobytes()).hexdigest() == row["sha256_float32"]


def test_pictures_come_as_they_are_held():
    array = pattern("noise", 3, 90, 70, 3)
    image = Image.fromarray(array)
    processor = ImageProcessor.from_pretrained(QWEN3)
    wanted = vlprep.pixel_values([array, array], model=QWEN3).pixel_values
    for images in (
        [image, array],
        [[image], [image]],
        np.stack([array, array]),
        np.stack([array, array]).transpose(0, 3, 1, 2),
        (array.transpose(2, 0, 1), image),
    ):
        assert np.array_equal(processor(images=images)["pixel_values"], wanted)
    assert np.array_equal(processor(str(PHOTO))["pixel_values"], processor(PHOTO).pixel_values)
    first = processor(array.transpose(2, 0, 1), input_data_format="channels_first")
    assert np.array_equal(first.pixel_values, wanted[: len(wanted) // 2])


def test_bytes_are_not_normalised_where_both_steps_are_off():
    processor = ImageProcessor.from_pretrained(QWEN3)
    plain = processor(PHOTO, do_rescale=False, do_normalize=False).pixel_values
    assert plain.dtype == np.uint8
    assert np.array_equal(
        plain, vlprep.pixel_values(PHOTO, model=QWEN3, dtype="uint8").pixel_values
    )
    for off in ("do_rescale", "do_normalize"):
        assert processor(PHOTO, **{off: None}).pixel_values.max() <= 1
    assert processor(PHOTO, do_rescale=False).pixel_values.max() > 400
    assert processor(PHOTO, do_normalize=False).pixel_values.min() >= 0
    assert processor(PHOTO, rescale_factor=1.0).pixel_values.max() > 400


def test_videos_come_as_they_are_held():
    stack = np.stack([pattern("noise", 3, 90, 70, 3, t) for t in range(6)])
    processor = VideoProcessor.from_pretrained(QWEN3)
    wanted = vlprep.pixel_values(videos=stack, model=QWEN3).pixel_values
    for videos in (stack, list(stack), [stack], stack.transpose(0, 3, 1, 2)):
        assert np.array_equal(processor(videos)["pixel_values_videos"], wanted)
    both = processor([stack, stack[:2]])
    assert both.video_grid_thw[:, 0].tolist() == [3, 1]
    pair = vlprep.pixel_values(videos=stack[:2], model=QWEN3).pixel_values
    assert np.array_equal(both.pixel_values_videos, np.concatenate([wanted, pair]))


def test_frames_are_sampled_by_the_rate_that_is_told():
    stack = np.stack([pattern("noise", 3, 90, 70, 3, t) for t in range(60)])
    processor = VideoProcessor.from_pretrained(QWEN3)
    told = {"fps": 30.0, "total_num_frames": 60}
    found = processor(stack, video_metadata=told, return_metadata=True)
    assert found.video_metadata[0]["frames_indices"] == [0, 20, 39, 59]
    assert found.video_grid_thw[0, 0] == 2
    alone = processor(stack[[0, 20, 39, 59]], do_sample_frames=False)
    assert np.array_equal(found.pixel_values_videos, alone.pixel_values_videos)
    every = processor(stack, video_metadata=told, do_sample_frames=False)
    assert every.video_grid_thw[0, 0] == 30


def test_a_file_is_sampled_as_it_is_counted():
    clip, processor = FIXTURES / "street.mp4", VideoProcessor.from_pretrained(QWEN3)
    found = processor(str(clip), fps=1)["video_grid_thw"][0]
    assert tuple(found) == vlprep.count_tokens(clip, QWEN3, fps=1).tokens.grid_thw
    short = FIXTURES / "two_frames.mp4"
    assert processor(str(short), do_sample_frames=False).video_grid_thw[0, 0] == 1


def test_frames_can_be_capped():
    stack = np.zeros((4, 1200, 1200, 3), np.uint8)
    free, capped = (
        VideoProcessor.from_pretrained(QWEN3)(stack, cap_pixels_per_frame=cap).video_grid_thw
        for cap in (False, True)
    )
    assert capped[0].prod() <= 2 * 768 * 4 < free[0].prod()


def test_patches_are_counted():
    processor = ImageProcessor.from_pretrained(QWEN3)
    assert processor.get_number_of_image_patches(480, 640) == 1200
    assert processor.get_number_of_image_patches(480, 640, {"max_pixels": 100_000}) == 352


def test_a_folder_is_a_model(tmp_path):
    config = {"image_processor_type": "Qwen2VLImageProcessor", "patch_size": 16}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(config))
    found = ImageProcessor.from_pretrained(tmp_path)(PHOTO)
    assert found.pixel_values.shape[1] == 3 * 2 * 16 * 16


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"return_tensors": "pt"}, 'return_tensors is "np" here'),
        ({"do_convert_rgb": False}, "always converted to RGB"),
        ({"size": {"height": 28, "width": 28}}, "size has height, width; two edges"),
    ],
)
def test_what_is_refused(asked, match):
    with pytest.raises(ConstraintError, match=match):
        ImageProcessor.from_pretrained(QWEN3)(PHOTO, **asked)


def test_an_unknown_argument_and_an_unknown_key_are_errors():
    with pytest.raises(TypeError, match="unknown arguments: do_crop"):
        ImageProcessor.from_pretrained(QWEN3)(PHOTO, do_crop=True)
    with pytest.raises(AttributeError, match="no 'pixels' among pixel_values, image_grid_thw"):
        ImageProcessor.from_pretrained(QWEN3)(PHOTO).pixels  # noqa: B018
