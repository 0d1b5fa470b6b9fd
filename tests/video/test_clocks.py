"""Clocks that fail: what a model is shown of the fixtures, and how packets become a clock."""

from __future__ import annotations

import io
import json
import struct
from array import array
from bisect import bisect_right
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.films import numbered, write_film
from tests.frames.test_stream import drawn_number
from tests.places import FIXTURES
from vlprep import probe, read_frames
from vlprep.errors import DecodeError
from vlprep.media.source import open_item
from vlprep.video.clock import MANY_JOINTS, NO_FURTHER, set_clock
from vlprep.video.decode import scan_clip
from vlprep.video.scan import NO_TIME, PacketTable
from vlprep.video.timeline import Timeline

TRUTH = json.loads((FIXTURES / "truth.json").read_text())
NAMES = [
    "tick_clock.mp4", "null_frames.avi", "double_time.mkv", "held.mkv", "held.mp4",
    "edit_amid_sample.mp4",
]  # fmt: skip


def read(name, fps, threads=1):
    """Return the numbers of the frames shown, and those drawn in them."""
    with read_frames(FIXTURES / name, "qwen3-vl-plus", fps=fps, threads=threads) as frames:
        found = list(frames)
        assert (frames.missing, frames.substituted, frames.damaged) == (0, 0, 0)
        moments = frames.plan.timestamps_seconds
    drawn = [drawn_number(frame.image, TRUTH[name]["width"]) for frame in found]
    return moments, [frame.number for frame in found], drawn


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("fps", [2, 3, 10])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_on_display_is_shown(name, fps, threads):
    truth = TRUTH[name]
    starts = truth.get("times_seconds") or [k / truth["fps"] for k in range(truth["frames"])]
    moments, numbers, drawn = read(name, fps, threads)
    blur = 5e-4 if name.endswith(".mkv") else 1e-6  # thousandths of a second
    assert numbers == [bisect_right(starts, moment + blur) - 1 for moment in moments]
    assert drawn == numbers


@pytest.mark.parametrize("name", NAMES)
def test_count_and_length(name):
    truth, info = TRUTH[name], probe(FIXTURES / name)
    assert info.frame_count == truth["frames"]
    assert float(info.fps) == pytest.approx(truth["fps"], rel=1e-3)
    assert info.duration_seconds == pytest.approx(truth["frames"] / truth["fps"], abs=1e-3)
    assert not any("cut off" in warning for warning in info.warnings)


def test_pictures_that_no_decoder_shows_are_no_frames():
    info = probe(FIXTURES / "cut_start.ts")
    assert (info.frame_count, info.fps, info.start_seconds) == (30, 30, 2.5)
    assert "21 pictures before the first" in info.warnings[0]
    _, numbers, drawn = read("cut_start.ts", 10)
    assert drawn == [30 + number for number in numbers]


def test_a_recording_follows_the_one_before():
    info = probe(FIXTURES / "joined.ts")
    assert (info.frame_count, info.fps, info.duration_seconds) == (90, 30, 3.0)
    assert "its clock jumps" in info.warnings[0]
    _, numbers, drawn = read("joined.ts", 10)
    assert numbers == list(range(0, 90, 3))
    assert drawn == [number % 60 for number in numbers]


@pytest.mark.parametrize("name", ["cut_off.avi", "cut_off.wmv"])
def test_a_file_that_is_cut_off_is_told(name):
    (warning,) = probe(FIXTURES / name).warnings
    assert "promises 2.0 s but the video ends at 1.0 s" in warning


def test_one_frame_is_shown_twice_whatever_its_rate():
    with read_frames(FIXTURES / "one_frame.wmv", "qwen3-vl-plus") as frames:
        assert [frame.number for frame in frames] == [0]
        assert any("shown twice" in warning for warning in frames.warnings)


