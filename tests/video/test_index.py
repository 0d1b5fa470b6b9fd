"""The timeline from the header against the one from all packets, which is the law."""

from __future__ import annotations

import io
import struct
from itertools import chain, islice
from pathlib import Path
from unittest.mock import patch

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.places import FIXTURES, REAL_MEDIA
from tests.video.test_decode import check_exact
from vlprep.errors import DecodeError, VlprepError
from vlprep.media.sniff import FORMATS
from vlprep.media.source import open_item
from vlprep.trust import TRUST, Limits, Trust
from vlprep.video import index
from vlprep.video.container import choose_stream, demuxed, open_video
from vlprep.video.index import read_timeline

MP4 = next(row for row in FORMATS if row.name == "MP4")
NAMES = sorted(path.name for path in FIXTURES.iterdir() if path.suffix in (".mp4", ".mov"))
REAL = sorted(path.name for path in (REAL_MEDIA / "video").glob("*.mp4"))


def opened_stream(source, read, trust=TRUST):
    """Return what `read` makes of a video's packets, or the name of the error."""
    try:
        with open_item(source, trust) as item, open_video(item) as container:
            stream, _ = choose_stream(container, item)
            return read(demuxed(container, stream, item), stream, item)
    except VlprepError as error:
        return type(error).__name__


def by_header(source, trust=TRUST):
    """Return the timeline from the header; `None` where all packets would be read instead."""
    with patch.object(index, "scan_packets", side_effect=DecodeError("video", "")) as everything:
        found = by_either(source, trust)
    return None if everything.called else found


def by_packets(source):
    with patch.object(index, "_from_index", return_value=None):
        return by_either(source)


def by_either(source, trust=TRUST):
    return opened_stream(source, read_timeline, trust)


# Files.

