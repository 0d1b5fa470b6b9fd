"""Pictures of AV1 that nothing wanted is made from are cut out exactly, and nothing else is."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.places import FIXTURES
from tests.video.test_decode import check_exact, scanned
from tests.video.test_keyframes import moving
from vlprep.types import ImageSize
from vlprep.video import av1
from vlprep.video.av1 import References
from vlprep.video.decode import DecodePlan
from vlprep.video.paint import Look
from vlprep.video.reader import FrameReader

DELIMITER, PADDING = b"\x12\x00", b"\x7a\x02\x80\x80"


def packets_of(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        settings_ = stream.codec_context.extradata
        return settings_, [bytes(packet) for packet in container.demux(stream) if packet.size]


def trimmed(settings_, packets, wanted):
    """Return what is left of each packet, the first displayed at 0 and so on."""
    references = References(settings_)
    for pts, packet in enumerate(packets):
        references.note(packet, pts)
    trimmer = references.trimmer(wanted)
    return [bytes(trimmer.trimmed(packet, pts)) for pts, packet in enumerate(packets)]


def decoded_alone(settings_, packets):
    """Decode packets one after the other; return the frames by the packet that they came with."""
    decoder = av.CodecContext.create("libdav1d", "r")
    decoder.extradata = settings_
    frames = {}
    for pts, content in [*enumerate(packets), (None, b"")]:
        packet = av.Packet(content)
        packet.pts = pts
        for frame in decoder.decode(packet if content else None) if content or pts is None else ():
            frames[frame.pts] = frame.to_ndarray(format="yuv420p")
    return frames


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
        numbers = tuple(range(0, len(clip.timeline.pts), step))
        trimmer = DecodePlan(clip, Look(ImageSize(16, 16)), numbers).trimmer
        options = {"skip_unwanted": skip, "trimmer": trimmer}
        with FrameReader(clip.item, clip.timeline, wanted, **options) as reader:
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


@given(st.sets(st.integers(0, 59), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_what_is_left_gives_the_wanted_frames(wanted):
    left = trimmed(*_KNOWN, wanted)
    found = decoded_alone(_KNOWN[0], left)
    for number in wanted:
        assert np.array_equal(found[number], _WHOLE[number])


def test_what_a_frame_is_made_from_is_kept_and_no_more():
    sizes = list(map(len, _KNOWN[1]))
    left = list(map(len, trimmed(*_KNOWN, [59])))
    assert sum(map(bool, left)) < 0.3 * len(sizes)
    assert any(0 < part < size for part, size in zip(left, sizes, strict=True))
    assert trimmed(*_KNOWN, range(60)) == _KNOWN[1]
    assert sum(map(bool, trimmed(*_KNOWN, []))) == 2  # what keyframes say of the sequence


def test_a_picture_that_is_made_from_others_is_not_there_without_them():
    # Else the tests above could not fail.
    settings_, packets = _KNOWN
    left = trimmed(settings_, packets, [20])
    with pytest.raises((KeyError, AssertionError, av.FFmpegError)):
        assert np.array_equal(decoded_alone(settings_, [left[0], *left[2:]])[19], _WHOLE[20])


def test_what_stands_around_a_picture_changes_nothing():
    settings_, packets = _KNOWN
    gone = next(k for k, packet in enumerate(trimmed(settings_, packets, [0])) if not packet)

    def left(packet):
        return trimmed(settings_, [*packets[:gone], packet, *packets[gone + 1 :]], [0])[gone]

    assert left(DELIMITER + packets[gone] + PADDING) == b""
    kept = b"\x2a\x01\x00"  # metadata, which may hold for what follows
    assert left(kept + packets[gone]) == kept


@pytest.mark.parametrize("unclear", [b"\x36\x00\x00", b"\x00\x80", b"\x12\x09", b"\x02\x00"])
def test_a_picture_that_is_not_clear_is_made_from_all_and_part_of_all_behind_it(unclear):
    settings_, packets = _KNOWN
    changed = [*packets[:20], packets[20] + unclear, *packets[21:]]
    left, usual = trimmed(settings_, changed, [25]), trimmed(settings_, packets, [25])
    assert left[20] == changed[20]
    assert all(len(more) >= len(less) for more, less in zip(left, usual, strict=True))
    assert sum(map(len, left[:20])) > sum(map(len, usual[:20]))  # what may be referred to
    assert trimmed(settings_, changed, [10]) == trimmed(settings_, packets, [10])


def test_without_settings_nothing_before_a_frame_is_cut():
    settings_, packets = _KNOWN
    unknown = [packet.replace(b"\x0a\x0b", b"\x7a\x0b") for packet in packets]
    for known in (None, b"", settings_[:4], settings_[:6]):
        assert trimmed(known, unknown, [20])[:21] == unknown[:21]


def test_packets_that_times_do_not_tell_apart_are_not_cut():
    for times in ((0, 0), (1, 0)):
        references = References(_KNOWN[0])
        for pts, packet in zip(times, _KNOWN[1], strict=False):
            references.note(packet, pts)
        assert references.trimmer([0]) is None
    assert References(_KNOWN[0]).trimmer([0]) is None


def test_only_so_many_pictures_are_noted_and_nothing_behind_them_is_cut(monkeypatch):
    # Else a packet of units of two bytes each takes twenty times its length.
    monkeypatch.setattr(av1, "_MOST_PARTS", 30)
    settings_, packets = _KNOWN
    references = References(settings_)
    with av.open(str(FIXTURES / "av1.mp4")) as container:
        times = [p.pts for p in references.noted(container.demux(video=0)) if p.size]
    trimmer = references.trimmer([times[10]])
    left = [bytes(trimmer.trimmed(*both)) for both in zip(packets, times, strict=True)]
    usual = trimmed(settings_, packets, [10])
    behind = next(k for k, pts in enumerate(times) if not references.of_packet(pts))
    assert left == usual[:behind] + packets[behind:]
    assert references.trimmer([times[10], times[-1]]) is None


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_hostile_bytes_are_left_as_they_are_or_made_shorter(data):
    settings_, packets = _KNOWN
    changed = list(packets[:6])
    for _ in range(data.draw(st.integers(0, 6))):
        packet = bytearray(changed[k := data.draw(st.integers(0, 5))][:200])
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
        changed[k] = bytes(packet)
    for known in (settings_[:4] + data.draw(st.binary(max_size=30)), settings_):
        for packet, left in zip(changed, trimmed(known, changed, [3]), strict=True):
            assert len(left) <= len(packet)


_KNOWN = packets_of(FIXTURES / "av1.mp4")
_WHOLE = decoded_alone(*_KNOWN)