@pytest.mark.parametrize("rate", [24, 25, 30, 60])
@pytest.mark.parametrize("frames", [57, 58, 59])
@pytest.mark.parametrize("off", [0.0, 0.4, 0.5, 0.56, 0.57, 0.58, 0.99, 1.0, 2.0])
def test_a_clip_ends_when_its_last_frame_does_however_even_it_is(frames, off, rate):
    """Around 57 steps a hole of 0.57 frames is where the header's rate stops to be the rate."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for number in range(frames):
            start = number + (off if number > frames // 2 else 0)
            (packet,) = stream.encode(av.VideoFrame(32, 32, "yuv420p"))
            packet.time_base = Fraction(1, 1000)
            packet.pts = packet.dts = round(start * 1000 / rate)
            packet.duration = 1000 // rate
            container.mux(packet)
    info = probe(file.getvalue())
    assert info.frame_count == frames
    assert info.duration_seconds == pytest.approx((frames + off) / rate, abs=0.5 / rate + 3e-3)


@pytest.mark.parametrize("name", ["one_frame.mp4", "clip.mp4", "vfr.mp4", "held.mp4"])
def test_a_header_with_more_in_it_than_is_read_gives_the_same_facts(name):
    content = (FIXTURES / name).read_bytes()
    other = content.replace(b"udta", b"mvex")  # so that its tables are not taken
    assert other != content
    found, plain = probe(other), probe(content)
    assert (found.frame_count, found.fps) == (plain.frame_count, plain.fps)
    assert (found.display_times is None) == (plain.display_times is None)


# From packets to a clock, by numbers.


def clock(pts, container="matroska,webm", dts=None, keys=(0,), shown=None, durations=None):
    """Return the timeline of packets with such times, in thousandths of a second."""
    count = len(pts)

    def times(values):
        return np.array([NO_TIME if value is None else value for value in values], np.int64)

    table = PacketTable(
        pts=times(pts),
        dts=times(pts if dts is None else dts),
        durations=np.array([10] * count if durations is None else durations, np.int64),
        is_key=np.isin(np.arange(count), keys),
        is_shown=np.ones(count, bool) if shown is None else np.array(shown, bool),
    )
    stream = SimpleNamespace(
        time_base=Fraction(1, 1000),
        container=SimpleNamespace(
            format=SimpleNamespace(name=container), streams=SimpleNamespace(audio=())
        ),
        codec_context=SimpleNamespace(reorder_depth=0),
    )
    return set_clock(table, stream, SimpleNamespace(name="film"))


def seconds(line):
    return [float((time - line.pts[0]) * line.time_base) for time in line.pts]


def test_times_that_are_sound_are_kept():
    line = clock([0, 30, 10, 20], keys=(0,))
    assert line == Timeline(
        packet_count=4,
        pts=array("q", [0, 10, 20, 30]),
        keyframes=array("q", [0]),
        time_base=Fraction(1, 1000),
        last_ticks=10,
    )


@pytest.mark.parametrize(
    ("times", "mended"),
    [
        ([0, 10, 10, 30], [0, 0.01, 0.02, 0.03]),
        ([0, 10, 10, 10, 40], [0, 0.01, 0.02, 0.03, 0.04]),
        ([0, 10, 20, 20], [0, 0.01, 0.02, 0.025]),  # as long as the others, but for the double
        ([0, 1, 1, 2], [0, 0.001, 0.0015, 0.002]),  # no tick is free in between
    ],
)
def test_a_double_gets_a_place_between_its_neighbours(times, mended):
    line = clock(times)
    assert len(line.pts) == line.packet_count == len(times)
    assert seconds(line) == pytest.approx(mended)
    assert line.tells_frames
    assert not line.keyframes  # such a file is read from its start
    assert len(line.mended) == 1


@pytest.mark.parametrize(
    ("times", "mended"),
    [
        ([0, 10, None, 30, 40], [0, 0.01, 0.02, 0.03, 0.04]),
        ([0, 10, 20, 30, None], [0, 0.01, 0.02, 0.03, 0.04]),
        ([0, 30, None, 20, 60, 40, 50], [0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06]),
    ],
)
def test_a_frame_without_a_time_gets_the_place_that_is_free(times, mended):
    line = clock(times, dts=range(0, 10 * len(times), 10))
    assert seconds(line) == pytest.approx(mended)
    assert "have no time" in line.mended[0]


def test_frames_without_a_time_right_behind_the_first_keyframe_come_before_it():
    times = [20, None, None, 60, 30, 50, 40, 70, 80, 90, 100]
    line = clock(times, dts=range(0, 10 * len(times), 10))
    assert seconds(line) == pytest.approx([0.01 * k for k in range(11)])
    assert line.stamps[:4].tolist() == [20, 0, 10, 60]


@pytest.mark.parametrize(
    "times",
    [
        [0, None, 20, None, None],  # too many
        [0, 30, None, 10, 20, 60, 40, 50],  # no place is free
        [7] * 10,  # one time for all
        [None, None],
    ],
)
def test_where_it_would_be_a_guess_there_is_no_clock(times):
    line = clock(times, dts=range(0, 10 * len(times), 10))
    assert not line.has_clock
    assert line.packet_count == len(times)
    assert "no times" in line.mended[0]


@pytest.mark.parametrize("container", ["mpegts", "avi", "matroska,webm"])
def test_times_beyond_belief_are_none(container):
    line = clock([0, 1 << 62, -(1 << 62), 10], container, keys=range(4))
    assert not line.has_clock


def test_nothing_displayed_is_refused():
    with pytest.raises(DecodeError, match="no frame of it is displayed"):
        clock([0, 10], shown=[False, False])


@pytest.mark.parametrize("container", ["mpegts", "mpeg", "flv", "matroska,webm"])
def test_a_step_back_is_a_new_recording(container):
    line = clock([5000, 5010, 5020, 0, 10], container, keys=(0, 3))
    assert seconds(line) == pytest.approx([0, 0.01, 0.02, 0.03, 0.04])
    (joint,) = line.joints
    assert (joint.start_seconds, joint.shift_seconds) == (0, 5.03)


def test_a_time_of_decoding_that_is_made_up_at_a_joint_hides_no_new_recording():
    times, decoding = [5000, 5300, 5600, 0, 300, 600], [4900, 5200, 5500, 5800, 200, 500]
    line = clock(times, "mpeg", dts=decoding, keys=(0, 3), durations=[300] * 6)
    assert seconds(line) == pytest.approx([0, 0.3, 0.6, 0.9, 1.2, 1.5])
    assert len(line.joints) == 1


def still_screen(container, b_frames, *, is_heard):
    """A screen on which nothing happens from the 50th frame on for 15 seconds, with its sound."""
    file, packets = io.BytesIO(), []
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.codec_context.max_b_frames = b_frames
        sound = output.add_stream("aac", rate=44100) if is_heard else None
        for number in range(100):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts, frame.time_base = number + 375 * (number >= 50), Fraction(1, 25)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for number in range(19 * 43 if sound else 0):
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            silence.pts, silence.sample_rate = 1024 * number, 44100
            packets += sound.encode(silence)
        output.mux(sorted(packets, key=lambda packet: packet.dts * packet.time_base))
    return file.getvalue()


def segment(number):
    """Twelve seconds of a recording in segments, with its sound."""
    file, packets = io.BytesIO(), []
    with av.open(file, "w", format="mpegts") as output:
        stream = output.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        sound = output.add_stream("mp2", rate=16_000, layout="mono")
        for k in range(300 * number, 300 * (number + 1)):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), k % 250, np.uint8))
            frame.pts, frame.time_base = k, Fraction(1, 25)
            packets += stream.encode(frame)
        for k in range(166):
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1152), np.int16), "s16", "mono")
            silence.pts, silence.sample_rate = 192_000 * number + 1152 * k, 16_000
            packets += sound.encode(silence)
        packets += [*stream.encode(None), *sound.encode(None)]
        output.mux(sorted(packets, key=lambda packet: packet.dts * packet.time_base))
    return file.getvalue()


@pytest.mark.parametrize("order", [(0, 2, 1), (0, 3, 1, 2), (0, 2, 3, 1)])
def test_segments_in_a_wrong_order_last_as_long_as_they_do(order):
    info = probe(b"".join(map(segment, order)))
    assert info.frame_count == 300 * len(order)
    assert info.duration_seconds == pytest.approx(12 * len(order), abs=0.1)
    assert len(info.warnings) == 1


@pytest.mark.parametrize("container", ["flv", "mpegts"])
@pytest.mark.parametrize(("b_frames", "is_heard"), [(0, True), (2, True), (2, False)])
def test_a_long_pause_is_no_new_recording_where_something_goes_on(container, b_frames, is_heard):
    content = still_screen(container, b_frames, is_heard=is_heard)
    info = probe(content)
    assert info.duration_seconds == pytest.approx(19, abs=0.05)
    assert info.warnings == ()
    with read_frames(content, "qwen3-vl-plus", fps=1, max_pixels=640 * 640) as frames:
        drawn = [drawn_number(frame.image) for frame in frames]
        assert (frames.missing, frames.substituted) == (0, 0)
    assert drawn[:2] + drawn[2:17:14] + drawn[17:] == [0, 25, 49, 49, 50, 75]


@pytest.mark.parametrize(("container", "last"), [("mpegts", 0.02), ("matroska,webm", 3600.0)])
def test_a_long_step_ahead_is_one_where_frames_do_not_pause(container, last):
    line = clock([0, 10, 3_600_000], container)
    assert seconds(line)[-1] == pytest.approx(last)


def test_frames_out_of_order_are_no_new_recording():
    line = clock([0, 400, 200, 100, 300], dts=[None, 0, 100, 200, 300])
    assert (line.joints, line.mended) == ((), ())


def test_empty_slots_count_in_avi():
    line = clock([9, 9, 9, 9], "avi", dts=[0, 1, 5, 6])
    assert (line.packet_count, list(line.pts)) == (4, [0, 1, 5, 6])
    assert line.has_clock
    assert not line.tells_frames


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=12),
    st.sampled_from(["mpegts", "matroska,webm"]),
)
def test_each_frame_has_a_time_of_its_own(times, container):
    line = clock(times, container, keys=range(len(times)))
    assert line.packet_count == len(times)
    if line.has_clock:
        assert all(before < after for before, after in pairwise(line.pts))
        stamps = line.stamps or sorted(line.pts)
        assert sorted(stamps) == list(line.pts)
    else:
        assert len(set(times)) == 1


def test_a_clock_that_jumps_all_the_time_is_none():
    times = [k % 2 * 1000 for k in range(2 * MANY_JOINTS + 4)]
    assert not clock(times, "mpegts").has_clock


def test_recordings_too_far_apart_have_no_clock():
    far = NO_FURTHER - 5
    assert not clock([-far, 10 - far, far, far - 200_000], "mpegts").has_clock


def test_a_recording_without_a_shown_frame_shifts_none():
    times = [0, 10, 50_000, 100_000, 100_010]
    line = clock(times, "mpegts", shown=[1, 1, 0, 1, 1], durations=[0] * 5)
    assert line.packet_count == 4
    assert seconds(line) == pytest.approx([0, 0.01, 0.02, 0.03])
    assert [joint.start_seconds for joint in line.joints] == [100]


# The moment.


def timeline(pts, time_base):
    return Timeline(len(pts), array("q", pts), array("q", [pts[0]]), time_base)


def shown_at(line, moment):
    """Return the frame on display by the frames' own times: no clip here has such a rate."""
    return line.display_times(Fraction(1, 7)).shown_at(moment)


