"""Files made to cost much or to be taken wrongly, and sound files that look like those.

What reading takes is measured in bytes that are asked of the system, not in time.
"""

from __future__ import annotations

import io
import os
import struct
import sys

import av
import numpy as np
import pytest
from PIL import Image

import vlprep
from tests.places import FIXTURES
from vlprep.errors import DecodeError, MemoryLimitError, PixelLimitError, UnsupportedFormatError
from vlprep.media import image, readers, source
from vlprep.media.image import plugin_errors
from vlprep.media.source import open_item
from vlprep.video.container import unreadable


@pytest.fixture
def read_bytes(monkeypatch):
    """Count what is asked of the system, in bytes."""
    taken, plain = [0], readers._pread

    def counting(descriptor, length, position):
        data = plain(descriptor, length, position)
        taken[0] += len(data)
        return data

    monkeypatch.setattr(readers, "_pread", counting)
    return lambda: taken[0]


def with_hole(name, folder, length):
    """Return a copy of a fixture with zeros behind it, which take no room on the disk."""
    path = folder / name
    path.write_bytes((FIXTURES / name).read_bytes())
    os.truncate(path, path.stat().st_size + length)
    return path


# Formats of which readers take all into memory.


@pytest.mark.skipif(sys.platform != "linux", reason="holes take room elsewhere")
@pytest.mark.parametrize(
    "name",
    ["still.webp", "animated.webp", "photo.heic", "photo.avif", "animated.avif", "lossless.webp"],
)
def test_what_stands_behind_a_picture_is_not_read_for_its_header(name, tmp_path, read_bytes):
    path = with_hole(name, tmp_path, 4 << 30)
    found, usual = vlprep.probe(path), vlprep.probe(FIXTURES / name)
    assert (found.size, found.frame_count) == (usual.size, usual.frame_count)
    assert read_bytes() < 10 * usual.file_bytes + 100_000
    if isinstance(found, vlprep.ImageInfo):
        assert np.array_equal(
            vlprep.view_image(path).original, vlprep.view_image(FIXTURES / name).original
        )


def test_a_picture_that_claims_more_than_memory_is_refused_unread(tmp_path, read_bytes):
    path = tmp_path / "huge.webp"
    path.write_bytes(b"RIFF" + struct.pack("<I", 4_000_000_000) + b"WEBPVP8 ")
    os.truncate(path, 4_000_000_008)
    with pytest.raises(vlprep.VlprepError, match="raise memory in"):
        vlprep.probe(path)
    assert read_bytes() < 100_000


@pytest.mark.skipif(sys.platform != "linux", reason="holes take room elsewhere")
@pytest.mark.parametrize("name", ["photo.jpg", "animated.gif", "animated.png"])
def test_zeros_behind_a_picture_are_not_walked_through(name, tmp_path):
    path = with_hole(name, tmp_path, 200 << 20)
    found, usual = vlprep.probe(path), vlprep.probe(FIXTURES / name)
    assert (found.size, found.frame_count) == (usual.size, usual.frame_count)


@pytest.mark.parametrize("cut", [1, 2])
def test_zeros_in_the_place_of_a_gif_s_trailer_end_it(cut, tmp_path):
    content = (FIXTURES / "animated.gif").read_bytes()[:-1] + bytes(3000 * cut)
    assert vlprep.probe(content).frame_count == vlprep.probe(FIXTURES / "animated.gif").frame_count


# Zeros behind videos, through which FFmpeg looks for more.


@pytest.mark.parametrize(
    "name", ["clip.ts", "clip.flv", "clip.mpg", "clip.wmv", "mpeg4.avi", "street.mkv", "vp9.webm"]
)
def test_zeros_behind_a_video_change_nothing_and_are_read_once(name, tmp_path, read_bytes):
    usual = vlprep.probe(FIXTURES / name)
    before = read_bytes()
    path = with_hole(name, tmp_path, 8 << 20)
    found = vlprep.probe(path)
    assert (found.frame_count, found.duration_seconds) == (
        usual.frame_count,
        usual.duration_seconds,
    )
    assert read_bytes() - before < 4 * usual.file_bytes + 3 * (8 << 20)


