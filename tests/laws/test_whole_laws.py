"""Laws of the whole: what is counted is what is read, what goes into an encoder, and what is sent.

Files and options are drawn together; a verb may refuse what another takes, not take others.
"""

from __future__ import annotations

import base64
import io
import math
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import vlprep
from tests.places import FIXTURES
from vlprep.errors import VlprepError

WEIGHTS = ("Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct")
MODELS = ("qwen3-vl-plus", "qvq-max", "qwen3.7-plus", *WEIGHTS)
CLIPS = (
    *("clip.mp4", "vfr.mp4", "ntsc.mp4", "edit_list.mp4", "late_start.mp4", "one_frame.mp4"),
    *("two_frames.mp4", "subsecond.mp4", "rotate_90.mov", "odd_sides.mp4", "fragmented.mp4"),
    *("no_duration.webm", "cut_start.ts", "joined.ts", "double_time.mkv", "null_frames.avi"),
    *("held.mkv", "tick_clock.mp4", "resolution_change.ts", "vp9.webm", "open_gop.mp4", "clip.y4m"),
    *("edit_amid_sample.mp4", "mpeg4.avi", "hidden_altref.webm", "anamorphic.mp4", "clip.wmv"),
    *("held.mp4", "vfr.mkv", "animated.gif", "animated.webp", "animated.png"),
)
PICTURES = (
    *("photo.jpg", "exif_6.jpg", "palette.png", "gray16.png", "cmyk.jpg", "alpha.png", "photo.bmp"),
    *("page.tif", "photo.heic", "turned.avif", "lossless.webp", "mpo.jpg"),
)

pixels = st.integers(1_000, 400_000)
ranges = st.tuples(pixels, pixels).map(lambda two: {"min_pixels": min(two), "max_pixels": max(two)})
limits = st.one_of(
    st.just({}),
    st.builds(lambda most: {"max_pixels": most}, pixels),
    ranges,
    st.builds(lambda most: {"total_pixels": most}, st.integers(10_000, 2_000_000)),
)
spans = st.one_of(
    st.just({}),
    st.builds(lambda start: {"start_seconds": start}, st.floats(0, 2.5)),
    st.tuples(st.floats(0, 1.5), st.floats(0.1, 2)).map(
        lambda two: {"start_seconds": two[0], "end_seconds": sum(two)}
    ),
)
sampled = st.one_of(
    st.just({}),
    st.builds(
        lambda fps: {"fps": fps}, st.sampled_from([0.3, 0.5, 1.0, 2.0, 4.0, 7.5, 10.0, 30.0])
    ),
    st.builds(lambda count: {"nframes": count}, st.integers(1, 40)),
    st.builds(
        lambda fps, most: {"fps": fps, "max_frames": most}, st.floats(0.2, 30), st.integers(2, 20)
    ),
    st.builds(lambda least: {"min_frames": least}, st.integers(1, 30)),
)


@st.composite
def asked_of_clips(draw: st.DrawFn) -> dict[str, object]:
    return {**draw(limits), **draw(spans), **draw(sampled)}


def result_or_error(call, *words, **asked):
    try:
        return call(*words, **asked)
    except VlprepError as error:
        return error


def read_all(path, model, **asked):
    with vlprep.read_frames(path, model, **asked) as stream:
        return stream.tokens, list(stream)


def is_refused(found):
    return isinstance(found, VlprepError)


@settings(max_examples=120)
@given(st.sampled_from(CLIPS), st.sampled_from(MODELS), asked_of_clips())
def test_what_is_counted_of_a_clip_is_what_is_read(name, model, asked):
    counted = result_or_error(vlprep.count_tokens, FIXTURES / name, model, **asked)
    read = result_or_error(read_all, FIXTURES / name, model, **asked)
    if is_refused(counted):
        assert type(read) is type(counted), read
        return
    assert not is_refused(read), read
    tokens, frames = read
    assert tokens == counted.tokens
    assert len(frames) == tokens.frames
    assert {frame.image.shape for frame in frames} == {(*tokens.resized, 3)}
    assert [frame.number for frame in frames] == list(tokens.plan.indices)
    starts = [frame.timestamp_seconds for frame in frames]
    if counted.info.display_times is None:  # they pass evenly, but for the ticks of a clock
        rate = float(counted.info.fps or 1)
        assert starts == pytest.approx([k / rate for k in tokens.plan.indices], abs=0.101 / rate)
    if tokens.plan.by_time:
        check_on_display(frames, tokens.plan.timestamps_seconds)


def check_on_display(frames, moments, blur=2e-3):
    """Check that each frame has appeared by its moment, and the next one that is read has not."""
    for frame, moment in zip(frames, moments, strict=True):
        assert frame.timestamp_seconds <= moment + blur
    for (frame, after), moment in zip(pairwise(frames), moments, strict=False):
        if after.number == frame.number + 1:
            assert moment <= after.timestamp_seconds + blur