@given(
    rate=st.sampled_from([1, 5, 24, 25, 30, 60]),
    parts=st.sampled_from([1, 2, 512, 1001]),
    start=st.integers(0, 10**9),
    moment=st.fractions(0, 3),
)
def test_the_frame_on_display_by_fractions(rate, parts, start, moment):
    frames = rate * 4
    line = timeline([start + k * parts for k in range(frames)], Fraction(1, rate * parts))
    assert shown_at(line, float(moment)) in {
        int((moment + late) * rate) for late in (0, Fraction(2, 10**6))
    }


@given(rate=st.sampled_from([24, 25, 30, 48, 60, Fraction(30000, 1001)]), fps=st.integers(1, 10))
def test_times_rounded_to_thousandths_are_met(rate, fps):
    line = timeline([round(k / rate * 1000) for k in range(300)], Fraction(1, 1000))
    for k in range(4 * fps):
        # A frame that is due within the thousandth is the same to such a clock.
        exact = {int((Fraction(k, fps) + late) * rate) for late in (0, Fraction(1, 1000))}
        assert shown_at(line, k / fps) in exact


def test_the_first_frame_is_found_behind_a_hidden_keyframe():
    # Seeks to the start may land behind it, or be refused: the file is opened anew.
    with open_item(FIXTURES / "edit_list.mp4") as item:
        assert scan_clip(item).timeline.keyframes[0] < 0
    with read_frames(FIXTURES / "edit_list.mp4", "qwen3-vl-plus", fps=10) as frames:
        assert next(frames).number == 0


