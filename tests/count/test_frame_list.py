"""Lists and folders of images that stand for a video: which, how many, and what they cost."""

from __future__ import annotations

import base64
import io
import random
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.places import FIXTURES
from vlprep import FrameListInfo, count_tokens, read_frames, resample
from vlprep.count.frame_list import FrameList, as_frame_list
from vlprep.errors import (
    ConstraintError,
    DecodeError,
    FrameCountError,
    UnsupportedFormatError,
    VlprepError,
)

PHOTO = FIXTURES / "photo.jpg"  # 480 x 640
SMALL = FIXTURES / "tiny.png"  # 8 x 8
OPEN = "Qwen/Qwen3-VL-8B-Instruct"
MODELS = ["qwen3-vl-plus", "qvq-max", OPEN, "Qwen/Qwen2.5-VL-7B-Instruct"]


def grey(level, size=(96, 64)):
    """A PNG of one grey, as bytes."""
    memory = io.BytesIO()
    Image.new("L", size, level).save(memory, "PNG")
    return memory.getvalue()


def levels(frames):
    """The grey of each frame: what tells them apart."""
    return [int(frame.image.mean()) for frame in frames]


# Which images.


@pytest.mark.parametrize("model", MODELS)
def test_paths_bytes_and_open_files_may_stand_side_by_side(model, tmp_path):
    path = tmp_path / "b.png"
    path.write_bytes(grey(20))
    url = "data:image/png;base64," + base64.b64encode(grey(50)).decode()
    images = [grey(10), path, str(path), io.BytesIO(grey(40)), url]
    with read_frames(images, model) as stream:
        assert levels(stream) == [10, 20, 20, 40, 50]
    assert stream.sources == ("<bytes>", str(path), str(path), "<file object>", "<data URL>")
    assert stream.source == "<bytes>"


def test_a_tuple_is_a_list():
    assert count_tokens((PHOTO,) * 4, "qvq-max") == count_tokens([PHOTO] * 4, "qvq-max")


@pytest.fixture
def folder(tmp_path):
    """Frames 1 to 12 in grey of ten times their number, among files that are no frames."""
    for number in range(1, 13):
        (tmp_path / f"frame_{number}.png").write_bytes(grey(10 * number))
    (tmp_path / "notes.txt").write_text("taken on a rainy day")
    (tmp_path / "frame_3.txt").write_text("not this one")
    (tmp_path / "empty.png").touch()
    (tmp_path / "frame_0").mkdir()
    shutil.copy(FIXTURES / "clip.mp4", tmp_path / "frame_13.mp4")
    shutil.copy(FIXTURES / "audio_only.mp3", tmp_path)
    return tmp_path


@pytest.mark.parametrize("as_given", [str, lambda path: path, lambda path: f"{path}/"])
def test_a_folder_is_read_in_the_order_of_its_numbers(folder, as_given):
    with read_frames(as_given(folder), "qwen3-vl-plus") as stream:
        assert levels(stream) == [10 * number for number in range(1, 13)]
    assert [source.rsplit("/", 1)[1] for source in stream.sources] == [
        f"frame_{number}.png" for number in range(1, 13)
    ]
    assert count_tokens(as_given(folder), "qwen3-vl-plus").frames == 12


def test_the_content_tells_an_image_not_the_name(tmp_path):
    for number in range(4):
        (tmp_path / f"{number}.dat").write_bytes(grey(10 * number))
    (tmp_path / "0.jpg").write_text("no picture")
    assert levels(read_frames(tmp_path, "qwen3-vl-plus")) == [0, 10, 20, 30]


def test_numbers_of_any_width_and_place_are_sorted_as_numbers(tmp_path):
    numbers = [*range(30), 99, 100, 101, 1000, 123_456_789_012]
    names = [f"take {shot}-{number}.png" for shot in (2, 10) for number in numbers]
    for name in random.Random(1).sample(names, len(names)):
        (tmp_path / name).write_bytes(grey(0, (8, 8)))
    found = as_frame_list(tmp_path)
    assert [name.rsplit("/", 1)[1] for name in found.names] == names


