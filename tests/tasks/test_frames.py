from __future__ import annotations

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np
import pytest

from tests.places import FIXTURES
from vlprep import Frames, count_tokens, read_frames
from vlprep.errors import UnsupportedFormatError

TRUTH = json.loads((FIXTURES / "truth.json").read_text())
VIDEOS = [name for name, row in TRUTH.items() if row["kind"] == "video"]
ANIMATIONS = ["animated.gif", "animated.webp", "animated.png"]
MODELS = ["qwen3-vl-plus", "qvq-max", "Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct"]


def drawn_number(image):
    """Read the number that a fixture's frames carry as 16 blocks in the upright top left corner."""
    block = 8 * image.shape[1] / 320
    row = image[round(block / 2), [round((k + 0.5) * block) for k in range(16)]].mean(axis=-1)
    return int("".join("01"[bit] for bit in (row > 128).astype(int)), 2)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", VIDEOS + ANIMATIONS)
def test_what_is_counted_is_what_is_read(name, model):
    count = count_tokens(FIXTURES / name, model)
    with read_frames(FIXTURES / name, model) as stream:
        frames = list(stream)
    assert len(frames) == count.frames
    assert all(frame.image.shape == (*count.tokens.resized, 3) for frame in frames)
    assert all(frame.image.dtype == np.uint8 for frame in frames)
    times = [frame.timestamp_seconds for frame in frames]
    assert times == sorted(times)
    assert times[0] == 0


@pytest.mark.parametrize("name", ["clip.mp4", "rotate_90.mov", "mirror_270.mov", "late_start.mp4"])
@pytest.mark.parametrize("model", MODELS)
def test_the_frames_are_the_ones_that_are_named_and_upright(name, model):
    frames = list(read_frames(FIXTURES / name, model, fps=5))
    size = frames[0].image.shape
    if size[0] < size[1]:  # the blocks are as wide as a sixteenth of a turned picture's width
        assert [drawn_number(frame.image) for frame in frames] == [f.number for f in frames]


def test_the_interval_rule_shows_what_is_displayed_at_each_moment():
    frames = list(read_frames(FIXTURES / "vfr.mp4", "qwen3-vl-plus", fps=2))
    # Frames last 1/30, 1/10 and 1/15 s in turn, so three of them 0.2 s.
    starts = np.concatenate([[0], np.cumsum([1 / 30, 1 / 10, 1 / 15] * 20)])[:60]
    for k, frame in enumerate(frames):
        expected = int(np.searchsorted(starts, k / 2 + 1e-3, side="right")) - 1
        assert (frame.number, frame.timestamp_seconds) == (
            expected,
            pytest.approx(starts[expected], abs=2e-3),
        )


def test_an_edit_list_hides_what_it_hides():
    first = next(read_frames(FIXTURES / "edit_list.mp4", "qwen3-vl-plus"))
    assert (first.number, drawn_number(first.image)) == (0, 15)


def test_a_part_of_a_clip():
    frames = list(
        read_frames(FIXTURES / "street.mp4", "qwen3-vl-plus", start_seconds=2, end_seconds=4)
    )
    assert frames[0].timestamp_seconds == pytest.approx(2)
    assert frames[-1].timestamp_seconds <= 4


def test_transparency_is_laid_on_white():
    file = io.BytesIO()
    with av.open(file, "w", format="mov") as output:
        stream = output.add_stream("qtrle", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "argb"
        for _ in range(4):
            picture = np.zeros((64, 64, 4), np.uint8)  # black, and nothing of it to be seen
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="argb")))
        output.mux(stream.encode(None))
    frame = next(read_frames(file.getvalue(), "qwen3-vl-plus"))
    assert frame.image.min() == 255


def test_bytes_and_file_objects_read_alike():
    path = FIXTURES / "clip.mp4"
    by_path = read_frames(path).collect()
    assert np.array_equal(by_path.data, read_frames(path.read_bytes()).collect().data)
    with path.open("rb") as file:
        assert np.array_equal(by_path.data, read_frames(file).collect().data)


def test_collected_frames_say_their_shape_and_check_it():
    frames = read_frames(FIXTURES / "clip.mp4", "qwen3-vl-plus").collect()
    assert repr(frames) == "Frames(4x192x320x3, 0.000 s and on)"
    assert len(frames) == 4
    with pytest.raises(ValueError, match="must be"):
        Frames(data=frames.data, timestamps_seconds=(0.0,))


def test_an_image_is_not_a_video():
    with pytest.raises(UnsupportedFormatError, match="an image, not a video"):
        read_frames(FIXTURES / "photo.jpg")


def test_sixteen_readers_at_once_leave_nothing_behind():
    before = threading.active_count()
    with ThreadPoolExecutor(16) as pool:
        paths = [FIXTURES / "street.mp4", FIXTURES / "hevc.mp4"] * 8
        lengths = list(pool.map(lambda path: len(list(read_frames(path, threads=2))), paths))
    assert lengths == [20, 4] * 8
    assert threading.active_count() == before
