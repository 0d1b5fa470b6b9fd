"""Frames through the encoder and back, read as any other video."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.films import numbered
from tests.frames.test_stream import drawn_number
from tests.leftovers import no_descriptor_left
from tests.places import FIXTURES
from vlprep import ImageSize, probe, read_frames
from vlprep.errors import VlprepError
from vlprep.media.source import open_item
from vlprep.video.encode import BitRateTooLow, ClipShape, Pass, Quality, encode_video
from vlprep.video.sound import has_sound, write_sound

SIZE = ImageSize(192, 320)
COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128), (200, 190, 30), (66, 138, 222)]
MODEL = "qwen3-vl-plus"


def film(frames, size=SIZE):
    return [numbered(number, *size) for number in range(frames)]


def encode(path, frames, rate=Fraction(2), control=None):
    shape = ClipShape(ImageSize(*frames[0].shape[:2]), Fraction(rate))
    return encode_video(path, frames, shape, control or Quality(20))


@pytest.mark.parametrize(
    "rate", [Fraction(2), Fraction(1001, 500), Fraction(64, 75), Fraction(30000, 1001)]
)
def test_number_rate_and_order_come_back(tmp_path, rate):
    path = tmp_path / "a.mp4"
    assert encode(path, film(24), rate) == 24
    info = probe(path)
    assert (info.size, info.frame_count, info.fps) == (SIZE, 24, rate)
    assert (info.start_seconds, info.duration_seconds) == (0, pytest.approx(24 / rate))
    frames = list(read_frames(path, MODEL, fps=float(rate)))
    assert [drawn_number(frame.image) for frame in frames] == list(range(24))


@pytest.mark.parametrize("size", [(64, 96), (224, 392), (1088, 1920)])
def test_colours_come_back(tmp_path, size):
    picture = np.zeros((*size, 3), np.uint8)
    width = size[1] // 8
    for place, colour in enumerate([(255, 255, 255), (0, 0, 0), *COLOURS]):
        picture[:, place * width : (place + 1) * width] = colour
    encode(tmp_path / "a.mp4", [picture] * 4, control=Quality(1))
    seen = read_back(tmp_path / "a.mp4")[size[0] // 2, width // 2 :: width].astype(int)
    assert seen[0].tolist() == [255, 255, 255]
    assert seen[1].tolist() == [0, 0, 0]
    # Two levels are lost to 8 bits of limited range, one more to FFmpeg's way back to RGB.
    assert np.abs(seen[2:8] - COLOURS).max() <= 3


def read_back(path):
    """Decode the first frame at its own size."""
    height, width = probe(path).size
    with read_frames(path, MODEL, max_pixels=height * width, resample="reference") as frames:
        image = next(frames).image
    if image.shape[:2] != (height, width):  # larger than the model sees: flat stripes stay flat
        image = image[:, np.linspace(0, image.shape[1] - 1, width).round().astype(int)]
        image = image[np.linspace(0, image.shape[0] - 1, height).round().astype(int)]
    return image


def test_the_file_says_what_it_is(tmp_path):
    path = tmp_path / "a.mp4"
    encode_video(path, film(4), ClipShape(SIZE, Fraction(2), Fraction(16, 11)), Quality(20))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
        tags = (context.color_range, context.color_primaries, context.color_trc, context.colorspace)
        assert tags == (1, 1, 1, 1)
        assert stream.sample_aspect_ratio == Fraction(16, 11)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_two_passes_come_near_a_number_of_bytes(tmp_path):
    frames, stats, path = film(40), tmp_path / "stats", tmp_path / "a.mp4"
    encode(path, frames)
    wanted = path.stat().st_size // 2
    rate = (wanted - 3000) * 8 // 20
    path.unlink()
    encode(path, frames, control=Pass(1, rate, stats))
    assert not path.exists()
    encode(path, frames, control=Pass(2, rate, stats))
    assert 0.8 * wanted < path.stat().st_size < 1.1 * wanted


def test_a_rate_that_cannot_be_reached_is_told_from_a_failure(tmp_path):
    frames, stats = film(40, ImageSize(352, 640)), tmp_path / "stats"
    encode(tmp_path / "a.mp4", frames, 60, control=Pass(1, 1000, stats))
    with pytest.raises(BitRateTooLow):
        encode(tmp_path / "a.mp4", frames, 60, control=Pass(2, 1000, stats))


def test_what_the_encoder_refuses_is_an_error_of_ours(tmp_path):
    with pytest.raises(OSError, match="the encoder failed"):
        encode(tmp_path / "a.mp4", [np.zeros((65, 49, 3), np.uint8)])


def test_a_frame_of_another_size_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not"):
        encode(tmp_path / "a.mp4", [*film(2), numbered(2, 64, 64)])


def test_a_full_disk_is_an_error_that_names_the_file(tmp_path):
    script = (
        "import resource, signal, sys\n"
        "from fractions import Fraction\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from vlprep.video.encode import ClipShape, Quality, encode_video\n"
        "from vlprep.types import ImageSize\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000))\n"
        "noise = np.random.default_rng(1).integers(0, 255, (9, 128, 128, 3), np.uint8)\n"
        "shape = ClipShape(ImageSize(128, 128), Fraction(2))\n"
        "try:\n"
        "    encode_video(Path(sys.argv[1]), noise, shape, Quality(1))\n"
        "except OSError as error: print(error.filename)\n"
    )
    target = tmp_path / "a.mp4"
    ran = subprocess.run(
        [sys.executable, "-c", script, str(target)], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == str(target)


def sound_of(name, path, **options):
    with open_item(FIXTURES / name) as item:
        return write_sound(path, item, bit_rate=64_000, **options)


def test_sound_goes_along_and_stays_in_time(tmp_path):
    sound, path = tmp_path / "sound", tmp_path / "a.mp4"
    assert sound_of("video_with_audio.mp4", sound, start_seconds=0) == sound.stat().st_size
    encode_video(path, film(60), ClipShape(SIZE, Fraction(30)), Quality(30), sound)
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.layout.name) == ("aac", "mono")
        times = [frame.time for frame in container.decode(stream)]
    assert times[0] == pytest.approx(0, abs=0.03)
    assert times[-1] == pytest.approx(3, abs=0.1)
    assert probe(path).duration_seconds == pytest.approx(2)


def test_a_file_without_sound_is_said_and_closed(tmp_path):
    shape = ClipShape(SIZE, Fraction(30))
    with no_descriptor_left():
        with pytest.raises(VlprepError, match=r"clip\.mp4: has no sound to copy") as caught:
            encode_video(tmp_path / "a.mp4", film(2), shape, Quality(30), FIXTURES / "clip.mp4")
        assert caught.tb is not None  # whoever keeps the error keeps no file open


def test_sound_from_before_the_first_frame_is_left_out(tmp_path):
    sound_of("video_with_audio.mp4", tmp_path / "sound", start_seconds=1)
    with av.open(str(tmp_path / "sound"), format="mp4") as container:
        times = [frame.time for frame in container.decode(audio=0)]
    assert times[-1] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(("name", "heard"), [("video_with_audio.mp4", True), ("clip.mp4", False)])
def test_whether_there_is_sound(name, heard):
    with open_item(FIXTURES / name) as item:
        assert has_sound(item) is heard