def without_times_of_display(content: bytes) -> bytes:
    """Take the tables of display and of edits from an MP4, as writers do that know of neither."""
    return content.replace(b"ctts", b"free").replace(b"edts", b"free")


def write_numbered(path, codec, count, between_keyframes):
    """Write frames that show their numbers, 25 a second, with B-frames among them."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.codec_context.max_b_frames, stream.codec_context.gop_size = 2, between_keyframes
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_frames_are_in_order_where_only_times_of_decoding_are_told(codec, tmp_path):
    path = tmp_path / "film.mp4"
    write_numbered(path, codec, 75, between_keyframes=25)
    path.write_bytes(without_times_of_display(path.read_bytes()))
    info = probe(path)
    assert (info.frame_count, info.fps, info.duration_seconds) == (75, 25, 3.0)
    with read_frames(path, "qwen3-vl-plus", fps=5, max_pixels=640 * 640) as frames:
        assert [drawn_number(frame.image) for frame in frames] == list(range(0, 75, 5))
        assert (frames.missing, frames.substituted) == (0, 0)


def steps(container: str, starts: list[int], **options: str) -> bytes:
    """Return a film of a keyframe in each packet, which start at so many thousandths."""
    file = io.BytesIO()
    with av.open(file, "w", format=container, container_options=options) as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = 1, 0
        stream.codec_context.time_base = Fraction(1, 1000)
        for start in starts:
            frame = av.VideoFrame(64, 64, stream.pix_fmt)
            frame.pts, frame.time_base = start, Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def begun_late(content: bytes, seconds: int) -> bytes:
    """Set the times of an MP4's fragments on, as those of a part out of the middle are."""
    made = bytearray(content)
    (clock,) = struct.unpack_from(">I", made, made.index(b"mdhd") + 16)
    place = made.find(b"tfdt")
    while place >= 0:
        form = ">Q" if made[place + 4] else ">I"
        (time,) = struct.unpack_from(form, made, place + 8)
        struct.pack_into(form, made, place + 8, time + seconds * clock)
        place = made.find(b"tfdt", place + 4)
    return bytes(made)


