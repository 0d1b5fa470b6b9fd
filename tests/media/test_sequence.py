"""Image sequences of AVIF and HEIC, beside a main picture and without one."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from tests.places import FIXTURES
from vlprep import ImageInfo, VideoInfo, check_media, compress_image, probe, read_frames
from vlprep.errors import DecodeError
from vlprep.media.sequence import has_main_picture, sequence_seconds

SEQUENCE = (FIXTURES / "sequence.heic").read_bytes()


def wandering(**options) -> bytes:
    """An AVIF of a blue square that wanders over nothing."""
    frames = []
    for number in range(5):
        frame = Image.new("RGBA", (60, 40), (255, 0, 0, 0))
        frame.paste((0, 0, 255, 255), (10 * number, 10, 10 * number + 10, 20))
        frames.append(frame)
    memory = io.BytesIO()
    options |= {"save_all": True, "append_images": frames[1:], "max_threads": 1}
    frames[0].save(memory, "AVIF", **options)
    return memory.getvalue()


def test_an_avif_sequence_is_a_video_and_what_is_clear_is_white():
    content = wandering(duration=[100, 200, 300, 100, 50])
    info = probe(content)
    assert isinstance(info, VideoInfo)
    assert (info.frame_count, info.duration_seconds) == (5, pytest.approx(0.75))
    frames = list(read_frames(content, "Qwen/Qwen3-VL-8B-Instruct", nframes=5))
    assert [frame.timestamp_seconds for frame in frames] == pytest.approx([0, 0.1, 0.3, 0.6, 0.7])
    for number, frame in enumerate(frames):
        height, width = frame.image.shape[:2]
        square = frame.image[15 * height // 40, (10 * number + 5) * width // 60]
        assert np.abs(square - [0, 0, 255.0]).max() < 12
        assert frame.image[0, 0].min() > 243


def test_delays_that_nobody_stated():
    assert probe(wandering()).duration_seconds == pytest.approx(0.5)


def test_a_sequence_beside_a_main_picture_is_told():
    content = wandering(duration=100).replace(b"ftypavis", b"ftypavif", 1)
    info = probe(content)
    assert isinstance(info, ImageInfo)
    assert "a sequence of 5 pictures in the file; only its main picture is counted" in info.warnings


def test_one_picture_of_a_sequence_can_be_taken():
    made = compress_image(wandering(duration=100), page=3)
    assert made.format == "PNG"


@pytest.mark.parametrize("brand", [b"msf1", b"hevc", b"heic", b"mif1"])
def test_a_heic_without_a_main_picture_is_a_sequence_whatever_comes_first(brand):
    info = probe(SEQUENCE[:8] + brand + SEQUENCE[12:])
    assert (info.format, info.frame_count, info.fps) == ("HEIC", 6, 5)
    assert "a sequence of 6 pictures in HEIC is counted as a video" in info.warnings


def test_the_check_tells_of_it():
    report = check_media([FIXTURES / "sequence.heic"], "qwen3-vl-plus")
    assert {"video-container", "video-header"} <= {finding.rule for finding in report.warnings}


def test_main_pictures():
    assert not has_main_picture(io.BytesIO(SEQUENCE))
    assert has_main_picture(io.BytesIO((FIXTURES / "photo.heic").read_bytes()))
    assert not has_main_picture(io.BytesIO(b"\0\0\0\x10meta"))


def test_a_table_of_billions_of_pictures_is_refused():
    place = SEQUENCE.index(b"stts") + 12
    liar = SEQUENCE[:place] + struct.pack(">I", 10**9) + SEQUENCE[place + 4 :]
    with pytest.raises(ValueError, match="more than"):
        sequence_seconds(io.BytesIO(liar))


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_an_avif_sequence_that_breaks_off(part):
    content = wandering(duration=100)
    with pytest.raises(DecodeError):
        list(read_frames(content[: int(len(content) * part)], "Qwen/Qwen3-VL-8B-Instruct"))
