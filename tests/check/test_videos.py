from fractions import Fraction

import pytest

from tests.check.sendings import found, frame_list, image, video
from vlprep.check import videos as rules


@pytest.mark.parametrize(
    ("container", "breaks"),
    [
        ("MP4", False),
        ("Matroska", False),
        ("ASF", False),
        ("MPEG-TS", True),
        ("Ogg", True),
        ("WebM", True),
    ],
)
def test_containers(container, breaks):
    assert bool(found(rules.video_container, video(format=container))) == breaks


@pytest.mark.parametrize(
    ("seconds", "breaks"),
    [(1.99, True), (2, False), (600, False), (600.1, True), (None, False)],
)
def test_duration(seconds, breaks):
    assert (
        bool(found(rules.video_duration, video(duration_seconds=seconds), model="qvq-max"))
        == breaks
    )


def test_what_no_source_states_is_no_limit():
    ocr = {"model": "qwen-vl-ocr", "route": "url"}
    assert found(rules.video_duration, video(duration_seconds=0.1), **ocr) is None
    assert found(rules.video_bytes, video(file_bytes=10**12), **ocr) is None


@pytest.mark.parametrize(("route", "most"), [("path", 100_000_000), ("url", 1_000_000_000)])
def test_bytes(route, most):
    asked = {"model": "qvq-max", "route": route}
    assert found(rules.video_bytes, video(file_bytes=most - 1), **asked) is None
    assert found(rules.video_bytes, video(file_bytes=most), **asked).measured == f"{most:,} bytes"
    assert found(rules.video_raw_bytes, video(file_bytes=most), **asked) is None
    assert found(rules.video_base64_length, video(file_bytes=most), **asked) is None


@pytest.mark.parametrize("count", [6_999_999, 7_000_000, 7_499_982, 7_499_983])
def test_base64(count):
    file = video(file_bytes=count)
    assert bool(found(rules.video_base64_length, file)) == (count > 7_499_982)
    assert bool(found(rules.video_raw_bytes, file)) == (7_000_000 <= count <= 7_499_982)
    assert found(rules.video_bytes, file) is None


@pytest.mark.parametrize(
    ("count", "model", "breaks"),
    [(3, "qvq-max", True), (4, "qvq-max", False), (512, "qvq-max", False), (513, "qvq-max", True),
     (513, "qwen3-vl-plus", False), (81, "qwen2-vl-72b-instruct", True)],
)  # fmt: skip
def test_lists(count, model, breaks):
    listed = frame_list(*[image()] * count)
    finding = found(rules.frame_list_length, listed, model=model)
    assert bool(finding) == breaks
    assert finding is None or finding.message.endswith(f"{finding.limit[:-7]} as frames of a video")


def test_the_whole_data_url_must_be_under_the_limit():
    flash = {"format": "FLV"}  # whose type is as long as to let the URL be of a round length
    longest = found(rules.video_base64_length, video(file_bytes=7_499_982, **flash))
    assert longest.measured == "10,000,000 characters"
    assert found(rules.video_base64_length, video(file_bytes=7_499_979, **flash)) is None


def test_what_is_stored_otherwise_than_shown():
    assert "90 degrees" in found(rules.video_rotation, video(rotation=90)).message
    assert "mirrored" in found(rules.video_rotation, video(mirrored=True)).message
    assert found(rules.video_rotation, video()) is None
    assert "16:11" in found(rules.pixel_aspect, video(sample_aspect_ratio=Fraction(16, 11))).message
    assert "HLG" in found(rules.hdr, video(hdr="HLG")).message
    assert found(rules.interlaced, video(interlaced=True))
