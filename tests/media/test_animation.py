import io
import json
import struct

import pytest

from tests.places import FIXTURES
from vlprep.errors import DecodeError
from vlprep.media.animation import SLOWEST_UNSTATED, frame_seconds
from vlprep.media.probe import probe

TRUTH = json.loads((FIXTURES / "truth.json").read_text())


@pytest.mark.parametrize(
    ("name", "reader"),
    [("animated.gif", "GIF"), ("animated.webp", "WEBP"), ("animated.png", "PNG")],
)
def test_uneven_delays(name, reader):
    truth = TRUTH[name]
    with (FIXTURES / name).open("rb") as file:
        seconds = frame_seconds(file, reader)
    times = [sum(seconds[:k]) for k in range(len(seconds))]
    assert times == pytest.approx(truth["times_seconds"])
    assert sum(seconds) == pytest.approx(truth["frames"] / truth["fps"])


@pytest.mark.parametrize(
    ("name", "reader"), [("still.gif", "GIF"), ("still.webp", "WEBP"), ("lossless.webp", "WEBP"),
                         ("alpha.png", "PNG"), ("photo.jpg", "JPEG")]
)  # fmt: skip
def test_a_still_is_one_frame(name, reader):
    with (FIXTURES / name).open("rb") as file:
        assert len(frame_seconds(file, reader)) == 1


def gif(*delays: int) -> bytes:
    """Return a GIF of black points, each shown for so many hundredths of a second."""
    frames = b"".join(
        b"\x21\xf9\x04\0" + struct.pack("<H", delay) + b"\0\0\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
        for delay in delays
    )
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frames + b"\x3b"


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [(0, SLOWEST_UNSTATED), (1, SLOWEST_UNSTATED), (2, 0.02), (50, 0.5), (65_535, 655.35)],
)
def test_gif_delays_that_browsers_do_not_believe(delay, seconds):
    assert frame_seconds(io.BytesIO(gif(delay, delay)), "GIF") == [seconds, seconds]


def test_a_gif_of_two_frames_is_a_video_of_its_own_rate():
    info = probe(gif(20, 30))
    assert (info.frame_count, info.fps, info.duration_seconds) == (2, 4, 0.5)


@pytest.mark.parametrize("cut", [14, 22, 30, 40])
def test_a_gif_that_breaks_off(cut):
    with pytest.raises((EOFError, ValueError)):
        frame_seconds(io.BytesIO(gif(10, 10)[:cut]), "GIF")
    with pytest.raises(DecodeError):
        probe(gif(10, 10)[:cut])


def test_a_gif_with_an_unknown_block():
    with pytest.raises(ValueError, match="unknown GIF block"):
        frame_seconds(io.BytesIO(gif(10)[:-1] + b"\x7f"), "GIF")


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content), kind) + content + b"\0\0\0\0"


def apng(*delays: tuple[int, int]) -> bytes:
    control = [struct.pack(">5I2H2B", 0, 1, 1, 0, 0, *delay, 0, 0) for delay in delays]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            chunk(b"IHDR", b"\0" * 13),
            *(chunk(b"fcTL", part) for part in control),
            chunk(b"IEND", b""),
        ]
    )


@pytest.mark.parametrize(("delay", "seconds"), [((1, 10), 0.1), ((5, 0), 0.05), ((0, 7), 0.0)])
def test_apng_delays_are_fractions_and_0_stands_for_100(delay, seconds):
    assert frame_seconds(io.BytesIO(apng(delay)), "PNG") == [seconds]


def test_frames_of_no_length_have_no_rate():
    content = bytearray((FIXTURES / "animated.webp").read_bytes())
    start = 0
    while (start := content.find(b"ANMF", start)) >= 0:
        content[start + 20 : start + 23] = b"\0\0\0"
        start += 4
    info = probe(bytes(content))
    assert (info.frame_count, info.fps, info.duration_seconds) == (8, None, 0.0)


def test_frames_that_stand_for_hours_have_a_rate_above_0():
    content = (FIXTURES / "animated.webp").read_bytes()
    place = content.find(b"ANMF") + 20
    slow = content[:place] + b"\xff\xff\xff" + content[place + 3 :]  # 16,777 seconds
    info = probe(slow)
    assert info.duration_seconds > 16_777
    assert info.fps is None or info.fps > 0
