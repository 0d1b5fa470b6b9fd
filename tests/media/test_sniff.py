import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.places import FIXTURES
from vlprep.media.sniff import (
    FORMATS,
    HEAD_BYTES,
    HEIC_SEQUENCE,
    is_media_name,
    misdeclared,
    mislabelled,
    sniff,
)


def iso(brand: bytes, *compatible: bytes) -> bytes:
    return b"\0\0\0\x20ftyp" + brand + b"\0\0\0\0" + b"".join(compatible)


def ebml(kind: bytes) -> bytes:
    """Return how a file of Matroska or WebM starts, which says so behind other numbers."""
    said = b"\x42\x86\x81\1\x42\xf7\x81\1\x42\x82" + bytes([0x80 + len(kind)]) + kind
    return b"\x1a\x45\xdf\xa3" + bytes([0x80 + len(said)]) + said + b"\x18\x53\x80\x67"


HEADS = [
    (b"\xff\xd8\xff\xe0", "JPEG", "image"),
    (b"\x89PNG\r\n\x1a\n", "PNG", "image"),
    (b"GIF87a", "GIF", "image"),
    (b"GIF89a", "GIF", "image"),
    (b"RIFF\x10\0\0\0WEBPVP8 ", "WEBP", "image"),
    (b"II*\0", "TIFF", "image"),
    (b"MM\0*", "TIFF", "image"),
    (b"II+\0", "TIFF", "image"),
    (b"BM\x36\0\0\0\0\0\0\0", "BMP", "image"),
    (iso(b"avif", b"mif1"), "AVIF", "image"),
    (iso(b"avis"), "AVIF", "image"),
    (iso(b"mif1", b"mif1", b"avif"), "AVIF", "image"),
    (iso(b"mif1", b"mif1", b"heic"), "HEIC", "image"),
    (iso(b"heic"), "HEIC", "image"),
    (iso(b"msf1", b"avis", b"avif"), "AVIF", "image"),
    (iso(b"msf1", b"hevc"), "HEIC", "video"),
    (iso(b"hevc", b"heic"), "HEIC", "video"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000", "image"),
    (b"\xff\x4f\xff\x51", "JPEG 2000", "image"),
    (b"\x28\0\0\0\x40\0\0\0\x30\0\0\0\1\0\x18\0", "DIB", "image"),
    (b"\0\0\1\0\2\0\x10\x0c\0\0\1\0\x20\0", "ICO", "image"),
    (b"icns\0\0\x6b\x7c", "ICNS", "image"),
    (b"\1\xda\1\1\0\3\0\x40", "SGI", "image"),
    (iso(b"isom"), "MP4", "video"),
    (iso(b"M4V "), "MP4", "video"),
    (iso(b"3gp5"), "MP4", "video"),
    (b"\0\0\0\x08wide\0\0\0\0mdat", "MOV", "video"),
    (b"\0\0\x01\0moov", "MOV", "video"),
    (b"\x1a\x45\xdf\xa3", "Matroska", "video"),
    (ebml(b"matroska"), "Matroska", "video"),
    (ebml(b"webm"), "WebM", "video"),
    (b"RIFF\x10\0\0\0AVI LIST", "AVI", "video"),
    (b"FLV\x01\x05", "FLV", "video"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "ASF", "video"),
    (b"OggS\0\x02", "Ogg", "video"),
    (b"\0\0\x01\xba\x44", "MPEG-PS", "video"),
    ((b"\x47" + b"\0" * 187) * 4, "MPEG-TS", "video"),
    ((b"\0\0\0\0\x47" + b"\0" * 187) * 4, "MPEG-TS", "video"),
    (bytes.fromhex("060e2b34020501010d01020101020400"), "MXF", "video"),
    (b"DKIF\0\0\x20\0VP80", "IVF", "video"),
    (b"YUV4MPEG2 W160 H96 F25:1", "YUV4MPEG", "video"),
    (b"MM\0+\0\x08\0\0", "BigTIFF, big-endian", "unread"),
    (b"BM\x36\0\0\0\1\2\3\4\x36\0\0\0\x28\0\0\0", "BMP", "image"),
    (b"\0\0\0\1\x67\x64\0\x0a", "bare H.264", "unread"),
    (b"\0\0\1\x27\x42", "bare H.264", "unread"),
    (b"\0\0\0\1\x09\xf0\0\0\0\1\x67", "bare H.264", "unread"),
    (b"\0\0\0\1\x06\5\xff", "bare H.264", "unread"),
    (b"\0\0\0\1\x4e\1\5", "bare HEVC", "unread"),
    (b"\0\0\0\1\x40\1\x0c\1", "bare HEVC", "unread"),
    (b"\0\0\0\1\x46\1\x50", "bare HEVC", "unread"),
    (b"\0\0\0\1\0\x79\0", "bare VVC", "unread"),
    (b"\0\0\1\xb3\x0a\0\x60", "bare MPEG video", "unread"),
    (b"\0\0\1\xb0\1\0\0\1\xb5", "bare MPEG-4 video", "unread"),
    (b"\0\0\1\0\0\0\1\x20", "bare MPEG-4 video", "unread"),
    (b"\0\0\1\x0f\xca", "bare VC-1", "unread"),
    (b"\x12\0\x0a\x0b", "bare AV1", "unread"),
    (b"\x1f\x07\0\xbf", "DV", "unread"),
    (b".RMF\0\0\0\x12", "RealMedia", "unread"),
    (b"nut/multimedia container\0", "NUT", "unread"),
    (bytes.fromhex("b7d800203749da11a64e0007e95ead8d"), "WTV", "unread"),
    (b"--frame\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8", "bare Motion JPEG", "unread"),
    (b"\r\n--b\r\nContent-length: 9\r\nContent-type:image/jpeg", "bare Motion JPEG", "unread"),
    (b"\0\0\0\x18stypmsdh", "MP4 segment", "unread"),
    (b"\0\0\0\x18moof\0\0\0\x10mfhd", "MP4 segment", "unread"),
    (b"DHAV\xfd\0", "DHAV", "unread"),
    (b"CWS\x0a", "Flash", "unread"),
    (bytes(88) + (b"\x47" + bytes(187)) * 4, "MPEG-TS", "video"),
    (b"HTTP/1.1 200 OK\r\n\r\n" + (b"\x47" + bytes(203)) * 4, "MPEG-TS", "video"),
    (b"IMKH" + bytes(36) + b"\0\0\1\xba\x44", "MPEG-PS", "video"),
    (b"ID3\x04", "MP3", "audio"),
    (b"\xff\xfb\x90\x64", "MP3", "audio"),
    (b"fLaC", "FLAC", "audio"),
    (b"RIFF\x10\0\0\0WAVEfmt ", "WAV", "audio"),
    (b"%PDF-1.7", "PDF", "document"),
    (b"\r\n\r\n%PDF-1.7", "PDF", "document"),
    (b"%!PS-Adobe-3.0", "EPS", "other"),
    (b"\xc5\xd0\xd3\xc6", "EPS", "other"),
    (b"<svg xmlns=", "SVG", "other"),
    (b"<?xml version='1.0'?>\n<!-- drawn -->\n<svg>", "SVG", "other"),
    (b"\n <!DOCTYPE html>", "HTML", "other"),
    (b"<HTML>", "HTML", "other"),
    (b"<!-- 404 -->\n<html>", "HTML", "other"),
    (b"<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC", "HTML", "other"),
    (b"<?xml version='1.0'?><Error><Code>AccessDenied", "XML", "other"),
    (b'{"error": "not found"}', "JSON", "other"),
    (b"data:image/jpeg;base64,/9j/4AAQ", "Base64", "other"),
    (b"iVBORw0KGgoAAAANSUhEUg", "Base64", "other"),
    (b"\x1f\x8b\x08\x08", "gzip", "other"),
    (b'{"model": "qvq-max"}', "JSON", "other"),
    (b'\xef\xbb\xbf[\n {"messages": []}]', "JSON", "other"),
    (b"#EXTM3U\n", "HLS playlist", "other"),
    (b"ffconcat version 1.0", "concat list", "other"),
    (b"PK\x03\x04", "ZIP archive", "other"),
    (b"8BPS\0\1", "PSD", "other"),
    (b"\xff\x0a\xfa\x7f", "JPEG XL", "other"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL", "other"),
    (b"\x76\x2f\x31\x01\2", "OpenEXR", "other"),
    (b"P6\n80 48\n255\n", "PNM", "other"),
    (b"\x0a\5\1\x08\0\0", "PCX", "other"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a", "Git LFS pointer", "other"),
]


@pytest.mark.parametrize(("head", "name", "kind"), HEADS)
def test_heads(head, name, kind):
    found = sniff(head)
    assert (found.name, found.kind) == (name, kind)


def test_every_format_has_a_head_here():
    assert {row.name for row in FORMATS} == {name for _, name, _ in HEADS}


@pytest.mark.parametrize(
    "head",
    [b"", b"\0", b"plain text", b"RIFF\x10\0\0\0SOME", b"GIF90a", b"\xff\xd8", b"\x47" * 4, b"BM"],
)
def test_what_is_not_known(head):
    assert sniff(head) is None


def test_one_transport_packet_is_not_enough_to_tell():
    assert sniff(b"\x47" + b"\0" * 187) is None


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_pictures_and_videos_have_a_reader_and_others_advice_or_none(row):
    assert bool(row.reader) == (row.kind in ("image", "video"))
    assert bool(row.plugin) == (row.kind == "image")
    kind = "image" if row is HEIC_SEQUENCE else row.kind
    assert row.mime_type.startswith(f"{kind}/") or not (row.mime_type or kind == "image")
    assert bool(row.advice) == (row.kind in ("unread", "other"))
    assert all(re.fullmatch(r"[a-z0-9]+", ending) for ending in row.extensions)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jpg", True), ("a.JPEG", True), ("b/a.mp4", True), ("a.heic", True), ("a.mkv", True),
        ("a.m2ts", True), ("a.txt", False), ("a", False), ("jpg", False), ("a.jpg.txt", False),
        ("a.pdf", False), ("a.mp3", False),
    ],
)  # fmt: skip
def test_names_that_promise_media(name, expected):
    assert is_media_name(name) is expected


@pytest.mark.parametrize(
    ("name", "head", "warning"),
    [
        ("a.png", b"GIF89a", "named .png but the content is GIF"),
        ("a.PNG", b"GIF89a", "named .png but the content is GIF"),
        ("a.gif", b"GIF89a", None),
        ("a", b"GIF89a", None),
        ("a.tmp", b"GIF89a", None),  # promises nothing
        ("a.mov", iso(b"isom"), None),
        ("a.mp4", b"\0\0\0\x08wide", None),
        ("a.webm", ebml(b"webm"), None),
        ("a.mkv", ebml(b"webm"), None),
        ("a.webm", ebml(b"matroska"), "named .webm but the content is Matroska"),
        ("a.mp4", b"\x1a\x45\xdf\xa3", "named .mp4 but the content is Matroska"),
    ],
)
def test_mislabelled_files(name, head, warning):
    assert mislabelled(name, sniff(head)) == warning


@pytest.mark.parametrize(
    ("mime_type", "head", "is_told"),
    [
        ("image/png", iso(b"heic"), True),
        ("image/heif", iso(b"heic"), False),
        ("image/heic-sequence", iso(b"heic"), False),
        ("image/jpg", b"\xff\xd8\xff", False),
        ("image/pjpeg", b"\xff\xd8\xff", False),
        ("image/jpeg", b"\x89PNG\r\n\x1a\n", True),
        ("image/apng", b"\x89PNG\r\n\x1a\n", False),
        ("video/mp4", b"\xff\xd8\xff", True),
        ("image/jpeg", iso(b"isom"), True),
        ("video/quicktime", iso(b"isom"), False),  # the same but for details
        ("video/mp4", ebml(b"webm"), True),
        ("video/webm", ebml(b"matroska"), True),
        ("video/x-matroska", ebml(b"webm"), False),
        ("video/avi", b"RIFF\x10\0\0\0AVI LIST", False),
        ("application/octet-stream", b"\xff\xd8\xff", False),  # promises nothing
        ("image/*", b"\xff\xd8\xff", False),
    ],
)
def test_misdeclared_content(mime_type, head, is_told):
    found = sniff(head)
    message = f"declared as {mime_type} but the content is {found.name}"
    assert misdeclared(mime_type, found) == (message if is_told else None)


@pytest.mark.parametrize("name", ["photo.jpg", "clip.mp4", "vp9.webm", "clip.ts", "photo.jp2"])
def test_the_head_of_a_file_is_enough(name):
    content = (FIXTURES / name).read_bytes()
    assert sniff(content[:HEAD_BYTES]) is sniff(content) is not None


@given(
    st.text("ajpgG./\\", max_size=8).map(lambda start: f"{start}.jpg") | st.text("a./", max_size=5)
)
def test_a_name_is_one_of_media_by_its_ending_as_the_system_takes_it(name):
    assert is_media_name(name) == (os.path.splitext(name)[1] == ".jpg")  # noqa: PTH122
