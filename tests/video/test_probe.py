"""Count, rate and duration of clips made for the purpose; files of every kind: test_probe.py."""

import io
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.places import FIXTURES
from tests.video.test_sound import wave
from vlprep import probe
from vlprep.errors import TruncatedFileError, VlprepError


def clip(
    container: str, times_ms: list[int], rate: Fraction | int = 25, key_frames_every: int = 12
) -> bytes:
    """Return a clip of grey frames of 64 x 48 pixels that are shown at the given times."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.gop_size = key_frames_every
        for time in times_ms:
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 99, np.uint8), format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


@pytest.mark.parametrize("container", ["matroska", "mp4"])
def test_uneven_times_give_the_average_rate(container):
    info = probe(clip(container, [0, 100, 400, 500, 600]))
    assert info.size == (48, 64)
    assert info.frame_count == 5
    # Four intervals in 0.6 s; MP4 knows how long the last frame shows, Matroska does not.
    assert 6 < info.fps < 9
    assert info.duration_seconds == pytest.approx(float(5 / info.fps), rel=0.01)


def test_a_stated_rate_that_the_times_bear_out_is_taken_exactly():
    rate = Fraction(24000, 1001)
    info = probe(clip("matroska", [round(k / rate * 1000) for k in range(48)], rate))
    assert info.fps == rate


def test_a_clip_that_starts_late_is_not_longer_for_it():
    info = probe(clip("matroska", [2000 + 40 * k for k in range(25)]))
    assert info.start_seconds == pytest.approx(2)
    assert info.duration_seconds == pytest.approx(1, rel=0.01)
    assert float(info.fps) == pytest.approx(25, rel=0.01)


@pytest.mark.parametrize("container", ["matroska", "mp4", "avi", "mpegts"])
def test_a_single_frame_is_a_clip(container):
    info = probe(clip(container, [0]))
    assert info.frame_count == 1
    assert info.fps is None or info.fps > 0


@pytest.mark.parametrize("length", [40, 2500])
@pytest.mark.parametrize("key_frames_every", [12, 30])
def test_frames_hidden_by_an_edit_list_are_left_out(length, key_frames_every):
    # Times below 0 make the muxer write an edit. What stands before the last key frame to be
    # hidden is not in the index at all; what follows is marked there, at the start of a long one.
    info = probe(clip("mp4", [40 * (k - 15) for k in range(length)], 25, key_frames_every))
    assert info.frame_count == length - 15
    assert info.frame_count_from == "scan"


def with_edits(data: bytes, edits: list[tuple[float, float]]) -> bytes:
    """Return an MP4 that shows only some parts, each from one time in seconds to another."""
    clock = struct.unpack_from(">I", data, data.index(b"mdhd") + 16)[0]
    movie = struct.unpack_from(">I", data, data.index(b"mvhd") + 16)[0]
    rows = [
        struct.pack(">Iii", round((end - start) * movie), round(start * clock), 1 << 16)
        for start, end in edits
    ]
    table = struct.pack(">4sII", b"elst", 0, len(rows)) + b"".join(rows)
    size, place = struct.unpack_from(">I", data, data.index(b"elst") - 4)[0], data.index(b"elst")
    made = bytearray(data[: place - 4] + struct.pack(">I", len(table) + 4) + table)
    made += data[place - 4 + size :]
    for outer in (b"moov", b"trak", b"edts"):
        at = made.index(outer) - 4
        struct.pack_into(
            ">I", made, at, struct.unpack_from(">I", made, at)[0] + len(table) + 4 - size
        )
    return bytes(made)


def test_frames_cut_out_of_the_middle_are_left_out():
    whole = clip("mp4", [40 * k for k in range(3000)], key_frames_every=25)
    info = probe(with_edits(whole, [(0, 50), (50.4, 120)]))
    assert (info.frame_count, info.frame_count_from) == (2990, "scan")
    assert probe(with_edits(whole, [(0, 120)])).frame_count_from == "header"
    # Where every frame is a key frame, the index has as many entries as before.
    whole = clip("mp4", [40 * k for k in range(3000)], key_frames_every=1)
    info = probe(with_edits(whole, [(0, 50.02), (50.06, 120)]))
    assert (info.frame_count, info.frame_count_from) == (2999, "scan")


def test_a_container_without_frames_is_refused():
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as output:
        stream = output.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        output.start_encoding()
    with pytest.raises(VlprepError):
        probe(file.getvalue())


SOUND = [
    ("matroska", "mpeg4", "pcm_s16le"), ("flv", "flv", "aac"), ("mpegts", "mpeg4", "aac"),
    ("avi", "mpeg4", "pcm_s16le"), ("asf", "msmpeg4", "pcm_s16le"),
]  # fmt: skip


@pytest.mark.parametrize(("container", "shown", "codec"), SOUND)
def test_sound_may_run_on(container, shown, codec, tmp_path):
    path = wave(tmp_path / "film", 44100, codec=codec, seconds=20, container=container, shown=shown)
    info = probe(path)
    assert info.duration_seconds == pytest.approx(2, abs=0.05)
    assert info.warnings == ()


@pytest.mark.parametrize("lost", [2000, 4000])
def test_what_is_there_of_a_clip_that_lost_its_end_is_counted(lost):
    data = (FIXTURES / "truncated.mp4").read_bytes()
    with av.open(io.BytesIO(data)) as container:
        ends = [entry.pos + entry.size for entry in container.streams.video[0].index_entries]
    with pytest.raises(TruncatedFileError) as caught:
        probe(data[:-lost])
    there = sum(end <= len(data) - lost for end in ends)
    assert (caught.value.promised, caught.value.present) == (60, there)
    assert 0 < there < 30


def test_a_long_clip_that_lost_its_end_is_marked():
    whole = clip("matroska", [40 * k for k in range(500)])
    info = probe(whole[: len(whole) // 2])
    assert info.frame_count < 500
    assert any("may be cut off" in warning for warning in info.warnings)
    assert probe(whole).warnings == ()


ENDINGS = [
    ("ivf", "libvpx-vp9", "yuv420p", {}), ("ogg", "libvpx", "yuv420p", {}),
    *(
        ("yuv4mpegpipe", "wrapped_avframe", form, {"strict": "-1"})
        for form in ("yuv420p", "yuv422p", "yuv444p", "yuv411p", "gray", "yuv444p10", "gray16le")
    ),
    ("mp4", "mpeg4", "yuv420p", {"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    ("flv", "flv", "yuv420p", {"flvflags": "no_metadata"}),
]  # fmt: skip


@pytest.mark.parametrize("share", [0.3, 0.6, 0.85])
@pytest.mark.parametrize(("container", "codec", "form", "options"), ENDINGS)
def test_a_video_that_breaks_off_is_told_whatever_its_header_promises(
    container, codec, form, options, share
):
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options) as output:
        stream = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 75, 43, form
        for number in range(30):
            frame = av.VideoFrame.from_ndarray(np.full((43, 75, 3), 8 * number, np.uint8))
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    assert probe(file.getvalue()).warnings == ()
    content = file.getvalue()[: int(share * len(file.getvalue()))]
    assert any("may be cut off" in told for told in probe(content).warnings)


def test_a_comment_in_a_header_of_y4m_is_no_size():
    header = b"YUV4MPEG2 W10 H10 F25:1 XNOTE\tW-6\tH1\tCmono\n"  # in all, frames of no bytes
    found = probe(header + 3 * (b"FRAME\n" + bytes(150)))
    assert (found.size, found.frame_count, found.warnings) == ((10, 10), 3, ())


@pytest.mark.parametrize(
    ("name", "heard"),
    [("video_with_audio.mp4", True), ("clip.mp4", False), ("street.mp4", False)],
)
def test_sound_is_told(name, heard):
    assert probe(FIXTURES / name).has_sound is heard


def test_sound_of_an_animation_is_not_looked_for():
    assert probe(FIXTURES / "animated.gif").has_sound is None


@pytest.mark.parametrize(("name", "told"), [("hevc.mp4", True), ("hdr_pq.mp4", False)])
def test_colours_that_only_dolby_vision_knows_are_told(name, told):
    content = (FIXTURES / name).read_bytes()
    marked = content.replace(b"hvc1", b"dvh1")
    assert marked != content
    assert any("Dolby Vision" in said for said in probe(marked).warnings) == told
    assert probe(content).warnings == ()