BY_PACKETS = {
    "av1.mp4",  # a codec whose keyframes FFmpeg looks for in the packets
    "encrypted.mp4",
    "false_times.mp4",
    "fragmented.mp4",
    "held.mp4",
    "piff.mp4",
    "truncated.mp4",
}
NO_TIMELINE = {
    "audio_only.mp4", "empty.mp4", "false_count.mp4", "ffconcat_named.mp4", "html_named.mp4",
    "jpg_named.mp4", "no_moov.mp4", "playlist_named.mp4", "unknown_codec.mp4",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_fixtures(name):
    found, truth = by_header(FIXTURES / name), by_packets(FIXTURES / name)
    assert isinstance(truth, str) == (name in NO_TIMELINE)
    if name not in BY_PACKETS | NO_TIMELINE:
        assert found == truth
    else:
        assert found is None or isinstance(found, str)
        assert by_either(FIXTURES / name) == truth


def test_so_many_fixtures_are_read_by_their_header():
    assert sum(not isinstance(by_header(FIXTURES / name), str | None) for name in NAMES) >= 37


@pytest.mark.parametrize("name", REAL)
def test_real_files(name):
    path = REAL_MEDIA / "video" / name
    found, truth = by_header(path), by_packets(path)
    assert found is None or found == truth
    assert by_either(path) == truth


@pytest.mark.skipif(not REAL, reason="needs the folder of real files")
def test_nearly_all_real_files_are_read_by_their_header():
    found = [by_header(REAL_MEDIA / "video" / name) for name in REAL]
    assert found.count(None) <= 2


def test_what_is_not_on_disk_is_read_the_same_way():
    data = (FIXTURES / "video_with_audio.mp4").read_bytes()
    truth = by_packets(data)
    assert by_header(data) == by_header(io.BytesIO(data)) == truth
    # The demuxer goes on with the file that the header was read from.
    with open_item(data) as item, open_video(item) as container:
        stream, _ = choose_stream(container, item)
        packets = container.demux(stream)
        head = list(islice(packets, 3))
        assert read_timeline(chain(head, packets), stream, item) == truth
        rest = [packet.pos for packet in packets if packet.size]
        assert rest == [entry.pos for entry in stream.index_entries][index.PROOF :]


# Writers: what encoders and muxers make of it.


def written(
    folder,
    codec="libx264",
    container="mp4",
    frames=60,
    ticks=None,
    start=0,
    key_every=20,
    **options,
):
    """Encode a small film; `ticks` are the times of its frames in 1/30 s."""
    muxing = {key: options.pop(key) for key in list(options) if key in ("movflags", "use_editlist")}
    path = Path(folder) / "film"
    with av.open(path, "w", format=container, options=muxing) as output:
        stream = output.add_stream(codec, rate=30, options=SETTINGS.get(codec, {}) | options)
        stream.width, stream.height, stream.pix_fmt = 96, 64, PIXELS.get(codec, "yuv420p")
        stream.gop_size = key_every
        for frame in pictures(frames, ticks, start, stream.pix_fmt):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path.read_bytes()


SETTINGS = {
    "libx264": {"preset": "veryfast"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:pools=none:frame-threads=1"},
}
PIXELS = {"mjpeg": "yuvj420p", "prores_ks": "yuv422p10le"}


def pictures(frames, ticks, start, pixels):
    noise = np.random.default_rng(1).integers(0, 255, (64, 96, 3), np.uint8)
    for number in range(frames):
        picture = np.roll(noise, number, axis=1) // (1 + number % 5)
        frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pixels)
        frame.pts = start + (ticks[number] if ticks else number)
        yield frame


UNEVEN = [number + number // 3 * 2 + number // 7 for number in range(60)]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="plain"),
        pytest.param({"bf": "0"}, id="in-order"),
        pytest.param({"bf": "8", "b-pyramid": "normal", "refs": "6"}, id="pyramid"),
        pytest.param({"b-pyramid": "none"}, id="no-pyramid"),
        pytest.param({"x264-params": "open-gop=1"}, id="open-gop"),
        pytest.param({"x264-params": "intra-refresh=1"}, id="intra-refresh"),
        pytest.param({"x264-params": "bluray-compat=1:nal-hrd=vbr:vbv-maxrate=900:vbv-bufsize=900"},
                     id="timing-messages"),
        pytest.param({"key_every": 1}, id="keyframes-only"),
        pytest.param({"movflags": "faststart"}, id="header-first"),
        pytest.param({"movflags": "negative_cts_offsets"}, id="negative-offsets"),
        pytest.param({"movflags": "negative_cts_offsets", "use_editlist": "0"}, id="shifted"),
        pytest.param({"use_editlist": "0"}, id="no-edit"),
        pytest.param({"use_editlist": "1", "start": 45}, id="late"),
        pytest.param({"use_editlist": "0", "start": 45}, id="late-without-edit"),
        pytest.param({"start": -7}, id="hidden-at-the-start"),
        pytest.param({"ticks": UNEVEN}, id="uneven"),
        pytest.param({"ticks": UNEVEN, "bf": "0", "start": 3}, id="uneven-in-order"),
        pytest.param({"ticks": UNEVEN, "movflags": "negative_cts_offsets"}, id="uneven-negative"),
        pytest.param({"container": "mov"}, id="QuickTime"),
        pytest.param({"container": "mov", "bf": "0"}, id="QuickTime-in-order"),
        pytest.param({"frames": 1}, id="one-frame"),
        pytest.param({"frames": index.PROOF}, id="as-many-as-are-proved"),
        pytest.param({"frames": index.PROOF + 1}, id="one-more"),
        pytest.param({"codec": "libx265"}, id="HEVC"),
        pytest.param({"codec": "libx265", "bf": "0"}, id="HEVC-in-order"),
        pytest.param({"codec": "libx265", "movflags": "negative_cts_offsets"}, id="HEVC-negative"),
        pytest.param({"codec": "mpeg4", "bf": "2"}, id="MPEG-4"),
        pytest.param({"codec": "mjpeg", "container": "mov"}, id="MJPEG"),
        pytest.param({"codec": "prores_ks", "container": "mov"}, id="ProRes"),
    ],
)  # fmt: skip
def test_what_writers_make(options, tmp_path):
    data = written(tmp_path, **options)
    found = by_header(data)
    assert found is not None
    assert found == by_packets(data)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"movflags": "frag_keyframe"}, id="fragments"),
        pytest.param({"movflags": "frag_keyframe+empty_moov"}, id="fragments-only"),
        pytest.param({"key_every": 1, "frames": 130}, id="many-keyframes"),
        pytest.param({"codec": "libvpx-vp9", "frames": 10}, id="VP9"),
    ],
)
def test_what_is_left_to_the_packets(options, tmp_path):
    data = written(tmp_path, **options)
    assert by_header(data) is None
    assert by_either(data) == by_packets(data)


# Headers that are wrong.

CLIP = (FIXTURES / "clip.mp4").read_bytes()
SOUND = (FIXTURES / "video_with_audio.mp4").read_bytes()


def renamed(data, kind):
    """Let a box pass for another one that means nothing."""
    return data.replace(kind, b"skip", 1)


