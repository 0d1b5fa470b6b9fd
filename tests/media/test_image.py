import io
import struct
import zlib

import pytest
from PIL import ExifTags, Image, TiffImagePlugin

from tests.places import FIXTURES
from vlprep import probe
from vlprep.errors import DecodeError, PixelLimitError, UnsupportedFormatError
from vlprep.trust import Limits

UPRIGHT, TURNED = (40, 60), (60, 40)


def picture(format: str, **options) -> bytes:
    memory = io.BytesIO()
    Image.new("RGB", (60, 40)).save(memory, format, **options)
    return memory.getvalue()


def exif(orientation) -> bytes:
    table = Image.Exif()
    table[ExifTags.Base.Orientation] = orientation
    return table.tobytes()


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize(
    ("orientation", "size"), [(1, UPRIGHT), (3, UPRIGHT), (5, TURNED), (6, TURNED), (8, TURNED)]
)
def test_orientation_by_exif(format, orientation, size):
    info = probe(picture(format, exif=exif(orientation)))
    assert (info.size, info.orientation) == (size, orientation)


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_orientations_that_do_not_exist_are_ignored(orientation):
    info = probe(picture("JPEG", exif=exif(orientation)))
    assert (info.size, info.orientation) == (UPRIGHT, 1)


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_orientation_of_a_tiff(orientation):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[ExifTags.Base.Orientation] = orientation
    info = probe(picture("TIFF", tiffinfo=tags))
    assert info.size == (TURNED if orientation == 6 else UPRIGHT)
    assert info.orientation == orientation


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(b"XX", id="of-no-kind"),
        pytest.param(b"", id="empty"),
        pytest.param(b"II*\0\x08\0\0\0\xff\xff", id="cut-off"),
        pytest.param(b"II*\0\xff\xff\xff\x7f", id="beyond-the-end"),
        pytest.param(
            b"MM\0*\0\0\0\x08\0\1\1\x12\0\3" + b"\xff" * 4 + b"\0" * 8,
            id="orientation-of-4-billion-values",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow's own words about the resolution
def test_damaged_exif_leaves_the_picture_as_it_is(table):
    info = probe(picture("JPEG", exif=b"Exif\0\0" + table))
    assert (info.size, info.orientation) == (UPRIGHT, 1)


def test_camera_raw_files_are_refused_rather_than_their_thumbnail_counted():
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[254] = 1  # "a reduced-resolution version of another picture"
    with pytest.raises(UnsupportedFormatError, match="only a preview"):
        probe(picture("TIFF", tiffinfo=tags))


@pytest.mark.parametrize(
    ("format", "name", "mode"),
    [
        ("JPEG", "JPEG", "RGB"), ("PNG", "PNG", "RGB"), ("WEBP", "WEBP", "RGB"),
        ("TIFF", "TIFF", "RGB"), ("BMP", "BMP", "RGB"), ("GIF", "GIF", "P"),
        ("AVIF", "AVIF", "RGB"), ("JPEG2000", "JPEG 2000", "RGB"),
    ],
)  # fmt: skip
def test_every_format_that_pillow_writes(format, name, mode):
    info = probe(picture(format))
    assert (info.size, info.format, info.mode, info.frame_count) == (UPRIGHT, name, mode, 1)


def png_header(width: int, height: int) -> bytes:
    content = b"IHDR" + struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + content + struct.pack(">I", zlib.crc32(content))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT" + b"\0\0\0\0IEND"


def test_the_largest_picture_that_is_believed():
    most = Limits().pixels
    assert most == 178_956_970
    assert probe(png_header(most // 10, 10)).size.pixels == most
    with pytest.raises(PixelLimitError) as caught:
        probe(png_header(most // 10 + 1, 10))
    assert (caught.value.pixels, caught.value.limit) == (most + 10, most)


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (0, 0)])
def test_a_picture_without_pixels_is_damaged(size):
    with pytest.raises(DecodeError):
        probe(png_header(*size))


def test_no_pixel_is_decoded():
    # Nothing but the header is there.
    assert probe((FIXTURES / "photo.jpg").read_bytes()[:1000]).size == (480, 640)


@pytest.mark.parametrize(
    ("name", "transparent"),
    [
        ("alpha.png", True), ("palette.png", True), ("photo.jpg", False), ("gray16.png", False),
        ("cmyk.jpg", False), ("still.webp", False), ("photo.heic", False), ("page.tif", False),
    ],
)  # fmt: skip
def test_the_header_tells_whether_something_may_show_through(name, transparent):
    assert probe(FIXTURES / name).transparent == transparent


def test_the_header_of_a_jpeg_is_read_without_all_of_its_exif(monkeypatch):
    def refuse(*_):
        raise AssertionError("all of EXIF is parsed")

    monkeypatch.setattr(TiffImagePlugin.ImageFileDirectory_v2, "load", refuse)
    for turn in range(1, 9):
        assert probe(str(FIXTURES / f"exif_{turn}.jpg")).orientation == turn


def test_further_pictures_of_a_jpeg_are_found():
    assert probe(str(FIXTURES / "mpo.jpg")).frame_count == 2
