"""The frames that go into a compressed video: of animations, lists, damaged and uneven sources."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.films import MODEL, film, numbers, squeeze
from tests.places import FIXTURES
from vlprep import compress_video, probe, read_frames
from vlprep.errors import ConstraintError


@pytest.mark.parametrize("name", ["animated.gif", "animated.webp", "animated.png"])
def test_animations_become_videos(tmp_path, name):
    target = tmp_path / "a.mp4"
    done = compress_video(FIXTURES / name, target, MODEL)
    assert (done.action, done.format) == ("converted", "MP4")
    assert f"{MODEL} does not take" in done.reason
    shown = [frame.image.mean() for frame in read_frames(FIXTURES / name, MODEL)]
    after = [frame.image.mean() for frame in read_frames(target, MODEL)]
    assert after == pytest.approx(shown, abs=2)


def test_a_list_of_images_becomes_a_video(tmp_path):
    images = [tmp_path / f"{number}.png" for number in range(5)]
    with read_frames(film(Fraction(25)), MODEL) as frames:
        from PIL import Image

        for path, frame in zip(images, frames, strict=False):
            Image.fromarray(frame.image).save(path)
    done = compress_video(images, tmp_path / "a.mp4", MODEL)
    assert (done.action, done.frames_after) == ("converted", 6)
    assert numbers(tmp_path / "a.mp4", MODEL) == [25 * k // 2 for k in range(5)]
    with pytest.raises(ConstraintError, match="list of images"):
        compress_video(images, tmp_path / "b.mp4", MODEL, keep="full")


def test_frames_that_the_file_lacks_are_told(tmp_path):
    done = squeeze(FIXTURES / "corrupted.mp4", tmp_path / "a.mp4", fps=10)
    assert any("broken" in warning or "damaged" in warning for warning in done.warnings)
    assert done.frames_after == 20


@pytest.mark.parametrize("name", ["vfr.mp4", "vfr.mkv"])
def test_a_variable_rate_is_made_even_by_time(tmp_path, name):
    source, target = FIXTURES / name, tmp_path / "a.mp4"
    squeeze(source, target, keep="full")
    before, after = probe(source), probe(target)
    assert after.duration_seconds == pytest.approx(before.duration_seconds, abs=0.05)
    shown = numbers(target, MODEL, fps=5)
    assert shown == pytest.approx(numbers(source, MODEL, fps=5), abs=2)
