"""The clip of all there is: frames, sound and shape."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from tests.films import MODEL, VARIABLE, film, numbered, numbers, squeeze, write_film
from tests.frames.test_stream import drawn_number
from tests.places import FIXTURES
from vlprep import compress_video, probe
from vlprep.errors import ByteLimitError


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


def every_number(path, width: float = 320) -> list[int]:
    """Read the numbers of all frames of a file, by PyAV alone."""
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [drawn_number(frame.to_ndarray(format="rgb24"), width) for frame in frames]


def times(path) -> np.ndarray:
    with av.open(str(path)) as container:
        found = np.array([frame.time for frame in container.decode(video=0)])
    return found - found[0]


@pytest.mark.parametrize("name", ["vfr.mp4", "vfr.mkv", VARIABLE])
@pytest.mark.parametrize("share", [1.0, 0.6])
def test_every_frame_of_a_variable_rate_stays_at_its_time(tmp_path, name, share):
    source, target = FIXTURES / name if name != VARIABLE else film(VARIABLE), tmp_path / "a.mp4"
    limit = int(source.stat().st_size * share)
    done = compress_video(source, target, MODEL, keep="full", limit=limit)
    assert done.frames_after == done.frames_before == probe(source).frame_count
    assert every_number(target) == every_number(source)
    assert np.abs(times(target) - times(source)).max() < 0.001
    assert done.duration_after == pytest.approx(done.duration_before, abs=0.001)
    assert all("scaled" in said for said in done.dropped)
    assert target.stat().st_size < limit


def test_a_part_of_a_variable_rate(tmp_path):
    source, target = film(VARIABLE), tmp_path / "a.mp4"
    done = compress_video(source, target, MODEL, keep="full", start_seconds=1, end_seconds=3.5)
    assert every_number(target) == sorted(set(every_number(target)))
    assert done.duration_after == pytest.approx(2.5, abs=0.1)


@pytest.mark.parametrize("name", ["animated.gif", "animated.webp", "animated.png", "fallback.png"])
def test_an_animation_in_full_keeps_every_frame_and_its_time(tmp_path, name):
    target = tmp_path / "a.mp4"
    done = compress_video(FIXTURES / name, target, MODEL, keep="full")
    count = done.frames_before
    found = every_number(target, 120 * 8 / 7)  # their blocks are 7 pixels wide
    assert list(dict.fromkeys(found)) == list(range(count))
    with av.open(str(target)) as container:
        assert done.frames_after == container.streams.video[0].frames >= count


def with_long_sound(path, seconds: float):
    """Write two seconds of pictures with sound that goes on for longer."""
    rate = 16_000
    with av.open(str(path), "w") as output:
        pictures = output.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        pictures.width, pictures.height, pictures.pix_fmt = 320, 180, "yuv420p"
        sound = output.add_stream("aac", rate=rate, layout="mono")
        sound.codec_context.bit_rate = 128_000
        for number in range(60):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            output.mux(pictures.encode(frame))
        noise = np.random.default_rng(0).integers(-9000, 9000, int(rate * seconds)).astype(np.int16)
        for start in range(0, len(noise), 1024):
            piece = noise[None, start : start + 1024]
            part = av.AudioFrame.from_ndarray(piece, "s16", "mono")
            part.sample_rate, part.time_base, part.pts = rate, Fraction(1, rate), start
            output.mux(sound.encode(part))
        for stream in (pictures, sound):
            output.mux(stream.encode(None))
    return path


def test_sound_that_goes_on_after_the_pictures_gets_the_rate_that_fits(tmp_path):
    source, target = with_long_sound(tmp_path / "source.mp4", 40), tmp_path / "a.mp4"
    done = compress_video(source, target, MODEL, keep="full", limit=200_000)
    assert done.frames_after == 60
    with av.open(str(target)) as container:
        stream = container.streams.audio[0]
        assert float(stream.duration * stream.time_base) == pytest.approx(40, abs=0.3)


def test_sound_that_fits_at_no_rate_is_told(tmp_path):
    source = with_long_sound(tmp_path / "source.mp4", 40)
    with pytest.raises(ByteLimitError, match="of them sound"):
        compress_video(source, tmp_path / "a.mp4", MODEL, keep="full", limit=50_000)


@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize("seconds_each", [4, 10])
def test_a_few_frames_of_a_still_screen_last_no_longer_than_they_did(
    frames, seconds_each, tmp_path
):
    rate = Fraction(1, seconds_each)
    source, target = write_film(tmp_path / "still.mp4", frames, rate), tmp_path / "a.mp4"
    done = compress_video(source, target, MODEL, keep="full", limit=400_000)
    assert probe(target).duration_seconds == pytest.approx(frames * seconds_each)
    assert done.frames_after == 4  # which the model wants at least
    found, moments = every_number(target), times(target)
    assert found == [*range(frames), *(4 - frames) * [frames - 1]]
    assert list(moments[:frames]) == pytest.approx([seconds_each * k for k in range(frames)])
