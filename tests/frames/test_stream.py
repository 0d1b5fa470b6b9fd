from __future__ import annotations

import io
import json
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.decoders import small_decoders
from tests.leftovers import threads_since
from tests.places import FIXTURES
from vlprep import Frames, count_tokens, probe, read_frames
from vlprep.errors import (
    ConstraintError,
    DecodeError,
    TimeLimitError,
    UnsupportedFormatError,
)

TRUTH = json.loads((FIXTURES / "truth.json").read_text())
VIDEOS = [name for name, row in TRUTH.items() if row["kind"] == "video"]
ANIMATIONS = [
    *("animated.gif", "animated.webp", "animated.png"),
    *("no_delays.webp", "no_delays.png", "fallback.png", "animated.avif"),
]
MODELS = ["qwen3-vl-plus", "qvq-max", "Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct"]


def drawn_number(image, width=320):
    """Read the number that a fixture's frames carry as 16 blocks in the upright top left corner.

    `width` is that of the fixture, where a block is 8 pixels wide.
    """
    block = 8 * image.shape[1] / width
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
    with threads_since(), ThreadPoolExecutor(16) as pool:
        paths = [FIXTURES / "street.mp4", FIXTURES / "hevc.mp4"] * 8
        lengths = list(pool.map(lambda path: len(list(read_frames(path, threads=2))), paths))
    assert lengths == [20, 4] * 8


# Which frames.

OPEN = "Qwen/Qwen3-VL-8B-Instruct"
EVENLY = {
    # street.mp4 has 300 frames in 10 s. At 1.5 frames a second they are 15, 20 frames apart.
    "interval": [20 * k for k in range(15)],
    # Both ends are in: k times 299 / 14.
    "linspace": [0, 21, 43, 64, 85, 107, 128, 150, 171, 192, 214, 235, 256, 278, 299],
    "linspace-float32": [0, 21, 43, 64, 85, 107, 128, 150, 171, 192, 214, 235, 256, 278, 299],
    "arange": [20 * k for k in range(15)],
}


@pytest.mark.parametrize("sampling", EVENLY)
def test_frames_can_be_spread_otherwise_than_the_model_s_rules_say(sampling):
    with read_frames(FIXTURES / "street.mp4", OPEN, fps=1.5, sampling=sampling) as stream:
        frames = list(stream)
    assert [frame.number for frame in frames] == EVENLY[sampling]
    assert [drawn_number(frame.image, 640) for frame in frames] == EVENLY[sampling]
    counted = count_tokens(FIXTURES / "street.mp4", OPEN, fps=1.5, sampling=sampling)
    assert stream.tokens == counted.tokens


@pytest.mark.parametrize(
    ("sampling", "numbers"),
    [
        ("interval", [0, 42, 85, 128, 171, 214, 257]),  # 300 / 7 apart: seven at 2 fps end too soon
        ("linspace", [0, 50, 100, 150, 199, 249, 299]),  # 299 / 6 apart, 149.5 to the even number
        ("arange", [0, 42, 85, 128, 171, 214, 257]),
    ],
)
def test_a_number_of_frames_can_be_spread_in_each_way(sampling, numbers):
    frames = read_frames(FIXTURES / "street.mp4", OPEN, nframes=7, sampling=sampling)
    assert [frame.number for frame in frames] == numbers


def test_the_part_of_a_clip_is_spread_in_the_way_asked_for():
    options = {"start_seconds": 2, "end_seconds": 4, "nframes": 4}
    numbers = {
        sampling: [
            frame.number
            for frame in read_frames(FIXTURES / "street.mp4", OPEN, sampling=sampling, **options)
        ]
        for sampling in ("linspace", "arange")
    }
    # Frames 60 to 120: thirds of 60 apart, and quarters of 61.
    assert numbers == {"linspace": [60, 80, 100, 120], "arange": [60, 75, 90, 105]}


def test_by_time_or_by_number_is_told_apart_where_frames_are_uneven():
    by_time, by_number = (
        [frame.number for frame in read_frames(FIXTURES / "vfr.mkv", OPEN, fps=2, sampling=name)]
        for name in ("interval", "arange")
    )
    assert by_time.count(29) > 1  # it shows for two seconds
    assert by_number.count(29) <= 1


@pytest.mark.parametrize("name", ["random", "Interval", "docs"])
@pytest.mark.parametrize("model", ["qwen3-vl-plus", OPEN])
def test_an_unknown_way_to_spread_is_refused(name, model):
    with pytest.raises(ConstraintError, match=f"unknown rule '{name}'.*linspace"):
        read_frames(FIXTURES / "clip.mp4", model, sampling=name)


