from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.decoders import small_decoders
from tests.films import VARIABLE, film
from tests.frames.test_stream import drawn_number
from tests.places import FIXTURES
from vlprep import read_frames, resample
from vlprep.compat.qwen import fetch_video
from vlprep.errors import (
    ConstraintError,
    DecodeError,
    FrameCountError,
    TruncatedFileError,
    UnsupportedFormatError,
)

CLIP = FIXTURES / "clip.mp4"  # 60 frames of 180 x 320, 30 a second
PHOTO = FIXTURES / "photo.jpg"


def read(video, patch_size=14, **options):
    """Return frames, metadata and rate of a video, given what may stand beside it in a message."""
    keywords = {key: options.pop(key) for key in ("strict", "dtype", "resample") if key in options}
    (frames, metadata), rate = fetch_video(
        {"video": video, **options},
        patch_size,
        return_video_sample_fps=True,
        return_video_metadata=True,
        **keywords,
    )
    return frames, metadata, rate


def grey(level, size=(64, 96)):
    return Image.new("L", size, level)


def levels(frames):
    return [round(float(frame.mean())) for frame in frames]


# Files.


def test_what_comes_back_is_what_was_asked_for():
    element = {"video": CLIP}
    frames = fetch_video(element)
    assert isinstance(frames, np.ndarray)
    pair = fetch_video(element, return_video_metadata=True)
    assert np.array_equal(pair[0], frames)
    assert pair[1]["total_num_frames"] == 60
    again, rate = fetch_video(element, return_video_sample_fps=True)
    assert np.array_equal(again, frames)
    (last, metadata), same_rate = fetch_video(element, 14, True, True)
    assert np.array_equal(last, frames)
    assert (metadata, same_rate) == (pair[1], rate)


@pytest.mark.parametrize("name", ["clip.mp4", "edit_list.mp4", "late_start.mp4", "vp9.webm"])
def test_the_frames_are_those_that_the_metadata_names(name):
    hidden = 15 if name == "edit_list.mp4" else 0
    frames, metadata, _ = read(FIXTURES / name, 16, nframes=8, dtype="uint8")
    drawn = [drawn_number(frame.transpose(1, 2, 0)) - hidden for frame in frames]
    assert drawn == metadata["frames_indices"]


def test_frames_are_those_of_the_stream():
    whole, _, _ = read(CLIP, 16, nframes=4, dtype="uint8", resample="reference")
    with read_frames(
        CLIP, "Qwen/Qwen3-VL-8B-Instruct", rules="qwen-vl-utils", nframes=4, resample="reference"
    ) as stream:
        assert np.array_equal(whole, stream.collect().data.transpose(0, 3, 1, 2))
    fast, _, _ = read(CLIP, 16, nframes=4, dtype="uint8", resample="fast")
    assert fast.shape == whole.shape
    assert 0 < np.abs(fast.astype(int) - whole).mean() < 3


def test_the_values_are_the_same_in_both_types():
    small, large = read(CLIP, dtype="uint8")[0], read(CLIP)[0]
    assert (small.dtype, large.dtype) == (np.uint8, np.float32)
    assert np.array_equal(small, large)
    assert large.max() > 200  # not scaled to 1
    assert read(CLIP, dtype=np.uint8)[0].dtype == small.dtype


def test_another_type_is_refused():
    with pytest.raises(ConstraintError, match="dtype is float32 or uint8; got float64"):
        read(CLIP, dtype="float64")


def test_times_choose_a_part_and_numbers_stay_those_of_the_file():
    frames, metadata, rate = read(CLIP, video_start=0.5, video_end=1.5, fps=6)
    assert metadata["frames_indices"][0] == 15
    assert metadata["frames_indices"][-1] == 45
    assert metadata["total_num_frames"] == 60
    assert len(frames) == 6
    assert rate == pytest.approx(5)  # 6 frames, of which the last is shown 1 s after the first


def test_the_rate_is_that_of_the_times_shown():
    _, metadata, rate = read(CLIP, fps=2)
    assert metadata["frames_indices"] == [0, 20, 39, 59]
    assert rate == pytest.approx(3 / (59 / 30))
    _, metadata, rate = read(film(VARIABLE), nframes=4)
    assert metadata["frames_indices"] == [0, 15, 31, 46]
    moment = (46 // 3 * 12 + (0, 1, 7)[46 % 3]) / 30  # when frame 46 is displayed
    assert rate == pytest.approx(3 / moment)


def test_a_single_frame_is_shown_twice_and_said(caplog):
    frames, metadata, rate = read(FIXTURES / "one_frame.mp4")
    assert frames.shape == (2, 3, 252, 448)
    assert np.array_equal(frames[0], frames[1])
    assert (metadata["frames_indices"], metadata["total_num_frames"]) == ([0, 0], 1)
    assert rate == 2.0
    assert "one_frame.mp4: a single frame is shown twice" in caplog.text
    with pytest.raises(FrameCountError):
        read(FIXTURES / "one_frame.mp4", strict=True)


def test_more_frames_than_there_are_give_those_there_are_and_are_said(caplog):
    assert len(read(FIXTURES / "subsecond.mp4", nframes=16)[0]) == 14  # of 15
    assert "refuses so short a clip; counted 14" in caplog.text
    with pytest.raises(FrameCountError):
        read(FIXTURES / "subsecond.mp4", nframes=16, strict=True)


def test_an_animation_is_a_video():
    frames, metadata, _ = read(FIXTURES / "animated.webp")
    assert metadata["total_num_frames"] == 8
    assert len(frames) == len(metadata["frames_indices"])


def test_content_may_be_given_instead_of_a_name():
    by_name = read(CLIP)[0]
    assert np.array_equal(read(f"file://{CLIP}")[0], by_name)
    assert np.array_equal(read(CLIP.read_bytes())[0], by_name)
    assert np.array_equal(read(io.BytesIO(CLIP.read_bytes()))[0], by_name)
    fetched = fetch_video({"video": "https://example.org/clip.mp4"}, fetch=lambda url: CLIP)
    assert np.array_equal(fetched, by_name)


# Nothing takes the place of what cannot be read.


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("truncated.mp4", TruncatedFileError),
        ("no_moov.mp4", DecodeError),
        ("photo.jpg", UnsupportedFormatError),
        ("playlist_named.mp4", UnsupportedFormatError),
        ("audio_only.mp3", UnsupportedFormatError),
        ("no_such.mp4", FileNotFoundError),
    ],
)
def test_what_cannot_be_read_is_an_error_and_nothing_else_is_tried(name, error):
    with pytest.raises(error, match=name):
        read(FIXTURES / name)


