from __future__ import annotations

import io

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from vlprep.media.metadata import metadata_kinds


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