@settings(max_examples=30)
@given(st.sampled_from(CLIPS), st.sampled_from(WEIGHTS), asked_of_clips())
def test_what_is_counted_of_a_clip_is_what_the_encoder_takes(name, model, asked):
    counted = result_or_error(vlprep.count_tokens, FIXTURES / name, model, **asked)
    made = result_or_error(vlprep.pixel_values, videos=FIXTURES / name, model=model, **asked)
    if is_refused(counted):
        assert type(made) is type(counted), made
        return
    assert not is_refused(made), made
    tokens = counted.tokens
    assert made.grid_thw.tolist() == [list(tokens.grid_thw)]
    assert len(made.pixel_values) == math.prod(tokens.grid_thw)
    assert made.sizes == (tokens.resized,)
    assert made.parts[0].tokens == tokens
    steps = np.asarray(made.timestamps_seconds[0])
    assert len(steps) == tokens.grid_thw[0]
    moments = [frame.timestamp_seconds for frame in read_all(FIXTURES / name, model, **asked)[1]]
    pairs = np.asarray(moments + moments[-1:] * (len(moments) % 2)).reshape(-1, 2)
    assert np.allclose(steps, pairs.mean(axis=1), atol=1e-3)


@settings(max_examples=60)
@given(st.sampled_from(CLIPS), st.sampled_from(MODELS), asked_of_clips())
def test_what_is_counted_of_a_clip_is_what_is_sent(name, model, asked):
    counted = result_or_error(vlprep.count_tokens, FIXTURES / name, model, **asked)
    sent = result_or_error(
        vlprep.build_request, [FIXTURES / name], "x", model, as_frames=True, check=False, **asked
    )
    if is_refused(sent):
        return  # a request says less than a view asks, and says so
    assert not is_refused(counted), counted
    (part,) = sent.parts
    tokens = counted.tokens
    assert len(part.files) == tokens.frames
    for file in part.files:
        assert size_in(file) == tokens.resized
    anew = any("sizes the frames anew" in warning for warning in sent.warnings)
    assert part.tokens is None or part.tokens.resized == tokens.resized or anew


def size_in(file):
    """Return the height and width of a picture that is sent, from its data URL."""
    content = base64.b64decode(file.address.partition(",")[2])
    return Image.open(io.BytesIO(content)).size[::-1]


@settings(max_examples=50)
@given(st.sampled_from(PICTURES), st.sampled_from(MODELS), limits)
def test_what_is_counted_of_a_picture_is_what_is_seen_taken_and_sent(name, model, asked):
    path = FIXTURES / name
    counted = result_or_error(vlprep.count_tokens, path, model, **asked)
    seen = result_or_error(vlprep.view_image, path, model, **asked)
    if is_refused(counted):
        assert type(seen) is type(counted), seen
        return
    tokens = counted.tokens
    assert seen.image.shape == (*tokens.resized, 3)
    assert seen.tokens == tokens
    if model in WEIGHTS:
        made = vlprep.pixel_values(path, model=model, **asked)
        assert made.grid_thw.tolist() == [list(tokens.grid_thw)]
        assert len(made.pixel_values) == math.prod(tokens.grid_thw)
    sent = result_or_error(vlprep.build_request, [path], "x", model, check=False, **asked)
    if not is_refused(sent):
        assert sent.tokens == tokens.total


def compressed(name, folder, **asked):
    return result_or_error(vlprep.compress_file, FIXTURES / name, Path(folder) / "new", **asked)


def check_compressed(name, limit, **asked):
    with tempfile.TemporaryDirectory() as folder:
        done = compressed(name, folder, limit=limit, **asked)
        written = list(Path(folder).rglob("*"))
        if is_refused(done):
            assert written == [], done
            return
        (file,) = written
        assert file.stat().st_size == done.result.bytes_after < limit
        assert vlprep.count_tokens(file).tokens.total > 0


@settings(max_examples=60)
@given(
    st.sampled_from((*PICTURES, "animated.webp", "animated.png", "tiny.png")),
    st.one_of(st.integers(1, 3000), st.integers(100, 60_000)),
    st.booleans(),
)
def test_a_picture_is_under_any_limit_or_refused_with_nothing_written(name, limit, lossless):
    check_compressed(name, limit, lossless=lossless)


@settings(max_examples=12)
@given(
    st.sampled_from(("subsecond.mp4", "one_frame.mp4", "two_frames.mp4", "tick_clock.mp4")),
    st.integers(2_000, 40_000),
)
def test_a_clip_is_under_any_limit_or_refused_with_nothing_written(name, limit):
    check_compressed(name, limit)
