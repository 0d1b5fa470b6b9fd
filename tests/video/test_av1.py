"""Pictures of AV1 to which nothing refers: cut out exactly, and never out of what is not clear."""

import io
from fractions import Fraction

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.places import FIXTURES
from tests.video.test_decode import check_exact, scanned
from tests.video.test_keyframes import moving
from vlprep.video.av1 import Trimmer
from vlprep.video.reader import FrameReader

DELIMITER, PADDING = b"\x12\x00", b"\x7a\x02\x80\x80"


def packets_of(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        settings_ = stream.codec_context.extradata
        return settings_, [bytes(packet) for packet in container.demux(stream) if packet.size]


def film(path, params, pix_fmt="yuv420p", frames=60):
    memory = io.BytesIO()
    with av.open(memory, "w", format=path.suffix[1:].replace("mkv", "matroska")) as output:
        stream = output.add_stream("libsvtav1", rate=30)
        stream.height, stream.width, stream.pix_fmt = 144, 176, pix_fmt
        stream.options = {"preset": "10", "crf": "40", "g": "40", "svtav1-params": params}
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(moving(number), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    path.write_bytes(memory.getvalue())
    return path


def decodes(path, step, skip):
    """Return how many frames come out of the decoder for every so-many-th."""
    with scanned(path) as clip:
        wanted = clip.timeline.pts[::step]
        with FrameReader(clip.item, clip.timeline, wanted, skip_unwanted=skip) as reader:
            assert [reader.frame_at(pts).pts for pts in wanted] == list(wanted)
            return reader.decoded


@pytest.mark.parametrize(
    ("name", "params", "pix_fmt", "has_any"),
    [
        ("plain.mp4", "lp=1", "yuv420p", True),
        ("plain.mkv", "lp=1", "yuv420p", True),
        ("plain.webm", "lp=1:enable-overlays=1", "yuv420p", True),
        ("few_layers.mp4", "lp=1:hierarchical-levels=3", "yuv420p", True),
        ("screen.mp4", "lp=1:scm=1", "yuv420p", True),
        ("grain.mp4", "lp=1:film-grain=20", "yuv420p", True),
        ("deep.mp4", "lp=1", "yuv420p10le", True),
        ("low_delay.mp4", "lp=1:pred-struct=1", "yuv420p", False),
    ],
)
def test_wanted_frames_are_those_of_a_whole_decode(tmp_path, name, params, pix_fmt, has_any):
    path = film(tmp_path / name, params, pix_fmt)
    check_exact(path, [(step, crew, True) for step in (1, 7, 30) for crew in ((1, 1), (2, 4))])
    if has_any:
        assert decodes(path, 20, True) < 0.8 * decodes(path, 20, False)


def test_a_picture_on_display_is_cut_out_from_behind_hidden_ones():
    settings_, packets = packets_of(FIXTURES / "av1.mp4")
    trimmer = Trimmer(settings_)
    left = [len(trimmer.needed(packet)) for packet in packets]
    sizes = list(map(len, packets))
    whole = [k for k, size in enumerate(sizes) if left[k] == size]
    assert 0 in whole and len(whole) < 0.6 * len(sizes)
    assert any(0 < part < size for part, size in zip(left, sizes, strict=True))
    assert any(part == 0 for part in left)


def test_what_stands_around_a_picture_changes_nothing():
    settings_, packets = packets_of(FIXTURES / "av1.mp4")
    alone = [k for k, packet in enumerate(packets) if not Trimmer(settings_).needed(packet)]
    assert alone
    for k in alone:
        assert not Trimmer(settings_).needed(DELIMITER + packets[k] + PADDING)
        for other in (b"\x22\x01\x00", b"\x3a\x01\x00", b"\x36\x00\x00", b"\x00\x80", b"\x12\x09"):
            assert Trimmer(settings_).needed(packets[k] + other) == packets[k] + other
        kept = b"\x2a\x01\x00"  # metadata, which may hold for what follows
        assert Trimmer(settings_).needed(kept + packets[k]) == kept


def test_without_settings_nothing_is_cut():
    settings_, packets = packets_of(FIXTURES / "av1.mp4")
    for known in (None, b"", settings_[:4], settings_[:6]):
        trimmer = Trimmer(known)
        assert all(trimmer.needed(packet) == packet for packet in packets[1:20])


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_hostile_bytes_are_left_as_they_are_or_made_shorter(data):
    settings_, packets = _KNOWN
    packet = bytearray(data.draw(st.sampled_from(packets))[: data.draw(st.integers(0, 200))])
    for _ in range(data.draw(st.integers(0, 6))):
        if packet:
            packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    trimmer = Trimmer(bytes(settings_[:4]) + data.draw(st.binary(max_size=30)))
    for known in (trimmer, Trimmer(settings_)):
        assert len(known.needed(bytes(packet))) <= len(packet)
        assert known.needed(memoryview(packet)) == known.needed(bytes(packet))


_KNOWN = packets_of(FIXTURES / "av1.mp4")
