"""Where a JPEG ends: seen without decoding, whatever is in it, before it and behind it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.places import FIXTURES, SHARED
from vlprep import check_media, count_tokens, probe
from vlprep.errors import UnsupportedFormatError
from vlprep.media.jpeg import is_unended, segments, without_metadata
from vlprep.media.source import Item


def encoded(**options):
    noise = np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8)
    memory = io.BytesIO()
    Image.fromarray(noise).save(memory, "JPEG", **options)
    return memory.getvalue()


def preview():
    """EXIF in which a whole small JPEG is, with an end mark of its own."""
    exif = Image.Exif()
    exif[0x927C] = encoded(quality=5)
    return exif.tobytes()


FORMS = {
    "plain": {},
    "progressive": {"progressive": True},
    "with restarts": {"restart_marker_blocks": 2},
    "with a preview": {"exif": preview()},
}
BEHIND = [b"", b"\0" * 5, b"\n" * 3000, encoded(), b"\xff" * 100, b"film" * 5000]


def cut_off(content):
    with Item(content) as item:
        return is_unended(item)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("behind", BEHIND, ids=len)
def test_what_is_whole_is_never_called_cut_off(form, behind):
    assert not cut_off(encoded(**FORMS[form]) + behind)


@pytest.mark.parametrize("form", FORMS)
@given(share=st.floats(0.3, 0.999))
def test_what_is_unended_amid_its_picture_is_called_so(form, share):
    content = encoded(**FORMS[form])
    start = next(start for mark, start, _ in segments(content) if mark == 0xDA)
    assert cut_off(content[: start + 20 + int(share * (len(content) - start - 22))])


def real_jpegs():
    for folder in (FIXTURES, SHARED / "media" / "image", SHARED / "cases"):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and path.read_bytes()[:3] == b"\xff\xd8\xff":
                yield path


@pytest.mark.parametrize("path", list(real_jpegs()), ids=lambda path: path.name)
def test_real_files_are_called_cut_off_where_pillow_finds_them_so(path):
    try:
        with Image.open(path) as image:
            image.load()
        is_whole = True
    except OSError:
        is_whole = False
    if path.name != "zeros.jpg":  # whose damage is amid the picture, which has an end
        assert cut_off(path.read_bytes()) == (not is_whole)


def test_all_who_read_a_header_say_it_in_the_same_words():
    path = FIXTURES / "truncated.jpg"
    (warning,) = count_tokens(path).warnings
    (error,) = check_media(path).errors
    assert (error.rule, error.message) == ("cut-off", warning)
    assert warning.startswith("cut off")
    assert probe(path).cut_off


@pytest.mark.parametrize("form", FORMS)
def test_pixels_stay_when_metadata_goes(form):
    content = encoded(comment=b"mine", **FORMS[form])
    bare = without_metadata(content + b"behind")
    assert b"mine" not in bare and b"behind" not in bare and b"Exif" not in bare
    before, after = (np.asarray(Image.open(io.BytesIO(c))) for c in (content, bare))
    assert (before == after).all()
    assert without_metadata(bare) == bare


@given(st.binary(max_size=200))
def test_hostile_bytes_are_walked_to_their_end(noise):
    for mark, start, end in segments(b"\xff\xd8" + noise):
        assert 0 < start < end <= len(noise) + 2
        assert mark not in (0x00, 0xFF)


def parted(pictures):
    """Return pictures as a web camera sends them."""
    head = b"--frame\r\nX-Timestamp: 0.0\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
    return b"".join(head % len(picture) + picture + b"\r\n" for picture in pictures)


@pytest.mark.parametrize("join", [b"".join, b"\0\0".join, parted])
def test_pictures_one_behind_the_other_are_a_video_without_times(join):
    content = join([encoded(quality=quality) for quality in (60, 70, 80, 75) * 3])
    with pytest.raises(UnsupportedFormatError, match=r"bare Motion JPEG, .* -framerate RATE"):
        probe(content)


def test_a_short_video_without_times_is_known_where_its_name_says_so(tmp_path):
    for name in ("three.mjpg", "three.jpg"):
        (tmp_path / name).write_bytes(encoded(quality=20) * 3)
    with pytest.raises(UnsupportedFormatError, match="Motion JPEG"):
        probe(tmp_path / "three.mjpg")
    assert probe(tmp_path / "three.jpg").size == (90, 120)
    (tmp_path / "one.mjpg").write_bytes(encoded())
    assert probe(tmp_path / "one.mjpg").size == (90, 120)


def test_a_large_picture_that_lists_those_behind_it_stays_one():
    pictures = [Image.open(io.BytesIO(encoded(quality=100, subsampling=0))) for _ in range(3)]
    file = io.BytesIO()
    pictures[0].save(
        file, "MPO", save_all=True, append_images=pictures[1:], quality=100, subsampling=0
    )
    assert len(file.getvalue()) > 2 * 90 * 120
    assert probe(file.getvalue()).frame_count == 3