def test_frames_that_stand_in_for_broken_ones_are_said(caplog):
    frames, metadata, _ = read(FIXTURES / "corrupted.mp4", fps=30)
    assert len(frames) == len(metadata["frames_indices"])
    assert "corrupted.mp4: " in caplog.text
    assert "frames are " in caplog.text


def test_frames_that_cannot_be_had_are_an_error(monkeypatch):
    small_decoders(monkeypatch, 20_000)  # 180 x 320 until frame 30
    with pytest.raises(DecodeError, match=r"change\.ts: 2 of the 4 frames cannot be decoded"):
        read(FIXTURES / "resolution_change.ts")


# Lists of frames.


def test_frames_may_be_of_every_kind_side_by_side(tmp_path):
    path = tmp_path / "20.png"
    grey(20).save(path)
    frames, metadata, rate = read([grey(10), str(path), f"file://{path}", path.read_bytes()])
    assert levels(frames) == [10, 20, 20, 20]
    assert metadata == {"fps": 2.0, "frames_indices": [0, 1, 2, 3], "total_num_frames": 4.0}
    assert rate == 2.0
    assert np.array_equal(read((grey(10),) * 2)[0], read([grey(10)] * 2)[0])


@pytest.mark.parametrize("count", [1, 3, 5])
def test_the_last_frame_fills_an_odd_number_up(count):
    frames, metadata, _ = read([grey(10 * k) for k in range(1, count + 1)])
    assert levels(frames) == [*range(10, 10 * count + 1, 10), 10 * count]
    assert metadata["total_num_frames"] == len(metadata["frames_indices"]) == count + 1


@pytest.mark.parametrize(
    ("patch_size", "options", "size"),
    [
        (14, {}, (476, 644)),
        (16, {}, (480, 640)),
        (14, {"max_pixels": 200_000}, (364, 504)),
        (16, {"max_pixels": 200_000}, (384, 512)),
        (14, {"total_pixels": 400_000}, (364, 504)),  # 200,000 for each of two pairs
        (16, {"total_pixels": 400_000}, (384, 512)),
    ],
)
def test_a_list_has_the_size_of_a_file_of_its_frames(patch_size, options, size):
    # As from qwen-vl-utils 0.0.14 with the factor of lists put right; as it is, it makes the first
    # two 504 x 616 and 512 x 640.
    assert read([PHOTO] * 4, patch_size, **options)[0].shape == (4, 3, *size)


def test_the_shape_of_small_frames_is_kept():
    # Scaled twice, as images first, they become 280 x 392 (14) and 384 x 384 (16).
    small = [FIXTURES / "exif_1.jpg"] * 2  # 48 x 80
    assert read(small, 14)[0].shape[2:] == (252, 420)
    assert read(small, 16)[0].shape[2:] == (288, 480)


def test_the_frames_of_a_list_are_scaled_once():
    frames, _, _ = read([PHOTO] * 2, 16, max_pixels=200_000, dtype="uint8")
    with Image.open(PHOTO) as image:
        once = resample(np.asarray(image), frames.shape[2:])
    assert np.array_equal(frames[0].transpose(1, 2, 0), once)


def test_the_rates_of_a_list_are_the_caller_s():
    frames = [grey(10)] * 4
    _, metadata, rate = read(frames, sample_fps="1")
    assert (metadata["fps"], metadata["frames_indices"], rate) == (1, [0, 1, 2, 3], 1)
    _, metadata, rate = read(frames, sample_fps=2, raw_fps=30)
    assert (metadata["fps"], rate) == (30, 2)
    assert metadata["frames_indices"] == [0, 15, 30, 45]  # half a second apart at 30 a second
    assert metadata["total_num_frames"] == 60


def test_a_choice_of_frames_of_a_list_is_left_aside_and_said(caplog):
    assert len(read([grey(10)] * 6, fps=1)[0]) == 6
    assert "a list is delivered whole" in caplog.text


def test_frames_of_different_sizes_need_a_common_one():
    frames = [grey(10), grey(20, (96, 64))]
    with pytest.raises(ConstraintError, match="frame 2 of a list is 96x64, but the first is 64x96"):
        read(frames)
    assert read(frames, resized_height=280, resized_width=420)[0].shape == (2, 3, 280, 420)


def test_a_list_needs_a_frame_and_images():
    with pytest.raises(UnsupportedFormatError, match="an empty list holds no frame"):
        read([])
    with pytest.raises(UnsupportedFormatError, match="a video; what was asked for is an image"):
        read([PHOTO, CLIP])