def test_junk_behind_a_transport_stream_is_no_part_of_it():
    content = (FIXTURES / "clip.ts").read_bytes() + b"junk" * 30_000
    assert vlprep.probe(content).frame_count == vlprep.probe(FIXTURES / "clip.ts").frame_count


# Sound files.


def test_the_reserved_bytes_of_a_bmp_may_be_anything():
    content = bytearray((FIXTURES / "photo.bmp").read_bytes())
    content[6:10] = b"\1\2\3\4"
    assert np.array_equal(pixels(bytes(content)), pixels(FIXTURES / "photo.bmp"))


@pytest.mark.parametrize("tail", [b"", b"\0;", b"\0\0"])
def test_a_gif_may_lack_its_trailer_or_have_zeros_before_it(tail):
    content = (FIXTURES / "still.gif").read_bytes()[:-1] + tail
    assert vlprep.probe(content).frame_count == 1
    assert np.array_equal(pixels(content), pixels(FIXTURES / "still.gif"))


@pytest.mark.parametrize("break_it", ["outside", "junk"])
def test_the_first_page_counts_whatever_the_second_is(break_it):
    content = bytearray((FIXTURES / "pages.tif").read_bytes())
    (first,) = struct.unpack_from("<I", content, 4)
    (entries,) = struct.unpack_from("<H", content, first)
    link = first + 2 + 12 * entries
    if break_it == "outside":
        struct.pack_into("<I", content, link, len(content) + 1000)
    else:
        (second,) = struct.unpack_from("<I", content, link)
        content[second : second + 40] = b"\xff" * 40
    info = vlprep.probe(bytes(content))
    assert (info.frame_count, info.size) == (1, vlprep.probe(FIXTURES / "pages.tif").size)
    assert any("only the first is counted" in warning for warning in info.warnings)
    assert np.array_equal(pixels(bytes(content)), pixels(FIXTURES / "pages.tif"))
    with pytest.raises(DecodeError, match="behind its first picture"):
        vlprep.count_tokens(bytes(content), on_damage="error")


def pixels(source):
    return vlprep.view_image(source).original


# What is not read is not damaged, nor is what there is no memory for.


def f64_tiff():
    content = io.BytesIO()
    Image.fromarray(np.zeros((20, 20), np.float32)).save(content, "TIFF")
    data = bytearray(content.getvalue())
    (start,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, start)
    for place in range(start + 2, start + 2 + 12 * entries, 12):
        if struct.unpack_from("<H", data, place) == (258,):  # bits a sample
            struct.pack_into("<H", data, place + 8, 64)
    return bytes(data)


@pytest.mark.parametrize(
    "content", [f64_tiff(), b"MM\0\x2b\0\x08\0\0" + bytes(7) + b"\x10" + bytes(99)]
)
def test_what_is_whole_and_not_read_is_unsupported(content):
    with pytest.raises(UnsupportedFormatError, match="not read here") as caught:
        vlprep.probe(content)
    assert caught.value.code == "unsupported_format"


@pytest.mark.skipif(sys.platform == "win32", reason="what a library has linked is not found there")
@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate"])
def test_libtiff_says_nothing_of_its_own(compression, capfd):
    file = io.BytesIO()
    noise = np.random.default_rng(19).integers(0, 256, (90, 120, 3), np.uint8)
    Image.fromarray(noise).save(file, "TIFF", compression=compression)
    damaged = bytearray(file.getvalue())
    third = len(damaged) // 3
    damaged[third : 2 * third] = bytes(byte ^ 0x5A for byte in damaged[third : 2 * third])
    with pytest.raises(DecodeError, match="cannot be decoded"):
        vlprep.view_image(bytes(damaged))
    assert capfd.readouterr().err == ""


def webp(**how):
    file = io.BytesIO()
    Image.new("RGB", (123, 45)).save(file, "WEBP", **how)
    return file.getvalue()