# What a stream tells of its frames.


def read_all(source, **options):
    """Return the stream and its frames, as many as there are."""
    with read_frames(source, OPEN, **options) as stream:
        return stream, list(stream)


def said(stream):
    return " / ".join(stream.warnings)


@pytest.mark.parametrize("threads", [1, 4])
def test_a_stream_counts_broken_frames_and_says_so(threads):
    stream, frames = read_all(FIXTURES / "corrupted.mp4", nframes=60, threads=threads)
    replaced = [frame for frame in frames if frame.substituted]
    assert (stream.delivered, stream.missing) == (len(frames), 60 - len(frames)) == (60, 0)
    assert stream.substituted == len(replaced) > 0
    assert stream.damaged == sum(frame.damaged for frame in frames)
    assert all(frame.number < 30 for frame in replaced)  # the key frame there starts anew
    assert f"{len(replaced)} of 60 frames are broken in the file" in said(stream)
    for frame in replaced:  # what stands in is the frame before
        assert np.array_equal(frame.image, frames[frame.number - 1].image)
        assert frame.pts == frames[frame.number - 1].pts
    good = [frame.number for frame in frames if frame.number >= 30]
    assert [drawn_number(frame.image) for frame in frames[30:]] == good


def test_the_counters_grow_with_the_frames():
    with read_frames(FIXTURES / "interlaced.mp4", OPEN, nframes=10) as stream:
        assert (stream.delivered, stream.missing, stream.interlaced) == (0, 10, 0)
        next(stream)
        next(stream)
        assert (stream.delivered, stream.missing, stream.interlaced) == (2, 8, 2)
        assert "missing" not in said(stream)  # the rest may still come
        rest = stream.collect()
    assert len(rest) == 8
    assert (stream.delivered, stream.missing, stream.interlaced) == (10, 0, 10)


@pytest.mark.parametrize("name", ["interlaced.mp4", "interlaced.ts"])
def test_interlaced_frames_are_told(name):
    stream, frames = read_all(FIXTURES / name)
    assert stream.interlaced == len(frames)
    assert all(frame.interlaced for frame in frames)
    assert "interlaced: a frame holds two moments" in said(stream)


def test_a_clean_clip_has_nothing_to_be_said_of():
    stream, frames = read_all(FIXTURES / "clip.mp4")
    assert stream.warnings == ()
    assert (stream.substituted, stream.damaged, stream.interlaced, stream.missing) == (0,) * 4
    assert not any(frame.substituted or frame.damaged or frame.interlaced for frame in frames)
    assert stream.source == str(FIXTURES / "clip.mp4")
    assert stream.model.name == OPEN
    assert stream.info == probe(FIXTURES / "clip.mp4")


def test_a_film_cut_short_says_so_and_gives_what_there_is():
    stream, frames = read_all(FIXTURES / "truncated.webm")
    assert "the header promises 2.0 s but the video ends at" in said(stream)
    assert (stream.missing, stream.substituted) == (0, 0)
    assert [drawn_number(frame.image) for frame in frames] == [frame.number for frame in frames]


@pytest.mark.parametrize(("name", "curve"), [("hdr_pq.mp4", "PQ"), ("hdr_hlg.mp4", "HLG")])
def test_high_dynamic_range_is_told_until_it_is_mapped(name, curve):
    flat, _ = read_all(FIXTURES / name)
    assert (flat.info.hdr, flat.tone_mapped) == (curve, False)
    assert f"high dynamic range ({curve})" in said(flat)
    mapped, _ = read_all(FIXTURES / name, tone_map=True)
    assert (mapped.info.hdr, mapped.tone_mapped) == (curve, True)
    assert "dynamic range" not in said(mapped)


# Patience.


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", ["street.mp4", "mpeg4.avi", "animated.gif"])
def test_patience_has_an_end(name, threads):
    with (
        threads_since(),
        read_frames(FIXTURES / name, OPEN, patience_seconds=1e-9, threads=threads) as stream,
        pytest.raises(TimeLimitError, match=name) as caught,
    ):
        list(stream)
    assert caught.value.seconds == 1e-9


@pytest.mark.parametrize("patience", [None, 60.0])
@pytest.mark.parametrize("name", ["clip.mp4", "mpeg4.avi", "animated.gif"])
def test_patience_that_is_not_needed_changes_nothing(name, patience):
    _, frames = read_all(FIXTURES / name, patience_seconds=patience)
    _, usual = read_all(FIXTURES / name)
    assert [frame.number for frame in frames] == [frame.number for frame in usual]
    for frame, other in zip(frames, usual, strict=True):
        assert np.array_equal(frame.image, other.image)