def with_number(data, kind, offset, value):
    """Overwrite a number in a box, counted from the box's type."""
    start = data.index(kind) + offset
    return data[:start] + struct.pack(">I", value) + data[start + 4 :]


STSS_SECOND = 16  # type, version and flags, count, first number


def test_keyframes_that_are_none_are_found_out():
    assert by_header(renamed(CLIP, b"stss")) is None  # without a table all would be keyframes
    assert by_header(with_number(CLIP, b"stss", STSS_SECOND, 32)) is None
    for data in (renamed(CLIP, b"stss"), with_number(CLIP, b"stss", STSS_SECOND, 32)):
        assert by_either(data) == by_packets(data)


def test_keyframes_that_the_header_leaves_out_are_not_used(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(with_number(CLIP, b"stss", 8, 1))
    found, truth = by_header(path), by_packets(path)
    assert found.pts == truth.pts
    assert found.keyframes == truth.keyframes[:1]
    assert len(truth.keyframes) == 2
    check_exact(path, [(7, 1, True), (29, 4, True), (29, 1, False)])


def test_a_sound_track_that_breaks_off_is_found_out():
    sound = SOUND.index(b"stco", SOUND.index(b"stco") + 1)
    broken = SOUND[:sound] + with_number(SOUND[sound:], b"stco", 12, len(SOUND) - 5)
    assert by_header(broken) is None
    assert by_either(broken) == by_packets(broken)


@pytest.mark.parametrize("size", [0x1FFF_FFFF, 0x2000_0001, 0x3FFF_FFF0])  # FFmpeg keeps 30 bits
def test_an_absurd_size_in_a_sound_track_is_found_out(size):
    sound = SOUND.index(b"stsz", SOUND.index(b"stsz") + 1)
    (count,) = struct.unpack_from(">I", SOUND, sound + 12)
    last = 16 + 4 * (count - 1)  # of the samples, far behind the packets that are read first
    broken = SOUND[:sound] + with_number(SOUND[sound:], b"stsz", last, size)
    assert by_header(SOUND) is not None
    assert by_header(broken) is None


@pytest.mark.parametrize("empty", [1, 20, 59])
def test_samples_of_no_bytes_at_the_start_are_no_frames(empty):
    data = (FIXTURES / "hevc.mp4").read_bytes()
    for sample in range(empty):
        data = with_number(data, b"stsz", 16 + 4 * sample, 0)
    assert by_either(data).packet_count == 60 - empty


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95, 0.999])
def test_a_file_that_breaks_off_is_found_out(share, tmp_path):
    data = written(tmp_path, movflags="faststart")
    cut = data[: int(len(data) * share)]
    assert by_header(cut) is None or isinstance(by_header(cut), str)
    assert by_either(cut) == by_packets(cut)


def test_millions_of_samples_in_a_tiny_file_are_not_believed(monkeypatch):
    data, many = renamed(CLIP, b"ctts"), 300_000
    for kind, offset, value in [("stsz", 8, 1), ("stsz", 12, many), ("stsc", 16, many)]:
        data = with_number(data, kind.encode(), offset, value)  # one chunk of one byte each
    data = with_number(data, b"stts", 12, many)
    with monkeypatch.context() as patched:
        patched.setattr(index, "sample_times", None)  # must not be called
        assert by_header(data) is None
    assert by_either(data) == by_packets(data)


def test_a_file_without_end_is_left_to_the_packets():
    few = Trust(Limits(frames=59))
    assert by_header(CLIP, few) is None
    assert by_either(CLIP, few) == "FrameLimitError"


HEADERS = [(data, data.index(b"moov") - 4, data.index(b"moov") + 1800) for data in (CLIP, SOUND)]


@given(
    which=st.sampled_from(range(len(HEADERS))),
    changes=st.lists(
        st.tuples(st.floats(0, 0.999), st.sampled_from([0, 1, 2, 127, 255]) | st.integers(0, 255)),
        min_size=1,
        max_size=3,
    ),
)
def test_damaged_headers_are_read_as_packets_are(which, changes):
    data, start, end = HEADERS[which]
    damaged = bytearray(data)
    for place, value in changes:
        damaged[start + int(place * (end - start))] = value
    found, truth = by_either(bytes(damaged)), by_packets(bytes(damaged))
    if found != truth and not isinstance(found, str):  # only by keyframes that were left out
        assert set(found.keyframes) < set(truth.keyframes)
        assert (found.pts, found.last_ticks) == (truth.pts, truth.last_ticks)
    else:
        assert found == truth
