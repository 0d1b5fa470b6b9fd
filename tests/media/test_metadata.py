from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageSequence, PngImagePlugin

from tests.places import FIXTURES, SHARED
from vlprep.media.metadata import can_be_stripped, metadata_kinds, without_metadata
from vlprep.media.sniff import sniff


def exif(*, located=False):
    table = Image.Exif()
    table[ExifTags.Base.Make] = "a camera"
    if located:
        table[ExifTags.IFD.GPSInfo] = {1: "N", 2: (47.0, 22.0, 0.0)}
    return table.tobytes()


def opened(format, **options):
    memory = io.BytesIO()
    Image.new("RGB", (20, 10)).save(memory, format, **options)
    return Image.open(memory)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_location_is_found(format):
    with opened(format, exif=exif(located=True)) as image:
        assert "location" in metadata_kinds(image)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_exif_without_a_location(format):
    with opened(format, exif=exif()) as image:
        assert metadata_kinds(image) == ("EXIF",)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
def test_a_bare_picture_has_none(format):
    with opened(format) as image:
        assert metadata_kinds(image) == ()


def test_a_location_in_xmp():
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" exif:GPSLatitude="47,22N"/>'
    with opened("JPEG", xmp=xmp) as image:
        assert metadata_kinds(image) == ("location", "XMP")


@pytest.mark.parametrize("text", ["\nexif\n 8\n45786966 0000", "\nexif\n 8\nnot hexadecimal"])
def test_exif_of_older_pngs(text):
    info = PngImagePlugin.PngInfo()
    info.add_text("Raw profile type exif", text)
    with opened("PNG", pnginfo=info) as image:
        assert metadata_kinds(image) in (("EXIF",), ())


@pytest.mark.parametrize(
    "content", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"\xff" * 9]
)
def test_damaged_exif_is_no_error(content):
    image = Image.new("RGB", (1, 1))
    image.info["exif"] = content
    assert "location" not in metadata_kinds(image)


def strippable():
    for folder in (FIXTURES, SHARED / "media" / "image"):
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            found = sniff(path.read_bytes()[:4096]) if path.is_file() else None
            if found is not None and can_be_stripped(found.name):
                yield path


@pytest.mark.parametrize("path", list(strippable()), ids=lambda path: path.name)
def test_real_files_show_the_same_without_metadata(path):
    content = path.read_bytes()
    bare = without_metadata(content, sniff(content[:4096]).name)
    assert len(bare) <= len(content)
    try:
        with Image.open(io.BytesIO(content)) as image:
            before = [frame.tobytes() for frame in ImageSequence.Iterator(image)][:1]
    except (OSError, Image.DecompressionBombError):
        return  # a damaged one shows nothing that could be compared
    with Image.open(io.BytesIO(bare)) as image:
        assert [frame.tobytes() for frame in ImageSequence.Iterator(image)][:1] == before
        assert metadata_kinds(image) == ()


@given(st.sampled_from(["JPEG", "PNG", "WEBP"]), st.binary(max_size=300))
def test_hostile_bytes_come_back_as_bytes(format, noise):
    assert len(without_metadata(noise, format)) <= len(noise) + 20