def test_names_with_and_without_numbers_can_be_sorted_together(tmp_path):
    names = [
        "1.png",
        "2b.png",
        "10.png",
        "a.png",
        "a1.png",
        "a02.png",
        "a10.png",
        "b.png",
        "²3.png",
    ]
    for name in names:
        (tmp_path / name).write_bytes(grey(0, (8, 8)))
    found = [name.rsplit("/", 1)[1] for name in as_frame_list(tmp_path).names]
    assert sorted(found) == sorted(names)
    places = [found.index(name) for name in ("a1.png", "a02.png", "a10.png")]
    assert places == sorted(places)
    assert [name for name in found if name[0].isascii() and name[0].isdecimal()] == names[:3]


@pytest.mark.parametrize("source", ["clip.mp4", b"content", PHOTO, io.BytesIO(b"content")])
def test_what_is_no_list_and_no_folder_is_left_alone(source):
    assert as_frame_list(source) is source


@pytest.mark.parametrize("read", [count_tokens, read_frames])
def test_nothing_at_all_is_refused(read, tmp_path):
    for empty in ([], (), tmp_path):
        with pytest.raises(UnsupportedFormatError, match=r"an empty list|without an image"):
            read(empty, "qwen3-vl-plus")


# How many, and when.


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("count", [4, 5, 12])
def test_what_is_counted_is_what_is_read_and_all_are_shown(model, count):
    images = [grey(20 * number) for number in range(count)]
    counted = count_tokens(images, model)
    with read_frames(images, model) as stream:
        frames = list(stream)
    assert counted.kind == "video"
    assert counted.frames == len(frames) == count
    assert stream.tokens == counted.tokens
    assert [frame.number for frame in frames] == list(range(count))
    assert levels(frames) == [20 * number for number in range(count)]
    assert {frame.image.shape for frame in frames} == {(*counted.tokens.resized, 3)}
    assert (stream.delivered, stream.missing, stream.substituted, stream.warnings) == (
        count, 0, 0, counted.warnings,
    )  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("fps", "apart"), [(None, 0.5), (1, 1.0), (0.25, 4.0), (29.97, 1 / 29.97)])
def test_frames_are_as_far_apart_as_was_declared_and_half_a_second_by_default(model, fps, apart):
    count = count_tokens([SMALL] * 6, model, fps=fps)
    times = [frame.timestamp_seconds for frame in read_frames([SMALL] * 6, model, fps=fps)]
    assert times == pytest.approx([number * apart for number in range(6)])
    assert count.tokens.plan.timestamps_seconds == pytest.approx(times)
    assert isinstance(count.info, FrameListInfo)
    assert count.info.duration_seconds == pytest.approx(6 * apart)
    assert count.info.file_bytes == 6 * SMALL.stat().st_size


@pytest.mark.parametrize("model", ["qvq-max", OPEN])
@pytest.mark.parametrize("fps", [0, -1, float("inf"), float("nan")])
def test_a_rate_that_is_none_is_refused_as_for_videos(model, fps):
    with pytest.raises(ConstraintError, match="fps"):
        count_tokens([SMALL] * 4, model, fps=fps)


@pytest.mark.parametrize("read", [count_tokens, read_frames])
def test_sizes_that_differ_are_refused_by_name(read, tmp_path):
    other = tmp_path / "other.png"
    other.write_bytes(grey(0, (64, 96)))
    with pytest.raises(ConstraintError, match=r"other\.png: .*64.*the first is") as caught:
        read([grey(0), grey(0), other, grey(0)], "qwen3-vl-plus")
    assert not isinstance(caught.value, FrameCountError)


def test_the_size_that_counts_is_the_upright_one():
    # Stored as 80 x 48 and as 48 x 80.
    images = [FIXTURES / f"exif_{orientation}.jpg" for orientation in (1, 3, 6, 8)]
    with read_frames(images, OPEN) as stream:
        frames = list(stream)
    assert stream.info.size == (48, 80)
    for frame in frames[1:]:
        assert np.abs(frame.image.astype(int) - frames[0].image).mean() < 3


