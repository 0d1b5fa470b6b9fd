"""Pictures that MPEG-4 Part 2 leaves out, and those that it packs into one packet."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import pytest

from tests.films import numbered
from tests.frames.test_stream import drawn_number
from vlprep import probe, read_frames
from vlprep.video.mpeg4 import MOST_BYTES, Pictures

MODEL = "qwen3-vl-plus"
LEFT_OUT = range(30, 45)


def film(frames: int = 100) -> tuple[bytes, list[bytes]]:
    """Return the settings and the packets of a film at 25 frames a second."""
    encoder = av.CodecContext.create("mpeg4", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 320, 180, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
    encoder.gop_size = 25
    packets = []
    for number in range(frames):
        frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, 25)
        packets += encoder.encode(frame)
    return bytes(encoder.extradata or b""), [bytes(p) for p in [*packets, *encoder.encode(None)]]


def not_coded(packet: bytes) -> bytes:
    """Return a picture with the time of another and the word that it is not coded."""
    place = packet.index(b"\0\0\1\xb6") + 4
    bits = "".join(f"{byte:08b}" for byte in packet[place : place + 8])
    head = bits[: bits.index("0", 2) + 1 + 1 + 5 + 1] + "0"  # 25 a second take five bits
    head += "0".ljust(8 - len(head) % 8, "1")
    return packet[:place] + int(head, 2).to_bytes(len(head) // 8, "big")


def muxed(container: str, packets: list[bytes]) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number, content in enumerate(packets):
            packet = av.Packet(content)
            packet.pts = packet.dts = number
            packet.duration, packet.time_base, packet.stream = 1, Fraction(1, 25), stream
            packet.is_keyframe = number % 25 == 0
            output.mux(packet)
    return file.getvalue()


@pytest.mark.parametrize("container", ["avi", "mp4", "matroska"])
def test_where_a_picture_is_left_out_the_one_before_stays(container):
    packets = film()[1]
    for number in LEFT_OUT:
        packets[number] = not_coded(packets[number])
    assert len(packets[LEFT_OUT[0]]) <= MOST_BYTES
    content = muxed(container, packets)
    info = probe(content)
    assert (info.frame_count, info.duration_seconds) == (100 - len(LEFT_OUT), 4.0)
    with read_frames(content, MODEL, fps=2, max_pixels=640 * 640, resample="reference") as frames:
        drawn = [drawn_number(frame.image) for frame in frames]
        assert (frames.missing, frames.substituted) == (0, 0)
    assert drawn == [0, 12, 25, 29, 50, 62, 75, 87]


def test_the_place_of_a_picture_that_was_packed_before_counts():
    settings, packets = film(6)
    left_out = not_coded(packets[2])
    pictures = Pictures(settings or packets[0])
    line = [packets[0], packets[1] + packets[2], packets[3], left_out, left_out, packets[4]]
    assert [pictures.has_frame(packet) for packet in line] == [True] * 4 + [False, True]


@pytest.mark.parametrize("settings", [None, b"", b"\0\0\1", b"\0\0\1\x20", bytes(range(64))])
def test_where_nothing_says_how_long_times_are_each_picture_is_one(settings):
    assert Pictures(settings).has_frame(b"\0\0\1\xb6\x50\x0f")


@pytest.mark.parametrize(
    ("layer", "head"),
    [
        # Behind the layer's kind: its version, a pixel shape of its own, and its buffers are told.
        ("0" + "00000001" + "0" + "0001" + "0" + "00", "01" "0" "1" "00001" "1" "0"),
        ("0" + "00000001" + "1" + "0010" + "001" + "1111" + "00001100" + "00001011"
         + "1" + "01" + "1" + "1" + "1" * 79 + "11" + "0000", "01" "110" "1" "00001" "1" "0"),
    ],
)  # fmt: skip
def test_a_layer_says_how_long_times_are(layer, head):
    def packed(bits):
        return int(bits.ljust(-len(bits) // 8 * -8, "1"), 2).to_bytes(-(-len(bits) // 8), "big")

    settings = b"\0\0\1\x20" + packed(layer + "1" + f"{25:016b}" + "1")
    picture = b"\0\0\1\xb6"
    assert not Pictures(settings).has_frame(picture + packed(head + "0111"))
    assert Pictures(settings).has_frame(picture + packed(head[:-1] + "1" + "0111"))