# A limit met amid a stream.


def growing():
    """A transport stream whose pictures are 64 x 64, then 192 x 192: thirty frames of each."""
    memory = io.BytesIO()
    with av.open(memory, "w", format="mpegts") as output:
        stream = output.add_stream("libx264", rate=30)
        later = av.CodecContext.create("libx264", "w")
        for coder, side, first in ((stream.codec_context, 64, 0), (later, 192, 30)):
            coder.width = coder.height = side
            coder.pix_fmt, coder.time_base = "yuv420p", Fraction(1, 30)
            coder.framerate, coder.max_b_frames = Fraction(30), 0
            for number in range(first, first + 30):
                picture = np.full((side, side, 3), 4 * number, np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 30)
                deliver(output, stream, coder.encode(frame))
            deliver(output, stream, coder.encode(None))
    return memory.getvalue()


def deliver(output, stream, packets):
    for packet in packets:
        packet.stream, packet.duration = stream, packet.duration or 1
        output.mux(packet)


def test_a_picture_that_grows_beyond_the_limit_is_replaced_and_said(monkeypatch):
    content = growing()
    whole, frames = read_all(content, nframes=60)
    assert whole.substituted == 0
    assert np.ptp([frame.image.mean() for frame in frames]) > 150  # the second half is there

    small_decoders(monkeypatch, 20_000)  # between 64 x 64 and 192 x 192
    stream, frames = read_all(content, nframes=60)
    assert stream.missing == 0
    assert [frame.number for frame in frames if frame.substituted] == list(range(30, 60))
    assert all(np.array_equal(frame.image, frames[29].image) for frame in frames[30:])
    assert "30 of 60 frames are broken in the file" in said(stream)


def test_frames_with_none_before_them_to_stand_in_are_missing_and_said(monkeypatch):
    small_decoders(monkeypatch, 20_000)  # 180 x 320 until frame 30
    stream, frames = read_all(FIXTURES / "resolution_change.ts", nframes=60)
    assert [frame.number for frame in frames] == list(range(30, 60))
    assert [drawn_number(frame.image) for frame in frames] == list(range(30, 60))
    assert (stream.delivered, stream.missing, stream.substituted) == (30, 30, 0)
    assert "30 of the 60 frames counted cannot be decoded and are missing" in said(stream)


def test_a_clip_of_which_nothing_decodes_has_no_frames_to_collect(monkeypatch):
    small_decoders(monkeypatch, 1000)
    with pytest.raises(DecodeError, match="none of the frames could be decoded"):
        read_frames(FIXTURES / "clip.mp4", OPEN).collect()


def test_a_codec_that_refuses_its_own_settings_gives_no_frames():
    memory = io.BytesIO()
    with av.open(memory, "w", format="matroska") as output:
        stream = output.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(25):
            picture = np.full((48, 64, 3), 9 * number, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
        settings = stream.codec_context.extradata
    content = memory.getvalue()
    assert content.count(settings) == 1
    assert len(read_all(content, fps=10)[1]) == 10
    content = content.replace(settings, bytes(len(settings)))
    with pytest.raises(DecodeError, match="none of the frames could be decoded"):
        read_frames(content, OPEN, fps=10).collect()


def test_patience_is_not_negative():
    with pytest.raises(ConstraintError, match="patience_seconds must be 0 or more"):
        read_frames(FIXTURES / "clip.mp4", patience_seconds=-1)


@pytest.mark.parametrize("name", ["street.mp4", "corrupted.mp4", "vfr.mp4", "animated.gif"])
@pytest.mark.parametrize("fps", [1, 7, 45])
def test_all_frames_at_once_are_those_that_come_one_by_one(name, fps):
    path = FIXTURES / name
    with read_frames(path, "qwen3-vl-plus", fps=fps) as stream:
        alone = list(stream)
    whole = read_frames(path, "qwen3-vl-plus", fps=fps).collect()
    assert np.array_equal(whole.data, np.stack([frame.image for frame in alone]))
    with read_frames(path, "qwen3-vl-plus", fps=fps) as stream:
        first = next(stream)
        rest = stream.collect() if len(alone) > 1 else None
    assert np.array_equal(first.image, alone[0].image)
    assert rest is None or np.array_equal(rest.data, whole.data[1:])


def test_frames_are_decoded_into_the_array_that_is_returned():
    path, options = FIXTURES / "street.mp4", {"fps": 10, "threads": 1}
    read_frames(path, "qwen3-vl-plus", **options).collect()
    tracemalloc.start()
    frames = read_frames(path, "qwen3-vl-plus", **options).collect()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(frames.data) == 100
    assert peak < 1.1 * frames.data.nbytes
