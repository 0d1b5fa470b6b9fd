from fractions import Fraction

import pytest

from tests.check.sendings import frame_list, image, request
from tests.check.sendings import video as facts
from vlprep.check import videos as video

ASKED = request()


@pytest.mark.parametrize(
    ("container", "found"),
    [("MP4", False), ("Matroska", False), ("ASF", False), ("MPEG-TS", True), ("Ogg", True)],
)
def test_containers(container, found):
    assert bool(video.video_container(facts(format=container), ASKED)) == found


@pytest.mark.parametrize(
    ("seconds", "found"),
    [(1.99, True), (2, False), (600, False), (600.1, True), (None, False)],
)
def test_duration(seconds, found):
    asked = request(model="qvq-max")
    assert bool(video.video_duration(facts(duration_seconds=seconds), asked)) == found


def test_what_no_source_states_is_no_limit():
    ocr = request(model="qwen-vl-ocr", route="url")
    assert video.video_duration(facts(duration_seconds=0.1), ocr) is None
    assert video.video_bytes(facts(file_bytes=10**12), ocr) is None


@pytest.mark.parametrize(("route", "most"), [("path", 100_000_000), ("url", 1_000_000_000)])
def test_bytes(route, most):
    asked = request(model="qvq-max", route=route)
    assert video.video_bytes(facts(file_bytes=most - 1), asked) is None
    assert video.video_bytes(facts(file_bytes=most), asked).measured == f"{most:,} bytes"
    assert video.video_raw_bytes(facts(file_bytes=most), asked) is None
    assert video.video_base64_length(facts(file_bytes=most), asked) is None


@pytest.mark.parametrize("count", [6_999_999, 7_000_000, 7_499_982, 7_499_983])
def test_base64(count):
    file = facts(file_bytes=count)
    assert bool(video.video_base64_length(file, ASKED)) == (count > 7_499_982)
    assert bool(video.video_raw_bytes(file, ASKED)) == (7_000_000 <= count <= 7_499_982)
    assert video.video_bytes(file, ASKED) is None


@pytest.mark.parametrize(
    ("count", "model", "found"),
    [(3, "qvq-max", True), (4, "qvq-max", False), (512, "qvq-max", False), (513, "qvq-max", True),
     (513, "qwen3-vl-plus", False), (81, "qwen2-vl-72b-instruct", True)],
)  # fmt: skip
def test_lists(count, model, found):
    listed = frame_list(*[image()] * count)
    assert bool(video.frame_list_length(listed, request(model=model))) == found


def test_what_is_stored_otherwise_than_shown():
    assert "90 degrees" in video.video_rotation(facts(rotation=90), ASKED).message
    assert "mirrored" in video.video_rotation(facts(mirrored=True), ASKED).message
    assert video.video_rotation(facts(), ASKED) is None
    assert "16:11" in video.pixel_aspect(facts(sample_aspect_ratio=Fraction(16, 11)), ASKED).message
    assert "HLG" in video.hdr(facts(hdr="HLG"), ASKED).message
    assert video.interlaced(facts(interlaced=True), ASKED)