@pytest.mark.parametrize("late", [0, 2, 3600])
def test_fragments_of_a_late_part_are_whole(late):
    flags = "frag_every_frame+empty_moov+default_base_moof"
    content = steps("mp4", list(range(0, 2000, 40)), movflags=flags)
    info = probe(begun_late(content, late))
    assert (info.start_seconds, info.duration_seconds) == (late, 2.0)
    assert info.warnings == ()


def test_a_header_s_end_is_not_that_of_recordings_that_were_joined():
    starts = [*range(0, 1000, 40), *range(30_000, 31_000, 40)]
    info = probe(steps("flv", starts))
    assert info.duration_seconds == pytest.approx(2.0)
    (warning,) = info.warnings
    assert "its clock jumps (1x)" in warning


def test_an_mxf_without_its_end_is_told_and_read_from_its_start(tmp_path):
    path = tmp_path / "film.mxf"
    write_numbered(path, "mpeg2video", 100, between_keyframes=12)
    assert probe(path).warnings == ()
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    (warning,) = probe(path).warnings
    assert "may be cut off" in warning
    with read_frames(path, "qwen3-vl-plus", fps=2, max_pixels=640 * 640) as frames:
        assert [drawn_number(frame.image) for frame in frames] == [0, 12, 25, 37]


