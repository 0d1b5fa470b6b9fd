from __future__ import annotations

import io
import struct

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from vlprep.media.ends import is_cut_off, is_short
from vlprep.media.image import open_image
from vlprep.media.source import Item
from vlprep.verbs import check_media

PICTURE = Image.fromarray(np.random.default_rng(1).integers(0, 255, (60, 90, 3), dtype=np.uint8))
FORMS = ["PNG", "HEIF", "AVIF", "JPEG2000", "BMP", "TIFF"]


def encoded(form: str) -> bytes:
    file = io.BytesIO()
    if form == "HEIF":
        pillow_heif.from_pillow(PICTURE).save(file)
    else:
        PICTURE.save(file, form)
    return file.getvalue()


def cut_off(content: bytes) -> bool:
    with Item(content) as item:
        return is_cut_off(item) or is_short(open_image(item), item.file_bytes)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("behind", [b"", b"\n", b"\0" * 5000, b"notes" * 999])
def test_what_is_whole_is_never_called_cut_off(form, behind):
    assert not cut_off(encoded(form) + behind)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("missing", [40, 400])
def test_what_ends_amid_its_pixels_is_an_error_of_a_check_without_decoding(form, missing):
    content = encoded(form)[:-missing]
    assert cut_off(content)
    assert [
        error.rule for error in check_media(content).errors if error.rule in ("cut-off", "readable")
    ]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
@pytest.mark.parametrize("form", ["BMP", "DIB", "TIFF"])
def test_pixels_of_any_depth_that_are_all_there_are_no_end_too_early(form, mode):
    file = io.BytesIO()
    PICTURE.convert(mode).save(file, form)
    content = file.getvalue()
    assert not cut_off(content)
    assert cut_off(content[:-40])


def test_a_strip_that_says_to_be_longer_than_its_pixels_is_whole():
    content = encoded("TIFF")
    length = struct.pack("<HHII", 279, 4, 1, 60 * 90 * 3)
    assert not cut_off(content.replace(length, struct.pack("<HHII", 279, 4, 1, 10_000_000)))


def test_a_png_that_lacks_nothing_but_its_end_mark_passes():
    content = encoded("PNG")[:-12]
    assert cut_off(content)
    assert check_media(content).errors == ()
