"""The clip of all there is: frames, sound and shape."""

from __future__ import annotations

import av
import pytest

from tests.films import MODEL, numbers, squeeze
from tests.places import FIXTURES
from vlprep import compress_video, probe


def test_a_full_video_keeps_its_frames_its_sound_and_its_shape(tmp_path):
    source, target = FIXTURES / "video_with_audio.mp4", tmp_path / "a.mp4"
    done = squeeze(source, target, keep="full")
    info = probe(target)
    assert (info.frame_count, info.fps, info.duration_seconds) == (60, 30, 2)
    assert numbers(target, MODEL, fps=10) == numbers(source, MODEL, fps=10)
    with av.open(str(target)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    assert done.dropped == ("sound encoded anew as AAC, mono",)


@pytest.mark.parametrize("name", ["rotate_90.mov", "odd_sides.mp4", "anamorphic.mp4"])
def test_a_full_video_is_upright_and_even(tmp_path, name):
    source, target = FIXTURES / name, tmp_path / "a.mp4"
    compress_video(source, target, MODEL, keep="full")  # too short to stay
    before, after = probe(source), probe(target)
    assert after.size == tuple(side - side % 2 for side in before.size)
    assert (after.rotation, after.duration_seconds) == (0, 2)
    assert after.sample_aspect_ratio == before.sample_aspect_ratio


def test_an_animation_in_full(tmp_path):
    done = compress_video(FIXTURES / "animated.gif", tmp_path / "a.mp4", MODEL, keep="full")
    assert done.size_after == (80, 120)