def test_keyframes_of_an_avi_are_where_they_are_displayed(tmp_path):
    path = tmp_path / "film.avi"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.max_b_frames, stream.codec_context.gop_size = 2, 25
        for number in range(100):
            frame = av.VideoFrame.from_ndarray(numbered(number, 64, 64), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with av.open(str(path)) as film:
        keys = [number for number, frame in enumerate(film.decode(video=0)) if frame.key_frame]
    assert len(keys) == 5
    with open_item(path) as item:
        line = scan_clip(item).timeline
    assert [line.keyframe_number(place) for place in range(5)] == keys


def test_frames_that_share_one_time_pass_evenly_through_the_length_of_the_movie(tmp_path):
    content = bytearray(write_film(tmp_path / "film.mp4", 100, Fraction(25)).read_bytes())
    place = content.index(b"stts") + 8
    for row in range(struct.unpack_from(">I", content, place)[0]):
        struct.pack_into(">I", content, place + 8 + 8 * row, 0)
    info = probe(bytes(content))
    assert (info.frame_count, info.fps, info.duration_seconds) == (100, 25, 4.0)
    assert "no times" in info.warnings[0]


@pytest.mark.parametrize(("seconds", "told"), [(3.0, False), (7.0, False), (40.0, True)])
def test_a_length_that_hardly_anything_but_the_header_tells_is_told_of(seconds, told):
    content = bytearray(steps("flv", list(range(0, 2000, 40))))
    struct.pack_into(">d", content, content.index(b"duration") + 9, seconds)
    info = probe(bytes(content))
    assert info.duration_seconds == pytest.approx(seconds, abs=0.1)
    said = ("by its header alone it lasts 40.0 s; the last frame is on display for 38.0 of them",)
    assert info.warnings == (said if told else ())


@pytest.mark.parametrize("name", ["open_gop.mp4", "open_gop_hevc.mp4"])
def test_an_open_group_cut_out_into_matroska_begins_with_its_keyframe(name, tmp_path):
    path, disabled = tmp_path / "cut.mkv", {"avoid_negative_ts": "disabled"}
    with (
        av.open(str(FIXTURES / name)) as film,
        av.open(str(path), "w", container_options=disabled) as output,
    ):
        stream = film.streams.video[0]
        packets = [packet for packet in film.demux(stream) if packet.size]
        _, start, *_ = (k for k, packet in enumerate(packets) if packet.is_keyframe)
        first, copy = packets[start].pts, output.add_stream_from_template(stream)
        assert packets[start + 1].pts < first  # and displayed before it
        shown = sum(packet.pts >= first for packet in packets[start:])
        for packet in packets[start:]:
            packet.pts, packet.dts, packet.stream = packet.pts - first, packet.dts - first, copy
            output.mux(packet)
    info = probe(path)
    assert info.frame_count == shown
    assert info.display_times is None  # as the rate is even


def write_cut(path, codec):
    """Write an open group and what follows it, as it is copied out by a tool that lets no time go
    back: the frames ahead of the first keyframe get times right behind it."""
    film = io.BytesIO()
    with av.open(film, "w", format="matroska") as output:
        stream = output.add_stream(codec, rate=25, options={"sc_threshold": "1000000000"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.codec_context.max_b_frames, stream.codec_context.gop_size = 2, 20
        stream.codec_context.bit_rate = 4_000_000
        for number in range(100):
            picture = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    film.seek(0)
    with av.open(film) as whole, av.open(str(path), "w") as output:
        packets = [packet for packet in whole.demux(video=0) if packet.size]
        _, start, *_ = (k for k, packet in enumerate(packets) if packet.is_keyframe)
        first, copy = packets[start].pts, output.add_stream_from_template(whole.streams.video[0])
        before = packets[start].dts - 1
        for packet in packets[start:]:
            before = packet.dts = max(before + 1, packet.dts)
            packet.pts = max(packet.pts, packet.dts, first)
            packet.pts, packet.dts, packet.stream = packet.pts - first, packet.dts - first, copy
            output.mux(packet)
    with av.open(str(path)) as cut:
        return [drawn_number(frame.to_ndarray(format="rgb24")) for frame in cut.decode(video=0)]


@pytest.mark.parametrize(
    ("codec", "ending"),
    [
        *(("mpeg2video", ending) for ending in ("mkv", "ts", "avi")),
        *(("mpeg4", ending) for ending in ("mkv", "avi")),
        ("mpeg1video", "ts"),
    ],
)
def test_an_open_group_that_was_copied_out_begins_with_its_keyframe(codec, ending, tmp_path):
    path = tmp_path / f"cut.{ending}"
    shown = write_cut(path, codec)
    info = probe(path)
    assert info.frame_count == len(shown)
    assert "2 pictures before the first" in info.warnings[0]
    with read_frames(path, "qwen3-vl-plus", fps=5, max_pixels=640 * 640) as frames:
        assert [drawn_number(frame.image) for frame in frames] == [
            shown[number] for number in frames.plan.indices
        ]
        assert (frames.missing, frames.substituted) == (0, 0)
