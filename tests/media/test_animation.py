import io
import json
import struct

import pytest

from tests.places import FIXTURES
from vlprep import read_frames
from vlprep.errors import DecodeError
from vlprep.media.animation import SLOWEST_UNSTATED, parts
from vlprep.media.probe import probe


def frame_seconds(file, reader):
    """Return how long each frame shows; one item for a picture that is not animated."""
    return [part.seconds for part in parts(file, reader)] or [0.0]


TRUTH = json.loads((FIXTURES / "truth.json").read_text())


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        *(("animated.gif", "GIF"), ("animated.webp", "WEBP"), ("animated.png", "PNG")),
        *(("no_delays.webp", "WEBP"), ("no_delays.png", "PNG"), ("fallback.png", "PNG")),
        ("animated.avif", "AVIF"),
    ],
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
            chunk(b"acTL", struct.pack(">2I", len(delays), 0)),
            *(chunk(b"fcTL", part) + chunk(b"IDAT", b"") for part in control),
            chunk(b"IEND", b""),
        ]
    )


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [((1, 10), 0.1), ((5, 0), 0.05), ((1, 60), 1 / 60), ((0, 7), 0.1), ((1, 100), 0.1)],
)
def test_apng_delays_are_fractions_and_0_stands_for_100_below_the_line(delay, seconds):
    assert frame_seconds(io.BytesIO(apng(delay)), "PNG") == [seconds]


@pytest.mark.parametrize("share", [0.5, 0.7, 0.99])
def test_an_apng_that_breaks_off(share):
    content = (FIXTURES / "animated.png").read_bytes()
    cut = content[: int(len(content) * share)]
    with pytest.raises(DecodeError, match="cut off"):
        probe(cut)
    with read_frames(cut, "qwen3-vl-plus", on_damage="accept") as frames:
        assert len(list(frames)) == len(frames.plan.timestamps_seconds)


def test_a_png_without_a_promise_of_frames_is_a_still():
    content = apng((1, 10), (1, 10)).replace(b"acTL", b"aaTL")
    assert frame_seconds(io.BytesIO(content), "PNG") == [0.0]


@pytest.mark.parametrize(("milliseconds", "seconds"), [(0, 0.1), (10, 0.1), (11, 0.011)])
def test_webp_delays_that_browsers_do_not_believe(milliseconds, seconds):
    content = bytearray((FIXTURES / "animated.webp").read_bytes())
    start = 0
    while (start := content.find(b"ANMF", start)) >= 0:
        content[start + 20 : start + 23] = milliseconds.to_bytes(3, "little")
        start += 4
    info = probe(bytes(content))
    assert info.frame_count == 8
    assert info.duration_seconds == pytest.approx(8 * seconds)
    assert float(info.fps) == pytest.approx(1 / seconds, rel=0.01)


def test_the_delay_of_a_gif_frame_is_not_that_of_the_next():
    told = gif(50, 50)
    control = told.rindex(b"\x21\xf9")
    assert frame_seconds(io.BytesIO(told[:control] + told[control + 8 :]), "GIF") == [0.5, 0.1]


@pytest.mark.parametrize("end", [b"", b"\0;", b"\0"])
def test_a_gif_may_end_without_its_trailer_or_with_a_zero_before_it(end):
    assert frame_seconds(io.BytesIO(gif(50)[:-1] + end), "GIF") == [0.5]


def test_frames_that_stand_for_hours_have_a_rate_above_0():
    content = (FIXTURES / "animated.webp").read_bytes()
    place = content.find(b"ANMF") + 20
    slow = content[:place] + b"\xff\xff\xff" + content[place + 3 :]  # 16,777 seconds
    info = probe(slow)
    assert info.duration_seconds > 16_777
    assert info.fps is None or info.fps > 0