@pytest.mark.parametrize("read", [count_tokens, read_frames])
@pytest.mark.parametrize("name", ["clip.mp4", "animated.gif", "animated.webp"])
def test_a_video_in_a_list_is_refused(read, name):
    with pytest.raises(UnsupportedFormatError, match=rf"{name}.*a video in a list"):
        read([PHOTO, FIXTURES / name, PHOTO, PHOTO], "qwen3-vl-plus")


@pytest.mark.parametrize("read", [count_tokens, read_frames])
def test_what_cannot_be_opened_is_told_by_name(read, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.png"):
        read([PHOTO, PHOTO, PHOTO, tmp_path / "gone.png"], "qwen3-vl-plus")
    with pytest.raises(VlprepError, match=r"text\.txt"):
        read([PHOTO, PHOTO, PHOTO, FIXTURES / "text.txt"], "qwen3-vl-plus")


@pytest.mark.parametrize(
    ("model", "most"),
    [
        ("qvq-max", 512),
        ("qwen-vl-max", 512),
        ("qwen2-vl-72b-instruct", 80),
        ("qwen3-vl-plus", 2000),
    ],
)  # as Model Studio's guides say
def test_a_service_takes_so_many_and_no_more(model, most):
    for count in (4, most):
        assert count_tokens([SMALL] * count, model).frames == count
    for count in (1, 3, most + 1):
        with pytest.raises(
            FrameCountError, match=rf"4 to {most:,} images.*got {count:,}"
        ) as caught:
            count_tokens([SMALL] * count, model)
        assert (caught.value.requested, caught.value.available) == (count, most)
        with pytest.raises(FrameCountError):
            read_frames([SMALL] * count, model)


@pytest.mark.parametrize("model", [OPEN, "Qwen/Qwen2.5-VL-7B-Instruct", "Qwen/Qwen3.5-27B"])
@pytest.mark.parametrize("count", [1, 2, 3, 1000])
def test_open_weights_take_any_number(model, count):
    counted = count_tokens([SMALL] * count, model)
    assert counted.frames == count
    assert counted.tokens.grid_thw[0] == (count + 1) // 2


def test_one_image_in_a_list_is_a_frame_that_is_shown_twice():
    counted = count_tokens([PHOTO], OPEN)
    assert counted.kind == "video"
    assert any("shown twice" in warning for warning in counted.warnings)
    assert count_tokens(PHOTO, OPEN).kind == "image"


# What they cost.


@given(count=st.integers(4, 60), model=st.sampled_from(MODELS))
def test_frames_go_in_pairs_and_an_odd_one_counts_as_two(count, model):
    content = SMALL.read_bytes()
    tokens = count_tokens([content] * count, model).tokens
    assert tokens.grid_thw[0] == (count + 1) // 2
    even = count_tokens([content] * (count + count % 2), model).tokens
    assert tokens.visual == even.visual


# Five frames of 480 x 640, half a second apart: three steps. Multiples of 28 next to the sides are
# 476 and 644, which is 17 x 23 tokens a step; multiples of 32 are the sides, 15 x 20 tokens.
@pytest.mark.parametrize(
    ("model", "grid", "visual", "markers", "text"),
    [
        ("qvq-max", (3, 34, 46), 3 * 17 * 23, 2, 0),
        ("qwen2-vl-72b-instruct", (3, 34, 46), 3 * 17 * 23, 2, 0),
        ("qwen3-vl-plus", (3, 30, 40), 3 * 15 * 20, 2, 0),
        ("Qwen/Qwen2-VL-7B-Instruct", (3, 34, 46), 3 * 17 * 23, 2, 0),
        ("Qwen/Qwen2.5-VL-7B-Instruct", (3, 34, 46), 3 * 17 * 23, 2, 0),
        # Markers around the video and around each step; "<0.2 seconds>" and its like are 5 tokens
        # and one for each digit before the point.
        (OPEN, (3, 30, 40), 3 * 15 * 20, 2 + 3 * 2, 3 * 6),
        ("Qwen/Qwen3.5-27B", (3, 30, 40), 3 * 15 * 20, 2 + 3 * 2, 3 * 6),
    ],
)
def test_tokens_by_arithmetic(model, grid, visual, markers, text):
    tokens = count_tokens([PHOTO] * 5, model).tokens
    assert tokens.grid_thw == grid
    assert (tokens.visual, tokens.markers, tokens.text) == (visual, markers, text)
    assert tokens.total == visual + markers + text


def test_the_budget_of_a_clip_holds_for_a_list_too():
    # 512 frames share 65,536 tokens of 28 x 28 pixels, in pairs: 256 each, 200,704 pixels.
    # 480 x 640 shrinks by sqrt(307,200 / 200,704): to 387.9 x 517.3, downwards 13 x 18 blocks.
    tokens = count_tokens([PHOTO] * 512, "qvq-max").tokens
    assert tokens.resized == (13 * 28, 18 * 28)
    assert tokens.visual == 256 * 13 * 18 <= 65_536


def test_timestamps_follow_the_declared_rate():
    # A frame every 20 s: steps in the middle of their pairs, at 10, 50, 90 and 130 s.
    assert count_tokens([SMALL] * 8, OPEN, fps=0.05).tokens.text == 7 + 7 + 7 + 8


# Headers and pixels.


@pytest.mark.parametrize("place", [0, 4])
def test_counting_reads_headers_and_reading_finds_the_damage(place):
    images = [PHOTO] * 5
    images[place] = FIXTURES / "truncated.jpg"  # 60 % of it; the header is whole
    assert count_tokens(images, "qvq-max").tokens == count_tokens([PHOTO] * 5, "qvq-max").tokens
    stream = read_frames(images, "qvq-max")
    with pytest.raises(DecodeError, match=r"truncated\.jpg"):
        list(stream)
    assert stream.delivered == place  # those in front of it were good


def test_a_frame_is_the_picture_resampled_once():
    frame = next(read_frames([PHOTO] * 4, "qvq-max"))
    with Image.open(PHOTO) as image:
        expected = resample(np.asarray(image.convert("RGB")), (476, 644))
    assert np.array_equal(frame.image, expected)


def test_images_of_every_kind_become_rgb_on_white():
    kinds = ["alpha.png", "cmyk.jpg", "gray16.png", "palette.png", "photo.jp2", "photo.avif"]
    frames = list(read_frames([FIXTURES / name for name in kinds], OPEN))
    assert {frame.image.shape for frame in frames} == {frames[0].image.shape}
    assert (frames[0].image[0] == 255).all()


def test_images_are_opened_one_at_a_time():
    paths = [PHOTO, PHOTO, PHOTO, FIXTURES / "truncated.jpg"]
    with read_frames(paths, OPEN) as stream:
        assert [next(stream).number for _ in range(3)] == [0, 1, 2]


def test_a_frame_list_is_a_value():
    assert FrameList(("a.jpg",)) == FrameList(("a.jpg",))
    assert FrameList((b"\x89PNG", "a.jpg")).names == ("<bytes>", "a.jpg")


@pytest.mark.parametrize(
    "choice", [{"nframes": 2}, {"max_frames": 2}, {"start_seconds": 1}, {"sampling": "linspace"}]
)
def test_a_choice_among_the_images_is_refused_not_ignored(choice):
    with pytest.raises(ConstraintError, match=f"{next(iter(choice))}: of a list of images all"):
        read_frames([SMALL] * 4, "qwen3-vl-plus", **choice)


def test_a_data_url_however_long_is_no_folder():
    url = "data:image/jpeg;base64," + base64.b64encode(PHOTO.read_bytes()).decode()
    assert as_frame_list(url) == url
    assert count_tokens(url).tokens == count_tokens(PHOTO).tokens
