"""Files of the kinds that public reports are about, by the names of the cases: time and count."""

from __future__ import annotations

import av
import pytest

from tests.places import case_file
from vlprep import check_media, compress_file, count_tokens, probe, read_frames

MODEL = "qwen3-vl-plus"


def shown(path, **options):
    """Return the numbers of the frames that a model is shown; none may be broken or missing."""
    with read_frames(path, MODEL, **options) as frames:
        numbers = [frame.number for frame in frames]
        assert (frames.missing, frames.substituted, frames.damaged) == (0, 0, 0)
    return numbers


def tokens(path):
    return count_tokens(path, MODEL).tokens.total


def lengths(path):
    """Return the seconds of each kind of stream of a file."""
    with av.open(str(path)) as container:
        return {s.type: float(s.duration * s.time_base) for s in container.streams}


@pytest.mark.parametrize("name", ["a_timescale_5.mp4", "b_timescale_15360.mp4"])
def test_tick_timescale(name):
    path = case_file("tick_timescale", name)
    assert shown(path, fps=2) == [0, 2, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27]


def test_avi_null_frames():
    path = case_file("avi_null_frames", "avi_null_frames.avi")
    info = probe(path)
    assert (info.frame_count, info.duration_seconds) == (100, 10.0)
    with read_frames(path, MODEL, fps=1) as frames:
        times = [frame.timestamp_seconds for frame in frames]
    with av.open(str(path)) as container:
        slots = [packet.dts for packet in container.demux(video=0) if packet.size]
    # A picture stands until the next one; there are 30 slots a second.
    on_display = [max(slot for slot in slots if slot <= 30 * k) for k in range(10)]
    assert times == pytest.approx([slot / 30 for slot in on_display])


def test_avi_null_frames_sound(tmp_path):
    path = case_file("avi_null_frames_sound", "avi_null_frames_sound.avi")
    compress_file(path, tmp_path / "small.mp4", MODEL, keep="full", limit=150_000)
    found = lengths(tmp_path / "small.mp4")
    assert found["video"] == pytest.approx(10, abs=0.1)
    assert found["video"] == pytest.approx(found["audio"], abs=0.1)


@pytest.mark.parametrize("name", ["one_packet.ts", "two_packets.ts"])
def test_field_coded_h264(name):
    path = case_file("field_coded_h264", name)
    info = probe(path)
    assert (info.frame_count, info.fps, info.duration_seconds) == (36, 25, 1.44)
    assert shown(path, fps=5) == [0, 5, 10, 15, 20, 25, 30]


def test_ts_no_first_key():
    path = case_file("ts_no_first_key", "ts_no_first_key.ts")
    info = probe(path)
    assert (info.frame_count, info.duration_seconds) == (100, 4.0)
    assert len(shown(path, fps=2)) == 8


def test_ts_time_goes_back(tmp_path):
    path = case_file("ts_time_goes_back", "ts_time_goes_back.ts")
    assert shown(path, fps=1) == list(range(0, 420, 30))
    compress_file(path, tmp_path / "small.mp4", MODEL, keep="full", limit=150_000)
    found = lengths(tmp_path / "small.mp4")
    assert found["video"] == pytest.approx(14, abs=0.01)
    assert found["audio"] == pytest.approx(14, abs=0.1)


def test_vfr_one_double_time():
    path = case_file("vfr_one_double_time", "vfr_one_double_time.mkv")
    assert (len(shown(path)), tokens(path)) == (36, 272)


@pytest.mark.parametrize("end", [".mkv", "_frag.mp4", "_plain.mp4"])
def test_last_frame_held(end):
    path = case_file("last_frame_held", f"last_frame_held{end}")
    assert len(shown(path)) == 13
    assert probe(path).duration_seconds == pytest.approx(6.967, abs=0.001)
    assert probe(path).warnings == ()


def test_live_photo_edit():
    path = case_file("live_photo_edit", "livephoto_edit.mp4")
    assert probe(path).duration_seconds == pytest.approx(1.233, abs=0.001)
    assert probe(path).fps == 30
    assert "video-duration" in {finding.rule for finding in check_media(path, MODEL).errors}


@pytest.mark.parametrize(
    ("name", "frames", "seconds"),
    [("vvc_400kbps_2s.mp4", 50, 2.0), ("long_sound.mkv", 75, 3.0)],
)
def test_false_cut_off_warning(name, frames, seconds):
    info = probe(case_file("false_cut_off_warning", name))
    assert (info.frame_count, info.duration_seconds, info.warnings) == (frames, seconds, ())


def test_avi_cut_off():
    (warning,) = probe(case_file("avi_cut_off", "avi_cut_off.avi")).warnings
    assert "may be cut off" in warning


def test_wmv_one_frame():
    path = case_file("wmv_one_frame", "wmv_one_frame.wmv")
    assert probe(path).frame_count == 1
    assert tokens(path) == 17
