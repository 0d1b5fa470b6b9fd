"""Keyframes that are none: false tables of MP4, and transparency with keyframes of its own."""

import io
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from vlprep.media.source import open_item
from vlprep.types import ImageSize
from vlprep.video.container import choose_stream, decoder_of, demuxed, open_video
from vlprep.video.decode import DecodePlan, decode_frames, scan_clip
from vlprep.video.keyframes import key_test
from vlprep.video.paint import Look, Painter

COUNT, GOP = 50, 20


def moving(number: int, channels: int = 3) -> np.ndarray:
    """A picture that differs from all others of the clip, everywhere."""
    picture = np.random.default_rng(3).integers(0, 200, (144, 176, channels)).astype(np.uint8)
    picture = np.roll(picture // 64 * 40, 3 * number, axis=1)
    picture[::16, :, 0] = number * 4
    return picture


def film(codec: str, container: str, **options: str) -> bytes:
    memory = io.BytesIO()
    with av.open(memory, "w", format=container) as output:
        stream = output.add_stream(
            codec, rate=30, options={"b": "600k", "sc_threshold": "1000000000", **options}
        )
        stream.height, stream.width, stream.pix_fmt = 144, 176, "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.thread_count = GOP, 1
        for number in range(COUNT):
            frame = av.VideoFrame.from_ndarray(moving(number), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return memory.getvalue()


def without_table(content: bytes) -> bytes:
    assert content.count(b"stss") == 1
    return content.replace(b"stss", b"free")


def with_false_entries(content: bytes) -> bytes:
    """Give the second and the third keyframe another number each."""
    place = content.index(b"stss") + 12
    return content[: place + 4] + struct.pack(">2I", 15, 30) + content[place + 12 :]


def from_the_start(item, clip, look) -> list[np.ndarray]:
    """Decode all packets, one after the other."""
    painter = Painter(look, clip.header, item)
    with open_video(item) as container:
        stream, _ = choose_stream(container, item)
        decoder, packets = decoder_of(stream, item), demuxed(container, stream, item)
        return [painter.paint(frame) for packet in packets for frame in decoder.decode(packet)]


def assert_exact(content: bytes, numbers: list[list[int]]) -> int:
    """Compare frames that are sought with those of a whole decode; returns the keyframes."""
    with open_item(content) as item:
        clip, look = scan_clip(item), Look(ImageSize(144, 176))
        expected = from_the_start(item, clip, look)
        for wanted in numbers:
            frames = list(decode_frames(DecodePlan(clip, look, tuple(wanted))))
            assert [frame.number for frame in frames] == wanted
            for frame in frames:
                assert np.array_equal(frame.image, expected[frame.number]), frame.number
        return len(clip.timeline.keyframes)


SOUGHT = [[49], [30], [21, 45], list(range(0, 50, 7)), list(range(50))]


@pytest.mark.parametrize("damage", [without_table, with_false_entries])
@pytest.mark.parametrize(
    ("codec", "container", "options"),
    [
        ("mpeg4", "mp4", {}),
        ("mpeg4", "mp4", {"bf": "2"}),
        ("mpeg4", "mov", {}),
        ("h263", "3gp", {}),
        ("mpeg2video", "mp4", {"bf": "2"}),
        ("mpeg1video", "mp4", {}),
    ],
)
def test_false_tables_of_keyframes(codec, container, options, damage):
    content = film(codec, container, **options)
    assert assert_exact(content, SOUGHT) == 3
    # Of MPEG-1 and where there is no table at all, the true ones are found.
    found = assert_exact(damage(content), SOUGHT)
    assert found == (3 if damage is without_table or codec == "mpeg1video" else 1)


def cut_scenes() -> bytes:
    """A VP8 with a change of scene, at which the transparency beside it stays as it is."""
    memory = io.BytesIO()
    with av.open(memory, "w", format="webm") as output:
        options = {"auto-alt-ref": "0", "crf": "20", "b": "1M", "lag-in-frames": "0"}
        stream = output.add_stream("libvpx", rate=30, options=options)
        stream.height, stream.width, stream.pix_fmt = 96, 128, "yuva420p"
        stream.codec_context.gop_size, stream.codec_context.thread_count = 1000, 1
        noise = np.random.default_rng(0).integers(0, 255, (3, 12, 16, 3), np.uint8)
        for number in range(60):
            picture = np.zeros((96, 128, 4), np.uint8)
            picture[..., :3] = noise[number // 20].repeat(8, 0).repeat(8, 1)
            picture[10:90, 2 * number % 100 : 2 * number % 100 + 28, 3] = 255
            frame = av.VideoFrame.from_ndarray(picture, "rgba")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return memory.getvalue()


def test_a_keyframe_is_one_of_the_transparency_too():
    content = cut_scenes()
    with av.open(io.BytesIO(content)) as container:
        marked = [packet.pts for packet in container.demux(video=0) if packet.is_keyframe]
    assert len(marked) > 1  # in the pictures alone
    assert assert_exact(content, [[45], [41, 58], list(range(0, 60, 7))]) == 1


@pytest.mark.parametrize(
    ("codec", "data", "is_key"),
    [
        ("mpeg4", "000001b3 0000 000001b610", True),
        ("mpeg4", "000001b650", False),
        ("mpeg4", "000001b690", False),
        ("mpeg4", "000001b6", True),  # cut off, so that the container is believed
        ("mpeg4", "", True),
        ("mpeg2video", "000001b3 1600 00000100 0017", False),
        ("mpeg2video", "000001b3 1600 00000100 0009", True),
        ("mpeg2video", "00000100 0011", False),
        ("mpeg1video", "00000100", True),
        ("h263", "00008002 0c", True),  # intra, 176x144
        ("h263", "00008002 0e", False),
        ("h263", "000080021c800000", True),  # extended, with options
        ("h263", "000080021c800004", False),
        ("h263", "000080021c00", True),  # extended, options as before
        ("h263", "000080021c10", False),
        ("h263", "ffffffff", True),
    ],
)
def test_what_the_first_bytes_say(codec, data, is_key):
    assert key_test(codec)(bytes.fromhex(data)) is is_key


def test_of_other_codecs_the_container_is_asked():
    assert [key_test(name) for name in ("h264", "hevc", "vp9", "prores")] == [None] * 4