@pytest.mark.parametrize("how", [{}, {"lossless": True}, {"xmp": b"<x/>"}])
def test_the_canvas_of_a_webp_is_looked_at_before_it_is_made(how, monkeypatch):
    content = webp(**how)
    assert vlprep.probe(content).size == (45, 123)
    monkeypatch.setattr(image, "open_as", None)  # whoever is asked makes the canvas
    with pytest.raises(PixelLimitError, match="5,535 pixels"):
        vlprep.count_tokens(content, limits=vlprep.Limits(pixels=5_000))


@pytest.mark.parametrize("room", [True, False])
def test_damage_that_is_a_lack_of_memory_is_called_so(room, monkeypatch):
    monkeypatch.setattr(source, "has_room", lambda _: room)
    with open_item(FIXTURES / "photo.jp2") as item:
        assert item.info.size == (240, 320)
        with (
            pytest.raises(DecodeError if room else MemoryLimitError),
            source.memory_errors(item),
        ):
            raise DecodeError(item.name, "broken data stream")


# Damage amid a video that is copied.


def test_a_copy_tells_of_frames_that_the_model_would_not_see(tmp_path):
    made = vlprep.compress_video(FIXTURES / "corrupted.mp4", tmp_path / "a.mp4", fps=30)
    assert made.action == "unchanged"
    assert any("broken in the file" in warning for warning in made.warnings)
    with pytest.raises(DecodeError, match="cannot be decoded as it should"):
        vlprep.compress_video(
            FIXTURES / "corrupted.mp4", tmp_path / "b.mp4", fps=30, on_damage="error"
        )
    assert not (tmp_path / "b.mp4").exists()


# Headers that ask for more than there can be: nothing of that size is made.


def gif_canvas(side):
    content = bytearray((FIXTURES / "animated.gif").read_bytes())
    struct.pack_into("<2H", content, 6, side, side)
    return bytes(content)


HUGE = {
    "PNG": (FIXTURES / "bomb.png").read_bytes(),
    "GIF": gif_canvas(12_288),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_header_of_a_bomb_is_refused_by_name(name):
    with pytest.raises(PixelLimitError, match="over the safety limit") as caught:
        vlprep.probe(HUGE[name])
    assert caught.value.name in ("pixels", "frame_pixels")
    assert caught.value.code == "too_many_pixels"


def test_a_large_picture_of_few_bytes_is_refused_before_it_is_made(tmp_path):
    content = io.BytesIO()
    Image.new("1", (13_000, 13_000)).save(content, "TIFF", compression="group4")
    with pytest.raises(vlprep.VlprepError, match="raise memory in") as caught:
        vlprep.view_image(content.getvalue())
    assert caught.value.code == "over_limit"
    assert vlprep.probe(content.getvalue()).size == (13_000, 13_000)  # whose tokens can be counted


# Words of libraries.


@pytest.mark.parametrize(
    ("error", "words", "code"),
    [
        (KeyError(60416), "60416 means nothing in its header", "damaged"),
        (OSError("decoder error -2"), "cannot be decoded (the decoder's error -2)", "damaged"),
        (OSError("out of memory error when reading image file"), "memory ran out", "memory"),
        (NotImplementedError("kind 7"), "that is not read here (kind 7)", "unsupported_format"),
        (OSError("Unsupported BMP header type (0)"), "not read here", "unsupported_format"),
    ],
    ids=lambda value: str(value)[:9],
)
def test_what_a_plugin_says_becomes_a_sentence_and_a_code(error, words, code):
    with pytest.raises(vlprep.VlprepError) as caught, plugin_errors("a.tif", "TIFF"):
        raise error
    assert words in str(caught.value)
    assert caught.value.code == code


def test_what_ffmpeg_does_not_decode_is_not_damaged():
    with open_item(FIXTURES / "clip.mp4") as item:
        refused = av.error.PatchWelcomeError(1, "Not yet implemented in FFmpeg, patches welcome")
        assert unreadable(item, refused).code == "unsupported_format"
        assert "patches" not in str(unreadable(item, refused))


def test_a_rule_that_goes_by_a_rate_says_that_there_is_none():
    info = vlprep.VideoInfo(size=vlprep.ImageSize(100, 100), frame_count=1, fps=None)
    with pytest.raises(vlprep.VlprepError, match="has no frame rate, which this rule goes by"):
        vlprep.count_tokens(info)
