"""Files of the kinds that public reports are about, by the names of the cases."""

import pytest

from tests.places import FIXTURES, case_file
from vlprep import count_tokens, read_frames
from vlprep.errors import DecodeError
from vlprep.media.probe import probe


def test_piff_encrypted():
    # The case takes the file for encrypted. Its samples are plain, but a box was put in front and
    # the header's places no longer hold; what is sure is told, by both.
    path = case_file("piff_encrypted", "sample_fragmented_uuid.mp4")
    assert any("encrypted" in warning for warning in count_tokens(path).warnings)
    with pytest.raises(DecodeError, match="encrypted"):
        read_frames(path).collect()


def test_samples_that_are_not_where_the_header_says():
    content = (FIXTURES / "clip.mp4").read_bytes()
    place = content.index(b"mdat") - 4
    moved = content[:place] + b"\0\0\0\x20free" + bytes(24) + content[place:]
    assert any("first frame is no h264" in warning for warning in probe(moved).warnings)
    assert not any("no h264" in warning for warning in probe(content).warnings)


@pytest.mark.parametrize("name", ["zero_delay.png", "zero_delay.webp"])
def test_zero_delay_animation(name):
    count = count_tokens(case_file("zero_delay_animation", name))
    assert (count.info.frame_count, count.info.fps, count.info.duration_seconds) == (
        6,
        10,
        pytest.approx(0.6),
    )


def test_gif_dispose_background():
    path = case_file("gif_dispose_background", "background.gif")
    frames = read_frames(path, "Qwen/Qwen3-VL-8B-Instruct", nframes=6).collect()
    assert not (frames.data.max(axis=-1) == 0).any()  # nothing is black
