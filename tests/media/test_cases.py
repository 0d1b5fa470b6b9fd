"""Files of the kinds that public reports are about, by the names of the cases."""

import io

import av
import numpy as np
import pytest
from PIL import Image

from tests.places import FIXTURES, case_file
from vlprep import (
    build_request,
    check_media,
    compress_image,
    compress_video,
    count_tokens,
    frame_list,
    read_frames,
)
from vlprep.errors import DecodeError, UnknownFactError, UnsupportedFormatError
from vlprep.media.probe import probe


def test_piff_encrypted():
    # The case takes the file for encrypted. Its samples are plain, but a box was put in front and
    # the header's places no longer hold; what is sure is told, by both.
    path = case_file("piff_encrypted", "sample_fragmented_uuid.mp4")
    assert any("encrypted" in warning for warning in count_tokens(path).warnings)
    with pytest.raises(DecodeError, match="encrypted"):
        read_frames(path).collect()


def test_samples_that_are_not_where_the_header_says():
    content = (FIXTURES / "clip.mp4").read_bytes()
    place = content.index(b"mdat") - 4
    moved = content[:place] + b"\0\0\0\x20free" + bytes(24) + content[place:]
    assert any("first frame is no h264" in warning for warning in probe(moved).warnings)
    assert not any("no h264" in warning for warning in probe(content).warnings)


@pytest.mark.parametrize("name", ["zero_delay.png", "zero_delay.webp"])
def test_zero_delay_animation(name):
    count = count_tokens(case_file("zero_delay_animation", name))
    assert (count.info.frame_count, count.info.fps, count.info.duration_seconds) == (
        6,
        10,
        pytest.approx(0.6),
    )


def test_gif_dispose_background():
    path = case_file("gif_dispose_background", "background.gif")
    frames = read_frames(path, "Qwen/Qwen3-VL-8B-Instruct", nframes=6).collect()
    assert not (frames.data.max(axis=-1) == 0).any()  # nothing is black


def test_webm_container():
    path = case_file("webm_container", "clip.webm")
    (warning,) = check_media([path], "qvq-max").warnings
    assert (warning.rule, warning.measured) == ("video-container", "WebM")
    sent = build_request([path], "x", "qvq-max")
    assert "data:video/webm;base64," in str(sent.body)


def test_data_url_wrong_type():
    url = case_file("data_url_wrong_type", "heic_as_png.dataurl").read_text()
    found = [finding for finding in check_media([url]).warnings if finding.rule == "mislabelled"]
    assert ["declared as image/png but the content is HEIC" in one.message for one in found] == [
        True
    ]


def test_file_urls_and_data_spelling():
    plain = case_file("file_urls_and_data_spelling", "plain.jpg")
    texts = [
        plain.as_uri(),
        *(plain.with_name(n).read_text() for n in ("upper.dataurl", "raw.b64")),
    ]
    assert {count_tokens(text).info.size for text in texts} == {(48, 64)}


@pytest.mark.parametrize("name", ["b.ivf", "d.mxf"])
def test_bare_streams_that_are_read(name):
    info = probe(case_file("bare_streams", name))
    assert (info.frame_count, info.fps, info.duration_seconds) == (50, 25, 2)


@pytest.mark.parametrize(("name", "said"), [("a.h264", "bare H.264"), ("e.m2v", "bare MPEG video")])
def test_bare_streams_that_are_named(name, said):
    with pytest.raises(UnsupportedFormatError, match=f"{said}.*ffmpeg -i FILE -c copy FILE.mp4"):
        probe(case_file("bare_streams", name))


@pytest.mark.parametrize("name", ["a.dib", "a.ico", "a.icns", "a.sgi"])
def test_old_picture_formats(name):
    path = case_file("old_picture_formats", name)
    format = name.removeprefix("a.").upper()
    (error,) = check_media([path]).errors
    assert (error.rule, error.measured) == ("image-format", format)
    made = compress_image(path)
    assert (made.action, made.format) == ("converted", "PNG")
    with Image.open(path) as before, Image.open(io.BytesIO(made.content)) as after:
        assert np.array_equal(np.asarray(before.convert("RGBA")), np.asarray(after.convert("RGBA")))


def test_heif_sequence():
    path = case_file("heif_sequence", "sequence.heic")
    count = count_tokens(path)
    assert count.info.frame_count == 6
    assert "a sequence of 6 pictures in HEIC is counted as a video" in count.warnings
    assert len(read_frames(path, "Qwen/Qwen3-VL-8B-Instruct", nframes=6).collect().data) == 6


def test_mpeg4_no_sync_table():
    path = case_file("mpeg4_no_sync_table", "mpeg4_no_sync_table.mp4")
    sampled = read_frames(path, "qwen3-vl-plus", fps=1, resample="reference")
    with av.open(path) as container:
        whole = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    for frame in sampled:
        expected = Image.fromarray(whole[frame.number]).resize(frame.image.shape[1::-1])
        assert np.abs(frame.image - np.asarray(expected, float)).mean() < 4, frame.number


def test_compress_full_drops_frames(tmp_path):
    path, target = case_file("compress_full_drops_frames", "vfr_clean.mkv"), tmp_path / "a.mp4"
    done = compress_video(path, target, keep="full", limit=5_000_000)
    assert (done.frames_before, done.frames_after) == (240, 240)
    with av.open(path) as before, av.open(target) as after:
        frames = zip(before.decode(video=0), after.decode(video=0), strict=True)
        for old, new in frames:
            assert float(new.time) == pytest.approx(float(old.time), abs=0.001)


def test_frames_to_a_weights_server():
    folder = case_file("frames_to_a_weights_server", "list/00000.jpg").parent
    told = "each of the 4 frames as an image, .* tokens; vLLM 0.33 takes a list, as `server`"
    with pytest.raises(UnknownFactError, match=told):
        build_request([frame_list(folder)], "x", "Qwen/Qwen2.5-VL-7B-Instruct")
