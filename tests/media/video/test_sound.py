"""The sound of a video: found, encoded anew, kept in step with the pictures."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tests.places import FIXTURES
from vlprep.media.source import open_item
from vlprep.media.video.encode import ClipShape, Quality, encode_video
from vlprep.media.video.sound import has_sound, write_sound
from vlprep.types import ImageSize


def sound_of(path):
    """The samples of a file's sound, the moment of the first one, and its rate."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray().mean(axis=0) for frame in frames])
    return samples, frames[0].time, frames[0].sample_rate


def write(path, name="video_with_audio.mp4", *, start_seconds=0.0, bit_rate=64_000):
    with open_item(FIXTURES / name) as item:
        return write_sound(path, item, bit_rate=bit_rate, start_seconds=start_seconds)


@pytest.mark.parametrize(
    ("name", "heard"), [("video_with_audio.mp4", True), ("clip.mp4", False), ("vfr.mkv", False)]
)
def test_sound_is_found(name, heard):
    with open_item(FIXTURES / name) as item:
        assert has_sound(item) is heard


def test_a_silent_video_gives_no_sound(tmp_path):
    assert write(tmp_path / "sound", "clip.mp4") == 0


def test_it_lasts_as_long_and_sounds_alike(tmp_path):
    path = tmp_path / "sound"
    assert write(path) == path.stat().st_size > 0
    before, _, rate = sound_of(FIXTURES / "video_with_audio.mp4")
    after, start, same_rate = sound_of(path)
    assert (rate, start) == (same_rate, pytest.approx(0, abs=0.05))
    assert len(after) == pytest.approx(len(before), abs=0.05 * rate)

    def loudest(samples):
        """The frequency that is strongest."""
        middle = samples[rate // 2 : rate]
        return np.argmax(np.abs(np.fft.rfft(middle))) * rate / len(middle)

    assert loudest(after) == pytest.approx(loudest(before), rel=0.01)


def test_what_is_heard_before_the_first_frame_is_left_out(tmp_path):
    write(tmp_path / "whole")
    write(tmp_path / "late", start_seconds=0.5)
    whole, _, rate = sound_of(tmp_path / "whole")
    late, _, _ = sound_of(tmp_path / "late")
    assert len(whole) - len(late) == pytest.approx(rate / 2, abs=0.05 * rate)


def test_a_bit_rate_is_kept_to(tmp_path):
    sizes = [write(tmp_path / str(rate), bit_rate=rate) for rate in (16_000, 64_000)]
    assert sizes[0] < sizes[1] < 1.5 * 64_000 / 8 * 2  # of 2 s


def test_it_goes_into_a_video_as_it_is(tmp_path):
    sound, film = tmp_path / "sound", tmp_path / "film.mp4"
    write(sound)
    grey = np.full((64, 64, 3), 128, np.uint8)
    shape = ClipShape(ImageSize(64, 64), Fraction(10))
    encode_video(film, [grey] * 20, shape, Quality(30), sound)
    assert np.array_equal(sound_of(film)[0], sound_of(sound)[0])
